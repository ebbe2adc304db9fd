//! What is optimized: parameters, objectives, constraints, and what became of a trial.
//!
//! Pure data and arithmetic: no file, clock, process or random state.

mod constraint;
mod counts;
mod events;
mod objective;
mod outcome_constraint;
mod parameter;
mod region;
mod result;
mod space;
mod table;
mod task;
mod trial;

pub use constraint::LinearConstraint;
pub use counts::{Counts, TaskCounts};
pub use events::EventRange;
pub use objective::{Goal, Metric, Objective};
pub use outcome_constraint::OutcomeConstraint;
pub use parameter::{Design, Parameter, ParameterKind, Scale, Value};
#[cfg(test)]
pub(crate) use region::tests::mixed_space;
pub use region::{EmptyRegion, Region};
pub use result::measurement;
pub use space::{SAME, Space};
pub use table::{Column, values_in_text};
pub use task::{TaskFacts, TaskOutcome, Values};
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
    /// What the measured quantities of an acceptable trial obey. Left out of JSON if there are none,
    /// as it was before there could be any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outcome_constraints: Vec<OutcomeConstraint>,
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

    /// What a hypervolume is measured in: the units of the objectives, multiplied; empty for a pure number.
    pub fn hypervolume_unit(&self) -> String {
        let units = self.objectives.iter().map(|objective| objective.unit.as_str());
        units.filter(|unit| !unit.is_empty()).collect::<Vec<_>>().join("·")
    }

    /// The outcome of a trial with these measurements: one per objective, and one per metric where
    /// the evaluator gave one.
    ///
    /// # Errors
    /// A quantity is missing that an outcome constraint needs, or the constraint has no finite value.
    pub fn measured(
        &self,
        objectives: Vec<Measurement>,
        metrics: Vec<Option<Measurement>>,
    ) -> Result<Outcome, String> {
        let outcome = Outcome::Ok { objectives, metrics };
        self.check(&outcome).map(|()| outcome)
    }

    /// Whether the slack of every outcome constraint is known, if the trial is ok.
    ///
    /// # Errors
    /// Which one is not and why.
    pub fn check(&self, outcome: &Outcome) -> Result<(), String> {
        let Outcome::Ok { metrics, .. } = outcome else { return Ok(()) };
        for constraint in &self.outcome_constraints {
            let text = &constraint.text;
            let mut needed =
                constraint.terms.iter().filter_map(|(k, _)| k.checked_sub(self.objectives.len()));
            let missing = needed.find(|k| metrics.get(*k).copied().flatten().is_none());
            if let Some(k) = missing {
                let name = &self.metrics[k].name;
                return Err(format!(
                    "the metric {name:?} is missing, and the outcome constraint {text:?} needs it"
                ));
            }
            if constraint.slack(outcome).is_none() {
                return Err(format!(
                    "the outcome constraint {text:?} has no finite value with these measurements"
                ));
            }
        }
        Ok(())
    }

    /// The slack of every outcome constraint ([`OutcomeConstraint::slack`]), in their order; `None`
    /// unless the trial is ok and all are known, which [`Problem::measured`] sees to.
    pub fn slacks(&self, outcome: &Outcome) -> Option<Vec<Measurement>> {
        let Outcome::Ok { .. } = outcome else { return None };
        self.outcome_constraints.iter().map(|constraint| constraint.slack(outcome)).collect()
    }

    /// Whether a trial is ok and satisfies every outcome constraint, so that it may be on the front.
    pub fn acceptable(&self, outcome: &Outcome) -> bool {
        self.slacks(outcome).is_some_and(|slacks| slacks.iter().all(|slack| slack.value() <= 0.0))
    }

    /// [`Problem::minimized`] of an acceptable trial; `None` for all others.
    pub fn accepted(&self, outcome: &Outcome) -> Option<Vec<f64>> {
        self.minimized(outcome).filter(|_| self.acceptable(outcome))
    }

    /// Thresholds turned like [`Problem::minimized`]; `None` where an objective has none.
    pub fn minimized_thresholds(&self) -> Vec<Option<f64>> {
        let turn = |o: &Objective| o.threshold.map(|t| o.goal.sign() * t);
        self.objectives.iter().map(turn).collect()
    }
}
