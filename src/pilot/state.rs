//! The pilot as a pure state machine: which jobs are taken, which rank runs what, when it is over.

use super::events::{Command, Ending, Event, Said, Settings};
use crate::comm::Rank;
use crate::hosts::{Claims, HostId, Hosts};
use crate::job::{End, Facts, JobId, Order};
use crate::panda::Command as Wish;
use crate::pipeline::Need;
use crate::problem::{FailureClass, TaskOutcome};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How much the latest job counts in the mean of durations.
const FRESH: f64 = 0.1;
/// A request under way is waited for so long after the word to stop, in seconds: longer than servers wait for work.
/// What it brings, perhaps a job that was given back just now, would have to be missed by the server first.
const PATIENCE_S: f64 = 8.0;
/// Once the study is over it goes on until there was no work for so long, in seconds.
const NO_WORK_S: f64 = 60.0;
/// After a job that finds no room here nothing is asked for so long, in seconds: it would come again.
const NO_ROOM_S: f64 = 60.0;
/// After so many failures in a row that are not the jobs' fault a rank gets no more.
const FAULTS_IN_A_ROW: u32 = 6;

#[derive(Debug, Clone)]
pub(super) struct Running {
    pub order: Order,
    need: Need,
    pub began: f64,
    /// Who ended it, where that is known.
    pub said: Said,
    /// Nothing is told about its end.
    is_forgotten: bool,
}

/// A rank, and what it runs.
#[derive(Debug, Clone)]
pub(super) struct Post {
    host: String,
    pub id: HostId,
    pub running: Option<Running>,
    faults: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mode {
    Working,
    /// Nothing new is started; what runs is waited for.
    Draining(Ending),
    Over,
}

/// Rank 0's decisions about jobs of a queue.
#[derive(Debug, Clone)]
pub struct Pilot {
    pub(super) settings: Settings,
    pub(super) hosts: Hosts,
    pub(super) posts: BTreeMap<Rank, Post>,
    unfit: BTreeSet<Rank>,
    pub(super) waiting: VecDeque<Order>,
    pub(super) is_fetching: bool,
    /// Nothing is asked for before.
    pub(super) fetch_at: f64,
    /// Jobs taken, and ended.
    pub(super) taken: u64,
    ended: u64,
    /// Mean duration of jobs in seconds, once one has ended.
    pub(super) mean_s: Option<f64>,
    /// Since when there is nothing to do.
    pub(super) idle_since: f64,
    /// Ranks that others are to have, and since when they wait for that.
    pub(super) owed: usize,
    pub(super) owed_since: f64,
    /// When it was told to stop.
    stopped_at: Option<f64>,
    pub(super) mode: Mode,
}

impl Pilot {
    /// A pilot that begins `now`, seconds since 1970.
    pub fn new(settings: Settings, now: f64) -> Self {
        Self {
            settings,
            hosts: Hosts::default(),
            posts: BTreeMap::new(),
            unfit: BTreeSet::new(),
            waiting: VecDeque::new(),
            is_fetching: false,
            fetch_at: now,
            taken: 0,
            ended: 0,
            mean_s: None,
            idle_since: now,
            owed: 0,
            owed_since: now,
            stopped_at: None,
            mode: Mode::Working,
        }
    }

    /// Jobs taken, running and ended.
    pub fn counts(&self) -> (u64, usize, u64) {
        (self.taken, self.running(), self.ended)
    }

    /// How many ranks it can use, those it has included; [`usize::MAX`]: all there are.
    pub fn wants(&self) -> usize {
        match self.mode {
            Mode::Working => usize::MAX,
            Mode::Draining(_) => self.running(),
            Mode::Over => 0,
        }
    }

    pub(super) fn running(&self) -> usize {
        self.posts.values().filter(|post| post.running.is_some()).count()
    }

