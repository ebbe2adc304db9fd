//! The strategy on a thread of its own, so that rank 0 answers while candidates are computed.

use super::desk::{Ahead, Desk};
use crate::clock::now_s;
use crate::problem::{Design, Outcome, TrialId};
use crate::store::Proposed;
use crate::strategy::Proposer;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle, Thread};

/// What the strategy is told, strictly in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// A rank waits: propose this trial, knowing at most `seen` completions.
    Ask {
        /// The trial.
        trial: TrialId,
        /// Completions told before.
        seen: u64,
    },
    /// A trial ended.
    Tell {
        /// The trial.
        trial: TrialId,
        /// How.
        outcome: Outcome,
    },
    /// This trial was proposed in an earlier session.
    Adopt {
        /// The trial.
        trial: TrialId,
        /// Its design.
        design: Design,
        /// The strategy's state after it, where it changed.
        memory: Option<Vec<u8>>,
    },
    /// A draft is a trial now.
    Take(Offer),
    /// Whether to make drafts when there is nothing else to do.
    Draft(bool),
}

/// A candidate, which knows the candidate or proposal for the trial before.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What it becomes when it is taken.
    pub proposed: Proposed,
    /// Number in the order of making, withdrawn ones included.
    pub serial: u64,
    /// Serial of the draft that it supposes to be the trial before; `None` if that was a trial already.
    pub after: Option<u64>,
}

/// What the strategy answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To an [`Request::Ask`].
    Proposed(Offer),
    /// A candidate for a trial that is not asked for yet. It takes the place of all drafts for this
    /// trial and later ones.
    Draft(Offer),
}

/// A running strategy thread.
#[derive(Debug)]
pub struct Strategist {
    requests: Sender<(f64, Request)>,
    replies: Receiver<Reply>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Strategist {
    /// Starts the thread; `waiter` is woken at every reply.
    pub fn start(proposer: Proposer, ahead: Ahead, waiter: Thread) -> Self {
        let (requests, inbox) = channel();
        let (outbox, replies) = channel();
        let work = move || work(Desk::new(proposer, ahead, Box::new(now_s)), &inbox, &outbox, &waiter);
        Self { requests, replies, thread: Some(thread::spawn(work)) }
    }

    /// Hands a request over. A thread that has ended is noticed by [`Strategist::try_next`].
    pub fn request(&self, request: Request) {
        let _ = self.requests.send((now_s(), request));
    }

    /// The next reply, if one is there.
    ///
    /// # Errors
    /// The thread has ended, in words.
    pub fn try_next(&mut self) -> Result<Option<Reply>, String> {
        match self.replies.try_recv() {
            Ok(reply) => Ok(Some(reply)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(match self.thread.take().map(JoinHandle::join) {
                Some(Ok(Err(reason))) => reason,
                _ => "the strategy's thread ended by itself".to_owned(),
            }),
        }
    }
}

/// Does what is asked for first, and makes drafts when nothing is.
fn work(
    mut desk: Desk,
    inbox: &Receiver<(f64, Request)>,
    outbox: &Sender<Reply>,
    waiter: &Thread,
) -> Result<(), String> {
    loop {
        loop {
            match inbox.try_recv() {
                Ok((since, request)) => desk.hear(request, since)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        let Some(replies) = desk.step()? else {
            match inbox.recv() {
                Ok((since, request)) => desk.hear(request, since)?,
                Err(_) => return Ok(()),
            }
            continue;
        };
        for reply in replies {
            // Nobody listens any more: the run is over.
            if outbox.send(reply).is_err() {
                return Ok(());
            }
            waiter.unpark();
        }
    }
}
