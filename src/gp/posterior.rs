//! What the process says about points not yet seen.

use super::data::Data;
use super::factor::{Factor, NotPositive};
use super::fit::{covariance, rows, whitened_residual};
use super::hyper::Hyper;
use super::kernel::Kernel;
use ndarray::{Array2, Axis, concatenate};

/// Least predictive variance, on the standardised scale.
const VARIANCE_FLOOR: f64 = 1e-12;
/// Largest factor by which variances are widened after a look at the leave-one-out residuals.
const MOST_INFLATION: f64 = 9.0;

/// A process conditioned on data.
#[derive(Debug, Clone)]
pub struct Posterior {
    x: Array2<f64>,
    rho: Vec<f64>,
    kernel: Kernel,
    factor: Factor,
    alpha: Vec<f64>,
    mean: f64,
    noise: f64,
    inflation: f64,
}

/// Mean and standard deviation of the process at a point, noise not included, standardised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// μ.
    pub mean: f64,
    /// σ > 0.
    pub sd: f64,
}

impl Posterior {
    /// Conditions on `data` with the given hyperparameters.
    ///
    /// # Errors
    /// The covariance is not positive definite.
    pub fn new(data: &Data, hyper: &Hyper) -> Result<Self, NotPositive> {
        let kernel = Kernel::new(hyper);
        let (covariance, rho) = covariance(data, hyper, &kernel);
        let factor = Factor::new(&covariance, kernel.signal)?;
        let (mean, residual) = whitened_residual(data, &factor);
        let alpha = factor.unwhiten(&residual).to_vec();
        let inflation = inflation(&factor, &alpha);
        let noise = if data.infers_noise() { hyper.noise() } else { super::data::NOISE_FLOOR };
        Ok(Self { x: data.x.clone(), rho, kernel, factor, alpha, mean, noise, inflation })
    }

    /// Mean and standard deviation at `x` (length d).
    pub fn predict(&self, x: &[f64]) -> Prediction {
        let k = self.cross_covariance(x);
        let whitened = self.factor.whiten(&k);
        let mean = self.mean + k.iter().zip(&self.alpha).map(|(k, a)| k * a).sum::<f64>();
        Prediction { mean, sd: self.widened(self.kernel.signal - whitened.dot(&whitened)) }
    }

