//! Full disks.

use super::support::mount::Small;
use super::support::process::Running;
use super::support::{PROGRAM, Ranks, Scene, commanded};
use std::fs::{self, File};
use std::process::Command;

const OFTEN: [&str; 2] = ["--set", "checkpoint.every=\"50 ms\""];

/// Fills its disk with a run of more trials than fit, makes room, and goes on with the same line. The number of trials
/// in the checkpoint that the full disk left.
fn fills(scene: Scene, small: &Small, ranks: Ranks, more: &[&str]) -> usize {
    let scene = scene.in_run_directory(&small.path().join("run"));
    // A batch job's output often lies on the same disk.
    let said = small.path().join("job.err");
    let mut line = scene.line(ranks, more);
    line.stdout(File::create(small.path().join("job.out")).unwrap());
    line.stderr(File::create(&said).unwrap());
    // What fails first on a full disk may also be an attempt's directory: then no rank is left.
    Running::start_as_given(&mut line).wait().expect_one_of(&[74, 1]);

    let stopped = scene.status();
    assert_eq!(stopped["state"], "stopped");
    let before = scene.table();
    assert!(stopped["ok"].as_u64().unwrap() > 0, "{stopped}");
    let history = hdf5::File::open(scene.run_dir().join("history.h5")).unwrap();
    let saved = history.dataset("completions").unwrap().size();
    drop(history);

    // There is no room for words either.
    let again = scene.run(ranks, more).expect_one_of(&[74, 1]);
    again.says(&["No space left on device", "run the same line again"]);
    small.remount("size=256m");
    scene.complete(ranks, more);
    let after = scene.table();
    after.assert_complete(after.rows.len());
    for row in before.rows.iter().filter(|row| row["status"] != "pending") {
        let now = &after.rows[row["trial"].parse::<usize>().unwrap()];
        for key in ["status", "finished"] {
            assert_eq!(now[key], row[key]);
        }
    }
    assert_eq!(scene.status()["failed"], 0, "a full disk is not the fault of a trial");
    saved
}

#[test]
fn the_journal_grows_until_the_disk_is_full() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let Some(small) = Small::mount("size=500k") else { return };
        fills(Scene::quick(4_000, "0 ms"), &small, ranks, &["--set", "checkpoint.every=\"10 min\""]);
    }
}

#[test]
fn checkpoints_grow_until_the_disk_is_full() {
    let Some(small) = Small::mount("size=700k") else { return };
    assert!(fills(Scene::quick(3_000, "1 ms"), &small, Ranks::Threads(2), &OFTEN) > 0);
}

#[test]
fn directories_of_attempts_grow_until_the_disk_is_full() {
    let Some(small) = Small::mount("size=500k") else { return };
    let command = "echo \"{\\\"a\\\": $2, \\\"b\\\": 1}\" > result.json";
    let scene = Scene::new(&commanded(120, command, ""));
    fills(scene, &small, Ranks::Threads(2), &OFTEN);
}

#[test]
fn output_that_cannot_be_printed_ends_no_run() {
    let scene = Scene::quick(12, "1 ms");
    let full = || File::create("/dev/full").unwrap();
    let mut line = scene.line(Ranks::Threads(2), &[]);
    Running::start_as_given(line.stdout(full()).stderr(full())).wait().expect(0);
    scene.table().assert_complete(12);
    for arguments in [&["check", "study.toml"][..], &["status", "run"], &["completions", "bash"]] {
        let mut line = Command::new(PROGRAM);
        line.args(arguments).current_dir(scene.path(".")).stdout(full());
        let said = scene.path("said");
        line.stderr(File::create(&said).unwrap());
        Running::start_as_given(&mut line).wait().expect(74);
        let said = fs::read_to_string(said).unwrap();
        assert!(said.starts_with("paretorank: failed to write standard output: No space"), "{said}");
    }
}
