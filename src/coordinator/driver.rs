//! The loop of rank 0: events in from ranks, strategy, signals and clock; commands out.

use super::desk::Ahead;
use super::events::{Command, Ending, Event, Settings};
use super::state::Coordinator;
use super::strategist::{Reply, Strategist};
use crate::comm::{Message, Rank, Report, Transport, TransportError, Vigil};
use crate::config::Study;
use crate::hosts::Place;
use crate::observe::Observer;
use crate::pipeline::Work;
use crate::problem::{Outcome, TrialId};
use crate::signal::{SignalEvent, Signals};
use crate::stopping::Judge;
use crate::store::{History, Record, StoreError, Writer};
use crate::strategy::Proposer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When the allocation ends and what must be kept free before that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clockwork {
    /// Seconds since 1970 at which everything is killed; `None`: never.
    pub end: Option<f64>,
    /// Seconds before that at which payloads are stopped.
    pub margin_s: f64,
}

/// What [`drive`] works with.
pub struct Drive<'a> {
    /// The line to the evaluators.
    pub transport: &'a mut dyn Transport,
    /// The study.
    pub study: &'a Study,
    /// What happened in earlier sessions, the current session's record included.
    pub history: &'a History,
    /// Where candidates come from; told nothing yet.
    pub proposer: Proposer,
    /// The store's thread.
    pub writer: &'a mut Writer,
    /// Signals to this process.
    pub signals: &'a mut Signals,
    /// Time.
    pub clock: Clockwork,
    /// Progress for people.
    pub observer: &'a mut Observer,
    /// Trials asked for and not yet ended at any time.
    pub capacity: u64,
    /// Candidates that lie ready beyond them.
    pub ready: u64,
    /// See [`Settings::missing`].
    pub missing: BTreeSet<(TrialId, u32, u32)>,
    /// Hears every record, in order.
    pub on_record: &'a mut dyn FnMut(&Record),
}

/// How the loop ended.
#[derive(Debug)]
pub enum Ended {
    /// As the coordinator decided.
    Ending(Ending),
    /// The store cannot write.
    Storage(StoreError),
}

/// Runs a study until it is complete or has to stop. The caller says goodbye to the evaluators and
/// closes the store.
pub fn drive(drive: Drive<'_>) -> Ended {
    let Drive { transport, study, history, proposer, writer, signals, clock, observer, .. } = drive;
    let (capacity, ready) = (drive.capacity, drive.ready);
    let trials = study.strategy.trials;
    let ranks = transport.size() - 1;
    let work = Arc::new(Work::of(study));
    let longest_s = vec![0.0; work.graph().stages().len()];
    let settings = Settings { trials, capacity, ranks, work: Arc::clone(&work), missing: drive.missing };
    let (coordinator, commands) = Coordinator::resume(settings, Judge::new(study), history);
    let patience_s = study.strategy.patience_s;
    let ahead = Ahead { ready, trials, patience_s };
    let resolved = serde_json::to_string(study).unwrap_or_default();
    let mut this = Loop {
        coordinator,
        transport,
        strategist: Strategist::start(proposer, ahead, std::thread::current()),
        vigil: Vigil::new(study.limits.silence_s, 1..=ranks, now_s()),
        silence_s: study.limits.silence_s,
        writer,
        signals,
        clock,
        observer,
        work,
        places: BTreeMap::new(),
        on_record: drive.on_record,
        longest_s,
        resolved,
    };
    if let Some(ended) = this.carry_out(commands) {
        return ended;
    }
    if this.coordinator.counts().ended() >= study.strategy.trials {
        return Ended::Ending(Ending::Complete);
    }
    loop {
        if let Some(ended) = this.turn() {
            return ended;
        }
    }
}

