//! Outputs of tasks beyond their trial: which of an earlier session are gone, and removing those that the
//! study does not want to keep.

use crate::config::{Evaluator, Study};
use crate::exec::{self, EndedAttempt};
use crate::pipeline::Plan;
use crate::problem::TrialId;
use crate::store::{Attempt, History, Record};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// The ok attempts of unfinished trials whose outputs are not there any more: trial, task, attempt.
pub fn missing(study: &Study, history: &History) -> BTreeSet<(TrialId, u32, u32)> {
    let Evaluator::Pipeline(_) = &study.evaluator else { return BTreeSet::new() };
    let plan = Plan::of(study);
    let attempts = unfinished(history).filter(|a| a.status == "ok");
    let ids = attempts.map(|a| (a.trial, a.detail.task, a.attempt));
    ids.filter(|(trial, task, attempt)| !exec::outputs_are_there(study, &plan, *trial, *task, *attempt))
        .collect()
}

/// Attempts of trials that have not ended.
fn unfinished(history: &History) -> impl Iterator<Item = &Attempt> {
    let open = |a: &&Attempt| {
        history.trials.get(a.trial as usize).is_some_and(|trial| trial.completed.is_none())
    };
    history.attempts.iter().filter(open)
}

/// Removes, on a thread of its own, what is not to be kept of trials that have ended.
pub struct Tidier {
    open: BTreeMap<TrialId, Vec<EndedAttempt>>,
    ended: BTreeSet<TrialId>,
    queue: Option<Sender<(TrialId, Vec<EndedAttempt>)>>,
    thread: Option<JoinHandle<()>>,
}

impl Tidier {
    /// The tidier of a study of which `history` has happened; it has nothing to do without stages.
    pub fn start(study: &Study, history: &History) -> Self {
        let mut this = Self { open: BTreeMap::new(), ended: BTreeSet::new(), queue: None, thread: None };
        if let Evaluator::Pipeline(_) = &study.evaluator {
            for attempt in unfinished(history) {
                this.note(attempt, attempt.detail.task);
            }
            let (queue, trials) = channel::<(TrialId, Vec<EndedAttempt>)>();
            let (study, plan) = (study.clone(), Plan::of(study));
            this.queue = Some(queue);
            this.thread = Some(std::thread::spawn(move || {
                for (trial, attempts) in trials {
                    if let Err(reason) = exec::tidy(&study, &plan, trial, &attempts) {
                        tracing::warn!("trial {trial}: not everything could be removed: {reason}");
                    }
                }
            }));
        }
        this
    }

    /// Hears what has happened.
    pub fn hear(&mut self, record: &Record) {
        if self.queue.is_none() {
            return;
        }
        let (trial, attempts) = match record {
            Record::Ended(attempt, _, detail) => {
                let (trial, task) = (attempt.trial, detail.task);
                self.note(attempt, task);
                // What was cancelled ends after its trial.
                if !self.ended.contains(&trial) {
                    return;
                }
                (trial, self.open.remove(&trial).unwrap_or_default())
            }
            Record::Completed(end) => {
                self.ended.insert(end.trial);
                (end.trial, self.open.remove(&end.trial).unwrap_or_default())
            }
            _ => return,
        };
        if let Some(queue) = &self.queue {
            // A thread that has panicked tidies nothing more.
            let _ = queue.send((trial, attempts));
        }
    }

    fn note(&mut self, attempt: &Attempt, task: u32) {
        let is_ok = attempt.status == "ok";
        let ended = EndedAttempt { task, attempt: attempt.attempt, is_ok };
        self.open.entry(attempt.trial).or_default().push(ended);
    }

    /// Whether everything that was to be removed is gone.
    pub fn ended(&mut self) -> bool {
        self.queue = None;
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }
}
