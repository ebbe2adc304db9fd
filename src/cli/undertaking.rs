//! One study of `paretorank run`: from its run directory to its last checkpoint.

use super::leftovers::{self, Tidier};
use super::run::Args;
use super::summary::maximum_hypervolume;
use super::{complain, exit_for, overflow, stops};
use crate::clock::now_s;
use crate::comm::{self, Message};
use crate::config::{Overflow as Table, Rule, StrategySettings, Study};
use crate::coordinator::{Clockwork, Drive, Driver, Ended, Ending};
use crate::exit::Exit;
use crate::observe::{About, Bounds, Observer};
use crate::overflow::Overflow;
use crate::slurm::Allocation;
use crate::stopping;
use crate::store::{History, Origin, Record, Session, Snapshots, Store, StoreError, Writer};
use crate::strategy::Proposer;
use crate::tenancy::{Deeds, Tenant, Word};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Pause between two looks at what must end before the program can.
const LOOK: Duration = Duration::from_millis(5);

/// Who works for it.
#[derive(Debug, Clone, Copy)]
pub struct Crew {
    /// Evaluating ranks of the run.
    pub evaluators: usize,
    /// Whether other studies work there, too.
    pub is_shared: bool,
    /// How many of them it has in any case.
    pub certain: usize,
    /// Threads for its strategy.
    pub threads: usize,
}

/// A study that is over, or could not begin.
pub struct Closed {
    /// What it means for the program.
    pub exit: Exit,
    /// The study.
    pub study: Study,
    /// Everything that has happened, where that could be read and written.
    pub history: Option<History>,
}

/// What became of opening a study.
pub enum Opened {
    /// It works.
    Works(Box<Undertaking>),
    /// There is nothing to do, or it cannot begin; people have been told.
    Closed(Box<Closed>),
}

/// A study at work.
pub struct Undertaking {
    study: Study,
    /// `None` once it is closed.
    driver: Option<Box<Driver>>,
    tidier: Rc<RefCell<Tidier>>,
    began: f64,
    /// Further ranks that are places in a queue.
    overflow: Option<Box<Overflow>>,
}

impl Undertaking {
    /// Opens the run directory and takes the study up.
    pub fn open(
        study: Study,
        text: &str,
        crew: Crew,
        args: &Args,
        allocation: Option<&Allocation>,
    ) -> Opened {
        match open(&study, text, crew, args, allocation) {
            Ok(Start::Works(mut driver, tidier, began, overflow)) => {
                if let Some((ranks, place)) = overflow.as_ref().map(|overflow| overflow.ranks()) {
                    ranks.for_each(|rank| driver.hear(Word::Ready { rank, place: place.clone() }));
                }
                Opened::Works(Box::new(Self { study, driver: Some(driver), tidier, began, overflow }))
            }
            Ok(Start::Complete(history)) => {
                let history = Some(*history);
                Opened::Closed(Box::new(Closed { exit: Exit::Complete, study, history }))
            }
            Err((exit, reason)) => {
                complain(&reason);
                Opened::Closed(Box::new(Closed { exit, study, history: None }))
            }
        }
    }

    /// What is worked at.
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Ends the store, and tells people what came out. `look` is called while that takes its time: a signal is
    /// timed by when it is looked at.
    pub fn close(&mut self, look: &mut dyn FnMut() -> bool) -> Closed {
        let study = self.study.clone();
        let Some(driver) = self.driver.take() else {
            return Closed { exit: Exit::Failed, study, history: None };
        };
        let (ended, mut writer, mut observer) = driver.close();
        while !writer.ended() || !self.tidier.borrow_mut().ended() {
            look();
            std::thread::sleep(LOOK);
        }
        let snapshots = writer.snapshots();
        let history = match writer.finish() {
            Ok(history) => history,
            Err(error) => {
                complain(storage_advice(&error));
                return Closed { exit: Exit::Storage, study, history: None };
            }
        };
        // Everything is on the disk by now: a queue may take its time.
        if let Some(overflow) = self.overflow.take() {
            overflow.close();
        }
        observer.notice(&checkpoints_line(&snapshots, now_s() - self.began));
        observer.finish(history.counts(), &snapshots);
        let exit = verdict(&study, &history, ended, &mut observer).unwrap_or_else(|(exit, reason)| {
            complain(&reason);
            exit
        });
        Closed { exit, study, history: Some(history) }
    }
}

impl Tenant for Undertaking {
    fn greeting(&self) -> Message {
        self.driver.as_ref().map_or(Message::Alive, |driver| driver.greeting())
    }

    fn silence_s(&self) -> f64 {
        self.study.limits.silence_s
    }

    fn wants(&self) -> usize {
        self.driver.as_ref().map_or(0, |driver| driver.wants())
    }

