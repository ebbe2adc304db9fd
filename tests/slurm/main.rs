//! Batch jobs under a real Slurm. `tests/slurm/with` finds or starts one:
//!
//!     tests/slurm/with cargo test --test slurm
//!
//! Without it, that is without `PARETORANK_SLURM=1`, nothing is tested, and every test says so.
#![cfg(feature = "mpi")]

mod detector;
mod job;
mod nodes;
mod pilot;
mod pipeline;
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;

use job::Job;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use support::{mount, queue};
use tempfile::TempDir;

const TRIALS: u64 = 40;

/// A folder with the study, on a Slurm; `None` if Slurm is not to be tested.
fn folder() -> Option<TempDir> {
    folder_with(include_str!("study.toml"))
}

fn folder_with(study: &str) -> Option<TempDir> {
    if std::env::var("PARETORANK_SLURM").is_ok_and(|value| value == "1") {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("study.toml"), study).unwrap();
        return Some(folder);
    }
    println!("SKIPPED: no batch job was tested; `make test` does it (PARETORANK_SLURM=1 and a Slurm)");
    None
}

/// Trials that ended so far; 0 before there is a run.
fn ended(folder: &Path) -> u64 {
    let program = env!("CARGO_BIN_EXE_paretorank");
    let status = Command::new(program).args(["status", "run", "--json"]).current_dir(folder).output();
    let answer: Option<serde_json::Value> = serde_json::from_slice(&status.unwrap().stdout).ok();
    answer.map_or(0, |answer| answer["ok"].as_u64().unwrap())
}

/// Lets h5py look at the whole history of that many starts of the program.
fn read_back(folder: &Path, sessions: usize) {
    let python = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = include_str!("history.py");
    let arguments = ["-c", script, "run", &TRIALS.to_string(), &sessions.to_string()];
    let read = Command::new(python).args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&read.stderr);
    let log = std::fs::read_to_string(folder.join("job.log")).unwrap_or_default();
    assert!(read.status.success(), "{said}\n--- job.log\n{log}");
}

/// Trial, status and reason of every attempt of the run, as h5py reads them.
fn attempts(folder: &Path) -> Vec<(u64, String, String)> {
    let python = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = "import h5py, json\nt = h5py.File('run/history.h5')['tasks']\n\
                  rows = zip(t['trial'][:].tolist(), t['status'].asstr()[:], t['reason'].asstr()[:])\n\
                  print(json.dumps(list(rows)))";
    let read = Command::new(python).args(["-c", script]).current_dir(folder).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).unwrap()
}

#[test]
fn a_job_completes_under_both_launchers() {
    for launch in ["srun --mpi=pmix", "mpirun"] {
        let Some(folder) = folder() else { return };
        let job = Job::submit(folder.path(), launch);
        assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{launch}\n{}", job.log());
        read_back(folder.path(), 1);
    }
}

#[test]
fn scaling_is_measured_on_the_ranks_of_a_job() {
    for launch in ["srun --mpi=pmix", "mpirun"] {
        let Some(folder) = folder() else { return };
        let options = ["--ranks", "1,2,4", "--delay", "10ms", "--per-rank", "20"];
        let job = Job::submit_scaling(folder.path(), launch, &options);
        assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{launch}\n{}", job.log());
        let log = job.log();
        for words in ["evaluations of 10 ms", "asynchronous", "batches of 5", "[6/6] "] {
            assert!(log.contains(words), "{launch}: no {words:?} in\n{log}");
        }
        let csv = std::fs::read_to_string(folder.path().join(format!("scaling-{}.csv", job.id())));
        let csv = csv.unwrap_or_else(|e| panic!("{e}\n{log}"));
        let points: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
        let column = |name: &str| -> Vec<&str> {
            let at = points[0].iter().position(|column| *column == name).unwrap();
            points[1..].iter().map(|point| point[at]).collect()
        };
        assert_eq!(column("ranks"), ["1", "2", "4", "1", "2", "4"]);
        assert_eq!(column("trials"), ["20", "40", "80", "20", "40", "80"]);
        let left = std::fs::read_dir(folder.path()).unwrap().flatten();
        let runs = left.filter(|e| e.file_name().to_string_lossy().starts_with("paretorank-bench"));
        assert_eq!(runs.count(), 0, "{launch}\n{log}");
    }
}

