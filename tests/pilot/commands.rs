//! What a server may want of a job that runs.

use super::front::Front;
use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::Running;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A queue with this job, and a pilot whose server says `command` to it.
struct Commanded {
    dir: tempfile::TempDir,
    queue: Queue,
    front: Front,
}

impl Commanded {
    fn new(script: impl Fn(&Path) -> String, command: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
        let line = format!("-c '{}'", script(dir.path()));
        queue.submit(&[json!({"transformation": "sh", "jobPars": line, "max_attempt": 1})]);
        let front = Front::start(&queue, dir.path(), None);
        front.command(1, command);
        Self { dir, queue, front }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn pilot(&self) -> Running {
        let more = ["--workers", "1", "--jobs", "1", "--grace", "1s"];
        let folder = self.path("pilot");
        Running::start(&mut pilot(Command::new(PROGRAM), &self.front.url, &folder, &more))
    }

    fn end(&self) -> Value {
        self.queue.ends(1)[&1].clone()
    }
}

#[test]
fn debug_shows_the_end_of_what_a_job_prints_without_delay() {
    let script = |dir: &Path| {
        let go = dir.join("go").display().to_string();
        format!("seq 3000; echo now here; while [ ! -e {go} ]; do sleep 0.05; done; echo over")
    };
    let scene = Commanded::new(script, "debug");
    let mut running = scene.pilot();
    let shown = |note: &Value| note["stdout"].as_str().is_some_and(|text| text.contains("now here"));
    // Else it would be minutes.
    running.watch("the tail", || scene.front.notes().iter().any(shown));
    let notes = scene.front.notes();
    let text = notes.iter().find(|note| shown(note)).unwrap()["stdout"].as_str().unwrap();
    assert!(text.ends_with("2999\n3000\nnow here\n") && text.len() <= 2048, "{text:?}");
    assert!(!text.contains("\n1\n"), "the end only");
    std::fs::write(scene.path("go"), "").unwrap();
    running.wait().expect(0);
    assert_eq!(scene.end()["status"], "finished");
}

#[test]
fn nobody_is_shown_what_a_job_prints_who_does_not_ask() {
    let scene = Commanded::new(|_| "echo secret; sleep 1".into(), "debugoff");
    scene.pilot().wait().expect(0);
    let notes = scene.front.notes();
    assert!(!notes.is_empty() && notes.iter().all(|note| note.get("stdout").is_none()), "{notes:?}");
}

#[test]
fn tobekilled_ends_a_job_at_once_and_softkill_lets_it_end() {
    let scene = Commanded::new(|_| "sleep 1000; true".into(), "debug,tobekilled");
    let running = scene.pilot();
    running.wait().expect(0);
    let end = scene.end();
    assert_eq!(end["status"], "failed");
    assert_eq!(end["report"]["pilot_error_code"], 1144, "{end}");

    let script = |dir: &Path| {
        let notes = dir.join("notes").display().to_string();
        format!("until grep -q softkill {notes}; do sleep 0.05; done; sleep 2")
    };
    let scene = Commanded::new(script, "softkill");
    scene.pilot().wait().expect(0);
    let end = scene.end();
    assert_eq!(end["status"], "finished", "{end}");
}
