//! A running payload and what becomes of it.

use super::attempt::Bench;
use super::judge::Evidence;
use super::launch::Launch;
use super::log::Log;
use super::manifest::{self, Manifest};
use super::python::Doing;
use super::reuse::{self, Found};
use super::running::{Running, Staging, Terms};
use super::scratch::{self, Scratch};
use super::watch::Bounds;
use super::{container, directory};
use crate::config::Command;
use crate::problem::{FailureClass, TaskFacts, TaskOutcome, TrialId};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

/// With so much of its memory in use, a payload that was killed was killed for it.
const NEARLY_ALL: f64 = 0.9;

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Its outcome.
    pub outcome: TaskOutcome,
    /// What more is known of it.
    pub facts: TaskFacts,
}

impl From<TaskOutcome> for End {
    /// Of an attempt without processes.
    fn from(outcome: TaskOutcome) -> Self {
        Self { outcome, facts: TaskFacts::default() }
    }
}

/// The facts of one attempt.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) trial: TrialId,
    pub(super) attempt: u32,
    /// Position of its stage.
    pub(super) stage: usize,
    /// Labels of its key, joined.
    pub(super) key: String,
    /// Events that were asked for.
    pub(super) events: Option<u64>,
    /// Files that it was given.
    pub(super) read: Vec<PathBuf>,
    /// Its directory, where the logs are; also where it works, unless there is a scratch directory.
    pub(super) dir: PathBuf,
    pub(super) scratch: Option<Scratch>,
    pub(super) programs: Vec<Vec<String>>,
    /// What decides about the result, if the stage says `reuse`.
    pub(super) content: Option<String>,
    /// Seconds since 1970.
    pub(super) started: f64,
}

impl Parts {
    /// What is known of an attempt that has ended, whatever ran.
    fn manifest(&self, bench: &Bench, outcome: &TaskOutcome) -> Manifest {
        let (written, not_listed) = manifest::all_files(&self.dir);
        Manifest {
            trial: self.trial,
            stage: bench.stages[self.stage].0.name.clone(),
            key: self.key.clone(),
            attempt: self.attempt,
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            started: self.started,
            finished: manifest::seconds(SystemTime::now()),
            status: outcome.status().to_owned(),
            reason: outcome.reason(),
            steps: manifest::steps(&self.programs, &[]),
            peak_memory_bytes: None,
            container_s: None,
            scratch: None,
            strays: vec![],
            content: self.content.clone(),
            reused: None,
            read: self.read.iter().map(|path| manifest::facts(path, path.clone())).collect(),
            written,
            not_listed,
        }
    }

    /// The end of an attempt that takes over what another one did.
    ///
    /// # Errors
    /// Its files cannot be had, in words.
    pub(super) fn take_over(&self, bench: &Bench, found: Found) -> Result<End, String> {
        let Found { attempt, outcome } = found;
        reuse::share(&bench.output.join(&attempt), &self.dir)?;
        let reused = attempt.to_string_lossy().into_owned();
        let facts = Manifest { reused: Some(attempt), ..self.manifest(bench, &outcome) };
        facts.write(&self.dir)?;
        Ok(End { outcome, facts: TaskFacts { reused: Some(reused), ..TaskFacts::default() } })
    }
}

/// The command of one attempt while it runs. Dropping it kills it.
#[derive(Debug)]
pub struct Payload {
    bench: Rc<Bench>,
    parts: Parts,
    /// Staging is copying out of the scratch directory.
    running: Running<TaskOutcome>,
}

