//! What each slot in the queue is at: decisions without I/O.

use crate::comm::{Rank, Report, Task};
use crate::problem::{FailureClass, TaskFacts, TaskOutcome, TrialId};
use std::collections::BTreeMap;
use std::fmt;

/// An attempt at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Trial.
    pub trial: TrialId,
    /// Position of the task in the study's plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.trial, self.task, self.attempt)
    }
}

impl std::str::FromStr for Key {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(());
        let (trial, task, attempt) = (next()?, next()?, next()?);
        let number = |text: &str| text.parse::<u64>().map_err(|_| ());
        let small = |text: &str| text.parse::<u32>().map_err(|_| ());
        Ok(Self { trial: number(trial)?, task: small(task)?, attempt: small(attempt)? })
    }
}

/// A job of the queue that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Whose it was.
    pub key: Key,
    /// The queue's number of it.
    pub id: i64,
    /// What it says of its task, if that can be read.
    pub report: Option<Report>,
    /// Why there is none, in words.
    pub why: String,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A slot was given a task.
    Given {
        /// The slot.
        rank: Rank,
        /// The task.
        task: Box<Task>,
    },
    /// Its trial has ended without it.
    Cancelled {
        /// The slot.
        rank: Rank,
        /// The attempt.
        key: Key,
    },
    /// These were taken out of the queue: nobody had begun them, or will.
    Withdrawn {
        /// The attempts.
        keys: Vec<Key>,
    },
    /// A job ended.
    Ended(Job),
    /// Time has passed.
    Tick {
        /// Whether a rank has nothing else to do.
        is_wanted: bool,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Put a task into the queue.
    Submit {
        /// The attempt.
        key: Key,
        /// The task.
        task: Box<Task>,
    },
    /// Take those of them out that nobody has begun.
    Withdraw {
        /// The attempts.
        keys: Vec<Key>,
    },
    /// End a job.
    Kill {
        /// The attempt.
        key: Key,
    },
    /// A slot has ended its task.
    Report {
        /// The slot.
        rank: Rank,
        /// How.
        report: Box<Report>,
    },
}

#[derive(Debug, Clone)]
struct Slot {
    rank: Rank,
    since: f64,
    /// When it is to be asked back next.
    ask_at: f64,
    is_cancelled: bool,
}

/// Pause between two attempts to have tasks back for ranks that wait, in seconds.
const AGAIN_S: f64 = 1.0;

/// All slots that have a task.
#[derive(Debug, Clone)]
pub struct Slots {
    patience_s: f64,
    held: BTreeMap<Key, Slot>,
    wanted_at: f64,
}

impl Slots {
    /// No slot has a task; each may wait so many seconds for a pilot.
    pub fn new(patience_s: f64) -> Self {
        Self { patience_s, held: BTreeMap::new(), wanted_at: 0.0 }
    }

    /// Takes an event at the time `now`, seconds since 1970, and says what is to be done.
    pub fn on(&mut self, now: f64, event: Event) -> Vec<Command> {
        match event {
            Event::Given { rank, task } => {
                let key = Key { trial: task.trial, task: task.task, attempt: task.attempt };
                let ask_at = now + self.patience_s;
                self.held.insert(key, Slot { rank, since: now, ask_at, is_cancelled: false });
                vec![Command::Submit { key, task }]
            }
            Event::Cancelled { rank, key } => match self.held.get_mut(&key) {
                Some(slot) if slot.rank == rank => {
                    slot.is_cancelled = true;
                    vec![Command::Kill { key }]
                }
                _ => vec![],
            },
            Event::Withdrawn { keys } => {
                let reason = "no pilot had begun it";
                keys.iter().filter_map(|key| self.interrupted(now, *key, reason)).collect()
            }
            Event::Ended(job) => self.ended(now, job).into_iter().collect(),
            Event::Tick { is_wanted } => self.ask_back(now, is_wanted).into_iter().collect(),
        }
    }

    fn ask_back(&mut self, now: f64, is_wanted: bool) -> Option<Command> {
        let all = is_wanted && now >= self.wanted_at;
        if all {
            self.wanted_at = now + AGAIN_S;
        }
        let mut keys = vec![];
        for (key, slot) in self.held.iter_mut().filter(|(_, slot)| all || now >= slot.ask_at) {
            slot.ask_at = now + self.patience_s;
            keys.push(*key);
        }
        (!keys.is_empty()).then_some(Command::Withdraw { keys })
    }

    fn interrupted(&mut self, now: f64, key: Key, reason: &str) -> Option<Command> {
        let slot = self.held.remove(&key)?;
        let outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
        Some(report(key, &slot, outcome, now))
    }

