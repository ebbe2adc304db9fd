//! Priors of the hyperparameters: weights and lengths are pooled around learned means, so that few
//! observations can speak for a hundred coordinates together.

use super::hyper::{Hyper, MEAN_LENGTH, MEAN_WEIGHT, NOISE, RADIUS_WEIGHT, SIGNAL};

/// Standard deviation of log weights around their mean.
const WEIGHT_SD: f64 = 1.0;
/// Standard deviation of log lengths around their mean: tight, since 100 points cannot tell 100
/// lengths apart.
const LENGTH_SD: f64 = 0.3;

/// Minus the log density of the priors (up to a constant); its gradient is added to `gradient`.
pub fn negative_log_prior(hyper: &Hyper, gradient: &mut [f64]) -> f64 {
    let d = hyper.dimension();
    let mut total = 0.0;
    let mut normal = |at: usize, value: f64, mean: f64, sd: f64, gradient: &mut [f64]| {
        let z = (value - mean) / sd;
        gradient[at] += z / sd;
        total += 0.5 * z * z;
        z / sd
    };
    let (mean_weight, mean_length) = (hyper.shared(MEAN_WEIGHT), hyper.shared(MEAN_LENGTH));
    for (j, w) in hyper.log_weights().iter().enumerate() {
        let slope = normal(j, *w, mean_weight, WEIGHT_SD, gradient);
        gradient[2 * d + MEAN_WEIGHT] -= slope;
    }
    for (j, l) in hyper.log_lengths().iter().enumerate() {
        let slope = normal(d + j, *l, mean_length, LENGTH_SD, gradient);
        gradient[2 * d + MEAN_LENGTH] -= slope;
    }
    let centre = -(d.max(1) as f64).ln();
    normal(2 * d + RADIUS_WEIGHT, hyper.shared(RADIUS_WEIGHT), 0.0, 2.0, gradient);
    normal(2 * d + SIGNAL, hyper.shared(SIGNAL), 0.0, 1.5, gradient);
    normal(2 * d + NOISE, hyper.shared(NOISE), -4.0, 1.0, gradient);
    normal(2 * d + MEAN_WEIGHT, mean_weight, centre, 1.5, gradient);
    normal(2 * d + MEAN_LENGTH, mean_length, 0.5_f64.ln(), 0.5, gradient);
    total
}
