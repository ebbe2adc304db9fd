//! A trial as a graph of tasks: what waits for what, how far a trial is, and what comes out of it.
//!
//! Pure: no file, clock or process.

mod graph;
mod progress;
mod work;

pub use graph::{Graph, Need, Node, Retries, Rules};
pub use progress::{Done, Progress, State, Verdict};
pub use work::Work;
