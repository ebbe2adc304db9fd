//! `paretorank bench`: measures, so that nobody has to believe.

use super::run::{Args as RunArgs, StudyArgs};
use super::{
    bench_coordinator, bench_dispatch, bench_optimizer, bench_problems, bench_scaling, bench_tasks,
};
use crate::config::{
    Builtin, Checkpoint, Evaluator, InitialDesign, Limits, Method, StrategySettings, Study,
    own_parameters,
};
use crate::exit::Exit;
use crate::problem::{Goal, Metric, Objective, OutcomeConstraint, Problem, Space};
use crate::test_functions::TestFunctionError;
use std::path::PathBuf;

/// Arguments of `paretorank bench`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Hypervolume per trial and CPU time per candidate of a strategy, in one process
    Optimizer(bench_optimizer::Args),
    /// The test functions there are: numbers of parameters and objectives, variants, sources
    Problems,
    /// No-op evaluations per second, and how long a rank waits for its next task; under mpirun or srun
    /// over ranks, else over threads
    Dispatch(bench_dispatch::Args),
    /// Speedup and busy share of the ranks, for several numbers of ranks and times of evaluations, beside
    /// synchronous batches; under mpirun or srun over ranks, else over threads
    Scaling(bench_scaling::Args),
    /// Rank 0's decisions per second for thousands of simulated ranks, and how long its queues grow
    Coordinator(bench_coordinator::Args),
    /// What a task costs beside its own work, with and without container; under mpirun or srun over
    /// ranks, else over threads
    Tasks(bench_tasks::Args),
}

/// Runs a benchmark.
pub fn run(args: Args) -> Exit {
    match args.what {
        What::Optimizer(args) => bench_optimizer::run(&args),
        What::Problems => bench_problems::run(),
        What::Dispatch(args) => bench_dispatch::run(&args),
        What::Scaling(args) => bench_scaling::run(&args),
        What::Coordinator(args) => bench_coordinator::run(&args),
        What::Tasks(args) => bench_tasks::run(&args),
    }
}

/// `run` for a study that is no file's, and nobody else's.
pub fn as_run() -> RunArgs {
    let study =
        StudyArgs { study: Default::default(), output: None, seed: None, trials: None, set: vec![] };
    RunArgs { study, also: vec![], workers: None, time_limit: None, is_alone: true }
}

/// A study of a test function that touches no file.
pub fn study_of(
    builtin: Builtin,
    method: Method,
    initial: u64,
    trials: u64,
) -> Result<Study, TestFunctionError> {
    let function = builtin.test_function()?;
    let objective = |(k, reference): (usize, f64)| Objective {
        name: format!("f{k}"),
        goal: Goal::Minimize,
        threshold: Some(reference),
        unit: String::new(),
    };
    let metric = |name: &&str| Metric { name: (*name).to_owned(), unit: String::new() };
    let constrained = function.constraint_names().iter().enumerate();
    let outcome_constraints = constrained
        .map(|(k, name)| OutcomeConstraint::at_most_zero(name, function.objectives() + k))
        .collect();
    let parameters = own_parameters(&*function);
    let objectives = function.reference_point().into_iter().enumerate().map(objective).collect();
    Ok(Study {
        name: format!("bench-{}", function.name()),
        seed: 0,
        output: PathBuf::new(),
        problem: Problem {
            space: Space { parameters, constraints: vec![] },
            objectives,
            metrics: function.constraint_names().iter().map(metric).collect(),
            outcome_constraints,
        },
        geometry: None,
        strategy: StrategySettings {
            method,
            model: Default::default(),
            initial,
            initial_design: InitialDesign::default(),
            nominal: None,
            points: vec![],
            population: None,
            trials,
            ready: 1,
            in_flight: None,
            batch: None,
            patience_s: 60.0,
            stop: Default::default(),
        },
        evaluator: Evaluator::Builtin(builtin),
        container: None,
        checkpoint: Checkpoint { every_s: 60.0 },
        limits: Limits {
            time_limit_s: None,
            margin_s: 0.0,
            silence_s: 300.0,
            disk_bytes: None,
            share: 1.0,
        },
        pilot: None,
        overflow: None,
    })
}
