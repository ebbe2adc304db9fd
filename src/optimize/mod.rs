//! Bounded minimization of smooth functions.

mod bounded;

pub use bounded::{Minimum, NoStart, minimize};
