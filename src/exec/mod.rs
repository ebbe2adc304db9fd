//! One attempt at one task by commands of the user: its directory, its processes, its result.
//!
//! Nothing else in the program starts processes. What a payload may do to the rest:
//!
//! - It runs in its own process group. At its end, however it ends, whatever it started is killed,
//!   also what moved to another group or session or lost its parent (see `tree`).
//! - It sees none of the launcher's variables: an MPI program below this one is a job of its own.
//! - It is stopped if it runs too long, says nothing for too long, or has more memory than its stage
//!   (see `watch`); its logs do not grow for ever (see `log`).
//! - If the evaluator itself is killed with KILL, its payload lives on until the batch system
//!   cleans up. It cannot harm a later attempt: that one gets a fresh directory.

mod attempt;
mod check;
mod container;
mod directory;
mod environment;
mod job;
mod judge;
mod keep;
mod launch;
mod log;
mod manifest;
mod oom;
mod own_geometry;
mod pattern;
mod payload;
mod process;
mod program;
mod python;
mod render;
mod result;
mod reuse;
mod running;
mod scratch;
mod script;
mod stage;
mod status;
mod steps;
mod tail;
mod tree;
mod watch;

pub use attempt::{Assignment, Bench, Started};
pub use check::{check, probe};
pub use directory::path as attempt_directory;
pub use job::{JobBench, JobEnd, JobPayload, JobStarted};
pub use keep::{EndedAttempt, outputs_are_there, tidy};
pub use payload::{End, Payload};
pub use program::answer;
pub use render::shell_line;
