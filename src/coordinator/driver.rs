//! A study at work: events in from ranks, strategy, signals and clock; commands out.

use super::desk::Ahead;
use super::events::{Command, Ending, Event, Settings};
use super::state::Coordinator;
use super::strategist::{Reply, Strategist};
use crate::clock::now_s;
use crate::comm::{Message, Rank, Report};
use crate::config::Study;
use crate::observe::Observer;
use crate::pipeline::Work;
use crate::problem::TrialId;
use crate::signal::SignalEvent;
use crate::stopping::Judge;
use crate::store::{History, Record, StoreError, Writer};
use crate::strategy::Proposer;
use crate::tenancy::{Deeds, Tenant, Word};
use std::collections::BTreeSet;
use std::sync::Arc;

/// When the allocation ends and what must be kept free before that.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clockwork {
    /// Seconds since 1970 at which everything is killed; `None`: never.
    pub end: Option<f64>,
    /// Seconds before that at which payloads are stopped.
    pub margin_s: f64,
}

/// What a [`Driver`] is made of.
pub struct Drive<'a> {
    /// The study.
    pub study: &'a Study,
    /// What happened in earlier sessions, the current session's record included.
    pub history: &'a History,
    /// Where candidates come from; told nothing yet.
    pub proposer: Proposer,
    /// The store's thread.
    pub writer: Writer,
    /// Time.
    pub clock: Clockwork,
    /// Progress for people.
    pub observer: Observer,
    /// Evaluating ranks that it can count on.
    pub ranks: usize,
    /// See [`Settings::queue_from`].
    pub queue_from: Option<Rank>,
    /// Trials asked for and not yet ended at any time.
    pub capacity: u64,
    /// Candidates that lie ready beyond them.
    pub ready: u64,
    /// See [`Settings::missing`].
    pub missing: BTreeSet<(TrialId, u32, u32)>,
    /// Hears every record, in order.
    pub on_record: Box<dyn FnMut(&Record)>,
}

/// How a session of a study ended.
#[derive(Debug)]
pub enum Ended {
    /// As the coordinator decided.
    Ending(Ending),
    /// The store cannot write.
    Storage(StoreError),
}

/// A study at work: feeds the [`Coordinator`] and carries its commands out, until the study is complete or
/// has to stop.
pub struct Driver {
    coordinator: Coordinator,
    trials: u64,
    strategist: Strategist,
    /// What was heard since the last turn.
    events: Vec<Event>,
    broken: Option<String>,
    writer: Writer,
    clock: Clockwork,
    observer: Observer,
    work: Arc<Work>,
    on_record: Box<dyn FnMut(&Record)>,
    /// By stage: the longest attempt so far. Nothing is started that would not fit; NaN once that was
    /// said.
    longest_s: Vec<f64>,
    resolved: String,
    silence_s: f64,
    share: f64,
    /// What the resumption wants done before anything else.
    first: Vec<Command>,
    ended: Option<Ended>,
}

impl Driver {
    /// Takes a study up where its history ends.
    pub fn new(drive: Drive<'_>) -> Self {
        let Drive { study, history, proposer, writer, clock, observer, on_record, .. } = drive;
        let trials = study.strategy.trials;
        let work = Arc::new(Work::of(study));
        let settings = Settings {
            trials,
            capacity: drive.capacity,
            batch: study.strategy.batch,
            ranks: drive.ranks,
            queue_from: drive.queue_from,
            work: Arc::clone(&work),
            missing: drive.missing,
        };
        let (coordinator, first) = Coordinator::resume(settings, Judge::new(study), history);
        let ahead = Ahead { ready: drive.ready, trials, patience_s: study.strategy.patience_s };
        Self {
            coordinator,
            trials,
            strategist: Strategist::start(proposer, ahead, std::thread::current()),
            events: vec![],
            broken: None,
            writer,
            clock,
            observer,
            longest_s: vec![0.0; work.graph().stages().len()],
            work,
            on_record,
            resolved: serde_json::to_string(study).unwrap_or_default(),
            silence_s: study.limits.silence_s,
            share: study.limits.share,
            first,
            ended: None,
        }
    }

    /// How it ended, once it [`is_over`](Tenant::is_over), with the store and the observer; and `None` for the
    /// end before that.
    pub fn close(self) -> (Option<Ended>, Writer, Observer) {
        (self.ended, self.writer, self.observer)
    }

    /// See [`Coordinator::wants_back`].
    pub fn wants_back(&self) -> bool {
        self.coordinator.wants_back()
    }

    /// Where its progress is shown.
    pub fn observer(&mut self) -> &mut Observer {
        &mut self.observer
    }

