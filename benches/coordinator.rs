//! Rank 0's decisions: time of an event for simulated ranks, as `paretorank bench coordinator` has it.
//! `cargo bench --bench coordinator [-- FILTER]`.

mod support;

use paretorank::simulation::{Setting, simulate, work};
use std::sync::Arc;
use std::time::Duration;
use support::{Figures, each_time, problem};

/// Tasks in all: enough for every rank to have some.
const TASKS: u64 = 20_000;

fn main() {
    let mut figures = Figures::new();
    let mut group = figures.group("event");
    let study = problem::study(3, 20);
    for simulations in [0, 20] {
        let work = Arc::new(work(&study, simulations));
        for ranks in [64, 4096] {
            let trials = TASKS.div_ceil(work.graph().size() as u64);
            let setting = Setting {
                ranks,
                per_node: 128,
                trials,
                median_s: 600.0,
                candidate_s: 0.001,
                lost: 0.001,
                seed: 0,
            };
            let run = || simulate(&study, Arc::clone(&work), &setting).expect("it completes");
            group.time_each(
                &format!("simulations={simulations}"),
                &format!("{ranks} ranks"),
                run().events,
                each_time(|| Duration::from_secs_f64(run().seconds)),
            );
        }
    }
    drop(group);
    figures.finish(env!("CARGO_CRATE_NAME"));
}
