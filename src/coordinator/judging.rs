//! What the end of an attempt, or of a rank, means for a task and its trial: over, or once more.

use super::events::Command;
use super::ranks::{FAULTS_IN_A_ROW, Fault, Ranks, Running};
use super::state::{Coordinator, Open, Tries};
use super::strategist::Request;
use crate::comm::{Rank, Report};
use crate::config::Retries;
use crate::pipeline::{Done, Graph, State, Verdict};
use crate::problem::{FailureClass, Outcome, TaskFacts, TaskOutcome, TrialId};
use crate::store::{Attempt, Completed, Detail, REUSED, Record, Start};

/// How many ranks a task may lose before it counts as failed: it may be what kills them.
const LOST_RANKS: u32 = 3;
/// How often a task may fail through no fault of its own, as it seems, where others do not, before it counts
/// as failed: some ten minutes with the pauses in between.
const FAULTS: u32 = 8;
/// The longest pause before another attempt, in seconds.
const LONGEST_PAUSE_S: f64 = 300.0;

/// How long to wait before another attempt after so many failures, in seconds. One may be an accident;
/// what fails again may need a while to mend.
fn pause_s(failures: u32) -> f64 {
    match failures {
        0 | 1 => 0.0,
        more => 4_f64.powi(more as i32 - 2).min(LONGEST_PAUSE_S),
    }
}

impl Coordinator {
    pub(super) fn done(&mut self, now: f64, rank: Rank, report: Report, out: &mut Vec<Command>) {
        if !self.ranks.knows(rank) {
            return;
        }
        let Report { trial, task, attempt, outcome, started, finished, facts } = report;
        let Some((host, ran)) = self.ranks.release(now, rank, (trial, task, attempt)) else {
            out.push(Command::Notice(format!(
                "rank {rank} reports attempt {attempt} at task {task} of trial {trial}, which it was not \
                 given; ignored"
            )));
            return;
        };
        // Why an ok attempt took no time, too, is worth a word.
        let why = facts.reused.as_ref().map_or(outcome.reason(), |from| format!("{REUSED}{from}"));
        let span = (started, finished);
        out.push(self.attempted(rank, host, &ran, span, &outcome, (why, &facts)));
        let why = outcome.reason();
        let is_fault =
            matches!(outcome, TaskOutcome::Failed { class: FailureClass::Infrastructure, .. });
        let mut is_its_own = false;
        if let (true, Some(open)) = (is_fault, self.open.get_mut(&trial)) {
            let tries = &mut open.tries[task as usize];
            tries.faults += 1;
            tries.faulty.entry(rank).or_insert(self.ranks.done_well(rank));
            is_its_own = tries.is_alone_with_it(&self.ranks);
        }
        // What fails on several ranks while they do other things well says nothing about this one.
        let fault = if is_its_own { Fault::Borne } else { self.ranks.note(now, rank, is_fault) };
        self.judge(now, rank, &ran, outcome, span, out);
        match fault {
            Fault::Borne => {}
            Fault::Rests(rest_s, host) => out.push(Command::Notice(format!(
                "rank {rank} on {host} gets nothing for {rest_s} s: what it does fails by no fault of its own"
            ))),
            Fault::Retired(host) => {
                out.push(Command::Notice(format!(
                    "rank {rank} on {host} gets no more trials: {FAULTS_IN_A_ROW} in a row failed by no \
                     fault of theirs"
                )));
                self.finish_if_alone(&why, out);
                self.finish_if_too_small(out);
            }
        }
    }

