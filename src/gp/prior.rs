//! Priors of the hyperparameters: weights and lengths are pooled around learned means, so that few
//! observations can speak for a hundred coordinates together.
//!
//! *Sparse* is in the spirit of arXiv 2103.00349, whose inverse squared lengths ρ_j are half-Cauchy with
//! scale τ, and τ is so with a scale of its own (`SHRINKAGE`): most coordinates then are all but without
//! effect, and a few escape. Near 0 the product's inverse squared lengths are w_j / l_j²; lengths are
//! pooled as ever, and it is the weights w_j that are half-Cauchy. With z = log w − log τ the density of
//! z is sech(z) / π. (The same prior on the inverse squared lengths of a Matérn 5/2 found the minimum of
//! the embedded Hartmann function later.)

use super::hyper::{Family, Hyper, MEAN_LENGTH, MEAN_WEIGHT, NOISE, RADIUS_WEIGHT, SIGNAL};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::FRAC_PI_2;

/// Standard deviation of log weights around their mean.
const WEIGHT_SD: f64 = 1.0;
/// Standard deviation of log lengths around their mean: tight, since 100 points cannot tell 100
/// lengths apart where weights say already which coordinates matter.
const LENGTH_SD: f64 = 0.3;
/// The same where lengths alone can say it.
const MATERN_LENGTH_SD: f64 = 1.0;

/// Standard deviations of the shared logarithms around their centres, by position.
const SHARED_SDS: [(usize, f64); 5] =
    [(SIGNAL, 1.5), (NOISE, 1.5), (RADIUS_WEIGHT, 2.0), (MEAN_LENGTH, 0.5), (MEAN_WEIGHT, 1.5)];

/// Centre of the prior of a shared logarithm.
fn centre(family: Family, d: usize, position: usize) -> f64 {
    match position {
        NOISE => -6.0,
        MEAN_LENGTH => family.mean_length(d),
        MEAN_WEIGHT => family.mean_weight(d),
        _ => 0.0,
    }
}

/// Standard deviation of log lengths and log weights around their means; of sparse weights it is that
/// of z.
fn own_sds(family: Family) -> [f64; 2] {
    match family {
        Family::Rational => [LENGTH_SD, WEIGHT_SD],
        Family::Matern => [MATERN_LENGTH_SD, WEIGHT_SD],
        Family::Sparse => [LENGTH_SD, FRAC_PI_2],
    }
}

/// What the shared logarithm at `position` varies by.
fn shared_sd(family: Family, position: usize, sd: f64) -> f64 {
    if is_cauchy(family, position) { FRAC_PI_2 } else { sd }
}

/// Whether the logarithms at `position`, and those pooled around it, are those of something half-Cauchy.
fn is_cauchy(family: Family, position: usize) -> bool {
    family == Family::Sparse && position == MEAN_WEIGHT
}

/// log cosh z without overflow.
fn log_cosh(z: f64) -> f64 {
    z.abs() + (-2.0 * z.abs()).exp().ln_1p() - std::f64::consts::LN_2
}

/// Minus the log density of the priors (up to a constant); its gradient is added to `gradient`.
pub fn negative_log_prior(hyper: &Hyper, gradient: &mut [f64]) -> f64 {
    let d = hyper.dimension();
    let shared = hyper.shared_at();
    let family = hyper.family();
    let mut total = 0.0;
    // −log of a normal density, or of that of z = value − mean where exp(z) is half-Cauchy.
    let mut term = |at: usize, value: f64, mean: f64, sd: f64, cauchy: bool, gradient: &mut [f64]| {
        let (cost, slope) = if cauchy {
            (log_cosh(value - mean), (value - mean).tanh())
        } else {
            let z = (value - mean) / sd;
            (0.5 * z * z, z / sd)
        };
        gradient[at] += slope;
        total += cost;
        slope
    };
    let [length_sd, weight_sd] = own_sds(family);
    let blocks =
        [(hyper.log_lengths(), MEAN_LENGTH, length_sd), (hyper.log_weights(), MEAN_WEIGHT, weight_sd)];
    for (number, (block, pooled, sd)) in blocks.into_iter().enumerate() {
        for (j, value) in block.iter().enumerate() {
            let slope = term(
                number * d + j,
                *value,
                hyper.shared(pooled),
                sd,
                is_cauchy(family, pooled),
                gradient,
            );
            gradient[shared + pooled] -= slope;
        }
    }
    for (position, sd) in SHARED_SDS {
        let mean = centre(family, d, position);
        term(shared + position, hyper.shared(position), mean, sd, is_cauchy(family, position), gradient);
    }
    total
}