/// The points that there are when the time is up are in the log and in the file.
#[test]
fn told_that_its_time_is_up_scaling_ends_with_what_it_has() {
    let Some(folder) = folder() else { return };
    let options = ["--ranks", "4,1", "--delay", "50ms", "--trials", "200", "--batch", "0"];
    let job = Job::submit_scaling(folder.path(), "srun --mpi=pmix", &options);
    job.until("the second point", || job.log().contains("[1/2] "));
    job.signal(&["--batch", "--signal=USR1"]);
    let log = || job.log();
    assert_eq!(job.end(), ("FAILED".into(), "75:0".into()), "{}", log());
    assert!(log().contains("stopped early: the points above are all there are"), "{}", log());
    let csv = std::fs::read_to_string(folder.path().join(format!("scaling-{}.csv", job.id())));
    assert_eq!(csv.unwrap().lines().count(), 2, "a head and a point\n{}", log());
}

#[test]
fn killed_and_queued_again_at_random_moments_it_loses_nothing_and_repeats_nothing() {
    let Some(folder) = folder() else { return };
    let hit = |job: &Job, order: &dyn Fn(&Job)| {
        let more = ended(folder.path()) + rand::random_range(1..=4);
        job.until("more trials", || ended(folder.path()) >= more);
        std::thread::sleep(Duration::from_millis(rand::random_range(0..250)));
        println!("hit after {} trials", ended(folder.path()));
        order(job);
    };
    for _ in 0..3 {
        let job = Job::submit(folder.path(), "srun --mpi=pmix");
        hit(&job, &Job::kill);
        assert_ne!(job.end().0, "COMPLETED", "{}", job.log());
    }
    assert!(ended(folder.path()) < TRIALS);
    let job = Job::submit(folder.path(), "srun --mpi=pmix");
    hit(&job, &Job::requeue);
    assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{}", job.log());
    read_back(folder.path(), 5);
}

#[test]
fn told_that_its_time_is_up_a_job_drains_and_goes_on_in_a_further_round() {
    for launch in ["srun --mpi=pmix", "mpirun"] {
        let Some(folder) = folder() else { return };
        let job = Job::submit(folder.path(), launch);
        job.until("a few trials", || ended(folder.path()) >= 5);
        job.signal(&["--batch", "--signal=USR1"]);
        assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{}", job.log());
        let log = job.log();
        for line in ["round 1 of", "stopped early", "queueing round 2", "round 2 of", "going on after"] {
            assert!(log.contains(line), "{launch}: no {line:?} in\n{log}");
        }
        read_back(folder.path(), 2);
    }
}

#[test]
fn a_job_that_may_start_no_more_says_so_and_leaves_with_75() {
    let Some(folder) = folder() else { return };
    let job = Job::submit_with(folder.path(), "srun --mpi=pmix", &[("ROUNDS", "1")]);
    job.until("a few trials", || ended(folder.path()) >= 2);
    job.signal(&["--batch", "--signal=USR1"]);
    assert_eq!(job.end(), ("FAILED".into(), "75:0".into()), "{}", job.log());
    assert!(job.log().contains("not complete after 1 rounds"), "{}", job.log());
}

#[test]
fn payloads_that_misbehave_end_in_their_class_and_leave_no_process() {
    for launch in ["srun --mpi=pmix", "mpirun"] {
        let Some(folder) = folder_with(include_str!("../data/misbehaving.toml")) else { return };
        let job = Job::submit(folder.path(), launch);
        assert_eq!(job.end(), ("COMPLETED".into(), "0:0".into()), "{launch}\n{}", job.log());
        let mut export = Command::new(env!("CARGO_BIN_EXE_paretorank"));
        let export =
            export.args(["export", "run", "--json"]).current_dir(folder.path()).output().unwrap();
        let export: serde_json::Value = serde_json::from_slice(&export.stdout).unwrap();
        let trials = export["trials"].as_array().unwrap().iter();
        let class = |trial: &serde_json::Value| match trial["status"].as_str().unwrap() {
            "failed" => trial["reason"].as_str().unwrap().split_once(':').unwrap().0.to_owned(),
            status => status.to_owned(),
        };
        let want = [
            "ok",
            "signal",
            "timeout",
            "timeout",
            "memory",
            "silent",
            "output",
            "infeasible",
            "output",
            "ok",
        ];
        assert_eq!(trials.map(class).collect::<Vec<_>>(), want, "{launch}\n{}", job.log());
        let place = folder.path().to_str().unwrap();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        let lines = processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok());
        let left: Vec<String> = lines.map(|l| String::from_utf8_lossy(&l).into_owned()).collect();
        assert!(!left.iter().any(|line| line.contains(&format!("{place}/run"))), "{left:?}");
    }
}