    fn share(&self) -> f64 {
        self.study.limits.share
    }

    fn hear(&mut self, word: Word) {
        if let Some(driver) = &mut self.driver {
            driver.hear(word);
        }
    }

    fn turn(&mut self, deeds: &mut Deeds<'_>) -> bool {
        let Some(driver) = &mut self.driver else { return false };
        let any = driver.turn(deeds);
        let Some(overflow) = &mut self.overflow else { return any };
        for (rank, message) in deeds.take_elsewhere() {
            overflow.take(rank, message);
        }
        let wants_back = driver.wants_back();
        let reports = overflow.turn(wants_back, &mut |line| driver.observer().notice(line));
        let any = any || !reports.is_empty();
        for (rank, message) in reports {
            driver.hear(Word::Said { rank, message });
        }
        any
    }

    fn is_over(&self) -> bool {
        self.driver.as_ref().is_none_or(|driver| driver.is_over())
    }
}

/// How an open study stands.
enum Start {
    Works(Box<Driver>, Rc<RefCell<Tidier>>, f64, Option<Box<Overflow>>),
    Complete(Box<History>),
}

fn open(
    study: &Study,
    text: &str,
    crew: Crew,
    args: &Args,
    allocation: Option<&Allocation>,
) -> Result<Start, (Exit, String)> {
    let proposer = Proposer::new(study).map_err(|e| (Exit::BadStudy, e.to_string()))?;
    let job = allocation.map(|a| a.job.clone()).unwrap_or_default();
    let origin = Origin { host: crate::slurm::host_name(), job };
    let opened = Store::open(&study.output, study, text, &origin);
    let mut opened = opened.map_err(|e| (exit_for(&e), e.to_string()))?;
    opened.store.set_mpi_version(&comm::mpi_version());
    let mut history = opened.history;
    let about = About {
        study: study.name.clone(),
        seed: study.seed,
        host: origin.host.clone(),
        job: origin.job.clone(),
    };
    let maximum = maximum_hypervolume(study);
    let mut observer =
        Observer::new(about, study.problem.clone(), maximum, &history, Some(&study.output));
    if crew.is_shared {
        observer = observer.with_name(&study.name);
    }
    for notice in &opened.notices {
        observer.notice(notice);
    }
    let every = Duration::from_secs_f64(study.checkpoint.every_s);
    let writer = Writer::spawn(opened.store, every);
    let done = history.completions.len() as u64;
    if done >= study.strategy.trials {
        observer.notice(&format!(
            "{} is complete with {done} trials; --trials N with a larger N goes on",
            study.output.display()
        ));
        return finished(writer);
    }
    if let Some(stopped) = stopping::complete_by(study, &history) {
        observer.notice(&format!(
            "{} is complete with {done} trials {}; {}",
            study.output.display(),
            stops::line(&stopped),
            stops::how_to_go_on(&stopped)
        ));
        // A rule that is new in the study file holds without a session that could have met it.
        if !history.stops.contains(&stopped) {
            writer.record(vec![Record::Stopped(stopped)]);
        }
        return finished(writer);
    }
    // Places in the queue of `[overflow]` are further ranks.
    let queue_from = crew.evaluators + 1;
    let overflow = study.overflow.as_ref().map(|table| overflow::start(table, study, queue_from));
    let overflow = overflow.transpose()?.map(Box::new);
    let in_queue = study.overflow.as_ref().map_or(0, |overflow| overflow.tasks);
    let (capacity, ready) = shares(&study.strategy, crew.evaluators as u64 + in_queue);
    let began = now_s();
    let session = Session {
        at: began,
        host: origin.host.clone(),
        job: origin.job.clone(),
        evaluators: crew.evaluators as u64,
        capacity,
        completed_before: done,
    };
    observer.notice(&opening_line(study, &history, crew, allocation));
    if let Some(table) = &study.overflow {
        let Table { tasks, queue, server, .. } = table;
        observer
            .notice(&format!("further ranks: {tasks} tasks at a time in the queue {queue} at {server}"));
    }
    writer.record(vec![Record::Session(session.clone())]);
    history
        .apply(Record::Session(session))
        .map_err(|e| (Exit::Failed, format!("the history cannot go on: {e}")))?;
    let tidier = Rc::new(RefCell::new(Tidier::start(study, &history)));
    let hears = Rc::clone(&tidier);
    let (end, margin_s) = (end_of(args, study, allocation), study.limits.margin_s);
    let driver = Box::new(Driver::new(Drive {
        study,
        history: &history,
        proposer,
        writer,
        clock: Clockwork { end, margin_s },
        observer: observer.with_bounds(bounds(study, &history, end.map(|end| end - margin_s))),
        ranks: crew.certain,
        queue_from: overflow.as_ref().map(|_| queue_from),
        capacity,
        ready,
        missing: leftovers::missing(study, &history),
        on_record: Box::new(move |record| hears.borrow_mut().hear(record)),
    }));
    Ok(Start::Works(driver, tidier, began, overflow))
}

