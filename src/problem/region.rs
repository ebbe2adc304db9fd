//! The allowed part of the search space: bounds, integers and linear constraints together.

use super::Space;

/// Where designs may lie.
#[derive(Debug, Clone)]
pub struct Region {
    space: Space,
}

/// No design satisfies the constraints.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("no design within the bounds satisfies the constraints {}", .constraints.join(" and "))]
pub struct EmptyRegion {
    /// The constraints as the user wrote them.
    pub constraints: Vec<String>,
}

impl Region {
    /// The region of a space.
    ///
    /// # Errors
    /// It is empty.
    pub fn new(space: &Space) -> Result<Self, EmptyRegion> {
        Ok(Self { space: space.clone() })
    }

    /// Whether there is any linear constraint.
    pub fn is_constrained(&self) -> bool {
        !self.space.constraints.is_empty()
    }

    /// The allowed point nearest to `unit` (unit cube), snapped ([`Space::snap`]).
    pub fn project(&self, unit: &[f64]) -> Vec<f64> {
        self.space.snap(unit)
    }
}
