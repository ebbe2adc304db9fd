//! How much each coordinate can matter to a process, from its hyperparameters alone.

use super::hyper::{Family, Hyper, RADIUS_WEIGHT};

/// Shares (length d, sum 1) of the coordinates in how unlike a process believes two random points of the unit
/// cube to be: the mean of what each adds to the exponent of the covariance (see the page of `kernel`), for
/// Matérn to its squared distance. Zeros where no coordinate matters.
///
/// The share of the distance from the centre, ρ, is divided by the coordinates' variances in it. It is a
/// statement about the covariance, not about the data: a coordinate that was never varied, or on which the
/// values depend evenly along its whole range, can have a misleading share.
pub fn relevance(hyper: &Hyper) -> Vec<f64> {
    let inverse_squares = hyper.log_lengths().iter().map(|l| (-2.0 * l).exp());
    let parts: Vec<f64> = match hyper.family() {
        Family::Matern => inverse_squares.map(|s| s / 6.0).collect(),
        Family::Rational | Family::Sparse => {
            let own = inverse_squares.zip(hyper.weights()).map(|(s, w)| w * saturation(0.5 * s));
            own.zip(radial(hyper)).map(|(own, shared)| own + shared).collect()
        }
    };
    let sum: f64 = parts.iter().sum();
    if sum > 0.0 { parts.iter().map(|part| part / sum).collect() } else { vec![0.0; parts.len()] }
}

/// E[s t² / (1 + s t²)] for the difference t of two uniform numbers, whose density is 2 (1 − |t|) / 2.
fn saturation(s: f64) -> f64 {
    // The difference below cancels for small s, where E[s t²] = s / 6 is all there is.
    if s < 1e-4 {
        return s / 6.0;
    }
    let root = s.sqrt();
    1.0 - 2.0 * root.atan() / root + s.ln_1p() / s
}

/// What the distance from the centre adds, coordinate by coordinate.
fn radial(hyper: &Hyper) -> Vec<f64> {
    let d = hyper.dimension();
    if hyper.family() != Family::Rational {
        return vec![0.0; d];
    }
    // Two values of ρ, each of unit variance, differ by 2 in the mean square; the length is √(1.25 d).
    let u = 1.0 / (1.25 * d as f64);
    let whole = hyper.shared(RADIUS_WEIGHT).exp() * u / (1.0 + u);
    let variances = hyper.bowl().variances();
    let sum: f64 = variances.iter().sum();
    variances.iter().map(|variance| whole * variance / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::Bowl;
    use rand::RngExt;

    /// A process with lengths and weights of all sizes.
    fn hyper(family: Family, d: usize, radius: f64) -> Hyper {
        let mut theta = Hyper::initial(family, d).vector().to_vec();
        for (k, t) in theta.iter_mut().enumerate() {
            *t += 0.9 * (1.0 + 2.0 * k as f64).sin();
        }
        let shared = theta.len() - 5;
        theta[shared + RADIUS_WEIGHT] = radius;
        let bowl = Bowl::about((0..d).map(|j| 0.3 + 0.1 * j as f64).collect());
        Hyper::from_vector(family, theta, bowl).unwrap()
    }

    /// Means over random pairs of points, of the kernel written out.
    fn by_sampling(h: &Hyper) -> Vec<f64> {
        let mut rng = crate::rng::stream(1, "test", 0);
        let mut sums = vec![0.0; h.dimension()];
        for _ in 0..200_000 {
            for (j, sum) in sums.iter_mut().enumerate() {
                let t: f64 = rng.random::<f64>() - rng.random::<f64>();
                let u = t * t / (h.lengths()[j] * h.lengths()[j]);
                *sum += match h.family() {
                    Family::Matern => u,
                    _ => h.weights()[j] * (0.5 * u) / (1.0 + 0.5 * u),
                };
            }
        }
        let all: f64 = sums.iter().sum();
        sums.iter().map(|s| s / all).collect()
    }

    #[test]
    fn shares_are_those_of_random_pairs() {
        for family in [Family::Matern, Family::Sparse, Family::Rational] {
            // Without the distance from the centre, which has a test of its own.
            let h = hyper(family, 6, -30.0);
            let (found, want) = (relevance(&h), by_sampling(&h));
            assert!((found.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            for (f, w) in found.iter().zip(&want) {
                assert!((f - w).abs() < 0.01 * w.max(0.05), "{family:?}: {found:?} {want:?}");
            }
        }
        let most = want_most(&relevance(&hyper(Family::Sparse, 6, 0.0)));
        assert_eq!(most, want_most(&by_sampling(&hyper(Family::Sparse, 6, 0.0))));
    }

    fn want_most(shares: &[f64]) -> usize {
        (0..shares.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b])).unwrap()
    }

    #[test]
    fn the_distance_from_the_centre_belongs_to_all() {
        let d = 8;
        let mut theta = Hyper::initial(Family::Rational, d).vector().to_vec();
        theta[d..2 * d].fill(-12.0);
        let shared = theta.len() - 5;
        theta[shared + RADIUS_WEIGHT] = 3.0;
        let bowl = Bowl::about(vec![0.5; d]);
        let h = Hyper::from_vector(Family::Rational, theta, bowl.clone()).unwrap();
        for share in relevance(&h) {
            assert!((share - 1.0 / d as f64).abs() < 1e-6, "{share}");
        }
        // Its size against sampling, beside one coordinate.
        let mut rng = crate::rng::stream(2, "test", 0);
        let mut draw = || (0..d).map(|_| rng.random::<f64>()).collect::<Vec<_>>();
        let mean: f64 = (0..20_000)
            .map(|_| (bowl.value(&draw()) - bowl.value(&draw())).powi(2) / (2.5 * d as f64))
            .map(|u| u / (1.0 + u))
            .sum::<f64>()
            / 20_000.0;
        let found: f64 = radial(&h).iter().sum::<f64>() / 3.0_f64.exp();
        assert!((found - mean).abs() < 0.15 * mean, "{found} {mean}");
    }

    #[test]
    fn both_forms_of_the_mean_agree_where_they_meet() {
        let by_sum = |s: f64| {
            let n = 100_000;
            let term = |k: usize| {
                let t = (k as f64 + 0.5) / n as f64;
                2.0 * (1.0 - t) * s * t * t / (1.0 + s * t * t) / n as f64
            };
            (0..n).map(term).sum::<f64>()
        };
        for s in [1e-6, 0.99e-4, 1.01e-4, 0.1, 3.0, 200.0] {
            assert!((saturation(s) - by_sum(s)).abs() < 1e-4 * by_sum(s), "{s}");
        }
    }
}
