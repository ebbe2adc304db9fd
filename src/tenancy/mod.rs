//! The ranks of a run and who they work for: studies, and a pilot that fetches work for what these leave.
//!
//! A rank works for one tenant at a time. Who gets how many is decided by [`Floor`], from what each can use:
//! studies first, by their shares; guests have the rest. A tenant that has more than it is to have gives ranks
//! back as they become idle. [`House`] is the loop of rank 0: it hears ranks, signals and tenants, and
//! carries out.

mod floor;
mod house;

pub use floor::{Floor, Move};
pub use house::House;

use crate::comm::{Message, Rank, Transport};
use crate::hosts::Place;
use crate::signal::SignalEvent;

/// What a tenant hears.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    /// A rank works for it from now on.
    Ready {
        /// The rank.
        rank: Rank,
        /// Its host, and what it may use of that.
        place: Place,
    },
    /// A rank cannot work for it; should that change, it is ready.
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
    /// A rank that counted as lost speaks again, and begins anew.
    Back {
        /// The rank.
        rank: Rank,
    },
    /// A rank that works for it says something.
    Said {
        /// The rank.
        rank: Rank,
        /// What.
        message: Message,
    },
    /// So many of its ranks are for others, each as soon as it is idle.
    Owe {
        /// How many yet.
        ranks: usize,
    },
    /// So many ranks of a host do not work for it.
    Elsewhere {
        /// The host.
        host: String,
        /// How many.
        ranks: usize,
    },
    /// A signal has come.
    Signal(SignalEvent),
    /// The line to the ranks is broken.
    Broken(String),
}

/// What a tenant does: its messages go out at once, before whatever it does next.
pub struct Deeds<'a> {
    transport: &'a mut dyn Transport,
    /// Ranks that could not be reached, with the reason.
    lost: Vec<(Rank, String)>,
    /// Idle ranks that it gives back.
    given: Vec<Rank>,
    /// Messages to ranks that are none of this run.
    elsewhere: Vec<(Rank, Message)>,
}

impl<'a> Deeds<'a> {
    fn new(transport: &'a mut dyn Transport) -> Self {
        Self { transport, lost: vec![], given: vec![], elsewhere: vec![] }
    }

    /// Sends a message to one of its ranks.
    pub fn send(&mut self, rank: Rank, message: Message) {
        if rank >= self.transport.size() {
            return self.elsewhere.push((rank, message));
        }
        if let Err(error) = self.transport.send(rank, &message) {
            self.lost.push((rank, error.to_string()));
        }
    }

    /// Gives an idle rank back.
    pub fn give(&mut self, rank: Rank) {
        self.given.push(rank);
    }

    /// Takes the messages to ranks that are none of this run: places in a queue.
    pub fn take_elsewhere(&mut self) -> Vec<(Rank, Message)> {
        std::mem::take(&mut self.elsewhere)
    }
}

/// Somebody whom ranks work for.
pub trait Tenant {
    /// What a rank is told before anything else: the study, or where jobs run.
    fn greeting(&self) -> Message;

    /// Seconds of silence after which a rank counts as lost.
    fn silence_s(&self) -> f64;

    /// How many ranks it can use now, those it has included.
    fn wants(&self) -> usize;

    /// Its part where studies compete; 0: a guest, who has what they leave.
    fn share(&self) -> f64;

    /// Something has happened.
    fn hear(&mut self, word: Word);

    /// Goes on with everything that has happened; whether anything had.
    fn turn(&mut self, deeds: &mut Deeds<'_>) -> bool;

    /// Whether it needs no rank any more.
    fn is_over(&self) -> bool;
}
