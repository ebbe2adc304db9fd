//! `paretorank run`: the main job.

use super::guest::Guest;
use super::undertaking::{Closed, Crew, Opened, Undertaking};
use super::{complain, cores, summary, write_out};
use crate::comm::{self, Transport, launcher};
use crate::config::{self, Evaluator, Overrides, Study};
use crate::evaluator;
use crate::exec;
use crate::exit::Exit;
use crate::geometry::Layout;
use crate::signal::Signals;
use crate::slurm::Allocation;
use crate::stopping;
use crate::tenancy::{House, Tenant};
use std::path::{Path, PathBuf};
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
    /// Further studies that share the ranks with the first, each with its own run directory
    #[arg(value_name = "STUDY")]
    pub also: Vec<PathBuf>,
    /// Evaluating threads when there is no MPI launcher [default: one per core]
    #[arg(long, value_name = "N")]
    pub workers: Option<usize>,
    /// Time from now after which the run must be over, for example "2 h" [default: the end of the
    /// batch job]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub time_limit: Option<Duration>,
    /// Without the queues of `[pilot]` and `[overflow]`: a trial of how things are set up is nobody else's.
    #[arg(skip)]
    pub is_alone: bool,
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
    comm::dismiss(&mut own, exit.code());
    let mut hurried = false;
    while threads.iter().any(|thread| !thread.is_finished()) {
        if !hurried && signals.leave_now() {
            hurried = true;
            comm::dismiss(&mut own, exit.code());
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
        comm::dismiss(&mut transport, exit.code());
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

/// Rank 0: everything between the study files and the summaries.
pub fn lead(transport: &mut dyn Transport, signals: &mut Signals, args: &Args) -> Exit {
    let files = std::iter::once(&args.study.study).chain(&args.also);
    let prepared: Result<Vec<_>, _> = files.map(|file| prepare(args, file)).collect();
    let told = prepared.and_then(|studies| differ(args, &studies).map(|()| studies));
    match told {
        Ok(studies) => {
            let mut exits = Vec::new();
            let told = perform(transport, signals, args, studies, &mut |ended| {
                let Closed { exit, study, history } = ended;
                exits.push(exit);
                let by_rule = history.as_ref().is_some_and(|h| stopping::last_stop(h).is_some());
                if let Some(history) = &history
                    && (by_rule || matches!(exit, Exit::Complete | Exit::StoppedEarly))
                {
                    // The run is what counts: its exit code is not that of its last words.
                    write_out(None, summary::text(&study, history, &study.output).as_bytes());
                }
            });
            exits.extend(told);
            worst(&exits)
        }
        Err((exit, reason)) => {
            complain(&reason);
            exit
        }
    }
}

/// The exit code of several studies: that of the one that needs most attention.
fn worst(exits: &[Exit]) -> Exit {
    let weight = |exit: &&Exit| match exit {
        Exit::Complete => 0,
        Exit::StoppedEarly => 1,
        _ => 2,
    };
    exits.iter().rev().max_by_key(weight).copied().unwrap_or(Exit::Complete)
}

/// Studies that run side by side have directories of their own, and what is said for one goes for one.
fn differ(args: &Args, studies: &[(Study, String)]) -> Result<(), (Exit, String)> {
    if studies.len() > 1 && args.study.output.is_some() {
        let reason =
            "--output is for one study: give each of several its own in its file (study.output)";
        return Err((Exit::Usage, reason.to_owned()));
    }
    for (k, (study, _)) in studies.iter().enumerate() {
        if let Some((other, _)) = studies[..k].iter().find(|(other, _)| other.output == study.output) {
            let reason = format!(
                "{} and {} both write to {}: give each its own name or output",
                other.name,
                study.name,
                study.output.display()
            );
            return Err((Exit::BadStudy, reason));
        }
        if k > 0 && study.pilot.is_some() {
            let reason = format!(
                "{} has a table [pilot], and only the first of several studies may: its ranks are those that \
                 all of them leave",
                study.name
            );
            return Err((Exit::BadStudy, reason));
        }
    }
    Ok(())
}

fn prepare(args: &Args, file: &Path) -> Result<(Study, String), (Exit, String)> {
    let overrides = args.study.overrides().map_err(|e| (Exit::Usage, e))?;
    let read = config::read(file, &overrides);
    let (mut study, text) = read.map_err(|e| (Exit::BadStudy, e.to_string()))?;
    if args.is_alone {
        (study.pilot, study.overflow) = (None, None);
    }
    if study.evaluator == Evaluator::Outside {
        let reason = format!(
            "{} is evaluated outside ([evaluator] outside = true), so there is nothing to run: steer it \
             with paretorank ask, tell or session, or give it a command",
            file.display()
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

/// Runs checked studies on the ranks of `transport`, side by side, and tells `ended` of each as it ends.
/// What went wrong beside them, if anything did.
pub fn perform(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    args: &Args,
    studies: Vec<(Study, String)>,
    ended: &mut dyn FnMut(Closed),
) -> Option<Exit> {
    let evaluators = transport.size() - 1;
    if evaluators == 0 {
        complain(
            "no rank to evaluate: rank 0 only coordinates; start 2 ranks or more (mpirun -n 2 …), or say \
             --workers N for threads",
        );
        return Some(Exit::Usage);
    }
    let allocation = Allocation::detect();
    let shares: f64 = studies.iter().map(|(study, _)| study.limits.share).sum();
    let threads = (cores::use_for_strategy() / studies.len()).max(1);
    let is_shared = studies.len() > 1;
    let mut works = Vec::new();
    for (study, text) in studies {
        let certain = (evaluators as f64 * study.limits.share / shares).floor() as usize;
        let crew = Crew { evaluators, is_shared, certain: certain.max(1), threads };
        match Undertaking::open(study, &text, crew, args, allocation.as_ref()) {
            Opened::Works(undertaking) => works.push(*undertaking),
            Opened::Closed(closed) => ended(*closed),
        }
    }
    // Nothing is begun in the directory of a study that is not: it may be another job's.
    let host = works.first().map(Undertaking::study);
    let guest = match host.and_then(|study| Guest::of(study, evaluators, args, allocation.as_ref())) {
        Some(Err((exit, reason))) => {
            complain(&reason);
            works.iter_mut().for_each(|work| ended(work.close(&mut || false)));
            return Some(exit);
        }
        guest => guest.and_then(Result::ok),
    };
    share_ranks(transport, signals, works, guest, ended)
}

/// Lets the ranks work until the studies are over, and the guest with them.
fn share_ranks(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    mut works: Vec<Undertaking>,
    mut guest: Option<Guest>,
    ended: &mut dyn FnMut(Closed),
) -> Option<Exit> {
    if works.is_empty() {
        return None;
    }
    let mut house = House::new(transport, signals, &tenants(&mut works, &mut guest));
    let mut left = works.len();
    while let Some(over) = house.serve(&mut tenants(&mut works, &mut guest)) {
        match works.get_mut(over) {
            Some(work) => {
                left -= 1;
                ended(work.close(&mut || house.leave_now()));
            }
            None => guest.iter_mut().for_each(Guest::close),
        }
        if let (0, Some(guest)) = (left, &mut guest) {
            guest.is_alone();
        }
    }
    None
}

fn tenants<'a>(works: &'a mut [Undertaking], guest: &'a mut Option<Guest>) -> Vec<&'a mut dyn Tenant> {
    let works = works.iter_mut().map(|work| work as &mut dyn Tenant);
    works.chain(guest.iter_mut().map(|guest| guest as &mut dyn Tenant)).collect()
}