    /// Takes an event at the time `now` and says what is to be done, in order.
    pub fn on(&mut self, now: f64, event: Event) -> Vec<Command> {
        let mut out = vec![];
        if self.mode == Mode::Over {
            return out;
        }
        match event {
            Event::Ready { rank, place } => {
                self.lost(now, rank, "it begins anew", &mut out);
                let id = self.hosts.add(rank, &place);
                self.unfit.remove(&rank);
                self.posts.insert(rank, Post { host: place.host, id, running: None, faults: 0 });
            }
            Event::Unfit { rank, reason } => {
                if self.unfit.insert(rank) {
                    out.push(Command::Notice(format!("rank {rank} cannot run jobs: {reason}")));
                }
            }
            Event::Lost { rank, reason } => {
                out.push(Command::Notice(format!("rank {rank} is lost: {reason}")));
                self.lost(now, rank, &reason, &mut out);
            }
            Event::Fetched(orders) => self.fetched(orders, &mut out),
            Event::Spoilt(jobs) => {
                self.taken += jobs;
                self.ended += jobs;
            }
            Event::NotFetched { wait_s, reason } => {
                self.is_fetching = false;
                self.fetch_at = now + wait_s;
                out.extend(reason.map(|why| Command::Notice(format!("no jobs taken: {why}"))));
            }
            Event::Ended { rank, end } => self.ended(rank, end, &mut out),
            Event::Wished { id, wishes } => self.wished(now, id, &wishes, &mut out),
            Event::Owe { ranks } => {
                if self.owed == 0 {
                    self.owed_since = now;
                }
                self.owed = ranks;
            }
            Event::Alone => {
                self.settings.is_guest = false;
                self.settings.patience_s = Some(NO_WORK_S);
                self.idle_since = now;
            }
            Event::Elsewhere { host, ranks } => self.hosts.set_elsewhere(&host, ranks),
            Event::Refused { reason } => {
                out.push(Command::Notice(format!(
                    "no more jobs are taken, and it ends when what runs has ended: {reason}"
                )));
                self.drain(Ending::Refused(reason));
            }
            Event::Tick => {}
            Event::Drain { reason } => {
                self.stopped_at.get_or_insert(now);
                self.drain(Ending::Early(reason));
            }
            Event::Stop { reason } => self.stop(now, Said::Signal, Ending::Early(reason), &mut out),
        }
        if self.settings.end.is_some_and(|end| now >= end) {
            self.stop(now, Said::TimeLimit, Ending::TimeLimit, &mut out);
        }
        self.give_ranks_back(now, &mut out);
        self.dispatch(now, &mut out);
        self.fetch(now, &mut out);
        // Also what comes from a request that was under way.
        let why = match self.mode {
            Mode::Working if self.settings.is_guest && self.posts.is_empty() => {
                Some("the study has all ranks again")
            }
            Mode::Working => None,
            _ => Some("the pilot takes no more jobs"),
        };
        if let Some(why) = why {
            for order in std::mem::take(&mut self.waiting) {
                self.give_back(now, order, Said::NotBegun, why, &mut out);
            }
        }
        self.finish_if_over(now, &mut out);
        out
    }

    fn fetched(&mut self, orders: Vec<Order>, out: &mut Vec<Command>) {
        self.is_fetching = false;
        self.taken += orders.len() as u64;
        for order in &orders {
            out.push(Command::Begun { id: order.id, host: None, cores: order.cores });
        }
        self.waiting.extend(orders);
    }

    /// Takes a rank away; what it ran has failed through no fault of its own.
    fn lost(&mut self, now: f64, rank: Rank, reason: &str, out: &mut Vec<Command>) {
        let Some(post) = self.posts.remove(&rank) else { return };
        if let Some(running) = &post.running {
            self.hosts.give_back(post.id, running.need);
        }
        self.hosts.remove(post.id, rank);
        let Some(running) = post.running else { return };
        if running.is_forgotten {
            self.ended += 1;
            return out.push(Command::Forget(running.order.id));
        }
        let outcome = TaskOutcome::Interrupted { reason: format!("its rank is lost: {reason}") };
        let end = unrun(running.order.id, outcome, running.began, now);
        self.tell(running.order, end, post.host, Said::RankLost, out);
    }

