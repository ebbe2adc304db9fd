//! Cores and memory of hosts, which their ranks share.

use crate::comm::Rank;
use crate::pipeline::Need;
use std::collections::{BTreeMap, BTreeSet};

/// What a rank says about its host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Name of the host.
    pub host: String,
    /// Processors that the rank may run on.
    pub cpus: Vec<u32>,
    /// How many of them it may use at a time.
    pub cores: u32,
    /// Bytes of memory for all ranks of the host; `None` if that is not known.
    pub memory: Option<u64>,
}

/// A host and what is taken of it.
#[derive(Debug, Clone, Default)]
struct Host {
    ranks: usize,
    /// Ranks of this host that work for somebody else: what it has is shared in proportion.
    elsewhere: usize,
    idle: BTreeSet<Rank>,
    /// Processors that any of its ranks may run on: ranks may be bound to one each.
    cpus: BTreeSet<u32>,
    /// What a quota leaves of them.
    quota: Option<u32>,
    memory: Option<u64>,
    cores_taken: u64,
    memory_taken: u64,
}

impl Host {
    /// Cores that may be taken at a time. A rank is always good for a core, also where more ranks were
    /// started than there are processors.
    fn all_cores(&self) -> u64 {
        self.processors().max((self.ranks + self.elsewhere) as u64)
    }

    /// Processors that its ranks may use at a time.
    fn processors(&self) -> u64 {
        (self.cpus.len() as u64).min(self.quota.map_or(u64::MAX, u64::from))
    }

    /// The part of an amount that belongs to the ranks here.
    fn share(&self, amount: u64) -> u64 {
        let (own, all) = (self.ranks as u128, (self.ranks + self.elsewhere).max(1) as u128);
        // No more than the amount.
        (u128::from(amount) * own / all) as u64
    }

    fn cores(&self) -> u64 {
        self.share(self.all_cores())
    }

    fn memory(&self) -> Option<u64> {
        self.memory.map(|all| self.share(all))
    }

    fn holds(&self, need: Need) -> bool {
        u64::from(need.cores) <= self.all_cores() && self.memory.is_none_or(|m| need.memory <= m)
    }

    fn holds_now(&self, need: Need) -> bool {
        u64::from(need.cores) <= self.cores() && self.memory().is_none_or(|m| need.memory <= m)
    }

    fn free_cores(&self) -> u64 {
        self.cores().saturating_sub(self.cores_taken)
    }

    fn fits(&self, need: Need) -> bool {
        let free = self.memory().map(|m| m.saturating_sub(self.memory_taken));
        u64::from(need.cores) <= self.free_cores() && free.is_none_or(|free| need.memory <= free)
    }
}

/// Position of a host in [`Hosts`].
pub type HostId = usize;

/// All hosts with their idle ranks.
#[derive(Debug, Clone, Default)]
pub struct Hosts {
    names: BTreeMap<String, HostId>,
    hosts: Vec<Host>,
    idle: BTreeMap<Rank, HostId>,
}

/// Hosts that are kept for a task which does not fit anywhere yet. Lasts for one round of dispatch.
#[derive(Debug, Default)]
pub struct Claims(BTreeSet<HostId>);

impl Hosts {
    /// Number of idle ranks.
    pub fn idle(&self) -> usize {
        self.idle.len()
    }

    /// An idle rank is there.
    pub fn add(&mut self, rank: Rank, place: &Place) -> HostId {
        let next = self.hosts.len();
        let id = *self.names.entry(place.host.clone()).or_insert(next);
        if id == next {
            self.hosts.push(Host { memory: place.memory, ..Host::default() });
        }
        let host = &mut self.hosts[id];
        host.ranks += 1;
        host.cpus.extend(&place.cpus);
        if (place.cores as usize) < place.cpus.len() {
            host.quota = Some(host.quota.unwrap_or(0).max(place.cores));
        }
        host.memory = [host.memory, place.memory].into_iter().flatten().min();
        self.set_idle(id, rank);
        id
    }

