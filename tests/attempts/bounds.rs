//! Payloads that take too much, or say nothing.

use super::scene::{Scene, failing, reason, shell, stage};
use paretorank::config::Command;
use paretorank::exec::End;
use paretorank::problem::{FailureClass, TaskOutcome};

const MB: u64 = 1_000_000;

/// A program that has so many megabytes, then does something.
fn hungry(megabytes: u64, then: &str) -> String {
    format!("import os, signal, time; x = b'x' * {megabytes}_000_000; {then}")
}

#[test]
fn more_memory_than_allowed_is_a_failure_of_its_own() {
    // The memory is a grandchild's, in a session of its own.
    let python = hungry(300, "time.sleep(600)");
    let mut stage = shell(&format!("setsid python3 -c \"{python}\" \"$1\" & wait"));
    stage.memory_bytes = Some(100 * MB);
    let (reason, end, _) = failing(stage, FailureClass::Memory);
    assert!(reason.starts_with("its processes had "), "{reason}");
    assert!(reason.contains(" MB, and memory is 100.0 MB; "), "{reason}");
    let peak = end.facts.peak_memory.unwrap();
    assert!((100 * MB..600 * MB).contains(&peak), "{peak}");
}

#[test]
fn memory_is_measured_also_where_it_suffices() {
    let python = hungry(120, "time.sleep(0.3)");
    let scene = Scene::of(vec![shell(&format!("python3 -c \"{python}\""))]);
    let End { outcome, facts } = scene.run(0, &[]);
    assert_eq!(outcome, TaskOutcome::Ok(vec![]));
    assert!((120 * MB..300 * MB).contains(&facts.peak_memory.unwrap()), "{facts:?}");
}

#[test]
fn a_kill_near_the_bound_is_taken_for_want_of_memory() {
    let argv = ["python3", "-c", &hungry(150, "time.sleep(0.5); os.kill(os.getpid(), signal.SIGKILL)")];
    let command = || Command::new(argv.map(str::to_owned).to_vec());
    let mut near = stage("stage", command());
    near.memory_bytes = Some(172 * MB);
    let (reason, ..) = failing(near, FailureClass::Memory);
    assert!(reason.starts_with("ended by signal 9 (SIGKILL): it had 1"), "{reason}");
    assert!(reason.contains(" of the 172.0 MB of memory"), "{reason}");
    let mut far = stage("stage", command());
    far.memory_bytes = Some(1000 * MB);
    failing(far, FailureClass::Signal);
}

#[test]
fn a_silent_payload_is_stopped() {
    let mut silent = shell("echo event 17; sleep 600; :");
    silent.command.silence_s = Some(0.4);
    let (reason, ..) = failing(silent, FailureClass::Silent);
    assert!(reason.starts_with("nothing written for 0.4 s; last lines: event 17"), "{reason}");
}

#[test]
fn nothing_starts_where_there_is_no_room() {
    let mut scene = Scene::of(vec![shell("true")]);
    scene.study.limits.disk_bytes = Some(u64::MAX);
    let reason = reason(&scene.run(0, &[]), FailureClass::Infrastructure);
    assert!(reason.starts_with("only ") && reason.contains("[limits] disk asks for"), "{reason}");
    assert!(!scene.attempt("stage").exists());
    scene.study.limits.disk_bytes = Some(1);
    assert_eq!(scene.run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
}

#[test]
fn libraries_are_told_how_many_cores_there_are() {
    let mut stage = shell("test $OMP_NUM_THREADS$OPENBLAS_NUM_THREADS$MKL_NUM_THREADS = 333");
    stage.cores = 3;
    assert_eq!(Scene::of(vec![stage]).run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
}