/// A draw of the vector form of `like`'s hyperparameters.
pub fn draw(like: &Hyper, rng: &mut impl Rng) -> Vec<f64> {
    let (d, family, shared) = (like.dimension(), like.family(), like.shared_at());
    let mut theta = vec![0.0; like.vector().len()];
    let mut deviation = |sd: f64, cauchy: bool| -> f64 {
        let normal: f64 = StandardNormal.sample(rng);
        // Half-Cauchy by its inverse distribution function; away from 0, where the logarithm ends.
        let uniform: f64 = rng.random::<f64>().max(1e-12);
        if cauchy { (FRAC_PI_2 * uniform).tan().ln() } else { sd * normal }
    };
    for (position, sd) in SHARED_SDS {
        theta[shared + position] =
            centre(family, d, position) + deviation(sd, is_cauchy(family, position));
    }
    for (number, sd) in own_sds(family).into_iter().take(family.blocks()).enumerate() {
        let pooled = [MEAN_LENGTH, MEAN_WEIGHT][number];
        let (mean, cauchy) = (theta[shared + pooled], is_cauchy(family, pooled));
        theta[number * d..(number + 1) * d].iter_mut().for_each(|t| *t = mean + deviation(sd, cauchy));
    }
    theta
}

/// Hyperparameters as deviations from what they are pooled around, in units of their prior standard
/// deviations: what the prior couples and scales unlike is independent and alike in these, so that a
/// sampler can take steps of one size.
pub struct Deviations {
    d: usize,
    shared: usize,
    own: Vec<f64>,
    shared_sds: Vec<(usize, f64)>,
}

impl Deviations {
    pub fn of(like: &Hyper) -> Self {
        let family = like.family();
        let sd = |(position, sd): (usize, f64)| (position, shared_sd(family, position, sd));
        Self {
            d: like.dimension(),
            shared: like.shared_at(),
            own: own_sds(family)[..family.blocks()].to_vec(),
            shared_sds: SHARED_SDS.map(sd).to_vec(),
        }
    }

    /// Each per-coordinate position with that of its mean and its standard deviation.
    fn each(&self) -> impl Iterator<Item = (usize, usize, f64)> {
        let block = |(number, sd): (usize, &f64)| {
            let (mean, sd) = (self.shared + [MEAN_LENGTH, MEAN_WEIGHT][number], *sd);
            (number * self.d..(number + 1) * self.d).map(move |at| (at, mean, sd))
        };
        self.own.iter().enumerate().flat_map(block)
    }

    /// From the vector form.
    pub fn deviations_of(&self, theta: &[f64]) -> Vec<f64> {
        let mut eta = theta.to_vec();
        for (at, mean, sd) in self.each() {
            eta[at] = (theta[at] - theta[mean]) / sd;
        }
        self.shared_sds.iter().for_each(|(position, sd)| eta[self.shared + position] /= sd);
        eta
    }

    /// To the vector form.
    pub fn vector_of(&self, eta: &[f64]) -> Vec<f64> {
        let mut theta = eta.to_vec();
        self.shared_sds.iter().for_each(|(position, sd)| theta[self.shared + position] *= sd);
        for (at, mean, sd) in self.each() {
            theta[at] = theta[mean] + sd * eta[at];
        }
        theta
    }

