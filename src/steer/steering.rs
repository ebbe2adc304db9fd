//! Asking and telling as a pure function of study and history.

use super::SteerError;
use super::told::{TOLD, Told, understand};
use crate::config::Study;
use crate::problem::{Outcome, TrialId};
use crate::stopping::complete_by;
use crate::store::{Completed, History, Proposed, Record, Session, Stopped, Trial};
use crate::strategy::{Candidate, Proposer, StrategyError};
use serde_json::Value as Json;

/// A study, what happened to it, and a proposer that knows all of that.
pub struct Steering {
    study: Study,
    history: History,
    proposer: Proposer,
    /// To be recorded before anything else.
    session: Option<Session>,
    /// The rule that has ended the study, if any.
    stopped: Option<Stopped>,
    /// The candidate for the next trial, made while nobody asked, and the method's state before it.
    draft: Option<(Candidate, Vec<u8>)>,
}

/// What became of one entry that was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The trial, a new one for a point of one's own.
    pub trial: TrialId,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether this was told before, so that nothing changed.
    pub known: bool,
}

impl Steering {
    /// Goes on after `history`. `session` is recorded with the first thing that happens; how many
    /// trials had ended before is filled in.
    ///
    /// # Errors
    /// The constraints leave nothing, or the history is not one of this study.
    pub fn resume(study: Study, history: History, session: Session) -> Result<Self, SteerError> {
        let mut proposer = Proposer::new(&study)?;
        let mut told = 0;
        for trial in &history.trials {
            tell(&mut proposer, &history, &mut told, trial.proposed.seen as usize);
            let Proposed { trial, design, memory, .. } = &trial.proposed;
            proposer.adopt(*trial, design, memory.as_deref())?;
        }
        tell(&mut proposer, &history, &mut told, history.completions.len());
        let completed_before = history.completions.len() as u64;
        let session = Session { evaluators: 0, capacity: 0, completed_before, ..session };
        let stopped = complete_by(&study, &history);
        Ok(Self { study, history, proposer, session: Some(session), stopped, draft: None })
    }

    /// The study.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Everything that happened.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Trials that can still be asked for.
    pub fn left(&self) -> u64 {
        self.study.strategy.trials.saturating_sub(self.history.trials.len() as u64)
    }

    /// The rule of `[strategy.stop]` by which the study is complete, if any.
    pub fn stopped(&self) -> Option<&Stopped> {
        self.stopped.as_ref()
    }

    /// Makes the next candidate ahead of its time, so that it is there when it is asked for; whether there
    /// was one to make. It leaves no trace unless it is asked for before anything is told, and is then what
    /// would have been made on demand.
    pub fn prepare(&mut self) -> bool {
        let wanted = self.draft.is_none() && self.stopped.is_none() && self.left() > 0;
        if wanted {
            let before = self.proposer.memory().to_vec();
            let candidate = self.proposer.ask(self.history.trials.len() as u64);
            self.draft = Some((candidate, before));
        }
        wanted
    }

    /// What was made ahead is out of date.
    fn withdraw(&mut self) -> Result<(), SteerError> {
        if let Some((_, before)) = self.draft.take() {
            self.proposer.withdraw(&[self.history.trials.len() as u64], &before)?;
        }
        Ok(())
    }

    /// The next `count` candidates, or as many as are left, and what is to be recorded of it, in order; none
    /// once a rule has ended the study. `clock` gives seconds since 1970.
    ///
    /// # Errors
    /// A defect of the program: the history does not take what it should.
    pub fn ask(
        &mut self,
        count: u64,
        clock: &mut dyn FnMut() -> f64,
    ) -> Result<(Vec<Proposed>, Vec<Record>), SteerError> {
        let (mut candidates, mut records) = (Vec::new(), Vec::new());
        if self.study.strategy.stop.clock_s.is_some() {
            // Time alone may end it.
            self.stopped = complete_by(&self.study, &self.history);
        }
        if let Some(stopped) = self.stopped.clone() {
            if !self.history.stops.contains(&stopped) {
                self.begin(&mut records)?;
                self.note(Record::Stopped(stopped), &mut records)?;
            }
            return Ok((candidates, records));
        }
        for _ in 0..count.min(self.left()) {
            self.begin(&mut records)?;
            let trial = self.history.trials.len() as u64;
            let begun = clock();
            let candidate = match self.draft.take() {
                Some((candidate, _)) => candidate,
                None => self.proposer.ask(trial),
            };
            let at = clock();
            let proposed = Proposed {
                trial,
                seen: self.history.completions.len() as u64,
                design: candidate.design,
                origin: candidate.origin,
                generation_s: (at - begun).max(0.0),
                at,
                memory: candidate.memory,
            };
            self.note(Record::Proposed(proposed.clone()), &mut records)?;
            candidates.push(proposed);
        }
        Ok((candidates, records))
    }

    /// Takes results over (see [`Told`] for their form): what became of each, and what is to be
    /// recorded of it, in order.
    ///
    /// # Errors
    /// One of the entries is wrong; then none of them counts.
    pub fn tell(
        &mut self,
        entries: &[Json],
        now: f64,
    ) -> Result<(Vec<Receipt>, Vec<Record>), SteerError> {
        let batch = understand(&self.study, &self.history, entries).map_err(SteerError::Told)?;
        self.withdraw()?;
        let (mut receipts, mut records) = (Vec::new(), Vec::new());
        for told in batch {
            let (trial, outcome, started) = match told {
                Told::Known(trial, outcome) => {
                    receipts.push(Receipt { trial, outcome, known: true });
                    continue;
                }
                Told::End(trial, outcome) => {
                    let asked = self.history.trials.get(trial as usize).map(|t| t.proposed.at);
                    (trial, outcome, asked.unwrap_or(now))
                }
                Told::Own(design, outcome) => {
                    self.begin(&mut records)?;
                    let trial = self.history.trials.len() as u64;
                    self.proposer.adopt(trial, &design, None)?;
                    let proposed = Proposed {
                        trial,
                        seen: self.history.completions.len() as u64,
                        design,
                        origin: TOLD.into(),
                        generation_s: 0.0,
                        at: now,
                        memory: None,
                    };
                    self.note(Record::Proposed(proposed), &mut records)?;
                    (trial, outcome, now)
                }
            };
            self.begin(&mut records)?;
            self.proposer.tell(trial, &outcome);
            let completed = Completed { trial, outcome: outcome.clone(), started, finished: now };
            self.note(Record::Completed(completed), &mut records)?;
            receipts.push(Receipt { trial, outcome, known: false });
        }
        self.stopped = complete_by(&self.study, &self.history);
        Ok((receipts, records))
    }

    fn begin(&mut self, records: &mut Vec<Record>) -> Result<(), SteerError> {
        match self.session.take() {
            Some(session) => self.note(Record::Session(session), records),
            None => Ok(()),
        }
    }

    fn note(&mut self, record: Record, records: &mut Vec<Record>) -> Result<(), SteerError> {
        let applied = self.history.apply(record.clone());
        applied.map_err(|misfit| StrategyError::Memory(misfit.to_string()))?;
        records.push(record);
        Ok(())
    }
}

/// Tells completions in their order until `seen` of them are known.
fn tell(proposer: &mut Proposer, history: &History, told: &mut usize, seen: usize) {
    while *told < seen.min(history.completions.len()) {
        let trial = history.completions[*told];
        if let Some(Trial { completed: Some(c), .. }) = history.trials.get(trial as usize) {
            proposer.tell(trial, &c.outcome);
        }
        *told += 1;
    }
}