    /// The record of an attempt: of a trial that is one task, in the few bytes that say everything.
    pub(super) fn attempted(
        &self,
        rank: Rank,
        host: String,
        ran: &Running,
        (started, finished): (f64, f64),
        outcome: &TaskOutcome,
        (reason, facts): (String, &TaskFacts),
    ) -> Command {
        let Running { trial, task, attempt, dispatched, .. } = *ran;
        let entry = Attempt {
            trial,
            attempt,
            rank: rank as u64,
            host,
            dispatched,
            started,
            finished,
            status: outcome.status().to_owned(),
            reason,
            start: None,
            detail: Detail::default(),
        };
        let start = Start { waited_s: ran.waited_s, stale: ran.stale };
        let graph = self.settings.work.graph();
        let (stage, key) = (graph.rules(task).name.clone(), graph.node(task).key.clone());
        let TaskFacts { peak_memory, container_s, .. } = *facts;
        let is_plain = peak_memory.is_none() && container_s.is_none();
        if graph.size() == 1 && is_plain && stage == entry.detail.stage {
            return Command::Record(Record::Attempted(entry, start));
        }
        let values = match outcome {
            // A trial of one task has them as its own.
            TaskOutcome::Ok(values) if graph.size() > 1 => values.clone(),
            _ => vec![],
        };
        let detail = Box::new(Detail { task, stage, key, peak_memory, values, container_s: None });
        Command::Record(match container_s {
            None => Record::Ended(entry, start, detail),
            Some(container_s) => Record::Contained(entry, start, detail, container_s),
        })
    }

    /// Decides what an attempt's outcome means for its task, and that for its trial.
    pub(super) fn judge(
        &mut self,
        now: f64,
        rank: Rank,
        ran: &Running,
        outcome: TaskOutcome,
        span: (f64, f64),
        out: &mut Vec<Command>,
    ) {
        let Running { trial, task, attempt, .. } = *ran;
        // The trial may have ended without this task.
        let Some(open) = self.open.get_mut(&trial) else { return };
        let graph = self.settings.work.graph();
        open.started_at(graph, span.0);
        let again = open.again(task, &outcome, graph.rules(task).retries, &self.ranks);
        if let Some(pause_s) = again {
            open.tries[task as usize].avoid = Some(rank);
            open.progress.again(task);
            if pause_s > 0.0 {
                self.later.insert(((now + pause_s).to_bits(), (trial, task)));
            } else {
                self.queue.insert((trial, task));
            }
            let after = if pause_s > 0.0 { format!(" in {pause_s} s") } else { String::new() };
            return self.say(trial, task, &outcome, &format!("; it is tried again{after}"), out);
        }
        self.task_ended(trial, task, attempt, outcome, span.1, out);
    }

    /// A task has ended for good.
    pub(super) fn task_ended(
        &mut self,
        trial: TrialId,
        task: u32,
        attempt: u32,
        outcome: TaskOutcome,
        finished: f64,
        out: &mut Vec<Command>,
    ) {
        let work = self.settings.work.clone();
        let graph = work.graph();
        let Some(open) = self.open.get_mut(&trial) else { return };
        if matches!(open.progress.state(task), State::Ready | State::Running) {
            self.load[graph.node(task).stage] -= 1;
        }
        let verdict = match &outcome {
            TaskOutcome::Ok(values) => {
                open.progress.ok(graph, task, Done { attempt, values: values.clone() })
            }
            TaskOutcome::Infeasible { .. } => {
                open.progress.give_up(task);
                Verdict::Doomed
            }
            TaskOutcome::Failed { .. } | TaskOutcome::Interrupted { .. } => {
                open.progress.lost(graph, task)
            }
        };
        match verdict {
            Verdict::GoOn(ready) => {
                for task in ready {
                    self.load[graph.node(task).stage] += 1;
                    self.queue.insert((trial, task));
                }
                self.say(trial, task, &outcome, "; the trial goes on without it", out);
            }
            Verdict::Complete => {
                let concluded = work.conclude(&open.progress.results());
                self.say(trial, task, &outcome, "; the trial goes on without it", out);
                let end = concluded.unwrap_or_else(|reason| {
                    out.push(Command::Notice(format!("trial {trial} failed: {reason}")));
                    Outcome::Failed { class: FailureClass::Output, reason }
                });
                self.trial_ended(trial, end, finished, out);
            }
            Verdict::Doomed => {
                let then = if graph.size() == 1 { "" } else { "; this ends the trial" };
                self.say(trial, task, &outcome, then, out);
                let named = |reason: String| match graph.size() {
                    1 => reason,
                    _ => format!("{}: {reason}", graph.label(task)),
                };
                let end = match outcome {
                    TaskOutcome::Infeasible { reason } => Outcome::Infeasible { reason: named(reason) },
                    TaskOutcome::Failed { class, reason } => {
                        Outcome::Failed { class, reason: named(reason) }
                    }
                    TaskOutcome::Ok(_) | TaskOutcome::Interrupted { .. } => {
                        unreachable!("it dooms no trial, and is tried again")
                    }
                };
                self.trial_ended(trial, end, finished, out);
            }
        }
    }

