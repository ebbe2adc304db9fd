//! The processes: one per objective, and one for feasibility where anything was infeasible.

use crate::gp::{self, Data, Hyper, NotPositive, Posterior, Scaling};
use crate::strategy::{Ledger, Observed, StrategyError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Hyperparameters and when they were fitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Fitted {
    /// Number of trials with values.
    pub values: usize,
    objectives: Vec<Hyper>,
    feasibility: Option<Hyper>,
}

/// Every process, conditioned on what is known and on its own belief about what is pending.
pub struct Model {
    /// One per objective.
    pub objectives: Vec<Posterior>,
    /// Of each objective.
    pub scalings: Vec<Scaling>,
    /// Labels +1 for ok and −1 for infeasible, and the standardised value of 0.
    pub feasibility: Option<(Posterior, f64)>,
    /// Believed standardised objectives of the pending trials.
    pub believed: Vec<Vec<f64>>,
}

impl From<NotPositive> for StrategyError {
    fn from(error: NotPositive) -> Self {
        StrategyError::Numerics(error.to_string())
    }
}

/// Fits all hyperparameters, starting from the last fit where there is one.
pub fn fit(ledger: &Ledger, last: Option<&Fitted>) -> Result<Fitted, StrategyError> {
    let data = training(ledger);
    let d = ledger.problem().space.dimension();
    let fit_one = |(k, (data, _)): (usize, &(Data, Scaling))| {
        let warm = last.and_then(|l| l.objectives.get(k));
        gp::fit(data, warm.unwrap_or(&Hyper::initial(d)))
    };
    let objectives = data.par_iter().enumerate().map(fit_one).collect::<Result<Vec<_>, _>>()?;
    let feasibility = match labels(ledger) {
        Some((data, _)) => {
            let warm = last.and_then(|l| l.feasibility.as_ref());
            Some(gp::fit(&data, warm.unwrap_or(&Hyper::initial(d)))?)
        }
        None => None,
    };
    Ok(Fitted { values: ledger.ok().count(), objectives, feasibility })
}

impl Model {
    /// Conditions the processes. Nothing is carried over from an earlier proposal but the
    /// hyperparameters, so that a restart arrives at the same bits.
    pub fn new(ledger: &Ledger, fitted: &Fitted) -> Result<Self, StrategyError> {
        let data = training(ledger);
        let no_visit: Vec<&[f64]> = ledger.observed().iter().filter(failed).map(unit).collect();
        let pending: Vec<&[f64]> = ledger.pending().iter().map(|(_, x)| x.as_slice()).collect();
        let condition = |((data, _), hyper): (&(Data, Scaling), &Hyper)| {
            let mut posterior = Posterior::new(data, hyper)?;
            for x in &no_visit {
                posterior.believe(x);
            }
            let believed: Vec<f64> = pending.iter().map(|x| posterior.believe(x)).collect();
            Ok((posterior, believed))
        };
        let pairs = data.par_iter().zip(&fitted.objectives).map(condition);
        let (objectives, believed): (Vec<_>, Vec<Vec<f64>>) =
            pairs.collect::<Result<Vec<_>, NotPositive>>()?.into_iter().unzip();
        let feasibility = match labels(ledger) {
            Some((data, scaling)) => {
                // The first infeasible trial may have come since the last fit.
                let d = ledger.problem().space.dimension();
                let hyper = fitted.feasibility.clone().unwrap_or_else(|| Hyper::initial(d));
                Some((Posterior::new(&data, &hyper)?, scaling.apply(0.0)))
            }
            None => None,
        };
        let believed = (0..pending.len())
            .map(|i| believed.iter().map(|of_objective| of_objective[i]).collect())
            .collect();
        let scalings = data.iter().map(|(_, scaling)| *scaling).collect();
        Ok(Self { objectives, scalings, feasibility, believed })
    }
}

fn failed(observed: &&Observed) -> bool {
    observed.objectives.is_none() && !observed.infeasible
}

fn unit(observed: &Observed) -> &[f64] {
    &observed.unit
}

/// Training data of every objective, from the ok trials in the order in which they ended.
fn training(ledger: &Ledger) -> Vec<(Data, Scaling)> {
    let ok: Vec<&Observed> = ledger.observed().iter().filter(|o| o.objectives.is_some()).collect();
    let points: Vec<&[f64]> = ok.iter().map(|o| o.unit.as_slice()).collect();
    let objective = |k: usize| {
        let values: Vec<f64> = ok.iter().filter_map(|o| o.objectives.as_ref().map(|y| y[k])).collect();
        let sems: Vec<Option<f64>> = ok.iter().map(|o| o.sems[k]).collect();
        Data::new(&points, &values, &sems)
    };
    (0..ledger.problem().objectives.len()).map(objective).collect()
}

/// Labels of ok and infeasible trials; `None` if none is infeasible. Least-squares classification:
/// Rasmussen and Williams 2006, section 6.5.
fn labels(ledger: &Ledger) -> Option<(Data, Scaling)> {
    let judged = ledger.observed().iter().filter(|o| !failed(o));
    let (points, values): (Vec<&[f64]>, Vec<f64>) =
        judged.map(|o| (unit(o), if o.infeasible { -1.0 } else { 1.0 })).unzip();
    let any = values.iter().any(|v| *v < 0.0);
    any.then(|| Data::new(&points, &values, &vec![None; values.len()]))
}
