//! Hyperparameters of a process, their bounds and priors' centres.

use super::data::NOISE_FLOOR;
use serde::{Deserialize, Serialize};

/// The form of the covariance; see `kernel`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// A product of rational-quadratic factors and one of the distance from the centre.
    Rational,
    /// Matérn 5/2 with a length per coordinate.
    Matern,
    /// A product as [`Family::Rational`], without the distance from the centre, where few coordinates are
    /// believed to matter; to be sampled, not fitted.
    Sparse,
}

/// Hyperparameters as one vector of logarithms, the form in which they are optimized and stored:
/// d lengths, then (not Matérn) d weights, then the five shared ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hyper {
    family: Family,
    theta: Vec<f64>,
    bowl: Bowl,
}

/// What ρ(x) is: the squared distance from a centre, standardised for a uniform x.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bowl {
    centre: Vec<f64>,
}

impl Bowl {
    /// About a point of the unit cube.
    pub fn about(centre: Vec<f64>) -> Self {
        Self { centre }
    }

    /// Variance of each coordinate's part of the squared distance.
    pub(super) fn variances(&self) -> Vec<f64> {
        self.centre.iter().map(|c| 1.0 / 180.0 + (c - 0.5).powi(2) / 3.0).collect()
    }

    /// Standard deviation of the squared distance.
    pub(super) fn spread(&self) -> f64 {
        self.variances().iter().sum::<f64>().sqrt()
    }

    /// ρ(x).
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        let excess = |(x, c): (&f64, &f64)| (x - c).powi(2) - 1.0 / 12.0 - (c - 0.5).powi(2);
        x.iter().zip(&self.centre).map(excess).sum::<f64>() / self.spread()
    }

    /// ∂ρ/∂x_j, given the [`Bowl::spread`].
    pub(super) fn slope(&self, x: &[f64], j: usize, spread: f64) -> f64 {
        2.0 * (x[j] - self.centre[j]) / spread
    }
}

/// Positions behind the per-coordinate hyperparameters.
pub(super) const SIGNAL: usize = 0;
pub(super) const NOISE: usize = 1;
pub(super) const RADIUS_WEIGHT: usize = 2;
pub(super) const MEAN_LENGTH: usize = 3;
pub(super) const MEAN_WEIGHT: usize = 4;
const SHARED: usize = 5;

/// Scale of the half-Cauchy prior of τ, which is the scale of all weights: that of arXiv 2103.00349.
pub(super) const SHRINKAGE: f64 = 0.1;

impl Family {
    /// Every family.
    pub const ALL: [Family; 3] = [Family::Rational, Family::Matern, Family::Sparse];

    /// Hyperparameters per coordinate.
    pub(super) fn blocks(self) -> usize {
        match self {
            Family::Rational | Family::Sparse => 2,
            Family::Matern => 1,
        }
    }

    /// Centre of the prior of the mean log weight.
    pub(super) fn mean_weight(self, d: usize) -> f64 {
        if self == Family::Sparse { SHRINKAGE.ln() } else { -(d.max(1) as f64).ln() }
    }

    /// Centre of the prior of the mean log length.
    pub(super) fn mean_length(self, d: usize) -> f64 {
        match self {
            Family::Rational | Family::Sparse => 0.5_f64.ln(),
            // Distances in the cube grow with √d: arXiv 2402.02229.
            Family::Matern => 2.0_f64.sqrt() + 0.5 * (d.max(1) as f64).ln(),
        }
    }
}

impl Hyper {
    /// The centre of the priors for d coordinates: where a first fit starts.
    pub fn initial(family: Family, d: usize) -> Self {
        let even = family.mean_weight(d);
        let length = family.mean_length(d);
        let mut theta = vec![length; d];
        theta.resize(family.blocks() * d, even);
        theta.extend([0.0, -6.0, 0.0, length, even]);
        Self { family, theta, bowl: Bowl::about(vec![0.5; d]) }
    }

    /// From the vector form; `None` if its length or a value is impossible.
    pub fn from_vector(family: Family, theta: Vec<f64>, bowl: Bowl) -> Option<Self> {
        let whole = theta.len() >= SHARED && (theta.len() - SHARED).is_multiple_of(family.blocks());
        (whole && theta.iter().all(|t| t.is_finite())).then_some(Self { family, theta, bowl })
    }

    /// The same with the variances of process and noise so many times as large: on another scale of values.
    pub fn with_variances_times(mut self, factor: f64) -> Self {
        let shared = self.shared_at();
        self.theta[shared + SIGNAL] += factor.ln();
        self.theta[shared + NOISE] += factor.ln();
        self
    }

    /// What ρ is.
    pub fn bowl(&self) -> &Bowl {
        &self.bowl
    }

    /// The same with another ρ.
    pub fn with_bowl(self, bowl: Bowl) -> Self {
        Self { bowl, ..self }
    }

    /// The vector form.
    pub fn vector(&self) -> &[f64] {
        &self.theta
    }

    /// The form of the covariance.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Number of coordinates, d.
    pub fn dimension(&self) -> usize {
        (self.theta.len() - SHARED) / self.family.blocks()
    }

    /// Lower and upper bounds of the vector form.
    pub fn bounds(family: Family, d: usize) -> (Vec<f64>, Vec<f64>) {
        let (short, long) = (0.05_f64.ln(), 10.0_f64.ln().max(family.mean_length(d) + 3.0));
        let (mut lower, mut upper) = (vec![short; d], vec![long; d]);
        lower.resize(family.blocks() * d, -12.0);
        upper.resize(family.blocks() * d, 5.0);
        lower.extend([-3.0, NOISE_FLOOR.ln(), -12.0, short, -12.0]);
        upper.extend([6.0, 2.0, 5.0, long, 5.0]);
        (lower, upper)
    }

    /// The block of one kind of per-coordinate logarithms; empty if the family has none.
    fn block(&self, number: usize) -> &[f64] {
        let d = self.dimension();
        if number < self.family.blocks() { &self.theta[number * d..(number + 1) * d] } else { &[] }
    }

    pub(super) fn log_lengths(&self) -> &[f64] {
        self.block(0)
    }

    pub(super) fn log_weights(&self) -> &[f64] {
        self.block(1)
    }

    /// Where the shared hyperparameters begin.
    pub(super) fn shared_at(&self) -> usize {
        self.theta.len() - SHARED
    }

    pub(super) fn shared(&self, position: usize) -> f64 {
        self.theta[self.shared_at() + position]
    }

    /// Lengths in units of the unit cube, length d.
    pub fn lengths(&self) -> Vec<f64> {
        self.log_lengths().iter().map(|l| l.exp()).collect()
    }

    /// How much each coordinate can matter in the product (length d; empty for Matérn).
    pub fn weights(&self) -> Vec<f64> {
        self.log_weights().iter().map(|w| w.exp()).collect()
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
