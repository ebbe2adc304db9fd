//! What the coordinator hears and says.

use super::strategist::{Offer, Request};
use crate::comm::{Rank, Report, Task};
use crate::config::Retries;
use crate::problem::Problem;
use crate::store::{Record, Stopped};

/// What the coordinator is to achieve.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Trials in all.
    pub trials: u64,
    /// Trials asked for and not ended at any time: one per rank, as a rule.
    pub capacity: u64,
    /// Further attempts after an attempt that failed by its own fault.
    pub retries: Retries,
    /// What the values of a trial are about.
    pub problem: Problem,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A rank can take work.
    Ready {
        /// The rank.
        rank: Rank,
        /// Its host.
        host: String,
    },
    /// A rank will not answer any more.
    Lost {
        /// The rank.
        rank: Rank,
        /// How it is known.
        reason: String,
    },
    /// The strategy answered an [`Request::Ask`].
    Proposed(Offer),
    /// The strategy has a candidate for a trial that is not asked for yet, in the place of what it had
    /// for this and later ones.
    Drafted(Offer),
    /// An attempt ended.
    Done {
        /// Rank that ran it.
        rank: Rank,
        /// How it ended.
        report: Report,
    },
    /// Start nothing new; end when what runs has ended.
    Drain {
        /// Why, for people.
        reason: String,
    },
    /// Stop what runs and end now.
    Stop {
        /// Why, for people.
        reason: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// For the strategy, in this order.
    Strategy(Request),
    /// For the store, in this order.
    Record(Record),
    /// A task for a rank.
    Evaluate {
        /// The rank.
        rank: Rank,
        /// Its task.
        task: Task,
    },
    /// A line for the log.
    Notice(String),
    /// It is over.
    Finish(Ending),
}

/// Why it is over.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// Every trial has ended.
    Complete,
    /// A stopping rule held, and what ran has ended.
    Stopped(Stopped),
    /// Stopped early on purpose; a later session goes on.
    Early(String),
    /// It cannot go on.
    Failed(String),
}
