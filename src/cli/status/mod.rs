//! `paretorank status`: how a run stands, once or over and over until it ends.

mod figures;
mod redraw;

use super::{stored, write_out};
use crate::exit::Exit;
pub use figures::Status;
use redraw::Screen;
use std::path::PathBuf;
use std::time::Duration;

const JSON_HELP: &str = "\
JSON: study, seed, state (running, complete, stopped), host, pid, job of who works there; trials
(planned), ok, violating, infeasible, failed, proposed, in_flight (of a run at work; else null),
front, hypervolume, max_hypervolume, stopped_by, stop_reason; sessions, attempts; time_left
{seconds, until (trials, limit, clock), at_most (a stopping rule may come before)} or null while
there is too little to tell; time_s {generation, queue, start, evaluation}, sums over all
trials; utilisation {busy (share), allocated_s, busy_s, waiting_s, dispatch_s, away_s, tail_s}
of the ranks' time up to the last attempt's end; failures [{class, attempts, trial, attempt,
log, reason}], the last of each class named; stages, events, starts, makeshift as in the text;
generation_s (mean per candidate); notices.
With --watch one document per line.";

/// Arguments of `paretorank status`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = JSON_HELP)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One JSON document instead of text; --help says what is in it
    #[arg(long)]
    json: bool,
    /// Again every so many seconds [2], until the run ends: in place on a terminal, else in blocks with an empty
    /// line between
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = pause)]
    watch: Option<Duration>,
}

/// At least so much between two looks.
const SHORTEST_S: f64 = 0.1;

fn pause(text: &str) -> Result<Duration, String> {
    let seconds: Option<f64> = text.trim().trim_end_matches('s').trim_end().parse().ok();
    let known = seconds.filter(|s| (SHORTEST_S..=86_400.0).contains(s));
    known.map(Duration::from_secs_f64).ok_or_else(|| {
        format!("write seconds from {SHORTEST_S} to 86400; a run directory stands before --watch")
    })
}

/// Prints the standing.
pub fn run(args: Args) -> Exit {
    let Some(pause) = args.watch else {
        return match look(&args) {
            Ok(status) if args.json => write_out(None, format!("{:#}\n", status.document()).as_bytes()),
            Ok(status) => write_out(None, status.text().as_bytes()),
            Err(exit) => exit,
        };
    };
    let mut screen = Screen::of_standard_output();
    loop {
        let status = match look(&args) {
            Ok(status) => status,
            Err(exit) => return exit,
        };
        let is_last = !status.is_live();
        let shown = match args.json {
            true => screen.line(&status.document().to_string()),
            false => screen.show(&status.text(), is_last),
        };
        if !shown || is_last {
            return Exit::Complete;
        }
        std::thread::sleep(pause);
    }
}

fn look(args: &Args) -> Result<Status, Exit> {
    Ok(Status::of(stored(&args.run)?, &args.run))
}
