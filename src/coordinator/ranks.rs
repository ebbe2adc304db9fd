//! Which ranks there are and what they run: bookkeeping without decisions about trials.

use crate::comm::Rank;
use crate::hosts::{Claims, HostId, Hosts, Place};
use crate::pipeline::Need;
use crate::problem::TrialId;
use std::collections::{BTreeMap, BTreeSet};

/// After so many failures in a row that are not the trials' fault a rank gets no more tasks.
pub(super) const FAULTS_IN_A_ROW: u32 = 6;

/// How long a rank rests after so many of them, in seconds: an image or a mount that is gone may be back in
/// a minute, and until then every task would fail there.
fn rest_s(faults: u32) -> f64 {
    match faults {
        0 | 1 => 0.0,
        more => 4_f64.powi(more as i32 - 2),
    }
}

/// What a failure that was not its task's fault means for a rank.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    /// Nothing yet.
    Borne,
    /// It gets no task for so many seconds; its host.
    Rests(f64, String),
    /// It gets no more tasks; its host.
    Retired(String),
}

/// An attempt on a rank.
#[derive(Debug, Clone)]
pub(super) struct Running {
    pub trial: TrialId,
    pub task: u32,
    pub attempt: u32,
    pub need: Need,
    /// Seconds since 1970.
    pub dispatched: f64,
    /// Completions since the trial's proposal was made.
    pub stale: u64,
    /// Seconds that the rank had nothing to do before.
    pub waited_s: f64,
}

#[derive(Debug, Clone)]
struct State {
    host: String,
    place: HostId,
    running: Option<Running>,
    /// When it was last without work; seconds since 1970.
    idle_since: f64,
    /// Failures in a row that were not the trials' fault.
    faults: u32,
    /// Attempts that ended otherwise.
    done_well: u64,
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
    hosts: Hosts,
    /// Ranks from this one on are places in a queue.
    queue_from: Option<Rank>,
    /// Of ranks that were given away: failures in a row, and attempts done well.
    away: BTreeMap<Rank, (u32, u64)>,
    /// Ranks that get no task until this time; the bits of seconds since 1970 are in its order.
    resting: BTreeSet<(u64, Rank)>,
}

impl Ranks {
    /// None yet; those from `queue_from` on will be places in a queue.
    pub fn new(queue_from: Option<Rank>) -> Self {
        Self { queue_from, ..Self::default() }
    }

    /// Attempts that are in a queue.
    pub fn in_queue(&self) -> usize {
        let Some(from) = self.queue_from else { return 0 };
        self.states.range(from..).filter(|(_, state)| state.running.is_some()).count()
    }

    /// The idle rank of the highest number that is no place in a queue.
    pub fn last_idle(&self) -> Option<Rank> {
        self.hosts.last_idle_below(self.queue_from.unwrap_or(Rank::MAX))
    }

    /// Ranks that take or could take work.
    pub fn count(&self) -> usize {
        self.states.len()
    }

    /// Ranks that run something.
    pub fn running(&self) -> usize {
        self.states.len() - self.hosts.idle() - self.resting.len()
    }

    /// What hosts have.
    pub fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// A rank that can take work.
    pub fn add(&mut self, rank: Rank, place: &Place, now: f64) {
        let id = self.hosts.add(rank, place);
        let host = place.host.clone();
        let (faults, done_well) = self.away.remove(&rank).unwrap_or_default();
        let state = State { host, place: id, running: None, idle_since: now, faults, done_well };
        self.states.insert(rank, state);
    }

    /// Takes the idle rank of the highest number away for others, and says which; it may come back.
    pub fn give_away(&mut self) -> Option<Rank> {
        let rank = self.last_idle()?;
        let State { place, faults, done_well, .. } = self.states.remove(&rank)?;
        self.hosts.remove(place, rank);
        self.away.insert(rank, (faults, done_well));
        Some(rank)
    }

