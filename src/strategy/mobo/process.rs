//! One quantity's process: how it is fitted, and which form it takes.

use super::quantity::{Quantity, spread};
use crate::config::Surrogate;
use crate::gp::{self, Bowl, Chains, Data, Family, Hyper, NotPositive, Posterior, Prediction, Scaling};
use crate::strategy::Observed;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Hyperparameters are fitted to at most so many trials: more tell little more about them.
pub const MOST_FITTED: usize = 400;

/// Draws of hyperparameters where not one of them is to be believed alone.
const DRAWS: usize = 8;

/// What is known of a process's hyperparameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Known {
    /// The likeliest.
    Fitted(Hyper),
    /// Equally likely ones.
    Drawn(Chains),
}

impl Known {
    /// The hyperparameters.
    pub fn hypers(&self) -> &[Hyper] {
        match self {
            Known::Fitted(hyper) => std::slice::from_ref(hyper),
            Known::Drawn(chains) => chains.hypers(),
        }
    }
}

/// A process conditioned on what was observed.
#[derive(Debug)]
pub struct Process {
    pub quantity: Quantity,
    pub scaling: Scaling,
    /// One for each of the hyperparameters known, equally likely.
    pub posteriors: Vec<Posterior>,
}

impl Process {
    /// Means and standard deviations at points, over all hyperparameters known, in the quantity's own units.
    pub fn smoothed(&self, points: &[Vec<f64>]) -> Vec<(f64, f64)> {
        let views: Vec<_> = self.posteriors.iter().map(|p| p.predict_all(points)).collect();
        let count = views.len() as f64;
        let one = |i: usize| {
            let mean = views.iter().map(|view| view[i].mean).sum::<f64>() / count;
            let spread = |p: &Prediction| p.sd * p.sd + (p.mean - mean).powi(2);
            let variance = views.iter().map(|view| spread(&view[i])).sum::<f64>() / count;
            (self.scaling.mean + self.scaling.sd * mean, self.scaling.sd * variance.sqrt())
        };
        (0..points.len()).map(one).collect()
    }

    /// Conditions on the trials that were there at the fit.
    pub fn new<'a>(
        quantity: Quantity,
        trials: impl Iterator<Item = &'a Observed>,
        known: &Known,
    ) -> Result<Self, NotPositive> {
        let (data, scaling) = quantity.data(trials);
        let condition = |hyper: &Hyper| Posterior::new(&data, hyper);
        let posteriors = known.hypers().par_iter().map(condition).collect::<Result<_, _>>()?;
        Ok(Self { quantity, scaling, posteriors })
    }

    /// Conditions on one more trial, on the scale of the fit.
    pub fn observe(&mut self, trial: &Observed) {
        let Some((value, sem)) = self.quantity.observed(trial) else { return };
        let noise = sem.map(|s| (s / self.scaling.sd).powi(2));
        let y = self.scaling.apply(value);
        self.posteriors.par_iter_mut().for_each(|p| p.observe(&trial.unit, y, noise));
    }

    /// Believes in its own mean at `x`, and returns it (see [`Posterior::believe`]).
    pub fn believe(&mut self, x: &[f64]) -> f64 {
        let count = self.posteriors.len() as f64;
        self.posteriors.iter_mut().map(|p| p.believe(x)).sum::<f64>() / count
    }

    /// Takes all of that back.
    pub fn forget_beliefs(&mut self) {
        self.posteriors.iter_mut().for_each(Posterior::forget_beliefs);
    }

    /// Means at many points.
    pub fn means<'a>(&self, points: impl Iterator<Item = &'a [f64]> + Clone) -> Vec<f64> {
        let of_each = self.posteriors.iter().map(|p| p.means(points.clone()));
        let sums = of_each.reduce(|a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect());
        let count = self.posteriors.len() as f64;
        sums.into_iter().flatten().map(|sum| sum / count).collect()
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

/// What data tell of a process's hyperparameters, according to the form that is asked for; the other
/// arguments are those of [`fit`], and `judge` begins chains anew. At most `most` of the data are looked at.
/// `stream(k)` is the random stream of draw k.
pub fn learn(
    form: Surrogate,
    (data, most): (&Data, usize),
    last: Option<&Known>,
    judge: bool,
    centre: &[f64],
    stream: impl Fn(usize) -> ChaCha8Rng + Sync,
) -> Result<Known, NotPositive> {
    let (fitted, chains) = match last {
        Some(Known::Fitted(hyper)) => (Some(hyper), None),
        Some(Known::Drawn(chains)) => (None, Some(chains)),
        None => (None, None),
    };
    let d = centre.len();
    let data = &data.take(spread(data.len(), most));
    match form {
        Surrogate::Pooled => fit(data, fitted, judge, centre).map(Known::Fitted),
        Surrogate::Sparse => match chains {
            // Chains of few observations sit where more say that nothing is, and do not get away on their own.
            Some(chains) if !judge => chains.advance(data, stream),
            _ => Chains::begin(data, &Hyper::initial(Family::Sparse, d), DRAWS, stream),
        }
        .map(Known::Drawn),
    }
}

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
    let still = Bowl::about(vec![0.5; d]);
    let fit_one = |family: Family, central: bool| {
        let warm = last.filter(|l| l.family() == family);
        let start = warm.cloned().unwrap_or_else(|| Hyper::initial(family, d));
        let bowl = if central { still.clone() } else { Bowl::about(centre.to_vec()) };
        gp::fit(data, &start.with_bowl(bowl))
    };
    if let Some(last) = last.filter(|_| !judge) {
        return fit_one(last.family(), last.bowl() == &still);
    }
    let fitted = FORMS
        .into_par_iter()
        .filter(|(_, _, least, _)| data.len() >= *least)
        .map(|(family, central, _, bar)| {
            let hyper = fit_one(family, central)?;
            Ok((Posterior::new(data, &hyper)?.leave_one_out(), bar, hyper))
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
