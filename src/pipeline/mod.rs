//! A trial as a graph of tasks: which there are, what each waits for, which seed it has, how far a trial
//! is, and what its tasks' results make of it.
//!
//! Pure: everything follows from the study. A study without stages has one task per trial.

mod combine;
mod conclude;
mod graph;
mod plan;
mod progress;
mod seeds;
mod split;
mod work;

#[cfg(test)]
mod tests;

pub use combine::combine;
pub use conclude::{conclude, enough, selected};
pub use graph::{Graph, Need, Node, Rules};
pub use plan::{Plan, TaskSpec};
pub use progress::{Done, Progress, State, Verdict};
pub use seeds::Seeder;
pub use split::{Chunk, split};
pub use work::Work;
