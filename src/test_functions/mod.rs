//! Test functions with known answers: DTLZ, ZDT, and DTLZ2 with a constraint.
//!
//! | names | domain | parameters d | objectives M | source |
//! |---|---|---|---|---|
//! | `dtlz1` to `dtlz7` | `[0, 1]^d` | at least M | at least 2 | [`DTLZ_SOURCE`] |
//! | `zdt1`, `zdt2`, `zdt3`, `zdt6` | `[0, 1]^d` | at least 2 | 2 | [`ZDT_SOURCE`] |
//! | `c2dtlz2` | `[0, 1]^d` | at least M | at least 2 | [`CONSTRAINED_SOURCE`] |
//! | `zdt4` | `[0, 1] x [-5, 5]^(d-1)` | at least 2 | 2 | [`ZDT_SOURCE`] |
//!
//! The first parameters say where on the front a point lies (M - 1 of them, one for ZDT), all others
//! how far from it: these are the *distance variables*, and a shift moves their optimum (`shifted`).
//!
//! Reference points lie a tenth beyond the far corner of the front, so that the share of the maximal
//! hypervolume tells good sets from bad ones; points far from the front then count for nothing.

mod constrained;
mod dtlz;
mod quadrature;
mod shifted;
mod zdt;

#[cfg(test)]
mod tests;

pub use constrained::SOURCE as CONSTRAINED_SOURCE;
pub use dtlz::SOURCE as DTLZ_SOURCE;
pub use zdt::SOURCE as ZDT_SOURCE;

use constrained::C2Dtlz2;
use dtlz::Dtlz;
use shifted::Shifted;
use zdt::Zdt;

use std::fmt::Debug;

/// A multi-objective test function; every objective is minimized.
pub trait TestFunction: Debug + Send + Sync {
    /// The word for it in study files, for example `dtlz2`.
    fn name(&self) -> &'static str;
    /// Where the formula comes from.
    fn source(&self) -> &'static str;
    /// Number of objectives, M.
    fn objectives(&self) -> usize;
    /// Lower and upper bound of each parameter, length d.
    fn bounds(&self) -> Vec<(f64, f64)>;
    /// Objective values (length M) at `x` (length d, natural units, within the bounds).
    fn evaluate(&self, x: &[f64]) -> Vec<f64>;
    /// Names of the constraint values, which are metrics in a study; none unless it is constrained.
    fn constraint_names(&self) -> &'static [&'static str] {
        &[]
    }
    /// Constraint values at `x` in the order of their names; `x` is acceptable where all are at most
    /// 0.
    fn constraint_values(&self, _x: &[f64]) -> Vec<f64> {
        vec![]
    }
    /// The customary reference point, length M.
    fn reference_point(&self) -> Vec<f64>;
    /// The hypervolume of the true front (of acceptable points) with respect to the reference point, where known.
    fn max_hypervolume(&self) -> Option<MaxHypervolume>;
}

/// The largest hypervolume a set of points can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaxHypervolume {
    /// Its value.
    pub value: f64,
    /// How it is known: a closed form, or an approximation and of which kind.
    pub note: &'static str,
}

/// What is wrong with a request for a test function.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TestFunctionError {
    /// No function of that name.
    #[error("no test function {name:?}; known are {}", known.join(", "))]
    Unknown {
        /// As asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A number of parameters or objectives that the function cannot have.
    #[error("{0}")]
    Shape(String),
}

/// Every name that [`by_name`] knows.
pub fn names() -> &'static [&'static str] {
    &[
        "dtlz1", "dtlz2", "dtlz3", "dtlz4", "dtlz5", "dtlz6", "dtlz7", "zdt1", "zdt2", "zdt3", "zdt4",
        "zdt6", "c2dtlz2",
    ]
}

/// The test function `name` with `dimension` parameters and `objectives` objectives; `shift` moves
/// the optimum of every distance variable to a place drawn with that seed, away from the centre and
/// the edges of the box. Domain, attainable values and maximal hypervolume stay the same.
///
/// # Errors
/// An unknown name, or numbers it cannot have.
pub fn by_name(
    name: &str,
    dimension: usize,
    objectives: usize,
    shift: Option<u64>,
) -> Result<Box<dyn TestFunction>, TestFunctionError> {
    if let Some(dtlz) = Dtlz::new(name, dimension, objectives)? {
        let optimum = dtlz.distance_optimum();
        return Ok(with_shift(Box::new(dtlz), objectives - 1, optimum, shift));
    }
    if let Some(zdt) = Zdt::new(name, dimension, objectives)? {
        let optimum = zdt.distance_optimum();
        return Ok(with_shift(Box::new(zdt), 1, optimum, shift));
    }
    if let Some(constrained) = C2Dtlz2::new(name, dimension, objectives)? {
        let optimum = constrained.distance_optimum();
        return Ok(with_shift(Box::new(constrained), objectives - 1, optimum, shift));
    }
    Err(TestFunctionError::Unknown { name: name.to_owned(), known: names().to_vec() })
}

fn with_shift(
    function: Box<dyn TestFunction>,
    first_distance: usize,
    optimum: f64,
    shift: Option<u64>,
) -> Box<dyn TestFunction> {
    match shift {
        Some(seed) => Box::new(Shifted::new(function, first_distance, optimum, seed)),
        None => function,
    }
}
