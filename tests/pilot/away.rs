//! Servers and pilots that are gone for a while.

use super::queue::{Queue, job, threads};
use super::support::process::Running;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

#[test]
fn a_killed_pilot_loses_no_job_and_none_finishes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.05); 60]);
    let pilot_dir = dir.path().join("pilot");
    for _ in 0..3 {
        let mut running = Running::start(&mut threads(&queue, &pilot_dir, &[]));
        let before = queue.states().get("finished").copied().unwrap_or(0);
        running.watch("jobs finish", || queue.states().get("finished").copied().unwrap_or(0) > before);
        running.kill();
    }
    let running = Running::start(&mut threads(&queue, &pilot_dir, &["--patience", "6s"]));
    queue.wait_finished(60);
    let ended = running.wait();
    ended.expect(82);
    assert_eq!(queue.states(), BTreeMap::from([("finished".to_owned(), 60)]));
    let results = queue.get("results?task_id=1&after=0&limit=1000")["data"].clone();
    assert_eq!(results.as_array().unwrap().len(), 60, "one end of each");
}

/// The server itself would miss them after an hour.
#[test]
fn what_a_killed_pilot_had_is_told_by_the_next_one_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "1h");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 1.0); 6]);
    let pilot_dir = dir.path().join("pilot");
    let mut running = Running::start(&mut threads(&queue, &pilot_dir, &[]));
    running.watch("jobs run", || queue.states().get("running").copied() >= Some(3));
    running.kill();
    let running = Running::start(&mut threads(&queue, &pilot_dir, &["--patience", "10s"]));
    queue.wait_finished(6);
    running.wait().expect(82).says(&[" jobs of an earlier pilot to tell of"]);
    let taken = fs::read_dir(pilot_dir.join("taken")).unwrap();
    assert_eq!(taken.count(), 0);
}

#[test]
fn a_server_that_is_gone_for_a_while_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "1min");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.2); 30]);
    let pilot_dir = dir.path().join("pilot");
    let mut running = Running::start(&mut threads(&queue, &pilot_dir, &["--jobs", "30"]));
    running.watch("jobs run", || fs::read_to_string(&log).is_ok_and(|text| text.lines().count() >= 6));
    queue.kill();
    let address = queue.address();
    let before = fs::read_to_string(&log).unwrap().lines().count();
    std::thread::sleep(Duration::from_secs(1));
    assert!(fs::read_to_string(&log).unwrap().lines().count() >= before);
    let queue = Queue::patient(&dir.path().join("queue"), &address, "1min");
    let ended = running.wait();
    ended.expect(0);
    queue.wait_finished(30);
}

#[test]
fn what_the_server_never_heard_is_told_by_the_next_pilot() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let log = dir.path().join("log");
    queue.submit(&[job(&log, 1.0)]);
    let pilot_dir = dir.path().join("pilot");
    let mut running = Running::start(&mut threads(&queue, &pilot_dir, &["--jobs", "1"]));
    running.watch("the job runs", || log.exists());
    let address = queue.address();
    queue.kill();
    let ended = running.wait();
    let ended = ended.expect(0);
    assert!(ended.err.contains("has not heard of 1 ends of jobs"), "{ended}");
    let ended = Running::start(&mut threads(&queue, &pilot_dir, &["--patience", "1s"])).wait();
    ended.expect(79);
    let queue = Queue::start(&dir.path().join("queue"), &address);
    let ended = Running::start(&mut threads(&queue, &pilot_dir, &["--patience", "1s"])).wait();
    assert!(ended.err.contains("1 jobs of an earlier pilot to tell of"), "{ended}");
    queue.wait_finished(1);
    assert_eq!(fs::read_to_string(&log).unwrap(), "1\n", "it ran once");
}
