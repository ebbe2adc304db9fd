//! `paretorank bench optimizer`: how good a strategy is and what its candidates cost.

use super::bench::study_of;
use super::{complain, write_out};
use crate::config::{Builtin, Method, Study};
use crate::exit::Exit;
use crate::pareto::Front;
use crate::problem::{Measurement, Outcome, Space};
use crate::strategy::Proposer;
use crate::test_functions;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Arguments of `paretorank bench optimizer`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Test function
    #[arg(long, default_value = "dtlz2")]
    problem: String,
    /// Number of objectives, M
    #[arg(long, default_value_t = 3)]
    objectives: usize,
    /// Number of parameters, d
    #[arg(long, default_value_t = 20)]
    parameters: usize,
    /// Seed of the vector that moves the optimum off the centre of the box
    #[arg(long, value_name = "SEED")]
    shift: Option<u64>,
    /// Strategy
    #[arg(long, value_enum, default_value = "mobo")]
    strategy: Method,
    /// Scrambled Sobol trials before the strategy begins
    #[arg(long, default_value_t = 25)]
    initial: u64,
    /// Trials proposed before the first of them is told
    #[arg(long, default_value_t = 5)]
    batch: u64,
    /// Trials in all
    #[arg(long, default_value_t = 100)]
    trials: u64,
    /// Seeds: one number, or first..last
    #[arg(long, default_value = "0..4", value_parser = seeds)]
    seeds: (u64, u64),
    /// One JSON document instead of lines
    #[arg(long)]
    json: bool,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |t: &str| t.parse::<u64>().map_err(|_| format!("{t:?} is no number; write 3 or 0..4"));
    let (first, last) = (number(first)?, number(last)?);
    if first > last {
        return Err(format!("{first} comes after {last}"));
    }
    Ok((first, last))
}

/// One seed's run.
#[derive(Debug, Serialize)]
struct Run {
    seed: u64,
    /// Number of trials after each batch.
    trials: Vec<u64>,
    /// Hypervolume after each batch, with the function's reference point.
    hypervolume: Vec<f64>,
    /// Largest hypervolume there is, where known.
    max_hypervolume: Option<f64>,
    /// Mean processor time of all threads per candidate of the strategy proper, in seconds.
    cpu_s_per_candidate: f64,
    /// Mean wall time of the same.
    wall_s_per_candidate: f64,
}

/// Runs the strategy for every seed.
pub fn run(args: &Args) -> Exit {
    let mut runs = Vec::new();
    for seed in args.seeds.0..=args.seeds.1 {
        match one(args, seed) {
            Ok(run) => {
                if !args.json {
                    let written = write_out(None, (line(&run) + "\n").as_bytes());
                    if written != Exit::Complete {
                        return written;
                    }
                }
                runs.push(run);
            }
            Err(reason) => {
                complain(&reason);
                return Exit::Usage;
            }
        }
    }
    if args.json {
        return write_out(None, format!("{:#}\n", serde_json::json!({ "runs": runs })).as_bytes());
    }
    Exit::Complete
}

fn line(run: &Run) -> String {
    let last = run.hypervolume.last().copied().unwrap_or(0.0);
    let half = run.trials.iter().position(|t| 2 * t >= run.trials.last().copied().unwrap_or(0));
    let half = half.map(|at| (run.trials[at], run.hypervolume[at]));
    let share =
        |h: f64| run.max_hypervolume.map(|m| format!(" ({:.3} of max)", h / m)).unwrap_or_default();
    let half = half.map(|(t, h)| format!("{h:.4}{} after {t} trials, ", share(h))).unwrap_or_default();
    format!(
        "seed {}: hypervolume {half}{last:.4}{} after {}; {:.1} ms CPU, {:.1} ms wall per candidate",
        run.seed,
        share(last),
        run.trials.last().copied().unwrap_or(0),
        1e3 * run.cpu_s_per_candidate,
        1e3 * run.wall_s_per_candidate
    )
}

fn one(args: &Args, seed: u64) -> Result<Run, String> {
    let builtin = Builtin {
        function: args.problem.clone(),
        dimension: args.parameters,
        objectives: args.objectives,
        shift: args.shift,
        noise: None,
        delay: None,
    };
    let study =
        study_of(builtin, args.strategy, args.initial, args.trials).map_err(|e| e.to_string())?;
    let study = Study { seed, ..study };
    let function = test_functions::by_name(&args.problem, args.parameters, args.objectives, args.shift);
    let function = function.map_err(|e| e.to_string())?;
    let mut proposer = Proposer::new(&study).map_err(|e| e.to_string())?;
    let mut front = Front::new(function.reference_point());
    let mut run = Run {
        seed,
        trials: Vec::new(),
        hypervolume: Vec::new(),
        max_hypervolume: function.max_hypervolume().map(|m| m.value),
        cpu_s_per_candidate: 0.0,
        wall_s_per_candidate: 0.0,
    };
    let (mut cpu, mut wall, mut proposed) = (Duration::ZERO, Duration::ZERO, 0_u32);
    let mut next = 0;
    while next < args.trials {
        let end = (next + args.batch.max(1)).min(args.trials);
        let (cpu_before, begun) = (processor_time(), Instant::now());
        let batch: Vec<_> = (next..end).map(|trial| (trial, proposer.ask(trial).design)).collect();
        if next >= args.initial {
            cpu += processor_time().saturating_sub(cpu_before);
            wall += begun.elapsed();
            proposed += batch.len() as u32;
        }
        for (trial, design) in batch {
            let y = function.evaluate(&Space::numbers(&design));
            let objectives = y.iter().filter_map(|y| Measurement::new(*y, None)).collect();
            proposer.tell(trial, &Outcome::Ok { objectives, metrics: vec![] });
            front.insert(&y);
        }
        next = end;
        run.trials.push(next);
        run.hypervolume.push(front.hypervolume());
    }
    if proposed > 0 {
        run.cpu_s_per_candidate = (cpu / proposed).as_secs_f64();
        run.wall_s_per_candidate = (wall / proposed).as_secs_f64();
    }
    Ok(run)
}

/// Processor time of all threads of this process so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.max(0).unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
