//! A pilot at work: events in from ranks, server, signals and clock; commands out.

use super::courier::{Courier, Heard, begun};
use super::events::{Command, Ending, Event, Said};
use super::fetcher::{Fetched, Fetcher, Request};
use super::state::Pilot;
use super::verdict;
use crate::clock::now_s;
use crate::comm::Message;
use crate::config::Site;
use crate::job::{End, JobId, Order};
use crate::panda::{State, Update};
use crate::signal::SignalEvent;
use crate::tenancy::{Deeds, Tenant, Word};
use std::collections::BTreeMap;

/// What a [`Driver`] is made of.
pub struct Drive {
    /// The decisions.
    pub pilot: Pilot,
    /// Takes jobs.
    pub fetcher: Fetcher,
    /// Tells of them.
    pub courier: Courier,
    /// Where jobs run.
    pub site: Site,
    /// Name of the queue.
    pub queue: String,
    /// What the server knows this pilot by.
    pub name: String,
    /// Number of the batch job.
    pub batch: Option<u64>,
    /// Hears lines for people.
    pub notice: Box<dyn FnMut(&str)>,
    /// Hears every end of a job, with the seconds since it was taken.
    pub on_end: OnEnd,
}

/// Hears an end of a job, with the seconds since it was taken.
pub type OnEnd = Box<dyn FnMut(&End, f64)>;

/// How it ended.
#[derive(Debug)]
pub enum Ended {
    /// As the pilot decided.
    Ending(Ending),
    /// Last words cannot be written.
    Disk(String),
}

/// A pilot at work: feeds [`Pilot`] and carries its commands out until there is a reason to end.
pub struct Driver {
    drive: Drive,
    site: String,
    /// What was heard since the last turn.
    events: Vec<Event>,
    /// Identifiers of log files, which the server gave.
    guids: BTreeMap<JobId, String>,
    /// When jobs were taken, seconds since 1970.
    taken: BTreeMap<JobId, f64>,
    ticked: f64,
    ended: Option<Ended>,
}

/// Time between two looks at the clock, in seconds.
const TICK_S: f64 = 0.2;

impl Driver {
    /// Begins.
    pub fn new(drive: Drive) -> Self {
        Self {
            site: serde_json::to_string(&drive.site).unwrap_or_default(),
            drive,
            events: vec![],
            guids: BTreeMap::new(),
            taken: BTreeMap::new(),
            ticked: 0.0,
            ended: None,
        }
    }

    /// Tells the server what is left to tell, as long as it takes it: how it ended, once it
    /// [`is_over`](Tenant::is_over), and how many ends of jobs the server has not heard of.
    pub fn close(self) -> (Option<Ended>, usize) {
        (self.ended, self.drive.courier.close())
    }

    /// Takes no more jobs and ends when those that run have ended.
    pub fn drain(&mut self, reason: &str) {
        self.events.push(Event::Drain { reason: reason.to_owned() });
    }

    /// No study has ranks any more: all are its own, until there is no work.
    pub fn is_alone(&mut self) {
        self.events.push(Event::Alone);
    }

    /// What the threads that talk to the server have to say.
    fn gather(&mut self) {
        while let Some(found) = self.drive.fetcher.try_next() {
            match found {
                Fetched::Event(event) => {
                    if let Event::Fetched(orders) = &event {
                        self.taken.extend(orders.iter().map(|order| (order.id, now_s())));
                    }
                    self.events.push(event);
                }
                Fetched::Broken(broken) => {
                    self.events.push(Event::Spoilt(broken.len() as u64));
                    self.broken(broken);
                }
                Fetched::LogGuid(id, guid) => {
                    self.guids.insert(id, guid);
                }
            }
        }
        while let Some(heard) = self.drive.courier.try_next() {
            match heard {
                Heard::Wished(id, wishes) => self.events.push(Event::Wished { id, wishes }),
                Heard::Notice(line) => (self.drive.notice)(&line),
                Heard::Disk(why) => {
                    self.ended.get_or_insert(Ended::Disk(why));
                }
            }
        }
        let now = now_s();
        if now - self.ticked >= TICK_S {
            self.ticked = now;
            self.events.push(Event::Tick);
        }
    }

