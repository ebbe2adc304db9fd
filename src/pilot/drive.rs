//! The loop of rank 0: events in from ranks, server, signals and clock; commands out.

use super::courier::{Courier, Heard, begun};
use super::events::{Command, Ending, Event, Said};
use super::fetcher::{Fetched, Fetcher};
use super::state::Pilot;
use super::verdict;
use crate::comm::{Message, Rank, Transport, TransportError, Vigil};
use crate::config::Site;
use crate::hosts::Place;
use crate::job::{End, JobId, Order};
use crate::panda::{PandaError, State, Update};
use crate::signal::{SignalEvent, Signals};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What [`drive`] works with.
pub struct Drive<'a> {
    /// The line to the ranks.
    pub transport: &'a mut dyn Transport,
    /// The decisions.
    pub pilot: Pilot,
    /// Takes jobs.
    pub fetcher: Fetcher,
    /// Tells of them.
    pub courier: &'a Courier,
    /// Signals to this process.
    pub signals: &'a mut Signals,
    /// Where jobs run.
    pub site: &'a Site,
    /// Name of the queue.
    pub queue: &'a str,
    /// What the server knows this pilot by.
    pub name: &'a str,
    /// Number of the batch job.
    pub batch: Option<u64>,
    /// A rank that says nothing for so many seconds is lost.
    pub silence_s: f64,
    /// Hears lines for people.
    pub notice: &'a mut dyn FnMut(&str),
    /// Hears every end of a job, with the seconds since it was taken.
    pub on_end: &'a mut dyn FnMut(&End, f64),
}

/// How the loop ended.
#[derive(Debug)]
pub enum Ended {
    /// As the pilot decided.
    Ending(Ending),
    /// The server does not let it in.
    Refused(PandaError),
    /// Last words cannot be written.
    Disk(String),
}

/// Runs jobs until there is a reason to end. The caller says goodbye to the ranks and closes the courier.
pub fn drive(drive: Drive<'_>) -> Ended {
    let ranks = drive.transport.size() - 1;
    let vigil = Vigil::new(drive.silence_s, 1..=ranks, now_s());
    let site = serde_json::to_string(drive.site).unwrap_or_default();
    let mut this = Loop {
        drive,
        site,
        vigil,
        places: BTreeMap::new(),
        guids: BTreeMap::new(),
        taken: BTreeMap::new(),
        ticked: 0.0,
    };
    loop {
        if let Some(ended) = this.turn() {
            return ended;
        }
    }
}

struct Loop<'a> {
    drive: Drive<'a>,
    site: String,
    vigil: Vigil,
    places: BTreeMap<Rank, Place>,
    /// Identifiers of log files, which the server gave.
    guids: BTreeMap<JobId, String>,
    /// When jobs were taken, seconds since 1970.
    taken: BTreeMap<JobId, f64>,
    ticked: f64,
}

/// Time between two looks at the clock, in seconds.
const TICK_S: f64 = 0.2;

