//! Hyperparameters that maximize marginal likelihood times prior.

use super::data::Data;
use super::factor::{Factor, NotPositive};
use super::hyper::{Hyper, NOISE, RADIUS_WEIGHT, SIGNAL};
use super::kernel::{Kernel, LogGradient};
use super::prior::negative_log_prior;
use crate::optimize::minimize;
use ndarray::Array2;

/// Iterations of one fit: more changed nothing in the quality of the proposals.
const ITERATIONS: u64 = 40;

/// Fits the hyperparameters to `data`, starting from `start` (the last fit, or
/// [`Hyper::initial`]).
///
/// # Errors
/// The covariance at the start is not positive definite; later trouble ends the search at the best
/// hyperparameters met.
pub fn fit(data: &Data, start: &Hyper) -> Result<Hyper, NotPositive> {
    let (lower, upper) = Hyper::bounds(start.dimension());
    let cost = |theta: &[f64], gradient: &mut [f64]| {
        Hyper::from_vector(theta.to_vec())
            .and_then(|hyper| negative_log_posterior(data, &hyper, gradient).ok())
            .unwrap_or(f64::NAN)
    };
    let found = minimize(cost, start.vector(), &lower, &upper, ITERATIONS);
    let found = found.ok().and_then(|minimum| Hyper::from_vector(minimum.x));
    found.ok_or(NotPositive(data.len()))
}

/// Covariance of the observations (n × n, noise included), and ρ of each.
pub(super) fn covariance(data: &Data, hyper: &Hyper, kernel: &Kernel) -> (Array2<f64>, Vec<f64>) {
    let n = data.len();
    let rows: Vec<&[f64]> = rows(&data.x);
    let rho: Vec<f64> = rows.iter().map(|x| Kernel::radius(x)).collect();
    let mut r = vec![0.0; hyper.dimension()];
    let mut k = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..i {
            let r_rho = kernel.saturations(rows[i], rows[j], rho[i], rho[j], &mut r);
            let value = kernel.value(&r, r_rho);
            k[[i, j]] = value;
            k[[j, i]] = value;
        }
        k[[i, i]] = kernel.signal + data.noise_of(i, hyper.noise());
    }
    (k, rho)
}

pub(super) fn rows(x: &Array2<f64>) -> Vec<&[f64]> {
    let flat = x.as_slice().expect("data are stored row by row");
    (0..x.nrows()).map(|i| &flat[i * x.ncols()..(i + 1) * x.ncols()]).collect()
}

/// Minus the log of marginal likelihood times prior, up to a constant, with its gradient with respect
/// to [`Hyper::vector`]. The constant mean is at its best value (generalised least squares).
///
/// # Errors
/// The covariance is not positive definite.
pub fn negative_log_posterior(
    data: &Data,
    hyper: &Hyper,
    gradient: &mut [f64],
) -> Result<f64, NotPositive> {
    let (n, d) = (data.len(), hyper.dimension());
    let kernel = Kernel::new(hyper);
    let (covariance, rho) = covariance(data, hyper, &kernel);
    let factor = Factor::new(&covariance, kernel.signal)?;
    let (mean, residual) = whitened_residual(data, &factor);
    debug_assert!(mean.is_finite());
    let alpha = factor.unwhiten(&residual);
    let precision = factor.precision();
    gradient.fill(0.0);
    let prior = negative_log_prior(hyper, gradient);
    let squares: f64 = residual.iter().map(|z| z * z).sum();
    let value = 0.5 * squares + 0.5 * factor.log_det + prior;

    // ∂/∂θ of minus the log likelihood is −½ tr(B ∂K/∂θ), B = α αᵀ − K⁻¹.
    let b = |i: usize, j: usize| alpha[i] * alpha[j] - precision[[i, j]];
    let rows = rows(&data.x);
    let mut sums = LogGradient::zeros(d);
    let mut r = vec![0.0; d];
    let mut signal = 0.0;
    for i in 0..n {
        for j in 0..i {
            let r_rho = kernel.saturations(rows[i], rows[j], rho[i], rho[j], &mut r);
            let weight = b(i, j) * covariance[[i, j]];
            signal += weight;
            Kernel::add_log_gradient(weight, &r, r_rho, &mut sums);
        }
        signal += 0.5 * b(i, i) * kernel.signal;
        let inferred = data.noise[i].is_none() && data.noise_of(i, hyper.noise()) == hyper.noise();
        if inferred {
            gradient[2 * d + NOISE] -= 0.5 * b(i, i) * hyper.noise();
        }
    }
    kernel.finish_log_gradient(&mut sums);
    for j in 0..d {
        gradient[j] -= sums.weights[j];
        gradient[d + j] -= sums.lengths[j];
    }
    gradient[2 * d + RADIUS_WEIGHT] -= sums.radius;
    gradient[2 * d + SIGNAL] -= signal;
    Ok(value)
}

