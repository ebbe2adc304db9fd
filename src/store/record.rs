//! What happened, as records; and their sum, the history.
//!
//! The history is a pure fold over records in the order in which they happened. A checkpoint is the
//! fold so far; the journal holds the records since.

use crate::config::Rule;
use crate::problem::{Counts, Design, Outcome, TrialId, Values};
use serde::{Deserialize, Serialize};

/// One thing that happened. The journal knows them by their order: new ones come last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// The program was started on this run directory.
    Session(Session),
    /// The strategy proposed the next trial; trials are proposed in the order of their ids.
    Proposed(Proposed),
    /// An attempt at a trial of one task ended, whatever its outcome.
    Attempt(Attempt),
    /// A trial ended for good.
    Completed(Completed),
    /// A stopping rule held: nothing new was started.
    Stopped(Stopped),
    /// An attempt at a trial ended, and how it had come to its rank. [`Record::Attempt`] is what releases
    /// wrote that did not know the latter.
    Attempted(Attempt, Start),
    /// The same of a task among several, or with what else is known of it.
    Ended(Attempt, Start, Box<Detail>),
    /// A candidate for a trial was asked for. Only where that does not follow from the ends of trials.
    Asked(Asked),
    /// [`Record::Ended`] of an attempt in a container, and the seconds until that had started.
    Contained(Attempt, Start, Box<Detail>, f64),
}

/// One start of the program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Seconds since 1970.
    pub at: f64,
    /// Host of rank 0.
    pub host: String,
    /// Batch job, empty without one.
    pub job: String,
    /// Evaluating ranks.
    pub evaluators: u64,
    /// Trials asked for and not yet ended at any time during this session.
    pub capacity: u64,
    /// Trials ended when it began.
    pub completed_before: u64,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposed {
    /// Trial.
    pub trial: TrialId,
    /// Number of completions that the strategy knew when it proposed.
    pub seen: u64,
    /// The design.
    pub design: Design,
    /// Where it comes from: nominal, list, sobol, lhc, nsga2, nsga3, mobo, told, …
    pub origin: String,
    /// Seconds the strategy worked on it.
    pub generation_s: f64,
    /// Seconds since 1970.
    pub at: f64,
    /// The strategy's state after this proposal, where it differs from that before.
    pub memory: Option<Vec<u8>>,
}

/// Before the directory of the attempt that did the same before.
pub const REUSED: &str = "reused: ";

/// An attempt that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Trial.
    pub trial: TrialId,
    /// From 1.
    pub attempt: u32,
    /// Rank that ran it.
    pub rank: u64,
    /// Its host.
    pub host: String,
    /// Seconds since 1970 at which the rank was given the task.
    pub dispatched: f64,
    /// Seconds since 1970.
    pub started: f64,
    /// Seconds since 1970.
    pub finished: f64,
    /// ok, infeasible, failed or interrupted.
    pub status: String,
    /// Why not ok; of an ok one that did nothing, [`REUSED`] and the attempt whose work it took over.
    pub reason: String,
    /// How it came to its rank, where that is known. The journal has it beside.
    #[serde(skip)]
    pub start: Option<Start>,
    /// What it was an attempt at. The journal has it beside.
    #[serde(skip)]
    pub detail: Detail,
}

/// What an attempt was at, and what more is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Position of the task in the study's plan.
    pub task: u32,
    /// Its stage.
    pub stage: String,
    /// Its key; empty if the stage has no axes.
    pub key: String,
    /// Most memory at a time, in bytes, where it was measured.
    pub peak_memory: Option<u64>,
    /// What an ok attempt measured; left to the end of the trial where that has but one task.
    pub values: Values,
    /// Seconds until its container had started, where it ran in one. The journal has it beside.
    #[serde(skip)]
    pub container_s: Option<f64>,
}

impl Default for Detail {
    /// Of the only task of a trial.
    fn default() -> Self {
        let (stage, key) = ("evaluate".to_owned(), String::new());
        Self { task: 0, stage, key, peak_memory: None, values: vec![], container_s: None }
    }
}

/// A candidate that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The trial.
    pub trial: TrialId,
    /// Completions at that time.
    pub seen: u64,
}

/// How an attempt came to its rank.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Seconds that the rank had nothing to do before.
    pub waited_s: f64,
    /// Completions since the trial was proposed: what the strategy did not know.
    pub stale: u64,
}

