//! Ask and tell: where the next candidate comes from.
//!
//! Every method sees the same [`Ledger`] (what is pending, what has ended, in order) and draws from
//! streams named by the trial it proposes for. A proposal is therefore a function of the study, the
//! ledger and the method's [`memory`](Strategy::memory): the restart law.

mod directions;
mod distinct;
mod domination;
mod ledger;
mod mobo;
mod niching;
mod nsga2;
mod nsga3;
mod population;
mod proposer;
mod spread;
mod variation;

pub use ledger::{Ledger, Observed, Pending};
pub use mobo::{Learnt, LeftOut, Mobo, Smoothed, knowing};
pub use nsga2::Nsga2;
pub use nsga3::Nsga3;
pub use proposer::{Candidate, Proposer, ProposerError, WAITED};
pub use spread::Spread;

use crate::problem::{EventRange, TrialId};

/// A way to make candidates.
pub trait Strategy: Send {
    /// The word for it in files and messages.
    fn name(&self) -> &'static str;

    /// Proposes a point of the unit cube ([`crate::problem::Space::dimension`] coordinates) for the
    /// trial `trial`. The caller makes it feasible and new; see [`Proposer`].
    ///
    /// # Errors
    /// The method cannot propose now; the caller falls back to a space-filling point and says so.
    fn propose(&mut self, trial: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError>;

    /// What the last proposal had to make do with, if anything: `kind: detail`.
    fn makeshift(&self) -> Option<String> {
        None
    }

    /// How many events of a range a trial at the point `unit` is worth, which is not in the ledger yet.
    ///
    /// # Errors
    /// The method cannot tell; the caller takes the most and says so.
    fn events(
        &mut self,
        _unit: &[f64],
        _ledger: &Ledger,
        _range: &EventRange,
    ) -> Result<i64, StrategyError> {
        Err(StrategyError::NoErrors)
    }

    /// Wall time spent so far; zeros where nobody measures.
    fn timings(&self) -> Timings {
        Timings::default()
    }

    /// What must be kept beside the ledger to go on after a restart; empty if nothing.
    fn memory(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Puts back what [`Strategy::memory`] gave.
    ///
    /// # Errors
    /// Bytes of another version or method.
    fn recall(&mut self, _memory: &[u8]) -> Result<(), StrategyError> {
        Ok(())
    }
}

/// Where the wall time of proposals goes, in seconds; it has no part in what is proposed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Timings {
    /// Fits of models to the trials' values.
    pub fit_s: f64,
    /// The acquisition and its maximization.
    pub acquisition_s: f64,
}

/// Why a strategy could not propose.
#[derive(Debug, thiserror::Error)]
pub enum StrategyError {
    /// There is nothing to learn from yet.
    #[error("no trial has values yet")]
    NoValues,
    /// Nothing says how errors fall with events.
    #[error("no result tells a standard error")]
    NoErrors,
    /// Linear algebra or an optimizer gave up.
    #[error("numerics: {0}")]
    Numerics(String),
    /// Stored state does not fit.
    #[error("stored strategy state: {0}")]
    Memory(String),
}
