//! What the pilot hears and says.

use crate::comm::Rank;
use crate::hosts::Place;
use crate::job::{End, JobId, Order};
use crate::panda::Command as Wish;
use std::collections::BTreeSet;

/// What a pilot may.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Ranks that there will be.
    pub ranks: usize,
    /// Jobs that are asked for at most in one request.
    pub batch: u32,
    /// Longest time that a request may wait for jobs, in seconds.
    pub ask_wait_s: f64,
    /// Jobs in all; `None`: as many as there are.
    pub most: Option<u64>,
    /// Seconds that a job takes that does not say how many; nothing longer is started.
    pub usual_s: f64,
    /// When payloads are stopped, seconds since 1970; `None`: never.
    pub end: Option<f64>,
    /// Whether it has only the ranks that a study does not need.
    pub is_guest: bool,
    /// Seconds that a job may go on whose rank others are to have.
    pub wait_s: f64,
    /// Seconds without work after which it is over; `None`: never.
    pub patience_s: Option<f64>,
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
    /// A rank cannot; should that change, it is ready.
    Unfit {
        /// The rank.
        rank: Rank,
        /// What is missing there, in words.
        reason: String,
    },
    /// A rank does not answer any more.
    Lost {
        /// The rank.
        rank: Rank,
        /// How it is known.
        reason: String,
    },
    /// A request for jobs was answered with these.
    Fetched(Vec<Order>),
    /// So many jobs were taken that could not even be begun; they are told of.
    Spoilt(u64),
    /// It came to none; there is to be no other for a while.
    NotFetched {
        /// Seconds.
        wait_s: f64,
        /// What went wrong; `None`: there is no work.
        reason: Option<String>,
    },
    /// A job ended.
    Ended {
        /// Rank that ran it.
        rank: Rank,
        /// How.
        end: End,
    },
    /// The server wants something of a job.
    Wished {
        /// The job.
        id: JobId,
        /// What.
        wishes: BTreeSet<Wish>,
    },
    /// Others are to have so many of its ranks, each as soon as it is idle; 0: none any more.
    Owe {
        /// How many, less those given back before.
        ranks: usize,
    },
    /// So many ranks of a host are at work for others, or free.
    Elsewhere {
        /// The host.
        host: String,
        /// How many.
        ranks: usize,
    },
    /// No study wants ranks any more: this is the end once there is no work.
    Alone,
    /// The server lets nobody in any more, or its answers cannot be used: stop what runs and end then.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// Time has passed.
    Tick,
    /// Start nothing new; end when what runs has ended.
    Drain {
        /// Why, for people.
        reason: String,
    },
    /// Stop what runs and end then.
    Stop {
        /// Why, for people.
        reason: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Ask for so many jobs that take at most so many seconds.
    Fetch {
        /// At most so many.
        jobs: u32,
        /// Seconds that are left; `None`: no limit.
        remaining_s: Option<f64>,
        /// Seconds that the server may wait for some.
        wait_s: u32,
    },
    /// A job for a rank.
    Run {
        /// The rank.
        rank: Rank,
        /// The job.
        order: Box<Order>,
    },
    /// A rank is to stop a job.
    Halt {
        /// The rank.
        rank: Rank,
        /// The job.
        id: JobId,
        /// Why.
        reason: String,
    },
    /// The server is to know that a job was taken, or runs.
    Begun {
        /// The job.
        id: JobId,
        /// Host that it runs on; `None`: it waits for a rank.
        host: Option<String>,
        /// Cores that it has.
        cores: u32,
    },
    /// The server is to know how a job ended.
    Tell {
        /// Its order.
        order: Box<Order>,
        /// How it ended.
        end: Box<End>,
        /// Host that it ran on.
        host: String,
        /// The code and words for it.
        said: Said,
    },
    /// An idle rank is for others now.
    GiveBack {
        /// The rank.
        rank: Rank,
    },
    /// The server knows how this job ended: nothing is told about it any more.
    Forget(JobId),
    /// A line for the log.
    Notice(String),
    /// It is over.
    Finish(Ending),
}

/// Who ended a job, if it did not end by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// Itself, or a limit of its own.
    Itself,
    /// The server wanted it.
    Server,
    /// The allocation ends.
    TimeLimit,
    /// Its rank was lost.
    RankLost,
    /// Somebody ended the pilot.
    Signal,
    /// The study wanted its rank back.
    Preempted,
    /// It was not begun, and is given back.
    NotBegun,
}

/// Why it is over.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    /// As many jobs as there were to be have ended.
    Complete,
    /// There was no work for too long.
    NoWork,
    /// The allocation ends.
    TimeLimit,
    /// Stopped early on purpose.
    Early(String),
    /// The server refuses.
    Refused(String),
    /// It cannot go on.
    Failed(String),
}