    /// So many ranks of a host work for somebody else.
    pub fn set_elsewhere(&mut self, host: &str, ranks: usize) {
        if let Some(id) = self.names.get(host) {
            self.hosts[*id].elsewhere = ranks;
        }
    }

    /// The idle rank of the highest number below `limit`.
    pub fn last_idle_below(&self, limit: Rank) -> Option<Rank> {
        self.idle.range(..limit).next_back().map(|(rank, _)| *rank)
    }

    /// A rank is no more; what it ran is given back first, with [`Hosts::give_back`].
    pub fn remove(&mut self, id: HostId, rank: Rank) {
        self.idle.remove(&rank);
        let host = &mut self.hosts[id];
        host.idle.remove(&rank);
        host.ranks -= 1;
        if host.ranks == 0 {
            // Its processors are gone with it.
            host.cpus.clear();
        }
    }

    /// A rank has ended what it ran.
    pub fn give_back(&mut self, id: HostId, need: Need) {
        let host = &mut self.hosts[id];
        host.cores_taken -= u64::from(need.cores);
        host.memory_taken -= need.memory;
    }

    /// A rank has nothing to do.
    pub fn set_idle(&mut self, id: HostId, rank: Rank) {
        self.hosts[id].idle.insert(rank);
        self.idle.insert(rank, id);
    }

    /// An idle rank gets nothing for a while.
    pub fn set_resting(&mut self, id: HostId, rank: Rank) {
        self.hosts[id].idle.remove(&rank);
        self.idle.remove(&rank);
    }

    /// Takes an idle rank for a task: the one of the lowest number whose host has what it needs and is
    /// not claimed; another than `avoid` if possible, and best on another host than its.
    pub fn take(&mut self, need: Need, avoid: Option<(HostId, Rank)>, claims: &Claims) -> Option<Rank> {
        let (rank, id) = self.find(need, avoid, claims)?;
        self.idle.remove(&rank);
        let host = &mut self.hosts[id];
        host.idle.remove(&rank);
        host.cores_taken += u64::from(need.cores);
        host.memory_taken += need.memory;
        Some(rank)
    }

    fn find(
        &self,
        need: Need,
        avoid: Option<(HostId, Rank)>,
        claims: &Claims,
    ) -> Option<(Rank, HostId)> {
        let serves = |id: HostId| !claims.0.contains(&id) && self.hosts[id].fits(need);
        let Some((bad_host, bad_rank)) = avoid else {
            // The usual case: the first idle rank will do.
            let (first, id) = self.idle.first_key_value()?;
            if serves(*id) {
                return Some((*first, *id));
            }
            return self.firsts(None).filter(|(_, id)| serves(*id)).min();
        };
        let all = || self.firsts(Some(bad_rank)).filter(|(_, id)| serves(*id));
        let elsewhere = all().filter(|(_, id)| *id != bad_host).min();
        elsewhere.or_else(|| all().min()).or_else(|| {
            let id = *self.idle.get(&bad_rank)?;
            serves(id).then_some((bad_rank, id))
        })
    }

    /// The first idle rank of every host, but not this one.
    fn firsts(&self, except: Option<Rank>) -> impl Iterator<Item = (Rank, HostId)> {
        let first = move |host: &Host| host.idle.iter().copied().find(|rank| Some(*rank) != except);
        self.hosts.iter().enumerate().filter_map(move |(id, host)| Some((first(host)?, id)))
    }

    /// Keeps a host for a task that fits nowhere now, so that smaller tasks behind it do not take what
    /// becomes free for ever: the one that could hold it and has most cores free.
    pub fn claim(&self, need: Need, claims: &mut Claims) {
        let could = |id: &HostId| {
            let host = &self.hosts[*id];
            host.ranks > 0 && host.holds(need) && !claims.0.contains(id)
        };
        let free = |id: &HostId| (self.hosts[*id].free_cores(), std::cmp::Reverse(*id));
        let best = (0..self.hosts.len()).filter(could).max_by_key(free);
        claims.0.extend(best);
    }

