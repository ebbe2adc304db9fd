//! A server that is killed while it works: nothing is lost, nothing is done twice.

use super::server::{Server, post, program};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

const LIMITS: [&str; 2] = ["--dispatch-timeout", "1s"];

/// What a server says to an update in one of the generations, if it answers.
fn update(url: &str, is_classic: bool, job: &Value, state: &str) -> Option<()> {
    let (id, attempt) = (&job["PandaID"], &job["attemptNr"]);
    if !is_classic {
        let update = json!({"job_id": id, "attempt_nr": attempt, "job_status": state});
        return post(url, "pilot/update_job", &update).map(|_| ());
    }
    let form = format!("jobId={id}&attemptNr={attempt}&state={state}");
    ureq::post(format!("{url}/server/panda/updateJob")).send(form).ok().map(|_| ())
}

fn acquire(url: &str, is_classic: bool) -> Vec<Value> {
    let got = if is_classic {
        let post = ureq::post(format!("{url}/server/panda/getJob")).header("Accept", "application/json");
        let text =
            post.send("siteName=Q&nJobs=2").ok().and_then(|a| a.into_body().read_to_string().ok());
        text.and_then(|text| serde_json::from_str::<Value>(&text).ok()).map(|got| got["jobs"].clone())
    } else {
        post(url, "pilot/acquire_jobs", &json!({"site_name": "Q", "n_jobs": 2}))
            .map(|got| got["data"]["jobs"].clone())
    };
    got.and_then(|jobs| jobs.as_array().cloned()).unwrap_or_default()
}

/// One attempt of a job at a time; an answer that got lost is asked for again.
fn pilot(url: &str, is_classic: bool, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        for job in acquire(url, is_classic) {
            for state in ["running", "finished"] {
                while !over.load(Ordering::Relaxed) && update(url, is_classic, &job, state).is_none() {
                    sleep(Duration::from_millis(5));
                }
            }
        }
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_server_killed_again_and_again_finishes_every_job_once() {
    const JOBS: usize = 300;
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path(), "127.0.0.1:0", &LIMITS);
    let url = server.url.clone();
    server.submit(&json!(vec![json!({"transformation": "x", "max_attempt": 50}); JOBS]));
    let over = AtomicBool::new(false);
    let mut kills = 0;
    std::thread::scope(|scope| {
        for pilots in 0..4 {
            let (url, over) = (&url, &over);
            scope.spawn(move || pilot(url, pilots % 2 == 0, over));
        }
        let since = Instant::now();
        let done = |server: &Server| server.get("queue/summary")["data"]["Q"]["finished"] == JOBS;
        while !done(&server) && since.elapsed() < Duration::from_secs(90) {
            if kills < 10 {
                sleep(Duration::from_millis(100));
                server.kill();
                kills += 1;
                server = Server::start(dir.path(), url.strip_prefix("http://").unwrap(), &LIMITS);
            }
            sleep(Duration::from_millis(50));
        }
        over.store(true, Ordering::Relaxed);
    });
    let finished = |id: usize| {
        let job = server.get(&format!("queue/show?job_id={id}"));
        let history = job["data"]["history"].as_array().unwrap().clone();
        let ends = history.iter().filter(|h| h["status"] == "finished").count();
        let sent: Vec<_> =
            history.iter().filter(|h| h["status"] == "sent").map(|h| h["attempt"].clone()).collect();
        let mut once = sent.clone();
        once.dedup();
        assert_eq!(sent, once, "job {id}: an attempt was handed out twice");
        ends
    };
    assert!(kills >= 3, "{kills}");
    assert!((1..=JOBS).all(|id| finished(id) == 1));
    let results = server.get("queue/results?task_id=1&limit=1000");
    assert_eq!(results["data"].as_array().unwrap().len(), JOBS);
}

/// The command is repeated, as its message says, until it succeeds.
#[test]
fn a_submission_in_batches_goes_on_after_kills_and_adds_nothing_twice() {
    const JOBS: usize = 20_500;
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(dir.path(), "127.0.0.1:0", &LIMITS);
    let url = server.url.clone();
    let submit = || {
        let mut command = program();
        command.args(["queue", "submit", "--server", &url, "--queue", "Q", "--key", "night", "--json"]);
        command.args(["--count", &JOBS.to_string(), "echo", "{i}"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (mut failures, mut wait) = (0, 80);
    let submitted: Value = loop {
        let running = submit();
        sleep(Duration::from_millis(wait));
        // At the latest the tenth is let through.
        if failures < 10 {
            server.kill();
        }
        let ended = running.wait_with_output().unwrap();
        if ended.status.success() {
            break serde_json::from_slice(&ended.stdout).unwrap();
        }
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(79), "{said}");
        assert!(said.contains("jobs are there; the same with --key 'night'"), "{said}");
        (failures, wait) = (failures + 1, wait + 50);
        server = Server::start(dir.path(), url.strip_prefix("http://").unwrap(), &LIMITS);
    };
    // It may have been killed after the last answer.
    server.kill();
    let server = Server::start(dir.path(), url.strip_prefix("http://").unwrap(), &LIMITS);
    assert!(failures >= 1, "it was never interrupted");
    let ids: Vec<i64> =
        submitted["job_ids"].as_array().unwrap().iter().filter_map(Value::as_i64).collect();
    assert_eq!(ids.len(), JOBS);
    assert_eq!(server.get("queue/summary")["data"], json!({"Q": {"activated": JOBS}}));
    for at in [0, 999, 1000, JOBS - 1] {
        let job = server.get(&format!("queue/show?job_id={}", ids[at]))["data"].clone();
        assert_eq!(
            (&job["definition"]["jobPars"], &job["task_id"]),
            (&json!(at.to_string()), &json!(1))
        );
    }
}
