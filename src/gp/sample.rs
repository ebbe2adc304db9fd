//! Hyperparameters drawn from their posterior: several chains of Hamiltonian Monte Carlo, kept from fit
//! to fit. What a few new observations change, a few trajectories make up for.

use super::data::Data;
use super::factor::NotPositive;
use super::fit::at;
use super::hmc::State;
use super::hyper::{Bowl, Hyper};
use super::prior::{Deviations, draw};
use crate::optimize::minimize;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Iterations of the climb from a draw of the prior to where a new chain begins.
const CLIMB: u64 = 10;
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

    /// New chains that all begin at `at`.
    ///
    /// # Errors
    /// The covariance there is not positive definite.
    pub fn around(
        data: &Data,
        at: &Hyper,
        count: usize,
        stream: impl Fn(usize) -> ChaCha8Rng + Sync,
    ) -> Result<Self, NotPositive> {
        let target = Target::new(data, at);
        let begin = |k: usize| target.walk(at.vector(), STEP, FIRST_MOVES, true, &mut stream(k));
        Self::gather((0..count).into_par_iter().map(begin).collect::<Result<_, _>>()?)
    }

    /// The chains, moved on to the posterior of `data`, with `bowl` as their bowl.
    ///
    /// # Errors
    /// The covariance is not positive definite where a chain is.
    pub fn advance(
        &self,
        data: &Data,
        bowl: &Bowl,
        stream: impl Fn(usize) -> ChaCha8Rng + Sync,
    ) -> Result<Self, NotPositive> {
        let like = self.first().clone().with_bowl(bowl.clone());
        let target = Target::new(data, &like);
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

    /// The first of them: all are alike in family and bowl.
    pub fn first(&self) -> &Hyper {
        &self.hypers[0]
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
            let value = self.cost(&self.deviations.to_vector(eta), gradient);
            self.deviations.pull_back(gradient);
            value
        };
        let eta = self.deviations.from_vector(theta);
        let mut state = State::new(eta, cost).ok_or_else(failed)?;
        let mut suits = step;
        for _ in 0..moves {
            let accepted = state.advance(cost, if adapting { suits } else { step }, rng);
            let rate = if adapting { ADAPTATION } else { ADAPTATION / moves as f64 };
            suits = (suits * (rate * (accepted - ACCEPTED)).exp()).clamp(STEPS.0, STEPS.1);
        }
        let hyper = self.hyper(self.deviations.to_vector(&state.x)).ok_or_else(failed)?;
        Ok((hyper, suits))
    }
}
