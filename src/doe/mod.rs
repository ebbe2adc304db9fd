//! Designs of experiments: where to look before anything is known.

mod filling;
mod sobol;

pub use filling::SpaceFilling;
pub use sobol::Sobol;
