//! Hyperparameters drawn from their posterior: several chains of Hamiltonian Monte Carlo, kept from fit
//! to fit. What a few new observations change, a few trajectories make up for.

use super::data::Data;
use super::factor::NotPositive;
use super::fit::at;
use super::hmc::State;
use super::hyper::Hyper;
use super::prior::{Deviations, draw};
use crate::optimize::minimize;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Iterations of the climb from a draw of the prior to where a new chain begins. With few (10 were tried) most
/// chains begin where no coordinate matters, and stay there.
const CLIMB: u64 = 200;
/// Trajectories of chains that begin, and of chains that go on.
const FIRST_MOVES: usize = 12;
const MOVES: usize = 4;
/// The step before anything is known, in prior standard deviations.
const STEP: f64 = 0.15;
/// Its bounds.
const STEPS: (f64, f64) = (0.01, 0.6);
/// Share of accepted trajectories that the step is adapted to, and how quickly.
const ACCEPTED: f64 = 0.75;
const ADAPTATION: f64 = 1.0;

/// Draws of hyperparameters, one per chain, equally likely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chains {
    /// Alike in family and bowl; at least one.
    hypers: Vec<Hyper>,
    step: f64,
}

impl Chains {
    /// New chains for `data` from draws of the prior, of the family and bowl of `like`. `stream(k)` is
    /// the random stream of chain k.
    ///
    /// # Errors
    /// The covariance of a draw is not positive definite.
    pub fn begin(
        data: &Data,
        like: &Hyper,
        count: usize,
        stream: impl Fn(usize) -> ChaCha8Rng + Sync,
    ) -> Result<Self, NotPositive> {
        let target = Target::new(data, like);
        let (lower, upper) = Hyper::bounds(like.family(), like.dimension());
        let begin = |k: usize| {
            let mut rng = stream(k);
            let theta = draw(like, &mut rng);
            let climbed = minimize(
                |theta: &[f64], gradient: &mut [f64]| target.cost(theta, gradient),
                &theta,
                &lower,
                &upper,
                CLIMB,
            );
            let start = climbed.map_err(|_| NotPositive(data.len()))?.x;
            target.walk(&start, STEP, FIRST_MOVES, true, &mut rng)
        };
        Self::gather((0..count).into_par_iter().map(begin).collect::<Result<_, _>>()?)
    }

    /// The chains, moved on to the posterior of `data`.
    ///
    /// # Errors
    /// The covariance is not positive definite where a chain is.
    pub fn advance(
        &self,
        data: &Data,
        stream: impl Fn(usize) -> ChaCha8Rng + Sync,
    ) -> Result<Self, NotPositive> {
        let target = Target::new(data, &self.hypers[0]);
        let step = self.step;
        let go_on = |(k, hyper): (usize, &Hyper)| {
            target.walk(hyper.vector(), step, MOVES, false, &mut stream(k))
        };
        let walks = self.hypers.par_iter().enumerate().map(go_on).collect::<Result<Vec<_>, _>>()?;
        Self::gather(walks)
    }

    fn gather(walks: Vec<(Hyper, f64)>) -> Result<Self, NotPositive> {
        let step = walks.iter().map(|(_, step)| step.ln()).sum::<f64>() / walks.len().max(1) as f64;
        let hypers: Vec<Hyper> = walks.into_iter().map(|(hyper, _)| hyper).collect();
        if hypers.is_empty() { Err(NotPositive(0)) } else { Ok(Self { hypers, step: step.exp() }) }
    }

    /// The draws.
    pub fn hypers(&self) -> &[Hyper] {
        &self.hypers
    }
}

/// The density that chains are drawn from: marginal likelihood (at the best constant mean) times
/// prior.
struct Target<'a> {
    data: &'a Data,
    inputs: super::inputs::Inputs,
    like: &'a Hyper,
    deviations: Deviations,
}

impl<'a> Target<'a> {
    fn new(data: &'a Data, like: &'a Hyper) -> Self {
        Self { data, inputs: data.inputs(like.bowl()), like, deviations: Deviations::of(like) }
    }

    fn hyper(&self, theta: Vec<f64>) -> Option<Hyper> {
        Hyper::from_vector(self.like.family(), theta, self.like.bowl().clone())
    }

    /// Minus the log density with respect to the vector form; NaN where there is none.
    fn cost(&self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        self.hyper(theta.to_vec())
            .and_then(|hyper| at(self.data, &self.inputs, &hyper, gradient).ok())
            .unwrap_or(f64::NAN)
    }

