//! Trials that are graphs of tasks.

use super::job::Job;
use super::{ended, folder_with};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

pub fn trials(folder: &Path) -> Vec<serde_json::Value> {
    let mut export = Command::new(env!("CARGO_BIN_EXE_paretorank"));
    let said = export.args(["export", "run", "--json"]).current_dir(folder).output().unwrap();
    let export: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    export["trials"].as_array().unwrap().clone()
}

/// Processes of attempts, by the mark in their environment, and of the folder, by their command line.
pub fn assert_no_process(folder: &Path) {
    let place = folder.to_str().unwrap();
    let of_here = |pid: &Path| {
        let text = |name| fs::read(pid.join(name)).unwrap_or_default();
        let (line, variables) = (text("cmdline"), text("environ"));
        let (line, variables) = (String::from_utf8_lossy(&line), String::from_utf8_lossy(&variables));
        let has_mark = variables.split('\0').any(|v| v.starts_with("PARETORANK_ATTEMPT="));
        line.contains(&format!("{place}/run")) || has_mark && variables.contains(place)
    };
    let pids = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let left: Vec<_> = pids.filter(|pid| of_here(pid)).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_task_that_misbehaves_fails_its_trial_alone() {
    let Some(folder) = folder_with(include_str!("../data/graph-faults.toml")) else { return };
    let job = Job::submit(folder.path(), "mpirun");
    assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{}", job.log());
    assert_no_process(folder.path());
    let want = ["", "signal: ", "timeout: ", "silent: ", "timeout: ", "memory: ", ""];
    let trials = trials(folder.path());
    assert_eq!(trials.len(), want.len());
    for (trial, class) in trials.iter().zip(want) {
        let status = if class.is_empty() { "ok" } else { "failed" };
        assert_eq!(trial["status"], status, "{trial}\n{}", job.log());
        let reason = trial["reason"].as_str().unwrap_or_default();
        assert!(reason.contains(class), "{class:?}: {trial}");
    }
    for (trial, class) in want.iter().enumerate() {
        let analysis = folder.path().join(format!("run/trials/{trial:06}/analysis"));
        assert_eq!(analysis.exists(), class.is_empty(), "{}", analysis.display());
    }
}

#[test]
fn a_job_killed_and_submitted_again_repeats_no_finished_task() {
    const TASKS: usize = 4 * 6;
    const RANKS: usize = 2;
    let Some(folder) = folder_with("") else { return };
    let study = include_str!("../data/graph-restart.toml");
    let study = study.replace("FOLDER", folder.path().to_str().unwrap());
    fs::write(folder.path().join("study.toml"), study).unwrap();
    let lines = |name: &str| {
        let text = fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let job = Job::submit(folder.path(), "mpirun");
    job.until("finished tasks of an unfinished trial", || lines("ended").len() >= 9);
    job.kill();
    assert_ne!(job.end().0, "COMPLETED", "{}", job.log());
    let (finished, over) = (lines("ended").len(), ended(folder.path()));
    assert!(over < 4 && finished > 6 * over as usize + RANKS, "{finished} tasks, {over} trials");

    let job = Job::submit(folder.path(), "mpirun");
    assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{}", job.log());
    assert_no_process(folder.path());
    assert!(trials(folder.path()).iter().all(|trial| trial["status"] == "ok"), "{}", job.log());
    // Only what the ranks had in hand when they were killed begins a second time.
    let mut began = BTreeMap::new();
    lines("began").into_iter().for_each(|line| *began.entry(line).or_insert(0) += 1);
    assert_eq!(began.len(), TASKS, "{began:?}");
    let again = began.values().filter(|times| **times > 1).count();
    assert!(again <= RANKS && began.values().all(|times| *times <= 2), "{began:?}");
}
