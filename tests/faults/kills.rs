//! SIGKILL at any moment: no trial is lost, none is done twice.

use super::support::process::lives;
use super::support::{Ranks, Scene, commanded};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

/// Delays without a pattern, from almost nothing to `most`.
fn delay(round: u64, most: Duration) -> Duration {
    let share = (round * 2_654_435_761 % 1_000) as f64 / 1_000.0;
    most.mul_f64(share)
}

fn killed_again_and_again(ranks: Ranks, rounds: u64, most: Duration) {
    let trials = 150;
    let scene = Scene::quick(trials, "10 ms");
    let often = ["--set", "checkpoint.every=\"30 ms\""];
    let mut least = 0;
    for round in 1..=rounds {
        let running = scene.start(ranks, &often);
        sleep(delay(round, most));
        running.kill();
        if scene.run_dir().join("journal").exists() {
            let ended = scene.status()["ok"].as_u64().unwrap();
            assert!(ended >= least, "{ended} trials after {least}");
            least = ended;
        }
    }
    scene.complete(ranks, &often);
    scene.table().assert_complete(trials as usize);
    // An attempt without an end leaves no record.
    assert_eq!(scene.status()["attempts"], trials);
    assert!(least > 0, "every round was killed before its first trial");
}

#[test]
fn a_job_on_threads_killed_at_any_time_goes_on() {
    killed_again_and_again(Ranks::Threads(2), 12, Duration::from_millis(200));
}

#[test]
fn a_job_under_mpirun_killed_at_any_time_goes_on() {
    killed_again_and_again(Ranks::Mpi(3), 6, Duration::from_millis(1_500));
}

#[test]
fn only_what_was_in_flight_is_repeated() {
    const WORKERS: usize = 2;
    let scene = Scene::new("");
    let log = scene.write("started", "");
    let command = format!(
        "echo $1 >> {}; sleep 0.03; echo \"{{\\\"a\\\": $2, \\\"b\\\": 1}}\" > result.json",
        log.display()
    );
    scene.write("study.toml", &commanded(40, &command, ""));
    let starts = || {
        let mut starts = BTreeMap::<String, usize>::new();
        for trial in fs::read_to_string(&log).unwrap().lines() {
            *starts.entry(trial.to_owned()).or_default() += 1;
        }
        starts
    };
    let mut rounds = 0;
    while scene.start(Ranks::Threads(WORKERS), &[]).killed_after(delay(rounds + 3, SECOND / 2)) {
        rounds += 1;
        let done = scene.table().rows.into_iter().filter(|row| row["status"] == "ok");
        let done: Vec<String> = done.map(|row| row["trial"].clone()).collect();
        let before = starts();
        // What has ended is not started again by the next round, whatever that comes to.
        scene.start(Ranks::Threads(WORKERS), &[]).killed_after(delay(rounds + 5, SECOND / 4));
        for trial in &done {
            assert_eq!(starts()[trial], before[trial], "trial {trial}");
        }
        rounds += 1;
        assert!(rounds < 100);
    }
    scene.table().assert_complete(40);
    let repeated = starts().values().sum::<usize>() - 40;
    assert!(repeated <= WORKERS * rounds as usize, "{repeated} in {rounds} rounds");
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_killed_rank_ends_the_job_and_the_same_line_goes_on() {
    let scene = Scene::quick(1_000_000, "10 ms");
    for victim in 1..=2 {
        let mut running = scene.start(Ranks::Mpi(4), &[]);
        scene.wait_for(&mut running, 30 * victim);
        let lead = scene.lead(&mut running).as_raw_pid();
        let ranks: Vec<i32> = running.tree().into_iter().skip(1).filter(|pid| *pid != lead).collect();
        assert_eq!(ranks.len(), 3);
        let pid = Pid::from_raw(ranks[victim as usize]).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
        let ended = running.wait().fails();
        assert!(ended.took < 30 * SECOND, "{ended}");
        assert!(!lives(lead));
        assert!(scene.status()["ok"].as_u64().unwrap() >= 30 * victim);
    }
    scene.complete(Ranks::Mpi(4), &["--trials", "200"]);
    assert!(scene.table().rows.len() >= 200);
}
