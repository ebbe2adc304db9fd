//! The loop of rank 0: ranks, signals and tenants in, messages out.

use super::floor::{Floor, Move};
use super::{Deeds, Tenant, Word};
use crate::clock::now_s;
use crate::comm::{Message, Rank, Transport, TransportError, Vigil};
use crate::hosts::Place;
use crate::signal::Signals;
use std::collections::BTreeMap;
use std::time::Duration;

/// All ranks of a run, with the line to them.
pub struct House<'a> {
    transport: &'a mut dyn Transport,
    signals: &'a mut Signals,
    vigil: Vigil,
    silence_s: f64,
    /// Where the ranks that have said hello are.
    places: BTreeMap<Rank, Place>,
    floor: Floor,
    shares: Vec<f64>,
    /// What tenants could use when that was last looked at; `None`: something has changed since.
    wants: Option<Vec<usize>>,
    /// What tenants know of ranks that do not work for them, where that is not 0.
    elsewhere: BTreeMap<(usize, String), usize>,
    /// Tenants that were told of as over.
    over: Vec<bool>,
}

type Tenants<'t, 'b> = &'t mut [&'b mut dyn Tenant];

impl<'a> House<'a> {
    /// The ranks of `transport`, for `tenants`: every call of [`House::serve`] has the same.
    pub fn new(
        transport: &'a mut dyn Transport,
        signals: &'a mut Signals,
        tenants: &[&mut dyn Tenant],
    ) -> Self {
        let ranks = transport.size() - 1;
        let silence_s = tenants.iter().map(|tenant| tenant.silence_s()).fold(0.0, f64::max);
        Self {
            vigil: Vigil::new(silence_s, 1..=ranks, now_s()),
            silence_s,
            places: BTreeMap::new(),
            floor: Floor::new(ranks, tenants.len()),
            shares: tenants.iter().map(|tenant| tenant.share()).collect(),
            wants: None,
            elsewhere: BTreeMap::new(),
            over: vec![false; tenants.len()],
            transport,
            signals,
        }
    }

    /// Lets ranks work until a tenant is over, and says which; `None` once all are. The caller says goodbye
    /// to the ranks ([`dismiss`](crate::comm::dismiss)).
    pub fn serve(&mut self, tenants: Tenants<'_, '_>) -> Option<usize> {
        loop {
            for (k, tenant) in tenants.iter().enumerate() {
                if !self.over[k] && tenant.is_over() {
                    self.leave(k);
                    return Some(k);
                }
            }
            if self.over.iter().all(|over| *over) {
                return None;
            }
            self.turn(tenants);
        }
    }

    /// Whether a signal said to leave without waiting for anything, now or before.
    pub fn leave_now(&mut self) -> bool {
        self.signals.leave_now()
    }

    /// What the ranks of a tenant that is over do is not wanted any more.
    fn leave(&mut self, tenant: usize) {
        self.over[tenant] = true;
        self.wants = None;
        let is_last = self.over.iter().all(|over| *over);
        for rank in self.floor.clear(tenant) {
            if !is_last {
                // Should it be gone, its silence will tell.
                let _ = self.transport.send(rank, &Message::Rejoin);
            }
        }
    }

    /// One round: everything that has happened, then what follows from it, then a short wait.
    fn turn(&mut self, tenants: Tenants<'_, '_>) {
        let mut is_idle = !self.gather(tenants);
        for (k, tenant) in tenants.iter_mut().enumerate().filter(|(k, _)| !self.over[*k]) {
            let mut deeds = Deeds::new(self.transport);
            is_idle &= !tenant.turn(&mut deeds);
            let Deeds { lost, given, .. } = deeds;
            for (rank, reason) in lost {
                self.floor.lost(rank);
                self.wants = None;
                tenant.hear(Word::Lost { rank, reason });
            }
            for rank in given {
                self.floor.given(k, rank);
                self.wants = None;
            }
        }
        self.settle(tenants);
        if is_idle {
            self.transport.wait(Duration::from_millis(1));
        }
    }

    /// Hears ranks and signals; whether there was anything.
    fn gather(&mut self, tenants: Tenants<'_, '_>) -> bool {
        let mut any = false;
        loop {
            match self.transport.try_receive() {
                Ok(Some((rank, message))) => {
                    any = true;
                    let is_hello = matches!(message, Message::Hello { .. });
                    if self.vigil.heard(rank) && !is_hello {
                        // A rank that counted as lost speaks: it begins anew. What it says before its hello
                        // is ignored; should it be gone again, its silence will tell.
                        let _ = self.transport.send(rank, &Message::Rejoin);
                        self.tell_first(tenants, Word::Back { rank });
                    }
                    self.understand(tenants, rank, message);
                }
                Ok(None) => break,
                Err(TransportError::Gone(rank)) => {
                    any = true;
                    self.lost(tenants, rank, "the line is closed".into());
                    break;
                }
                Err(error) => {
                    any = true;
                    for tenant in tenants.iter_mut() {
                        tenant.hear(Word::Broken(error.to_string()));
                    }
                    break;
                }
            }
        }
        for rank in self.vigil.listened(now_s()) {
            any = true;
            self.transport.abandon(rank);
            let reason = format!("it has said nothing for {} s (limits.silence)", self.silence_s);
            self.lost(tenants, rank, reason);
        }
        if let Some(signal) = self.signals.poll() {
            any = true;
            for tenant in tenants.iter_mut() {
                tenant.hear(Word::Signal(signal));
            }
        }
        any
    }

