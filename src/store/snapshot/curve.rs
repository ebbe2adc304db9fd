//! The hypervolume of the front of acceptable trials after every completion, kept up as the history
//! grows.
//!
//! A new point adds its exclusive volume: its own box up to the reference point, less what the front
//! covers of that box already, which is the hypervolume of the front's points moved into the box (the
//! "limited set" of While, Bradstreet and Barone, IEEE Trans. Evol. Comput. 16 (2012) 86). This is
//! far cheaper than the hypervolume of the whole front, of which only the sum is wanted here.

use crate::pareto::{dominates, hypervolume, reference_point};
use crate::problem::Problem;
use crate::store::record::History;

/// Hypervolumes in the order of completion; trials that are not acceptable repeat the value before.
#[derive(Debug, Default)]
pub(in crate::store) struct Curve {
    /// Moves only if an objective has no threshold.
    reference: Option<Vec<f64>>,
    /// Non-dominated points better than the reference point everywhere.
    front: Vec<Vec<f64>>,
    values: Vec<f64>,
}

impl Curve {
    /// The reference point in the objectives turned so that smaller is better; `None` before there
    /// is one.
    pub(super) fn reference(&self) -> Option<&[f64]> {
        self.reference.as_deref()
    }

    /// One value per completion so far worked out.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether completions wait to be worked out.
    pub(in crate::store) fn is_behind(&self, history: &History) -> bool {
        self.values.len() < history.completions.len()
    }

    /// Works out the next completion.
    pub(in crate::store) fn step(&mut self, problem: &Problem, history: &History) {
        let Some(id) = history.completions.get(self.values.len()) else { return };
        if self.values.is_empty() {
            self.reference = reference(problem, history);
            self.front.clear();
        }
        if let (Some(point), Some(reference)) = (accepted(problem, history, *id), &self.reference) {
            let gain = add(&mut self.front, point, reference);
            self.values.push(self.values.last().unwrap_or(&0.0) + gain);
        } else {
            self.values.push(*self.values.last().unwrap_or(&0.0));
        }
    }

    /// Begins anew if a threshold is missing and the reference point has moved since.
    pub(in crate::store) fn refresh(&mut self, problem: &Problem, history: &History) {
        let open = problem.objectives.iter().any(|o| o.threshold.is_none());
        if open && self.reference != reference(problem, history) {
            self.values.clear();
        }
    }
}

fn reference(problem: &Problem, history: &History) -> Option<Vec<f64>> {
    let points: Vec<_> =
        history.completions.iter().filter_map(|id| accepted(problem, history, *id)).collect();
    reference_point(&problem.minimized_thresholds(), &points)
}

fn accepted(problem: &Problem, history: &History, id: u64) -> Option<Vec<f64>> {
    let completed = history.trials[id as usize].completed.as_ref()?;
    problem.accepted(&completed.outcome)
}

/// Adds a point to the front; returns the hypervolume gained.
fn add(front: &mut Vec<Vec<f64>>, point: Vec<f64>, reference: &[f64]) -> f64 {
    let counts = point.iter().zip(reference).all(|(x, r)| x < r);
    if !counts || front.iter().any(|p| *p == point || dominates(p, &point)) {
        return 0.0;
    }
    let own: f64 = point.iter().zip(reference).map(|(x, r)| r - x).product();
    let into_box = |p: &Vec<f64>| -> Vec<f64> { p.iter().zip(&point).map(|(a, b)| a.max(*b)).collect() };
    let mut limited: Vec<Vec<f64>> = Vec::new();
    for moved in front.iter().map(into_box) {
        let covered = |q: &Vec<f64>| *q == moved || dominates(q, &moved);
        if !limited.iter().any(covered) {
            limited.retain(|q| !dominates(&moved, q));
            limited.push(moved);
        }
    }
    let gain = own - hypervolume(&limited, reference);
    front.retain(|p| !dominates(&point, p));
    front.push(point);
    // Rounding must not make a curve fall.
    gain.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Outcome;
    use crate::store::testing;

    /// The hypervolume after every completion, each from nothing.
    fn slowly(problem: &Problem, history: &History, reference: &[f64]) -> Vec<f64> {
        let mut points = Vec::new();
        let after = history.completions.iter().map(|id| {
            let outcome = &history.trials[*id as usize].completed.as_ref().unwrap().outcome;
            points.extend(problem.minimized(outcome).filter(|_| within(outcome)));
            hypervolume(&points, reference)
        });
        after.collect()
    }

    /// Whether the metric of the sample study's constraint, overlaps <= 0.5, is that low.
    fn within(outcome: &Outcome) -> bool {
        let Outcome::Ok { metrics, .. } = outcome else { return false };
        metrics[0].unwrap().value() <= 0.5
    }

    fn worked_out(problem: &Problem, history: &History) -> Curve {
        let mut curve = Curve::default();
        while curve.is_behind(history) {
            curve.step(problem, history);
        }
        curve
    }

    fn assert_close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        for (a, b) in got.iter().zip(want) {
            assert!((a - b).abs() < 1e-12 * b.max(1.0), "{a} instead of {b}");
        }
        assert!(got.last() > Some(&0.0));
    }

    #[test]
    fn the_sum_of_gains_is_the_hypervolume() {
        let study = testing::study();
        let history = testing::history(&testing::records(&study, 60));
        let curve = worked_out(&study.problem, &history);
        assert_eq!(curve.reference(), Some([1.0, 1.0].as_slice()));
        assert_close(curve.values(), &slowly(&study.problem, &history, &[1.0, 1.0]));
    }

    #[test]
    fn a_moved_reference_point_begins_the_curve_anew() {
        let mut study = testing::study();
        for objective in &mut study.problem.objectives {
            objective.threshold = None;
        }
        let records = testing::records(&study, 60);
        let mut curve = worked_out(&study.problem, &testing::history(&records[..40]));
        let history = testing::history(&records);
        curve.refresh(&study.problem, &history);
        while curve.is_behind(&history) {
            curve.step(&study.problem, &history);
        }
        let reference = reference(&study.problem, &history).unwrap();
        assert_close(curve.values(), &slowly(&study.problem, &history, &reference));
    }
}
