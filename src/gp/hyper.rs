//! Hyperparameters of the kernel and their bounds.

use super::data::NOISE_FLOOR;
use serde::{Deserialize, Serialize};

/// Hyperparameters as one vector of logarithms, the form in which they are optimized and stored:
/// d weights, d lengths, then the six that follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hyper {
    theta: Vec<f64>,
}

/// Positions behind the 2 d per-coordinate hyperparameters.
pub(super) const RADIUS_WEIGHT: usize = 0;
pub(super) const SIGNAL: usize = 1;
pub(super) const NOISE: usize = 2;
pub(super) const MEAN_WEIGHT: usize = 3;
pub(super) const MEAN_LENGTH: usize = 4;
const SHARED: usize = 5;

impl Hyper {
    /// The centre of the priors for d coordinates: where a first fit starts.
    pub fn initial(d: usize) -> Self {
        let mean_weight = -(d.max(1) as f64).ln();
        let mut theta = vec![mean_weight; d];
        theta.extend(std::iter::repeat_n(0.5_f64.ln(), d));
        theta.extend([0.0, 0.0, -4.0, mean_weight, 0.5_f64.ln()]);
        Self { theta }
    }

    /// From the vector form; `None` if its length or a value is impossible.
    pub fn from_vector(theta: Vec<f64>) -> Option<Self> {
        let whole = theta.len() >= SHARED && (theta.len() - SHARED).is_multiple_of(2);
        (whole && theta.iter().all(|t| t.is_finite())).then_some(Self { theta })
    }

    /// The vector form, length 2 d + 5.
    pub fn vector(&self) -> &[f64] {
        &self.theta
    }

    /// Number of coordinates, d.
    pub fn dimension(&self) -> usize {
        (self.theta.len() - SHARED) / 2
    }

    /// Lower and upper bounds of the vector form.
    pub fn bounds(d: usize) -> (Vec<f64>, Vec<f64>) {
        let mut lower = vec![-12.0; d];
        let mut upper = vec![5.0; d];
        lower.extend(std::iter::repeat_n(0.05_f64.ln(), d));
        upper.extend(std::iter::repeat_n(10.0_f64.ln(), d));
        lower.extend([-12.0, -3.0, NOISE_FLOOR.ln(), -12.0, 0.05_f64.ln()]);
        upper.extend([5.0, 6.0, 2.0, 5.0, 10.0_f64.ln()]);
        (lower, upper)
    }

    pub(super) fn log_weights(&self) -> &[f64] {
        &self.theta[..self.dimension()]
    }

    pub(super) fn log_lengths(&self) -> &[f64] {
        let d = self.dimension();
        &self.theta[d..2 * d]
    }

    pub(super) fn shared(&self, position: usize) -> f64 {
        self.theta[2 * self.dimension() + position]
    }

    /// How much each coordinate can matter: the kernel's weights, length d.
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights().iter().map(|w| w.exp()).collect()
    }

    /// Lengths in units of the unit cube, length d.
    pub fn lengths(&self) -> Vec<f64> {
        self.log_lengths().iter().map(|l| l.exp()).collect()
    }

    /// Variance of the process.
    pub fn signal(&self) -> f64 {
        self.shared(SIGNAL).exp()
    }

    /// Inferred variance of the noise.
    pub fn noise(&self) -> f64 {
        self.shared(NOISE).exp()
    }
}
