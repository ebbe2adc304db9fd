//! Test functions: DTLZ and ZDT with known answers, DTLZ2 with a constraint, draws of Gaussian processes,
//! and three problems of engineering.
//!
//! | names | domain | parameters d | objectives M | source |
//! |---|---|---|---|---|
//! | `dtlz1` to `dtlz7` | `[0, 1]^d` | at least M | at least 2 | [`DTLZ_SOURCE`] |
//! | `zdt1`, `zdt2`, `zdt3`, `zdt6` | `[0, 1]^d` | at least 2 | 2 | [`ZDT_SOURCE`] |
//! | `zdt4` | `[0, 1] x [-5, 5]^(d-1)` | at least 2 | 2 | [`ZDT_SOURCE`] |
//! | `c2dtlz2` | `[0, 1]^d` | at least M | at least 2 | [`CONSTRAINED_SOURCE`] |
//! | `gp-rbf`, `gp-matern52`, `gp-rq`, each also `-short` and `-long` | `[0, 1]^d` | 1 to 500 | 2 to 10 | `gp_draw` |
//! | `vehicle-safety` | `[1, 3]^5` | 5 | 3 | Liao et al. 2008 |
//! | `car-side-impact` | box | 7 | 4 | Jain, Deb 2014 |
//! | `penicillin` | box | 7 | 3 | Liang, Lai 2021 |
//! | `embedded-branin`, `embedded-hartmann6`, `embedded-branin-currin` | `[0, 1]^d` | at least 2 or 6 | 1, 1, 2 | `embedded` |
//!
//! The first parameters of DTLZ and ZDT say where on the front a point lies (M - 1 of them, one for
//! ZDT), all others how far from it: these are the *distance variables*, and a [`Variant`] moves,
//! weighs or rotates them.
//!
//! Reference points of DTLZ and ZDT lie a tenth beyond the far corner of the front, so that the share
//! of the maximal hypervolume tells good sets from bad ones; points far from the front then count for
//! nothing.
//!
//! A new function is one file with `ENTRIES`, and its place in [`entries`].

mod car_side_impact;
mod constrained;
mod dtlz;
mod embedded;
mod entry;
mod gp_draw;
mod heterogeneous;
mod mixed;
mod moved;
mod penicillin;
mod quadratic;
mod quadrature;
mod rotated;
mod shifted;
mod vehicle_safety;
mod zdt;

#[cfg(test)]
mod tests;

pub use constrained::SOURCE as CONSTRAINED_SOURCE;
pub use dtlz::SOURCE as DTLZ_SOURCE;
pub use entry::{Entry, Size, TestFunctionError, Variant};
pub use zdt::SOURCE as ZDT_SOURCE;

use entry::{Distance, Make};
use std::fmt::Debug;

/// Which values between its bounds a parameter can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// All.
    Continuous,
    /// Whole numbers.
    Integers,
    /// Whole numbers that stand for things without an order.
    Choices,
}

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
    /// What each parameter can be, length d.
    fn domains(&self) -> Vec<Domain> {
        vec![Domain::Continuous; self.bounds().len()]
    }
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
    /// The hypervolume of the true front (of acceptable points) with respect to the reference point,
    /// where known.
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

/// Every test function there is.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    let files = [
        dtlz::ENTRIES,
        zdt::ENTRIES,
        constrained::ENTRIES,
        gp_draw::ENTRIES,
        vehicle_safety::ENTRIES,
        car_side_impact::ENTRIES,
        penicillin::ENTRIES,
        embedded::ENTRIES,
        mixed::ENTRIES,
    ];
    files.into_iter().flatten()
}

/// Every name that [`by_name`] knows.
pub fn names() -> Vec<&'static str> {
    entries().map(|e| e.name).collect()
}

/// What is known of a name before numbers of parameters and objectives are.
///
/// # Errors
/// An unknown name.
pub fn entry(name: &str) -> Result<&'static Entry, TestFunctionError> {
    let unknown = || TestFunctionError::Unknown { name: name.to_owned(), known: names() };
    entries().find(|e| e.name == name).ok_or_else(unknown)
}

/// The test function `name` with `dimension` parameters and `objectives` objectives, plain or as a
/// [`Variant`] of itself.
///
/// # Errors
/// An unknown name, numbers or a variant it cannot have.
pub fn by_name(
    name: &str,
    dimension: usize,
    objectives: usize,
    variant: Option<Variant>,
) -> Result<Box<dyn TestFunction>, TestFunctionError> {
    entry(name)?.function(dimension, objectives, variant)
}