impl Payload {
    pub(super) fn new(
        bench: Rc<Bench>,
        parts: Parts,
        launch: Launch,
        logs: [Log; 2],
        doing: Doing,
    ) -> Self {
        let stage = &bench.stages[parts.stage].0;
        let command = &stage.command;
        let seconds = |s: f64| Duration::try_from_secs_f64(s).ok();
        let bounds = Bounds {
            timeout: command.timeout_s.and_then(seconds),
            silence: command.silence_s.and_then(seconds),
            memory: stage.memory_bytes,
            disk: bench.disk,
        };
        let grace = seconds(command.grace_s).unwrap_or(Duration::MAX);
        let mut written = command.outputs.clone();
        written.extend(command.result.as_ref().map(|result| result.path().to_owned()));
        let terms = Terms { bounds, grace, written, memory_is: "memory is" };
        let running = Running::new(parts.dir.clone(), launch, logs, doing, terms);
        Self { bench, parts, running }
    }

    fn command(&self) -> &Command {
        &self.bench.stages[self.parts.stage].0.command
    }

    /// How it ended, once it has, nothing is left of its processes and its files are where they belong.
    /// Starts and finishes the stopping of a payload that may not go on. Does not block.
    pub fn poll(&mut self) -> Option<End> {
        if !matches!(self.running.staging, Staging::None) {
            return self.running.staging.poll().map(|outcome| self.finished(outcome));
        }
        let outcome = match self.running.poll() {
            Ok(false) => return None,
            Ok(true) => {
                self.hand_back();
                self.running.stopped.take().unwrap_or_else(|| self.judged())
            }
            Err(reason) => {
                let reason = format!("{reason}; in {}", self.parts.dir.display());
                TaskOutcome::Failed { class: FailureClass::Infrastructure, reason }
            }
        };
        let outcome = self.told_of_strays(self.excuse(self.moved(outcome)));
        match self.parts.scratch.take() {
            Some(scratch) => {
                self.running.staging = self.copy(scratch, outcome);
                None
            }
            None => Some(self.finished(outcome)),
        }
    }

    /// Asks the payload to end: TERM to its processes, KILL after the grace time. It counts as
    /// interrupted, unless it had been stopped or ended before.
    pub fn stop(&mut self, reason: &str) {
        self.running.stop(reason);
    }

    /// Kills the payload without grace, and does not wait for the copying of its files.
    pub fn kill(&mut self, reason: &str) {
        self.running.kill(reason);
    }

    /// The process of a function waits for its next call.
    fn hand_back(&mut self) {
        if let Some(worker) = self.running.doing.idle() {
            self.bench.workers[self.parts.stage].replace(Some(worker));
        }
    }

    fn judged(&self) -> TaskOutcome {
        if let Some(outcome) = self.running.doing.verdict(&self.parts.dir) {
            return outcome;
        }
        let (stage, wanted) = &self.bench.stages[self.parts.stage];
        let ends = match self.running.ends() {
            Ok(ends) => ends,
            Err(fault) => return self.running.failed(FailureClass::Infrastructure, &fault),
        };
        let evidence = Evidence {
            command: &stage.command,
            wanted,
            ends: &ends,
            logs: &self.parts.dir,
            work: &self.running.launch.work,
            out_of_memory: self.out_of_memory(),
            events: self.parts.events,
        };
        evidence.outcome()
    }

    fn out_of_memory(&self) -> Option<String> {
        self.running.out_of_memory().or_else(|| {
            let (had, most) = (self.running.watch.peak()?, self.running.terms.bounds.memory?);
            let amount = directory::amount;
            (had as f64 > NEARLY_ALL * most as f64)
                .then(|| format!("it had {} of the {} of memory", amount(had), amount(most)))
        })
    }

    /// What is said of files in the scratch directory is said of where they will be found. A fault of the
    /// machine is where it is.
    fn moved(&self, outcome: TaskOutcome) -> TaskOutcome {
        let Some(scratch) = &self.parts.scratch else { return outcome };
        let (from, to) = (scratch.path().to_string_lossy(), self.parts.dir.to_string_lossy());
        match outcome {
            TaskOutcome::Failed { class, reason } if class != FailureClass::Infrastructure => {
                TaskOutcome::Failed { class, reason: reason.replace(&*from, &to) }
            }
            other => other,
        }
    }