    /// The same with ∂μ/∂x and ∂σ/∂x (length d each).
    pub fn predict_with_gradient(&self, x: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> Prediction {
        let k = self.cross_covariance(x);
        let whitened = self.factor.whiten(&k);
        let solved = self.factor.unwhiten(whitened.as_slice().expect("one row"));
        let mean = self.mean + k.iter().zip(&self.alpha).map(|(k, a)| k * a).sum::<f64>();
        let raw = self.kernel.signal - whitened.dot(&whitened);
        let sd = self.widened(raw);

        dmean.fill(0.0);
        dsd.fill(0.0);
        let rho = Kernel::radius(x);
        let (mut mean_radius, mut variance_radius) = (0.0, 0.0);
        let mut r = vec![0.0; x.len()];
        for (i, row) in rows(&self.x).into_iter().enumerate() {
            let r_rho = self.kernel.saturations(x, row, rho, self.rho[i], &mut r);
            let for_mean = -self.alpha[i] * k[i];
            let for_variance = 2.0 * solved[i] * k[i];
            for ((((dm, dv), r), x), xi) in dmean.iter_mut().zip(&mut *dsd).zip(&r).zip(x).zip(row) {
                let slope = (1.0 - r) * (1.0 - r) * (x - xi);
                *dm += for_mean * slope;
                *dv += for_variance * slope;
            }
            let slope = (1.0 - r_rho) * (1.0 - r_rho) * (rho - self.rho[i]);
            mean_radius += for_mean * slope;
            variance_radius += for_variance * slope;
        }
        let radius_factor = self.kernel.radius_slope_factor();
        let to_radius = 2.0 / (x.len() as f64 / 180.0).sqrt();
        // At the floor the standard deviation is constant.
        let to_sd = if raw > VARIANCE_FLOOR { 0.5 * self.inflation / sd } else { 0.0 };
        for (j, factor) in self.kernel.slope_factors().into_iter().enumerate() {
            let radius = radius_factor * to_radius * (x[j] - 0.5);
            dmean[j] = factor * dmean[j] + radius * mean_radius;
            dsd[j] = to_sd * (factor * dsd[j] + radius * variance_radius);
        }
        Prediction { mean, sd }
    }

    /// Conditions further on the process's own mean at `x`: what will be measured there is unknown,
    /// but that it will be measured is known ("kriging believer", Ginsbourger et al. 2010). Means
    /// stay as they are, variances shrink. Returns that mean.
    pub fn believe(&mut self, x: &[f64]) -> f64 {
        let k = self.cross_covariance(x);
        let row = self.factor.whiten(&k);
        let mean = self.mean + k.iter().zip(&self.alpha).map(|(k, a)| k * a).sum::<f64>();
        let rest = self.kernel.signal + self.noise - row.dot(&row);
        let pivot = rest.max(self.noise).sqrt();
        let n = self.alpha.len();
        let solved = self.factor.unwhiten(row.as_slice().expect("one row"));
        let mut inverse = Array2::zeros((n + 1, n + 1));
        inverse.slice_mut(ndarray::s![..n, ..n]).assign(&self.factor.inverse);
        for (j, s) in solved.iter().enumerate() {
            inverse[[n, j]] = -s / pivot;
        }
        inverse[[n, n]] = 1.0 / pivot;
        self.factor = Factor { inverse, log_det: self.factor.log_det + 2.0 * pivot.ln() };
        let new = ndarray::ArrayView2::from_shape((1, x.len()), x).expect("one row");
        self.x = concatenate![Axis(0), self.x.view(), new];
        self.rho.push(Kernel::radius(x));
        self.alpha.push(0.0);
        mean
    }

    /// Variance of the inferred noise, on the standardised scale.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    fn cross_covariance(&self, x: &[f64]) -> Vec<f64> {
        let rho = Kernel::radius(x);
        let mut r = vec![0.0; x.len()];
        let value = |(i, row): (usize, &[f64])| {
            let r_rho = self.kernel.saturations(x, row, rho, self.rho[i], &mut r);
            self.kernel.value(&r, r_rho)
        };
        rows(&self.x).into_iter().enumerate().map(value).collect()
    }

    fn widened(&self, variance: f64) -> f64 {
        (self.inflation * variance.max(VARIANCE_FLOOR)).sqrt()
    }
}

