//! Several studies on the same ranks.

use super::support::process::Running;
use super::{run, study, trials};
use std::fs;

#[test]
fn two_studies_share_the_ranks_and_the_second_has_them_all_when_the_first_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let short = study(dir.path(), "short", 12, "\"100 ms\"", "");
    let long = study(dir.path(), "long", 60, "\"100 ms\"", "");
    let ended = Running::start(&mut run(5, &[&short, &long])).wait().expect(0);
    ended.says(&[
        "12/12 trials",
        "60/60 trials",
        "2 of 4 evaluating ranks",
        "short: 12/12",
        "long: 60/60",
    ]);
    let runs = dir.path().join("runs");
    assert_eq!((trials(&runs.join("short")).len(), trials(&runs.join("long")).len()), (12, 60));
    for name in ["short", "long"] {
        let log = fs::read_to_string(runs.join(name).join("run.log")).unwrap();
        let (own, other) = if name == "short" { ("12/12", "60/60") } else { ("60/60", "12/12") };
        assert!(log.contains("starting") && log.contains(own) && !log.contains(other), "{log}");
    }
}

#[test]
fn each_goes_on_from_its_own_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let files = ["a", "b"].map(|name| study(dir.path(), name, 40, "\"100 ms\"", ""));
    let runs = dir.path().join("runs");
    let mut running = Running::start(&mut run(3, &[&files[0], &files[1]]));
    let done = |name: &str| fs::metadata(runs.join(name).join("journal")).map_or(0, |m| m.len());
    running.watch("both have begun", || done("a") > 3000 && done("b") > 3000);
    running.kill();
    Running::start(&mut run(3, &[&files[0], &files[1]])).wait().expect(0).says(&["going on after"]);
    for name in ["a", "b"] {
        let mut ids: Vec<u64> = trials(&runs.join(name)).into_iter().map(|(id, _)| id).collect();
        ids.sort_unstable();
        assert!(ids.into_iter().eq(0..40));
    }
}

#[test]
fn studies_that_would_write_to_the_same_place_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let one = study(dir.path(), "one", 4, "\"1 ms\"", "");
    let two = dir.path().join("two.toml");
    fs::copy(&one, &two).unwrap();
    let ended = Running::start(&mut run(3, &[&one, &two])).wait().expect(78);
    ended.says(&["one and two both write to"]);
    assert!(!dir.path().join("runs").exists());
    let mut command = run(3, &[&one, &one]);
    Running::start(command.args(["--output", "x"]))
        .wait()
        .expect(2)
        .says(&["--output is for one study"]);
}
