//! What became of a task: values by name, which rank 0 makes a trial's [`Outcome`] of.

use super::{FailureClass, Measurement, Outcome, Problem};
use serde::{Deserialize, Serialize};

/// What a task measured, by name; no name occurs twice.
pub type Values = Vec<(String, Measurement)>;

/// What more is known of an attempt that ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Most memory that its processes were seen to have at a time, in bytes; `None` if it ended before anybody
    /// could look, or was not looked at.
    pub peak_memory: Option<u64>,
    /// Seconds until its container had started and its prologue ended; `None` where it ran in none, or that was
    /// not reached.
    pub container_s: Option<f64>,
    /// The attempt that did the same before, a path below the run directory: nothing was done again.
    pub reused: Option<String>,
}

/// How a task (or one attempt at it) ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TaskOutcome {
    /// It did what it had to, and measured this; empty for a task without a result.
    Ok(Values),
    /// The design cannot be built or is excluded: the whole trial is infeasible.
    Infeasible {
        /// One line for people.
        reason: String,
    },
    /// It went wrong; says nothing about the design.
    Failed {
        /// What kind of failure.
        class: FailureClass,
        /// One line for people, with the path of the log where there is one.
        reason: String,
    },
    /// Ended from outside before it was done (signal, time limit, or not wanted any more).
    Interrupted {
        /// One line for people.
        reason: String,
    },
}

impl TaskOutcome {
    /// The word in files and messages: ok, infeasible, failed or interrupted.
    pub fn status(&self) -> &'static str {
        match self {
            TaskOutcome::Ok(_) => "ok",
            TaskOutcome::Infeasible { .. } => "infeasible",
            TaskOutcome::Failed { .. } => "failed",
            TaskOutcome::Interrupted { .. } => "interrupted",
        }
    }

    /// Why it is not ok; empty for ok.
    pub fn reason(&self) -> String {
        match self {
            TaskOutcome::Ok(_) => String::new(),
            TaskOutcome::Infeasible { reason } | TaskOutcome::Interrupted { reason } => reason.clone(),
            TaskOutcome::Failed { class, reason } => format!("{}: {reason}", class.name()),
        }
    }
}

impl Problem {
    /// The outcome of a trial whose only task ended so.
    pub fn outcome_of(&self, task: TaskOutcome) -> Outcome {
        match task {
            TaskOutcome::Ok(values) => self
                .outcome(&values)
                .unwrap_or_else(|reason| Outcome::Failed { class: FailureClass::Output, reason }),
            TaskOutcome::Infeasible { reason } => Outcome::Infeasible { reason },
            TaskOutcome::Failed { class, reason } => Outcome::Failed { class, reason },
            TaskOutcome::Interrupted { reason } => Outcome::Interrupted { reason },
        }
    }

    /// The outcome of a trial that measured these values: every objective and any of the metrics;
    /// other names are of no interest. See [`Problem::measured`].
    ///
    /// # Errors
    /// An objective is missing, or a metric that an outcome constraint needs, in words.
    pub fn outcome(&self, values: &[(String, Measurement)]) -> Result<Outcome, String> {
        // The usual case: the values are the objectives, then the metrics, in their order.
        let find = |at: usize, name: &str| {
            let at_its_place = values.get(at).filter(|(known, _)| known == name);
            at_its_place.or_else(|| values.iter().find(|(known, _)| known == name)).map(|(_, m)| *m)
        };
        let objectives = self.objectives.iter().enumerate().map(|(k, objective)| {
            let name = &objective.name;
            find(k, name).ok_or_else(|| {
                super::result::missing(name, values.iter().map(|(known, _)| known.as_str()))
            })
        });
        let objectives = objectives.collect::<Result<Vec<_>, _>>()?;
        let metrics = self.metrics.iter().enumerate();
        let metrics = metrics.map(|(k, metric)| find(self.objectives.len() + k, &metric.name));
        self.measured(objectives, metrics.collect())
    }

    /// The same the other way round: what was measured, by name, objectives first.
    pub fn by_name(&self, outcome: Outcome) -> TaskOutcome {
        match outcome {
            Outcome::Ok { objectives, metrics } => {
                let own = self.objectives.iter().map(|o| o.name.clone()).zip(objectives);
                let more = self.metrics.iter().zip(metrics);
                let more = more.filter_map(|(metric, m)| Some((metric.name.clone(), m?)));
                TaskOutcome::Ok(own.chain(more).collect())
            }
            Outcome::Infeasible { reason } => TaskOutcome::Infeasible { reason },
            Outcome::Failed { class, reason } => TaskOutcome::Failed { class, reason },
            Outcome::Interrupted { reason } => TaskOutcome::Interrupted { reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Goal, Metric, Objective, Space};

    fn problem() -> Problem {
        let objective = |name: &str| Objective {
            name: name.to_owned(),
            goal: Goal::Minimize,
            threshold: None,
            unit: String::new(),
        };
        let metric = |name: &str| Metric { name: name.to_owned(), unit: String::new() };
        Problem {
            space: Space { parameters: vec![], constraints: vec![] },
            objectives: vec![objective("a"), objective("b")],
            metrics: vec![metric("m"), metric("n")],
            outcome_constraints: vec![],
        }
    }

    #[test]
    fn values_find_their_places_by_name() {
        let m = |value| Measurement::new(value, None).unwrap();
        let values = |names: &[(&str, f64)]| -> Values {
            names.iter().map(|(name, value)| ((*name).to_owned(), m(*value))).collect()
        };
        let outcome = problem().outcome(&values(&[("other", 9.0), ("n", 4.0), ("b", 2.0), ("a", 1.0)]));
        let want = Outcome::Ok { objectives: vec![m(1.0), m(2.0)], metrics: vec![None, Some(m(4.0))] };
        assert_eq!(outcome.as_ref(), Ok(&want));
        assert_eq!(problem().outcome_of(problem().by_name(want.clone())), want);
        assert_eq!(
            problem().outcome(&values(&[("a", 1.0), ("n", 4.0)])).unwrap_err(),
            "objective \"b\" is missing; the result has a, n"
        );
        assert_eq!(problem().outcome_of(TaskOutcome::Ok(vec![])).status(), "failed");
        let failed = Outcome::Failed { class: FailureClass::Memory, reason: "test".into() };
        assert_eq!(problem().outcome_of(problem().by_name(failed.clone())), failed);
    }
}
