//! SIGKILL to a rank, and to all of them.

use super::{begun, rank, three};
use crate::queue::{Queue, job};
use crate::support::process::Running;
use rustix::process::{Signal, kill_process};

#[test]
fn a_killed_rank_costs_what_it_ran_and_that_runs_elsewhere() {
    const JOBS: i64 = 40;
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.3); JOBS as usize]);
    let mut line = three(&queue, &dir.path().join("pilot"), &["--silence", "5s"]);
    let mut running = Running::start(line.env("OMPI_MCA_orte_enable_recovery", "1"));
    running.watch("jobs begin", || begun(&log).len() >= 6);
    kill_process(rank(&running, 2), Signal::KILL).unwrap();
    running.watch("all jobs finish", || queue.states().get("finished") == Some(&(JOBS as u64)));
    let (_, said) = running.printed();
    assert!(said.contains("rank 2 is lost"), "{said}");
    kill_process(rank(&running, 0), Signal::USR1).unwrap();
    // What the launcher returns tells nothing where ranks outlive others.
    running.wait().says(&["stopped early: signal USR1"]);
    let ends = queue.ends(JOBS);
    assert!(ends.values().all(|end| end["status"] == "finished"), "{ends:?}");
    assert!(ends.values().any(|end| end["attempt_number"] != 1), "the job of the lost rank ran again");
}

#[test]
fn killed_with_all_its_ranks_a_pilot_is_followed_by_one_that_ends_every_job_once() {
    const JOBS: i64 = 60;
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5s");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.1); JOBS as usize]);
    let folder = dir.path().join("pilot");
    for _ in 0..2 {
        let before = begun(&log).len();
        let mut running = Running::start(&mut three(&queue, &folder, &[]));
        running.watch("jobs begin", || begun(&log).len() > before + 5);
        running.kill();
    }
    assert!(queue.states().get("finished").is_none_or(|count| *count < JOBS as u64));
    let mut running = Running::start(&mut three(&queue, &folder, &[]));
    running.watch("all jobs finish", || queue.states().get("finished") == Some(&(JOBS as u64)));
    running.signal(Signal::USR1);
    running.wait().expect(75);
    assert!(queue.ends(JOBS).values().all(|end| end["status"] == "finished"));
    assert_eq!(std::fs::read_dir(folder.join("outbox")).unwrap().count(), 0);
}
