//! From a history back to a coordinator that goes on as if it had never stopped.
//!
//! While it runs, the coordinator needs trial k as soon as the number of completions reaches
//! k + 1 - capacity. On restart the same rule is run over the recorded completions and sessions, so
//! that a trial which was asked for but not answered is asked for again, where nothing depends on time
//! with exactly the completions that the strategy would have known. Candidates that lay ready are
//! forgotten: they were no trials yet.

use super::events::{Command, Settings};
use super::state::{Coordinator, Open};
use super::stopping::Judge;
use super::strategist::Request;
use crate::problem::FailureClass;
use crate::store::{History, Trial};

impl Coordinator {
    /// The coordinator after `history`, and what the strategy has to be told before anything else;
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
        for trial in history.trials.iter().filter(|t| t.completed.is_none()) {
            let open = Open {
                design: trial.proposed.design.clone(),
                seen: trial.proposed.seen,
                attempts: 0,
                own_failures: 0,
                lost_ranks: 0,
            };
            this.open.insert(trial.proposed.trial, open);
            this.queue.insert(trial.proposed.trial);
        }
        let infrastructure = format!("{}: ", FailureClass::Infrastructure.name());
        for attempt in &history.attempts {
            if let Some(open) = this.open.get_mut(&attempt.trial) {
                open.attempts = open.attempts.max(attempt.attempt);
                let own = attempt.status == "failed" && !attempt.reason.starts_with(&infrastructure);
                open.own_failures += u32::from(own);
            }
        }
        let asks = asked_after(history, &this.settings);
        this.asked = (history.trials.len() as u64).max(asks.last().copied().unwrap_or(0));
        let mut requests = replay(history, &asks, this.asked);
        requests.push(Request::Draft(true));
        (this, requests.into_iter().map(Command::Strategy).collect())
    }
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
            asked = settings.trials.min(m + c).max(asked);
        }
        while let Some(session) = sessions.next_if(|s| s.completed_before <= m) {
            asked = settings.trials.min(m + session.capacity).max(asked);
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