    fn ended(&mut self, rank: Rank, end: End, out: &mut Vec<Command>) {
        let Some(post) = self.posts.get_mut(&rank) else { return };
        let Some(running) = post.running.take_if(|running| running.order.id == end.id) else { return };
        self.hosts.give_back(post.id, running.need);
        self.hosts.set_idle(post.id, rank);
        let took_s = (end.finished - end.started).max(0.0);
        self.mean_s = Some(self.mean_s.map_or(took_s, |mean| mean + FRESH * (took_s - mean)));
        let is_fault =
            matches!(end.outcome, TaskOutcome::Failed { class: FailureClass::Infrastructure, .. });
        post.faults = if is_fault { post.faults + 1 } else { 0 };
        let (faults, host) = (post.faults, post.host.clone());
        if faults >= FAULTS_IN_A_ROW {
            let id = post.id;
            self.posts.remove(&rank);
            self.hosts.remove(id, rank);
            out.push(Command::Notice(format!(
                "rank {rank} on {host} gets no more jobs: {faults} in a row could not be run there"
            )));
        }
        if running.is_forgotten {
            self.ended += 1;
            out.push(Command::Forget(running.order.id));
        } else {
            self.tell(running.order, end, host, running.said, out);
        }
    }

    fn tell(&mut self, order: Order, end: End, host: String, said: Said, out: &mut Vec<Command>) {
        self.ended += 1;
        self.idle_since = self.idle_since.max(end.finished);
        out.push(Command::Tell { order: Box::new(order), end: Box::new(end), host, said });
    }

    /// Gives a job back that was not begun.
    fn give_back(&mut self, now: f64, order: Order, said: Said, reason: &str, out: &mut Vec<Command>) {
        let outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
        let end = unrun(order.id, outcome, now, now);
        self.tell(order, end, String::new(), said, out);
    }

    fn wished(&mut self, now: f64, id: JobId, wishes: &BTreeSet<Wish>, out: &mut Vec<Command>) {
        let is_done = wishes.contains(&Wish::AlreadyDone);
        let is_over = is_done || wishes.contains(&Wish::Kill);
        if !is_over && !wishes.contains(&Wish::SoftKill) {
            return;
        }
        if let Some(at) = self.waiting.iter().position(|order| order.id == id)
            && let Some(order) = self.waiting.remove(at)
        {
            if is_done {
                self.ended += 1;
                return out.push(Command::Forget(id));
            }
            return self.give_back(
                now,
                order,
                Said::Server,
                "the server does not want it any more",
                out,
            );
        }
        if !is_over {
            // What is under way in a job is all of it.
            return;
        }
        for (rank, post) in &mut self.posts {
            if let Some(running) = post.running.as_mut().filter(|running| running.order.id == id) {
                running.is_forgotten |= is_done;
                running.said = Said::Server;
                let reason = "the server does not want it any more".to_owned();
                out.push(Command::Halt { rank: *rank, id, reason });
            }
        }
    }

    fn drain(&mut self, ending: Ending) {
        if self.mode == Mode::Working {
            self.mode = Mode::Draining(ending);
        }
    }

    fn stop(&mut self, now: f64, said: Said, ending: Ending, out: &mut Vec<Command>) {
        self.mode = Mode::Draining(ending);
        self.stopped_at.get_or_insert(now);
        for (rank, post) in &mut self.posts {
            if let Some(running) = post.running.as_mut().filter(|running| running.said == Said::Itself) {
                running.said = said;
                let reason = match said {
                    Said::TimeLimit => "the allocation ends",
                    _ => "the pilot was told to stop",
                };
                let (id, reason) = (running.order.id, reason.to_owned());
                out.push(Command::Halt { rank: *rank, id, reason });
            }
        }
    }

