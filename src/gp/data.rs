//! Training data of one objective.

use super::hyper::Bowl;
use super::inputs::Inputs;
use ndarray::{Array1, Array2, Axis};

/// Least variance of the noise on standardised values: keeps the covariance well conditioned where
/// an evaluation is deterministic.
pub const NOISE_FLOOR: f64 = 1e-6;

/// n observations of one quantity.
#[derive(Debug, Clone)]
pub struct Data {
    /// n × d, points of the unit cube.
    pub x: Array2<f64>,
    /// n, standardised.
    pub y: Array1<f64>,
    /// n, known noise variance on the standardised scale; `None` where it is to be inferred.
    pub noise: Vec<Option<f64>>,
}

/// How values were standardised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scaling {
    /// Mean of the values.
    pub mean: f64,
    /// Their standard deviation; 1 if they are all alike.
    pub sd: f64,
}

impl Scaling {
    /// The scaling that standardises `values`.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
        // Values that differ by rounding alone are constant.
        let constant = sd <= 1e-12 * mean.abs() || sd == 0.0;
        Self { mean, sd: if constant { 1.0 } else { sd } }
    }

    /// A value on the standardised scale.
    pub fn apply(&self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }
}

impl Data {
    /// Data from points (n of length d), values and standard errors where known, with its scaling.
    pub fn new(points: &[&[f64]], values: &[f64], sems: &[Option<f64>]) -> (Self, Scaling) {
        let scaling = Scaling::of(values);
        let d = points.first().map_or(0, |p| p.len());
        let x = Array2::from_shape_fn((points.len(), d), |(i, j)| points[i][j]);
        let y = values.iter().map(|v| scaling.apply(*v)).collect();
        let noise = sems.iter().map(|s| s.map(|s| (s / scaling.sd).powi(2))).collect();
        (Self { x, y, noise }, scaling)
    }

    /// The points, coordinate by coordinate.
    pub(super) fn inputs(&self, bowl: &Bowl) -> Inputs {
        let flat = self.x.as_slice().expect("data are stored row by row");
        Inputs::new(flat.chunks_exact(self.x.ncols().max(1)), self.x.ncols(), bowl)
    }

    /// The observations at these positions.
    pub fn take(&self, positions: impl Iterator<Item = usize>) -> Self {
        let positions: Vec<usize> = positions.collect();
        Self {
            x: self.x.select(Axis(0), &positions),
            y: self.y.select(Axis(0), &positions),
            noise: positions.iter().map(|i| self.noise[*i]).collect(),
        }
    }

    /// Number of observations.
    pub fn len(&self) -> usize {
        self.y.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.y.is_empty()
    }

    /// Whether any observation's noise is to be inferred.
    pub fn infers_noise(&self) -> bool {
        self.noise.iter().any(Option::is_none)
    }

    /// The noise variance of observation `i`, given the inferred one.
    pub fn noise_of(&self, i: usize, inferred: f64) -> f64 {
        self.noise[i].unwrap_or(inferred).max(NOISE_FLOOR)
    }
}