    /// What the strategy, the clock and the store have to say.
    fn gather(&mut self) {
        loop {
            match self.strategist.try_next() {
                Ok(Some(Reply::Proposed(proposed))) => self.events.push(Event::Proposed(proposed)),
                Ok(Some(Reply::Draft(draft))) => self.events.push(Event::Drafted(draft)),
                Ok(None) => break,
                Err(reason) => {
                    self.broken = Some(format!("the strategy failed: {reason}"));
                    break;
                }
            }
        }
        let timed = self.clock_events();
        self.events.extend(timed);
        if self.coordinator.wake_at().is_some_and(|at| now_s() >= at) {
            self.events.push(Event::Tick);
        }
    }

    fn end(&mut self, ended: Ended) {
        // The first reason is the reason.
        self.ended.get_or_insert(ended);
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

    fn said(&mut self, rank: Rank, message: Message) {
        match message {
            Message::Done(report) => {
                self.note_length(&report);
                self.events.push(Event::Done { rank, report });
            }
            other => {
                tracing::warn!("rank {rank} says {other:?}, which is not for a study; ignored");
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

    fn carry_out(&mut self, commands: Vec<Command>, deeds: &mut Deeds<'_>) {
        let (mut records, mut requests) = (Vec::new(), Vec::new());
        for command in commands {
            match command {
                // Tasks first: a free rank waits neither for the disk nor for the strategy.
                Command::Evaluate { rank, task } => deeds.send(rank, Message::Evaluate(task)),
                Command::Cancel { rank, trial, task, attempt } => {
                    deeds.send(rank, Message::Cancel { trial, task, attempt });
                }
                Command::GiveAway { rank } => deeds.give(rank),
                Command::Strategy(request) => requests.push(request),
                Command::Record(record) => {
                    self.watch(&record);
                    records.push(record);
                }
                Command::Notice(line) => self.observer.notice(&line),
                Command::Finish(ending) => self.end(Ended::Ending(ending)),
            }
        }
        if !records.is_empty() {
            self.writer.record(records);
        }
        // At last, because it may take every core that there is.
        for request in requests {
            self.strategist.request(request);
        }
    }

    fn watch(&mut self, record: &Record) {
        (self.on_record)(record);
        self.observer.note(record);
    }
}

impl Tenant for Driver {
    fn greeting(&self) -> Message {
        Message::Study(self.resolved.clone())
    }

    fn silence_s(&self) -> f64 {
        self.silence_s
    }

    fn wants(&self) -> usize {
        if self.ended.is_some() { 0 } else { self.coordinator.wants() }
    }

    fn share(&self) -> f64 {
        self.share
    }

    fn hear(&mut self, word: Word) {
        let event = match word {
            Word::Ready { rank, place } => Event::Ready { rank, place },
            Word::Unfit { rank, host, reason } => Event::Unfit { rank, host, reason },
            Word::Lost { rank, reason } => Event::Lost { rank, reason },
            Word::Owe { ranks } => Event::Owe { ranks },
            Word::Elsewhere { host, ranks } => Event::Elsewhere { host, ranks },
            Word::Signal(SignalEvent::Drain) => Event::Drain { reason: "signal USR1".into() },
            Word::Signal(SignalEvent::Stop | SignalEvent::Leave) => {
                Event::Stop { reason: "signal TERM or INT".into() }
            }
            Word::Said { rank, message } => return self.said(rank, message),
            Word::Back { rank } => return self.observer.notice(&format!("rank {rank} is back")),
            Word::Broken(reason) => return self.broken = Some(reason),
        };
        self.events.push(event);
    }

    fn turn(&mut self, deeds: &mut Deeds<'_>) -> bool {
        if !self.first.is_empty() {
            let first = std::mem::take(&mut self.first);
            self.carry_out(first, deeds);
            if self.coordinator.counts().ended() >= self.trials {
                self.end(Ended::Ending(Ending::Complete));
            }
        }
        self.gather();
        let events = std::mem::take(&mut self.events);
        let any = !events.is_empty();
        let now = now_s();
        let mut commands = Vec::new();
        for event in events {
            commands.extend(self.coordinator.on(now, event));
        }
        self.carry_out(commands, deeds);
        if let Some(error) = self.writer.failure() {
            self.end(Ended::Storage(error));
        }
        if let Some(reason) = self.broken.take() {
            self.end(Ended::Ending(Ending::Failed(reason)));
        }
        self.observer.tick(self.coordinator.counts(), || self.writer.snapshots());
        any
    }

    fn is_over(&self) -> bool {
        self.ended.is_some()
    }
}
