//! What became of a trial.

use serde::{Deserialize, Serialize};

/// Number of a trial within its study, from 0 in the order of proposal.
pub type TrialId = u64;

/// A finite value with its standard error of the mean, if known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Measurement {
    value: f64,
    sem: Option<f64>,
}

/// What bytes say that a measurement is.
#[derive(Deserialize)]
struct Unchecked {
    value: f64,
    sem: Option<f64>,
}

impl TryFrom<Unchecked> for Measurement {
    type Error = String;

    /// Bytes from outside are held to what [`Measurement::new`] is.
    fn try_from(Unchecked { value, sem }: Unchecked) -> Result<Self, String> {
        Self::new(value, sem)
            .ok_or_else(|| format!("{value} with the standard error {sem:?} is no measurement"))
    }
}

impl Measurement {
    /// `None` unless `value` is finite and `sem`, where given, is finite and not negative: NaN is
    /// never a value.
    pub fn new(value: f64, sem: Option<f64>) -> Option<Self> {
        let sane = |s: f64| s.is_finite() && s >= 0.0;
        (value.is_finite() && sem.is_none_or(sane)).then_some(Self { value, sem })
    }

    /// The value, in the objective's own unit and direction.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Standard error of the mean; `None` if unknown (not zero).
    pub fn sem(&self) -> Option<f64> {
        self.sem
    }
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureClass {
    /// The payload ended with a non-zero exit code.
    Exit,
    /// The payload was ended by a signal.
    Signal,
    /// The payload ran longer than it may.
    Timeout,
    /// The result is missing, unreadable, not finite or incomplete.
    Output,
    /// Not the trial's fault: a rank was lost, a directory could not be made, a payload not started.
    Infrastructure,
    /// The payload said nothing for longer than it may.
    Silent,
    /// The payload needed more memory than it may have.
    Memory,
}

impl FailureClass {
    /// Every class.
    pub const ALL: [FailureClass; 7] = [
        FailureClass::Exit,
        FailureClass::Signal,
        FailureClass::Timeout,
        FailureClass::Output,
        FailureClass::Infrastructure,
        FailureClass::Silent,
        FailureClass::Memory,
    ];

    /// Class and words of a reason as [`Outcome::reason`] writes it; `None` if no class begins it.
    pub fn split(reason: &str) -> Option<(Self, &str)> {
        let (name, words) = reason.split_once(": ")?;
        Some((Self::ALL.into_iter().find(|class| class.name() == name)?, words))
    }

    /// The word in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            FailureClass::Exit => "exit",
            FailureClass::Signal => "signal",
            FailureClass::Timeout => "timeout",
            FailureClass::Output => "output",
            FailureClass::Infrastructure => "infrastructure",
            FailureClass::Silent => "silent",
            FailureClass::Memory => "memory",
        }
    }
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Every objective was measured.
    Ok {
        /// One measurement per objective of the problem.
        objectives: Vec<Measurement>,
        /// One entry per metric of the problem; `None` where the evaluator gave none.
        metrics: Vec<Option<Measurement>>,
    },
    /// The design cannot be built or is excluded; trains the feasibility of the region.
    Infeasible {
        /// One line for people.
        reason: String,
    },
    /// The evaluation went wrong; says nothing about the design.
    Failed {
        /// What kind of failure.
        class: FailureClass,
        /// One line for people, with the path of the log where there is one.
        reason: String,
    },
    /// Ended from outside before it was done (signal, time limit).
    Interrupted {
        /// One line for people.
        reason: String,
    },
}

impl Outcome {
    /// The word in files and messages: ok, infeasible, failed or interrupted.
    pub fn status(&self) -> &'static str {
        match self {
            Outcome::Ok { .. } => "ok",
            Outcome::Infeasible { .. } => "infeasible",
            Outcome::Failed { .. } => "failed",
            Outcome::Interrupted { .. } => "interrupted",
        }
    }

    /// Why it is not ok; empty for ok.
    pub fn reason(&self) -> String {
        match self {
            Outcome::Ok { .. } => String::new(),
            Outcome::Infeasible { reason } | Outcome::Interrupted { reason } => reason.clone(),
            Outcome::Failed { class, reason } => format!("{}: {reason}", class.name()),
        }
    }
}
