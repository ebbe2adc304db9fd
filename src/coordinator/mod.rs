//! Rank 0: which trial is asked for, which rank evaluates what, when it is over.
//!
//! [`Coordinator`] decides and does nothing else: an event goes in, commands come out, without I/O,
//! clock or thread. [`Driver`] feeds it and carries its commands out. The strategy
//! works on a thread of its own ([`Strategist`]), where candidates are made ahead of their time
//! ([`Desk`]) so that no rank waits for them. What was proposed from which knowledge is recorded, and
//! follows from the record alone.
//!
//! A trial is a graph of tasks (`pipeline`): ready tasks go to idle ranks, the oldest trial first, where
//! the host has the cores and the memory for it.

mod desk;
mod dispatch;
mod driver;
mod events;
mod judging;
mod lending;
mod losses;
mod ranks;
#[cfg(test)]
mod restart_law;
mod resume;
mod state;
mod strategist;
#[cfg(test)]
mod tests;

pub use crate::hosts::Place;
pub use desk::{Ahead, Clock, Desk};
pub use driver::{Clockwork, Drive, Driver, Ended};
pub use events::{Command, Ending, Event, Settings};
pub use state::Coordinator;
pub use strategist::{Offer, Reply, Request, Strategist};