/// The store of a study that has nothing left to do.
fn finished(writer: Writer) -> Result<Start, (Exit, String)> {
    let history = writer.finish().map_err(|e| (Exit::Storage, e.to_string()))?;
    Ok(Start::Complete(Box::new(history)))
}

/// What the end of a session means for the program.
fn verdict(
    study: &Study,
    history: &History,
    ended: Option<Ended>,
    observer: &mut Observer,
) -> Result<Exit, (Exit, String)> {
    match ended {
        Some(Ended::Ending(Ending::Complete)) => Ok(Exit::Complete),
        Some(Ended::Ending(Ending::Stopped(stopped))) if stopped.rule == Rule::Failures => {
            Err((Exit::Failed, stops::failing(study, history, &stopped)))
        }
        Some(Ended::Ending(Ending::Stopped(stopped))) => {
            let (line, more) = (stops::line(&stopped), stops::how_to_go_on(&stopped));
            observer.notice(&format!("the study is complete {line}; {more}"));
            Ok(Exit::Complete)
        }
        Some(Ended::Ending(Ending::Early(reason))) => {
            observer.notice(&format!("stopped early: {reason}; run the same line again to go on"));
            Ok(Exit::StoppedEarly)
        }
        Some(Ended::Ending(Ending::Failed(reason))) => Err((Exit::Failed, reason)),
        Some(Ended::Storage(error)) => Err((Exit::Storage, storage_advice(&error))),
        // Something beside it could not begin, and has said so.
        None => Ok(Exit::StoppedEarly),
    }
}

/// How many trials are asked for at a time, and how many candidates lie ready beyond them.
fn shares(strategy: &StrategySettings, evaluators: u64) -> (u64, u64) {
    match (strategy.batch, strategy.in_flight) {
        // Who asks for a batch knows all results of the one before.
        (Some(batch), _) => (batch, 0),
        (None, None) => (evaluators, strategy.ready),
        (None, Some(most)) => (most.min(evaluators), most.saturating_sub(evaluators)),
    }
}

/// What checkpoints have cost, which a thread of their own has paid.
fn checkpoints_line(snapshots: &Snapshots, session_s: f64) -> String {
    let Snapshots { count, seconds, .. } = *snapshots;
    let share = if session_s > 0.0 { 100.0 * seconds / session_s } else { 0.0 };
    format!(
        "checkpoints: {count} written in {seconds:.2} s, {share:.2} % of the session's {session_s:.1} s"
    )
}

fn opening_line(
    study: &Study,
    history: &History,
    crew: Crew,
    allocation: Option<&Allocation>,
) -> String {
    let Crew { evaluators, certain, threads, .. } = crew;
    // Where there are several, every line begins so.
    let name = if crew.is_shared { String::new() } else { format!("{}: ", study.name) };
    let done = history.completions.len();
    let begin = match (done, history.sessions.len()) {
        (_, 0) => "starting".to_owned(),
        (done, _) => format!("going on after {done} trials"),
    };
    let job = allocation.map(|a| format!(", {}", a.describe())).unwrap_or_default();
    let ranks = match certain == evaluators {
        true => format!("{evaluators} evaluating ranks"),
        false => format!("{certain} of {evaluators} evaluating ranks and what others leave"),
    };
    format!(
        "{name}{begin}, {} trials in all, {ranks}, threads for the strategy: {threads}{job}, in {}",
        study.strategy.trials,
        study.output.display()
    )
}

/// What may end the session, as far as that is known beforehand; `limit` as in [`Bounds::limit`].
pub fn bounds(study: &Study, history: &History, limit: Option<f64>) -> Bounds {
    let stop = &study.strategy.stop;
    Bounds {
        trials: study.strategy.trials,
        limit,
        clock: stopping::clock_runs_out(study, history),
        sooner: stop.hypervolume.is_some() || stop.stalled.is_some() || stop.failures.is_some(),
    }
}

/// When everything is killed, in seconds since 1970.
pub fn end_of(args: &Args, study: &Study, allocation: Option<&Allocation>) -> Option<f64> {
    let from_now = |s: f64| now_s() + s;
    let flag = args.time_limit.map(|d| from_now(d.as_secs_f64()));
    let file = study.limits.time_limit_s.map(from_now);
    [flag, file, allocation.and_then(|a| a.end)].into_iter().flatten().min_by(f64::total_cmp)
}

fn storage_advice(error: &StoreError) -> String {
    format!(
        "{error}\nresults up to the last written record are safe; make room and run the same line again"
    )
}
