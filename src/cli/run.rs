//! `paretorank run`: the main job.

use super::leftovers::{self, Tidier};
use super::summary::{self, maximum_hypervolume};
use super::{complain, exit_for, write_out};
use super::{cores, stops};
use crate::comm::{self, Transport, launcher};
use crate::config::{self, Evaluator, Overrides, Rule, StrategySettings, Study};
use crate::coordinator::{self, Clockwork, Drive, Ended, Ending, now_s};
use crate::evaluator;
use crate::exec;
use crate::exit::Exit;
use crate::geometry::Layout;
use crate::observe::Observer;
use crate::signal::Signals;
use crate::slurm::Allocation;
use crate::stopping;
use crate::store::{History, Origin, Record, Session, Snapshots, Store, StoreError, Writer};
use crate::strategy::Proposer;
use std::path::PathBuf;
use std::time::Duration;

/// Pause between two looks at what must end before the program can.
const LOOK: Duration = Duration::from_millis(5);

/// The study file and what overrides it.
#[derive(Debug, Clone, clap::Args)]
pub struct StudyArgs {
    /// Study file (TOML)
    pub study: PathBuf,
    /// Run directory instead of the study's
    #[arg(long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Seed instead of the study's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Trials in all instead of the study's; a larger number goes on with a complete run
    #[arg(long, value_name = "N")]
    pub trials: Option<u64>,
    /// Any other key of the study file, for example evaluator.shift=1; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl StudyArgs {
    /// The same, as the study reader wants it.
    pub fn overrides(&self) -> Result<Overrides, String> {
        let split = |text: &String| match text.split_once('=') {
            Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
            None => Err(format!("--set {text}: write KEY=VALUE, for example strategy.initial=20")),
        };
        Ok(Overrides {
            output: self.output.clone(),
            seed: self.seed,
            trials: self.trials,
            set: self.set.iter().map(split).collect::<Result<_, _>>()?,
        })
    }
}

/// Arguments of `paretorank run`.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub study: StudyArgs,
    /// Evaluating threads when there is no MPI launcher [default: one per core]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Time from now after which the run must be over, for example "2 h" [default: the end of the
    /// batch job]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub time_limit: Option<Duration>,
}

/// Runs or goes on with a study.
pub fn run(args: &Args) -> Exit {
    on_ranks(args.workers, |transport, signals| lead(transport, signals, args))
}

/// Starts the ranks, runs `lead` on rank 0 and the evaluator loop on all others, and returns on every
/// rank what rank 0 decided.
pub fn on_ranks(
    workers: Option<usize>,
    lead: impl FnOnce(&mut dyn Transport, &mut Signals) -> Exit,
) -> Exit {
    // First of all: from here on a signal is an event. On the other ranks nobody asks for it.
    let mut signals = match Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            complain(format_args!("cannot install signal handlers: {error}"));
            return Exit::Failed;
        }
    };
    match launcher::detect() {
        Err(error) => {
            if launcher::talks() {
                complain(&error);
            }
            Exit::Usage
        }
        Ok(launcher::Launch::None) => on_threads(workers, &mut signals, lead),
        #[cfg(feature = "mpi")]
        Ok(launcher::Launch::Mpi) => on_mpi(workers, &mut signals, lead),
        #[cfg(not(feature = "mpi"))]
        Ok(launcher::Launch::Mpi) => {
            if launcher::talks() {
                complain(
                    "this program was built without MPI (feature `mpi`): start it without mpirun or \
                     srun, or build it with MPI",
                );
            }
            Exit::Usage
        }
    }
}

fn on_threads(
    workers: Option<usize>,
    signals: &mut Signals,
    lead: impl FnOnce(&mut dyn Transport, &mut Signals) -> Exit,
) -> Exit {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = workers.unwrap_or(cores);
    let mut ends = comm::local::network(workers + 1).into_iter();
    let Some(mut own) = ends.next() else { return Exit::Failed };
    let threads: Vec<_> =
        ends.map(|mut end| std::thread::spawn(move || evaluator::serve(&mut end))).collect();
    let exit = lead(&mut own, signals);
    coordinator::dismiss(&mut own, exit.code());
    let mut hurried = false;
    while threads.iter().any(|thread| !thread.is_finished()) {
        if !hurried && signals.leave_now() {
            hurried = true;
            coordinator::dismiss(&mut own, exit.code());
        }
        while let Ok(Some(_)) = own.try_receive() {}
        own.wait(LOOK);
    }
    for thread in threads {
        if thread.join().is_err() {
            complain("an evaluating thread ended by a fault of this program");
        }
    }
    exit
}

