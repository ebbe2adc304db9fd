//! What the process says about points not yet seen.

use super::data::{Data, NOISE_FLOOR};
use super::factor::{Factor, NotPositive};
use super::fit::{covariance, whitened_residual};
use super::hyper::Hyper;
use super::inputs::Inputs;
use super::kernel::Kernel;
use ndarray::{Array2, aview1};

/// Least predictive variance, on the standardised scale.
const VARIANCE_FLOOR: f64 = 1e-12;
/// Largest factor by which variances are widened after a look at the leave-one-out residuals.
const MOST_INFLATION: f64 = 9.0;

/// A process conditioned on data.
#[derive(Debug, Clone)]
pub struct Posterior {
    inputs: Inputs,
    /// Of the observations; not of what is believed.
    y: Vec<f64>,
    kernel: Kernel,
    factor: Factor,
    alpha: Vec<f64>,
    mean: f64,
    /// Inferred variance of the noise.
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
        let inputs = data.inputs(hyper.bowl());
        let factor = Factor::new(&covariance(data, &inputs, hyper, &kernel), kernel.variance())?;
        let noise = if data.infers_noise() { hyper.noise() } else { NOISE_FLOOR };
        let y = data.y.to_vec();
        let (alpha, mean, inflation) = (vec![], 0.0, 1.0);
        let mut new = Self { inputs, y, kernel, factor, alpha, mean, noise, inflation };
        new.settle();
        Ok(new)
    }

    /// Conditions on one more observation, whose noise variance may be known, in O(n²). What is only
    /// believed is forgotten.
    pub fn observe(&mut self, x: &[f64], y: f64, noise: Option<f64>) {
        self.forget_beliefs();
        let noise = noise.unwrap_or(self.noise).max(NOISE_FLOOR);
        self.extend(x, noise);
        self.y.push(y);
        self.settle();
    }

    /// Conditions further on the process's own mean at `x`: what will be measured there is unknown,
    /// but that it will be measured is known ("kriging believer", Ginsbourger et al. 2010). Means
    /// stay as they are, variances shrink. Returns that mean.
    pub fn believe(&mut self, x: &[f64]) -> f64 {
        let mean = self.extend(x, self.noise);
        self.alpha.push(0.0);
        mean
    }

    /// Takes [`Posterior::believe`] back.
    pub fn forget_beliefs(&mut self) {
        let n = self.y.len();
        self.inputs.truncate(n);
        self.factor.truncate(n);
        self.alpha.truncate(n);
    }

    /// What had to be added to every variance so that numbers allow the covariance, as a share of the process's
    /// own; 0 as a rule.
    pub fn jitter(&self) -> f64 {
        self.factor.jitter() / self.kernel.variance()
    }

    /// The observations, standardised, in the order in which they came.
    pub fn observations(&self) -> &[f64] {
        &self.y
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    fn extend(&mut self, x: &[f64], noise: f64) -> f64 {
        let row = self.kernel.row(x, &self.inputs, self.inputs.len());
        let mean = self.mean + dot(&row.value, &self.alpha);
        self.factor.extend(&row.value, self.kernel.variance() + noise, noise);
        self.inputs.push(x, self.kernel.radius(x));
        mean
    }

    /// Works out what depends on all observations.
    fn settle(&mut self) {
        let (mean, residual) = whitened_residual(&self.y, &self.factor);
        self.mean = mean;
        self.alpha = self.factor.unwhiten(&residual).to_vec();
        self.inflation = inflation(&self.factor, &self.alpha);
    }

    /// Mean and standard deviation at `x` (length d).
    pub fn predict(&self, x: &[f64]) -> Prediction {
        let row = self.kernel.row(x, &self.inputs, self.inputs.len());
        let whitened = self.factor.whiten(&row.value);
        let mean = self.mean + dot(&row.value, &self.alpha);
        Prediction { mean, sd: self.widened(self.kernel.variance() - whitened.dot(&whitened)) }
    }

    /// The same at many points, in products of matrices.
    pub fn predict_all(&self, points: &[Vec<f64>]) -> Vec<Prediction> {
        let n = self.inputs.len();
        let mut rows = Array2::zeros((points.len(), n));
        for (x, mut row) in points.iter().zip(rows.rows_mut()) {
            row.assign(&aview1(&self.kernel.row(x, &self.inputs, n).value));
        }
        let means = rows.dot(&aview1(&self.alpha));
        let whitened = rows.dot(&self.factor.inverse().t());
        let each = points.iter().zip(means).zip(whitened.rows());
        each.map(|((_, mean), whitened)| Prediction {
            mean: self.mean + mean,
            sd: self.widened(self.kernel.variance() - whitened.dot(&whitened)),
        })
        .collect()
    }

    /// Means alone at many points, for a small part of the price.
    pub fn means<'a>(&self, points: impl Iterator<Item = &'a [f64]>) -> Vec<f64> {
        let mean = |x: &[f64]| {
            let row = self.kernel.row(x, &self.inputs, self.inputs.len());
            self.mean + dot(&row.value, &self.alpha)
        };
        points.map(mean).collect()
    }

    /// The same at one point with ∂μ/∂x and ∂σ/∂x (length d each).
    pub fn predict_with_gradient(&self, x: &[f64], dmean: &mut [f64], dsd: &mut [f64]) -> Prediction {
        let row = self.kernel.row(x, &self.inputs, self.inputs.len());
        let whitened = self.factor.whiten(&row.value);
        let solved = self.factor.unwhiten(&whitened);
        let mean = self.mean + dot(&row.value, &self.alpha);
        let raw = self.kernel.variance() - whitened.dot(&whitened);
        let sd = self.widened(raw);
        let solved = solved.as_slice().expect("one row");
        self.kernel.slopes(x, &self.inputs, &row, (&self.alpha, solved), (&mut *dmean, &mut *dsd));
        // At the floor the standard deviation is constant.
        let to_sd = if raw > VARIANCE_FLOOR { 0.5 * self.inflation / sd } else { 0.0 };
        dsd.iter_mut().for_each(|slope| *slope *= -2.0 * to_sd);
        Prediction { mean, sd }
    }

    /// Variance of the inferred noise, on the standardised scale.
    pub fn noise(&self) -> f64 {
        self.noise
    }

    /// Log density (less ½ log 2π) of each observation, given all others.
    pub fn leave_one_out(&self) -> Vec<f64> {
        let log = |(a, precision): (&f64, f64)| 0.5 * (precision.ln() - a * a / precision);
        self.alpha.iter().zip(precisions(&self.factor)).map(log).collect()
    }

    /// Mean and standard deviation of what each observation was expected to be, given all others (Rasmussen
    /// and Williams 2006, section 5.4.2), noise included; standardised, in the order of the data. Nothing may
    /// be believed.
    pub fn left_out(&self) -> Vec<Prediction> {
        let each = self.y.iter().zip(&self.alpha).zip(precisions(&self.factor));
        each.map(|((y, a), p)| Prediction { mean: y - a / p, sd: self.widened(1.0 / p) }).collect()
    }

    fn widened(&self, variance: f64) -> f64 {
        (self.inflation * variance.max(VARIANCE_FLOOR)).sqrt()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    aview1(a).dot(&aview1(b))
}