struct Loop<'a> {
    coordinator: Coordinator,
    transport: &'a mut dyn Transport,
    strategist: Strategist,
    vigil: Vigil,
    silence_s: f64,
    writer: &'a mut Writer,
    signals: &'a mut Signals,
    clock: Clockwork,
    observer: &'a mut Observer,
    work: Arc<Work>,
    /// Where the ranks that have said hello are.
    places: BTreeMap<Rank, Place>,
    on_record: &'a mut dyn FnMut(&Record),
    /// By stage: the longest attempt so far. Nothing is started that would not fit; NaN once that was
    /// said.
    longest_s: Vec<f64>,
    resolved: String,
}

impl Loop<'_> {
    /// One round: everything that has happened, then what follows from it, then a short wait.
    fn turn(&mut self) -> Option<Ended> {
        let (events, broken) = self.gather();
        let idle = events.is_empty();
        let now = now_s();
        let mut commands = Vec::new();
        for event in events {
            commands.extend(self.coordinator.on(now, event));
        }
        if let Some(ended) = self.carry_out(commands) {
            return Some(ended);
        }
        if let Some(error) = self.writer.failure() {
            return Some(Ended::Storage(error));
        }
        if let Some(reason) = broken {
            return Some(Ended::Ending(Ending::Failed(reason)));
        }
        self.observer.tick(self.coordinator.counts());
        if idle {
            self.transport.wait(Duration::from_millis(1));
        }
        None
    }

    /// Everything that has happened; and, where the run cannot go on, why.
    fn gather(&mut self) -> (Vec<Event>, Option<String>) {
        let mut events = Vec::new();
        let mut broken = None;
        loop {
            match self.transport.try_receive() {
                Ok(Some((rank, message))) => {
                    if self.vigil.heard(rank) && !matches!(message, Message::Hello { .. }) {
                        self.welcome_back(rank);
                    }
                    events.extend(self.understand(rank, message));
                }
                Ok(None) => break,
                Err(TransportError::Gone(rank)) => {
                    events.push(Event::Lost { rank, reason: "the line is closed".into() });
                    break;
                }
                Err(error) => {
                    broken = Some(error.to_string());
                    break;
                }
            }
        }
        for rank in self.vigil.listened(now_s()) {
            self.transport.abandon(rank);
            let reason = format!("it has said nothing for {} s (limits.silence)", self.silence_s);
            events.push(Event::Lost { rank, reason });
        }
        loop {
            match self.strategist.try_next() {
                Ok(Some(Reply::Proposed(proposed))) => events.push(Event::Proposed(proposed)),
                Ok(Some(Reply::Draft(draft))) => events.push(Event::Drafted(draft)),
                Ok(None) => break,
                Err(reason) => {
                    broken = Some(format!("the strategy failed: {reason}"));
                    break;
                }
            }
        }
        match self.signals.poll() {
            Some(SignalEvent::Drain) => events.push(Event::Drain { reason: "signal USR1".into() }),
            Some(SignalEvent::Stop | SignalEvent::Leave) => {
                events.push(Event::Stop { reason: "signal TERM or INT".into() });
            }
            None => {}
        }
        events.extend(self.clock_events());
        if self.coordinator.wake_at().is_some_and(|at| now_s() >= at) {
            events.push(Event::Tick);
        }
        (events, broken)
    }

    /// A rank that counted as lost speaks: it begins anew. What it says before its hello is ignored.
    fn welcome_back(&mut self, rank: Rank) {
        self.observer.notice(&format!("rank {rank} is back"));
        // Should it be gone again, its silence will tell.
        let _ = self.transport.send(rank, &Message::Rejoin);
    }

    fn clock_events(&mut self) -> Vec<Event> {
        let Some(end) = self.clock.end else { return vec![] };
        let (stop, now) = (end - self.clock.margin_s, now_s());
        if now >= stop {
            return vec![Event::Stop { reason: "the time limit".into() }];
        }
        let tight = |(_, longest): &(usize, &mut f64)| now + **longest >= stop;
        let tight: Vec<usize> = self
            .longest_s
            .iter_mut()
            .enumerate()
            .filter(tight)
            .map(|(k, l)| {
                *l = f64::NAN;
                k
            })
            .collect();
        let one = self.work.graph().size() == 1;
        let event = |stage| match one {
            true => Event::Drain { reason: "the time limit leaves no room for another trial".into() },
            false => Event::Late { stage, reason: "the time limit leaves no room for another".into() },
        };
        tight.into_iter().map(event).collect()
    }

    fn understand(&mut self, rank: Rank, message: Message) -> Option<Event> {
        match message {
            Message::Hello { host, cpus, cores, memory, .. } => {
                self.places.insert(rank, Place { host, cpus, cores, memory });
                let study = Message::Study(self.resolved.clone());
                let sent = self.transport.send(rank, &study);
                sent.err().map(|error| Event::Lost { rank, reason: error.to_string() })
            }
            Message::Fit => {
                let place = self.places.get(&rank).cloned()?;
                Some(Event::Ready { rank, place })
            }
            Message::Unfit(reason) => {
                let host = self.places.get(&rank).map_or_else(String::new, |place| place.host.clone());
                Some(Event::Unfit { rank, host, reason })
            }
            Message::Done(report) => {
                self.note_length(&report);
                Some(Event::Done { rank, report })
            }
            Message::Alive => {
                // So that it knows the same of rank 0.
                let answered = self.transport.send(rank, &Message::Alive);
                answered.err().map(|error| Event::Lost { rank, reason: error.to_string() })
            }
            other => {
                tracing::warn!("rank {rank} says {other:?}, which is not for rank 0; ignored");
                None
            }
        }
    }

    fn note_length(&mut self, report: &Report) {
        let graph = self.work.graph();
        if (report.task as usize) < graph.size() {
            let longest = &mut self.longest_s[graph.node(report.task).stage];
            // A NaN stays.
            if report.finished - report.started > *longest {
                *longest = report.finished - report.started;
            }
        }
    }

    fn carry_out(&mut self, commands: Vec<Command>) -> Option<Ended> {
        let (mut records, mut requests) = (Vec::new(), Vec::new());
        let mut ended = None;
        let mut lost = Vec::new();
        for command in commands {
            match command {
                // Tasks first: a free rank waits neither for the disk nor for the strategy.
                Command::Evaluate { rank, task } => {
                    if let Err(error) = self.transport.send(rank, &Message::Evaluate(task)) {
                        lost.push(Event::Lost { rank, reason: error.to_string() });
                    }
                }
                Command::Cancel { rank, trial, task, attempt } => {
                    let cancel = Message::Cancel { trial, task, attempt };
                    if let Err(error) = self.transport.send(rank, &cancel) {
                        lost.push(Event::Lost { rank, reason: error.to_string() });
                    }
                }
                Command::Strategy(request) => requests.push(request),
                Command::Record(record) => {
                    self.watch(&record);
                    records.push(record);
                }
                Command::Notice(line) => self.observer.notice(&line),
                Command::Finish(ending) => ended = Some(Ended::Ending(ending)),
            }
        }
        if !records.is_empty() {
            self.writer.record(records);
        }
        // At last, because it may take every core that there is.
        for request in requests {
            self.strategist.request(request);
        }
        for event in lost {
            let commands = self.coordinator.on(now_s(), event);
            ended = ended.or(self.carry_out(commands));
        }
        ended
    }

    fn watch(&mut self, record: &Record) {
        (self.on_record)(record);
        match record {
            Record::Completed(completed) => {
                if let Outcome::Ok { .. } = completed.outcome {
                    self.observer.completed(&completed.outcome);
                }
            }
            Record::Proposed(proposed) => self.observer.proposed(proposed),
            _ => {}
        }
    }
}

/// Tells every evaluator to stop what it runs and to leave with exit code `code`.
pub fn dismiss(transport: &mut dyn Transport, code: u8) {
    for rank in 1..transport.size() {
        // A rank that is gone needs no goodbye.
        let _ = transport.send(rank, &Message::Leave(code));
    }
}

/// Seconds since 1970.
pub fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}
