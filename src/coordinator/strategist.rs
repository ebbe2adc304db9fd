//! The strategy on a thread of its own, so that rank 0 answers while candidates are computed.

use crate::problem::{Design, Outcome, TrialId};
use crate::store::Proposed;
use crate::strategy::Proposer;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle, Thread};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What the strategy is told, strictly in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Propose this trial, knowing `seen` completions.
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
}

/// A running strategy thread.
#[derive(Debug)]
pub struct Strategist {
    requests: Option<Sender<Request>>,
    proposals: Receiver<Proposed>,
    thread: Option<JoinHandle<Result<(), String>>>,
}

impl Strategist {
    /// Starts the thread; `waiter` is woken at every proposal.
    pub fn start(proposer: Proposer, waiter: Thread) -> Self {
        let (requests, inbox) = channel();
        let (outbox, proposals) = channel();
        let work = move || work(proposer, &inbox, &outbox, &waiter);
        Self { requests: Some(requests), proposals, thread: Some(thread::spawn(work)) }
    }

    /// Hands a request over. A thread that has ended is noticed by [`Strategist::try_next`].
    pub fn request(&self, request: Request) {
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
    }

    /// The next proposal, if one is there.
    ///
    /// # Errors
    /// The thread has ended, in words.
    pub fn try_next(&mut self) -> Result<Option<Proposed>, String> {
        match self.proposals.try_recv() {
            Ok(proposed) => Ok(Some(proposed)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(match self.thread.take().map(JoinHandle::join) {
                Some(Ok(Err(reason))) => reason,
                _ => "the strategy's thread ended by itself".to_owned(),
            }),
        }
    }
}

fn work(
    mut proposer: Proposer,
    inbox: &Receiver<Request>,
    outbox: &Sender<Proposed>,
    waiter: &Thread,
) -> Result<(), String> {
    for request in inbox {
        match request {
            Request::Tell { trial, outcome } => proposer.tell(trial, &outcome),
            Request::Adopt { trial, design, memory } => {
                let adopted = proposer.adopt(trial, &design, memory.as_deref());
                adopted.map_err(|e| format!("trial {trial} of an earlier session: {e}"))?;
            }
            Request::Ask { trial, seen } => {
                let begun = Instant::now();
                let candidate = proposer.ask(trial);
                let proposed = Proposed {
                    trial,
                    seen,
                    design: candidate.design,
                    origin: candidate.origin,
                    generation_s: begun.elapsed().as_secs_f64(),
                    at: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64()),
                    memory: candidate.memory,
                };
                // Nobody listens any more: the run is over.
                if outbox.send(proposed).is_err() {
                    return Ok(());
                }
                waiter.unpark();
            }
        }
    }
    Ok(())
}
