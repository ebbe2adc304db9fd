//! Space-filling points as a strategy.

use super::{Ledger, Strategy, StrategyError};
use crate::doe::SpaceFilling;
use crate::problem::{Region, TrialId};

/// Scrambled Sobol points: trial `k` gets point `k`, whatever was observed.
#[derive(Debug, Clone)]
pub struct SobolStrategy {
    filling: SpaceFilling,
}

impl SobolStrategy {
    /// The points of a region under a study's seed.
    pub fn new(region: &Region, seed: u64) -> Self {
        Self { filling: SpaceFilling::new(region, seed) }
    }

    /// The point of a trial.
    pub fn point(&mut self, trial: TrialId) -> Vec<f64> {
        self.filling.point(trial)
    }
}

impl Strategy for SobolStrategy {
    fn name(&self) -> &'static str {
        "sobol"
    }

    fn propose(&mut self, trial: TrialId, _: &Ledger) -> Result<Vec<f64>, StrategyError> {
        Ok(self.point(trial))
    }
}
