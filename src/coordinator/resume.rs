//! From a history back to a coordinator that goes on as if it had never stopped.
//!
//! While it runs, the coordinator of trials of one task needs trial k as soon as the number of
//! completions reaches k + 1 - capacity (in batches of n: the multiple of n below k + 1). On restart the same rule is run over the recorded completions
//! and sessions, so that a trial which was asked for but not answered is asked for again, where nothing
//! depends on time with exactly the completions that the strategy would have known. Where trials have
//! several tasks, what was asked for is on record. Candidates that lay ready are forgotten: they were no
//! trials yet.
//!
//! Tasks that ended are not done again: their values are on record. Only where outputs are gone that
//! others need yet, they are.

use super::events::{Command, Settings};
use super::ranks::Ranks;
use super::state::{Coordinator, Open};
use super::strategist::Request;
use crate::problem::{FailureClass, TaskOutcome, TrialId};
use crate::stopping::Judge;
use crate::store::{Attempt, History, Trial};
use std::collections::BTreeMap;

/// By task: how it ended for good, with the attempt and when that ended.
type Ends = BTreeMap<u32, (TaskOutcome, u32, f64)>;

impl Coordinator {
    /// The coordinator after `history`, and what is to be done before anything else: what the strategy
    /// has to be told, and the ends of trials whose last task ended without anybody hearing of it;
    /// `stopping` knows no trial yet.
    ///
    /// The current session need not be in the history; it begins with the next event. Without it the
    /// clock of `strategy.stop` runs on from the last session that is.
    pub fn resume(settings: Settings, stopping: Judge, history: &History) -> (Self, Vec<Command>) {
        let mut this = Self::empty(settings, stopping.after(history));
        for id in &history.completions {
            if let Some(Trial { completed: Some(completed), .. }) = history.trials.get(*id as usize) {
                this.counts.note(&completed.outcome);
            }
        }
        let work = this.settings.work.clone();
        for trial in history.trials.iter().filter(|t| t.completed.is_none()) {
            let open = Open::new(work.graph(), trial.proposed.design.clone(), trial.proposed.seen);
            this.open.insert(trial.proposed.trial, open);
        }
        let asks = match work.graph().is_plain() {
            true => asked_after(history, &this.settings),
            false => asked_on_record(history),
        };
        this.asked = (history.trials.len() as u64).max(asks.last().copied().unwrap_or(0));
        let mut requests = replay(history, &asks, this.asked);
        requests.push(Request::Draft(true));
        let mut out = requests.into_iter().map(Command::Strategy).collect();
        for _ in history.trials.len() as u64..this.asked {
            this.count_first_tasks();
        }
        this.take_up(history, &mut out);
        (this, out)
    }

    /// Gives every open trial the tasks that have ended, and queues what is ready.
    fn take_up(&mut self, history: &History, out: &mut Vec<Command>) {
        let mut ends: BTreeMap<TrialId, Ends> = BTreeMap::new();
        for attempt in &history.attempts {
            if let Some(end) = self.hear_again(attempt) {
                let of_trial = ends.entry(attempt.trial).or_default();
                of_trial.insert(attempt.detail.task, (end, attempt.attempt, attempt.finished));
            }
        }
        self.begun = self.open.values().filter(|open| open.begun()).count() as u64;
        for (trial, ends) in &mut ends {
            self.forget_missing(*trial, ends, out);
        }
        let work = self.settings.work.clone();
        let graph = work.graph();
        for (trial, open) in &self.open {
            for task in open.progress.ready() {
                self.load[graph.node(task).stage] += 1;
                self.queue.insert((*trial, task));
            }
        }
        for (trial, ends) in ends {
            for (task, (outcome, attempt, finished)) in ends {
                // What came after the trial's end is of no interest.
                if self.open.contains_key(&trial) {
                    self.queue.remove(&(trial, task));
                    self.task_ended(trial, task, attempt, outcome, finished, out);
                }
            }
        }
    }