    pub(super) fn left_s(&self, now: f64) -> Option<f64> {
        self.settings.end.map(|end| end - now)
    }

    /// Gives waiting jobs to idle ranks, in their order; a large one keeps the most suitable host for itself.
    fn dispatch(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.mode != Mode::Working {
            return;
        }
        let mut claims = Claims::default();
        let mut kept = VecDeque::new();
        while let Some(order) = self.waiting.pop_front() {
            let takes_s = order.timeout_s.unwrap_or(self.settings.usual_s);
            let need = Need { cores: order.cores.max(1), memory: order.memory.unwrap_or(0) };
            if self.left_s(now).is_some_and(|left| takes_s > left) {
                let reason = format!("it may take {takes_s} s, and the allocation ends before");
                self.give_back(now, order, Said::NotBegun, &reason, out);
            } else if (self.settings.is_guest
                || self.posts.len() + self.unfit.len() >= self.settings.ranks)
                && !self.posts.is_empty()
                && !self.hosts.could_hold_now(need)
            {
                self.fetch_at = self.fetch_at.max(now + NO_ROOM_S);
                let amount = need.memory as f64 / 1e9;
                let largest = self.hosts.largest();
                let reason = format!(
                    "it needs {} cores and {amount:.1} GB on one host, and the largest has {largest}",
                    need.cores
                );
                self.give_back(now, order, Said::NotBegun, &reason, out);
            } else if !self.hosts.any_left(&claims) {
                kept.push_back(order);
                break;
            } else if let Some(rank) = self.hosts.take(need, None, &claims) {
                self.start(now, rank, order, need, out);
            } else {
                self.hosts.claim(need, &mut claims);
                kept.push_back(order);
            }
        }
        kept.append(&mut self.waiting);
        self.waiting = kept;
    }

    fn start(&mut self, now: f64, rank: Rank, order: Order, need: Need, out: &mut Vec<Command>) {
        let Some(post) = self.posts.get_mut(&rank) else { unreachable!("idle ranks have a post") };
        let (id, cores) = (order.id, order.cores);
        let said = Said::Itself;
        post.running =
            Some(Running { order: order.clone(), need, began: now, said, is_forgotten: false });
        out.push(Command::Run { rank, order: Box::new(order) });
        out.push(Command::Begun { id, host: Some(post.host.clone()), cores });
    }

    fn finish_if_over(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.running() > 0 || !self.waiting.is_empty() {
            self.idle_since = now;
            return;
        }
        // Jobs that come when nobody is there any more would have to be missed by the server first.
        let is_patient = self.stopped_at.is_none_or(|at| now - at < PATIENCE_S);
        if self.is_fetching && is_patient {
            return;
        }
        let ending = match &self.mode {
            Mode::Over => return,
            Mode::Draining(ending) => ending.clone(),
            Mode::Working if self.unfit.len() >= self.settings.ranks => {
                Ending::Failed("no rank can run jobs".to_owned())
            }
            Mode::Working if self.settings.most.is_some_and(|most| self.ended >= most) => {
                Ending::Complete
            }
            Mode::Working if self.left_s(now).is_some_and(|left| left < self.settings.usual_s) => {
                let left = self.left_s(now).unwrap_or(0.0).max(0.0);
                out.push(Command::Notice(format!(
                    "{left:.0} s are left, and a job usually takes {} s (usual): no more are taken",
                    self.settings.usual_s
                )));
                Ending::TimeLimit
            }
            Mode::Working
                if self.settings.patience_s.is_some_and(|most| now - self.idle_since >= most) =>
            {
                Ending::NoWork
            }
            Mode::Working => return,
        };
        self.mode = Mode::Over;
        out.push(Command::Finish(ending));
    }
}

/// The end of a job that no rank told of.
fn unrun(id: JobId, outcome: TaskOutcome, started: f64, finished: f64) -> End {
    End { id, outcome, started, finished, facts: Facts::default() }
}

#[cfg(test)]
mod tests;
