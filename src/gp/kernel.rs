//! The covariance of a process: a product of saturating factors, one per coordinate.
//!
//! k(x, x') = s² exp(−Σ_j w_j r_j − w_ρ r_ρ), r = u / (1 + u), u_j = (x_j − x'_j)² / (2 l_j²).
//!
//! Each coordinate lowers the correlation by exp(−w_j) at most, however far apart the points are, as
//! in an additive model; so correlations reach across a cube of 100 dimensions, where a squared
//! exponential sees nothing. The further feature ρ is the standardised squared distance from the
//! centre of the cube, with a fixed long length: it lets the process carry a global quadratic trend.

use super::hyper::{Hyper, RADIUS_WEIGHT};

/// A kernel with its constants worked out.
#[derive(Debug, Clone)]
pub struct Kernel {
    weights: Vec<f64>,
    /// 1 / (2 l²).
    scales: Vec<f64>,
    radius_weight: f64,
    radius_scale: f64,
    /// s².
    pub signal: f64,
}

impl Kernel {
    pub fn new(hyper: &Hyper) -> Self {
        let d = hyper.dimension() as f64;
        Self {
            weights: hyper.weights(),
            scales: hyper.lengths().iter().map(|l| 0.5 / (l * l)).collect(),
            radius_weight: hyper.shared(RADIUS_WEIGHT).exp(),
            // Length √(1.25 d): ρ has unit variance, and a length of some standard deviations makes
            // the feature all but quadratic over the cube.
            radius_scale: 0.5 / (1.25 * d),
            signal: hyper.signal(),
        }
    }

    /// ρ(x): squared distance from the centre of the cube, standardised for a uniform x.
    pub fn radius(x: &[f64]) -> f64 {
        let d = x.len() as f64;
        let squared: f64 = x.iter().map(|x| (x - 0.5) * (x - 0.5)).sum();
        (squared - d / 12.0) / (d / 180.0).sqrt()
    }

    /// The saturations r_j of a pair into `r` (length d); returns that of ρ.
    pub fn saturations(&self, a: &[f64], b: &[f64], rho_a: f64, rho_b: f64, r: &mut [f64]) -> f64 {
        for (((r, a), b), scale) in r.iter_mut().zip(a).zip(b).zip(&self.scales) {
            let u = (a - b) * (a - b) * scale;
            *r = u / (1.0 + u);
        }
        let u = (rho_a - rho_b) * (rho_a - rho_b) * self.radius_scale;
        u / (1.0 + u)
    }

    /// The covariance of a pair with these saturations.
    pub fn value(&self, r: &[f64], r_rho: f64) -> f64 {
        // Four sums side by side: one alone would wait for every addition.
        let mut sums = [0.0; 4];
        let (r4, w4) = (r.chunks_exact(4), self.weights.chunks_exact(4));
        let rest: f64 = r4.remainder().iter().zip(w4.remainder()).map(|(r, w)| r * w).sum();
        for (r, w) in r4.zip(w4) {
            for k in 0..4 {
                sums[k] += r[k] * w[k];
            }
        }
        let exponent = sums.iter().sum::<f64>() + rest + self.radius_weight * r_rho;
        self.signal * (-exponent).exp()
    }

    /// Adds `weight` · ∂ log k / ∂ (log weights, log lengths, log radius weight) of a pair, without
    /// the factors w_j that [`Kernel::finish_log_gradient`] supplies.
    pub fn add_log_gradient(weight: f64, r: &[f64], r_rho: f64, sums: &mut LogGradient) {
        for ((w, l), r) in sums.weights.iter_mut().zip(&mut sums.lengths).zip(r) {
            let t = weight * r;
            *w -= t;
            *l += t * (1.0 - r);
        }
        sums.radius -= weight * r_rho;
    }

    /// Multiplies the sums of [`Kernel::add_log_gradient`] by what they have in common.
    pub fn finish_log_gradient(&self, sums: &mut LogGradient) {
        for ((w, l), weight) in sums.weights.iter_mut().zip(&mut sums.lengths).zip(&self.weights) {
            *w *= weight;
            *l *= 2.0 * weight;
        }
        sums.radius *= self.radius_weight;
    }

    /// Factors that turn sums over (1 − r_j)² (x_j − x'_j) into derivatives with respect to x_j:
    /// ∂k/∂x_j = −k · factor_j · (1 − r_j)² (x_j − x'_j), without the part of ρ.
    pub fn slope_factors(&self) -> Vec<f64> {
        self.weights.iter().zip(&self.scales).map(|(w, s)| 2.0 * w * s).collect()
    }

    /// ∂k/∂ρ(x) = −k · this · (1 − r_ρ)² (ρ − ρ').
    pub fn radius_slope_factor(&self) -> f64 {
        2.0 * self.radius_weight * self.radius_scale
    }
}

/// Sums of derivatives of log k over pairs.
#[derive(Debug, Clone)]
pub struct LogGradient {
    pub weights: Vec<f64>,
    pub lengths: Vec<f64>,
    pub radius: f64,
}

impl LogGradient {
    pub fn zeros(d: usize) -> Self {
        Self { weights: vec![0.0; d], lengths: vec![0.0; d], radius: 0.0 }
    }
}
