//! Questions to a run, also while it runs; help, version, completions.

use super::support::process::{Ended, Running};
use super::support::{PROGRAM, Ranks, Scene};
use paretorank::exit::Exit;
use rustix::process::Signal;
use std::process::Command;

fn ask(arguments: &[&str]) -> Ended {
    Running::start(Command::new(PROGRAM).args(arguments)).wait()
}

#[test]
fn a_live_run_answers_other_processes() {
    let scene = Scene::quick(100_000, "10 ms");
    let mut running = scene.start(Ranks::Mpi(3), &[]);
    scene.wait_for(&mut running, 10);
    let status = scene.status();
    assert_eq!((status["state"].as_str(), status["trials"].as_u64()), (Some("running"), Some(100_000)));
    assert!(status["hypervolume"].as_f64().unwrap() >= 0.0 && status["pid"].as_i64().unwrap() > 1);
    let text = scene.ask("status", &[]).expect(0).out;
    assert!(text.contains("quick, seed 0: running on ") && text.contains("of 100000:"), "{text}");

    let json = scene.ask("export", &["--json"]).expect(0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let trials = json["trials"].as_array().unwrap();
    assert!(trials.iter().filter(|t| t["status"] == "ok").count() >= 10);
    assert!(trials.iter().enumerate().all(|(k, t)| t["trial"] == k));
    let file = scene.path("trials.csv");
    scene.ask("export", &["--csv", "--out", file.to_str().unwrap()]).expect(0);
    assert!(std::fs::read_to_string(file).unwrap().starts_with("trial,status,reason,origin,"));

    running.signal(Signal::USR1);
    running.wait().expect(75);
    assert_eq!(scene.status()["state"], "stopped");
}

#[test]
fn a_place_without_a_run_is_told() {
    let scene = Scene::quick(5, "1 ms");
    for command in ["status", "export"] {
        let told = ["paretorank: ", "/run cannot be a run directory: no run was ever started there"];
        scene.ask(command, &[]).expect(2).says(&told);
    }
    scene.complete(Ranks::Threads(1), &[]);
    assert_eq!(scene.status()["state"], "complete");
    let nowhere = scene.path("no/such/place.csv");
    let ended = scene.ask("export", &["--out", nowhere.to_str().unwrap()]);
    ended.expect(74).says(&["failed to write", "no/such/place.csv"]);
}

#[test]
fn the_help_has_every_exit_code() {
    let help = ask(&["--help"]).expect(0).out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, table) = help.split_once("Exit codes: ").unwrap();
    let (table, _) = table.split_once('.').unwrap();
    let entry = |exit: &Exit| format!("{} {}", exit.code(), exit.meaning());
    let want: Vec<String> = Exit::ALL.iter().map(entry).collect();
    assert_eq!(table.split("; ").collect::<Vec<_>>(), want);
}

#[test]
fn version_completions_and_an_empty_line() {
    let version = ask(&["--version"]).expect(0).out;
    assert_eq!(version.trim(), format!("paretorank {}", env!("CARGO_PKG_VERSION")));
    for shell in ["bash", "zsh", "fish"] {
        assert!(ask(&["completions", shell]).expect(0).out.contains("paretorank"));
    }
    ask(&[]).expect(2).says(&["Usage: paretorank"]);
    ask(&["status"]).expect(2).says(&["<RUN>"]);
}
