//! Payloads that die, hang, or leave something behind.

use super::scene::{Scene, failing, read, shell, stage};
use paretorank::config::Command;
use paretorank::problem::{FailureClass, TaskOutcome};

#[test]
fn a_killed_payload_is_a_signal_and_names_the_log() {
    let (reason, _, scene) = failing(shell("echo working; kill -KILL $$"), FailureClass::Signal);
    let log = scene.attempt("stage");
    assert!(reason.starts_with("ended by signal 9 (SIGKILL); last lines: working; "), "{reason}");
    assert!(reason.ends_with(&format!("whole output: {}/stderr and stdout", log.display())), "{reason}");
}

#[test]
fn a_hung_payload_is_a_timeout() {
    let mut hung = shell("echo waiting; sleep 600; :");
    hung.command.timeout_s = Some(0.3);
    let (reason, ..) = failing(hung, FailureClass::Timeout);
    assert!(reason.starts_with("still running after 0.3 s; last lines: waiting"), "{reason}");
}

#[test]
fn nothing_is_left_of_grandchildren_that_ignore_term_in_sessions_of_their_own() {
    // Two generations: one below the leader, one whose parent has gone.
    let stubborn = r#"trap "" TERM; while :; do sleep 0.1; done"#;
    let script = format!(
        "trap '' TERM\n\
         setsid sh -c '{stubborn}' hidden \"$1\" &\n\
         (setsid sh -c '{stubborn}' orphan \"$1\" &)\n\
         while :; do sleep 0.1; done"
    );
    let mut stage = shell(&script);
    stage.command.timeout_s = Some(0.5);
    let (reason, _, scene) = failing(stage, FailureClass::Timeout);
    assert!(reason.starts_with("still running after 0.5 s"), "{reason}");
    assert!(reason.contains("; ended processes that had left their group: sh ("), "{reason}");
    let manifest = read(&scene.attempt("stage").join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert!(manifest["strays"].as_array().unwrap().len() >= 2, "{manifest}");
}

#[test]
fn a_service_left_behind_by_a_good_payload_is_ended() {
    let script = r#"(setsid sh -c ': > up; sleep 600; :' service "$1" &)
        while [ ! -e up ]; do sleep 0.01; done"#;
    let scene = Scene::of(vec![shell(script)]);
    let end = scene.run(0, &[]);
    assert_eq!(end.outcome, TaskOutcome::Ok(vec![]));
    let manifest = read(&scene.attempt("stage").join("manifest.json"));
    assert!(manifest.contains("\"strays\": [") && manifest.contains("\"status\": \"ok\""), "{manifest}");
}

#[test]
fn the_first_step_that_fails_ends_the_task() {
    let words = |step: &[&str]| step.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    let steps = |second: &str| Command {
        steps: vec![
            words(&["/bin/sh", "-c", "echo one > made", "sh", "{task.dir}"]),
            words(&["/bin/sh", "-c", second, "sh", "{task.dir}"]),
            words(&["/bin/sh", "-c", "cat made; echo three", "sh", "{task.dir}"]),
        ],
        ..Command::new(vec![])
    };
    let good = Scene::of(vec![stage("stage", steps("echo two >> made"))]);
    assert_eq!(good.run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
    assert_eq!(read(&good.attempt("stage").join("stdout")), "one\ntwo\nthree\n");

    let bad = stage("stage", steps("echo no geometry >&2; exit 3"));
    let (reason, _, scene) = failing(bad, FailureClass::Exit);
    assert!(reason.starts_with("step 2 of 3 (sh): exit code 3; last lines: no geometry"), "{reason}");
    assert_eq!(read(&scene.attempt("stage").join("stdout")), "");
    let manifest = read(&scene.attempt("stage").join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let ended: Vec<Option<&str>> =
        manifest["steps"].as_array().unwrap().iter().map(|step| step["ended"].as_str()).collect();
    assert_eq!(ended, [Some("exit code 0"), Some("exit code 3"), None]);
    let command = read(&scene.attempt("stage").join("command"));
    assert_eq!(command.lines().count(), 3, "{command}");
}

#[test]
fn a_step_that_cannot_start_is_not_the_designs_fault() {
    let steps = vec![vec!["true".to_owned()], vec!["no-such-program-here".to_owned()]];
    let stage = stage("stage", Command { steps, ..Command::new(vec![]) });
    let (reason, _, scene) = failing(stage, FailureClass::Infrastructure);
    assert!(reason.contains("\"no-such-program-here\" is in no directory of PATH"), "{reason}");
    assert!(reason.contains(scene.attempt("stage").to_str().unwrap()), "{reason}");
}
