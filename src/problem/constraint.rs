//! Linear constraints between parameters, in the parameters' own units.

use serde::{Deserialize, Serialize};

/// `Σ coefficient · parameter <= upper`, over numeric parameters in natural units.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearConstraint {
    /// As the user wrote it.
    pub text: String,
    /// (index into the space's parameters, coefficient); each index once, none zero.
    pub terms: Vec<(usize, f64)>,
    /// Right-hand side.
    pub upper: f64,
}

impl LinearConstraint {
    /// Relative tolerance for rounding in the sum; a design beyond it violates the constraint.
    pub const TOLERANCE: f64 = 1e-9;

    /// How far `values` (one number per parameter, natural units) lie beyond the bound; at most
    /// zero when they respect it.
    pub fn excess(&self, values: &[f64]) -> f64 {
        let sum: f64 = self.terms.iter().map(|&(j, a)| a * values[j]).sum();
        sum - self.upper
    }

    /// Whether `values` respect the constraint up to rounding.
    pub fn allows(&self, values: &[f64]) -> bool {
        let magnitude = |&(j, a): &(usize, f64)| (a * values[j]).abs();
        let scale = self.terms.iter().map(magnitude).fold(self.upper.abs(), f64::max);
        self.excess(values) <= Self::TOLERANCE * scale
    }
}
