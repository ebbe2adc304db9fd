//! Run directories that are another study's, in use, not writable, or none.

use super::support::mount::Small;
use super::support::process::Running;
use super::support::{PROGRAM, Ranks, Scene, contents, quick};
use rustix::process::Signal;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Refused with code and words, and not a byte in `dir` is different.
fn refused(scene: &Scene, dir: &Path, more: &[&str], code: i32, words: &[&str]) {
    let before = contents(dir);
    for ranks in [Ranks::Threads(1), Ranks::Mpi(2)] {
        let ended = scene.run(ranks, more).expect(code).says(words);
        assert_eq!(ended.err.matches("paretorank: ").count(), 1, "{ended}");
        assert!(contents(dir) == before, "changed: {:?}", contents(dir).keys());
    }
}

#[test]
fn another_study_or_seed_is_refused_key_by_key() {
    let scene = Scene::quick(12, "1 ms");
    scene.complete(Ranks::Threads(2), &[]);
    let dir = scene.run_dir().to_owned();
    let seed = "study.seed: 0 in the run directory, 4 asked for";
    refused(&scene, &dir, &["--seed", "4"], 2, &[seed, "choose another output directory"]);
    scene.write("study.toml", &quick(12, "1 ms").replace("dimension = 4", "dimension = 3"));
    let dimension = "evaluator.dimension: 4 in the run directory, 3 asked for";
    refused(&scene, &dir, &[], 2, &[dimension, "parameter.x3", "nothing asked for"]);
}

#[test]
fn a_run_in_progress_is_not_joined() {
    let scene = Scene::quick(100_000, "20 ms");
    let mut first = scene.start(Ranks::Threads(2), &[]);
    scene.wait_for(&mut first, 3);
    scene.run(Ranks::Threads(1), &[]).expect(2).says(&["is in use: process", "is writing there"]);
    first.signal(Signal::TERM);
    first.wait().expect(75);
}

#[test]
fn places_that_are_no_run_directory_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("thesis.tex");
    fs::write(&file, "dear").unwrap();
    let history = place.path().join("other/history.h5");
    fs::create_dir(history.parent().unwrap()).unwrap();
    fs::write(&history, "a history of something else").unwrap();
    for (run, code, word) in [
        (place.path(), 2, "it holds other files (\""),
        (&file, 2, "it is a file"),
        (&file.join("run"), 2, "a part of the path is a file"),
        (history.parent().unwrap(), 74, "choose another output directory"),
    ] {
        let scene = Scene::quick(12, "1 ms").in_run_directory(run);
        refused(&scene, place.path(), &[], code, &[word, run.to_str().unwrap()]);
    }
}

#[test]
fn a_read_only_file_system_is_told() {
    let Some(small) = Small::mount("size=1m,ro") else { return };
    for run in [small.path(), small.path().join("new/run")] {
        let scene = Scene::quick(12, "1 ms").in_run_directory(&run);
        refused(&scene, &small.path(), &[], 74, &["Read-only file system", "that you may write to"]);
    }
}

#[test]
fn missing_permission_is_told() {
    let scene = Scene::quick(12, "1 ms");
    let dir = scene.path("locked");
    fs::create_dir(&dir).unwrap();
    for (path, mode) in [(dir.parent().unwrap(), 0o755), (&dir, 0o555)] {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut line = Command::new(PROGRAM);
    if rustix::process::geteuid().is_root() {
        line = Command::new("setpriv");
        line.args(["--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM]);
    }
    line.current_dir(scene.path(".")).args(["run", "study.toml", "--output", "locked/run"]);
    Running::start(&mut line).wait().expect(74).says(&["locked/run", "that you may write to"]);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
}
