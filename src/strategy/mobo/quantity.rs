//! What the processes are about, and the observations that each of them learns from.

use crate::gp::{Data, Scaling};
use crate::pareto;
use crate::strategy::{Ledger, Observed};

/// Processes are conditioned on at most so many trials at a fit; of more, on those that
/// [`chosen`] says.
pub const MOST_TRIALS: usize = 1000;
/// How many are kept then, so that there is room for those that come until the next fit.
const KEPT: usize = 800;
/// Of these, at most so many for being good, and so many for being new.
const KEPT_GOOD: usize = 450;
const KEPT_NEW: usize = 150;

/// Something a process predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// An objective, smaller is better.
    Objective(usize),
    /// Left side less right side of an outcome constraint.
    Slack(usize),
    /// 1 for trials that are ok, −1 for infeasible ones. Least-squares classification: Rasmussen
    /// and Williams 2006, section 6.5.
    Feasibility,
}

impl Quantity {
    /// Everything there is to predict: the objectives first.
    pub fn all(ledger: &Ledger) -> Vec<Quantity> {
        let problem = ledger.problem();
        let objectives = (0..problem.objectives.len()).map(Quantity::Objective);
        let slacks = (0..problem.outcome_constraints.len()).map(Quantity::Slack);
        let doubtful = ledger.observed().iter().any(|o| o.infeasible);
        objectives.chain(slacks).chain(doubtful.then_some(Quantity::Feasibility)).collect()
    }

    /// Its value and standard error in a trial, if it has one.
    pub fn observed(self, trial: &Observed) -> Option<(f64, Option<f64>)> {
        match self {
            Quantity::Objective(k) => trial.objectives.as_ref().map(|y| (y[k], trial.sems[k])),
            Quantity::Slack(k) => trial.slacks.as_ref().map(|s| (s[k].value(), s[k].sem())),
            Quantity::Feasibility if trial.infeasible => Some((-1.0, None)),
            Quantity::Feasibility => trial.objectives.as_ref().map(|_| (1.0, None)),
        }
    }

    /// Training data from some trials.
    pub fn data<'a>(self, trials: impl Iterator<Item = &'a Observed>) -> (Data, Scaling) {
        let (mut points, mut values, mut sems) = (vec![], vec![], vec![]);
        for trial in trials {
            if let Some((value, sem)) = self.observed(trial) {
                points.push(trial.unit.as_slice());
                values.push(value);
                sems.push(sem);
            }
        }
        Data::new(&points, &values, &sems)
    }
}

/// Positions of the trials to learn from: all that say something about the design, or of too many
/// the best, the newest, and some of the others so that the rest of the cube is not forgotten.
pub fn chosen(trials: &[Observed]) -> Vec<usize> {
    let telling: Vec<usize> =
        (0..trials.len()).filter(|i| trials[*i].objectives.is_some() || trials[*i].infeasible).collect();
    if telling.len() <= MOST_TRIALS {
        return telling;
    }
    let mut keep = vec![false; trials.len()];
    telling[telling.len() - KEPT_NEW..].iter().for_each(|i| keep[*i] = true);
    let acceptable: Vec<usize> = telling.iter().copied().filter(|i| trials[*i].acceptable).collect();
    let values: Vec<Vec<f64>> =
        acceptable.iter().filter_map(|i| trials[*i].objectives.clone()).collect();
    let mut room = KEPT_GOOD;
    for rank in pareto::non_dominated_sort(&values) {
        spread(rank.len(), room).for_each(|at| keep[acceptable[rank[at]]] = true);
        room = room.saturating_sub(rank.len());
        if room == 0 {
            break;
        }
    }
    let others: Vec<usize> = telling.iter().copied().filter(|i| !keep[*i]).collect();
    let room = KEPT.saturating_sub(telling.len() - others.len());
    spread(others.len(), room).for_each(|at| keep[others[at]] = true);
    telling.into_iter().filter(|i| keep[*i]).collect()
}

/// At most `most` of 0..count, evenly spread.
pub fn spread(count: usize, most: usize) -> impl Iterator<Item = usize> {
    let taken = count.min(most);
    (0..taken).map(move |k| k * count / taken)
}
