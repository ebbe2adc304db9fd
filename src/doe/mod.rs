//! Designs of experiments: where to look before anything is known.

mod filling;
mod latin;
mod sobol;

pub use filling::{Sequence, SpaceFilling};
pub use latin::LatinHypercube;
pub use sobol::Sobol;
