//! Test functions with known answers: DTLZ and ZDT.

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
    /// The customary reference point, length M.
    fn reference_point(&self) -> Vec<f64>;
    /// The hypervolume of the true front with respect to the reference point, where known.
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

/// The test function `name` with `dimension` parameters and `objectives` objectives; `shift` moves
/// the optimum off the centre of the box by a vector drawn with that seed.
///
/// # Errors
/// An unknown name, or numbers it cannot have.
pub fn by_name(
    name: &str,
    _dimension: usize,
    _objectives: usize,
    _shift: Option<u64>,
) -> Result<Box<dyn TestFunction>, TestFunctionError> {
    Err(TestFunctionError::Unknown { name: name.to_owned(), known: vec![] })
}
