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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn better_by_chance_is_not_better() {
        let than = [0.0; 4];
        assert!(is_better(&[0.1, 0.1, 0.1, 0.1], &than, 5.0), "always by as much");
        assert!(!is_better(&[2.0, -1.0, 2.0, -1.0], &than, 2.0), "mean ½, standard error ¾");
        assert!(is_better(&[2.0, -1.0, 2.0, -1.0], &than, 0.6));
        assert!(!is_better(&than, &than, 0.0), "the first of equals stays");
    }

    /// A bowl about (0.2, 0.2, …): the form whose bowl follows the good designs is chosen; and that of
    /// a bowl about the centre stays about the centre.
    #[test]
    fn the_form_follows_the_evidence() {
        let mut rng = crate::rng::stream(3, "test forms", 0);
        let d = 8;
        let x: Vec<Vec<f64>> = (0..40).map(|_| (0..d).map(|_| rng.random()).collect()).collect();
        let points: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        for (bottom, centre) in [(0.2, 0.2), (0.5, 0.2)] {
            let bowl = |x: &Vec<f64>| x.iter().map(|x| (x - bottom) * (x - bottom)).sum::<f64>();
            let values: Vec<f64> = x.iter().map(bowl).collect();
            let (data, _) = Data::new(&points, &values, &[None; 40]);
            let hyper = fit(&data, None, true, &vec![centre; d]).unwrap();
            assert_eq!(hyper.family(), Family::Rational);
            assert_eq!(hyper.bowl(), &Bowl::about(vec![bottom; d]));
            // The next fit keeps the form, about wherever good designs are then.
            let next = fit(&data, Some(&hyper), false, &vec![0.3; d]).unwrap();
            let about = if bottom == 0.5 { 0.5 } else { 0.3 };
            assert_eq!(next.bowl(), &Bowl::about(vec![about; d]));
        }
    }
}
