//! A trial as a graph of tasks: which there are, what each needs, which seed it has, and what their
//! results make of the trial.
//!
//! Pure: everything follows from the study. A study without stages has one task per trial.

mod plan;
mod seeds;
mod split;

pub use plan::{Plan, TaskSpec};
pub use seeds::Seeder;
pub use split::{Chunk, split};