    fn understand(&mut self, tenants: Tenants<'_, '_>, rank: Rank, message: Message) {
        match message {
            Message::Hello { host, cpus, cores, memory, .. } => {
                if let Some(tenant) = self.floor.lost(rank) {
                    tenants[tenant].hear(Word::Lost { rank, reason: "it begins anew".into() });
                }
                self.places.insert(rank, Place { host, cpus, cores, memory });
                self.floor.arrived(rank);
                self.wants = None;
            }
            Message::Fit => {
                let Some(place) = self.places.get(&rank).cloned() else { return };
                let Some(tenant) = self.floor.is_fit(rank) else { return };
                tenants[tenant].hear(Word::Ready { rank, place });
                self.wants = None;
            }
            Message::Unfit(reason) => {
                let host = self.places.get(&rank).map_or_else(String::new, |place| place.host.clone());
                let Some(tenant) = self.floor.is_unfit(rank) else { return };
                tenants[tenant].hear(Word::Unfit { rank, host, reason });
                self.wants = None;
            }
            Message::Alive => {
                // So that it knows the same of rank 0.
                if let Err(error) = self.transport.send(rank, &Message::Alive) {
                    self.lost(tenants, rank, error.to_string());
                }
            }
            message => match self.floor.tenant_of(rank) {
                Some(tenant) => tenants[tenant].hear(Word::Said { rank, message }),
                None => tracing::debug!("rank {rank}, which works for nobody, says {message:?}"),
            },
        }
    }

    fn lost(&mut self, tenants: Tenants<'_, '_>, rank: Rank, reason: String) {
        self.wants = None;
        self.places.remove(&rank);
        match self.floor.lost(rank) {
            Some(tenant) => tenants[tenant].hear(Word::Lost { rank, reason }),
            None => self.tell_first(tenants, Word::Lost { rank, reason }),
        }
    }

    /// Tells the first tenant that is not over: what concerns nobody's work.
    fn tell_first(&self, tenants: Tenants<'_, '_>, word: Word) {
        if let Some(first) = self.over.iter().position(|over| !over) {
            tenants[first].hear(word);
        }
    }

    /// Decides who is to have which ranks, if that may have changed.
    fn settle(&mut self, tenants: Tenants<'_, '_>) {
        let is_shared = self.over.len() > 1;
        if !is_shared && self.wants.is_some() {
            return;
        }
        let want = |(k, tenant): (usize, &&mut dyn Tenant)| match (self.over[k], is_shared) {
            (true, _) => 0,
            (false, true) => tenant.wants(),
            // What it cannot use nobody can.
            (false, false) => usize::MAX,
        };
        let wants: Vec<usize> = tenants.iter().enumerate().map(want).collect();
        if self.wants.as_ref() == Some(&wants) {
            return;
        }
        let moves = self.floor.settle(&wants, &self.shares);
        self.wants = Some(wants);
        for moved in moves {
            match moved {
                Move::Enter { rank, tenant } => {
                    let greeting = tenants[tenant].greeting();
                    if let Err(error) = self.transport.send(rank, &greeting) {
                        self.lost(tenants, rank, error.to_string());
                    }
                }
                Move::Owe { tenant, ranks } => tenants[tenant].hear(Word::Owe { ranks }),
            }
        }
        if is_shared {
            self.tell_elsewhere(tenants);
        }
    }

    /// Tells tenants how many ranks of hosts others have.
    fn tell_elsewhere(&mut self, tenants: Tenants<'_, '_>) {
        let mut now: BTreeMap<(usize, String), usize> = BTreeMap::new();
        for (rank, place) in &self.places {
            let whose = self.floor.tenant_of(*rank);
            for k in (0..tenants.len()).filter(|k| Some(*k) != whose) {
                *now.entry((k, place.host.clone())).or_default() += 1;
            }
        }
        let gone = self.elsewhere.keys().filter(|key| !now.contains_key(key));
        let changed = now.iter().filter(|(key, ranks)| self.elsewhere.get(key) != Some(ranks));
        let words: Vec<((usize, String), usize)> = gone
            .map(|key| (key.clone(), 0))
            .chain(changed.map(|(key, ranks)| (key.clone(), *ranks)))
            .collect();
        for ((k, host), ranks) in words {
            if !self.over[k] {
                tenants[k].hear(Word::Elsewhere { host, ranks });
            }
        }
        self.elsewhere = now;
    }
}
