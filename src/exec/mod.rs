//! One evaluation by a command of the user: its directory, its process group, its result.
//!
//! Nothing else in the program starts processes. What a payload may do to the rest:
//!
//! - It runs in its own process group. At its end, however it ends, whatever is left of the group
//!   is killed; a payload that moves processes to another group or session keeps them.
//! - It sees none of the launcher's variables: an MPI program below this one is a job of its own.
//! - If the evaluator itself is killed with KILL, its payload lives on until the batch system
//!   cleans up. It cannot harm a later attempt: that one gets a fresh directory.

mod attempt;
mod directory;
mod environment;
mod own_geometry;
mod payload;
mod process;
mod program;
mod render;
mod result;

pub use attempt::{Assignment, Bench};
pub use directory::path as attempt_directory;
pub use payload::Payload;
pub use program::{answer, check_command};
