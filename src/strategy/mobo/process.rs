//! One quantity's process: how it is fitted, and which form it takes.

use super::quantity::{Quantity, spread};
use crate::gp::{self, Bowl, Data, Family, Hyper, NotPositive, Posterior, Scaling};
use crate::strategy::Observed;
use rayon::prelude::*;

/// Hyperparameters are fitted to at most so many trials: more tell little more about them.
const MOST_FITTED: usize = 400;

/// A process conditioned on what was observed.
#[derive(Debug)]
pub struct Process {
    pub quantity: Quantity,
    pub scaling: Scaling,
    pub posterior: Posterior,
}

impl Process {
    /// Conditions on the trials that were there at the fit.
    pub fn new<'a>(
        quantity: Quantity,
        trials: impl Iterator<Item = &'a Observed>,
        hyper: &Hyper,
    ) -> Result<Self, NotPositive> {
        let (data, scaling) = quantity.data(trials);
        Ok(Self { quantity, scaling, posterior: Posterior::new(&data, hyper)? })
    }

    /// Conditions on one more trial, on the scale of the fit.
    pub fn observe(&mut self, trial: &Observed) {
        let Some((value, sem)) = self.quantity.observed(trial) else { return };
        let noise = sem.map(|s| (s / self.scaling.sd).powi(2));
        self.posterior.observe(&trial.unit, self.scaling.apply(value), noise);
    }
}

/// Every form: family, whether the bowl stays about the centre of the cube (else it follows the good
/// designs), from how many observations on it is tried, and by how many standard errors of the
/// difference it has to be better than those before it. With few observations and many coordinates
/// evidence errs towards Matérn, and the trials that follow pay for it: it is there for a quantity that
/// the product of coordinates cannot be, not for small gains.
const FORMS: [(Family, bool, usize, f64); 3] = [
    (Family::Rational, true, 0, 0.0),
    (Family::Rational, false, 0, 0.0),
    (Family::Matern, true, 50, 5.0),
];

/// Fits a process to data. `last` is the fit before, if there was one; with `judge` (or without a
/// last one) the form is chosen anew, by the log density of each observation given all others.
/// `centre` is where good designs are.
pub fn fit(
    data: &Data,
    last: Option<&Hyper>,
    judge: bool,
    centre: &[f64],
) -> Result<Hyper, NotPositive> {
    let d = centre.len();
    let data = data.take(spread(data.len(), MOST_FITTED));
    let still = Bowl::about(vec![0.5; d]);
    let fit_one = |family: Family, central: bool| {
        let warm = last.filter(|l| l.family() == family);
        let start = warm.cloned().unwrap_or_else(|| Hyper::initial(family, d));
        let bowl = if central { still.clone() } else { Bowl::about(centre.to_vec()) };
        gp::fit(&data, &start.with_bowl(bowl))
    };
    if let Some(last) = last.filter(|_| !judge) {
        return fit_one(last.family(), last.bowl() == &still);
    }
    let fitted = FORMS
        .into_par_iter()
        .filter(|(_, _, least, _)| data.len() >= *least)
        .map(|(family, central, _, bar)| {
            let hyper = fit_one(family, central)?;
            Ok((Posterior::new(&data, &hyper)?.leave_one_out(), bar, hyper))
        })
        .collect::<Vec<Result<_, NotPositive>>>();
    let mut best: Result<(Vec<f64>, Hyper), NotPositive> = Err(NotPositive(data.len()));
    for (scores, bar, hyper) in fitted.into_iter().flatten() {
        if best.as_ref().map_or(true, |(least, _)| is_better(&scores, least, bar)) {
            best = Ok((scores, hyper));
        }
    }
    best.map(|(_, hyper)| hyper)
}

/// Whether scores are better on average, by more than `bar` standard errors of the difference.
fn is_better(scores: &[f64], than: &[f64], bar: f64) -> bool {
    let n = scores.len() as f64;
    let differences = scores.iter().zip(than).map(|(a, b)| a - b);
    let mean = differences.clone().sum::<f64>() / n;
    let variance = differences.map(|d| (d - mean).powi(2)).sum::<f64>() / n;
    mean > bar * (variance / n).sqrt()
}
