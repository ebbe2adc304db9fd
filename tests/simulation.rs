//! Simulated runs of the real coordinator: nothing is lost, and nothing idles without need.

use paretorank::config;
use paretorank::simulation::{Figures, Setting, simulate, work};
use std::sync::Arc;

fn setting(ranks: usize, trials: u64, lost: f64) -> Setting {
    Setting { ranks, per_node: 4, trials, median_s: 600.0, candidate_s: 0.0, lost, seed: 1 }
}

fn run(simulations: u32, setting: Setting) -> Figures {
    let (study, _) = config::read("configs/dtlz2.toml".as_ref(), &Default::default()).unwrap();
    let work = work(&study, simulations);
    simulate(&study, Arc::new(work), &setting).unwrap()
}

#[test]
fn every_rank_arrives_and_every_trial_is_proposed_and_ends() {
    let figures = run(0, setting(16, 100, 0.0));
    assert_eq!((figures.events, figures.lost), (16 + 2 * 100, 0));
    assert!(figures.busy > 0.8 && figures.busy <= 1.0, "{figures:?}");
    // A trial of a check, five simulations and an analysis: seven ends.
    let figures = run(5, setting(16, 30, 0.0));
    assert_eq!(figures.events, 16 + (1 + 7) * 30);
}

#[test]
fn one_rank_always_has_work_while_there_is_any() {
    let figures = run(0, setting(1, 50, 0.0));
    assert!((figures.busy - 1.0).abs() < 1e-9, "{figures:?}");
    assert_eq!(figures.asked, 1);
}

#[test]
fn what_lost_ranks_ran_is_run_by_others() {
    let figures = run(0, setting(16, 400, 0.1));
    assert!(figures.lost > 20, "{figures:?}");
    // Each comes back, unless the run was over before: a loss and an arrival more.
    let least = 16 + 2 * 400 + figures.lost;
    assert!(figures.events > least && figures.events <= least + figures.lost + 100, "{figures:?}");
}
