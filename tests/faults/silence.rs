//! Ranks that say nothing any more: stopped, or killed where the launcher lets the others live.

use crate::support::process::{Running, vanishes};
use crate::support::python::h5py;
use crate::support::{Ranks, Scene};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;

const SILENCE: [&str; 2] = ["--set", "limits.silence=\"3 s\""];

/// Evaluating ranks of a job, without its rank 0.
fn evaluators(scene: &Scene, running: &mut Running) -> Vec<Pid> {
    let lead = scene.lead(running).as_raw_pid();
    let others = running.tree().into_iter().skip(1).filter(|pid| *pid != lead);
    others.filter_map(Pid::from_raw).collect()
}

/// Lets `trials` trials end and stops one of the evaluating ranks, or kills it.
fn hit(scene: &Scene, running: &mut Running, trials: u64, signal: Signal) -> Pid {
    scene.wait_for(running, trials);
    let victim = evaluators(scene, running)[1];
    kill_process(victim, signal).unwrap();
    victim
}

/// What the history says of one attempt that a lost rank had.
fn one_attempt_was_lost(scene: &Scene) {
    let script = "t = f['tasks']; rows = zip(t['status'].asstr()[:], t['reason'].asstr()[:])\n\
                  print(json.dumps([[s, r] for s, r in rows if s != 'ok']))";
    let Some(seen) = h5py(&scene.run_dir().join("history.h5"), script) else { return };
    let [one] = &seen.as_array().unwrap()[..] else { panic!("{seen}") };
    assert_eq!(one[0], "failed");
    assert!(one[1].as_str().unwrap().starts_with("infrastructure: rank"), "{one}");
    assert!(one[1].as_str().unwrap().contains("was lost: it has said nothing for 3 s"), "{one}");
}

fn log(scene: &Scene) -> String {
    fs::read_to_string(scene.run_dir().join("run.log")).unwrap_or_default()
}

#[test]
fn a_stopped_rank_loses_its_work_to_others_and_takes_part_again_when_it_wakes_up() {
    let scene = Scene::quick(1_000_000, "10 ms");
    let mut running = scene.start(Ranks::Mpi(4), &SILENCE);
    let victim = hit(&scene, &mut running, 30, Signal::STOP);
    running.watch("the loss", || log(&scene).contains("is lost: it has said nothing for 3 s"));
    kill_process(victim, Signal::CONT).unwrap();
    running.watch("the return", || log(&scene).contains("is back"));
    let back = scene.status()["ok"].as_u64().unwrap();
    scene.wait_for(&mut running, back + 30);
    running.signal(Signal::USR1);
    let ended = running.wait().expect(75);
    // The one that was stopped, too, has taken leave of MPI: nobody had to be killed.
    assert!(!ended.err.contains("MPI_ABORT"), "{ended}");
    one_attempt_was_lost(&scene);
}

#[test]
fn a_rank_that_stays_stopped_holds_up_nothing() {
    let scene = Scene::quick(150, "10 ms");
    let mut running = scene.start(Ranks::Mpi(4), &SILENCE);
    let victim = hit(&scene, &mut running, 20, Signal::STOP);
    running.wait().expect(0);
    vanishes(victim.as_raw_nonzero().get());
    assert_eq!(scene.status()["ok"], 150);
    one_attempt_was_lost(&scene);
}

/// Starts with a launcher that lets ranks outlive others.
fn start_with_recovery(scene: &Scene, ranks: usize) -> Running {
    let mut line = scene.line(Ranks::Mpi(ranks), &SILENCE);
    Running::start(line.env("OMPI_MCA_orte_enable_recovery", "1"))
}

#[test]
fn where_ranks_outlive_others_a_killed_one_costs_what_it_ran() {
    let scene = Scene::quick(200, "10 ms");
    let mut running = start_with_recovery(&scene, 4);
    scene.wait_for(&mut running, 20);
    let ranks = evaluators(&scene, &mut running);
    kill_process(ranks[1], Signal::KILL).unwrap();
    running.wait().expect(0);
    assert_eq!(scene.status()["ok"], 200);
    one_attempt_was_lost(&scene);
    for rank in ranks {
        vanishes(rank.as_raw_nonzero().get());
    }
}

#[test]
fn where_ranks_outlive_others_they_leave_when_rank_0_is_gone() {
    let scene = Scene::quick(1_000_000, "10 ms");
    let mut running = start_with_recovery(&scene, 3);
    scene.wait_for(&mut running, 20);
    let ranks = evaluators(&scene, &mut running);
    kill_process(scene.lead(&mut running), Signal::KILL).unwrap();
    // Its launcher says 0 whatever happened.
    running.wait();
    for rank in ranks {
        vanishes(rank.as_raw_nonzero().get());
    }
    scene.complete(Ranks::Mpi(3), &["--trials", "100"]);
}
