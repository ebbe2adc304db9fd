//! Hyperparameters that maximize marginal likelihood times prior.

use super::data::Data;
use super::factor::{Factor, NotPositive};
use super::hyper::{Family, Hyper, NOISE, RADIUS_WEIGHT, SIGNAL};
use super::inputs::Inputs;
use super::kernel::Kernel;
use super::prior::negative_log_prior;
use crate::optimize::minimize;
use ndarray::{Array1, Array2};

/// Iterations of one fit: with more the proposals became no better, if anything worse.
const ITERATIONS: u64 = 20;

/// Fits the hyperparameters to `data`, starting from `start` (the last fit, or
/// [`Hyper::initial`]).
///
/// # Errors
/// The covariance at the start is not positive definite; later trouble ends the search at the best
/// hyperparameters met.
pub fn fit(data: &Data, start: &Hyper) -> Result<Hyper, NotPositive> {
    let family = start.family();
    let bowl = start.bowl();
    let inputs = data.inputs(bowl);
    let (lower, upper) = Hyper::bounds(family, start.dimension());
    let cost = |theta: &[f64], gradient: &mut [f64]| {
        Hyper::from_vector(family, theta.to_vec(), bowl.clone())
            .and_then(|hyper| at(data, &inputs, &hyper, gradient).ok())
            .unwrap_or(f64::NAN)
    };
    let found = minimize(cost, start.vector(), &lower, &upper, ITERATIONS);
    let found = found.ok().and_then(|minimum| Hyper::from_vector(family, minimum.x, bowl.clone()));
    found.ok_or(NotPositive(data.len()))
}

/// Covariance of the observations (n × n, noise included).
pub(super) fn covariance(data: &Data, inputs: &Inputs, hyper: &Hyper, kernel: &Kernel) -> Array2<f64> {
    let n = data.len();
    let mut k = Array2::zeros((n, n));
    for i in 0..n {
        let x = inputs.point(i);
        let row = kernel.row(&x, inputs, i);
        for (j, value) in row.value.into_iter().enumerate() {
            k[[i, j]] = value;
            k[[j, i]] = value;
        }
        k[[i, i]] = kernel.variance() + data.noise_of(i, hyper.noise());
    }
    k
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
    at(data, &data.inputs(hyper.bowl()), hyper, gradient)
}

pub(super) fn at(
    data: &Data,
    inputs: &Inputs,
    hyper: &Hyper,
    gradient: &mut [f64],
) -> Result<f64, NotPositive> {
    let (n, d) = (data.len(), hyper.dimension());
    let kernel = Kernel::new(hyper);
    let covariance = covariance(data, inputs, hyper, &kernel);
    let factor = Factor::new(&covariance, kernel.variance())?;
    let (mean, residual) = whitened_residual(data.y.as_slice().expect("one row"), &factor);
    debug_assert!(mean.is_finite());
    let alpha = factor.unwhiten(&residual);
    let precision = factor.precision();
    gradient.fill(0.0);
    let prior = negative_log_prior(hyper, gradient);
    let value = 0.5 * residual.dot(&residual) + 0.5 * factor.log_det + prior;

    // ∂/∂θ of minus the log likelihood is −½ tr(B ∂K/∂θ), B = α αᵀ − K⁻¹.
    let shared = hyper.shared_at();
    let (mut lengths, mut weights) = (vec![0.0; d], vec![0.0; d]);
    let (mut signal, mut radius) = (0.0, 0.0);
    for i in 0..n {
        let x = inputs.point(i);
        // Once more: to keep every row would cost more memory traffic than it saves arithmetic.
        let row = kernel.row(&x, inputs, i);
        let b: Vec<f64> = (0..i).map(|j| alpha[i] * alpha[j] - precision[[i, j]]).collect();
        let c: Vec<f64> = b.iter().zip(&row.slope).map(|(b, s)| b * s).collect();
        radius += kernel.add_log_slopes(&x, inputs, &c, &mut lengths, &mut weights);
        let own = alpha[i] * alpha[i] - precision[[i, i]];
        let others: f64 = b.iter().zip(&row.value).map(|(b, k)| b * k).sum();
        signal += others + 0.5 * own * kernel.variance();
        if data.noise[i].is_none() && data.noise_of(i, hyper.noise()) == hyper.noise() {
            gradient[shared + NOISE] -= 0.5 * own * hyper.noise();
        }
    }
    if hyper.family() == Family::Rational {
        gradient[shared + RADIUS_WEIGHT] -= radius;
    }
    gradient[shared + SIGNAL] -= signal;
    for j in 0..d {
        gradient[j] -= lengths[j];
        if !hyper.log_weights().is_empty() {
            gradient[d + j] -= weights[j];
        }
    }
    Ok(value)
}

/// The best constant mean, and L⁻¹ (y − mean).
pub(super) fn whitened_residual(y: &[f64], factor: &Factor) -> (f64, Array1<f64>) {
    let ones = factor.whiten(&vec![1.0; y.len()]);
    let values = factor.whiten(y);
    let mean = ones.dot(&values) / ones.dot(&ones);
    (mean, values - mean * ones)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::Bowl;
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
        let cases = [(12, 3, false), (15, 6, true), (2, 1, false), (23, 5, false)];
        let all = cases.into_iter().flat_map(|case| Family::ALL.map(|family| (case, family)));
        for ((n, d, known), family) in all {
            let data = random_data(n, d, n as u64, known);
            let bowl = Bowl::about((0..d).map(|j| 0.3 + 0.1 * j as f64).collect());
            let mut theta = Hyper::initial(family, d).vector().to_vec();
            for (k, t) in theta.iter_mut().enumerate() {
                *t += 0.3 * (k as f64).sin();
            }
            let at = |theta: &[f64]| {
                let hyper = Hyper::from_vector(family, theta.to_vec(), bowl.clone()).unwrap();
                negative_log_posterior(&data, &hyper, &mut vec![0.0; theta.len()]).unwrap()
            };
            let mut gradient = vec![0.0; theta.len()];
            let hyper = Hyper::from_vector(family, theta.clone(), bowl.clone()).unwrap();
            negative_log_posterior(&data, &hyper, &mut gradient).unwrap();
            for k in 0..theta.len() {
                let step = 1e-5;
                let (mut up, mut down) = (theta.clone(), theta.clone());
                up[k] += step;
                down[k] -= step;
                let slope = (at(&up) - at(&down)) / (2.0 * step);
                let error = (slope - gradient[k]).abs() / slope.abs().max(1.0);
                assert!(
                    error < 1e-6,
                    "{family:?} n={n} d={d} theta[{k}]: {slope} against {}",
                    gradient[k]
                );
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
        let start = Hyper::initial(Family::Rational, 6);
        let fitted = fit(&data, &start).unwrap();
        let value =
            |h: &Hyper| negative_log_posterior(&data, h, &mut vec![0.0; h.vector().len()]).unwrap();
        assert!(value(&fitted) < value(&start) - 10.0);
        let weights = fitted.weights();
        let others = weights.iter().enumerate().filter(|(j, _)| *j != 1).map(|(_, w)| *w);
        assert!(weights[1] > 5.0 * others.fold(0.0, f64::max), "{weights:?}");
    }
}
