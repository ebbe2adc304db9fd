//! Constraints on what is measured: `stress <= 120`.

use super::{Measurement, Outcome};
use serde::{Deserialize, Serialize};

/// `Σ coefficient · quantity <= upper`, over objectives and metrics in their own units and directions.
///
/// A trial that violates it is ok all the same: it was measured, and its values teach the model. But
/// it is not [acceptable](super::Problem::acceptable): it is no answer to the study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OutcomeConstraint {
    /// As the user wrote it.
    pub text: String,
    /// (index into the objectives followed by the metrics, coefficient); each index once, none zero.
    pub terms: Vec<(usize, f64)>,
    /// Right-hand side.
    pub upper: f64,
}

impl OutcomeConstraint {
    /// `name <= 0` for the quantity at `index` of the objectives followed by the metrics: how
    /// constrained test functions state theirs.
    pub fn at_most_zero(name: &str, index: usize) -> Self {
        Self { text: format!("{name} <= 0"), terms: vec![(index, 1.0)], upper: 0.0 }
    }

    /// Whether both say the same, however it is written.
    pub fn agrees_with(&self, other: &Self) -> bool {
        (&self.terms, self.upper) == (&other.terms, other.upper)
    }

    /// Left side less right side, at most zero where the constraint is satisfied. Its standard error
    /// takes those of the quantities as independent, and is unknown if one of them is.
    ///
    /// `None` unless the trial is ok, every quantity was measured, and the difference is finite.
    pub fn slack(&self, outcome: &Outcome) -> Option<Measurement> {
        let Outcome::Ok { objectives, metrics } = outcome else { return None };
        let measured = |&(k, a): &(usize, f64)| match k.checked_sub(objectives.len()) {
            None => Some((a, objectives[k])),
            Some(k) => metrics.get(k).copied().flatten().map(|m| (a, m)),
        };
        let terms: Vec<(f64, Measurement)> = self.terms.iter().map(measured).collect::<Option<_>>()?;
        let sum: f64 = terms.iter().map(|(a, m)| a * m.value()).sum();
        let variance = terms.iter().map(|(a, m)| Some((a * m.sem()?).powi(2))).sum::<Option<f64>>();
        Measurement::new(sum - self.upper, variance.map(f64::sqrt))
    }