    /// A trial has ended: what is left of it is not wanted any more.
    fn trial_ended(&mut self, trial: TrialId, outcome: Outcome, finished: f64, out: &mut Vec<Command>) {
        let Some(open) = self.open.remove(&trial) else { return };
        self.begun -= u64::from(open.begun());
        let graph = self.settings.work.graph();
        let mut runs = false;
        for task in open.progress.active() {
            self.load[graph.node(task).stage] -= 1;
            self.queue.remove(&(trial, task));
            runs |= open.progress.state(task) == State::Running;
        }
        if runs {
            for (rank, task, attempt) in self.ranks.of_trial(trial) {
                out.push(Command::Cancel { rank, trial, task, attempt });
            }
        }
        self.counts.note(&outcome);
        self.stopping.note(trial, &outcome);
        let started = open.started.min(finished);
        let completed = Completed { trial, outcome: outcome.clone(), started, finished };
        out.push(Command::Record(Record::Completed(completed)));
        out.push(Command::Strategy(Request::Tell { trial, outcome }));
    }

    /// Says what became of a task that is not ok.
    fn say(&self, trial: TrialId, task: u32, outcome: &TaskOutcome, then: &str, out: &mut Vec<Command>) {
        if matches!(outcome, TaskOutcome::Ok(_)) {
            return;
        }
        let graph = self.settings.work.graph();
        let name = if graph.size() == 1 { String::new() } else { format!(", {}", graph.label(task)) };
        let (status, reason) = (outcome.status(), outcome.reason());
        out.push(Command::Notice(format!("trial {trial}{name} {status}: {reason}{then}")));
    }
}

impl Tries {
    /// Whether it failed on several ranks that did other things well since: then it is what is wrong, not
    /// they.
    fn is_alone_with_it(&self, ranks: &Ranks) -> bool {
        let well_since = |(rank, then): (&Rank, &u64)| ranks.done_well(*rank) > *then;
        self.faulty.len() > 1 && self.faulty.iter().any(well_since)
    }
}

impl Open {
    /// Notes when an attempt began that has ended. A trial of one task began with its last attempt.
    pub(super) fn started_at(&mut self, graph: &Graph, at: f64) {
        self.started = if graph.size() == 1 { at } else { self.started.min(at) };
    }

    /// Whether a task is tried again after this end of an attempt, and after how many seconds. Counts it.
    pub(super) fn again(
        &mut self,
        task: u32,
        outcome: &TaskOutcome,
        retries: Retries,
        ranks: &Ranks,
    ) -> Option<f64> {
        let tries = &mut self.tries[task as usize];
        match outcome {
            TaskOutcome::Ok(_) | TaskOutcome::Infeasible { .. } => None,
            TaskOutcome::Interrupted { .. } => Some(0.0),
            TaskOutcome::Failed { class: FailureClass::Infrastructure, .. } => {
                let is_its_own = tries.faults >= FAULTS && tries.is_alone_with_it(ranks);
                (tries.lost_ranks < LOST_RANKS && !is_its_own).then(|| pause_s(tries.faults))
            }
            TaskOutcome::Failed { class, .. } => {
                tries.own_failures += 1;
                let most = retries.of(*class).unwrap_or(0);
                (tries.own_failures <= most).then(|| pause_s(tries.own_failures))
            }
        }
    }
}
