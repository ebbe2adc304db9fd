//! A running payload and what becomes of it.

use super::attempt::Bench;
use super::process::Process;
use super::{directory, result};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Lines of output that go into a reason, and how much of the file is read for them.
const TAIL_LINES: usize = 3;
const TAIL_BYTES: u64 = 4096;
/// Longest tail in a reason, in characters.
const TAIL_LENGTH: usize = 300;

/// The command of one attempt while it runs. Dropping it kills it.
#[derive(Debug)]
pub struct Payload {
    bench: Rc<Bench>,
    dir: PathBuf,
    process: Process,
    deadline: Option<Instant>,
    /// What it was stopped for; decides the outcome whatever the exit status.
    stopped: Option<TaskOutcome>,
}

impl Payload {
    pub(super) fn new(bench: Rc<Bench>, dir: PathBuf, process: Process) -> Self {
        let deadline = bench.command.timeout_s.and_then(|s| after(Instant::now(), s));
        Self { bench, dir, process, deadline, stopped: None }
    }

    /// The outcome, once the payload has ended and nothing is left of its process group. Starts
    /// and finishes the stopping of a payload that runs too long. Does not block.
    pub fn poll(&mut self) -> Option<TaskOutcome> {
        let now = Instant::now();
        if self.stopped.is_none() && self.deadline.is_some_and(|at| now >= at) {
            let limit = self.bench.command.timeout_s.unwrap_or_default();
            let reason = format!("still running after {limit} s; {}", self.tail());
            self.end(TaskOutcome::Failed { class: FailureClass::Timeout, reason });
        }
        match self.process.poll(now) {
            Ok(None) => None,
            Ok(Some(status)) => {
                let outcome = self.stopped.take().unwrap_or_else(|| self.judge(status));
                Some(self.excuse(outcome))
            }
            Err(e) => {
                let reason = format!("cannot follow the payload in {}: {e}", self.dir.display());
                Some(TaskOutcome::Failed { class: FailureClass::Infrastructure, reason })
            }
        }
    }

    /// Asks the payload to end: TERM to its group, KILL after the grace time. It counts as
    /// interrupted, unless it had been stopped before.
    pub fn stop(&mut self, reason: &str) {
        self.end(TaskOutcome::Interrupted { reason: reason.to_owned() });
    }

    /// Kills the payload's group without grace.
    pub fn kill(&mut self, reason: &str) {
        self.stop(reason);
        self.process.ask_to_end(Instant::now());
    }

    fn end(&mut self, outcome: TaskOutcome) {
        if self.stopped.is_none() {
            self.stopped = Some(outcome);
            let now = Instant::now();
            // A grace time beyond all clocks is an hour; resolved studies do not have one.
            let kill_at = after(now, self.bench.command.grace_s);
            self.process.ask_to_end(kill_at.unwrap_or(now + Duration::from_secs(3600)));
        }
    }

    /// What an exit status means.
    fn judge(&self, status: ExitStatus) -> TaskOutcome {
        let failed = |class, what: String| TaskOutcome::Failed {
            class,
            reason: format!("{what}; {}", self.tail()),
        };
        match status.code() {
            Some(0) => match &self.bench.command.result {
                Some(result) => result::read(&self.dir, result, &self.bench.problem),
                None => TaskOutcome::Ok(vec![]),
            },
            Some(code) if self.bench.command.infeasible_exit_codes.contains(&code) => {
                let said = last_lines(&self.dir, 1);
                let reason = match said {
                    Some(line) => line,
                    None => format!("exit code {code}"),
                };
                TaskOutcome::Infeasible { reason }
            }
            Some(code) => failed(FailureClass::Exit, format!("exit code {code}")),
            None => {
                let signal = status.signal().unwrap_or_default();
                let name = signal_hook::low_level::signal_name(signal).unwrap_or("unknown");
                let core = if status.core_dumped() { ", core dumped" } else { "" };
                failed(FailureClass::Signal, format!("ended by signal {signal} ({name}{core})"))
            }
        }
    }

    /// A failure where nothing can be written (a full disk, a quota) is not the design's fault.
    fn excuse(&self, outcome: TaskOutcome) -> TaskOutcome {
        let TaskOutcome::Failed { class, reason } = outcome else { return outcome };
        match directory::try_writing(&self.dir) {
            Ok(()) => TaskOutcome::Failed { class, reason },
            Err(why) => TaskOutcome::Failed {
                class: FailureClass::Infrastructure,
                reason: format!("{why}; the payload: {reason}"),
            },
        }
    }

    fn tail(&self) -> String {
        let said = match last_lines(&self.dir, TAIL_LINES) {
            Some(lines) => format!("last lines: {lines}"),
            None => "no output".to_owned(),
        };
        format!("{said}; whole output: {}/stderr and stdout", self.dir.display())
    }
}

/// `None` beyond what a clock can show.
fn after(start: Instant, seconds: f64) -> Option<Instant> {
    start.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// The last lines that are not empty of `stderr`, or of `stdout` if there are none, as one line.
fn last_lines(dir: &Path, count: usize) -> Option<String> {
    ["stderr", "stdout"].iter().find_map(|name| {
        let text = end_of_file(&dir.join(name))?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(count)..];
        let clean: Vec<char> = last.join(" | ").chars().filter(|c| !c.is_control()).collect();
        let kept = &clean[clean.len().saturating_sub(TAIL_LENGTH)..];
        (!kept.is_empty()).then(|| kept.iter().collect())
    })
}

fn end_of_file(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).ok()?;
    let mut bytes = vec![];
    file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_tail_is_one_clean_line_of_the_end() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last_lines(dir.path(), 3), None);
        fs::write(dir.path().join("stdout"), "first\nsecond\n").unwrap();
        fs::write(dir.path().join("stderr"), "\n \n").unwrap();
        assert_eq!(last_lines(dir.path(), 1).unwrap(), "second");
        let long = format!("{}\na\n\n\x1b[31mb\n\u{e4}c\n", "x".repeat(10_000));
        fs::write(dir.path().join("stderr"), long).unwrap();
        assert_eq!(last_lines(dir.path(), 3).unwrap(), "a | [31mb | \u{e4}c");
        fs::write(dir.path().join("stderr"), "y".repeat(10_000)).unwrap();
        assert_eq!(last_lines(dir.path(), 3).unwrap().len(), TAIL_LENGTH);
    }
}
