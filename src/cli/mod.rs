//! The command line: one file per subcommand.

mod bench;
mod bench_coordinator;
mod bench_dispatch;
mod bench_optimizer;
mod bench_problems;
mod bench_scaling;
mod bench_tasks;
mod check;
mod check_one;
mod compare;
mod cores;
mod export;
mod front;
mod guest;
mod import;
mod init;
mod leftovers;
mod overflow;
mod pilot;
mod queue;
mod queue_work;
mod replay;
mod report;
mod run;
mod status;
mod steer;
mod stops;
mod summary;
mod text;
mod undertaking;

use crate::exit::Exit;
use crate::observe::say;
use crate::store::{self, StoreError, Stored};
use clap::{CommandFactory, Parser, Subcommand};
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;
use tracing_subscriber::EnvFilter;

const AFTER_HELP: &str = "\
A first study:
  paretorank check configs/dtlz2.toml          what is understood
  paretorank run configs/dtlz2.toml            on threads of this machine
  mpirun -n 5 paretorank run configs/dtlz2.toml    rank 0 and 4 evaluating ranks

Exit codes: 0 complete; 1 failed; 2 wrong usage; 74 storage: a file cannot be read or written;
75 stopped early, run the same line again; 78 bad study file; 79 server unreachable; 81 time limit;
82 no work.
Signals to rank 0: USR1 starts nothing new and ends when what runs has ended; TERM and INT stop what
runs, write the checkpoint and exit with 75; a second one kills what does not stop by itself.";

/// Finds the best designs of expensive detectors on supercomputers.
#[derive(Debug, Parser)]
#[command(name = "paretorank", version, about, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a study, or go on with it: the same line does both
    Run(run::Args),
    /// Read a study file and print what was understood
    Check(check::Args),
    /// Write a study file from the configurations of another tool (AID2E)
    Import(import::Args),
    /// Write the Python module whose function calls are jobs of a queue
    Init(init::Args),
    /// Say how a run stands, also while it runs
    Status(status::Args),
    /// Compare runs: seeds, strategies, numbers of ranks; as a table, JSON, CSV or a picture
    Compare(compare::Args),
    /// Write a run's history as CSV or JSON, also while it runs
    Export(export::Args),
    /// List the best designs: as they were measured, and as the model smooths noise away
    Front(front::Args),
    /// Show a run as a page with plots and tables, in one file that any browser opens, also while it runs
    Report(report::Args),
    /// Derive every proposal of a run anew, and say at which trial that and the record part
    Replay(replay::Args),
    /// Propose designs for evaluation by somebody else, from a study file or a run directory
    Ask(steer::AskArgs),
    /// Take results over that were obtained elsewhere, for designs that were asked for and others
    Tell(steer::TellArgs),
    /// Ask and tell line by line: JSON requests on standard input, answers on standard output
    Session(steer::SessionArgs),
    /// A queue of jobs for pilots of PanDA: serve it, submit, list, show, kill, retry
    Queue(queue::Args),
    /// Run jobs of a PanDA queue on the ranks of this allocation
    Pilot(pilot::Args),
    /// Do one task of a study: what the jobs of [overflow] run
    Task(overflow::Args),
    /// Measure the optimizer and the dispatch
    Bench(bench::Args),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Runs the program with the process's arguments.
pub fn main() -> Exit {
    listen_to_warnings();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Under a launcher every rank parses the same line: one of them talks.
            if crate::comm::launcher::talks() {
                let _ = error.print();
            }
            return if error.use_stderr() { Exit::Usage } else { Exit::Complete };
        }
    };
    match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Pilot(args) => pilot::run(&args),
        Command::Import(args) => import::run(args),
        Command::Init(args) => init::run(&args),
        Command::Status(args) => status::run(args),
        Command::Compare(args) => compare::run(&args),
        Command::Export(args) => export::run(args),
        Command::Front(args) => front::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Replay(args) => replay::run(&args),
        Command::Ask(args) => steer::ask(&args),
        Command::Tell(args) => steer::tell(&args),
        Command::Session(args) => steer::session(&args),
        Command::Queue(args) => queue::run(args),
        Command::Task(args) => overflow::run(&args),
        Command::Bench(args) => bench::run(args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "paretorank", &mut script);
            write_out(None, &script)
        }
    }
}

/// What goes wrong on any rank without ending it is told on standard error.
fn listen_to_warnings() {
    let filter = EnvFilter::try_from_env("PARETORANK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let to_stderr = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Somebody else listens already: a program that uses this library.
    let _ = to_stderr.try_init();
}

/// The exit code that a store's trouble deserves.
fn exit_for(error: &StoreError) -> Exit {
    if error.is_usage() { Exit::Usage } else { Exit::Storage }
}

/// Says what went wrong.
fn complain(what: impl Display) {
    say(format_args!("paretorank: {what}"));
}

/// Says why a run directory cannot be read.
fn refuse(error: &StoreError) -> Exit {
    complain(error);
    exit_for(error)
}

/// What a run directory holds; or, once it was said why it cannot be read, the exit code.
fn stored(run: &Path) -> Result<Stored, Exit> {
    store::read(run).map_err(|error| refuse(&error))
}

/// Writes to standard output, whose reader may have had enough, or to a file, which is the old one or the new
/// one at any time; what is no plain file (a pipe, a link) is written as it is.
fn write_out(file: Option<&Path>, bytes: &[u8]) -> Exit {
    let is_special = |path: &Path| std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_file());
    let written = match file {
        Some(path) if !is_special(path) => {
            return store::replace_file(path, bytes)
                .map_or_else(|error| refuse(&error), |()| Exit::Complete);
        }
        Some(path) => std::fs::write(path, bytes),
        None => std::io::stdout().write_all(bytes),
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let to = file.map_or("standard output".to_owned(), |path| path.display().to_string());
            complain(format_args!("failed to write {to}: {error}"));
            Exit::Storage
        }
        _ => Exit::Complete,
    }
}