    /// Turns a gradient with respect to the vector form into one with respect to deviations.
    pub fn pull_back(&self, gradient: &mut [f64]) {
        for (at, mean, sd) in self.each() {
            gradient[mean] += gradient[at];
            gradient[at] *= sd;
        }
        self.shared_sds.iter().for_each(|(position, sd)| gradient[self.shared + position] *= sd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::Bowl;

    fn hyper(family: Family, theta: Vec<f64>) -> Hyper {
        Hyper::from_vector(family, theta, Bowl::about(vec![0.5; 2])).unwrap()
    }

    /// Half-Cauchy densities of w and τ written out, with the Jacobians of both as functions of their
    /// logarithms (w and τ), and the normal ones of the rest.
    #[test]
    fn sparse_densities_are_half_cauchy() {
        let half_cauchy =
            |x: f64, scale: f64| 2.0 / (std::f64::consts::PI * scale * (1.0 + (x / scale).powi(2)));
        let log_density = |theta: &[f64]| {
            let tau = theta[8].exp();
            let own = |w: f64| half_cauchy(w.exp(), tau) * w.exp();
            let coordinates = own(theta[2]) * own(theta[3]) * half_cauchy(tau, 0.1) * tau;
            let normal = |x: f64, mean: f64, sd: f64| -0.5 * ((x - mean) / sd).powi(2);
            let shared = normal(theta[4], 0.0, 1.5) + normal(theta[5], -6.0, 1.5);
            let lengths = normal(theta[0], theta[7], 0.3) + normal(theta[1], theta[7], 0.3);
            let others = normal(theta[6], 0.0, 2.0) + normal(theta[7], 0.5_f64.ln(), 0.5);
            coordinates.ln() + shared + lengths + others
        };
        let cost =
            |theta: &[f64]| negative_log_prior(&hyper(Family::Sparse, theta.to_vec()), &mut [0.0; 9]);
        let a = [0.3, -1.2, 0.4, -5.0, 0.1, -4.0, -0.2, 0.1, -3.0];
        for b in [
            [-1.0, 0.1, 2.0, -6.0, 0.0, -6.0, 0.0, -0.7, -2.0],
            [-3.0, 1.0, -9.0, 1.0, 1.0, -2.0, 1.0, 0.0, 1.5],
        ] {
            let difference = cost(&b) - cost(&a);
            assert!((difference - log_density(&a) + log_density(&b)).abs() < 1e-9, "{b:?}");
        }
    }

    /// Shares of draws below quartiles of the closed forms, within four standard errors.
    #[test]
    fn draws_follow_the_densities() {
        let mut rng = crate::rng::stream(1, "test prior", 0);
        let normal = 0.674_489_75;
        // Of a half-Cauchy variable with scale 1: tan(π q / 2).
        let cauchy = (0.75 * FRAC_PI_2).tan().ln();
        // The last logarithm of a coordinate's own, what it is pooled around, and the upper quartiles of
        // its deviation from that, and of that from its centre.
        for (family, own_at, pooled_at, own_quartile, pooled_quartile) in [
            (Family::Rational, 3, MEAN_WEIGHT, normal, 1.5 * normal),
            (Family::Matern, 1, MEAN_LENGTH, normal, 0.5 * normal),
            (Family::Sparse, 3, MEAN_WEIGHT, cauchy, cauchy),
            (Family::Sparse, 1, MEAN_LENGTH, 0.3 * normal, 0.5 * normal),
        ] {
            let like = Hyper::initial(family, 2);
            let shared = like.shared_at();
            let (mut own, mut mean) = ([0; 3], [0; 3]);
            let count = 8000;
            for _ in 0..count {
                let theta = draw(&like, &mut rng);
                let pooled = theta[shared + pooled_at];
                for (k, sign) in [-1.0, 0.0, 1.0].into_iter().enumerate() {
                    own[k] += usize::from(theta[own_at] - pooled < sign * own_quartile);
                    let deviation = pooled - centre(family, 2, pooled_at);
                    mean[k] += usize::from(deviation < sign * pooled_quartile);
                }
            }
            for (k, want) in [0.25, 0.5, 0.75].into_iter().enumerate() {
                for below in [own[k], mean[k]] {
                    let share = below as f64 / f64::from(count);
                    assert!((share - want).abs() < 0.025, "{family:?}: {share} instead of {want}");
                }
            }
        }
    }

    #[test]
    fn deviations_are_the_vector_form_in_other_words() {
        for family in Family::ALL {
            let like = Hyper::initial(family, 3);
            let deviations = Deviations::of(&like);
            let theta = draw(&like, &mut crate::rng::stream(2, "test prior", 0));
            let eta = deviations.deviations_of(&theta);
            let back = deviations.vector_of(&eta);
            assert!(theta.iter().zip(&back).all(|(a, b)| (a - b).abs() < 1e-12));
            let shared = like.shared_at();
            assert!(
                (eta[0] * own_sds(family)[0] + theta[shared + MEAN_LENGTH] - theta[0]).abs() < 1e-12
            );
            // Σ_k k θ_k, whose gradient is k.
            let function = |eta: &[f64]| -> f64 {
                deviations.vector_of(eta).iter().enumerate().map(|(k, t)| k as f64 * t).sum()
            };
            let mut gradient: Vec<f64> = (0..eta.len()).map(|k| k as f64).collect();
            deviations.pull_back(&mut gradient);
            for k in 0..eta.len() {
                let mut up = eta.clone();
                up[k] += 1.0;
                let slope = function(&up) - function(&eta);
                assert!((slope - gradient[k]).abs() < 1e-9, "{family:?} {k}: {slope} {}", gradient[k]);
            }
        }
    }
}
