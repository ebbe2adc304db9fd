//! A study that is steered from outside: a script, a notebook or an agent asks for candidates,
//! evaluates them itself, and tells what came out, points of its own among it.
//!
//! [`Steering`] decides and does nothing else: what was asked and told goes in, records come out,
//! without I/O or clock. [`Helm`] is a run directory held that way: it takes the lock, and returns once
//! what it did is on the disk. [`session`] is a conversation with a helm in lines of JSON.
//!
//! A directory that is steered is like any other: it can be read by `status` and `export`, and where
//! the study has an evaluator `run` goes on with it, trials that were asked for and not told included.
//! Points that were told without having been asked for are trials like others: they count as part of
//! `initial` and of `trials`.
//!
//! Sessions of steering are recorded with room for no trial in flight, so that a later run does not
//! take what was told for what it would have asked for: see `coordinator::resume`.

mod helm;
mod session;
mod steering;
#[cfg(test)]
mod tests;
mod told;
mod words;

pub use helm::Helm;
pub use session::session;
pub use steering::{Receipt, Steering};
pub use told::{TOLD, Told};
pub use words::{asked, candidate, front, receipts, standing};

use crate::store::StoreError;
use crate::strategy::{ProposerError, StrategyError};

/// Why a study cannot be steered, or not so.
#[derive(Debug, thiserror::Error)]
pub enum SteerError {
    /// The constraints leave nothing.
    #[error(transparent)]
    Proposer(#[from] ProposerError),
    /// The history is not one of this study.
    #[error("the history cannot be gone on with: {0}")]
    History(#[from] StrategyError),
    /// What was told is wrong; nothing of it is applied.
    #[error("{0}")]
    Told(String),
    /// The run directory cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}
