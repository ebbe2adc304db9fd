//! Covariances.
//!
//! *Rational*: k(x, x') = s² exp(−Σ_j w_j r_j − w_ρ r_ρ), r = u / (1 + u), u_j = (x_j − x'_j)² / (2 l_j²).
//! Each coordinate lowers the correlation by exp(−w_j) at most, however far apart the points are, as
//! in an additive model; so correlations reach across a cube of 100 dimensions, where a squared
//! exponential sees nothing. The further feature ρ is the standardised squared distance from a point
//! ([`Bowl`]), with a fixed long length: it lets the process carry a global quadratic trend.
//!
//! *Sparse* is the same without ρ, and with another prior (see `prior`).
//!
//! *Matérn 5/2*: k(x, x') = s² (1 + √5 r + 5 r²/3) exp(−√5 r), r² = Σ_j (x_j − x'_j)² / l_j².

use super::hyper::{Bowl, Family, Hyper, RADIUS_WEIGHT};
use super::inputs::Inputs;
use super::loops;

/// A kernel with its constants worked out.
#[derive(Debug, Clone)]
pub struct Kernel {
    family: Family,
    /// 1 / (2 l²); for Matérn 1 / l².
    scales: Vec<f64>,
    weights: Vec<f64>,
    bowl: Bowl,
    radius_weight: f64,
    radius_scale: f64,
    signal: f64,
}

/// Covariances of one point with others.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// k.
    pub value: Vec<f64>,
    /// ∂k/∂e, where e is the sum over coordinates that the form is a function of.
    pub slope: Vec<f64>,
}

impl Kernel {
    pub fn new(hyper: &Hyper) -> Self {
        let d = hyper.dimension() as f64;
        let half = if hyper.family() == Family::Matern { 1.0 } else { 0.5 };
        Self {
            family: hyper.family(),
            scales: hyper.log_lengths().iter().map(|l| half * (-2.0 * l).exp()).collect(),
            weights: hyper.weights(),
            bowl: hyper.bowl().clone(),
            radius_weight: if hyper.family() == Family::Rational {
                hyper.shared(RADIUS_WEIGHT).exp()
            } else {
                0.0
            },
            // Length √(1.25 d): ρ has unit variance, and a length of some standard deviations makes
            // the feature all but quadratic over the cube.
            radius_scale: 0.5 / (1.25 * d),
            signal: hyper.signal(),
        }
    }

    /// k(x, x).
    pub fn variance(&self) -> f64 {
        self.signal
    }

    /// ρ(x).
    pub fn radius(&self, x: &[f64]) -> f64 {
        self.bowl.value(x)
    }

    /// Covariances of `x` with the first `count` points.
    pub fn row(&self, x: &[f64], inputs: &Inputs, count: usize) -> Row {
        let mut e = vec![0.0; count];
        if self.family == Family::Matern {
            for (j, scale) in self.scales.iter().enumerate() {
                loops::add_squares(&inputs.column(j)[..count], x[j], *scale, &mut e);
            }
            return self.matern(&e);
        }
        let (s, w) = (&self.scales, &self.weights);
        let none = vec![0.0; count];
        for j in (0..x.len()).step_by(2) {
            let first = &inputs.column(j)[..count];
            if j + 1 < x.len() {
                let columns = [first, &inputs.column(j + 1)[..count]];
                loops::add_saturations(
                    columns,
                    [x[j], x[j + 1]],
                    [s[j], s[j + 1]],
                    [w[j], w[j + 1]],
                    &mut e,
                );
            } else {
                loops::add_saturations([first, &none], [x[j], 0.0], [s[j], 0.0], [w[j], 0.0], &mut e);
            }
        }
        let radii = [&inputs.radii()[..count], &none];
        let scale = [self.radius_scale, 0.0];
        let rho = self.bowl.value(x);
        loops::add_saturations(radii, [rho, 0.0], scale, [self.radius_weight, 0.0], &mut e);
        let value: Vec<f64> = e.iter().map(|e| self.signal * (-e).exp()).collect();
        let slope = value.iter().map(|k| -k).collect();
        Row { value, slope }
    }

    fn matern(&self, squares: &[f64]) -> Row {
        let root = 5.0_f64.sqrt();
        let both = |r2: &f64| {
            let z = root * r2.sqrt();
            let decay = self.signal * (-z).exp();
            (decay * (1.0 + z + z * z / 3.0), -5.0 / 6.0 * decay * (1.0 + z))
        };
        let (value, slope) = squares.iter().map(both).unzip();
        Row { value, slope }
    }

    /// Adds Σ_i c_i ∂e_i/∂(log lengths, log weights) of the pairs (x, point i), i < c.len(), to
    /// `lengths` and `weights`; returns that with respect to the log radius weight.
    pub fn add_log_slopes(
        &self,
        x: &[f64],
        inputs: &Inputs,
        c: &[f64],
        lengths: &mut [f64],
        weights: &mut [f64],
    ) -> f64 {
        let count = c.len();
        for (j, scale) in self.scales.iter().enumerate() {
            let column = &inputs.column(j)[..count];
            if self.family == Family::Matern {
                lengths[j] -= 2.0 * loops::square_sum(column, x[j], *scale, c);
            } else {
                let (r, rest) = loops::saturation_sums(column, x[j], *scale, c);
                weights[j] += self.weights[j] * r;
                lengths[j] -= 2.0 * self.weights[j] * rest;
            }
        }
        if self.family != Family::Rational {
            return 0.0;
        }
        let radii = &inputs.radii()[..count];
        self.radius_weight * loops::saturation_sums(radii, self.bowl.value(x), self.radius_scale, c).0
    }

    /// Σ_i a_i ∂k_i/∂x and Σ_i b_i ∂k_i/∂x into `by_a` and `by_b` (length d), for a row at `x`.
    pub fn slopes(
        &self,
        x: &[f64],
        inputs: &Inputs,
        row: &Row,
        (a, b): (&[f64], &[f64]),
        (by_a, by_b): (&mut [f64], &mut [f64]),
    ) {
        let n = row.value.len();
        let times = |c: &[f64], k: &[f64]| -> Vec<f64> { c.iter().zip(k).map(|(c, k)| c * k).collect() };
        let (ea, eb) = (times(a, &row.slope), times(b, &row.slope));
        for (j, scale) in self.scales.iter().enumerate() {
            let column = &inputs.column(j)[..n];
            let ((sa, sb), factor) = if self.family == Family::Matern {
                (loops::difference_slopes(column, x[j], &ea, &eb), 2.0 * scale)
            } else {
                let sums = loops::saturation_slopes(column, x[j], *scale, &ea, &eb);
                (sums, 2.0 * scale * self.weights[j])
            };
            by_a[j] = factor * sa;
            by_b[j] = factor * sb;
        }
        if self.family == Family::Rational {
            let radii = &inputs.radii()[..n];
            let (sa, sb) =
                loops::saturation_slopes(radii, self.bowl.value(x), self.radius_scale, &ea, &eb);
            let factor = 2.0 * self.radius_scale * self.radius_weight;
            let spread = self.bowl.spread();
            for j in 0..x.len() {
                let slope = factor * self.bowl.slope(x, j, spread);
                by_a[j] += slope * sa;
                by_b[j] += slope * sb;
            }
        }
    }
}
