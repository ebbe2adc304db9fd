//! The hypervolume after every trial, and the front at the end; only acceptable trials count.

use crate::pareto::{self, Front};
use crate::problem::{Outcome, Problem, TrialId};
use crate::store::{Completed, History};

/// How the front grew.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Reference point, turned so that smaller is better; the thresholds, or inferred from the whole
    /// history where one is missing.
    pub reference: Vec<f64>,
    /// Hypervolume of the front after each completion, in the order of [`History::completions`].
    pub hypervolume: Vec<f64>,
}

impl Curve {
    /// The curve of a history; `None` if there is no reference point yet.
    pub fn of(problem: &Problem, history: &History) -> Option<Self> {
        let values = accepted(problem, history);
        let reference = pareto::reference_point(&problem.minimized_thresholds(), &values)?;
        Some(Self::below(reference, problem, history))
    }

    /// The curve of a history below a given reference point.
    pub fn below(reference: Vec<f64>, problem: &Problem, history: &History) -> Self {
        let mut front = Front::new(reference.clone());
        let step = |completed: &Completed| {
            if let Some(point) = problem.accepted(&completed.outcome) {
                front.insert(&point);
            }
            front.hypervolume()
        };
        let hypervolume = ended(history).map(step).collect();
        Self { reference, hypervolume }
    }

    /// The hypervolume of the final front; 0 before the first value.
    pub fn last(&self) -> f64 {
        self.hypervolume.last().copied().unwrap_or(0.0)
    }
}

/// The acceptable trials' objectives, turned so that smaller is better, in the order in which they ended.
pub(super) fn accepted(problem: &Problem, history: &History) -> Vec<Vec<f64>> {
    ended(history).filter_map(|c| problem.accepted(&c.outcome)).collect()
}

/// The non-dominated acceptable trials, by number.
pub fn front(problem: &Problem, history: &History) -> Vec<TrialId> {
    let valued = ended(history).filter_map(|c| Some((c.trial, problem.accepted(&c.outcome)?)));
    let (ids, points): (Vec<TrialId>, Vec<Vec<f64>>) = valued.unzip();
    let mut front: Vec<TrialId> = pareto::non_dominated(&points).into_iter().map(|i| ids[i]).collect();
    front.sort_unstable();
    front
}

/// How many trials are ok and violate outcome constraints.
pub fn violating(problem: &Problem, history: &History) -> u64 {
    let violates =
        |c: &&Completed| matches!(c.outcome, Outcome::Ok { .. }) && !problem.acceptable(&c.outcome);
    ended(history).filter(violates).count() as u64
}

/// The ends of trials, in the order in which they happened.
pub(super) fn ended(history: &History) -> impl Iterator<Item = &Completed> {
    let trial = |id: &TrialId| history.trials.get(*id as usize)?.completed.as_ref();
    history.completions.iter().filter_map(trial)
}