impl Loop<'_> {
    fn turn(&mut self) -> Option<Ended> {
        let mut events = vec![];
        if let Some(ended) = self.gather(&mut events) {
            return Some(ended);
        }
        let now = now_s();
        if now - self.ticked >= TICK_S {
            self.ticked = now;
            events.push(Event::Tick);
        }
        let is_idle = events.is_empty();
        for event in events {
            let commands = self.drive.pilot.on(now_s(), event);
            if let Some(ended) = self.carry_out(commands) {
                return Some(ended);
            }
        }
        if is_idle {
            self.drive.transport.wait(Duration::from_millis(1));
        }
        None
    }

    fn gather(&mut self, events: &mut Vec<Event>) -> Option<Ended> {
        loop {
            match self.drive.transport.try_receive() {
                Ok(Some((rank, message))) => {
                    if self.vigil.heard(rank) && !matches!(message, Message::Hello { .. }) {
                        // Should it be gone again, its silence will tell.
                        let _ = self.drive.transport.send(rank, &Message::Rejoin);
                    }
                    events.extend(self.understand(rank, message));
                }
                Ok(None) => break,
                Err(TransportError::Gone(rank)) => {
                    events.push(Event::Lost { rank, reason: "the line is closed".into() });
                    break;
                }
                Err(error) => return Some(Ended::Ending(Ending::Failed(error.to_string()))),
            }
        }
        for rank in self.vigil.listened(now_s()) {
            self.drive.transport.abandon(rank);
            let reason = format!("it has said nothing for {} s", self.drive.silence_s);
            events.push(Event::Lost { rank, reason });
        }
        while let Some(found) = self.drive.fetcher.try_next() {
            match found {
                Fetched::Event(event) => {
                    if let Event::Fetched(orders) = &event {
                        self.taken.extend(orders.iter().map(|order| (order.id, now_s())));
                    }
                    events.push(event);
                }
                Fetched::Broken(broken) => self.broken(broken),
                Fetched::LogGuid(id, guid) => {
                    self.guids.insert(id, guid);
                }
                Fetched::Hopeless(error) => return Some(Ended::Refused(error)),
            }
        }
        while let Some(heard) = self.drive.courier.try_next() {
            match heard {
                Heard::Wished(id, wishes) => events.push(Event::Wished { id, wishes }),
                Heard::Notice(line) => (self.drive.notice)(&line),
                Heard::Disk(why) => return Some(Ended::Disk(why)),
            }
        }
        match self.drive.signals.poll() {
            Some(SignalEvent::Drain) => events.push(Event::Drain { reason: "signal USR1".into() }),
            Some(SignalEvent::Stop | SignalEvent::Leave) => {
                events.push(Event::Stop { reason: "signal TERM or INT".into() });
            }
            None => {}
        }
        None
    }

    fn understand(&mut self, rank: Rank, message: Message) -> Option<Event> {
        match message {
            Message::Hello { host, cpus, cores, memory, .. } => {
                self.places.insert(rank, Place { host, cpus, cores, memory });
                let sent = self.drive.transport.send(rank, &Message::Site(self.site.clone()));
                sent.err().map(|error| Event::Lost { rank, reason: error.to_string() })
            }
            Message::Fit => Some(Event::Ready { rank, place: self.places.get(&rank).cloned()? }),
            Message::Unfit(reason) => Some(Event::Unfit { rank, reason }),
            Message::Ended(end) => Some(Event::Ended { rank, end }),
            Message::Alive => {
                let answered = self.drive.transport.send(rank, &Message::Alive);
                answered.err().map(|error| Event::Lost { rank, reason: error.to_string() })
            }
            other => {
                tracing::warn!(
                    "rank {rank} says {other:?}, which is not for rank 0 of a pilot; ignored"
                );
                None
            }
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

    fn carry_out(&mut self, commands: Vec<Command>) -> Option<Ended> {
        let mut ended = None;
        let mut lost = vec![];
        for command in commands {
            match command {
                Command::Fetch { jobs, remaining_s } => self.drive.fetcher.request(jobs, remaining_s),
                Command::Run { rank, order } => {
                    if let Err(error) = self.drive.transport.send(rank, &Message::Run(*order)) {
                        lost.push(Event::Lost { rank, reason: error.to_string() });
                    }
                }
                Command::Halt { rank, id, reason } => {
                    if let Err(error) = self.drive.transport.send(rank, &Message::Halt { id, reason }) {
                        lost.push(Event::Lost { rank, reason: error.to_string() });
                    }
                }
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
                Command::Finish(ending) => ended = Some(Ended::Ending(ending)),
            }
        }
        for event in lost {
            let commands = self.drive.pilot.on(now_s(), event);
            ended = ended.or(self.carry_out(commands));
        }
        ended
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

/// Seconds since 1970.
fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}
