//! A job while it runs, and what becomes of it.

use super::super::launch::Launch;
use super::super::log::Log;
use super::super::python::Doing;
use super::super::running::{Running, Staging, Terms};
use super::super::status::Status;
use super::super::steps::Steps;
use super::super::watch::Bounds;
use super::super::{directory, tail};
use super::files;
use crate::config::KeptJobs;
use crate::job::{Facts, LONGEST_REPORT, Order, REPORT, Trouble};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// Files that are ours, not the job's.
const OURS: [&str; 4] = ["container.sh", "container.state", "steps.sh", "steps.status"];

/// How a job ended.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEnd {
    /// Its outcome.
    pub outcome: TaskOutcome,
    /// The rest.
    pub facts: Facts,
}

impl From<TaskOutcome> for JobEnd {
    /// Of a job that nothing else is known of.
    fn from(outcome: TaskOutcome) -> Self {
        Self { outcome, facts: Facts::default() }
    }
}

/// What is known of a job from the beginning.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) order: Order,
    /// Folder for its output files.
    pub(super) outputs: PathBuf,
    pub(super) keep: KeptJobs,
    pub(super) grace_s: u32,
    /// Its working directory.
    pub(super) dir: PathBuf,
}

/// A running job. Dropping it kills it.
#[derive(Debug)]
pub struct JobPayload {
    parts: Parts,
    running: Running<JobEnd>,
}

impl JobPayload {
    pub(super) fn new(parts: Parts, launch: Launch, logs: [Log; 2], steps: Steps) -> Self {
        let timeout = parts.order.timeout_s.and_then(|s| Duration::try_from_secs_f64(s).ok());
        let terms = Terms {
            bounds: Bounds { timeout, memory: parts.order.memory, ..Bounds::default() },
            grace: Duration::from_secs(parts.grace_s.into()),
            written: vec![],
            memory_is: "it may have",
        };
        let doing = Doing::Steps(Box::new(steps));
        let running = Running::new(parts.dir.clone(), launch, logs, doing, terms);
        Self { parts, running }
    }

    /// How it ended, once it has, nothing is left of its processes and its files are where they belong.
    /// Does not block.
    pub fn poll(&mut self) -> Option<JobEnd> {
        if !matches!(self.running.staging, Staging::None) {
            return self.running.staging.poll();
        }
        let end = match self.running.poll() {
            Ok(false) => return None,
            Ok(true) => self.judged(),
            Err(reason) => failed(reason, Trouble::Setup),
        };
        let (peak_memory, cpu_s) = (self.running.watch.peak(), self.running.doing.cpu_s());
        let end = JobEnd { facts: Facts { peak_memory, cpu_s, ..end.facts }, ..end };
        let order = &self.parts.order;
        if order.outputs.is_empty() && order.log.is_none() {
            return Some(concluded(&self.parts, end));
        }
        let parts = self.parts.clone();
        let panicked = failed("the copying panicked".to_owned(), Trouble::StageOut);
        self.running.staging = Staging::begin(move || concluded(&parts, end), panicked);
        None
    }

    /// Asks the job to end: TERM to its processes, KILL after the grace time. It counts as interrupted,
    /// unless it had been stopped or ended before.
    pub fn stop(&mut self, reason: &str) {
        self.running.stop(reason);
    }

    /// Kills the job without grace, and does not wait for its files.
    pub fn kill(&mut self, reason: &str) {
        self.running.kill(reason);
    }

    /// What its end means.
    fn judged(&mut self) -> JobEnd {
        let stopped = self.running.stopped.take();
        let ends = match self.running.ends() {
            Ok(ends) => ends,
            Err(fault) if stopped.is_none() => {
                let reason = format!("{fault}; {}", tail::told(&self.parts.dir));
                return failed(reason, Trouble::Image);
            }
            Err(_) => vec![],
        };
        let status = ends.last().map(|end| match end.status {
            // A shell tells of a signal by a number, here as in a container.
            Status::Code(code) => Status::told_by_shell(code),
            signal => signal,
        });
        let (exit, signal) = match status {
            Some(Status::Code(code)) => (Some(code), None),
            Some(Status::Signal { number, .. }) => (None, Some(number)),
            None => (None, None),
        };
        let outcome = stopped.unwrap_or_else(|| self.outcome(status));
        JobEnd { outcome, facts: Facts { exit, signal, ..Facts::default() } }
    }

