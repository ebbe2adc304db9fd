//! Stages with a container, on the engine that every machine has: none.

use super::scene::{Scene, read, reason, stage};
use paretorank::config::{Command, Container, Engine, Stage, Staging};
use paretorank::problem::{FailureClass, TaskOutcome};

fn in_container(steps: &[&str], prologue: &str) -> Scene {
    let words =
        |script: &&str| ["/bin/sh", "-c", script, "sh", "{task.dir}"].map(str::to_owned).to_vec();
    let steps = steps.iter().map(words).collect();
    let stage = Stage { container: true, ..stage("sim", Command { steps, ..Command::new(vec![]) }) };
    let mut scene = Scene::of(vec![stage]);
    scene.study.container = Some(Container {
        engine: Engine::None,
        image: None,
        binds: vec![],
        env: vec![("OF_CONTAINER".into(), "yes".into())],
        prologue: Some(prologue.to_owned()),
        options: vec![],
        stage: Staging::None,
    });
    scene
}

#[test]
fn all_steps_run_in_one_call_after_the_prologue() {
    let scene = in_container(
        &["echo $DETECTOR $OF_CONTAINER $OMP_NUM_THREADS > made", "cat made; pwd"],
        "echo begun; export DETECTOR='e p i c'",
    );
    assert_eq!(scene.run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
    let dir = scene.attempt("sim");
    let text = read(&dir.join("stdout"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["begun", "e p i c yes 1"], "the prologue ran once");
    let manifest: serde_json::Value = serde_json::from_str(&read(&dir.join("manifest.json"))).unwrap();
    assert_eq!(manifest["steps"].as_array().unwrap().len(), 2);
    assert_eq!(manifest["steps"][1]["ended"], "exit code 0");
}

#[test]
fn the_start_of_a_container_is_measured_up_to_the_end_of_its_prologue() {
    let begun = std::time::Instant::now();
    let scene = in_container(&["sleep 0.4"], "sleep 0.3");
    let end = scene.run(0, &[]);
    assert_eq!(end.outcome, TaskOutcome::Ok(vec![]));
    let took_s = end.facts.container_s.unwrap();
    assert!(took_s >= 0.25 && took_s < begun.elapsed().as_secs_f64() - 0.35, "{took_s} s");
    let manifest = read(&scene.attempt("sim").join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["container_s"].as_f64(), Some(took_s));
    // One that did not come so far has no such time.
    assert_eq!(in_container(&["true"], "false").run(0, &[]).facts.container_s, None);
    let outside = Scene::of(vec![stage("sim", Command::new(vec!["true".into()]))]);
    assert_eq!(outside.run(0, &[]).facts.container_s, None);
}

#[test]
fn the_step_that_failed_is_named_and_the_rest_not_run() {
    let scene = in_container(&["true", "echo wrong >&2; exit 3", "echo never"], "true");
    let text = reason(&scene.run(0, &[]), FailureClass::Exit);
    assert!(text.starts_with("step 2 of 3 (sh): exit code 3; last lines: wrong"), "{text}");
    let scene = in_container(&["true", "kill -SEGV $$"], "true");
    let text = reason(&scene.run(0, &[]), FailureClass::Signal);
    assert!(text.starts_with("step 2 of 2 (sh): ended by signal 11 (SIGSEGV)"), "{text}");
}

#[test]
fn a_prologue_that_fails_is_not_the_designs_fault() {
    let scene = in_container(&["true"], "echo no such detector >&2; false");
    let text = reason(&scene.run(0, &[]), FailureClass::Infrastructure);
    assert!(
        text.starts_with("container.prologue failed (exit code 1); last lines: no such det"),
        "{text}"
    );
}

#[test]
fn a_call_that_is_cut_short_leaves_nothing() {
    let mut scene = in_container(
        &["true", "(setsid sh -c ': > up; sleep 600; :' x \"$1\" &); sleep 600; :"],
        "true",
    );
    if let paretorank::config::Evaluator::Pipeline(pipeline) = &mut scene.study.evaluator {
        pipeline.stages[0].command.timeout_s = Some(0.5);
    }
    let text = reason(&scene.run(0, &[]), FailureClass::Timeout);
    assert!(text.starts_with("still running after 0.5 s"), "{text}");
}
