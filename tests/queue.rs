//! The job queue over real sockets: what it answers, and what a killed server remembers.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(dir: &std::path::Path, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_paretorank"))
            .args(["queue", "serve"])
            .arg(dir)
            .args(["--listen", listen, "--dispatch-timeout", "1s"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn post(url: &str, path: &str, body: &Value) -> Option<Value> {
    let answer = ureq::post(format!("{url}/api/v1/{path}")).send(body.to_string()).ok()?;
    serde_json::from_str(&answer.into_body().read_to_string().ok()?).ok()
}

fn get(url: &str, path: &str) -> Value {
    let answer = ureq::get(format!("{url}/api/v1/{path}")).call().unwrap();
    serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap()
}

#[test]
fn answers_are_those_of_the_protocol() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "127.0.0.1:0");
    let post = |path: &str, body: Value| post(&server.url, path, &body).unwrap();
    assert_eq!(get(&server.url, "system/is_alive")["success"], true);
    let none = json!({"success": false, "message": "No jobs in PanDA", "data": null});
    assert_eq!(post("pilot/acquire_jobs", json!({"site_name": "unknown"})), none);
    let jobs = json!([{"transformation": "a", "outFiles": "log.1.tgz"},
                      {"transformation": "b", "currentPriority": 2000}]);
    let submit = json!({"queue": "Q", "jobs": jobs, "key": "once"});
    let submitted = post("queue/submit", submit.clone());
    assert_eq!(post("queue/submit", submit), submitted);
    let got = post("pilot/acquire_jobs", json!({"site_name": "Q", "n_jobs": 5}));
    let ids: Vec<_> = got["data"]["jobs"].as_array().unwrap().iter().map(|j| &j["PandaID"]).collect();
    assert_eq!(ids, [2, 1], "highest priority first, and the key added nothing");
    let update = |id: Value, state: &str, attempt: i64| {
        post("pilot/update_job", json!({"job_id": id, "job_status": state, "attempt_nr": attempt}))
    };
    let refused = update("1".into(), "running", 1);
    assert_eq!(refused["message"], "Type error: 'job_id' must be of type int, got str.");
    assert_eq!(
        update(1.into(), "running", 2)["data"],
        json!({"StatusCode": 0, "command": "tobekilled"})
    );
    assert_eq!(update(1.into(), "finished", 1)["data"], json!({"StatusCode": 0, "command": "NULL"}));
    assert_eq!(update(1.into(), "finished", 1)["data"]["command"], "alreadydone");
    let results = get(&server.url, "queue/results?task_id=1&wait=30");
    assert_eq!(results["data"][0]["status"], "failed");
    let diag = &results["data"][0]["report"]["ddm_error_diag"];
    assert_eq!(diag, "expected output log.1.tgz is missing in pilot JSON");
    let status = get(&server.url, "pilot/get_job_status?job_ids=1&job_ids=99");
    let want = json!([{"job_id": 1, "status": "failed", "attempt_number": 1},
                      {"job_id": 99, "status": "not found", "attempt_number": 0}]);
    assert_eq!(status["data"], want);
}

#[test]
fn only_this_machine_and_one_server_per_directory() {
    let dir = tempfile::tempdir().unwrap();
    let _server = Server::start(dir.path(), "127.0.0.1:0");
    for (listen, code) in [("0.0.0.0:0", 2), ("127.0.0.1:0", 74)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paretorank"));
        command.args(["queue", "serve"]).arg(dir.path()).args(["--listen", listen]);
        assert_eq!(command.output().unwrap().status.code(), Some(code), "{listen}");
    }
}

/// One attempt of a job at a time; an answer that got lost is asked for again.
fn pilot(url: &str, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let got = post(url, "pilot/acquire_jobs", &json!({"site_name": "Q", "n_jobs": 2}));
        for job in got.iter().flat_map(|g| g["data"]["jobs"].as_array().into_iter().flatten()) {
            for state in ["running", "finished"] {
                let update = json!({"job_id": job["PandaID"], "attempt_nr": job["attemptNr"], "job_status": state});
                while !over.load(Ordering::Relaxed) && post(url, "pilot/update_job", &update).is_none() {
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
    let mut server = Server::start(dir.path(), "127.0.0.1:0");
    let url = server.url.clone();
    let jobs = vec![json!({"transformation": "x", "max_attempt": 50}); JOBS];
    post(&url, "queue/submit", &json!({"queue": "Q", "jobs": jobs})).unwrap();
    let over = AtomicBool::new(false);
    let mut kills = 0;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| pilot(&url, &over));
        }
        let since = Instant::now();
        let done = || get(&url, "queue/summary")["data"]["Q"]["finished"] == JOBS;
        while !done() && since.elapsed() < Duration::from_secs(90) {
            if kills < 10 {
                sleep(Duration::from_millis(100));
                server.kill();
                kills += 1;
                server = Server::start(dir.path(), url.strip_prefix("http://").unwrap());
            }
            sleep(Duration::from_millis(50));
        }
        over.store(true, Ordering::Relaxed);
    });
    let finished = |id: usize| {
        let job = get(&url, &format!("queue/show?job_id={id}"));
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
    let results = get(&url, "queue/results?task_id=1&limit=1000");
    assert_eq!(results["data"].as_array().unwrap().len(), JOBS);
}