    /// Whether a task of one core might still find a rank.
    pub fn any_left(&self, claims: &Claims) -> bool {
        if claims.0.is_empty() {
            return !self.idle.is_empty();
        }
        let mut hosts = self.hosts.iter().enumerate();
        hosts.any(|(id, host)| !host.idle.is_empty() && !claims.0.contains(&id))
    }

    /// Whether there is a host that could hold a task if nothing else ran there, also not by others.
    pub fn could_hold(&self, need: Need) -> bool {
        self.hosts.iter().any(|host| host.ranks + host.elsewhere > 0 && host.holds(need))
    }

    /// The same with the part of a host that belongs to its ranks here.
    pub fn could_hold_now(&self, need: Need) -> bool {
        self.hosts.iter().any(|host| host.ranks > 0 && host.holds_now(need))
    }

    /// How many tasks could run at a time if all were like this one.
    pub fn slots(&self, need: Need) -> u64 {
        let hosts = self.hosts.iter().filter(|host| host.ranks > 0);
        let of_host = |host: &Host| {
            let by_cores = host.cores() / u64::from(need.cores.max(1));
            let by_memory =
                host.memory().map_or(u64::MAX, |m| m.checked_div(need.memory).unwrap_or(u64::MAX));
            by_cores.min(by_memory).min(host.ranks as u64)
        };
        hosts.map(of_host).sum()
    }

    /// Every host with the processors that its ranks may use at a time, however many ranks there are.
    pub fn processors(&self) -> impl Iterator<Item = (&str, u64)> {
        self.names.iter().map(|(name, id)| (&**name, self.hosts[*id].processors()))
    }

    /// The most that any host has, in words.
    pub fn largest(&self) -> String {
        let hosts = || self.hosts.iter().filter(|host| host.ranks + host.elsewhere > 0);
        let cores = hosts().map(Host::all_cores).max().unwrap_or(0);
        match hosts().filter_map(|host| host.memory).max() {
            Some(memory) => format!("{cores} cores and {:.1} GB", memory as f64 / 1e9),
            None => format!("{cores} cores"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_shared_in_proportion_to_its_ranks() {
        let place =
            Place { host: "h".into(), cpus: (0..8).collect(), cores: 8, memory: Some(8_000_000_000) };
        let mut hosts = Hosts::default();
        let id = hosts.add(1, &place);
        hosts.add(2, &place);
        let need = |cores, memory| Need { cores, memory };
        assert_eq!(hosts.slots(need(2, 0)), 2, "as many as ranks");
        assert!(hosts.could_hold_now(need(8, 8_000_000_000)));
        hosts.set_elsewhere("h", 2);
        assert_eq!(hosts.slots(need(4, 0)), 1);
        assert!(hosts.could_hold_now(need(4, 4_000_000_000)));
        assert!(!hosts.could_hold_now(need(5, 0)) && !hosts.could_hold_now(need(1, 5_000_000_000)));
        assert!(hosts.could_hold(need(8, 8_000_000_000)), "it may have all of it again");
        let claims = Claims::default();
        assert_eq!(hosts.take(need(4, 0), None, &claims), Some(1));
        assert_eq!(hosts.take(need(1, 0), None, &claims), None, "its part is taken");
        hosts.set_elsewhere("h", 0);
        assert_eq!(hosts.take(need(4, 0), None, &claims), Some(2));
        hosts.give_back(id, need(4, 0));
        hosts.set_idle(id, 1);
        assert_eq!((hosts.last_idle_below(9), hosts.last_idle_below(1)), (Some(1), None));
        hosts.set_elsewhere("nowhere", 3);
    }
}
