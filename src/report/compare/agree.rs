//! Whether runs can be compared, and from which reference point.

use super::Contender;
use crate::pareto;
use crate::problem::{Objective, OutcomeConstraint, Problem};
use crate::report::curve::accepted;

/// An aim in words.
type Say = fn(&Problem) -> String;

/// Why runs cannot be compared.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Disagreement {
    /// There is no run, or none of them has a value yet where the reference point is to be inferred.
    #[error(
        "no trial of these runs has values yet, and not every objective has a threshold: there is no reference \
         point to measure a hypervolume from"
    )]
    Nothing,
    /// Two runs are after different things.
    #[error(
        "{first} and {other} cannot be compared, for they differ in their {what}: {was} and {is}; compare runs \
         whose objectives, thresholds and outcome constraints are the same"
    )]
    Differ {
        /// A run.
        first: String,
        /// The one that differs from it.
        other: String,
        /// In what.
        what: &'static str,
        /// What the first has.
        was: String,
        /// What the other has.
        is: String,
    },
}

/// The reference point for all, turned so that smaller is better: thresholds; where none of the runs has one, a
/// coordinate inferred from the values of all runs together.
///
/// # Errors
/// Runs differ in what they are after, or there is nothing to infer from.
pub(super) fn reference(runs: &[Contender<'_>]) -> Result<Vec<f64>, Disagreement> {
    let first = runs.first().ok_or(Disagreement::Nothing)?;
    let mut thresholds = first.study.problem.minimized_thresholds();
    // Who gave which threshold.
    let mut givers = vec![first; thresholds.len()];
    for run in &runs[1..] {
        let differ = |giver: &Contender<'_>, what, was: String, is: String| Disagreement::Differ {
            first: giver.name.to_owned(),
            other: run.name.to_owned(),
            what,
            was,
            is,
        };
        let aims: [(&'static str, Say); 2] =
            [("objectives", objectives), ("outcome constraints", bounds)];
        for (what, say) in aims {
            let (was, is) = (say(&first.study.problem), say(&run.study.problem));
            if was != is {
                return Err(differ(first, what, was, is));
            }
        }
        for (k, given) in run.study.problem.minimized_thresholds().into_iter().enumerate() {
            let objective = &run.study.problem.objectives[k];
            match (thresholds[k], given) {
                (Some(was), Some(is)) if was != is => {
                    let say = |value: f64| threshold(objective, value);
                    return Err(differ(givers[k], "thresholds", say(was), say(is)));
                }
                (None, Some(_)) => (thresholds[k], givers[k]) = (given, run),
                _ => {}
            }
        }
    }
    let values: Vec<Vec<f64>> =
        runs.iter().flat_map(|run| accepted(&run.study.problem, run.history)).collect();
    pareto::reference_point(&thresholds, &values).ok_or(Disagreement::Nothing)
}

fn objectives(problem: &Problem) -> String {
    let one = |o: &Objective| {
        let goal = if o.goal.sign() > 0.0 { "minimize" } else { "maximize" };
        format!("{goal} {} {}", o.name, o.unit).trim_end().to_owned()
    };
    problem.objectives.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn bounds(problem: &Problem) -> String {
    let texts: Vec<&str> =
        problem.outcome_constraints.iter().map(|c: &OutcomeConstraint| c.text.as_str()).collect();
    if texts.is_empty() { "none".to_owned() } else { texts.join(", ") }
}

fn threshold(objective: &Objective, minimized: f64) -> String {
    let value = objective.goal.sign() * minimized;
    format!("{} = {value} {}", objective.name, objective.unit).trim_end().to_owned()
}
