//! Where candidates are made ahead of their time: the strategy's side of the buffer.
//!
//! While ranks are busy, the desk makes up to `ready` *drafts*: candidates for the next trials, each
//! knowing the ones before it as pending. A draft is nothing but an offer: it becomes a proposal when
//! the coordinator takes it for a free rank, and only then does it enter the history. Whenever a result
//! arrives, and the next one is not due too soon for that, the drafts are made again with it, one after
//! the other, and each takes the place of the old ones. So a rank that becomes free gets its next trial at
//! once, and that trial was chosen knowing all results, as a rule, but the rank's own.
//!
//! The restart law holds in terms of what is recorded: a proposal is a function of the study, the
//! proposals before it, and the first [`seen`](Proposed::seen) completions. Drafts that nobody took
//! leave no trace, whether they were withdrawn or the run was killed over them. *Which* knowledge a
//! draft has when it is taken depends on time; it is in the record. With `ready = 0` nothing depends on
//! time: every candidate is made when a rank waits for it, from everything that was known when the rank
//! became free, so that the proposals depend on nothing but the order of completions.
//!
//! A rank that finds no draft waits for the next candidate, which is made for it at once and knows every
//! result that has come until its making begins. Ranks that
//! become free at the same time are served one after the other, which also keeps them from becoming
//! free at the same time again: a longer buffer would only make candidates older. Where evaluations
//! are so short, or ranks so many, that some have waited longer than `patience`, these get a candidate
//! that costs nothing ([`Proposer::ask_quickly`]), and its origin says so.

use super::strategist::{Offer, Reply, Request};
use crate::problem::{Design, TrialId};
use crate::store::Proposed;
use crate::strategy::{Candidate, Proposer, WAITED};
use std::collections::VecDeque;

/// Weight of the newest value in the means of [`Pace`].
const NEWEST: f64 = 0.2;

/// See [`Pace::leaves_time`].
const UNHURRIED: f64 = 4.0;

/// How much is made ahead, and when that is not good enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ahead {
    /// Drafts to keep.
    pub ready: u64,
    /// Trials in all: no draft goes beyond.
    pub trials: u64,
    /// Seconds that a rank may wait for a candidate before it gets a quick one.
    pub patience_s: f64,
}

/// Seconds since 1970, or whatever a test takes for it.
pub type Clock = Box<dyn FnMut() -> f64 + Send>;

#[derive(Debug)]
struct Draft {
    offer: Offer,
    /// The method's state after it.
    memory: Vec<u8>,
}

/// Makes candidates, ahead of time and on demand.
pub struct Desk {
    proposer: Proposer,
    ahead: Ahead,
    clock: Clock,
    /// The method's state after the last proposal that counts.
    memory: Vec<u8>,
    /// Completions told.
    told: u64,
    /// The first trial without a proposal that counts.
    next: TrialId,
    /// Drafts for `next`, `next + 1` and so on.
    chain: Vec<Draft>,
    /// What is to be done yet, and when that was said.
    queue: VecDeque<(f64, Request)>,
    /// Candidates made.
    made: u64,
    /// Whether results have come since a draft that depends on them was made.
    outdated: bool,
    /// Whether drafts are wanted.
    drafting: bool,
    pace: Pace,
}

impl Desk {
    /// A desk that makes no drafts before [`Request::Draft`] tells it to.
    pub fn new(proposer: Proposer, ahead: Ahead, clock: Clock) -> Self {
        Self {
            memory: proposer.memory().to_vec(),
            proposer,
            ahead,
            clock,
            told: 0,
            next: 0,
            chain: Vec::new(),
            queue: VecDeque::new(),
            made: 0,
            outdated: false,
            drafting: false,
            pace: Pace::default(),
        }
    }

    /// Hears what is to be done; `since` is when that was said. Results count at once, also for
    /// candidates that were asked for before and are not made yet; without drafts, where nothing may
    /// depend on time, everything has its turn.
    ///
    /// # Errors
    /// An earlier session's proposal is not one of this study, in words.
    pub fn hear(&mut self, request: Request, since: f64) -> Result<(), String> {
        if self.ahead.ready == 0 || matches!(request, Request::Ask { .. }) {
            self.queue.push_back((since, request));
            return Ok(());
        }
        self.heed(request, since)
    }

    /// Does the next thing: a candidate that is asked for, or else a draft; `None` if there is nothing
    /// to do before something is heard.
    ///
    /// # Errors
    /// As [`Desk::hear`]; or the method does not take its own state back, in words.
    pub fn step(&mut self) -> Result<Option<Vec<Reply>>, String> {
        while let Some((since, request)) = self.queue.pop_front() {
            match request {
                Request::Ask { trial, .. } => return self.answer(trial, since).map(Some),
                other => self.heed(other, since)?,
            }
        }
        self.draft()
    }

    fn heed(&mut self, request: Request, since: f64) -> Result<(), String> {
        match request {
            Request::Tell { trial, outcome } => {
                self.proposer.tell(trial, &outcome);
                self.told += 1;
                self.pace.told(since);
                let last = self.chain.last().map(|d| d.offer.proposed.trial);
                self.outdated |= last.is_some_and(|trial| self.proposer.depends_on_results(trial));
            }
            Request::Adopt { trial, design, memory } => {
                self.adopt(trial, &design, memory.as_deref())?;
            }
            Request::Take(offer) => {
                if self.chain.first().is_some_and(|d| d.offer.serial == offer.serial) {
                    self.settle_first();
                } else {
                    // It was being made again when it was taken as it was.
                    let Proposed { trial, design, memory, .. } = offer.proposed;
                    self.adopt(trial, &design, memory.as_deref())?;
                }
            }
            Request::Draft(wanted) => self.drafting = wanted,
            Request::Ask { .. } => unreachable!("what is asked for is answered"),
        }
        Ok(())
    }

