//! The hypervolume of the front after every completion, kept up as the history grows.

use crate::pareto::{GrowingFront, reference_point};
use crate::problem::Problem;
use crate::store::record::History;

/// Hypervolumes in the order of completion; trials that are not ok repeat the value before.
#[derive(Debug, Default)]
pub(in crate::store) struct Curve {
    /// `None` before there is a reference point, which moves only if an objective has no threshold.
    front: Option<GrowingFront>,
    values: Vec<f64>,
}

impl Curve {
    /// The reference point in the objectives turned so that smaller is better; `None` before there
    /// is one.
    pub(super) fn reference(&self) -> Option<&[f64]> {
        self.front.as_ref().map(GrowingFront::reference)
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
            self.front = reference(problem, history).map(GrowingFront::new);
        }
        if let (Some(point), Some(front)) = (ok(problem, history, *id), &mut self.front) {
            front.add(point);
        }
        self.values.push(self.front.as_ref().map_or(0.0, GrowingFront::hypervolume));
    }

    /// Begins anew if a threshold is missing and the reference point has moved since.
    pub(in crate::store) fn refresh(&mut self, problem: &Problem, history: &History) {
        let open = problem.objectives.iter().any(|o| o.threshold.is_none());
        if open && self.reference() != reference(problem, history).as_deref() {
            self.values.clear();
        }
    }
}

fn reference(problem: &Problem, history: &History) -> Option<Vec<f64>> {
    let points: Vec<_> = history.completions.iter().filter_map(|id| ok(problem, history, *id)).collect();
    reference_point(&problem.minimized_thresholds(), &points)
}

fn ok(problem: &Problem, history: &History, id: u64) -> Option<Vec<f64>> {
    let completed = history.trials[id as usize].completed.as_ref()?;
    problem.minimized(&completed.outcome)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pareto::hypervolume;
    use crate::store::testing;

    /// The hypervolume after every completion, each from nothing.
    fn slowly(problem: &Problem, history: &History, reference: &[f64]) -> Vec<f64> {
        let mut points = Vec::new();
        let after = history.completions.iter().map(|id| {
            points.extend(ok(problem, history, *id));
            hypervolume(&points, reference)
        });
        after.collect()
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
