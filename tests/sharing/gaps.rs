//! `[pilot]`: ranks that a study cannot use run jobs of a queue.

use super::queue::{Queue, job};
use super::support::PROGRAM;
use super::support::process::Running;
use super::{run, study, trials};
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn table(queue: &Queue, more: &str) -> String {
    format!("[pilot]\nserver = \"{}\"\nqueue = \"Q\"\n{more}", queue.url)
}

/// Makes a study want no more than so many ranks.
fn narrow(file: &Path, ranks: u64) {
    let text = fs::read_to_string(file).unwrap();
    let text = text.replace("[strategy]\n", &format!("[strategy]\nin_flight = {ranks}\n"));
    fs::write(file, text).unwrap();
}

/// How many lines a file has, of those that are there once and of all.
fn lines(file: &Path) -> (usize, usize) {
    let text = fs::read_to_string(file).unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    let mut once = all.clone();
    once.sort_unstable();
    once.dedup();
    (once.len(), all.len())
}

#[test]
fn ranks_that_a_study_does_not_want_run_jobs_until_it_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.05); 40]);
    let file = study(dir.path(), "gaps", 30, "\"100 ms\"", &table(&queue, ""));
    narrow(&file, 2);
    let ended = Running::start(&mut run(5, &[&file])).wait().expect(0);
    let run = dir.path().join("runs/gaps");
    assert_eq!(trials(&run).len(), 30);
    assert!(lines(&log).0 > 10, "{:?} {ended}", lines(&log));
    ended.says(&["pilot: ranks that are left run jobs of Q", "jobs in"]);
    let log = fs::read_to_string(run.join("pilot/pilot.log")).unwrap();
    assert!(log.contains("jobs in"), "{log}");
}

#[test]
fn a_study_that_is_over_stops_what_does_not_end_and_gives_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let long = json!({"transformation": "sleep", "jobPars": "300"});
    queue.submit(&[long]);
    let file = study(dir.path(), "over", 4, "\"1 s\"", &table(&queue, "wait = \"1 s\"\n"));
    narrow(&file, 1);
    let ended = Running::start(&mut run(5, &[&file])).wait().expect(0);
    ended.says(&["(0 ok, 0 failed, "]);
    let mut job = queue.get("show?job_id=1")["data"].clone();
    assert_ne!(job["status"], "running", "it was told: {job}");
    // The server takes it in a moment later.
    let begin = Instant::now();
    while job["status"] == "holding" && begin.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
        job = queue.get("show?job_id=1")["data"].clone();
    }
    // The request for jobs that was open then may have brought it once more.
    assert!(job["status"] == "activated" && job["attempt_number"].as_u64() >= Some(2), "{job}");
}

#[test]
fn nothing_is_begun_in_a_directory_that_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file = study(dir.path(), "refused", 4, "\"10 ms\"", &table(&queue, ""));
    let run_dir = dir.path().join("runs/refused");
    fs::create_dir_all(&run_dir).unwrap();
    fs::write(run_dir.join("thesis.tex"), "text").unwrap();
    Running::start(&mut run(3, &[&file])).wait().expect(2).says(&["cannot be a run directory"]);
    assert_eq!(fs::read_dir(&run_dir).unwrap().count(), 1, "nothing but the other file");
}

#[test]
fn the_allocation_s_rest_goes_to_the_queue_where_that_is_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let log = dir.path().join("log");
    queue.submit(&vec![job(&log, 0.2); 60]);
    let file = study(
        dir.path(),
        "rest",
        4,
        "\"100 ms\"",
        &table(&queue, "after = \"work\"\nusual = \"5 s\"\n"),
    );
    let mut command = run(3, &[&file]);
    let mut running = Running::start(command.args(["--time-limit", "100 s"]));
    running.watch("everything is done", || queue.states().get("finished").copied() == Some(60));
    running.signal(rustix::process::Signal::USR1);
    running.wait().expect(0).says(&["4/4 trials", "60 jobs in"]);
    assert_eq!(lines(&log), (60, 60));
}

#[test]
fn a_server_that_is_not_there_costs_a_study_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    queue.kill();
    let file = study(dir.path(), "alone", 10, "\"200 ms\"", &table(&queue, ""));
    narrow(&file, 1);
    Running::start(&mut run(3, &[&file])).wait().expect(0).says(&["cannot be reached", "10/10 trials"]);
    assert_eq!(trials(&dir.path().join("runs/alone")).len(), 10);
    // A look at how things are set up has nothing to do with queues.
    let mut check = Command::new(PROGRAM);
    let ended = Running::start(check.arg("check").arg(&file).arg("--one")).wait().expect(0);
    assert!(!ended.err.contains("pilot:"), "{ended}");
}

#[test]
fn a_server_that_lets_nobody_in_is_told_of_once_and_the_study_goes_on_alone() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut line in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 4096];
            let _ = line.read(&mut asked);
            let _ = line.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 16\r\nConnection: close\r\n\r\nERROR : no token");
        }
    });
    let more = format!("[pilot]\nserver = \"{url}\"\nqueue = \"Q\"\n");
    let file = study(dir.path(), "barred", 10, "\"200 ms\"", &more);
    narrow(&file, 1);
    let ended =
        Running::start(&mut run(3, &[&file])).wait().expect(0).says(&["10/10 trials", "refuses"]);
    assert_eq!(ended.err.matches("no more jobs are taken").count(), 1, "{ended}");
}
