//! Programs of an attempt or a job while they run: their limits, their logs, and how they are stopped.

use super::launch::Launch;
use super::log::Log;
use super::oom::OomCount;
use super::python::Doing;
use super::status::StepEnd;
use super::watch::{Bounds, Breach, Seen, Signs, Watch};
use super::{directory, tail, tree};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

/// What takes too much memory is not left alone for long: it would take that of others.
const MEMORY_GRACE: Duration = Duration::from_secs(1);
/// Longest grace time: one beyond all clocks is that of a study that was not resolved.
const LONGEST_GRACE: Duration = Duration::from_secs(3600);
/// How often it is looked at how much room there is: some file systems take their time to tell.
const ROOM: Duration = Duration::from_secs(10);

/// What programs may, and how they are told that they may not.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) bounds: Bounds,
    /// Time between TERM and KILL.
    pub(super) grace: Duration,
    /// Files whose growth is a sign of life, below the directory where they work.
    pub(super) written: Vec<PathBuf>,
    /// How the bound on memory is called, for example "memory is".
    pub(super) memory_is: &'static str,
}

/// Running programs, then what makes a `T` of their files. Dropping it kills them.
#[derive(Debug)]
pub(super) struct Running<T> {
    /// Where the logs are.
    dir: PathBuf,
    pub(super) launch: Launch,
    logs: [Log; 2],
    pub(super) doing: Doing,
    pub(super) terms: Terms,
    pub(super) watch: Watch,
    oom: OomCount,
    room_at: Instant,
    /// What they were stopped for: it decides the outcome whatever the exit status.
    pub(super) stopped: Option<TaskOutcome>,
    pub(super) staging: Staging<T>,
}

impl<T: From<TaskOutcome>> Running<T> {
    pub(super) fn new(dir: PathBuf, launch: Launch, logs: [Log; 2], doing: Doing, terms: Terms) -> Self {
        let now = Instant::now();
        let terms = Terms { grace: terms.grace.min(LONGEST_GRACE), ..terms };
        let (watch, oom) = (Watch::new(terms.bounds, now), OomCount::now());
        let (room_at, stopped, staging) = (now + ROOM, None, Staging::None);
        Self { dir, launch, logs, doing, terms, watch, oom, room_at, stopped, staging }
    }

    /// Whether all is over, and nothing is left of the processes. Starts and finishes the stopping of what
    /// may not go on. Does not block.
    ///
    /// # Errors
    /// A process that cannot be followed or started, in words.
    pub(super) fn poll(&mut self) -> Result<bool, String> {
        let now = Instant::now();
        if self.watch.is_late(now) {
            let limit = seconds(self.terms.bounds.timeout);
            self.fail(FailureClass::Timeout, &format!("still running after {limit} s"));
        }
        self.watch.remember(tree::high_water(self.doing.id()));
        if self.watch.is_due(now) {
            self.look(now);
        }
        let Self { doing, launch, logs, .. } = self;
        let is_over = doing.poll(now, &mut |argv| launch.spawn(argv, logs))?;
        if is_over {
            self.trim_logs();
        }
        Ok(is_over)
    }

    /// Asks the programs to end: TERM to their processes, KILL after the grace time. They count as
    /// interrupted, unless they had been stopped or ended before.
    pub(super) fn stop(&mut self, reason: &str) {
        if let Staging::None = self.staging {
            self.end(TaskOutcome::Interrupted { reason: reason.to_owned() }, self.terms.grace);
        }
    }

    /// Kills the programs without grace, and does not wait for their files.
    pub(super) fn kill(&mut self, reason: &str) {
        if let Staging::None = self.staging {
            self.stop(reason);
            self.doing.ask_to_end(Instant::now());
        } else {
            let outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
            self.staging = Staging::Abandoned(outcome.into());
        }
    }

    /// How the programs ended.
    ///
    /// # Errors
    /// It was the container that failed, in words.
    pub(super) fn ends(&self) -> Result<Vec<StepEnd>, String> {
        self.launch.ends(self.doing.ends())
    }