    /// How far the left side lies beyond the right side, 0 where it does not; in the unit of the
    /// sum. `None` like [`OutcomeConstraint::slack`], never NaN or infinite.
    pub fn violation(&self, outcome: &Outcome) -> Option<f64> {
        self.slack(outcome).map(|slack| if slack.value() > 0.0 { slack.value() } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Goal, Metric, Objective, Problem, Space};
    use proptest::prelude::*;

    fn constraint(terms: &[(usize, f64)], upper: f64) -> OutcomeConstraint {
        OutcomeConstraint { text: "test".into(), terms: terms.to_vec(), upper }
    }

    /// Two objectives and two metrics; y1 is maximized, which makes no difference to a constraint.
    fn problem(outcome_constraints: Vec<OutcomeConstraint>) -> Problem {
        let objective = |(name, goal): (&str, Goal)| Objective {
            name: name.into(),
            goal,
            threshold: None,
            unit: String::new(),
        };
        let metric = |name: &str| Metric { name: name.into(), unit: String::new() };
        Problem {
            space: Space { parameters: vec![], constraints: vec![] },
            objectives: [("y0", Goal::Minimize), ("y1", Goal::Maximize)].map(objective).to_vec(),
            metrics: ["m0", "m1"].map(metric).to_vec(),
            outcome_constraints,
        }
    }

    fn m(value: f64, sem: Option<f64>) -> Measurement {
        Measurement::new(value, sem).unwrap()
    }

    #[test]
    fn slack_and_its_error_follow_the_terms() {
        let objectives = vec![m(1.0, Some(0.3)), m(5.0, None)];
        let outcome = Outcome::Ok { objectives, metrics: vec![Some(m(-2.0, Some(0.2))), None] };
        // y0 - 2 m0 <= 4: 1 + 4 - 4; errors 0.3 and 2 · 0.2 are the legs of a triangle.
        let slack = constraint(&[(0, 1.0), (2, -2.0)], 4.0).slack(&outcome).unwrap();
        assert_eq!((slack.value(), slack.sem()), (1.0, Some(0.5)));
        let slack = constraint(&[(0, 1.0), (1, 1.0)], 7.0).slack(&outcome).unwrap();
        assert_eq!((slack.value(), slack.sem()), (-1.0, None));
        assert_eq!(constraint(&[(1, 1.0)], 5.0).violation(&outcome), Some(0.0));
        assert_eq!(constraint(&[(3, 1.0)], 5.0).violation(&outcome), None, "m1 was not given");
        let zero = Outcome::Ok { objectives: vec![m(0.0, None)], metrics: vec![] };
        let violation = constraint(&[(0, -1.0)], 0.0).violation(&zero).unwrap();
        assert_eq!(violation.to_string(), "0", "no sign before it");
    }

    #[test]
    fn what_is_not_measured_or_not_finite_is_not_acceptable() {
        let problem = problem(vec![constraint(&[(2, 10.0)], 0.0)]);
        let ends = [
            Outcome::Infeasible { reason: String::new() },
            Outcome::Interrupted { reason: String::new() },
        ];
        for outcome in ends {
            assert!(!problem.acceptable(&outcome) && problem.slacks(&outcome).is_none());
        }
        let objectives = vec![m(1.0, None), m(1.0, None)];
        let with = |metric| problem.measured(objectives.clone(), vec![metric, None]);
        let missing = "the metric \"m0\" is missing, and the outcome constraint \"test\" needs it";
        assert_eq!(with(None), Err(missing.to_owned()));
        let large = "the outcome constraint \"test\" has no finite value with these measurements";
        assert_eq!(with(Some(m(f64::MAX, None))), Err(large.to_owned()));
        let fine = with(Some(m(-1.0, None))).unwrap();
        assert!(problem.acceptable(&fine));
        assert_eq!(problem.accepted(&fine), Some(vec![1.0, -1.0]));
        let violating = with(Some(m(1.0, None))).unwrap();
        assert!(!problem.acceptable(&violating));
        assert_eq!(problem.minimized(&violating), Some(vec![1.0, -1.0]));
        assert_eq!(problem.accepted(&violating), None);
    }

    #[test]
    fn without_constraints_every_ok_trial_is_acceptable() {
        let problem = problem(vec![]);
        let objectives = vec![m(1.0, None), m(2.0, None)];
        let outcome = problem.measured(objectives, vec![None, None]).unwrap();
        assert!(problem.acceptable(&outcome));
        assert_eq!(problem.slacks(&outcome), Some(vec![]));
        let failed = Outcome::Interrupted { reason: String::new() };
        assert!(!problem.acceptable(&failed));
    }

    proptest! {
        /// Violation is zero if and only if acceptable, and is the amount by which the written
        /// inequality is missed.
        #[test]
        fn violation_is_zero_exactly_where_acceptable(
            values in prop::collection::vec(-9i32..9, 4), sems in prop::collection::vec(prop::option::of(0.0..1.0), 4),
            a in prop::sample::select(vec![-3.0, -1.0, 1.0, 2.0]), b in prop::sample::select(vec![-2.0, 1.0]),
            first in 0usize..4, step in 1usize..4, upper in -20i32..20,
        ) {
            let second = (first + step) % 4;
            let constraint = constraint(&[(first, a), (second, b)], f64::from(upper));
            let problem = problem(vec![constraint.clone()]);
            let all: Vec<Measurement> =
                values.iter().zip(&sems).map(|(v, s)| m(f64::from(*v), *s)).collect();
            let metrics = all[2..].iter().copied().map(Some).collect();
            let outcome = problem.measured(all[..2].to_vec(), metrics).unwrap();
            let violation = constraint.violation(&outcome).unwrap();
            prop_assert_eq!(violation == 0.0, problem.acceptable(&outcome));
            // Whole numbers, so that the sum is exact.
            let beyond = a as i32 * values[first] + b as i32 * values[second] - upper;
            prop_assert_eq!(violation, f64::from(beyond.max(0)));
        }
    }
}
