//! Distance variables of unequal weight, each with an optimum of its own.
//!
//! In DTLZ and ZDT all distance variables matter alike, which suits methods that treat all
//! coordinates alike. Here each is moved as in `shifted` (same places for the same seed) and its
//! deviation from the optimum is multiplied by `√w`. The weights `w` are log-normal, `exp(N(0, 1))`,
//! divided by their mean: the largest of 18 is typically 30 times the smallest.
//!
//! Where g is a sum of squared deviations (DTLZ2, 4, 5) it becomes the weighted sum `Σ w (u - c)²`, `u`
//! the variables in units of their intervals and `c` the places, and since the weights have mean 1, its
//! size stays about the same; where it is a sum of smaller powers its range shrinks a little. The waves
//! of DTLZ1, DTLZ3 and ZDT4 become longer or shorter with the weight. A shift and a weight above 1 lead
//! beyond the original bounds, where the formulas go on. The front and its hypervolume stay the same.

use super::moved::Map;
use super::shifted::Shifted;
use crate::rng;
use rand::RngExt;
use rand_distr::StandardNormal;

/// The shifted map and a factor per variable.
#[derive(Debug)]
pub struct Heterogeneous {
    shifted: Shifted,
    optimum: f64,
    factors: Vec<f64>,
}

/// Square roots of `count` weights whose mean is 1.
pub fn factors(count: usize, seed: u64) -> Vec<f64> {
    let mut draws = rng::stream(seed, "weights", 0);
    let weights: Vec<f64> = (0..count).map(|_| draws.sample::<f64, _>(StandardNormal).exp()).collect();
    let mean = weights.iter().sum::<f64>() / count as f64;
    weights.iter().map(|w| (w / mean).sqrt()).collect()
}

impl Heterogeneous {
    /// The map of `count` distance variables that are best at `optimum`, which is 0 or inside `(0, 1)`.
    pub fn new(count: usize, optimum: f64, seed: u64) -> Self {
        let shifted = Shifted::new(count, optimum, seed);
        Self { shifted, optimum, factors: factors(count, seed) }
    }
}

impl Map for Heterogeneous {
    fn inner_units(&self, units: &[f64]) -> Vec<f64> {
        let weigh = |(u, factor): (f64, &f64)| self.optimum + factor * (u - self.optimum);
        self.shifted.inner_units(units).into_iter().zip(&self.factors).map(weigh).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::shifted::places;
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn weights_have_mean_one_and_their_logarithms_are_normal_with_sd_one() {
        let count = 4000;
        let weights: Vec<f64> = factors(count, 3).iter().map(|f| f * f).collect();
        assert!((weights.iter().sum::<f64>() / count as f64 - 1.0).abs() < 1e-12);
        let mut logs: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
        let mean = logs.iter().sum::<f64>() / count as f64;
        logs.sort_by(f64::total_cmp);
        let normal = Normal::new(mean, 1.0).unwrap();
        let gap = |(k, x): (usize, &f64)| (normal.cdf(*x) - (k as f64 + 0.5) / count as f64).abs();
        // Kolmogorov and Smirnov, one in a hundred.
        assert!(logs.iter().enumerate().map(gap).fold(0.0, f64::max) < 0.0258);
    }

    #[test]
    fn places_of_the_same_seed_go_to_the_optimum_whatever_the_weights() {
        for optimum in [0.5, 0.0] {
            let map = Heterogeneous::new(18, optimum, 4);
            let image = map.inner_units(&places(18, 4));
            assert!(image.iter().all(|u| (u - optimum).abs() < 1e-12), "{image:?}");
        }
    }

    #[test]
    fn squared_deviations_of_the_image_are_the_weighted_ones() {
        let (map, weights) = (Heterogeneous::new(18, 0.5, 5), factors(18, 5));
        let inside: Vec<f64> = (0..18).map(|j| (0.37 * f64::from(j) + 0.2).fract()).collect();
        for units in [vec![0.0; 18], vec![1.0; 18], inside] {
            let sum: f64 = map.inner_units(&units).iter().map(|v| (v - 0.5).powi(2)).sum();
            let deviations = units.iter().zip(places(18, 5)).map(|(u, c)| (u - c).powi(2));
            let want: f64 = weights.iter().zip(deviations).map(|(root, d)| root * root * d).sum();
            assert!((sum - want).abs() < 1e-12, "{sum} {want}");
        }
    }
}
