//! Space-filling points as a strategy.

use super::{Ledger, Strategy, StrategyError};
use crate::config::{InitialDesign, Method, StrategySettings};
use crate::doe::SpaceFilling;
use crate::problem::{Region, TrialId};

/// Scrambled Sobol points or Latin hypercubes, whatever was observed.
///
/// Trial `k` gets Sobol point `k`, designs that the study names itself (nominal, list) or not: a run
/// directory of a release without those goes on with the points it would have had. Latin hypercubes
/// begin after those designs, and the first has as many points as are left of `initial`.
#[derive(Debug, Clone)]
pub struct Spread {
    name: &'static str,
    filling: SpaceFilling,
    /// Trials before the first point.
    skipped: u64,
}

impl Spread {
    /// The points of a region under a study's seed and settings, of which the first `given` trials
    /// have designs of their own.
    pub fn new(region: &Region, seed: u64, settings: &StrategySettings, given: u64) -> Self {
        let throughout = settings.method == Method::Lhc;
        match if throughout { InitialDesign::Lhc } else { settings.initial_design } {
            InitialDesign::Sobol => {
                Self { name: "sobol", filling: SpaceFilling::sobol(region, seed), skipped: 0 }
            }
            InitialDesign::Lhc => {
                let size = settings.initial.saturating_sub(given);
                let filling = SpaceFilling::latin_hypercube(region, seed, size);
                Self { name: "lhc", filling, skipped: given }
            }
        }
    }

    /// The point of a trial.
    pub fn point(&mut self, trial: TrialId) -> Vec<f64> {
        self.filling.point(trial.saturating_sub(self.skipped))
    }
}

impl Strategy for Spread {
    fn name(&self) -> &'static str {
        self.name
    }

    fn propose(&mut self, trial: TrialId, _: &Ledger) -> Result<Vec<f64>, StrategyError> {
        Ok(self.point(trial))
    }
}
