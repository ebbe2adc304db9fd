//! A process that answers a line of JSON with a line of JSON.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Such a process. Once dropped it has nothing more to read, and ends.
pub struct Child {
    process: std::process::Child,
    /// `None` once there are no more.
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Child {
    /// Starts it; `None` if it does not start.
    pub fn start(command: &mut Command) -> Option<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (requests, answers) = (process.stdin.take(), BufReader::new(process.stdout.take()?));
        Some(Self { process, requests, answers })
    }

    /// How long something takes, done so many times: the child tells nanoseconds.
    pub fn repeat(&mut self, times: u64) -> Duration {
        let took = self.ask(&json!({"times": times})).and_then(|answer| answer.as_u64());
        Duration::from_nanos(took.expect("the child answers with a time"))
    }

    /// The answer to a request.
    pub fn ask(&mut self, request: &Value) -> Option<Value> {
        writeln!(self.requests.as_mut()?, "{request}").ok()?;
        self.answer()
    }

    /// The next answer; `None` if there is none.
    pub fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.process.wait();
    }
}
