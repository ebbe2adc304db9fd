//! Multi-objective Bayesian optimization: a Gaussian process per objective, and the point with the
//! largest expected hypervolume improvement.
//!
//! Pending trials are part of the model: each process believes its own mean there, so that the next
//! candidate goes elsewhere. Failed trials are treated alike: no value, but no second visit either.
//! Infeasible trials train a process of their own, and so does every outcome constraint; the
//! probabilities that all is well weigh the improvement.
//!
//! Hyperparameters are the likeliest, or several draws from their posterior ([`Surrogate`]); then the
//! improvement is the mean over draws, every process's k-th with every other's.

mod acquire;
mod events;
mod known;
mod learnt;
mod model;
mod process;
mod quantity;
mod search;

use super::{Ledger, Strategy, StrategyError, Timings};
use crate::config::Surrogate;
use crate::problem::{EventRange, Problem, Region, TrialId};
use acquire::Acquire;
pub use known::knowing;
pub use learnt::{Learnt, LeftOut, Smoothed};
use model::{Fitted, Model};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Version of [`Memory`].
const MEMORY_VERSION: u8 = 3;

/// The strategy `mobo`.
#[derive(Debug)]
pub struct Mobo {
    problem: Problem,
    region: Region,
    seed: u64,
    form: Surrogate,
    fitted: Option<Fitted>,
    /// Conditioned with these hyperparameters; made anew after a fit and after a restart.
    model: Option<Model>,
    /// Why the hyperparameters are those of an earlier fit than the last that was due.
    outdated: Option<String>,
    timings: Timings,
}

/// What a restart needs: the hyperparameters that the next fit starts from.
#[derive(Serialize, Deserialize)]
struct Memory {
    version: u8,
    fitted: Option<Fitted>,
}

impl Mobo {
    /// The strategy for a problem, whose linear constraints leave the region `region`, with processes of
    /// the form `form`.
    pub fn new(problem: &Problem, region: Region, seed: u64, form: Surrogate) -> Self {
        Self {
            problem: problem.clone(),
            region,
            seed,
            form,
            fitted: None,
            model: None,
            outdated: None,
            timings: Timings::default(),
        }
    }

    /// Fits if a fit is due, and takes in what the ledger has learnt. Done again at once it changes nothing.
    fn prepare(&mut self, ledger: &Ledger) -> Result<(), StrategyError> {
        if self.fitted.as_ref().is_some_and(|f| !f.fits(ledger)) {
            (self.fitted, self.model) = (None, None);
        }
        if self.fitted.as_ref().is_none_or(|f| f.is_due(ledger)) {
            // A fit that fails leaves the last good hyperparameters.
            self.outdated = None;
            match (Fitted::new(ledger, self.fitted.as_ref(), self.form, self.seed), &self.fitted) {
                (Ok(fitted), _) => (self.fitted, self.model) = (Some(fitted), None),
                (Err(error), None) => return Err(error),
                (Err(error), Some(_)) => self.outdated = Some(error.to_string()),
            }
        }
        let fitted = self.fitted.as_ref().ok_or(StrategyError::NoValues)?;
        let model = match &mut self.model {
            Some(model) => model,
            none => none.insert(Model::new(ledger, fitted)?),
        };
        model.update(ledger);
        Ok(())
    }
}

impl Memory {
    /// From its bytes; `None` if they are those of another version or method.
    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first().filter(|version| **version == MEMORY_VERSION)?;
        postcard::from_bytes(bytes).ok()
    }
}

impl Strategy for Mobo {
    fn name(&self) -> &'static str {
        "mobo"
    }

    fn propose(&mut self, trial: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError> {
        if ledger.ok().next().is_none() {
            return Err(StrategyError::NoValues);
        }
        if self.problem.space.dimension() == 0 {
            // Every parameter is fixed: there is one point, and nothing to learn about it.
            return Ok(vec![]);
        }
        let begun = Instant::now();
        self.prepare(ledger)?;
        let model = self.model.as_ref().ok_or(StrategyError::NoValues)?;
        let modelled = Instant::now();
        let mut rng = crate::rng::stream(self.seed, "mobo", trial);
        let acquire = Acquire::new(&self.problem, ledger, model, &mut rng)?;
        let found = search::maximize(
            &acquire,
            (&self.region, &self.problem.space),
            ledger.pending().len(),
            &mut rng,
        );
        self.timings.fit_s += (modelled - begun).as_secs_f64();
        self.timings.acquisition_s += modelled.elapsed().as_secs_f64();
        found
    }

    fn makeshift(&self) -> Option<String> {
        if let Some(why) = &self.outdated {
            return Some(format!("earlier fit: {why}"));
        }
        let jitter = self.model.as_ref().map_or(0.0, Model::jitter);
        (jitter > 0.0).then(|| format!("jitter: {jitter:.0e} of a variance"))
    }

    fn events(
        &mut self,
        unit: &[f64],
        ledger: &Ledger,
        range: &EventRange,
    ) -> Result<i64, StrategyError> {
        if self.problem.space.dimension() == 0 {
            // There is one design, and no process of it.
            return Ok(range.upper);
        }
        self.prepare(ledger)?;
        let model = self.model.as_ref().ok_or(StrategyError::NoValues)?;
        events::worth(range, &model.doubts(unit, ledger)).ok_or(StrategyError::NoErrors)
    }

    fn timings(&self) -> Timings {
        self.timings
    }

    fn memory(&self) -> Vec<u8> {
        let memory = Memory { version: MEMORY_VERSION, fitted: self.fitted.clone() };
        postcard::to_stdvec(&memory).unwrap_or_default()
    }

    fn recall(&mut self, memory: &[u8]) -> Result<(), StrategyError> {
        let unreadable = |reason: String| Err(StrategyError::Memory(reason));
        match memory.first() {
            Some(&MEMORY_VERSION) => {}
            // Of an earlier release: its hyperparameters mean other things, so the next fit begins
            // afresh.
            Some(&(1..MEMORY_VERSION)) => {
                (self.fitted, self.model) = (None, None);
                return Ok(());
            }
            other => return unreadable(format!("mobo, version {other:?}; known is {MEMORY_VERSION}")),
        }
        let memory: Memory = match postcard::from_bytes(memory) {
            Ok(memory) => memory,
            Err(error) => return unreadable(error.to_string()),
        };
        // The same fit goes with the same conditioned processes: a withdrawn candidate changed none.
        if memory.fitted != self.fitted {
            (self.fitted, self.model) = (memory.fitted, None);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
