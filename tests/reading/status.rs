//! `paretorank status`: figures of a run at work, watching it, failures with their logs.

use super::support::{PROGRAM, Ranks, Scene, commanded, process::Running};
use std::fs;
use std::process::Command;

fn status(scene: &Scene, more: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("status").arg(scene.run_dir()).args(more);
    command
}

#[test]
fn a_run_at_work_says_what_is_in_flight_and_how_long_it_will_take() {
    let scene = Scene::quick(2000, "50 ms");
    let mut running = scene.start(Ranks::Threads(2), &[]);
    scene.wait_for(&mut running, 30);
    let status = scene.status();
    let in_flight = status["in_flight"].as_u64().unwrap();
    assert!((1..=2).contains(&in_flight), "{status:#}");
    let left = &status["time_left"];
    assert_eq!((left["until"].as_str(), left["at_most"].as_bool()), (Some("trials"), Some(false)));
    // Two at a time, 50 ms each: that is the least; how busy the machine is nobody knows.
    let to_do = 2000.0 - status["proposed"].as_f64().unwrap();
    assert!(left["seconds"].as_f64().unwrap() > 0.5 * to_do * 0.025, "{status:#}");
    let text = scene.ask("status", &[]).expect(0).out;
    for word in ["in flight    ", " on 2 ranks\n", "time left    about ", "time         proposals "] {
        assert!(text.contains(word), "{word:?} in {text}");
    }
    running.kill();
    let status = scene.status();
    assert_eq!(status["state"], "stopped");
    assert!(status["in_flight"].is_null() && status["time_left"].is_null(), "{status:#}");
}

#[test]
fn a_study_that_a_rule_may_end_has_at_most_that_long() {
    let study = super::support::quick(2000, "20 ms").replace(
        "[evaluator]",
        "[strategy.stop]\nstalled = { trials = 1500, gain = 1e-9 }\n[evaluator]",
    );
    let scene = Scene::new(&study);
    let mut running = scene.start(Ranks::Threads(2), &["--time-limit", "1 h"]);
    scene.wait_for(&mut running, 30);
    assert_eq!(scene.status()["time_left"]["at_most"], true);
    let log = || fs::read_to_string(scene.run_dir().join("run.log")).unwrap();
    running.watch("a line in the log", || log().contains(" left at most, checkpoint in "));
    running.kill();
}

#[test]
fn watching_ends_with_the_run_and_its_state() {
    let scene = Scene::quick(60, "50 ms");
    let mut running = scene.start(Ranks::Threads(2), &[]);
    scene.lead(&mut running);
    let watching = Running::start(&mut status(&scene, &["--watch", "0.2"]));
    let lines = Running::start(&mut status(&scene, &["--json", "--watch=0.2"]));
    running.wait().expect(0);
    let text = watching.wait().expect(0).out;
    let blocks: Vec<&str> = text.split("\n\n").collect();
    assert!(blocks.len() >= 3, "{text}");
    assert!(blocks[0].starts_with("quick, seed 0: running on "), "{text}");
    assert!(blocks[blocks.len() - 1].starts_with("quick, seed 0: complete\n"), "{text}");
    assert!(!text.contains('\x1b'), "no terminal, no control characters");
    let lines = lines.wait().expect(0).out;
    let states: Vec<String> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["state"].to_string())
        .collect();
    assert_eq!((states[0].as_str(), states[states.len() - 1].as_str()), ("\"running\"", "\"complete\""));
    let over = Running::start(&mut status(&scene, &["--watch"])).wait().expect(0);
    assert_eq!(over.out.matches("seed 0").count(), 1, "once, at once");
    let wrong = Running::start(Command::new(PROGRAM).args(["status", "--watch"]).arg(scene.run_dir()));
    assert!(wrong.wait().expect(2).err.contains("a run directory stands before --watch"));
}

#[test]
fn failures_are_told_by_class_with_the_log_of_the_last() {
    let command = r#"
case $1 in
1|3) echo "it broke in $1" >&2; exit 3;;
2) echo "only standard output"; exit 0;;
esac
echo "{\"a\": $2, \"b\": 0.5}" > result.json"#;
    let scene = Scene::new(&commanded(5, command, "result = \"result.json\"\nretries = 0\n"));
    scene.complete(Ranks::Threads(1), &[]);
    let status = scene.status();
    let failures = status["failures"].as_array().unwrap();
    let told: Vec<_> = failures.iter().map(|f| (f["class"].as_str().unwrap(), &f["attempts"])).collect();
    assert_eq!(told, [("exit", &2.into()), ("output", &1.into())], "{status:#}");
    let log = failures[0]["log"].as_str().unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "it broke in 3\n");
    let log = failures[1]["log"].as_str().unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "only standard output\n");
    let text = scene.ask("status", &[]).expect(0).out;
    assert!(text.contains("failures     exit: 2, the last in trial 3: "), "{text}");
    let evaluation = status["time_s"]["evaluation"].as_f64().unwrap();
    let table = scene.table();
    let each: f64 = table.column("evaluation_s").iter().map(|s| s.parse::<f64>().unwrap()).sum();
    assert!((evaluation - each).abs() < 1e-6, "{evaluation} and {each}");
}
