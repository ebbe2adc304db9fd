//! Objectives and metrics.

use serde::{Deserialize, Serialize};

/// The direction in which an objective improves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

impl Goal {
    /// Factor that turns a value so that smaller is better: 1 or -1.
    pub fn sign(self) -> f64 {
        match self {
            Goal::Minimize => 1.0,
            Goal::Maximize => -1.0,
        }
    }
}

/// One quantity to improve.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Name, the key in result files.
    pub name: String,
    /// Direction.
    pub goal: Goal,
    /// Reference-point coordinate in the objective's own unit: worse values are of no interest.
    pub threshold: Option<f64>,
    /// Unit as text, empty for a pure number.
    pub unit: String,
}

/// One quantity that is recorded beside the objectives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Name, the key in result files.
    pub name: String,
    /// Unit as text, empty for a pure number.
    pub unit: String,
}
