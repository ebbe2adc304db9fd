//! Ranks that the study shares with others: how many it can use, and which it gives away.

use super::events::Command;
use super::state::{Coordinator, Mode};
use crate::pipeline::State;

impl Coordinator {
    /// How many ranks the study can use now or soon, those it has included; [`usize::MAX`]: all there are.
    ///
    /// It is never less than what will be asked for before the next trial ends: a rank that waits for a
    /// candidate is not given away, one for which no trial is left is.
    pub fn wants(&self) -> usize {
        let graph = self.settings.work.graph();
        match self.mode {
            Mode::Over => 0,
            Mode::Draining(_) => self.ranks.running(),
            Mode::Working if graph.is_plain() => {
                let left = self.settings.trials.saturating_sub(self.counts.ended());
                let at_once = self.settings.batch.unwrap_or(self.settings.capacity);
                (left.min(at_once) as usize).saturating_sub(self.ranks.in_queue())
            }
            Mode::Working if self.late.is_empty() && self.asked < self.settings.trials => usize::MAX,
            Mode::Working => self.ranks_for_the_rest(),
        }
    }

    /// Ranks that would be busy if everything that the open trials still need ran at once. A task that takes
    /// the cores or the memory of several ranks counts for as many.
    fn ranks_for_the_rest(&self) -> usize {
        let graph = self.settings.work.graph();
        let unborn = self.asked.saturating_sub(self.counts.ended() + self.open.len() as u64);
        let mut tasks = vec![0_u64; graph.stages().len()];
        for task in 0..graph.size() as u32 {
            tasks[graph.node(task).stage] += unborn;
        }
        for open in self.open.values() {
            let is_left = |task: &u32| {
                matches!(open.progress.state(*task), State::Waiting | State::Ready | State::Running)
            };
            for task in (0..graph.size() as u32).filter(is_left) {
                tasks[graph.node(task).stage] += 1;
            }
        }
        let ranks = self.ranks.count().max(1) as f64;
        let of_stage = |(k, tasks): (usize, &u64)| match self.late.contains_key(&k) {
            true => 0.0,
            false => {
                let slots = self.ranks.hosts().slots(graph.stages()[k].need).max(1) as f64;
                *tasks as f64 * (ranks / slots).max(1.0)
            }
        };
        let wanted: f64 = tasks.iter().enumerate().map(of_stage).sum();
        (wanted.ceil() as usize).max(self.ranks.running())
    }

    /// Whether what waits in a queue, begun by nobody, is wanted back: a rank here has nothing else to do, or
    /// the study is to end.
    pub fn wants_back(&self) -> bool {
        self.ranks.in_queue() > 0
            && match self.mode {
                Mode::Over => false,
                Mode::Draining(_) => true,
                Mode::Working => {
                    let is_last = self.asked >= self.settings.trials && self.queue.is_empty();
                    is_last && self.ranks.last_idle().is_some()
                }
            }
    }

    /// Gives idle ranks away that others are to have.
    pub(super) fn give_away(&mut self, out: &mut Vec<Command>) {
        while self.owed > 0
            && let Some(rank) = self.ranks.give_away()
        {
            self.owed -= 1;
            out.push(Command::GiveAway { rank });
        }
    }
}
