//! A real queue, and pilots for it.

use super::PROGRAM;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::iter;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// No pilot takes so long, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server of `paretorank queue`.
pub struct Queue {
    child: Child,
    pub url: String,
}

impl Queue {
    pub fn start(dir: &Path, listen: &str) -> Self {
        Self::patient(dir, listen, "2s")
    }

    /// One that takes a job for lost that was not heard of for so long.
    pub fn patient(dir: &Path, listen: &str, heartbeat: &str) -> Self {
        Self::with(dir, listen, &["--heartbeat", heartbeat, "--dispatch-timeout", heartbeat])
    }

    /// One with further arguments.
    pub fn with(dir: &Path, listen: &str, more: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["queue", "serve"]).arg(dir).args(["--listen", listen]).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    pub fn address(&self) -> String {
        self.url.trim_start_matches("http://").to_owned()
    }

    pub fn submit(&self, jobs: &[Value]) {
        let body = json!({"queue": "Q", "jobs": jobs}).to_string();
        let answer = ureq::post(format!("{}/api/v1/queue/submit", self.url)).send(body).unwrap();
        let answer = answer.into_body().read_to_string().unwrap();
        assert!(answer.contains("\"success\":true"), "{answer}");
    }

    pub fn get(&self, path: &str) -> Value {
        let answer = ureq::get(format!("{}/api/v1/queue/{path}", self.url)).call().unwrap();
        serde_json::from_str(&answer.into_body().read_to_string().unwrap()).unwrap()
    }

    /// How many jobs are in which state.
    pub fn states(&self) -> BTreeMap<String, u64> {
        let mut found = BTreeMap::new();
        for states in
            self.get("summary")["data"].as_object().into_iter().flat_map(|queues| queues.values())
        {
            for (state, count) in states.as_object().into_iter().flatten() {
                *found.entry(state.clone()).or_default() += count.as_u64().unwrap();
            }
        }
        found
    }

    /// Waits until so many jobs have finished.
    pub fn wait_finished(&self, count: u64) {
        let begin = Instant::now();
        while self.states().get("finished").copied().unwrap_or(0) < count {
            assert!(begin.elapsed() < PATIENCE, "{:?}", self.states());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The only end of each of the jobs 1 to `count`, which were submitted together.
    pub fn ends(&self, count: i64) -> BTreeMap<i64, Value> {
        let results = || self.get("results?task_id=1&after=0&limit=1000")["data"].clone();
        let all = |results: &Value| results.as_array().unwrap().len() >= count as usize;
        let begin = Instant::now();
        let mut results = iter::repeat_with(results);
        let results = results.find(|some| all(some) || begin.elapsed() > PATIENCE).unwrap();
        let mut ends = BTreeMap::new();
        for result in results.as_array().unwrap() {
            let again = ends.insert(result["job_id"].as_i64().unwrap(), result.clone());
            assert!(again.is_none(), "it ended twice: {result}");
        }
        assert!(ends.keys().copied().eq(1..=count), "{ends:?}");
        ends
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub fn kill(&mut self) {
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

/// `paretorank pilot` for the queue Q of a server, by a command that begins so.
pub fn pilot(mut command: Command, server: &str, dir: &Path, more: &[&str]) -> Command {
    command.args(["pilot", "--server", server, "--queue", "Q", "--dir"]).arg(dir).args(more);
    command
}

pub fn threads(queue: &Queue, dir: &Path, more: &[&str]) -> Command {
    pilot(Command::new(PROGRAM), &queue.url, dir, &[&["--workers", "3"], more].concat())
}

/// A job that writes a line to `log` and takes a while.
pub fn job(log: &Path, seconds: f64) -> Value {
    let line = format!("-c 'echo $PandaID >> {}; sleep {seconds}'", log.display());
    json!({"transformation": "sh", "jobPars": line, "max_attempt": 20})
}
