//! What the coordinator hears and says.

use super::strategist::{Offer, Request};
use crate::comm::{Rank, Report, Task};
use crate::hosts::Place;
use crate::pipeline::Work;
use crate::problem::TrialId;
use crate::store::{Record, Stopped};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the coordinator is to achieve.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Trials in all.
    pub trials: u64,
    /// Most trials asked for and not ended at any time: one per rank, as a rule. Trials of several tasks
    /// are fewer, because ranks share them.
    pub capacity: u64,
    /// Instead: so many trials are asked for together, and none of the next ones before all of them have
    /// ended.
    pub batch: Option<u64>,
    /// Evaluating ranks that there will be; where others have some of them, those that it can count on.
    pub ranks: usize,
    /// Ranks from this one on are places in a queue, and nobody else's; `None`: there are none.
    pub queue_from: Option<Rank>,
    /// What a trial consists of.
    pub work: Arc<Work>,
    /// Attempts of earlier sessions whose outputs are not there any more: trial, task, attempt.
    pub missing: BTreeSet<(TrialId, u32, u32)>,
}

impl Settings {
    /// How many trials of those that are one task have been asked for once so many have ended, in a session
    /// of so many at a time; 0 at a time asks for nothing. Depends on nothing else, so that a restart asks at
    /// the same places.
    pub(super) fn asked_by(&self, completed: u64, capacity: u64) -> u64 {
        let target = match self.batch {
            Some(batch) if capacity > 0 => (completed / batch + 1) * batch,
            _ => completed + capacity,
        };
        self.trials.min(target)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A rank can take work.
    Ready {
        /// The rank.
        rank: Rank,
        /// Its host, and what it may use of that.
        place: Place,
    },
    /// A rank cannot evaluate; should that change, it is ready.
    Unfit {
        /// The rank.
        rank: Rank,
        /// Its host.
        host: String,
        /// What is missing there, in words.
        reason: String,
    },
    /// A rank does not answer any more, or never did.
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
    /// Others are to have so many of its ranks, each as soon as it is idle; 0: none any more.
    Owe {
        /// How many, less those given away before.
        ranks: usize,
    },
    /// So many ranks of a host are at work for others, or free.
    Elsewhere {
        /// The host.
        host: String,
        /// How many.
        ranks: usize,
    },
    /// Time has passed: see [`Coordinator::wake_at`](super::Coordinator::wake_at).
    Tick,
    /// Start no more tasks of a stage: there is not the time for one. End when nothing can be started any
    /// more.
    Late {
        /// Position of the stage.
        stage: usize,
        /// Why, for people.
        reason: String,
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
    /// A rank is to stop an attempt whose trial has ended without it.
    Cancel {
        /// The rank.
        rank: Rank,
        /// The trial.
        trial: TrialId,
        /// The task.
        task: u32,
        /// The attempt.
        attempt: u32,
    },
    /// An idle rank is for others now.
    GiveAway {
        /// The rank.
        rank: Rank,
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
