//! What is optimized: parameters, objectives, constraints, and what became of a trial.
//!
//! Pure data and arithmetic: no file, clock, process or random state.

mod constraint;
mod counts;
mod measured;
mod objective;
mod parameter;
mod region;
mod space;
mod trial;

pub use constraint::LinearConstraint;
pub use counts::Counts;
pub use objective::{Goal, Metric, Objective};
pub use parameter::{Design, Parameter, ParameterKind, Scale, Value};
#[cfg(test)]
pub(crate) use region::tests::mixed_space;
pub use region::{EmptyRegion, Region};
pub use space::{SAME, Space};
pub use trial::{FailureClass, Measurement, Outcome, TrialId};

use serde::{Deserialize, Serialize};

/// The mathematical side of a study: where to search and what to improve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// Parameters and the linear constraints between them.
    pub space: Space,
    /// Objectives, in the order of every objective vector.
    pub objectives: Vec<Objective>,
    /// Tracked quantities that are not optimized, in the order of every metric vector.
    #[serde(default)]
    pub metrics: Vec<Metric>,
}

impl Problem {
    /// Objective values of an ok trial turned so that smaller is better; `None` for other outcomes.
    pub fn minimized(&self, outcome: &Outcome) -> Option<Vec<f64>> {
        let Outcome::Ok { objectives, .. } = outcome else {
            return None;
        };
        let turned = self.objectives.iter().zip(objectives);
        Some(turned.map(|(objective, m)| objective.goal.sign() * m.value()).collect())
    }

    /// Thresholds turned like [`Problem::minimized`]; `None` where an objective has none.
    pub fn minimized_thresholds(&self) -> Vec<Option<f64>> {
        let turn = |o: &Objective| o.threshold.map(|t| o.goal.sign() * t);
        self.objectives.iter().map(turn).collect()
    }
}
