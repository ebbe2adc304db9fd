//! `paretorank bench dispatch`: the main job with evaluations that take no time, so that what is left
//! is the program's own: proposals, messages, journal.

use super::bench::{as_run, study_of};
use super::run::{on_ranks, perform};
use super::{complain, write_out};
use crate::comm::Transport;
use crate::config::{Builtin, Delay, Method, Study};
use crate::exit::Exit;
use crate::report::Starts;
use crate::signal::Signals;
use crate::store::History;
use std::collections::BTreeMap;

/// Arguments of `paretorank bench dispatch`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Trials in all
    #[arg(long, default_value_t = 20_000)]
    trials: u64,
    /// Number of parameters
    #[arg(long, default_value_t = 20)]
    parameters: usize,
    /// Number of objectives
    #[arg(long, default_value_t = 3)]
    objectives: usize,
    /// Time that every evaluation takes, in milliseconds
    #[arg(long, default_value_t = 0.0)]
    delay_ms: f64,
    /// Evaluating threads when there is no MPI launcher [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// Runs the benchmark on the ranks there are.
pub fn run(args: &Args) -> Exit {
    on_ranks(args.workers, |transport, signals| lead(transport, signals, args))
}

fn lead(transport: &mut dyn Transport, signals: &mut Signals, args: &Args) -> Exit {
    let builtin = Builtin {
        function: "dtlz2".to_owned(),
        dimension: args.parameters,
        objectives: args.objectives,
        variant: None,
        noise: None,
        delay: (args.delay_ms > 0.0).then_some(Delay::Constant { seconds: args.delay_ms / 1e3 }),
    };
    let mut study = match study_of(builtin, Method::Sobol, args.trials, args.trials) {
        Ok(study) => study,
        Err(error) => {
            complain(&error);
            return Exit::Usage;
        }
    };
    study.output = std::env::temp_dir().join(format!("paretorank-bench-{}", std::process::id()));
    // Proposals lie ready: their making is measured by `bench optimizer`.
    study.strategy.ready = 4 * transport.size() as u64 + 64;
    let ranks = transport.size() - 1;
    let mut exit = Exit::Complete;
    let studies = vec![(study.clone(), String::new())];
    let wrong = perform(transport, signals, &as_run(), studies, &mut |closed| {
        exit = closed.exit;
        if let Some(history) = &closed.history {
            let written = write_out(None, figures(&closed.study, history, ranks).as_bytes());
            exit = if exit == Exit::Complete { written } else { exit };
        }
    });
    let exit = wrong.unwrap_or(exit);
    if let Err(error) = std::fs::remove_dir_all(&study.output) {
        complain(format_args!("failed to remove {}: {error}", study.output.display()));
    }
    exit
}

/// Evaluations per second from the first start to the last end, and what lies between a rank's result
/// and the start of its next task.
fn figures(study: &Study, history: &History, evaluators: usize) -> String {
    let mut last = BTreeMap::new();
    let (mut gaps, mut busy) = (Vec::new(), 0.0);
    for attempt in &history.attempts {
        if let Some(finished) = last.insert(attempt.rank, attempt.finished) {
            gaps.push(attempt.started - finished);
        }
        busy += attempt.finished - attempt.started;
    }
    gaps.sort_by(f64::total_cmp);
    let at = |share: f64| gaps.get((share * gaps.len() as f64) as usize).copied().unwrap_or(0.0);
    let begin = history.attempts.iter().map(|a| a.started).fold(f64::INFINITY, f64::min);
    let end = history.attempts.iter().map(|a| a.finished).fold(0.0, f64::max);
    let span = end - begin;
    format!(
        "{} evaluations on {evaluators} ranks in {span:.2} s: {:.0} per second, ranks busy {:.1} %; from \
         a rank's result to its next start {:.0} µs median, {:.0} µs at 99 %",
        history.attempts.len(),
        history.attempts.len() as f64 / span,
        100.0 * busy / (span * evaluators as f64),
        1e6 * at(0.5),
        1e6 * at(0.99)
    ) + &format!(" ({})\n", study.name)
        + &Starts::of(history).map(|s| format!("starts: {}\n", s.line())).unwrap_or_default()
}
