//! What an evaluator does: a payload or a test function, behind one face.

use super::builtin::Bench as Builtin;
use crate::comm::Task;
use crate::config::{self, Study};
use crate::exec::{self, End, JobBench, JobEnd, JobPayload, JobStarted, Payload, Started};
use crate::job::{Facts, JobId, Order};
use crate::problem::{FailureClass, TaskFacts, TaskOutcome, TrialId};
use std::rc::Rc;
use std::time::Instant;

/// What a rank is given.
pub(super) enum Assigned {
    /// A task of the study.
    Task(Task),
    /// A job of a queue.
    Job(Order),
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    /// Trial, task and attempt.
    Task(TrialId, u32, u32),
    Job(JobId),
}

impl Assigned {
    pub(super) fn id(&self) -> Id {
        match self {
            Assigned::Task(task) => Id::Task(task.trial, task.task, task.attempt),
            Assigned::Job(order) => Id::Job(order.id),
        }
    }
}

/// What is known of the end of an assignment beside its outcome.
pub(super) enum Rest {
    Task(TaskFacts),
    Job(Facts),
}

/// How an assignment ended.
pub(super) struct Ended {
    pub(super) outcome: TaskOutcome,
    pub(super) rest: Rest,
}

impl Ended {
    /// What became of an assignment that was not begun.
    pub(super) fn unbegun(id: Id, outcome: TaskOutcome) -> Self {
        let rest = match id {
            Id::Task(..) => Rest::Task(TaskFacts::default()),
            Id::Job(_) => Rest::Job(Facts::default()),
        };
        Self { outcome, rest }
    }
}

impl From<End> for Ended {
    fn from(End { outcome, facts }: End) -> Self {
        Self { outcome, rest: Rest::Task(facts) }
    }
}

impl From<JobEnd> for Ended {
    fn from(JobEnd { outcome, facts }: JobEnd) -> Self {
        Self { outcome, rest: Rest::Job(facts) }
    }
}

/// Starts a job. What could not start has ended.
pub(super) fn start_job(bench: &JobBench, order: &Order) -> Work {
    match bench.start(order) {
        JobStarted::Runs(payload) => Work::Job(payload),
        JobStarted::Ended(end) => Work::Known { end: Some(end.into()), due: None },
    }
}

/// Everything needed to evaluate the designs of one study.
pub(super) enum Workshop {
    Builtin(Box<Builtin>),
    Command(Rc<exec::Bench>),
}

impl Workshop {
    /// The workshop of a study.
    ///
    /// # Errors
    /// A test function that does not exist, a run directory without an absolute path, or what is missing on
    /// this host, in words.
    pub(super) fn new(study: &Study) -> Result<Self, String> {
        match &study.evaluator {
            config::Evaluator::Builtin(builtin) => {
                Builtin::new(study, builtin).map(|bench| Self::Builtin(Box::new(bench)))
            }
            config::Evaluator::Outside => Err("the study is evaluated outside".to_owned()),
            config::Evaluator::Command(_) | config::Evaluator::Pipeline(_) => {
                exec::probe(study)?;
                exec::Bench::new(study).map(|bench| Self::Command(Rc::new(bench)))
            }
        }
    }

    /// Whether a task can be started without waiting for anything.
    pub(super) fn is_ready(&self, task: &Task) -> bool {
        match self {
            Workshop::Builtin(_) => true,
            Workshop::Command(bench) => bench.is_ready(task.task),
        }
    }

    /// Starts a task. What could not start has ended.
    pub(super) fn start(&self, task: &Task) -> Work {
        match self {
            Workshop::Builtin(bench) => {
                let (outcome, due) = bench.evaluate(task);
                Work::Known { end: Some(End::from(outcome).into()), due }
            }
            Workshop::Command(bench) => {
                let inputs: Vec<(u32, u32)> = task.inputs.iter().map(|i| (i.task, i.attempt)).collect();
                let assignment = exec::Assignment {
                    trial: task.trial,
                    task: task.task,
                    attempt: task.attempt,
                    design: &task.design,
                    inputs: &inputs,
                };
                match bench.start(assignment) {
                    Started::Runs(payload) => Work::Payload(payload),
                    Started::Ended(end) => Work::Known { end: Some(end.into()), due: None },
                }
            }
        }
    }
}

/// Something under way.
pub(super) enum Work {
    /// The outcome is known and told when it is due: at once, or after a pretended duration.
    Known {
        end: Option<Ended>,
        due: Option<Instant>,
    },
    Payload(Box<Payload>),
    Job(Box<JobPayload>),
}

impl Work {
    /// Work that cannot be done here, through no fault of its own.
    pub(super) fn unable(id: Id, reason: &str) -> Self {
        let class = FailureClass::Infrastructure;
        let outcome = TaskOutcome::Failed { class, reason: reason.to_owned() };
        Self::Known { end: Some(Ended::unbegun(id, outcome)), due: None }
    }

    /// How it ended once it has; to be asked no further.
    pub(super) fn poll(&mut self) -> Option<Ended> {
        match self {
            Work::Known { due: Some(due), .. } if Instant::now() < *due => None,
            Work::Known { end, .. } => end.take(),
            Work::Payload(payload) => payload.poll().map(Ended::from),
            Work::Job(payload) => payload.poll().map(Ended::from),
        }
    }

    /// When the outcome will be there, if that is known.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Work::Known { due, .. } => *due,
            Work::Payload(_) | Work::Job(_) => None,
        }
    }

    /// Ends it as interrupted, with the payload's grace time.
    pub(super) fn stop(&mut self, reason: &str) {
        match self {
            Work::Known { end, due } => {
                if let Some(end) = end {
                    end.outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
                }
                *due = None;
            }
            Work::Payload(payload) => payload.stop(reason),
            Work::Job(payload) => payload.stop(reason),
        }
    }

    /// Ends it as interrupted, without grace.
    pub(super) fn kill(&mut self, reason: &str) {
        match self {
            Work::Known { .. } => self.stop(reason),
            Work::Payload(payload) => payload.kill(reason),
            Work::Job(payload) => payload.kill(reason),
        }
    }
}
