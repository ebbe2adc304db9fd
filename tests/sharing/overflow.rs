//! `[overflow]`: tasks for which there is no rank, done by pilots elsewhere.

use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::{Running, mpirun};
use super::{run, study, trials};
use std::fs;
use std::process::Command;

fn table(queue: &Queue, more: &str) -> String {
    format!("[overflow]\nserver = \"{}\"\nqueue = \"Q\"\n{more}", queue.url)
}

#[test]
fn an_allocation_elsewhere_does_trials_of_a_study() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file = study(dir.path(), "wide", 40, "\"200 ms\"", &table(&queue, "tasks = 4\n"));
    let helper = pilot(mpirun(4, PROGRAM), &queue.url, &dir.path().join("pilot"), &[]);
    let helper = Running::start(&mut { helper });
    Running::start(&mut run(2, &[&file])).wait().expect(0).says(&["40/40 trials"]);
    let run = dir.path().join("runs/wide");
    let mut ids: Vec<u64> = trials(&run).into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..40), "each once");
    let states = queue.states();
    assert!(states.get("finished").is_some_and(|count| *count >= 10), "{states:?}");
    assert_eq!(states.get("activated"), None, "nothing is left behind: {states:?}");
    helper.signal(rustix::process::Signal::USR1);
    helper.wait().expect(75);
}

#[test]
fn what_no_pilot_begins_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file =
        study(dir.path(), "back", 12, "\"50 ms\"", &table(&queue, "tasks = 3\npatience = \"1 h\"\n"));
    Running::start(&mut run(3, &[&file])).wait().expect(0).says(&["12/12 trials"]);
    assert_eq!(trials(&dir.path().join("runs/back")).len(), 12);
    let states = queue.states();
    assert_eq!(states.keys().collect::<Vec<_>>(), ["cancelled"], "{states:?}");
}

#[test]
fn a_study_that_was_killed_takes_its_jobs_out_of_the_queue_when_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file = study(dir.path(), "killed", 20, "\"100 ms\"", &table(&queue, "tasks = 3\n"));
    let mut running = Running::start(&mut run(2, &[&file]));
    running.watch("jobs wait", || queue.states().get("activated").copied() == Some(3));
    running.kill();
    assert_eq!(queue.states().get("activated").copied(), Some(3));
    // The server is away for a moment, too.
    let address = queue.address();
    queue.kill();
    let mut running = Running::start(&mut run(2, &[&file]));
    running.watch("it says so", || running_says(&dir.path().join("runs/killed/run.log"), "told again"));
    let queue = Queue::patient(&dir.path().join("queue"), &address, "5min");
    running.wait().expect(0).says(&["20/20 trials"]);
    assert_eq!(queue.states().get("activated"), None);
}

fn running_says(log: &std::path::Path, words: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains(words))
}

#[test]
fn a_word_that_is_no_task_is_refused() {
    let ended = Command::new(PROGRAM).args(["task", "--order", "nonsense"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("--order is no task of a study"), "{said}");
}