/// Diagonal of K⁻¹.
fn precisions(factor: &Factor) -> Vec<f64> {
    let inverse = factor.inverse();
    let mut sums = vec![0.0; factor.len()];
    for (i, row) in inverse.rows().into_iter().enumerate() {
        for (sum, l) in sums.iter_mut().zip(row).take(i + 1) {
            *sum += l * l;
        }
    }
    sums
}

/// Mean squared leave-one-out residual in units of its standard deviation, at least 1: a process
/// that was too sure of its own data is made less sure elsewhere. With K⁻¹ = P, the residual of
/// observation i left out is α_i / P_ii and its variance 1 / P_ii.
fn inflation(factor: &Factor, alpha: &[f64]) -> f64 {
    let squares = alpha.iter().zip(precisions(factor)).map(|(a, p)| a * a / p);
    (squares.sum::<f64>() / alpha.len() as f64).clamp(1.0, MOST_INFLATION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gp::{Bowl, Family};
    use rand::RngExt;

    fn hyper(family: Family, d: usize) -> Hyper {
        let mut theta = Hyper::initial(family, d).vector().to_vec();
        for (k, t) in theta.iter_mut().enumerate() {
            *t += 0.4 * (1.0 + k as f64).sin();
        }
        let bowl = Bowl::about((0..d).map(|j| 0.4 + 0.1 * j as f64).collect());
        Hyper::from_vector(family, theta, bowl).unwrap()
    }

    fn data(n: usize, d: usize) -> Data {
        let mut rng = crate::rng::stream(4, "test", n as u64);
        let points: Vec<Vec<f64>> =
            (0..n).map(|_| (0..d).map(|_| rng.random::<f64>()).collect()).collect();
        let values: Vec<f64> = points.iter().map(|p| (4.0 * p[0]).cos() + p[d - 1]).collect();
        let slices: Vec<&[f64]> = points.iter().map(Vec::as_slice).collect();
        Data::new(&slices, &values, &vec![None; n]).0
    }

    /// k(a, b) written out from the module page of `kernel`.
    fn covariance_by_hand(h: &Hyper, a: &[f64], b: &[f64]) -> f64 {
        // Mean and variance of (x − c)² for a uniform x: ∫(x − c)² and ∫(x − c)⁴ less the square.
        let c = |j: usize| 0.4 + 0.1 * j as f64;
        let power = |c: f64, p: i32| ((1.0 - c).powi(p) + c.powi(p)) / f64::from(p);
        let mean = |j: usize| power(c(j), 3);
        let spread = (0..a.len()).map(|j| power(c(j), 5) - mean(j).powi(2)).sum::<f64>().sqrt();
        let rho =
            |x: &[f64]| (0..x.len()).map(|j| (x[j] - c(j)).powi(2) - mean(j)).sum::<f64>() / spread;
        let ratio = |u: f64| u / (1.0 + u);
        let square = |j: usize| ((a[j] - b[j]) / h.lengths()[j]).powi(2);
        if h.family() == Family::Matern {
            let r = (0..a.len()).map(square).sum::<f64>().sqrt();
            let root = 5.0_f64.sqrt();
            return h.signal() * (1.0 + root * r + 5.0 * r * r / 3.0) * (-root * r).exp();
        }
        let mut sum: f64 = (0..a.len()).map(|j| h.weights()[j] * ratio(0.5 * square(j))).sum();
        let w_rho = match h.family() {
            Family::Rational => h.shared(crate::gp::hyper::RADIUS_WEIGHT).exp(),
            _ => 0.0,
        };
        sum += w_rho * ratio((rho(a) - rho(b)).powi(2) / (2.0 * 1.25 * a.len() as f64));
        h.signal() * (-sum).exp()
    }

    #[test]
    fn two_observations_give_the_closed_form() {
        for (family, d) in Family::ALL.into_iter().flat_map(|f| [(f, 2), (f, 3)]) {
            let (h, data) = (hyper(family, d), data(2, d));
            let (a, b) = (data.x.row(0).to_vec(), data.x.row(1).to_vec());
            let x = &[0.3, 0.8, 0.6][..d];
            let k = |p: &[f64], q: &[f64]| covariance_by_hand(&h, p, q);
            let (kab, kxa, kxb) = (k(&a, &b), k(x, &a), k(x, &b));
            let (va, vb) = (k(&a, &a) + h.noise(), k(&b, &b) + h.noise());
            let det = va * vb - kab * kab;
            // K⁻¹ = P, and the mean that generalised least squares gives.
            let (paa, pab, pbb) = (vb / det, -kab / det, va / det);
            let (ya, yb) = (data.y[0], data.y[1]);
            let mean = (ya * (paa + pab) + yb * (pab + pbb)) / (paa + 2.0 * pab + pbb);
            let (ra, rb) = (ya - mean, yb - mean);
            let (aa, ab) = (paa * ra + pab * rb, pab * ra + pbb * rb);
            let expected = mean + kxa * aa + kxb * ab;
            let quadratic = kxa * kxa * paa + 2.0 * kxa * kxb * pab + kxb * kxb * pbb;
            let loo = 0.5 * (aa * aa / paa + ab * ab / pbb);
            let sd = (loo.clamp(1.0, 9.0) * (k(x, x) - quadratic)).sqrt();
            let posterior = Posterior::new(&data, &h).unwrap();
            let found = posterior.predict(x);
            assert!((found.mean - expected).abs() < 1e-10, "{family:?}: {found:?} {expected}");
            assert!((found.sd - sd).abs() < 1e-10, "{family:?}: {found:?} against {sd}");
            let score = |p: f64, a: f64| 0.5 * p.ln() - 0.5 * a * a / p;
            let scores = posterior.leave_one_out();
            assert!((scores[0] - score(paa, aa)).abs() < 1e-10);
            assert!((scores[1] - score(pbb, ab)).abs() < 1e-10);
        }
    }

    #[test]
    fn what_is_left_out_is_predicted_as_by_a_process_without_it() {
        for family in Family::ALL {
            let (h, all) = (hyper(family, 3), data(15, 3));
            let whole = Posterior::new(&all, &h).unwrap();
            for (i, left) in whole.left_out().into_iter().enumerate() {
                let others = Posterior::new(&all.take((0..15).filter(|k| *k != i)), &h).unwrap();
                let there = others.predict(&all.x.row(i).to_vec());
                // Its mean is a part of the fit: where it is only estimated, it has a variance, too.
                assert!((left.mean - there.mean).abs() < 0.05, "{family:?} {i}: {left:?} {there:?}");
                let variance = |sd: f64, p: &Posterior| sd * sd / p.inflation;
                let want = variance(there.sd, &others) + h.noise();
                let found = variance(left.sd, &whole);
                assert!((found - want).abs() < 0.02 * want, "{family:?} {i}: {found} {want}");
            }
        }
    }

    #[test]
    fn gradients_agree_with_central_differences() {
        for (family, d) in Family::ALL.into_iter().flat_map(|f| [(f, 5), (f, 2)]) {
            let posterior = Posterior::new(&data(21, d), &hyper(family, d)).unwrap();
            let x: Vec<f64> = (0..d).map(|j| 0.15 + 0.17 * j as f64).collect();
            let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
            let there = posterior.predict_with_gradient(&x, &mut dmean, &mut dsd);
            assert_eq!(there, posterior.predict(&x));
            let among_others = posterior.predict_all(&[vec![0.5; d], x.clone()])[1];
            assert!((there.mean - among_others.mean).abs() < 1e-12);
            assert_eq!(posterior.means([x.as_slice()].into_iter()), [there.mean]);
            assert!((there.sd - among_others.sd).abs() < 1e-10);
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
    }

    /// The first `n` of `data`.
    fn first(data: &Data, n: usize) -> Data {
        Data {
            x: data.x.slice(ndarray::s![..n, ..]).to_owned(),
            y: data.y.slice(ndarray::s![..n]).to_owned(),
            noise: data.noise[..n].to_vec(),
        }
    }

    #[test]
    fn observing_and_believing_equal_conditioning_anew() {
        for family in Family::ALL {
            let (h, mut all) = (hyper(family, 3), data(40, 3));
            all.noise[30] = Some(0.3);
            let mut growing = Posterior::new(&first(&all, 10), &h).unwrap();
            for i in 10..39 {
                growing.believe(&[0.5, 0.1, 0.01 * i as f64]);
                growing.observe(&all.x.row(i).to_vec(), all.y[i], all.noise[i]);
            }
            let new = all.x.row(39).to_vec();
            let before = growing.predict(&new);
            let mean = growing.believe(&new);
            assert!((mean - before.mean).abs() < 1e-12);
            all.y[39] = mean;
            let anew = Posterior::new(&all, &h).unwrap();
            for x in [[0.2, 0.4, 0.9], [0.5, 0.1, 0.3], [0.21, 0.42, 0.88]] {
                let (a, b) = (growing.predict(&x), anew.predict(&x));
                // The believed value leaves the mean of the process where it was.
                assert!((a.mean - b.mean).abs() < 1e-8, "{a:?} {b:?}");
                let widening = (growing.inflation / anew.inflation).sqrt();
                assert!((a.sd - b.sd * widening).abs() < 1e-8, "{a:?} {b:?}");
            }
            assert!(growing.predict(&new).sd < before.sd);
            growing.forget_beliefs();
            assert_eq!(growing.predict(&new), before);
        }
    }
}