    /// Counts an attempt of an open trial; how its task ended, if that is for good.
    fn hear_again(&mut self, attempt: &Attempt) -> Option<TaskOutcome> {
        let graph = self.settings.work.graph();
        let task = attempt.detail.task;
        let open = self.open.get_mut(&attempt.trial)?;
        let tries = open.tries.get_mut(task as usize)?;
        tries.attempts = tries.attempts.max(attempt.attempt);
        open.started_at(graph, attempt.started);
        let reason = attempt.reason.clone();
        let outcome = match attempt.status.as_str() {
            // The values of a trial of one task are in its end, which is not there.
            "ok" if graph.size() == 1 => return None,
            "ok" => TaskOutcome::Ok(attempt.detail.values.clone()),
            "infeasible" => TaskOutcome::Infeasible { reason },
            "failed" => {
                let (class, reason) = FailureClass::split(&reason)?;
                TaskOutcome::Failed { class, reason: reason.to_owned() }
            }
            _ => return None,
        };
        let again = open.again(task, &outcome, graph.rules(task).retries, &Ranks::default());
        if again.is_none() { Some(outcome) } else { None }
    }

    /// Tasks whose outputs are gone have not ended, if some task that reads them has not.
    fn forget_missing(&mut self, trial: TrialId, ends: &mut Ends, out: &mut Vec<Command>) {
        let graph = self.settings.work.graph();
        for task in (0..graph.size() as u32).rev() {
            let Some((TaskOutcome::Ok(_), attempt, _)) = ends.get(&task) else { continue };
            let attempt = *attempt;
            if !self.settings.missing.contains(&(trial, task, attempt)) {
                continue;
            }
            let reads = |later: &u32| graph.node(*later).needs.contains(&task);
            let open = |later: &u32| !ends.contains_key(later);
            if (task + 1..graph.size() as u32).any(|later| reads(&later) && open(&later)) {
                ends.remove(&task);
                out.push(Command::Notice(format!(
                    "trial {trial}, {}: the outputs of attempt {attempt} are gone; it is done again",
                    graph.label(task)
                )));
            }
        }
    }
}

/// For each number of completions m from 0 to all: how many trials were asked for once m was known, as it
/// was recorded; what was taken from the candidates that lay ready was proposed at once.
fn asked_on_record(history: &History) -> Vec<u64> {
    let mut curve = vec![0; history.completions.len() + 1];
    for asked in &history.asks {
        if let Some(count) = curve.get_mut(asked.seen as usize) {
            *count = asked.trial + 1;
        }
    }
    let mut most = 0;
    for count in &mut curve {
        most = most.max(*count);
        *count = most;
    }
    curve
}

/// For each number of completions m from 0 to all: how many trials were asked for once m was known.
/// Empty if no session is on record.
fn asked_after(history: &History, settings: &Settings) -> Vec<u64> {
    let mut asked = 0;
    let mut curve = Vec::new();
    let mut sessions = history.sessions.iter().peekable();
    let mut capacity = None;
    for m in 0..=history.completions.len() as u64 {
        // The session that was on when completion m arrived asks first, then the one that began
        // with m completions on record.
        if let Some(c) = capacity {
            asked = settings.asked_by(m, c).max(asked);
        }
        while let Some(session) = sessions.next_if(|s| s.completed_before <= m) {
            asked = settings.asked_by(m, session.capacity).max(asked);
            capacity = Some(session.capacity);
        }
        if capacity.is_some() {
            curve.push(asked);
        }
    }
    curve
}

/// Proposals, unanswered asks and completions in the order in which the strategy met them.
fn replay(history: &History, asked_after: &[u64], asked: u64) -> Vec<Request> {
    let mut told = 0;
    let mut requests = Vec::new();
    let tell_until = |seen: usize, told: &mut usize, requests: &mut Vec<Request>| {
        while *told < seen.min(history.completions.len()) {
            let trial = history.completions[*told];
            if let Some(Trial { completed: Some(completed), .. }) = history.trials.get(trial as usize) {
                requests.push(Request::Tell { trial, outcome: completed.outcome.clone() });
            }
            *told += 1;
        }
    };
    for trial in &history.trials {
        tell_until(trial.proposed.seen as usize, &mut told, &mut requests);
        requests.push(Request::Adopt {
            trial: trial.proposed.trial,
            design: trial.proposed.design.clone(),
            memory: trial.proposed.memory.clone(),
        });
    }
    for trial in history.trials.len() as u64..asked {
        let seen = asked_after.iter().position(|&a| a > trial).unwrap_or(history.completions.len());
        tell_until(seen, &mut told, &mut requests);
        requests.push(Request::Ask { trial, seen: told as u64 });
    }
    tell_until(history.completions.len(), &mut told, &mut requests);
    requests
}
