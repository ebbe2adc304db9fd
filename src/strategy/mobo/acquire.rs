//! The function whose maximum is the next candidate, over the unit cube.

use super::model::Model;
use super::process::Process;
use crate::acquisition::{
    Boxes, Directions, Improvement, MOST_BOX_OBJECTIVES, hazard, log_cdf, log_sum_exp,
};
use crate::gp::Prediction;
use crate::pareto;
use crate::problem::Problem;
use crate::strategy::{Ledger, StrategyError};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Directions where boxes would be too many.
const DIRECTIONS: usize = 128;
/// Up to so many points, the front and what is believed in, are cut out of boxes.
const MOST_CUTS: usize = 400;

/// Log expected hypervolume improvement, weighed by the probability that every condition holds; of
/// several views the mean of that (not of its logarithm).
pub struct Acquire<'a> {
    model: &'a Model,
    improvement: Improvement,
    /// Standardised value of 0 for every condition: above it for feasibility, below it for slacks.
    zeros: Vec<f64>,
    /// Unit-cube points of the non-dominated trials.
    pub front: Vec<Vec<f64>>,
    dimension: usize,
}

impl<'a> Acquire<'a> {
    /// The acquisition after what the ledger holds.
    pub fn new(
        problem: &Problem,
        ledger: &Ledger,
        model: &'a Model,
        rng: &mut ChaCha8Rng,
    ) -> Result<Self, StrategyError> {
        let (units, values) = model.front_values(ledger);
        let thresholds = problem.minimized_thresholds();
        let of_all = || ledger.ok().map(|(_, y)| y.to_vec()).collect::<Vec<_>>();
        // Before anything is acceptable, what is not says where values lie.
        let reference = pareto::reference_point(&thresholds, &values)
            .or_else(|| pareto::reference_point(&thresholds, &of_all()))
            .ok_or(StrategyError::NoValues)?;
        let scale = |y: &[f64]| -> Vec<f64> {
            y.iter().zip(model.objectives()).map(|(y, p)| p.scaling.apply(*y)).collect()
        };
        let reference = scale(&reference);
        let best = pareto::non_dominated(&values);
        let front_values: Vec<Vec<f64>> = best.iter().map(|i| scale(&values[*i])).collect();
        let cuts = best.len() + model.believed().len();
        let mut improvement = improvement(&front_values, &reference, cuts, rng);
        improvement.extend(model.believed());
        let front = best.into_iter().map(|i| units[i].to_vec()).collect();
        let zeros = model.conditions().iter().map(|p| p.scaling.apply(0.0)).collect();
        Ok(Self { model, improvement, zeros, front, dimension: problem.space.dimension() })
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Value at a point of the unit cube.
    pub fn value(&self, x: &[f64]) -> f64 {
        let of_view = |view: usize| {
            let there = self.model.processes.iter().map(|p| p.posteriors[view].predict(x));
            self.combine(there, view, Improvement::log_value)
        };
        log_mean_exp(&(0..self.model.views()).map(of_view).collect::<Vec<f64>>())
    }

    /// Values at many points, good enough to put them in order.
    pub fn rough_values(&self, points: &[Vec<f64>]) -> Vec<f64> {
        let views = self.model.views();
        let predict = |p: &Process| -> Vec<Vec<Prediction>> {
            p.posteriors.par_iter().take(views).map(|p| p.predict_all(points)).collect()
        };
        let of_process: Vec<_> = self.model.processes.par_iter().map(predict).collect();
        let value = |i: usize| {
            let of_view = |view: usize| {
                let there = of_process.iter().map(|p| p[view][i]);
                self.combine(there, view, Improvement::rough_log_value)
            };
            log_mean_exp(&(0..views).map(of_view).collect::<Vec<f64>>())
        };
        (0..points.len()).into_par_iter().map(value).collect()
    }

    /// Value at a point; ∂/∂x goes to `gradient` (length d).
    pub fn value_with_gradient(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let mut slopes = vec![0.0; self.model.views() * self.dimension];
        let of_view = |(view, slopes): (usize, &mut [f64])| self.value_of_view(view, x, slopes);
        let each = slopes.chunks_exact_mut(self.dimension).enumerate();
        let values: Vec<f64> = each.map(of_view).collect();
        let value = log_mean_exp(&values);
        gradient.fill(0.0);
        let count = values.len() as f64;
        for (slopes, of_view) in slopes.chunks_exact(self.dimension).zip(&values) {
            // Of a single view this is 1, whatever its value.
            let share = if values.len() == 1 { 1.0 } else { (of_view - value).exp() / count };
            // A view without hope there has no say, even where its slope is not finite.
            if share != 0.0 {
                gradient.iter_mut().zip(slopes).for_each(|(g, s)| *g += share * s);
            }
        }
        value
    }

    fn value_of_view(&self, view: usize, x: &[f64], gradient: &mut [f64]) -> f64 {
        let (m, d) = (self.model.objectives().len(), self.dimension);
        let mut slopes = vec![0.0; 2 * self.model.processes.len() * d];
        let predict = |(slopes, process): (&mut [f64], &Process)| {
            let (dmean, dsd) = slopes.split_at_mut(d);
            process.posteriors[view].predict_with_gradient(x, dmean, dsd)
        };
        let there: Vec<Prediction> =
            slopes.chunks_exact_mut(2 * d).zip(&self.model.processes).map(predict).collect();
        let (mean, sd): (Vec<f64>, Vec<f64>) = there[..m].iter().map(|p| (p.mean, p.sd)).unzip();
        let (mut by_mean, mut by_sd) = (vec![0.0; m], vec![0.0; m]);
        let mut value = self.improvement.log_value_with_gradient(&mean, &sd, &mut by_mean, &mut by_sd);
        for (k, there) in there[m..].iter().enumerate() {
            let (log, dmean, dsd) = self.condition(k, view, there);
            value += log;
            by_mean.push(dmean);
            by_sd.push(dsd);
        }
        gradient.fill(0.0);
        for ((slopes, by_mean), by_sd) in slopes.chunks_exact(2 * d).zip(by_mean).zip(by_sd) {
            let (dmean, dsd) = slopes.split_at(d);
            for ((g, dmean), dsd) in gradient.iter_mut().zip(dmean).zip(dsd) {
                *g += by_mean * dmean + by_sd * dsd;
            }
        }
        value
    }

    fn combine(
        &self,
        there: impl Iterator<Item = Prediction>,
        view: usize,
        gain: impl Fn(&Improvement, &[f64], &[f64]) -> f64,
    ) -> f64 {
        let there: Vec<Prediction> = there.collect();
        let (objectives, conditions) = there.split_at(self.model.objectives().len());
        let (mean, sd): (Vec<f64>, Vec<f64>) = objectives.iter().map(|p| (p.mean, p.sd)).unzip();
        let conditions = conditions.iter().enumerate().map(|(k, p)| self.condition(k, view, p).0);
        gain(&self.improvement, &mean, &sd) + conditions.sum::<f64>()
    }

    /// Log probability that condition `k` holds, and its derivatives with respect to μ and σ.
    fn condition(&self, k: usize, view: usize, there: &Prediction) -> (f64, f64, f64) {
        let process = &self.model.conditions()[k];
        // A label is right or wrong with its noise, a slack is what it is without.
        let (sign, noise) = match process.quantity {
            super::quantity::Quantity::Feasibility => (1.0, process.posteriors[view].noise()),
            _ => (-1.0, 0.0),
        };
        let spread = (there.sd * there.sd + noise).sqrt();
        let z = sign * (there.mean - self.zeros[k]) / spread;
        let slope = hazard(z) / spread;
        (log_cdf(z), sign * slope, -slope * z * there.sd / spread)
    }
}

/// Exact for few objectives and up to [`MOST_CUTS`] points, `cuts` in all that a front will have; else over
/// directions.
fn improvement(front: &[Vec<f64>], reference: &[f64], cuts: usize, rng: &mut ChaCha8Rng) -> Improvement {
    let m = reference.len();
    if m == 1 || m <= MOST_BOX_OBJECTIVES && cuts <= MOST_CUTS {
        return Improvement::Boxes(Boxes::new(front, reference));
    }
    let directions = (0..DIRECTIONS).map(|_| direction(m, rng)).collect();
    Improvement::Directions(Directions::new(front, reference, directions))
}

/// Log of the mean of exponentials; NaN if one is.
fn log_mean_exp(logs: &[f64]) -> f64 {
    match logs {
        [one] => *one,
        logs if logs.iter().any(|l| l.is_nan()) => f64::NAN,
        logs => log_sum_exp(logs) - (logs.len() as f64).ln(),
    }
}

/// A uniform direction of the positive orthant, away from its faces by rounding at least.
fn direction(m: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let v: Vec<f64> = (0..m).map(|_| f64::abs(StandardNormal.sample(rng)).max(1e-6)).collect();
    let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
    v.into_iter().map(|x| x / norm).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    /// Points of a sphere's positive part.
    fn sphere(m: usize, count: usize, rng: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        (0..count).map(|_| direction(m, rng)).collect()
    }

    #[test]
    fn many_points_or_objectives_are_met_by_directions() {
        let mut rng = crate::rng::stream(1, "test", 0);
        let mut is_exact = |m: usize, cuts: usize| {
            let front = sphere(m, 5, &mut rng);
            matches!(improvement(&front, &vec![1.1; m], cuts, &mut rng), Improvement::Boxes(_))
        };
        assert!(is_exact(1, 10_000) && is_exact(2, MOST_CUTS) && is_exact(3, MOST_CUTS));
        assert!(!is_exact(2, MOST_CUTS + 1) && !is_exact(3, MOST_CUTS + 1) && !is_exact(4, 1));
    }

    /// At the switch a strategy goes on choosing alike: which candidates are good does not depend on how it
    /// is computed.
    #[test]
    fn both_agree_where_one_takes_over_from_the_other() {
        for m in [2, 3] {
            let mut rng = crate::rng::stream(2, "test", m as u64);
            let front = sphere(m, MOST_CUTS, &mut rng);
            let reference = vec![1.1; m];
            let exact = improvement(&front, &reference, MOST_CUTS, &mut rng);
            let over_directions = improvement(&front, &reference, MOST_CUTS + 1, &mut rng);
            // From a little behind the front to a little beyond it, more or less certain.
            let candidates: Vec<(Vec<f64>, Vec<f64>)> = (0..200)
                .map(|_| {
                    let radius = rng.random_range(0.8..1.1);
                    let mean = direction(m, &mut rng).iter().map(|x| radius * x).collect();
                    (mean, vec![rng.random_range(0.02..0.2); m])
                })
                .collect();
            let values = |gain: &Improvement| -> Vec<f64> {
                candidates.iter().map(|(mean, sd)| gain.log_value(mean, sd)).collect()
            };
            let (a, b) = (values(&exact), values(&over_directions));
            // Both are logarithms up to a constant.
            let shift = a.iter().zip(&b).map(|(a, b)| a - b).sum::<f64>() / a.len() as f64;
            let off: Vec<f64> = a.iter().zip(&b).map(|(a, b)| (a - b - shift).abs()).collect();
            let typical = off.iter().sum::<f64>() / off.len() as f64;
            // Few of the directions pass near a point that is certain.
            assert!(typical < 0.4, "M = {m}: a factor of e^{typical} on average");
            let best = (0..a.len()).max_by(|i, j| b[*i].total_cmp(&b[*j])).unwrap();
            let better = a.iter().filter(|value| **value > a[best]).count();
            assert!(better < 10, "M = {m}: the best of one is number {better} of the other");
        }
    }
}
