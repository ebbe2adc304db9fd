//! What the end of an attempt, or of a rank, means for a trial: over, or once more.

use super::events::{Command, Ending};
use super::ranks::FAULTS_IN_A_ROW;
use super::state::{Coordinator, Mode};
use super::strategist::Request;
use crate::comm::{Rank, Report};
use crate::problem::{FailureClass, Outcome, TrialId};
use crate::store::{Attempt, Completed, Record, Start};

/// How many ranks a trial may lose before it counts as failed: it may be what kills them.
const LOST_RANKS: u32 = 3;

impl Coordinator {
    pub(super) fn lost(&mut self, rank: Rank, reason: &str, out: &mut Vec<Command>) {
        let Some(gone) = self.ranks.remove(rank) else { return };
        out.push(Command::Notice(format!("rank {rank} on {} is lost: {reason}", gone.host)));
        if let Some(running) = gone.running {
            if let Some(open) = self.open.get_mut(&running.trial) {
                open.lost_ranks += 1;
            }
            let outcome = Outcome::Failed {
                class: FailureClass::Infrastructure,
                reason: format!("rank {rank} was lost: {reason}"),
            };
            self.judge(running.trial, outcome, (running.dispatched, running.dispatched), out);
        }
        self.finish_if_alone(reason, out);
    }

    pub(super) fn done(&mut self, now: f64, rank: Rank, report: Report, out: &mut Vec<Command>) {
        if !self.ranks.knows(rank) {
            return;
        }
        let Some((host, ran)) = self.ranks.release(now, rank, report.trial, report.attempt) else {
            out.push(Command::Notice(format!(
                "rank {rank} reports attempt {} at trial {}, which it was not given; ignored",
                report.attempt, report.trial
            )));
            return;
        };
        let outcome = self.settings.problem.outcome_of(report.outcome);
        let attempt = Attempt {
            trial: report.trial,
            attempt: report.attempt,
            rank: rank as u64,
            host,
            dispatched: ran.dispatched,
            started: report.started,
            finished: report.finished,
            status: outcome.status().to_owned(),
            reason: outcome.reason(),
            start: None,
        };
        let start = Start { waited_s: ran.waited_s, stale: ran.stale };
        out.push(Command::Record(Record::Attempted(attempt, start)));
        self.judge(report.trial, outcome.clone(), (report.started, report.finished), out);
        if let Some(host) = self.ranks.note(rank, &outcome) {
            out.push(Command::Notice(format!(
                "rank {rank} on {host} gets no more trials: {FAULTS_IN_A_ROW} in a row failed by no fault \
                 of theirs"
            )));
            self.finish_if_alone(&outcome.reason(), out);
        }
    }

    /// Decides what an attempt's outcome means for its trial: over, or once more.
    fn judge(&mut self, trial: TrialId, outcome: Outcome, span: (f64, f64), out: &mut Vec<Command>) {
        let Some(open) = self.open.get_mut(&trial) else { return };
        let again = match &outcome {
            Outcome::Ok { .. } | Outcome::Infeasible { .. } => false,
            Outcome::Interrupted { .. } => true,
            Outcome::Failed { class: FailureClass::Infrastructure, .. } => open.lost_ranks < LOST_RANKS,
            Outcome::Failed { class, .. } => {
                open.own_failures += 1;
                self.settings.retries.of(*class).is_some_and(|most| open.own_failures <= most)
            }
        };
        if !matches!(outcome, Outcome::Ok { .. }) {
            let then = if again { "; it is tried again" } else { "" };
            let (status, reason) = (outcome.status(), outcome.reason());
            out.push(Command::Notice(format!("trial {trial} {status}: {reason}{then}")));
        }
        if again {
            self.queue.insert(trial);
            return;
        }
        self.open.remove(&trial);
        self.counts.note(&outcome);
        self.stopping.note(trial, &outcome);
        let completed = Completed { trial, outcome: outcome.clone(), started: span.0, finished: span.1 };
        out.push(Command::Record(Record::Completed(completed)));
        out.push(Command::Strategy(Request::Tell { trial, outcome }));
    }

    fn finish_if_alone(&mut self, reason: &str, out: &mut Vec<Command>) {
        // What a rule has ended, or all trials, needs no rank any more.
        let over = matches!(self.mode, Mode::Draining(Ending::Stopped(_)))
            || self.counts.ended() >= self.settings.trials;
        if self.ranks.count() == 0 && !over {
            self.mode = Mode::Over;
            let reason = format!(
                "no evaluating rank is left; the last one: {reason}\nonce that is mended, run the same line \
                 again to go on"
            );
            out.push(Command::Finish(Ending::Failed(reason)));
        }
    }
}
