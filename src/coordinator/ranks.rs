//! Which ranks there are and what they run: bookkeeping without decisions about trials.

use crate::comm::Rank;
use crate::problem::{FailureClass, Outcome, TrialId};
use std::collections::{BTreeMap, BTreeSet};

/// After so many failures in a row that are not the trials' fault a rank gets no more trials.
pub(super) const FAULTS_IN_A_ROW: u32 = 3;

/// An attempt on a rank.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub trial: TrialId,
    pub attempt: u32,
    /// Seconds since 1970.
    pub dispatched: f64,
    /// Completions since its proposal was made.
    pub stale: u64,
    /// Seconds that the rank had nothing to do before.
    pub waited_s: f64,
}

#[derive(Debug, Clone)]
struct State {
    host: String,
    running: Option<Running>,
    /// When it was last without work; seconds since 1970.
    idle_since: f64,
    /// Failures in a row that were not the trials' fault.
    faults: u32,
}

/// A rank that is no more, with what it ran.
#[derive(Debug)]
pub(super) struct Gone {
    pub host: String,
    pub running: Option<Running>,
}

/// The evaluating ranks.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranks {
    states: BTreeMap<Rank, State>,
    idle: BTreeSet<Rank>,
}

impl Ranks {
    /// Ranks that take or could take work.
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// Ranks that run something.
    pub fn running(&self) -> usize {
        self.states.len() - self.idle.len()
    }

    /// Whether a rank has nothing to do.
    pub fn any_idle(&self) -> bool {
        !self.idle.is_empty()
    }

    /// A rank that can take work.
    pub fn add(&mut self, rank: Rank, host: String, now: f64) {
        self.states.insert(rank, State { host, running: None, idle_since: now, faults: 0 });
        self.idle.insert(rank);
    }

    /// Takes a rank away; `None` if there is no such rank.
    pub fn remove(&mut self, rank: Rank) -> Option<Gone> {
        self.idle.remove(&rank);
        let State { host, running, .. } = self.states.remove(&rank)?;
        Some(Gone { host, running })
    }

    /// Gives an attempt to the idle rank of the lowest number, and says which one that is.
    pub fn occupy(&mut self, mut running: Running) -> Option<Rank> {
        let rank = self.idle.pop_first()?;
        if let Some(state) = self.states.get_mut(&rank) {
            running.waited_s = (running.dispatched - state.idle_since).max(0.0);
            state.running = Some(running);
        }
        Some(rank)
    }

    /// The rank has ended this attempt and is idle: its host, and what it ran. `None` if that is not
    /// what it runs; nothing changes then.
    pub fn release(
        &mut self,
        now: f64,
        rank: Rank,
        trial: TrialId,
        attempt: u32,
    ) -> Option<(String, Running)> {
        let state = self.states.get_mut(&rank)?;
        let running = state.running.take_if(|r| r.trial == trial && r.attempt == attempt)?;
        state.idle_since = now;
        self.idle.insert(rank);
        Some((state.host.clone(), running))
    }

    /// Whether there is such a rank.
    pub fn knows(&self, rank: Rank) -> bool {
        self.states.contains_key(&rank)
    }

    /// Notes how an attempt ended on a rank. A rank that cannot evaluate (its disk is full, a mount is
    /// missing) would fail trial after trial in no time: after [`FAULTS_IN_A_ROW`] it is taken away,
    /// and its host is the answer.
    pub fn note(&mut self, rank: Rank, outcome: &Outcome) -> Option<String> {
        let state = self.states.get_mut(&rank)?;
        let fault = matches!(outcome, Outcome::Failed { class: FailureClass::Infrastructure, .. });
        state.faults = if fault { state.faults + 1 } else { 0 };
        if state.faults < FAULTS_IN_A_ROW {
            return None;
        }
        self.remove(rank).map(|gone| gone.host)
    }
}