/// Mean squared leave-one-out residual in units of its standard deviation, at least 1: a process
/// that was too sure of its own data is made less sure elsewhere. With K⁻¹ = P, the residual of
/// observation i left out is α_i / P_ii and its variance 1 / P_ii.
fn inflation(factor: &Factor, alpha: &[f64]) -> f64 {
    let n = alpha.len() as f64;
    let squared = |(i, a): (usize, &f64)| {
        let precision: f64 = factor.inverse.column(i).iter().map(|l| l * l).sum();
        a * a / precision
    };
    let mean = alpha.iter().enumerate().map(squared).sum::<f64>() / n;
    mean.clamp(1.0, MOST_INFLATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    fn hyper(d: usize) -> Hyper {
        let mut theta = Hyper::initial(d).vector().to_vec();
        for (k, t) in theta.iter_mut().enumerate() {
            *t += 0.4 * (1.0 + k as f64).sin();
        }
        Hyper::from_vector(theta).unwrap()
    }

    fn data(n: usize, d: usize) -> Data {
        let mut rng = crate::rng::stream(4, "test", n as u64);
        let points: Vec<Vec<f64>> =
            (0..n).map(|_| (0..d).map(|_| rng.random::<f64>()).collect()).collect();
        let values: Vec<f64> = points.iter().map(|p| (4.0 * p[0]).cos() + p[d - 1]).collect();
        let slices: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        Data::new(&slices, &values, &vec![None; n]).0
    }

    /// k(a, b) written out from the module page of `kernel`, for one coordinate pair at a time.
    fn covariance_by_hand(h: &Hyper, a: &[f64], b: &[f64]) -> f64 {
        let d = a.len() as f64;
        let rho = |x: &[f64]| {
            (x.iter().map(|x| (x - 0.5).powi(2)).sum::<f64>() - d / 12.0) / (d / 180.0).sqrt()
        };
        let ratio = |u: f64| u / (1.0 + u);
        let mut sum = 0.0;
        for j in 0..a.len() {
            sum += h.weights()[j] * ratio((a[j] - b[j]).powi(2) / (2.0 * h.lengths()[j].powi(2)));
        }
        let w_rho = h.vector()[2 * a.len()].exp();
        sum += w_rho * ratio((rho(a) - rho(b)).powi(2) / (2.0 * 1.25 * d));
        h.signal() * (-sum).exp()
    }

    #[test]
    fn two_observations_give_the_closed_form() {
        let (h, data) = (hyper(2), data(2, 2));
        let (a, b) = (data.x.row(0).to_vec(), data.x.row(1).to_vec());
        let x = [0.3, 0.8];
        let kab = covariance_by_hand(&h, &a, &b);
        let (kxa, kxb) = (covariance_by_hand(&h, &x, &a), covariance_by_hand(&h, &x, &b));
        let diagonal = h.signal() + h.noise();
        let det = diagonal * diagonal - kab * kab;
        // Both points are alike to the mean, so it is their average.
        let mean = 0.5 * (data.y[0] + data.y[1]);
        let (ya, yb) = (data.y[0] - mean, data.y[1] - mean);
        let expected =
            mean + (kxa * (diagonal * ya - kab * yb) + kxb * (diagonal * yb - kab * ya)) / det;
        let quadratic = (diagonal * (kxa * kxa + kxb * kxb) - 2.0 * kab * kxa * kxb) / det;
        // P_ii = diagonal / det on both sides.
        let alpha = [(diagonal * ya - kab * yb) / det, (diagonal * yb - kab * ya) / det];
        let loo = 0.5 * (alpha[0].powi(2) + alpha[1].powi(2)) / (diagonal / det);
        let sd = (loo.clamp(1.0, 9.0) * (h.signal() - quadratic)).sqrt();
        let found = Posterior::new(&data, &h).unwrap().predict(&x);
        assert!((found.mean - expected).abs() < 1e-10, "{found:?} against {expected}");
        assert!((found.sd - sd).abs() < 1e-10, "{found:?} against {sd}");
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        let d = 5;
        let posterior = Posterior::new(&data(20, d), &hyper(d)).unwrap();
        let x: Vec<f64> = (0..d).map(|j| 0.15 + 0.17 * j as f64).collect();
        let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
        let there = posterior.predict_with_gradient(&x, &mut dmean, &mut dsd);
        assert_eq!(there, posterior.predict(&x));
        for j in 0..d {
            let step = 1e-6;
            let (mut up, mut down) = (x.clone(), x.clone());
            up[j] += step;
            down[j] -= step;
            let (up, down) = (posterior.predict(&up), posterior.predict(&down));
            let mean = (up.mean - down.mean) / (2.0 * step);
            let sd = (up.sd - down.sd) / (2.0 * step);
            assert!((mean - dmean[j]).abs() < 1e-6 * mean.abs().max(1.0), "{mean} {}", dmean[j]);
            assert!((sd - dsd[j]).abs() < 1e-6 * sd.abs().max(1.0), "{sd} {}", dsd[j]);
        }
    }

    #[test]
    fn believing_equals_conditioning_anew() {
        let (h, data) = (hyper(3), data(10, 3));
        let mut believing = Posterior::new(&data, &h).unwrap();
        let new = [0.2, 0.4, 0.9];
        let mean = believing.believe(&new);
        let x = concatenate![Axis(0), data.x.view(), ndarray::aview2(&[new])];
        let mut y = data.y.to_vec();
        y.push(mean);
        let extended = Data { x, y: y.into(), noise: vec![None; 11] };
        let anew = Posterior::new(&extended, &h).unwrap();
        for x in [[0.2, 0.4, 0.9], [0.5, 0.1, 0.3], [0.21, 0.42, 0.88]] {
            let (a, b) = (believing.predict(&x), anew.predict(&x));
            // The mean of the process is re-estimated, the believed value leaves it where it was.
            assert!((a.mean - b.mean).abs() < 1e-9, "{a:?} {b:?}");
            let widening = (believing.inflation / anew.inflation).sqrt();
            assert!((a.sd - b.sd * widening).abs() < 1e-9, "{a:?} {b:?}");
        }
        assert!(believing.predict(&new).sd < Posterior::new(&data, &h).unwrap().predict(&new).sd);
    }
}
