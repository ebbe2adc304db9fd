//! Hamiltonian Monte Carlo: draws from a density of which the logarithm and its gradient are known.
//!
//! Duane, Kennedy, Pendleton, Roweth 1987, doi 10.1016/0370-2693(87)91197-X. Trajectories are short and
//! of random step: chains that follow a density which changes a little at a time have to be moved on,
//! not to find it.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Leapfrog steps of one trajectory.
const LEAPS: usize = 8;
/// Each trajectory's step is this much shorter or longer than the usual one, so that none is in
/// resonance with the density.
const JITTER: f64 = 0.3;

/// A point of a chain.
#[derive(Debug, Clone)]
pub struct State {
    /// Where.
    pub x: Vec<f64>,
    /// Minus the log density there.
    cost: f64,
    slope: Vec<f64>,
}

impl State {
    /// The state at `x`; `cost` is minus the log density (up to a constant), which writes its gradient
    /// into its second argument and is not finite where there is no density. `None` if it is not there.
    pub fn new(x: Vec<f64>, cost: impl Fn(&[f64], &mut [f64]) -> f64) -> Option<Self> {
        let mut slope = vec![0.0; x.len()];
        let cost = cost(&x, &mut slope);
        (cost.is_finite() && slope.iter().all(|s| s.is_finite())).then_some(Self { x, cost, slope })
    }

    /// One trajectory of about `step`; returns the probability that its end was accepted.
    pub fn advance(
        &mut self,
        cost: impl Fn(&[f64], &mut [f64]) -> f64,
        step: f64,
        rng: &mut impl Rng,
    ) -> f64 {
        let step = step * rng.random_range(1.0 - JITTER..1.0 + JITTER);
        let mut momentum: Vec<f64> = self.x.iter().map(|_| StandardNormal.sample(rng)).collect();
        // Drawn in any case, so that what follows does not depend on how this ends.
        let threshold = rng.random::<f64>();
        let kinetic = |p: &[f64]| 0.5 * p.iter().map(|p| p * p).sum::<f64>();
        let before = self.cost + kinetic(&momentum);
        let mut there = self.clone();
        for _ in 0..LEAPS {
            kick(&mut momentum, &there.slope, 0.5 * step);
            there.x.iter_mut().zip(&momentum).for_each(|(x, p)| *x += step * p);
            let Some(next) = Self::new(there.x, &cost) else { return 0.0 };
            there = next;
            kick(&mut momentum, &there.slope, 0.5 * step);
        }
        let after = there.cost + kinetic(&momentum);
        let accepted = (before - after).exp().min(1.0);
        if threshold < accepted {
            *self = there;
        }
        accepted
    }
}

fn kick(momentum: &mut [f64], slope: &[f64], step: f64) {
    momentum.iter_mut().zip(slope).for_each(|(p, s)| *p -= step * s);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A normal density with unlike, correlated coordinates beside a half-Cauchy one in logarithms
    /// (sech): means, variances, the covariance and the share within one of each are known.
    #[test]
    fn moments_are_those_of_a_known_density() {
        let (sd, r) = (0.5, 0.6);
        let cost = |x: &[f64], g: &mut [f64]| {
            let (a, b) = (x[0] - 1.0, x[1] / sd);
            g[0] = (a - r * b) / (1.0 - r * r);
            g[1] = (b - r * a) / (1.0 - r * r) / sd;
            g[2] = x[2].tanh();
            0.5 * (a * a - 2.0 * r * a * b + b * b) / (1.0 - r * r) + x[2].cosh().ln()
        };
        let mut rng = crate::rng::stream(5, "test hmc", 0);
        let mut state = State::new(vec![0.0; 3], cost).unwrap();
        let count = 40_000;
        let mut sums = [0.0; 6];
        let mut accepted = 0.0;
        for _ in 0..count {
            accepted += state.advance(cost, 0.35, &mut rng);
            let (a, b, z) = (state.x[0] - 1.0, state.x[1], state.x[2]);
            let within = if z.abs() < 1.0 { 1.0 } else { 0.0 };
            for (sum, term) in sums.iter_mut().zip([a, b, a * a, b * b, a * b, within]) {
                *sum += term / f64::from(count);
            }
        }
        assert!(accepted / f64::from(count) > 0.6);
        // Half-Cauchy: P(1/e < ρ < e) = 2/π (atan e − atan 1/e).
        let e = std::f64::consts::E;
        let share = (e.atan() - (1.0 / e).atan()) / std::f64::consts::FRAC_PI_2;
        let expected = [0.0, 0.0, 1.0, sd * sd, r * sd, share];
        for (found, expected) in sums.iter().zip(expected) {
            // Four standard errors of 10,000 independent draws of variance ≤ 2: chains mix within a few.
            assert!((found - expected).abs() < 0.055, "{sums:?} against {expected}");
        }
    }

    #[test]
    fn where_there_is_no_density_no_chain_goes() {
        let cost = |x: &[f64], g: &mut [f64]| {
            g[0] = 0.0;
            if (0.0..1.0).contains(&x[0]) { 0.0 } else { f64::NAN }
        };
        let mut rng = crate::rng::stream(5, "test hmc", 1);
        let mut state = State::new(vec![0.5], cost).unwrap();
        let mut moved = 0;
        for _ in 0..200 {
            let before = state.x[0];
            state.advance(cost, 0.05, &mut rng);
            assert!((0.0..1.0).contains(&state.x[0]));
            moved += usize::from(state.x[0] != before);
        }
        assert!(moved > 20);
        assert!(State::new(vec![2.0], cost).is_none());
    }
}
