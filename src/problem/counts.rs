//! How a run stands in numbers.

use super::Outcome;

/// How many trials are where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Ended ok.
    pub ok: u64,
    /// Ended infeasible.
    pub infeasible: u64,
    /// Ended failed.
    pub failed: u64,
    /// Ranks that work.
    pub running: u64,
    /// Candidates that no rank has begun with.
    pub ready: u64,
    /// Ranks that can take work.
    pub ranks: u64,
    /// Where trials consist of several tasks.
    pub tasks: Option<TaskCounts>,
}

/// How the open trials stand that consist of several tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TaskCounts {
    /// Trials that were begun with and have not ended.
    pub begun: u64,
    /// Tasks that could start if a rank were free.
    pub ready: u64,
}

impl Counts {
    /// Trials that have ended.
    pub fn ended(&self) -> u64 {
        self.ok + self.infeasible + self.failed
    }

    /// Counts a trial's end.
    pub fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Ok { .. } => self.ok += 1,
            Outcome::Infeasible { .. } => self.infeasible += 1,
            Outcome::Failed { .. } | Outcome::Interrupted { .. } => self.failed += 1,
        }
    }
}
