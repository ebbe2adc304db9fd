//! A server that hangs, then dies.

use super::{begun, three};
use crate::queue::{Queue, job};
use crate::support::process::Running;
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn a_server_that_hangs_and_one_that_dies_hanging_cost_no_job() {
    const JOBS: i64 = 120;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("queue");
    // What it handed out into a broken line it hands out again.
    let mut queue = Queue::patient(&folder, "127.0.0.1:0", "15s");
    let address = queue.address();
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.2); JOBS as usize]);
    let mut running = Running::start(&mut three(&queue, &dir.path().join("pilot"), &[]));
    running.watch("jobs begin", || begun(&log).len() >= 8);
    queue.signal(Signal::STOP);
    sleep(Duration::from_secs(2));
    let before = begun(&log).len();
    queue.signal(Signal::CONT);
    running.watch("jobs go on", || begun(&log).len() >= (before + 8).min(JOBS as usize));
    queue.signal(Signal::STOP);
    sleep(Duration::from_secs(1));
    queue.kill();
    sleep(Duration::from_secs(1));
    let queue = Queue::patient(&folder, &address, "15s");
    running.watch("all jobs finish", || queue.states().get("finished") == Some(&(JOBS as u64)));
    running.signal(Signal::USR1);
    running.wait().expect(75);
    assert!(queue.ends(JOBS).values().all(|end| end["status"] == "finished"));
    let ran: BTreeSet<i64> = begun(&log).into_iter().collect();
    assert!(ran.into_iter().eq(1..=JOBS));
}
