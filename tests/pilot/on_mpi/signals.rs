//! Signals to a pilot: the server is told how its jobs are, and nothing goes on running.

use super::{begun, rank, three};
use crate::queue::Queue;
use crate::support::process::{Running, vanishes};
use rustix::process::{Signal, kill_process};
use serde_json::{Value, json};
use std::path::Path;

/// A job that says that it began, then does this.
fn job(log: &Path, script: &str) -> Value {
    let line = format!("-c 'echo $PandaID >> {}; {script}'", log.display());
    json!({"transformation": "sh", "jobPars": line, "max_attempt": 1})
}

#[test]
fn usr1_lets_end_what_runs_and_leaves_the_rest_to_others() {
    const JOBS: i64 = 300;
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, "sleep 0.3"); JOBS as usize]);
    let mut running = Running::start(&mut three(&queue, &dir.path().join("pilot"), &[]));
    running.watch("jobs begin", || begun(&log).len() >= 4);
    let tree = running.tree();
    // mpirun passes it on to all ranks.
    running.signal(Signal::USR1);
    running.wait().expect(75).says(&["stopped early: signal USR1"]);
    tree.into_iter().for_each(vanishes);
    let begun = begun(&log).len() as u64;
    assert!(begun < JOBS as u64, "it went on to the end");
    queue.wait_finished(begun);
    // Those that waited for a rank are given back: as other attempts, if they have any, or failed.
    let states = queue.states();
    let count = |state: &str| states.get(state).copied().unwrap_or(0);
    assert_eq!((count("finished"), count("running") + count("sent") + count("starting")), (begun, 0));
    for end in queue.get("results?task_id=1&after=0&limit=1000")["data"].as_array().unwrap() {
        let code = &end["report"]["pilot_error_code"];
        assert_eq!(*code, if end["status"] == "finished" { 0 } else { 1375 }, "{end}");
    }
}

#[test]
fn term_and_int_stop_what_runs_with_the_code_for_that() {
    for number in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
        let log = dir.path().join("log");
        queue.submit(&[
            job(&log, "sleep 1000; true"),
            job(&log, "trap \"\" TERM; while :; do sleep 0.1; done"),
        ]);
        let more = ["--grace", "1s"];
        let mut running = Running::start(&mut three(&queue, &dir.path().join("pilot"), &more));
        running.watch("both jobs run", || {
            begun(&log).len() == 2 && queue.states().get("running") == Some(&2)
        });
        let tree = running.tree();
        assert!(tree.len() > 5, "mpirun, three ranks and the jobs: {tree:?}");
        kill_process(rank(&running, 0), number).unwrap();
        running.wait().expect(75).says(&["stopped early: signal TERM or INT"]);
        tree.into_iter().for_each(vanishes);
        for (_, end) in queue.ends(2) {
            assert_eq!(end["status"], "failed");
            assert_eq!(end["report"]["pilot_error_code"], 1201, "{end}");
        }
    }
}
