//! Disks that fail in mid-run, and who may write in a run directory.

use super::support::mount::Disk;
use super::support::process::Running;
use super::support::{Ranks, Scene, contents};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use std::collections::BTreeMap;

const OFTEN: [&str; 2] = ["--set", "checkpoint.every=\"50 ms\""];

/// A run on a disk that fails goes on where it was when the disk is mended.
fn fails(fault: fn(&Disk), words: &[&str]) {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let Some(disk) = Disk::new("16m") else { return };
        let run = disk.path().join("run");
        let scene = Scene::quick(1_000_000, "5 ms").in_run_directory(&run);
        let mut running = scene.start(ranks, &OFTEN);
        scene.wait_for(&mut running, 20);
        fault(&disk);
        running.wait().expect(74).says(words).says(&["run the same line again"]);
        disk.mend();
        let found = scene.status();
        let before = found["ok"].as_u64().unwrap();
        assert!(before >= 20, "{found}");
        let trials = found["proposed"].as_u64().unwrap() + 20;
        scene.complete(ranks, &["--trials", &trials.to_string()]).says(&["going on after"]);
        scene.table().assert_complete(trials as usize);
        scene.ask("replay", &[]).expect(0);
    }
}

#[test]
fn a_file_system_that_turns_read_only_in_mid_run_stops_it() {
    fails(Disk::turn_read_only, &["Read-only file system"]);
}

#[test]
fn a_disk_that_takes_data_and_then_cannot_write_them_stops_the_run() {
    // Writing succeeds, into memory; it is the sync that tells.
    fails(Disk::fail, &["failed to"]);
}

/// Several jobs at once in one new run directory: one of them runs, all others are refused.
fn at_once(jobs: usize, trials: u64) {
    let scene = Scene::quick(trials, "1 ms");
    let started: Vec<Running> = (0..jobs).map(|_| scene.start(Ranks::Threads(1), &[])).collect();
    let ended: Vec<_> = started.into_iter().map(|job| job.wait().expect_one_of(&[0, 2])).collect();
    let ran = ended.iter().filter(|job| job.out.contains("trials")).count();
    assert!(ran >= 1);
    for refused in ended.iter().filter(|job| !job.out.contains("trials")) {
        assert!(refused.err.contains("is in use"), "{refused}");
    }
    scene.table().assert_complete(trials as usize);
    assert_eq!(scene.status()["attempts"], trials);
    let left =
        contents(scene.run_dir()).into_keys().filter(|path| path.to_string_lossy().contains("lock"));
    assert_eq!(left.count(), 0);
}

#[test]
fn of_jobs_that_start_at_the_same_moment_one_runs() {
    for _ in 0..10 {
        at_once(4, 60);
    }
}

#[test]
fn without_locks_in_the_file_system_one_of_them_runs_too() {
    // What this thread starts may not lock files.
    let denied = BTreeMap::from([(syscalls::FLOCK, vec![])]);
    let filter = SeccompFilter::new(
        denied,
        SeccompAction::Allow,
        SeccompAction::Errno(syscalls::ENOLCK),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    apply_filter(&program).unwrap();
    for _ in 0..3 {
        at_once(4, 60);
    }
}

/// As in the kernel's headers.
mod syscalls {
    pub const ENOLCK: u32 = 37;
    #[cfg(target_arch = "x86_64")]
    pub const FLOCK: i64 = 73;
    #[cfg(target_arch = "aarch64")]
    pub const FLOCK: i64 = 32;
}

#[test]
fn the_lock_of_a_job_that_was_killed_is_taken_over() {
    let scene = Scene::quick(1_000_000, "5 ms");
    let mut running = scene.start(Ranks::Threads(1), &[]);
    scene.wait_for(&mut running, 3);
    running.kill();
    assert!(scene.run_dir().join("lock").exists());
    let trials = scene.status()["proposed"].as_u64().unwrap() + 5;
    let again = scene.complete(Ranks::Threads(1), &["--trials", &trials.to_string()]);
    again.says(&["was taken over: process", "is gone"]);
}