    /// The outcome of a job that ended by itself.
    fn outcome(&self, status: Option<Status>) -> TaskOutcome {
        let Some(status) = status else {
            return self.running.failed(FailureClass::Infrastructure, "no program ended");
        };
        let want = status.is_killed().then(|| self.running.out_of_memory()).flatten();
        match (status, want) {
            (status, _) if status.is_ok() => TaskOutcome::Ok(vec![]),
            (_, Some(why)) => self.running.failed(FailureClass::Memory, &why),
            (Status::Code(_), _) => self.running.failed(FailureClass::Exit, &status.shown()),
            _ => self.running.failed(FailureClass::Signal, &status.shown()),
        }
    }
}

/// A job that failed where it ran, not by itself.
pub(super) fn failed(reason: String, trouble: Trouble) -> JobEnd {
    let facts = Facts { trouble: Some(trouble), ..Facts::default() };
    JobEnd { outcome: TaskOutcome::Failed { class: FailureClass::Infrastructure, reason }, facts }
}

/// Puts the files of a job that has ended where they belong, and clears its directory away.
fn concluded(parts: &Parts, mut end: JobEnd) -> JobEnd {
    let Parts { order, outputs, dir, .. } = parts;
    if let TaskOutcome::Ok(_) = end.outcome {
        let staged = files::stage_out(dir, outputs, &order.outputs).and_then(|(written, missing)| {
            end.facts.report = files::text(&dir.join(REPORT), LONGEST_REPORT)?;
            end.facts.files = written;
            Ok(missing)
        });
        let told = |what: String| format!("{what}; {}", tail::told(dir));
        match staged {
            Ok(missing) if missing.is_empty() => {}
            Ok(missing) => {
                let reason = told(format!("the output {} was not written", missing.join(", ")));
                spoil(&mut end, FailureClass::Output, Trouble::Output, reason);
            }
            Err(reason) => {
                spoil(&mut end, FailureClass::Infrastructure, Trouble::StageOut, told(reason));
            }
        }
    } else if let Ok(report) = files::text(&dir.join(REPORT), LONGEST_REPORT) {
        end.facts.report = report;
    }
    if let Some(log) = order.log.as_ref().filter(|_| !is_interrupted(&end)) {
        let except: Vec<&str> = order.outputs.iter().map(|output| &*output.name).chain(OURS).collect();
        match files::archive(dir, outputs, log, &except) {
            Ok(written) => end.facts.files.push(written),
            Err(reason) => {
                spoil(&mut end, FailureClass::Infrastructure, Trouble::StageOut, reason);
            }
        }
    }
    let is_ok = matches!(end.outcome, TaskOutcome::Ok(_));
    if parts.keep == KeptJobs::None || parts.keep == KeptJobs::Failed && is_ok {
        clear(dir);
    }
    end
}

fn is_interrupted(end: &JobEnd) -> bool {
    matches!(end.outcome, TaskOutcome::Interrupted { .. })
}

/// A job that had ended well has failed; one that had failed before stays as it is.
fn spoil(end: &mut JobEnd, class: FailureClass, trouble: Trouble, reason: String) {
    if matches!(end.outcome, TaskOutcome::Ok(_)) {
        end.outcome = TaskOutcome::Failed { class, reason };
        end.facts.trouble = Some(trouble);
    } else {
        tracing::warn!("{reason}");
    }
}

/// Removes the directory, and that of the job if nothing else is in it.
fn clear(dir: &std::path::Path) {
    if let Err(e) = fs::remove_dir_all(dir) {
        tracing::warn!("{}", directory::failed("remove", dir, &e));
    }
    if let Some(parent) = dir.parent() {
        // Other attempts are in it, perhaps.
        let _ = fs::remove_dir(parent);
    }
}