    /// So many ranks of a host are at work for others.
    pub fn set_elsewhere(&mut self, host: &str, ranks: usize) {
        self.hosts.set_elsewhere(host, ranks);
    }

    /// Takes a rank away; `None` if there is no such rank.
    pub fn remove(&mut self, rank: Rank) -> Option<Gone> {
        let State { host, place, running, .. } = self.states.remove(&rank)?;
        self.resting.retain(|(_, resting)| *resting != rank);
        if let Some(running) = &running {
            self.hosts.give_back(place, running.need);
        }
        self.hosts.remove(place, rank);
        Some(Gone { host, running })
    }

    /// Gives an attempt to an idle rank whose host has what it needs, another than `avoid` where there is
    /// one, and says which one that is; `None` if there is none.
    pub fn occupy(
        &mut self,
        mut running: Running,
        avoid: Option<Rank>,
        claims: &Claims,
    ) -> Option<Rank> {
        let avoid = avoid.and_then(|rank| Some((self.states.get(&rank)?.place, rank)));
        let rank = self.hosts.take(running.need, avoid, claims)?;
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
        (trial, task, attempt): (TrialId, u32, u32),
    ) -> Option<(String, Running)> {
        let state = self.states.get_mut(&rank)?;
        let same = |r: &mut Running| (r.trial, r.task, r.attempt) == (trial, task, attempt);
        let running = state.running.take_if(same)?;
        state.idle_since = now;
        self.hosts.give_back(state.place, running.need);
        self.hosts.set_idle(state.place, rank);
        Some((state.host.clone(), running))
    }

    /// What a trial runs: rank, task and attempt.
    pub fn of_trial(&self, trial: TrialId) -> Vec<(Rank, u32, u32)> {
        let ran = |(rank, state): (&Rank, &State)| {
            let running = state.running.as_ref().filter(|r| r.trial == trial)?;
            Some((*rank, running.task, running.attempt))
        };
        self.states.iter().filter_map(ran).collect()
    }

    /// Whether there is such a rank.
    pub fn knows(&self, rank: Rank) -> bool {
        self.states.contains_key(&rank)
    }

    /// How many attempts ended on a rank other than by its fault; 0 if there is no such rank.
    pub fn done_well(&self, rank: Rank) -> u64 {
        self.states.get(&rank).map_or(0, |state| state.done_well)
    }

    /// Notes that an attempt on a rank failed through no fault of its task, or did not. A rank that cannot
    /// evaluate (its disk is full, a mount is missing) would fail trial after trial in no time: it rests for
    /// longer and longer, and after [`FAULTS_IN_A_ROW`] it is taken away.
    pub fn note(&mut self, now: f64, rank: Rank, is_fault: bool) -> Fault {
        let Some(state) = self.states.get_mut(&rank) else { return Fault::Borne };
        if !is_fault {
            state.faults = 0;
            state.done_well += 1;
            return Fault::Borne;
        }
        state.faults += 1;
        let (faults, place, host) = (state.faults, state.place, state.host.clone());
        if faults >= FAULTS_IN_A_ROW {
            self.remove(rank);
            return Fault::Retired(host);
        }
        let rest_s = rest_s(faults);
        if rest_s == 0.0 {
            return Fault::Borne;
        }
        self.hosts.set_resting(place, rank);
        self.resting.insert(((now + rest_s).to_bits(), rank));
        Fault::Rests(rest_s, host)
    }

    /// When the next rank has rested, in seconds since 1970.
    pub fn wake_at(&self) -> Option<f64> {
        self.resting.first().map(|(at, _)| f64::from_bits(*at))
    }

    /// Ranks that have rested may have tasks again.
    pub fn wake(&mut self, now: f64) {
        while self.wake_at().is_some_and(|at| at <= now)
            && let Some((_, rank)) = self.resting.pop_first()
            && let Some(state) = self.states.get(&rank)
        {
            self.hosts.set_idle(state.place, rank);
        }
    }
}