    /// A job of an attempt that is no more is no news.
    fn ended(&mut self, now: f64, job: Job) -> Option<Command> {
        let Job { key, id, report: told, why } = job;
        let is_its_own =
            |told: &Report| (told.trial, told.task, told.attempt) == (key.trial, key.task, key.attempt);
        if let Some(told) = told.filter(is_its_own) {
            let slot = self.held.remove(&key)?;
            return Some(Command::Report { rank: slot.rank, report: Box::new(told) });
        }
        if self.held.get(&key)?.is_cancelled {
            return self.interrupted(now, key, "cancelled");
        }
        let slot = self.held.remove(&key)?;
        let reason = format!("job {id} of the queue ended without a result: {why}");
        Some(report(
            key,
            &slot,
            TaskOutcome::Failed { class: FailureClass::Infrastructure, reason },
            now,
        ))
    }
}

/// What nobody has evaluated.
fn report(key: Key, slot: &Slot, outcome: TaskOutcome, now: f64) -> Command {
    let Key { trial, task, attempt } = key;
    let (started, finished) = (slot.since, now.max(slot.since));
    let facts = TaskFacts::default();
    let report = Report { trial, task, attempt, outcome, started, finished, facts };
    Command::Report { rank: slot.rank, report: Box::new(report) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(trial: TrialId) -> Box<Task> {
        Box::new(Task { trial, task: 0, attempt: 1, design: vec![], inputs: vec![] })
    }

    fn key(trial: TrialId) -> Key {
        Key { trial, task: 0, attempt: 1 }
    }

    fn ok(trial: TrialId) -> Report {
        Report {
            trial,
            task: 0,
            attempt: 1,
            outcome: TaskOutcome::Ok(vec![]),
            started: 1.0,
            finished: 2.0,
            facts: TaskFacts::default(),
        }
    }

    fn job(trial: TrialId, report: Option<Report>) -> Event {
        Event::Ended(Job { key: key(trial), id: 7, report, why: "1305 payload failed".into() })
    }

    /// Slots 9 and 10 have trials 0 and 1.
    fn given() -> Slots {
        let mut slots = Slots::new(100.0);
        for (rank, trial) in [(9, 0), (10, 1)] {
            let said = slots.on(0.0, Event::Given { rank, task: task(trial) });
            assert_eq!(said, [Command::Submit { key: key(trial), task: task(trial) }]);
        }
        slots
    }

    fn outcome(said: &[Command]) -> Option<(Rank, &'static str)> {
        let [Command::Report { rank, report }] = said else { return None };
        Some((*rank, report.outcome.status()))
    }

    #[test]
    fn a_report_counts_once_and_only_for_its_own_attempt() {
        let mut slots = given();
        assert_eq!(outcome(&slots.on(3.0, job(1, Some(ok(1))))), Some((10, "ok")));
        assert_eq!(slots.on(3.0, job(1, Some(ok(1)))), [], "said again");
        let said = slots.on(3.0, job(0, Some(ok(1))));
        let [Command::Report { rank: 9, report }] = &said[..] else { panic!("{said:?}") };
        let reason = "job 7 of the queue ended without a result: 1305 payload failed".to_owned();
        assert_eq!(report.outcome, TaskOutcome::Failed { class: FailureClass::Infrastructure, reason });
        assert_eq!((report.started, report.finished), (0.0, 3.0));
    }

    #[test]
    fn what_nobody_begins_comes_back_after_its_patience_or_when_a_rank_waits() {
        let mut slots = given();
        let tick = |is_wanted| Event::Tick { is_wanted };
        assert_eq!(slots.on(99.0, tick(false)), []);
        let both = Command::Withdraw { keys: vec![key(0), key(1)] };
        assert_eq!(slots.on(100.0, tick(false)), std::slice::from_ref(&both));
        assert_eq!(slots.on(100.5, tick(false)), [], "it is asked for once in that time");
        assert_eq!(slots.on(101.0, tick(true)), [both]);
        assert_eq!(slots.on(101.5, tick(true)), [], "nor all the time");
        assert_eq!(
            outcome(&slots.on(103.0, Event::Withdrawn { keys: vec![key(0)] })),
            Some((9, "interrupted"))
        );
        assert_eq!(slots.on(104.0, job(0, None)), [], "its job's end is no news");
        assert_eq!(slots.on(104.0, tick(true)), [Command::Withdraw { keys: vec![key(1)] }]);
    }

    #[test]
    fn a_cancelled_task_is_killed_and_was_interrupted() {
        let mut slots = given();
        let cancel = |rank| Event::Cancelled { rank, key: key(1) };
        assert_eq!(slots.on(1.0, cancel(9)), [], "of another slot");
        assert_eq!(slots.on(1.0, cancel(10)), [Command::Kill { key: key(1) }]);
        assert_eq!(outcome(&slots.on(2.0, job(1, None))), Some((10, "interrupted")));
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = Key { trial: 12, task: 3, attempt: 2 };
        assert_eq!(key.to_string().parse(), Ok(key));
        assert!("12.3".parse::<Key>().is_err() && "a.b.c".parse::<Key>().is_err());
    }
}
