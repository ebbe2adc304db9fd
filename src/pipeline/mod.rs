//! A trial as a graph of tasks: which there are, what each needs, which seed it has, and what their
//! results make of the trial.
//!
//! Pure: everything follows from the study. A study without stages has one task per trial.

mod combine;
mod conclude;
mod plan;
mod seeds;
mod split;
#[cfg(test)]
mod tests;

pub use combine::combine;
pub use conclude::{conclude, enough, selected};
pub use plan::{Plan, TaskSpec};
pub use seeds::Seeder;
pub use split::{Chunk, split};
