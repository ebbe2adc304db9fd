//! A Python process that calls a function of the user for one task after the other.

use crate::config::{Command as Settings, Function};
use crate::exec::process::{Ended, Process};
use crate::exec::tree::Entry;
use serde::Deserialize;
use std::io::{self, BufRead, BufReader, Write};
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

/// What the process runs.
const SCRIPT: &str = include_str!("worker.py");

/// What became of a call, told by the process.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Reply {
    pub(super) is: Verdict,
    #[serde(default)]
    pub(super) reason: String,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// The result is written.
    Ok,
    /// What the function returned is no result.
    Output,
    /// It says that the design cannot be.
    Infeasible,
    /// It raised something else.
    Exception,
}

/// The words that start a process for a function: to serve, or to check whether it is there.
pub(super) fn words(settings: &Settings, function: &Function, how: &str) -> Vec<String> {
    let interpreter = settings.argv.first().cloned().unwrap_or_default();
    let folder = function.folder.to_string_lossy().into_owned();
    let words = [interpreter, "-c".into(), SCRIPT.into(), how.into(), folder];
    words.into_iter().chain([function.module.clone(), function.function.clone()]).collect()
}

/// The process. Dropping it kills it and all that it started; it ends by itself with this one.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Process,
    requests: ChildStdin,
    replies: Receiver<String>,
}

impl Worker {
    /// A process whose standard input and output are pipes.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn of(mut process: Process) -> io::Result<Self> {
        let (Some(requests), Some(output)) = (process.input(), process.output()) else {
            return Err(io::Error::other("the worker has no pipes"));
        };
        let (send, replies) = channel();
        // It ends with the process, whose end closes the pipe.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, requests, replies })
    }

    /// Whether it can take another request.
    pub(super) fn is_there(&mut self) -> bool {
        matches!(self.process.poll(Instant::now()), Ok(None))
    }

    /// Asks for a call. That it could not be asked is seen by its end.
    pub(super) fn ask(&mut self, request: &serde_json::Value) {
        let asked = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        if let Err(e) = asked {
            tracing::debug!("Python worker not asked: {e}");
        }
    }

    /// What it said of the last request, if it has.
    pub(super) fn reply(&mut self) -> Option<Result<Reply, String>> {
        let line = self.replies.try_recv().ok()?;
        Some(serde_json::from_str(&line).map_err(|e| format!("its reply {line:?} is none: {e}")))
    }

    pub(super) fn poll(&mut self, now: Instant) -> io::Result<Option<Ended>> {
        self.process.poll(now)
    }

    pub(super) fn ask_to_end(&mut self, kill_at: Instant) {
        self.process.ask_to_end(kill_at);
    }

    pub(super) fn processes(&mut self) -> Vec<Entry> {
        self.process.processes()
    }

    pub(super) fn id(&self) -> i32 {
        self.process.id()
    }
}