/// A trial that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    /// Trial.
    pub trial: TrialId,
    /// How.
    pub outcome: Outcome,
    /// Seconds since 1970 at which its last attempt started; of a trial of several tasks, at which the
    /// first did.
    pub started: f64,
    /// Seconds since 1970.
    pub finished: f64,
}

/// A stopping rule that held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stopped {
    /// Seconds since 1970.
    pub at: f64,
    /// Trials ended by then; those that were running then ended later.
    pub completed: u64,
    /// The rule.
    pub rule: Rule,
    /// The rule as the study file said it, for example `hypervolume = 0.7`.
    pub setting: String,
    /// What was found, for people.
    pub reason: String,
}

/// A trial as history knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Its proposal.
    pub proposed: Proposed,
    /// Its end, once it has one.
    pub completed: Option<Completed>,
}

/// Everything that happened in a run directory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// By id, without gaps.
    pub trials: Vec<Trial>,
    /// Ids in the order in which they ended.
    pub completions: Vec<TrialId>,
    /// Attempts in the order in which they ended.
    pub attempts: Vec<Attempt>,
    /// Starts of the program.
    pub sessions: Vec<Session>,
    /// Stopping rules that held, in order.
    pub stops: Vec<Stopped>,
    /// What was asked for, where that is on record.
    pub asks: Vec<Asked>,
    /// Number of records folded in.
    pub records: u64,
}

/// A record that cannot follow what came before it.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("record {number} does not fit the history: {reason}")]
pub struct Misfit {
    /// Position in the sequence of records, from 0.
    pub number: u64,
    /// What is wrong.
    pub reason: String,
}

impl History {
    /// The ended trials by outcome; nothing is running or ready in a history.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for completed in self.trials.iter().filter_map(|t| t.completed.as_ref()) {
            counts.note(&completed.outcome);
        }
        counts
    }

    /// Folds one record in.
    ///
    /// # Errors
    /// A proposal out of order, the end of a trial that was never proposed or has ended already;
    /// the history is unchanged.
    pub fn apply(&mut self, record: Record) -> Result<(), Misfit> {
        let number = self.records;
        let misfit = |reason: String| Err(Misfit { number, reason });
        match record {
            Record::Session(session) => self.sessions.push(session),
            Record::Stopped(stopped) => {
                if stopped.completed != self.completions.len() as u64 {
                    let (told, known) = (stopped.completed, self.completions.len());
                    return misfit(format!("stopped after {told} ends of trials, {known} are known"));
                }
                self.stops.push(stopped);
            }
            Record::Proposed(proposed) => {
                let next = self.trials.len() as u64;
                if proposed.trial != next {
                    return misfit(format!("trial {} proposed, {next} is next", proposed.trial));
                }
                self.trials.push(Trial { proposed, completed: None });
            }
            Record::Attempt(attempt) => return self.attempted(attempt),
            Record::Attempted(attempt, start) => {
                return self.attempted(Attempt { start: Some(start), ..attempt });
            }
            Record::Ended(attempt, start, detail) => {
                return self.attempted(Attempt { start: Some(start), detail: *detail, ..attempt });
            }
            Record::Contained(attempt, start, detail, container_s) => {
                let detail = Detail { container_s: Some(container_s), ..*detail };
                return self.attempted(Attempt { start: Some(start), detail, ..attempt });
            }
            Record::Asked(asked) => {
                let next = self.asks.last().map_or(0, |last| last.trial + 1);
                let next = next.max(self.trials.len() as u64);
                if asked.trial < next {
                    return misfit(format!("trial {} asked for, {next} is next", asked.trial));
                }
                self.asks.push(asked);
            }
            Record::Completed(completed) => {
                let id = completed.trial;
                match self.trials.get_mut(id as usize) {
                    None => return misfit(format!("end of unknown trial {id}")),
                    Some(trial) if trial.completed.is_some() => {
                        return misfit(format!("trial {id} ended twice"));
                    }
                    Some(trial) => trial.completed = Some(completed),
                }
                self.completions.push(id);
            }
        }
        self.records += 1;
        Ok(())
    }
    fn attempted(&mut self, attempt: Attempt) -> Result<(), Misfit> {
        if self.trials.get(attempt.trial as usize).is_none() {
            let reason = format!("attempt at unknown trial {}", attempt.trial);
            return Err(Misfit { number: self.records, reason });
        }
        self.attempts.push(attempt);
        self.records += 1;
        Ok(())
    }
}
