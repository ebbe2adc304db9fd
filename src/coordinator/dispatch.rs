//! Which candidates are asked for, and which task goes to which rank.

use super::events::Command;
use super::ranks::Running;
use super::state::{Coordinator, Mode, Queued};
use super::strategist::Request;
use crate::comm::{Input, Task};
use crate::hosts::Claims;
use crate::store::{Asked, Record};
use std::ops::Bound;

impl Coordinator {
    /// Asks for candidates: takes what lies ready, asks for the rest.
    ///
    /// Where a trial is one task, `capacity` trials are asked for and not ended at any time. How many there
    /// are depends on nothing but the number of completions, so that a restart asks at the same places.
    ///
    /// Trials of several tasks are asked for when the tasks of the open ones that run or are ready would
    /// not fill the ranks. That depends on what the tasks have done, so that what is asked for is on
    /// record.
    ///
    /// In batches, whatever a trial is, all of one are asked for when all of the one before have ended.
    pub(super) fn ask(&mut self, out: &mut Vec<Command>) {
        if self.mode != Mode::Working || !self.late.is_empty() {
            return;
        }
        let completed = self.counts.ended();
        let plain = self.settings.work.graph().is_plain();
        let most = self.settings.asked_by(completed, self.settings.capacity);
        let at_once = plain || self.settings.batch.is_some();
        while self.asked < most && (at_once || self.would_idle()) {
            let trial = self.asked;
            self.asked += 1;
            self.count_first_tasks();
            self.last = None;
            match self.drafts.pop_front() {
                Some(draft) => {
                    out.push(Command::Strategy(Request::Take(draft.clone())));
                    self.proposed(draft, out);
                }
                None => {
                    if !plain {
                        out.push(Command::Record(Record::Asked(Asked { trial, seen: completed })));
                    }
                    out.push(Command::Strategy(Request::Ask { trial, seen: completed }));
                }
            }
        }
        self.widest = self.widest.max(self.asked.saturating_sub(completed));
    }

    /// One more trial is asked for: its first tasks will want ranks.
    pub(super) fn count_first_tasks(&mut self) {
        for (load, first) in self.load.iter_mut().zip(self.settings.work.graph().first()) {
            *load += first;
        }
    }

    /// Whether the tasks of the open trials leave ranks idle. A task that takes the cores or the memory of
    /// several ranks counts for as many.
    fn would_idle(&self) -> bool {
        let ranks = self.ranks.count() as f64;
        let stages = self.settings.work.graph().stages().iter().zip(&self.load);
        let taken = stages.filter(|(_, load)| **load > 0).map(|(stage, load)| {
            // One that fits nowhere yet may fill them all.
            let slots = self.ranks.hosts().slots(stage.need).max(1);
            *load as f64 * ranks / slots as f64
        });
        // The sum of shares that are one in truth may be a little less.
        taken.sum::<f64>() < ranks - 1e-6
    }

    /// Gives tasks to idle ranks, in the order of the queue. A task that no host has room for now keeps the
    /// most suitable one for itself.
    pub(super) fn dispatch(&mut self, now: f64, out: &mut Vec<Command>) {
        while let Some((at, queued)) = self.later.first().copied()
            && f64::from_bits(at) <= now
        {
            self.later.pop_first();
            if self.waits(&queued) {
                self.queue.insert(queued);
            }
        }
        self.ranks.wake(now);
        if self.mode != Mode::Working {
            return;
        }
        let mut claims = Claims::default();
        let mut next = self.queue.first().copied();
        while let Some(queued) = next
            && self.ranks.hosts().any_left(&claims)
        {
            self.start(now, queued, &mut claims, out);
            next = self.queue.range((Bound::Excluded(queued), Bound::Unbounded)).next().copied();
        }
    }

    fn start(&mut self, now: f64, queued: Queued, claims: &mut Claims, out: &mut Vec<Command>) {
        let (trial, task) = queued;
        let graph = self.settings.work.graph();
        let Some(open) = self.open.get_mut(&trial) else { unreachable!("queued trials are open") };
        if self.late.contains_key(&graph.node(task).stage) {
            return;
        }
        let tries = &open.tries[task as usize];
        let attempt = tries.attempts + 1;
        let need = graph.rules(task).need;
        let stale = self.counts.ended().saturating_sub(open.seen);
        let running = Running { trial, task, attempt, need, dispatched: now, stale, waited_s: 0.0 };
        let Some(rank) = self.ranks.occupy(running, tries.avoid, claims) else {
            return self.ranks.hosts().claim(need, claims);
        };
        self.begun += u64::from(!open.begun());
        open.tries[task as usize].attempts = attempt;
        open.progress.start(task);
        self.queue.remove(&queued);
        let inputs = open.progress.inputs(graph, task);
        let inputs = inputs.into_iter().map(|(task, attempt)| Input { task, attempt }).collect();
        let task = Task { trial, task, attempt, design: open.design.clone(), inputs };
        out.push(Command::Evaluate { rank, task });
    }
}
