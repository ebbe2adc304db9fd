//! Ranks that are lost, and runs that cannot go on without what they had.

use super::events::{Command, Ending};
use super::state::{Coordinator, Mode};
use crate::comm::Rank;
use crate::problem::{FailureClass, TaskFacts, TaskOutcome};

impl Coordinator {
    /// A rank answers no more: what it ran goes elsewhere.
    pub(super) fn lost(&mut self, now: f64, rank: Rank, reason: &str, out: &mut Vec<Command>) {
        let Some(gone) = self.ranks.remove(rank) else {
            // It never said that it is there, or gets no more tasks.
            out.push(Command::Notice(format!("rank {rank} is lost: {reason}")));
            return self.finish_if_alone(reason, out);
        };
        out.push(Command::Notice(format!("rank {rank} on {} is lost: {reason}", gone.host)));
        if let Some(ran) = gone.running {
            let outcome = TaskOutcome::Failed {
                class: FailureClass::Infrastructure,
                reason: format!("rank {rank} was lost: {reason}"),
            };
            // When it began there nobody knows.
            let span = (ran.dispatched, now.max(ran.dispatched));
            let facts = TaskFacts::default();
            let what = (outcome.reason(), &facts);
            out.push(self.attempted(rank, gone.host, &ran, span, &outcome, what));
            if let Some(open) = self.open.get_mut(&ran.trial) {
                open.tries[ran.task as usize].lost_ranks += 1;
            }
            self.judge(now, rank, &ran, outcome, (ran.dispatched, ran.dispatched), out);
        }
        self.finish_if_alone(reason, out);
        self.finish_if_too_small(out);
    }

    /// A rank cannot evaluate. It has no work, and gets none.
    pub(super) fn unfit(&mut self, rank: Rank, host: &str, reason: &str, out: &mut Vec<Command>) {
        self.unfit.insert(rank);
        out.push(Command::Notice(format!(
            "rank {rank} on {host} cannot evaluate and gets nothing until that is mended: {reason}"
        )));
        if self.unfit.len() >= self.settings.ranks {
            self.finish_if_alone(reason, out);
        }
        self.finish_if_too_small(out);
    }

    /// Ends the run once there is no rank left that could do anything.
    pub(super) fn finish_if_alone(&mut self, reason: &str, out: &mut Vec<Command>) {
        // What a rule has ended, or all trials, needs no rank any more.
        let over = matches!(self.mode, Mode::Draining(Ending::Stopped(_)))
            || self.counts.ended() >= self.settings.trials;
        let elsewhere: usize = self.elsewhere.values().sum();
        let is_alone = elsewhere == 0 || self.unfit.len() >= self.settings.ranks;
        if self.ranks.count() == 0 && is_alone && !over {
            let reason = format!(
                "no evaluating rank is left; the last one: {reason}\nonce that is mended, run the same line \
                 again to go on"
            );
            self.fail(reason, out);
        }
    }

    /// Ends the run once every rank has said what its host has, if that is not enough for some stage.
    pub(super) fn finish_if_too_small(&mut self, out: &mut Vec<Command>) {
        let graph = self.settings.work.graph();
        let heard = self.arrived.len() + self.unfit.len();
        if graph.is_plain() || heard < self.settings.ranks || self.mode != Mode::Working {
            return;
        }
        let hosts = self.ranks.hosts();
        let Some(stage) = graph.stages().iter().find(|stage| !hosts.could_hold(stage.need)) else {
            return;
        };
        let (name, cores) = (&stage.name, stage.need.cores);
        let memory = match stage.need.memory {
            0 => String::new(),
            bytes => format!(" and {:.1} GB", bytes as f64 / 1e9),
        };
        let reason = format!(
            "a task of the stage {name:?} takes {cores} cores{memory}, and no host of this run has as much: \
             the most is {}; lower cores or memory of the stage, or run on larger nodes",
            hosts.largest()
        );
        self.fail(reason, out);
    }

    fn fail(&mut self, reason: String, out: &mut Vec<Command>) {
        self.mode = Mode::Over;
        out.push(Command::Finish(Ending::Failed(reason)));
    }
}
