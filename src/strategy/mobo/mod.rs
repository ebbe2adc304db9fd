//! Multi-objective Bayesian optimization: a Gaussian process per objective, and the point with the
//! largest expected hypervolume improvement.
//!
//! Pending trials are part of the model: each process believes its own mean there, so that the next
//! candidate goes elsewhere. Failed trials are treated alike: no value, but no second visit either.
//! Infeasible trials train a process of their own, whose probability weighs the improvement.

mod acquire;
mod model;
mod search;

use super::{Ledger, Strategy, StrategyError, Timings};
use crate::problem::{Problem, Region, TrialId};
use model::{Fitted, Model};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Hyperparameters are fitted again when the number of values has grown by this share; in between
/// the last ones serve.
const REFIT_GROWTH: f64 = 0.08;

/// Version of [`Memory`].
const MEMORY_VERSION: u8 = 1;

/// The strategy `mobo`.
#[derive(Debug)]
pub struct Mobo {
    problem: Problem,
    region: Region,
    seed: u64,
    fitted: Option<Fitted>,
    timings: Timings,
}

/// What a restart needs: the hyperparameters that the next fit starts from.
#[derive(Serialize, Deserialize)]
struct Memory {
    version: u8,
    fitted: Option<Fitted>,
}

impl Mobo {
    /// The strategy for a problem, whose linear constraints leave the region `region`.
    pub fn new(problem: &Problem, region: Region, seed: u64) -> Self {
        Self { problem: problem.clone(), region, seed, fitted: None, timings: Timings::default() }
    }

    fn refit_due(&self, values: usize) -> bool {
        let due = |f: &Fitted| values as f64 >= f.values as f64 * (1.0 + REFIT_GROWTH);
        self.fitted.as_ref().is_none_or(due)
    }
}

impl Strategy for Mobo {
    fn name(&self) -> &'static str {
        "mobo"
    }

    fn propose(&mut self, trial: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError> {
        let values = ledger.ok().count();
        if values == 0 {
            return Err(StrategyError::NoValues);
        }
        let begun = Instant::now();
        if self.refit_due(values) {
            // A fit that fails leaves the last good hyperparameters.
            match (model::fit(ledger, self.fitted.as_ref()), &self.fitted) {
                (Ok(fitted), _) => self.fitted = Some(fitted),
                (Err(error), None) => return Err(error),
                (Err(_), Some(_)) => {}
            }
        }
        let fitted = self.fitted.as_ref().ok_or(StrategyError::NoValues)?;
        let mut rng = crate::rng::stream(self.seed, "mobo", trial);
        let model = Model::new(ledger, fitted)?;
        let modelled = Instant::now();
        let acquire = acquire::Acquire::new(&self.problem, ledger, model, &mut rng)?;
        let found = search::maximize(&acquire, &self.region, &mut rng);
        self.timings.fit_s += (modelled - begun).as_secs_f64();
        self.timings.acquisition_s += modelled.elapsed().as_secs_f64();
        found
    }

    fn timings(&self) -> Timings {
        self.timings
    }

    fn memory(&self) -> Vec<u8> {
        let memory = Memory { version: MEMORY_VERSION, fitted: self.fitted.clone() };
        postcard::to_stdvec(&memory).unwrap_or_default()
    }

    fn recall(&mut self, memory: &[u8]) -> Result<(), StrategyError> {
        let memory: Memory =
            postcard::from_bytes(memory).map_err(|e| StrategyError::Memory(e.to_string()))?;
        if memory.version != MEMORY_VERSION {
            let reason = format!("mobo, version {}; known is {MEMORY_VERSION}", memory.version);
            return Err(StrategyError::Memory(reason));
        }
        self.fitted = memory.fitted;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
