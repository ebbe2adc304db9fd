//! A running payload and what becomes of it.

use super::attempt::Bench;
use super::judge::Evidence;
use super::launch::Launch;
use super::log::Log;
use super::manifest::{self, Manifest};
use super::oom::OomCount;
use super::python::Doing;
use super::reuse::{self, Found};
use super::scratch::{self, Scratch};
use super::watch::{Bounds, Breach, Seen, Watch};
use super::{directory, tail, tree};
use crate::config::Command;
use crate::problem::{FailureClass, TaskOutcome, TrialId};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// What takes too much memory is not left alone for long: it would take that of other tasks.
const MEMORY_GRACE: Duration = Duration::from_secs(1);
/// With so much of its memory in use, a payload that was killed was killed for it.
const NEARLY_ALL: f64 = 0.9;
/// How often it is looked at how much room there is: some file systems take their time to tell.
const ROOM: Duration = Duration::from_secs(10);

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq)]
pub struct End {
    /// Its outcome.
    pub outcome: TaskOutcome,
    /// Most memory that its processes were seen to have at a time, in bytes; `None` if it ended before
    /// anybody could look.
    pub peak_memory: Option<u64>,
    /// The attempt that did the same before, a path below the run directory: nothing was done again.
    pub reused: Option<String>,
}

impl From<TaskOutcome> for End {
    /// Of an attempt without processes.
    fn from(outcome: TaskOutcome) -> Self {
        Self { outcome, peak_memory: None, reused: None }
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
        Ok(End { outcome, peak_memory: None, reused: Some(reused) })
    }
}

