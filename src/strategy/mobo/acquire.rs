//! The function whose maximum is the next candidate, over the unit cube.

use super::model::Model;
use crate::acquisition::{Boxes, Directions, Improvement, MOST_BOX_OBJECTIVES, hazard, log_cdf};
use crate::pareto;
use crate::problem::Problem;
use crate::strategy::{Ledger, StrategyError};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Directions for more objectives than boxes can do.
const DIRECTIONS: usize = 128;

/// Log expected hypervolume improvement, weighed by the probability of being feasible.
pub struct Acquire {
    model: Model,
    improvement: Improvement,
    /// Unit-cube points of the non-dominated trials.
    pub front: Vec<Vec<f64>>,
    dimension: usize,
}

impl Acquire {
    /// The acquisition after what the ledger holds.
    pub fn new(
        problem: &Problem,
        ledger: &Ledger,
        model: Model,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, StrategyError> {
        let (units, values): (Vec<Vec<f64>>, Vec<Vec<f64>>) =
            ledger.ok().map(|(x, y)| (x.to_vec(), y.to_vec())).unzip();
        let reference = pareto::reference_point(&problem.minimized_thresholds(), &values)
            .ok_or(StrategyError::NoValues)?;
        let scale = |y: &[f64]| -> Vec<f64> {
            y.iter().zip(&model.scalings).map(|(y, scaling)| scaling.apply(*y)).collect()
        };
        let reference = scale(&reference);
        let best = pareto::non_dominated(&values);
        let front_values: Vec<Vec<f64>> = best.iter().map(|i| scale(&values[*i])).collect();
        let m = problem.objectives.len();
        let mut improvement = if m <= MOST_BOX_OBJECTIVES {
            Improvement::Boxes(Boxes::new(&front_values, &reference))
        } else {
            let directions = (0..DIRECTIONS).map(|_| direction(m, rng)).collect();
            Improvement::Directions(Directions::new(&front_values, &reference, directions))
        };
        for believed in &model.believed {
            improvement.insert(believed);
        }
        let front = best.into_iter().map(|i| units[i].clone()).collect();
        Ok(Self { model, improvement, front, dimension: problem.space.dimension() })
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Value at a point of the unit cube.
    pub fn value(&self, x: &[f64]) -> f64 {
        let predictions = self.model.objectives.iter().map(|p| p.predict(x));
        let (mean, sd): (Vec<f64>, Vec<f64>) = predictions.map(|p| (p.mean, p.sd)).unzip();
        let gain = self.improvement.log_value(&mean, &sd);
        gain + self.feasibility(x, None)
    }

    /// The same; ∂/∂x goes to `gradient` (length d).
    pub fn value_with_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let (m, d) = (self.model.objectives.len(), self.dimension);
        let (mut mean, mut sd) = (vec![0.0; m], vec![0.0; m]);
        let mut slopes = vec![0.0; 2 * m * d];
        for (k, slopes) in slopes.chunks_exact_mut(2 * d).enumerate() {
            let (dmean, dsd) = slopes.split_at_mut(d);
            let prediction = self.model.objectives[k].predict_with_gradient(x, dmean, dsd);
            (mean[k], sd[k]) = (prediction.mean, prediction.sd);
        }
        let (mut by_mean, mut by_sd) = (vec![0.0; m], vec![0.0; m]);
        let gain = self.improvement.log_value_with_gradient(&mean, &sd, &mut by_mean, &mut by_sd);
        gradient.fill(0.0);
        for (k, slopes) in slopes.chunks_exact(2 * d).enumerate() {
            for j in 0..d {
                gradient[j] += by_mean[k] * slopes[j] + by_sd[k] * slopes[d + j];
            }
        }
        gain + self.feasibility(x, Some(gradient))
    }

    /// Log probability that a design is feasible; its gradient is added.
    fn feasibility(&self, x: &[f64], gradient: Option<&mut [f64]>) -> f64 {
        let Some((posterior, zero)) = &self.model.feasibility else { return 0.0 };
        let d = self.dimension;
        let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
        let there = match gradient {
            Some(_) => posterior.predict_with_gradient(x, &mut dmean, &mut dsd),
            None => posterior.predict(x),
        };
        let spread = (there.sd * there.sd + posterior.noise()).sqrt();
        let z = (there.mean - zero) / spread;
        if let Some(gradient) = gradient {
            let slope = hazard(z) / spread;
            for j in 0..d {
                gradient[j] += slope * (dmean[j] - z * there.sd / spread * dsd[j]);
            }
        }
        log_cdf(z)
    }
}

/// A uniform direction of the positive orthant, away from its faces by rounding at least.
fn direction(m: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let v: Vec<f64> = (0..m).map(|_| f64::abs(StandardNormal.sample(rng)).max(1e-6)).collect();
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.into_iter().map(|x| x / norm).collect()
}