    /// Some trajectories from `theta`: where they end, and the step that suits. While `adapting` each
    /// trajectory's step learns from the one before; else only the next walk's does.
    fn walk(
        &self,
        theta: &[f64],
        step: f64,
        moves: usize,
        adapting: bool,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Hyper, f64), NotPositive> {
        let failed = || NotPositive(self.data.len());
        let cost = |eta: &[f64], gradient: &mut [f64]| {
            let value = self.cost(&self.deviations.vector_of(eta), gradient);
            self.deviations.pull_back(gradient);
            value
        };
        let eta = self.deviations.deviations_of(theta);
        let mut state = State::new(eta, cost).ok_or_else(failed)?;
        let mut suits = step;
        for _ in 0..moves {
            let accepted = state.advance(cost, if adapting { suits } else { step }, rng);
            let rate = if adapting { ADAPTATION } else { ADAPTATION / moves as f64 };
            suits = (suits * (rate * (accepted - ACCEPTED)).exp()).clamp(STEPS.0, STEPS.1);
        }
        let hyper = self.hyper(self.deviations.vector_of(&state.x)).ok_or_else(failed)?;
        Ok((hyper, suits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::Family;
    use rand::RngExt;
    use rand_distr::{Distribution, StandardNormal};

    fn data(n: usize, d: usize, value: impl Fn(&[f64]) -> f64) -> Data {
        let mut rng = crate::rng::stream(8, "test sample", 0);
        let points: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| rng.random()).collect()).collect();
        let values: Vec<f64> = points.iter().map(|p| value(p)).collect();
        let slices: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        Data::new(&slices, &values, &vec![None; n]).0
    }

    fn stream(k: usize) -> ChaCha8Rng {
        crate::rng::stream(3, "test chain", k as u64)
    }

    /// Mean of a series and its standard error, from means of 20 parts.
    fn mean_and_error(series: &[f64]) -> (f64, f64) {
        let part = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let parts: Vec<f64> = series.chunks_exact(series.len() / 20).map(part).collect();
        let mean = part(&parts);
        let variance = parts.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / 19.0;
        (mean, (variance / 20.0).sqrt())
    }

    /// Of log weights (bent, so that far tails do not count for all), their squares, log signal and log
    /// noise.
    fn features(theta: &[f64]) -> Vec<f64> {
        let bent = |w: f64| (0.5 * (w + 2.0)).tanh();
        let (a, b) = (bent(theta[2]), bent(theta[3]));
        vec![a, b, a * a, b * b, theta[4], theta[5]]
    }

    /// The chains' moments are those of a long random walk (Metropolis et al. 1953) over the same density,
    /// which knows neither gradients nor deviations.
    #[test]
    fn moments_are_those_of_a_random_walk() {
        let data = data(6, 2, |p| (3.0 * p[0]).sin());
        let like = Hyper::initial(Family::Sparse, 2);
        let target = Target::new(&data, &like);
        let mut rng = stream(0);
        let size = like.vector().len();
        let mut series: [Vec<Vec<f64>>; 2] = [vec![], vec![]];

        let mut theta = like.vector().to_vec();
        let mut cost = target.cost(&theta, &mut vec![0.0; size]);
        for _ in 0..60_000 {
            let step = |t: &f64| {
                let normal: f64 = StandardNormal.sample(&mut rng);
                t + 0.6 * normal
            };
            let ahead: Vec<f64> = theta.iter().map(step).collect();
            let there = target.cost(&ahead, &mut vec![0.0; size]);
            if there.is_finite() && rng.random::<f64>() < (cost - there).exp() {
                (theta, cost) = (ahead, there);
            }
            series[0].push(features(&theta));
        }

        let begun = Chains::begin(&data, &like, 1, stream).unwrap();
        let mut theta = begun.hypers()[0].vector().to_vec();
        for _ in 0..8000 {
            let (hyper, _) = target.walk(&theta, begun.step, 1, false, &mut rng).unwrap();
            theta = hyper.vector().to_vec();
            series[1].push(features(&theta));
        }

        for k in 0..6 {
            let of = |s: &[Vec<f64>]| mean_and_error(&s.iter().map(|f| f[k]).collect::<Vec<f64>>());
            let ((a, ea), (b, eb)) = (of(&series[0]), of(&series[1]));
            let error = (ea * ea + eb * eb).sqrt();
            assert!(error < 0.1, "feature {k}: too few draws to tell, {error}");
            assert!(
                (a - b).abs() < 4.0 * error,
                "feature {k}: {a} ± {ea} against {b} ± {eb}, step {}",
                begun.step
            );
        }
    }

    #[test]
    fn few_axes_that_matter_are_found_among_many() {
        let data = data(40, 30, |p| (4.0 * p[3]).sin() + 2.0 * (p[17] - 0.4).powi(2));
        let like = Hyper::initial(Family::Sparse, 30);
        let mut chains = Chains::begin(&data, &like, 4, stream).unwrap();
        for round in 1..4 {
            chains = chains.advance(&data, |k| stream(10 * round + k)).unwrap();
        }
        assert_eq!(chains.hypers().len(), 4);
        for hyper in chains.hypers() {
            let weights = hyper.weights();
            let mut order: Vec<usize> = (0..30).collect();
            order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]));
            let mut largest = [order[0], order[1]];
            largest.sort();
            assert_eq!(largest, [3, 17], "{weights:?}");
        }
    }

    #[test]
    fn chains_repeat_bit_for_bit() {
        let data = data(15, 4, |p| (p[0] - 0.2).powi(2) + p[1]);
        let like = Hyper::initial(Family::Sparse, 4);
        let go = || {
            let begun = Chains::begin(&data, &like, 3, stream).unwrap();
            begun.advance(&data, |k| stream(7 + k)).unwrap()
        };
        let chains = go();
        assert_eq!(chains, go());
        assert_ne!(chains.hypers()[0], chains.hypers()[1]);
        assert!(chains.step >= STEPS.0 && chains.step <= STEPS.1);
    }
}