#[cfg(feature = "mpi")]
fn on_mpi(
    workers: Option<usize>,
    signals: &mut Signals,
    lead: impl FnOnce(&mut dyn Transport, &mut Signals) -> Exit,
) -> Exit {
    let mut transport = match comm::mpi::MpiTransport::start() {
        Ok(transport) => transport,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    if transport.size() == 1 && workers.is_some() {
        let exit = on_threads(workers, signals, lead);
        transport.finish(exit.code(), || false);
        return exit;
    }
    let exit = if transport.rank() == 0 {
        let exit = lead(&mut transport, signals);
        coordinator::dismiss(&mut transport, exit.code());
        exit
    } else {
        if let Err(error) = crate::signal::shield_from_usr1() {
            complain(format_args!("USR1 may end what this rank runs: {error}"));
        }
        Exit::from_code(evaluator::serve(&mut transport))
    };
    transport.finish(exit.code(), || signals.leave_now());
    exit
}

/// Rank 0: everything between the study file and the summary.
pub fn lead(transport: &mut dyn Transport, signals: &mut Signals, args: &Args) -> Exit {
    match prepare(args) {
        Ok((study, text)) => {
            let mut history = None;
            let exit = perform(transport, signals, args, &study, &text, &mut history);
            let by_rule = history.as_ref().is_some_and(|h| stopping::last_stop(h).is_some());
            if let Some(history) = &history
                && (by_rule || matches!(exit, Exit::Complete | Exit::StoppedEarly))
            {
                // The run is what counts: its exit code is not that of its last words.
                write_out(None, summary::text(&study, history, &study.output).as_bytes());
            }
            exit
        }
        Err((exit, reason)) => {
            complain(&reason);
            exit
        }
    }
}

fn prepare(args: &Args) -> Result<(Study, String), (Exit, String)> {
    let overrides = args.study.overrides().map_err(|e| (Exit::Usage, e))?;
    let read = config::read(&args.study.study, &overrides);
    let (study, text) = read.map_err(|e| (Exit::BadStudy, e.to_string()))?;
    if study.evaluator == Evaluator::Outside {
        let reason = format!(
            "{} is evaluated outside ([evaluator] outside = true), so there is nothing to run: steer it \
             with paretorank ask, tell or session, or give it a command",
            args.study.study.display()
        );
        return Err((Exit::Usage, reason));
    }
    exec::check(&study).map_err(|e| (Exit::BadStudy, e))?;
    if let Some(geometry) = &study.geometry {
        let layout = Layout::read(geometry, &study.problem.space);
        let layout = layout.map_err(|wrong| (Exit::BadStudy, wrong.join("\nparetorank: ")))?;
        for warning in layout.warnings() {
            complain(format_args!("warning: {warning}"));
        }
    }
    let margin_s = study.limits.margin_s;
    if let Some(limit) = args.time_limit.filter(|limit| limit.as_secs_f64() <= margin_s) {
        let limit = humantime::format_duration(limit);
        let reason = format!(
            "--time-limit \"{limit}\" leaves no time for trials: limits.margin keeps {margin_s} s back for \
             the last checkpoint; give more time, or a shorter margin with --set 'limits.margin=\"1 s\"'"
        );
        return Err((Exit::Usage, reason));
    }
    Ok((study, text))
}

/// Runs a checked study on the ranks of `transport` and leaves what happened in `into`.
pub fn perform(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    args: &Args,
    study: &Study,
    text: &str,
    into: &mut Option<History>,
) -> Exit {
    match attempt(transport, signals, args, study, text, into) {
        Ok(exit) => exit,
        Err((exit, reason)) => {
            complain(&reason);
            exit
        }
    }
}

fn attempt(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    args: &Args,
    study: &Study,
    text: &str,
    into: &mut Option<History>,
) -> Result<Exit, (Exit, String)> {
    let evaluators = transport.size() - 1;
    if evaluators == 0 {
        let reason = "no rank to evaluate: rank 0 only coordinates; start 2 ranks or more (mpirun -n 2 …), \
                      or say --workers N for threads";
        return Err((Exit::Usage, reason.to_owned()));
    }
    let threads = cores::use_for_strategy();
    let proposer = Proposer::new(study).map_err(|e| (Exit::BadStudy, e.to_string()))?;
    let allocation = Allocation::detect();
    let job = allocation.as_ref().map(|a| a.job.clone()).unwrap_or_default();
    let origin = Origin { host: crate::slurm::host_name(), job };
    let opened = Store::open(&study.output, study, text, &origin);
    let mut opened = opened.map_err(|e| (exit_for(&e), e.to_string()))?;
    opened.store.set_mpi_version(&comm::mpi_version());
    let mut history = opened.history;
    let mut observer = Observer::new(
        study.problem.clone(),
        study.strategy.trials,
        maximum_hypervolume(study),
        &history,
        Some(&study.output.join("run.log")),
    );
    for notice in &opened.notices {
        observer.notice(notice);
    }
    let every = Duration::from_secs_f64(study.checkpoint.every_s);
    let mut writer = Writer::spawn(opened.store, every);
    let done = history.completions.len() as u64;
    if done >= study.strategy.trials {
        observer.notice(&format!(
            "{} is complete with {done} trials; --trials N with a larger N goes on",
            study.output.display()
        ));
        *into = Some(writer.finish().map_err(|e| (Exit::Storage, e.to_string()))?);
        return Ok(Exit::Complete);
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
        *into = Some(writer.finish().map_err(|e| (Exit::Storage, e.to_string()))?);
        return Ok(Exit::Complete);
    }
    let (capacity, ready) = shares(&study.strategy, evaluators as u64);
    let began = now_s();
    let session = Session {
        at: began,
        host: origin.host.clone(),
        job: origin.job.clone(),
        evaluators: evaluators as u64,
        capacity,
        completed_before: done,
    };
    observer.notice(&opening_line(study, &history, evaluators, threads, allocation.as_ref()));
    writer.record(vec![Record::Session(session.clone())]);
    history
        .apply(Record::Session(session))
        .map_err(|e| (Exit::Failed, format!("the history cannot go on: {e}")))?;
    let clock =
        Clockwork { end: end_of(args, study, allocation.as_ref()), margin_s: study.limits.margin_s };
    let mut tidier = Tidier::start(study, &history);
    let ended = coordinator::drive(Drive {
        transport,
        study,
        history: &history,
        proposer,
        writer: &mut writer,
        signals,
        clock,
        observer: &mut observer,
        capacity,
        ready,
        missing: leftovers::missing(study, &history),
        on_record: &mut |record| tidier.hear(record),
    });
    while !writer.ended() || !tidier.ended() {
        // A signal is timed by when it is looked at: see `Signals`.
        signals.leave_now();
        std::thread::sleep(LOOK);
    }
    let snapshots = writer.snapshots();
    let history = writer.finish().map_err(|e| (Exit::Storage, storage_advice(&e)))?;
    observer.notice(&checkpoints_line(&snapshots, now_s() - began));
    observer.finish(history.counts());
    let history = into.insert(history);
    match ended {
        Ended::Ending(Ending::Complete) => Ok(Exit::Complete),
        Ended::Ending(Ending::Stopped(stopped)) if stopped.rule == Rule::Failures => {
            Err((Exit::Failed, stops::failing(study, history, &stopped)))
        }
        Ended::Ending(Ending::Stopped(stopped)) => {
            let (line, more) = (stops::line(&stopped), stops::how_to_go_on(&stopped));
            observer.notice(&format!("the study is complete {line}; {more}"));
            Ok(Exit::Complete)
        }
        Ended::Ending(Ending::Early(reason)) => {
            observer.notice(&format!("stopped early: {reason}; run the same line again to go on"));
            Ok(Exit::StoppedEarly)
        }
        Ended::Ending(Ending::Failed(reason)) => Err((Exit::Failed, reason)),
        Ended::Storage(error) => Err((Exit::Storage, storage_advice(&error))),
    }
}

/// How many trials are asked for at a time, and how many candidates lie ready beyond them.
fn shares(strategy: &StrategySettings, evaluators: u64) -> (u64, u64) {
    match strategy.in_flight {
        None => (evaluators, strategy.ready),
        Some(most) => (most.min(evaluators), most.saturating_sub(evaluators)),
    }
}

/// What checkpoints have cost, which a thread of their own has paid.
fn checkpoints_line(snapshots: &Snapshots, session_s: f64) -> String {
    let Snapshots { count, seconds } = *snapshots;
    let share = if session_s > 0.0 { 100.0 * seconds / session_s } else { 0.0 };
    format!(
        "checkpoints: {count} written in {seconds:.2} s, {share:.2} % of the session's {session_s:.1} s"
    )
}

fn opening_line(
    study: &Study,
    history: &History,
    evaluators: usize,
    threads: usize,
    allocation: Option<&Allocation>,
) -> String {
    let done = history.completions.len();
    let begin = match (done, history.sessions.len()) {
        (_, 0) => "starting".to_owned(),
        (done, _) => format!("going on after {done} trials"),
    };
    let job = allocation.map(|a| format!(", {}", a.describe())).unwrap_or_default();
    format!(
        "{}: {begin}, {} trials in all, {evaluators} evaluating ranks, threads for the strategy: {threads}{job}, in {}",
        study.name,
        study.strategy.trials,
        study.output.display()
    )
}

fn end_of(args: &Args, study: &Study, allocation: Option<&Allocation>) -> Option<f64> {
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
