//! Priors of the hyperparameters: weights and lengths are pooled around learned means, so that few
//! observations can speak for a hundred coordinates together.

use super::hyper::{Family, Hyper, MEAN_LENGTH, MEAN_WEIGHT, NOISE, RADIUS_WEIGHT, SIGNAL};

/// Standard deviation of log weights around their mean.
const WEIGHT_SD: f64 = 1.0;
/// Standard deviation of log lengths around their mean: tight, since 100 points cannot tell 100
/// lengths apart where weights say already which coordinates matter.
const LENGTH_SD: f64 = 0.3;
/// The same where lengths alone can say it.
const MATERN_LENGTH_SD: f64 = 1.0;

/// Minus the log density of the priors (up to a constant); its gradient is added to `gradient`.
pub fn negative_log_prior(hyper: &Hyper, gradient: &mut [f64]) -> f64 {
    let d = hyper.dimension();
    let shared = hyper.shared_at();
    let family = hyper.family();
    let mut total = 0.0;
    let mut normal = |at: usize, value: f64, mean: f64, sd: f64, gradient: &mut [f64]| {
        let z = (value - mean) / sd;
        gradient[at] += z / sd;
        total += 0.5 * z * z;
        z / sd
    };
    let length_sd = if family == Family::Matern { MATERN_LENGTH_SD } else { LENGTH_SD };
    let blocks =
        [(hyper.log_lengths(), MEAN_LENGTH, length_sd), (hyper.log_weights(), MEAN_WEIGHT, WEIGHT_SD)];
    for (number, (block, pooled, sd)) in blocks.into_iter().enumerate() {
        for (j, value) in block.iter().enumerate() {
            let slope = normal(number * d + j, *value, hyper.shared(pooled), sd, gradient);
            gradient[shared + pooled] -= slope;
        }
    }
    let even = -(d.max(1) as f64).ln();
    for (position, mean, sd) in [
        (SIGNAL, 0.0, 1.5),
        (NOISE, -6.0, 1.5),
        (RADIUS_WEIGHT, 0.0, 2.0),
        (MEAN_LENGTH, family.mean_length(d), 0.5),
        (MEAN_WEIGHT, even, 1.5),
    ] {
        normal(shared + position, hyper.shared(position), mean, sd, gradient);
    }
    total
}