/// The command of one attempt while it runs. Dropping it kills it.
#[derive(Debug)]
pub struct Payload {
    bench: Rc<Bench>,
    parts: Parts,
    launch: Launch,
    logs: [Log; 2],
    doing: Doing,
    watch: Watch,
    oom: OomCount,
    room_at: Instant,
    /// What it was stopped for; decides the outcome whatever the exit status.
    stopped: Option<TaskOutcome>,
    /// Its programs have ended so, and what they wrote is being copied out of the scratch directory.
    copying: Option<(TaskOutcome, JoinHandle<Result<(), String>>)>,
    /// The copying is not waited for.
    abandoned: Option<TaskOutcome>,
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
        let seconds = |s: f64| Duration::try_from_secs_f64(s).ok();
        let bounds = Bounds {
            timeout: stage.command.timeout_s.and_then(seconds),
            silence: stage.command.silence_s.and_then(seconds),
            memory: stage.memory_bytes,
            disk: bench.disk,
        };
        let now = Instant::now();
        let (watch, oom) = (Watch::new(bounds, now), OomCount::now());
        let room_at = now + ROOM;
        let (stopped, copying, abandoned) = (None, None, None);
        Self { bench, parts, launch, logs, doing, watch, oom, room_at, stopped, copying, abandoned }
    }

    fn command(&self) -> &Command {
        &self.bench.stages[self.parts.stage].0.command
    }

    /// How it ended, once it has, nothing is left of its processes and its files are where they belong.
    /// Starts and finishes the stopping of a payload that may not go on. Does not block.
    pub fn poll(&mut self) -> Option<End> {
        if let Some(outcome) = self.abandoned.take() {
            return Some(self.finished(outcome));
        }
        if let Some((outcome, copying)) = self.copying.take() {
            if !copying.is_finished() {
                self.copying = Some((outcome, copying));
                return None;
            }
            let copied = copying.join().unwrap_or_else(|_| Err("the copying panicked".to_owned()));
            return Some(self.finished(spoilt(outcome, copied)));
        }
        let now = Instant::now();
        if self.stopped.is_none() && self.watch.is_late(now) {
            let limit = self.command().timeout_s.unwrap_or_default();
            self.fail(FailureClass::Timeout, &format!("still running after {limit} s"));
        }
        self.watch.remember(tree::high_water(self.doing.id()));
        if self.watch.is_due(now) {
            self.look(now);
        }
        let Self { doing, launch, logs, .. } = self;
        let outcome = match doing.poll(now, &mut |argv| launch.spawn(argv, logs)) {
            Ok(false) => return None,
            Ok(true) => {
                self.trim_logs();
                self.hand_back();
                self.stopped.take().unwrap_or_else(|| self.judged())
            }
            Err(reason) => {
                let reason = format!("{reason}; in {}", self.parts.dir.display());
                TaskOutcome::Failed { class: FailureClass::Infrastructure, reason }
            }
        };
        let outcome = self.told_of_strays(self.excuse(self.moved(outcome)));
        match self.parts.scratch.take() {
            Some(scratch) => {
                self.copying = Some(self.copy(scratch, outcome));
                None
            }
            None => Some(self.finished(outcome)),
        }
    }

    /// Asks the payload to end: TERM to its processes, KILL after the grace time. It counts as
    /// interrupted, unless it had been stopped or ended before.
    pub fn stop(&mut self, reason: &str) {
        if self.copying.is_none() {
            let grace = self.grace();
            self.end(TaskOutcome::Interrupted { reason: reason.to_owned() }, grace);
        }
    }

    /// Kills the payload without grace, and does not wait for the copying of its files.
    pub fn kill(&mut self, reason: &str) {
        if self.copying.take().is_some() {
            // The thread goes on by itself, and removes the scratch directory at its end.
            self.abandoned = Some(TaskOutcome::Interrupted { reason: reason.to_owned() });
            return;
        }
        self.stop(reason);
        self.doing.ask_to_end(Instant::now());
    }

    fn grace(&self) -> Duration {
        // A grace time beyond all clocks is an hour; resolved studies do not have one.
        let longest = Duration::from_secs(3600);
        Duration::try_from_secs_f64(self.command().grace_s).map_or(longest, |grace| grace.min(longest))
    }

    fn fail(&mut self, class: FailureClass, what: &str) {
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
            self.doing.ask_to_end(Instant::now() + grace);
        }
    }

    /// Looks at its processes and files, and stops it if it may not go on.
    fn look(&mut self, now: Instant) {
        let begin = Instant::now();
        let mut signs = self.trim_logs();
        let command = self.command();
        let watched = command.outputs.iter().map(PathBuf::as_path);
        let watched = watched.chain(command.result.as_ref().map(|result| result.path()));
        signs.extend(watched.map(|path| {
            let meta = fs::metadata(self.launch.work.join(path)).ok()?;
            Some((meta.len(), meta.modified().ok()?))
        }));
        let bound = self.watch.bounds().memory;
        let memory = tree::memory(&self.doing.processes(), bound);
        let mut free = None;
        if self.watch.bounds().disk.is_some() && now >= self.room_at {
            self.room_at = now + ROOM;
            free = directory::free(&self.launch.work).ok();
        }
        let breach = self.watch.take(Seen { signs, memory, free }, now, begin.elapsed());
        let Some(breach) = breach.filter(|_| self.stopped.is_none()) else { return };
        let (class, what) = self.told(breach);
        self.fail(class, &what);
    }

    fn told(&self, breach: Breach) -> (FailureClass, String) {
        let amount = directory::amount;
        match breach {
            Breach::Silent => {
                let most = self.command().silence_s.unwrap_or_default();
                (FailureClass::Silent, format!("nothing written for {most} s"))
            }
            Breach::Memory(bytes) => {
                let most = self.watch.bounds().memory.unwrap_or_default();
                let what =
                    format!("its processes had {}, and memory is {}", amount(bytes), amount(most));
                (FailureClass::Memory, what)
            }
            Breach::Disk(free) => {
                let least = self.watch.bounds().disk.unwrap_or_default();
                (FailureClass::Infrastructure, directory::too_full(&self.launch.work, free, least))
            }
        }
    }

    /// Cuts logs that are too long; how many bytes came so far.
    fn trim_logs(&mut self) -> Vec<Option<(u64, SystemTime)>> {
        let trim = |log: &mut Log| match log.trim() {
            Ok(total) => Some((total, SystemTime::UNIX_EPOCH)),
            Err(e) => {
                tracing::debug!("log file not looked at: {e}");
                None
            }
        };
        self.logs.iter_mut().map(trim).collect()
    }

    /// The process of a function waits for its next call.
    fn hand_back(&mut self) {
        if let Some(worker) = self.doing.idle() {
            self.bench.workers[self.parts.stage].replace(Some(worker));
        }
    }

    fn judged(&self) -> TaskOutcome {
        if let Some(outcome) = self.doing.verdict(&self.parts.dir) {
            return outcome;
        }
        let (stage, wanted) = &self.bench.stages[self.parts.stage];
        let ends = match self.launch.ends(self.doing.ends()) {
            Ok(ends) => ends,
            Err(fault) => {
                let reason = format!("{fault}; {}", tail::told(&self.parts.dir));
                return TaskOutcome::Failed { class: FailureClass::Infrastructure, reason };
            }
        };
        let evidence = Evidence {
            command: &stage.command,
            wanted,
            ends: &ends,
            logs: &self.parts.dir,
            work: &self.launch.work,
            out_of_memory: self.out_of_memory(),
            events: self.parts.events,
        };
        evidence.outcome()
    }

    fn out_of_memory(&self) -> Option<String> {
        if self.oom.has_grown() {
            return Some("the kernel ran out of memory in this control group".to_owned());
        }
        let (had, most) = (self.watch.peak()?, self.watch.bounds().memory?);
        let amount = directory::amount;
        (had as f64 > NEARLY_ALL * most as f64)
            .then(|| format!("it had {} of the {} of memory", amount(had), amount(most)))
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
        let work = &self.launch.work;
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
        self.doing.strays().iter().map(|stray| format!("{} ({})", stray.name, stray.pid)).collect()
    }

    /// Copies outputs and result out of the scratch directory, then removes it, both in a thread: the
    /// rank goes on hearing. What was interrupted is not copied: there may be no time.
    fn copy(
        &self,
        scratch: Scratch,
        outcome: TaskOutcome,
    ) -> (TaskOutcome, JoinHandle<Result<(), String>>) {
        let command = self.command();
        let mut names = command.outputs.clone();
        names.extend(command.result.as_ref().map(|result| result.path().to_owned()));
        names.extend(command.patterns.iter().filter_map(|pattern| pattern.file.clone()));
        if matches!(outcome, TaskOutcome::Interrupted { .. }) {
            names.clear();
        }
        let to = self.parts.dir.clone();
        let copy = move || scratch::copy(scratch.path(), &to, &names);
        (outcome, std::thread::spawn(copy))
    }

    fn finished(&self, outcome: TaskOutcome) -> End {
        let parts = &self.parts;
        let facts = Manifest {
            // A container's fault has no ends of steps.
            steps: manifest::steps(
                &parts.programs,
                &self.launch.ends(self.doing.ends()).unwrap_or_default(),
            ),
            peak_memory_bytes: self.watch.peak(),
            scratch: (self.launch.work != parts.dir).then(|| self.launch.work.clone()),
            strays: self.strays(),
            ..parts.manifest(&self.bench, &outcome)
        };
        match (facts.write(&parts.dir), &outcome, &parts.content) {
            (Ok(()), TaskOutcome::Ok(_), Some(key)) => self.bench.offer(key, &parts.dir),
            (Ok(()), ..) => {}
            // The outcome is known all the same.
            (Err(reason), ..) => tracing::warn!("{reason}"),
        }
        End { outcome, peak_memory: self.watch.peak(), reused: None }
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
