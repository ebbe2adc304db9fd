//! Test functions whose distance variables pass through a map first.

use super::{MaxHypervolume, TestFunction};
use std::fmt::Debug;

/// A map of all distance variables, in units of their intervals, that sends some point of the unit
/// cube to the optimum of the function behind it.
pub trait Map: Debug + Send + Sync {
    /// What the function behind gets for `units` (one per distance variable, each in `[0, 1]`); may
    /// lie outside the unit cube on the sides that [`super::entry::Distance`] allows.
    fn inner_units(&self, units: &[f64]) -> Vec<f64>;
}

/// A test function behind a map of its distance variables. Since the map reaches the optimum and
/// nothing is better than that, front and maximal hypervolume stay the same.
#[derive(Debug)]
pub struct Moved {
    inner: Box<dyn TestFunction>,
    first_distance: usize,
    map: Box<dyn Map>,
}

impl Moved {
    /// `inner` with every parameter from `first_distance` on mapped.
    pub fn new(inner: Box<dyn TestFunction>, first_distance: usize, map: Box<dyn Map>) -> Self {
        Self { inner, first_distance, map }
    }

    /// The inner function's parameters for ours.
    fn moved(&self, x: &[f64]) -> Vec<f64> {
        let mut moved = x.to_vec();
        let bounds = &self.bounds()[self.first_distance..];
        let tail = &mut moved[self.first_distance..];
        let units: Vec<f64> = tail.iter().zip(bounds).map(|(v, (l, u))| (v - l) / (u - l)).collect();
        for ((value, (l, u)), unit) in tail.iter_mut().zip(bounds).zip(self.map.inner_units(&units)) {
            *value = l + (u - l) * unit;
        }
        moved
    }
}

impl TestFunction for Moved {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn source(&self) -> &'static str {
        self.inner.source()
    }

    fn objectives(&self) -> usize {
        self.inner.objectives()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        self.inner.bounds()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        self.inner.evaluate(&self.moved(x))
    }

    fn constraint_names(&self) -> &'static [&'static str] {
        self.inner.constraint_names()
    }

    fn constraint_values(&self, x: &[f64]) -> Vec<f64> {
        self.inner.constraint_values(&self.moved(x))
    }

    fn reference_point(&self) -> Vec<f64> {
        self.inner.reference_point()
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        self.inner.max_hypervolume()
    }
}
