//! A job while it runs, and what becomes of it.

use super::super::launch::Launch;
use super::super::log::Log;
use super::super::oom::OomCount;
use super::super::status::Status;
use super::super::steps::Steps;
use super::super::watch::{Bounds, Breach, Seen, Watch};
use super::super::{directory, tail, tree};
use super::files;
use crate::config::KeptJobs;
use crate::job::{Facts, LONGEST_REPORT, Order, REPORT, Trouble};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What takes too much memory is not left alone for long: it would take that of others.
const MEMORY_GRACE: Duration = Duration::from_secs(1);
/// Longest grace time.
const LONGEST_GRACE: Duration = Duration::from_secs(3600);
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
    launch: Launch,
    logs: [Log; 2],
    steps: Steps,
    watch: Watch,
    oom: OomCount,
    /// What it was stopped for; decides the outcome whatever the exit status.
    stopped: Option<TaskOutcome>,
    /// Its program has ended, and its files are being put where they belong.
    staging: Option<JoinHandle<JobEnd>>,
    /// The files are not waited for.
    abandoned: Option<JobEnd>,
}

impl JobPayload {
    pub(super) fn new(parts: Parts, launch: Launch, logs: [Log; 2], steps: Steps) -> Self {
        let timeout = parts.order.timeout_s.and_then(|s| Duration::try_from_secs_f64(s).ok());
        let bounds = Bounds { timeout, silence: None, memory: parts.order.memory, disk: None };
        let (watch, oom) = (Watch::new(bounds, Instant::now()), OomCount::now());
        let (stopped, staging, abandoned) = (None, None, None);
        Self { parts, launch, logs, steps, watch, oom, stopped, staging, abandoned }
    }

    /// How it ended, once it has, nothing is left of its processes and its files are where they belong.
    /// Does not block.
    pub fn poll(&mut self) -> Option<JobEnd> {
        if let Some(end) = self.abandoned.take() {
            return Some(end);
        }
        if let Some(staging) = self.staging.take_if(|staging| staging.is_finished()) {
            return Some(staging.join().unwrap_or_else(|_| panicked()));
        }
        if self.staging.is_some() {
            return None;
        }
        let now = Instant::now();
        if self.watch.is_late(now) {
            let limit = self.parts.order.timeout_s.unwrap_or_default();
            self.fail(FailureClass::Timeout, &format!("still running after {limit} s"));
        }
        self.watch.remember(tree::high_water(self.steps.id()));
        if self.watch.is_due(now) {
            self.look(now);
        }
        let Self { steps, launch, logs, .. } = self;
        let end = match steps.poll(now, &mut |argv| launch.spawn(argv, logs)) {
            Ok(false) => return None,
            Ok(true) => self.judged(),
            Err(reason) => failure(FailureClass::Infrastructure, reason, Some(Trouble::Setup)),
        };
        let facts = Facts { peak_memory: self.watch.peak(), cpu_s: self.steps.cpu_s, ..end.facts };
        let end = JobEnd { facts, ..end };
        let order = &self.parts.order;
        if order.outputs.is_empty() && order.log.is_none() {
            return Some(concluded(&self.parts, end));
        }
        let parts = self.parts.clone();
        self.staging = Some(std::thread::spawn(move || concluded(&parts, end)));
        None
    }

    /// Asks the job to end: TERM to its processes, KILL after the grace time. It counts as interrupted,
    /// unless it had been stopped or ended before.
    pub fn stop(&mut self, reason: &str) {
        if self.staging.is_none() {
            let grace = self.grace();
            self.end(TaskOutcome::Interrupted { reason: reason.to_owned() }, grace);
        }
    }

    /// Kills the job without grace, and does not wait for its files.
    pub fn kill(&mut self, reason: &str) {
        if self.staging.take().is_some() {
            let outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
            self.abandoned = Some(JobEnd { outcome, facts: Facts::default() });
            return;
        }
        self.stop(reason);
        self.steps.ask_to_end(Instant::now());
    }

    fn grace(&self) -> Duration {
        Duration::from_secs(self.parts.grace_s.into()).min(LONGEST_GRACE)
    }

    fn fail(&mut self, class: FailureClass, what: &str) {
        if self.stopped.is_some() {
            return;
        }
        let reason = format!("{what}; {}", tail::told(&self.parts.dir));
        let grace = match class {
            FailureClass::Memory => self.grace().min(MEMORY_GRACE),
            _ => self.grace(),
        };
        self.end(TaskOutcome::Failed { class, reason }, grace);
    }

    fn end(&mut self, outcome: TaskOutcome, grace: Duration) {
        if self.stopped.is_none() {
            self.stopped = Some(outcome);
            self.steps.ask_to_end(Instant::now() + grace);
        }
    }

    /// Looks at its processes and logs, and stops it if it has too much memory.
    fn look(&mut self, now: Instant) {
        let begin = Instant::now();
        for log in &mut self.logs {
            if let Err(e) = log.trim() {
                tracing::debug!("log file not looked at: {e}");
            }
        }
        let memory = tree::memory(&self.steps.processes(), self.watch.bounds().memory);
        let seen = Seen { memory, ..Seen::default() };
        if let Some(Breach::Memory(bytes)) = self.watch.take(seen, now, begin.elapsed()) {
            let most = self.watch.bounds().memory.unwrap_or_default();
            let amount = directory::amount;
            let what = format!("its processes had {}, and it may have {}", amount(bytes), amount(most));
            self.fail(FailureClass::Memory, &what);
        }
    }

    /// What its end means.
    fn judged(&mut self) -> JobEnd {
        let ends = match self.launch.ends(&self.steps.ends) {
            Ok(ends) => ends,
            Err(fault) if self.stopped.is_none() => {
                let reason = format!("{fault}; {}", tail::told(&self.parts.dir));
                return failure(FailureClass::Infrastructure, reason, Some(Trouble::Image));
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
        let facts = Facts { exit, signal, ..Facts::default() };
        if let Some(outcome) = self.stopped.take() {
            return JobEnd { outcome, facts };
        }
        let failed = |class, what: String| TaskOutcome::Failed {
            class,
            reason: format!("{what}; {}", tail::told(&self.parts.dir)),
        };
        let outcome = match status {
            Some(status) if status.is_ok() => TaskOutcome::Ok(vec![]),
            Some(status) if status.is_killed() && self.oom.has_grown() => {
                failed(FailureClass::Memory, "the kernel ran out of memory in this control group".into())
            }
            Some(status @ Status::Code(_)) => failed(FailureClass::Exit, status.shown()),
            Some(status) => failed(FailureClass::Signal, status.shown()),
            None => failed(FailureClass::Infrastructure, "no program ended".into()),
        };
        JobEnd { outcome, facts }
    }
}

fn failure(class: FailureClass, reason: String, trouble: Option<Trouble>) -> JobEnd {
    let facts = Facts { trouble, ..Facts::default() };
    JobEnd { outcome: TaskOutcome::Failed { class, reason }, facts }
}

fn panicked() -> JobEnd {
    failure(FailureClass::Infrastructure, "the copying panicked".into(), Some(Trouble::StageOut))
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