/// The best constant mean, and L⁻¹ (y − mean).
pub(super) fn whitened_residual(data: &Data, factor: &Factor) -> (f64, Vec<f64>) {
    let ones = factor.whiten(&vec![1.0; data.len()]);
    let values = factor.whiten(data.y.as_slice().expect("one row"));
    let mean = ones.dot(&values) / ones.dot(&ones);
    (mean, values.iter().zip(&ones).map(|(v, o)| v - mean * o).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    fn random_data(n: usize, d: usize, seed: u64, known_noise: bool) -> Data {
        let mut rng = crate::rng::stream(seed, "test", 0);
        let points: Vec<Vec<f64>> =
            (0..n).map(|_| (0..d).map(|_| rng.random::<f64>()).collect()).collect();
        let value = |p: &Vec<f64>| p.iter().map(|x| (x - 0.3).powi(2)).sum::<f64>() + (5.0 * p[0]).sin();
        let values: Vec<f64> = points.iter().map(value).collect();
        let sems: Vec<_> =
            (0..n).map(|i| (known_noise && i % 2 == 0).then_some(0.1 + 0.01 * i as f64)).collect();
        let slices: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        Data::new(&slices, &values, &sems).0
    }

    #[test]
    fn gradient_agrees_with_central_differences() {
        for (n, d, known) in [(12, 3, false), (15, 6, true), (2, 1, false)] {
            let data = random_data(n, d, n as u64, known);
            let mut theta = Hyper::initial(d).vector().to_vec();
            for (k, t) in theta.iter_mut().enumerate() {
                *t += 0.3 * (k as f64).sin();
            }
            let at = |theta: &[f64]| {
                let hyper = Hyper::from_vector(theta.to_vec()).unwrap();
                negative_log_posterior(&data, &hyper, &mut vec![0.0; theta.len()]).unwrap()
            };
            let mut gradient = vec![0.0; theta.len()];
            let hyper = Hyper::from_vector(theta.clone()).unwrap();
            negative_log_posterior(&data, &hyper, &mut gradient).unwrap();
            for k in 0..theta.len() {
                let step = 1e-5;
                let (mut up, mut down) = (theta.clone(), theta.clone());
                up[k] += step;
                down[k] -= step;
                let slope = (at(&up) - at(&down)) / (2.0 * step);
                let error = (slope - gradient[k]).abs() / slope.abs().max(1.0);
                assert!(error < 1e-6, "n={n} d={d} theta[{k}]: {slope} against {}", gradient[k]);
            }
        }
    }

    #[test]
    fn a_fit_improves_and_finds_the_coordinates_that_matter() {
        let mut rng = crate::rng::stream(1, "test", 1);
        let points: Vec<Vec<f64>> =
            (0..60).map(|_| (0..6).map(|_| rng.random::<f64>()).collect()).collect();
        let values: Vec<f64> = points.iter().map(|p| (6.0 * p[1]).sin()).collect();
        let slices: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        let (data, _) = Data::new(&slices, &values, &[None; 60]);
        let start = Hyper::initial(6);
        let fitted = fit(&data, &start).unwrap();
        let value =
            |h: &Hyper| negative_log_posterior(&data, h, &mut vec![0.0; h.vector().len()]).unwrap();
        assert!(value(&fitted) < value(&start) - 10.0);
        let weights = fitted.weights();
        let others = weights.iter().enumerate().filter(|(j, _)| *j != 1).map(|(_, w)| *w);
        assert!(weights[1] > 5.0 * others.fold(0.0, f64::max), "{weights:?}");
    }
}
