//! Pilots on real ranks, with a real queue, and what is left when one of them is killed.

#[allow(dead_code)]
mod support;

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use support::PROGRAM;
use support::process::{Running, mpirun};

/// A server of `paretorank queue`.
struct Queue {
    child: Child,
    url: String,
}

impl Queue {
    fn start(dir: &Path, listen: &str) -> Self {
        Self::patient(dir, listen, "2s")
    }

    /// One that takes a job for lost that was not heard of for so long.
    fn patient(dir: &Path, listen: &str, heartbeat: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["queue", "serve"]).arg(dir).args(["--listen", listen]);
        command.args(["--heartbeat", heartbeat, "--dispatch-timeout", heartbeat]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    fn submit(&self, jobs: &[Value]) {
        let body = json!({"queue": "Q", "jobs": jobs}).to_string();
        let answer = ureq::post(format!("{}/api/v1/queue/submit", self.url)).send(body).unwrap();
        let answer = answer.into_body().read_to_string().unwrap();
        assert!(answer.contains("\"success\":true"), "{answer}");
    }

    fn get(&self, path: &str) -> Value {
        let answer = ureq::get(format!("{}/api/v1/queue/{path}", self.url)).call().unwrap();
        serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap()
    }

    /// How many jobs are in which state.
    fn states(&self) -> BTreeMap<String, u64> {
        let states = self.get("summary")["data"]["Q"].as_object().cloned().unwrap_or_default();
        states.into_iter().map(|(state, count)| (state, count.as_u64().unwrap())).collect()
    }

    /// Waits until so many jobs have finished.
    fn wait_finished(&self, count: u64) {
        let begin = Instant::now();
        while self.states().get("finished").copied().unwrap_or(0) < count {
            assert!(begin.elapsed() < Duration::from_secs(120), "{:?}", self.states());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pilot(mut command: Command, queue: &Queue, dir: &Path, more: &[&str]) -> Command {
    command.args(["pilot", "--server", &queue.url, "--queue", "Q", "--dir"]).arg(dir).args(more);
    command
}

fn threads(queue: &Queue, dir: &Path, more: &[&str]) -> Command {
    pilot(Command::new(PROGRAM), queue, dir, &[&["--workers", "3"], more].concat())
}

/// A job that writes a line to `log` and takes a while.
fn job(log: &Path, seconds: f64) -> Value {
    let line = format!("-c 'echo $PandaID >> {}; sleep {seconds}'", log.display());
    json!({"transformation": "sh", "jobPars": line, "max_attempt": 20})
}

#[test]
fn ranks_under_mpirun_drain_a_queue_with_few_requests() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let out = "-c 'cat in.txt > out.txt; echo \"{\\\"x\\\": 1}\" > jobReport.json'";
    let with_files = json!({
        "transformation": "sh", "jobPars": out, "inFiles": "in.txt", "outFiles": "out.txt,log.tgz",
        "logFile": "log.tgz", "logGUID": "the-guid",
    });
    let pilot_dir = dir.path().join("pilot");
    fs::create_dir_all(pilot_dir.join("inputs")).unwrap();
    fs::write(pilot_dir.join("inputs/in.txt"), "Wikipedia").unwrap();
    let failing = json!({"transformation": "sh", "jobPars": "-c 'exit 3'"});
    queue.submit(&[vec![with_files, failing], vec![json!({"transformation": "true"}); 200]].concat());
    let mut line = pilot(mpirun(5, PROGRAM), &queue, &pilot_dir, &["--patience", "2s"]);
    let ended = Running::start(&mut line).wait();
    let ended = ended.expect(82);
    assert!(ended.err.contains("202 jobs in"), "{ended}");
    let per_job = ended.err.split(", 0.0").nth(1);
    assert!(per_job.is_some_and(|text| text.contains("per job")), "below 0.1 requests: {}", ended.err);
    queue.wait_finished(201);
    let results = queue.get("results?task_id=1&after=0&limit=1000")["data"].clone();
    let of = |job: i64| results.as_array().unwrap().iter().find(|r| r["job_id"] == job).unwrap().clone();
    assert_eq!(of(1)["status"], "finished");
    assert_eq!(of(1)["meta_data"], "{\"x\": 1}\n", "what a job leaves in jobReport.json");
    assert!(of(1)["report"]["node"].is_string());
    assert_eq!(fs::read_to_string(pilot_dir.join("outputs/1/out.txt")).unwrap(), "Wikipedia");
    assert!(pilot_dir.join("outputs/1/log.tgz").exists());
    assert_eq!((&of(2)["status"], &of(2)["report"]["trans_exit_code"]), (&json!("failed"), &json!(3)));
    assert_eq!(of(2)["report"]["pilot_error_code"], 1305);
    assert_eq!(fs::read_dir(pilot_dir.join("outbox")).unwrap().count(), 0);
}

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

#[test]
fn a_server_that_is_gone_for_a_while_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
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
    let queue = Queue::start(&dir.path().join("queue"), &address);
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

#[test]
fn an_allocation_that_ends_gives_its_jobs_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "1min");
    queue.submit(&vec![
        json!({"transformation": "sleep", "jobPars": "60", "maxWalltime": 1, "max_attempt": 1});
        2
    ]);
    queue.submit(&vec![json!({"transformation": "sleep", "jobPars": "60", "max_attempt": 1}); 3]);
    let limits = ["--time-limit", "6s", "--margin", "1s", "--usual", "2s", "--grace", "1s"];
    let ended = Running::start(&mut threads(&queue, &dir.path().join("pilot"), &limits)).wait();
    ended.expect(81);
    let results = queue.get("results?task_id=2&after=0&wait=10")["data"].clone();
    assert!(!results.as_array().unwrap().is_empty());
    for result in results.as_array().unwrap() {
        assert_eq!(result["report"]["pilot_error_code"], 1213, "{result}");
    }
    let results = queue.get("results?task_id=1&after=0&wait=10")["data"].clone();
    assert_eq!(results[0]["report"]["pilot_error_code"], 1367, "its own limit: {results}");
}