    /// A failure with the end of what was said.
    pub(super) fn failed(&self, class: FailureClass, what: &str) -> TaskOutcome {
        TaskOutcome::Failed { class, reason: format!("{what}; {}", tail::told(&self.dir)) }
    }

    /// That the kernel killed something for want of memory since the start, in words.
    pub(super) fn out_of_memory(&self) -> Option<String> {
        let said = || "the kernel ran out of memory in this control group".to_owned();
        self.oom.has_grown().then(said)
    }

    fn fail(&mut self, class: FailureClass, what: &str) {
        if self.stopped.is_some() {
            return;
        }
        let grace = match class {
            FailureClass::Memory => self.terms.grace.min(MEMORY_GRACE),
            _ => self.terms.grace,
        };
        self.end(self.failed(class, what), grace);
    }

    fn end(&mut self, outcome: TaskOutcome, grace: Duration) {
        if self.stopped.is_none() {
            self.stopped = Some(outcome);
            self.doing.ask_to_end(Instant::now() + grace);
        }
    }

    /// Looks at processes and files, and stops what may not go on.
    fn look(&mut self, now: Instant) {
        let begin = Instant::now();
        let mut signs = self.trim_logs();
        signs.extend(self.terms.written.iter().map(|path| {
            let meta = fs::metadata(self.launch.work.join(path)).ok()?;
            Some((meta.len(), meta.modified().ok()?))
        }));
        let bounds = self.terms.bounds;
        let memory = tree::memory(&self.doing.processes(), bounds.memory);
        let mut free = None;
        if bounds.disk.is_some() && now >= self.room_at {
            self.room_at = now + ROOM;
            free = directory::free(&self.launch.work).ok();
        }
        let amount = directory::amount;
        match self.watch.take(Seen { signs, memory, free }, now, begin.elapsed()) {
            None => {}
            Some(Breach::Silent) => {
                let most = seconds(bounds.silence);
                self.fail(FailureClass::Silent, &format!("nothing written for {most} s"));
            }
            Some(Breach::Memory(bytes)) => {
                let (had, most) = (amount(bytes), amount(bounds.memory.unwrap_or_default()));
                let what = format!("its processes had {had}, and {} {most}", self.terms.memory_is);
                self.fail(FailureClass::Memory, &what);
            }
            Some(Breach::Disk(free)) => {
                let least = bounds.disk.unwrap_or_default();
                let what = directory::too_full(&self.launch.work, free, least);
                self.fail(FailureClass::Infrastructure, &what);
            }
        }
    }

    /// Cuts logs that are too long; how many bytes came so far.
    fn trim_logs(&mut self) -> Signs {
        let trim = |log: &mut Log| match log.trim() {
            Ok(total) => Some((total, SystemTime::UNIX_EPOCH)),
            Err(e) => {
                tracing::debug!("log file not looked at: {e}");
                None
            }
        };
        self.logs.iter_mut().map(trim).collect()
    }
}

fn seconds(bound: Option<Duration>) -> f64 {
    bound.unwrap_or_default().as_secs_f64()
}

/// Files of what has ended being put where they belong, by a thread: the rank goes on hearing.
#[derive(Debug, Default)]
pub(super) enum Staging<T> {
    #[default]
    None,
    /// The second is what is said if the thread panics.
    Begun(JoinHandle<T>, T),
    /// They are not waited for: the thread goes on by itself.
    Abandoned(T),
}

impl<T: Send + 'static> Staging<T> {
    pub(super) fn begin(work: impl FnOnce() -> T + Send + 'static, panicked: T) -> Self {
        Self::Begun(std::thread::spawn(work), panicked)
    }

    /// What came of it, once it is over. Does not block.
    pub(super) fn poll(&mut self) -> Option<T> {
        match std::mem::take(self) {
            Self::Begun(thread, panicked) if !thread.is_finished() => {
                *self = Self::Begun(thread, panicked);
                None
            }
            Self::Begun(thread, panicked) => Some(thread.join().unwrap_or(panicked)),
            Self::Abandoned(end) => Some(end),
            Self::None => None,
        }
    }
}