    /// A failure where nothing can be written (a full disk, a quota) is not the design's fault.
    fn excuse(&self, outcome: TaskOutcome) -> TaskOutcome {
        let TaskOutcome::Failed { class, reason } = outcome else { return outcome };
        let work = &self.running.launch.work;
        let room = |dir: &Path| directory::try_writing(dir);
        match room(&self.parts.dir).and_then(|()| room(work)) {
            Ok(()) => TaskOutcome::Failed { class, reason },
            Err(why) => TaskOutcome::Failed {
                class: FailureClass::Infrastructure,
                reason: format!("{why}; the payload: {reason}"),
            },
        }
    }

    /// Processes that had left their group are told of, also where all seems well.
    fn told_of_strays(&self, outcome: TaskOutcome) -> TaskOutcome {
        let strays = self.strays();
        if strays.is_empty() {
            return outcome;
        }
        let said = format!("ended processes that had left their group: {}", strays.join(", "));
        tracing::warn!("{}: {said}", self.parts.dir.display());
        match outcome {
            TaskOutcome::Failed { class, reason } => {
                TaskOutcome::Failed { class, reason: format!("{reason}; {said}") }
            }
            other => other,
        }
    }

    fn strays(&self) -> Vec<String> {
        let strays = self.running.doing.strays().iter();
        strays.map(|stray| format!("{} ({})", stray.name, stray.pid)).collect()
    }

    /// Copies outputs and result out of the scratch directory, then removes it, both in a thread: the
    /// rank goes on hearing. What was interrupted is not copied: there may be no time.
    fn copy(&self, scratch: Scratch, outcome: TaskOutcome) -> Staging<TaskOutcome> {
        let command = self.command();
        let mut names = command.outputs.clone();
        names.extend(command.result.as_ref().map(|result| result.path().to_owned()));
        names.extend(command.patterns.iter().filter_map(|pattern| pattern.file.clone()));
        if matches!(outcome, TaskOutcome::Interrupted { .. }) {
            names.clear();
        }
        let to = self.parts.dir.clone();
        let panicked = spoilt(outcome.clone(), Err("the copying panicked".to_owned()));
        let copy = move || spoilt(outcome, scratch::copy(scratch.path(), &to, &names));
        Staging::begin(copy, panicked)
    }

    fn finished(&self, outcome: TaskOutcome) -> End {
        let parts = &self.parts;
        let inside = self.running.launch.inside.as_ref();
        let facts = TaskFacts {
            peak_memory: self.running.watch.peak(),
            container_s: inside.and_then(|inside| container::start_s(&inside.files)),
            reused: None,
        };
        let manifest = Manifest {
            // A container's fault has no ends of steps.
            steps: manifest::steps(&parts.programs, &self.running.ends().unwrap_or_default()),
            peak_memory_bytes: facts.peak_memory,
            container_s: facts.container_s,
            scratch: (self.running.launch.work != parts.dir).then(|| self.running.launch.work.clone()),
            strays: self.strays(),
            ..parts.manifest(&self.bench, &outcome)
        };
        match (manifest.write(&parts.dir), &outcome, &parts.content) {
            (Ok(()), TaskOutcome::Ok(_), Some(key)) => self.bench.offer(key, &parts.dir),
            (Ok(()), ..) => {}
            // The outcome is known all the same.
            (Err(reason), ..) => tracing::warn!("{reason}"),
        }
        End { outcome, facts }
    }
}

/// An outcome whose files could not be copied.
fn spoilt(outcome: TaskOutcome, copied: Result<(), String>) -> TaskOutcome {
    let Err(why) = copied else { return outcome };
    let class = FailureClass::Infrastructure;
    match outcome {
        TaskOutcome::Ok(_) => TaskOutcome::Failed { class, reason: why },
        TaskOutcome::Failed { reason, .. } => {
            TaskOutcome::Failed { class, reason: format!("{why}; the payload: {reason}") }
        }
        // A verdict on the design needs no files.
        other => other,
    }
}