    fn answer(&mut self, trial: TrialId, since: f64) -> Result<Vec<Reply>, String> {
        if self.chain.first().is_some_and(|d| d.offer.proposed.trial == trial) {
            let first = self.settle_first().map(Reply::Proposed);
            // The coordinator had no use for what comes after a draft that it did not take.
            let rest = self.chain.iter().map(|d| Reply::Draft(d.offer.clone()));
            return Ok(first.into_iter().chain(rest).collect());
        }
        self.withdraw()?;
        let begun = (self.clock)();
        let patience = self.ahead.patience_s;
        let candidate = if begun - since > patience {
            self.proposer.ask_quickly(trial, &format!("{WAITED} more than {patience} s"))
        } else {
            self.proposer.ask(trial)
        };
        let offer = self.offer(trial, candidate, begun);
        self.settled(trial);
        Ok(vec![Reply::Proposed(offer)])
    }

    /// Makes one draft if one is to be made.
    fn draft(&mut self) -> Result<Option<Vec<Reply>>, String> {
        if !self.drafting {
            return Ok(None);
        }
        if self.outdated && self.pace.leaves_time() {
            // The old ones are still on offer until the first new one is made.
            self.withdraw()?;
        }
        let room = self.ahead.trials.saturating_sub(self.next).min(self.ahead.ready);
        if self.chain.len() as u64 >= room {
            return Ok(None);
        }
        let begun = (self.clock)();
        let trial = self.next + self.chain.len() as u64;
        let candidate = self.proposer.ask(trial);
        let offer = self.offer(trial, candidate, begun);
        self.chain.push(Draft { offer: offer.clone(), memory: self.proposer.memory().to_vec() });
        Ok(Some(vec![Reply::Draft(offer)]))
    }

    fn offer(&mut self, trial: TrialId, candidate: Candidate, begun: f64) -> Offer {
        let at = (self.clock)();
        let Candidate { design, origin, memory } = candidate;
        let generation_s = at - begun;
        if self.proposer.depends_on_results(trial) {
            self.pace.made(generation_s);
        }
        let proposed = Proposed { trial, seen: self.told, design, origin, generation_s, at, memory };
        self.made += 1;
        Offer { proposed, serial: self.made, after: self.chain.last().map(|d| d.offer.serial) }
    }

    /// The first draft counts from now on.
    fn settle_first(&mut self) -> Option<Offer> {
        let first = (!self.chain.is_empty()).then(|| self.chain.remove(0))?;
        self.memory = first.memory;
        self.next = first.offer.proposed.trial + 1;
        self.outdated &= !self.chain.is_empty();
        Some(first.offer)
    }

    /// The proposal that was made last counts.
    fn settled(&mut self, trial: TrialId) {
        self.memory = self.proposer.memory().to_vec();
        self.next = trial + 1;
    }

    fn adopt(&mut self, trial: TrialId, design: &Design, memory: Option<&[u8]>) -> Result<(), String> {
        self.withdraw()?;
        let adopted = self.proposer.adopt(trial, design, memory);
        adopted.map_err(|e| format!("trial {trial} of an earlier session: {e}"))?;
        self.settled(trial);
        Ok(())
    }

    /// Takes all drafts back.
    fn withdraw(&mut self) -> Result<(), String> {
        let trials: Vec<TrialId> = self.chain.iter().map(|d| d.offer.proposed.trial).collect();
        self.chain.clear();
        self.outdated = false;
        self.proposer.withdraw(&trials, &self.memory).map_err(|e| e.to_string())
    }
}

/// How fast results come, and how long a candidate takes: means in seconds that forget.
#[derive(Debug, Default)]
struct Pace {
    last: Option<f64>,
    between: Option<f64>,
    making: Option<f64>,
}

impl Pace {
    fn told(&mut self, at: f64) {
        if let Some(last) = self.last.replace(at) {
            mean(&mut self.between, (at - last).max(0.0));
        }
    }

    fn made(&mut self, seconds: f64) {
        mean(&mut self.making, seconds);
    }

    /// Whether results come so slowly that the drafts may be made again. While they are, fewer of them
    /// lie ready. With two drafts, and results at random times but [`UNHURRIED`] times as far apart as a
    /// candidate takes, about one rank in ten finds none (two more results within two candidates) and
    /// waits for the length of a candidate or two; closer than that, older drafts are better.
    fn leaves_time(&self) -> bool {
        match (self.between, self.making) {
            (Some(between), Some(making)) => UNHURRIED * making <= between,
            _ => true,
        }
    }
}

fn mean(of: &mut Option<f64>, newest: f64) {
    *of = Some(of.map_or(newest, |old| old + NEWEST * (newest - old)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drafts_are_made_again_only_where_results_come_slowly() {
        let mut pace = Pace::default();
        assert!(pace.leaves_time(), "nothing is known yet");
        (0..100).for_each(|k| pace.told(2.0 * f64::from(k)));
        pace.made(0.5);
        assert!(pace.leaves_time());
        (0..100).for_each(|_| pace.made(0.51));
        assert!(!pace.leaves_time());
        (0..100).for_each(|k| pace.told(200.0 + 3.0 * f64::from(k)));
        assert!(pace.leaves_time());
    }
}
