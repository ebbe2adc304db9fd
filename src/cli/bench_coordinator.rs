//! `paretorank bench coordinator`: rank 0's decisions for more ranks than there are here. The state machine
//! is the real one; ranks, strategy and time are simulated.

use super::bench::study_of;
use super::{complain, write_out};
use crate::config::{Builtin, Method, Study};
use crate::exit::Exit;
use crate::simulation::{Figures, Setting, simulate, work};
use serde_json::json;
use std::sync::Arc;

/// Arguments of `paretorank bench coordinator`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Evaluating ranks
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    ranks: u32,
    /// Ranks of each node
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    per_node: u32,
    /// Tasks per rank, on average
    #[arg(long, default_value_t = 5.0, value_parser = positive)]
    per_rank: f64,
    /// Simulations of a trial, between a check and an analysis; 0: a trial is one task
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    simulations: u32,
    /// Median time of a task, in seconds; times are log-normal with sigma 1, so that the mean is 1.65 times
    /// as much and one in a hundred takes ten times as long
    #[arg(long, default_value_t = 600.0, value_parser = positive)]
    median_s: f64,
    /// Time that the strategy takes for a candidate, in seconds
    #[arg(long, default_value_t = 0.001, value_parser = not_negative)]
    candidate_s: f64,
    /// Share of the tasks during which the rank is lost; it comes back after a median time
    #[arg(long, default_value_t = 0.001, value_parser = share)]
    lost: f64,
    /// Seed of the times
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Figures as JSON
    #[arg(long)]
    json: bool,
}

fn number(text: &str, fits: impl Fn(f64) -> bool, what: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x: &f64| x.is_finite() && fits(*x));
    number.ok_or_else(|| format!("it must be {what}"))
}

fn positive(text: &str) -> Result<f64, String> {
    number(text, |x| x > 0.0, "a number above 0")
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |x| x >= 0.0, "0 or a number above it")
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |x| (0.0..1.0).contains(&x), "at least 0 and below 1")
}

/// Runs the simulation.
pub fn run(args: &Args) -> Exit {
    let study = match study() {
        Ok(study) => study,
        Err(reason) => {
            complain(&reason);
            return Exit::Failed;
        }
    };
    let work = work(&study, args.simulations);
    let tasks = (args.per_rank * f64::from(args.ranks)).ceil();
    let setting = Setting {
        ranks: args.ranks as usize,
        per_node: args.per_node as usize,
        trials: (tasks / work.graph().size() as f64).ceil() as u64,
        median_s: args.median_s,
        candidate_s: args.candidate_s,
        lost: args.lost,
        seed: args.seed,
    };
    match simulate(&study, Arc::new(work), &setting) {
        Ok(figures) => write_out(None, shown(&figures, &setting, args.json).as_bytes()),
        Err(reason) => {
            complain(&reason);
            Exit::Failed
        }
    }
}

fn study() -> Result<Study, String> {
    let builtin = Builtin {
        function: "dtlz2".to_owned(),
        dimension: 20,
        objectives: 3,
        variant: None,
        noise: None,
        delay: None,
    };
    study_of(builtin, Method::Sobol, 1, 1).map_err(|e| e.to_string())
}

fn shown(figures: &Figures, setting: &Setting, as_json: bool) -> String {
    let Figures { events, commands, seconds, median_s, late_s, slowest_s, queue, asked, busy, lost } =
        figures;
    let rate = *events as f64 / seconds;
    // How many ranks it would take to keep rank 0 at work all the time.
    let enough = rate * setting.mean_s() / 2.0;
    if as_json {
        let figures = json!({
            "ranks": setting.ranks, "trials": setting.trials, "events": events, "commands": commands,
            "seconds": seconds, "events_per_second": rate,
            "event_s": { "median": median_s, "p99": late_s, "max": slowest_s },
            "queue": queue, "asked": asked, "busy": busy, "lost": lost,
        });
        return format!("{figures}\n");
    }
    format!(
        "{} ranks, {} trials: {events} events and {commands} commands in {seconds:.2} s of rank 0: {rate:.0} \
         events per second; an event takes {:.1} µs median, {:.1} µs at 99 %, {:.1} ms at most\n\
         at most {queue} tasks waited for a rank and {asked} ranks for a candidate; ranks busy {:.1} %; {lost} ranks lost\n\
         tasks of {:.0} s on average: two events each would keep rank 0 busy for {enough:.0e} ranks\n",
        setting.ranks,
        setting.trials,
        1e6 * median_s,
        1e6 * late_s,
        1e3 * slowest_s,
        100.0 * busy,
        setting.mean_s(),
    )
}