    /// Jobs that cannot be run at all have failed.
    fn broken(&mut self, broken: Vec<(JobId, i32, String)>) {
        for (id, code, why) in broken {
            (self.drive.notice)(&format!("job {id} cannot be run: {why}"));
            let update = Update {
                pilot_error: Some((code, why)),
                ..Update::new(id.job, id.attempt, State::Failed)
            };
            self.drive.courier.last(self.signed(update));
        }
    }

    /// With who says so.
    fn signed(&self, update: Update) -> Update {
        let Drive { queue, name, batch, .. } = &self.drive;
        let (site, pilot) = (Some((*queue).to_owned()), Some((*name).to_owned()));
        Update { site, pilot, batch: *batch, ..update }
    }

    fn carry_out(&mut self, commands: Vec<Command>, deeds: &mut Deeds<'_>) {
        for command in commands {
            match command {
                Command::Fetch { jobs, remaining_s, wait_s } => {
                    self.drive.fetcher.request(Request { jobs, remaining_s, wait_s });
                }
                Command::Run { rank, order } => deeds.send(rank, Message::Run(*order)),
                Command::Halt { rank, id, reason } => {
                    deeds.send(rank, Message::Halt { id, reason });
                }
                Command::GiveBack { rank } => deeds.give(rank),
                Command::Begun { id, host, cores } => {
                    self.drive.courier.begun(self.signed(begun(id, host, cores)));
                }
                Command::Tell { order, end, host, said } => self.tell(&order, &end, host, said),
                Command::Forget(id) => {
                    self.guids.remove(&id);
                    self.taken.remove(&id);
                    self.drive.courier.forget(id);
                }
                Command::Notice(line) => (self.drive.notice)(&line),
                Command::Finish(ending) => {
                    self.ended.get_or_insert(Ended::Ending(ending));
                }
            }
        }
    }

    fn tell(&mut self, order: &Order, end: &End, host: String, said: Said) {
        let guid = self.guids.remove(&end.id);
        let mut new = || uuid::Uuid::new_v4().to_string();
        let update = verdict::update(order, end, said, guid.as_deref(), &mut new);
        let node = (!host.is_empty()).then_some(host);
        self.drive.courier.last(self.signed(Update { node, ..update }));
        let since_s = self.taken.remove(&end.id).map_or(0.0, |taken| now_s() - taken);
        (self.drive.on_end)(end, since_s);
    }
}

impl Tenant for Driver {
    fn greeting(&self) -> Message {
        Message::Site(self.site.clone())
    }

    fn silence_s(&self) -> f64 {
        self.drive.site.silence_s
    }

    fn wants(&self) -> usize {
        if self.ended.is_some() { 0 } else { self.drive.pilot.wants() }
    }

    fn share(&self) -> f64 {
        0.0
    }

    fn hear(&mut self, word: Word) {
        let event = match word {
            Word::Ready { rank, place } => Event::Ready { rank, place },
            Word::Unfit { rank, reason, .. } => Event::Unfit { rank, reason },
            Word::Lost { rank, reason } => Event::Lost { rank, reason },
            Word::Owe { ranks } => Event::Owe { ranks },
            Word::Elsewhere { host, ranks } => Event::Elsewhere { host, ranks },
            Word::Signal(SignalEvent::Drain) => Event::Drain { reason: "signal USR1".into() },
            Word::Signal(SignalEvent::Stop | SignalEvent::Leave) => {
                Event::Stop { reason: "signal TERM or INT".into() }
            }
            Word::Said { rank, message: Message::Ended(end) } => Event::Ended { rank, end },
            Word::Said { rank, message } => {
                return tracing::warn!(
                    "rank {rank} says {message:?}, which is not for a pilot; ignored"
                );
            }
            Word::Back { rank } => return (self.drive.notice)(&format!("rank {rank} is back")),
            Word::Broken(reason) => {
                self.ended.get_or_insert(Ended::Ending(Ending::Failed(reason)));
                return;
            }
        };
        self.events.push(event);
    }

    fn turn(&mut self, deeds: &mut Deeds<'_>) -> bool {
        self.gather();
        let events = std::mem::take(&mut self.events);
        let any = !events.is_empty();
        for event in events {
            let commands = self.drive.pilot.on(now_s(), event);
            self.carry_out(commands, deeds);
        }
        any
    }

    fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}
