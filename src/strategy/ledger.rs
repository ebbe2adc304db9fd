//! What a strategy knows: pending and ended trials in the unit cube, smaller is better.

use crate::problem::{Design, Outcome, Problem, TrialId};

/// A trial that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Trial.
    pub trial: TrialId,
    /// Unit-cube point, snapped.
    pub unit: Vec<f64>,
    /// Objectives turned so that smaller is better; `None` unless ok.
    pub objectives: Option<Vec<f64>>,
    /// Standard errors in the same order, each where known; empty unless ok.
    pub sems: Vec<Option<f64>>,
    /// Whether the design was found infeasible (a failed trial says nothing about the design).
    pub infeasible: bool,
}

/// Pending and ended trials of one study.
#[derive(Debug, Clone)]
pub struct Ledger {
    problem: Problem,
    pending: Vec<(TrialId, Vec<f64>)>,
    observed: Vec<Observed>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(problem: Problem) -> Self {
        Self { problem, pending: Vec::new(), observed: Vec::new() }
    }

    /// The problem.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Proposed and not yet ended, by trial number: id and unit-cube point.
    pub fn pending(&self) -> &[(TrialId, Vec<f64>)] {
        &self.pending
    }

    /// Ended trials in the order in which they ended.
    pub fn observed(&self) -> &[Observed] {
        &self.observed
    }

    /// Ended trials with a value for every objective, in the order in which they ended.
    pub fn ok(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.observed.iter().filter_map(|o| o.objectives.as_deref().map(|y| (o.unit.as_slice(), y)))
    }

    /// Notes a proposal.
    pub fn propose(&mut self, trial: TrialId, design: &Design) {
        self.pending.push((trial, self.problem.space.encode(design)));
    }

    /// Takes a proposal back, as if it had not been made; gives its unit-cube point. `None` if the
    /// trial is not pending.
    pub fn withdraw(&mut self, trial: TrialId) -> Option<Vec<f64>> {
        let at = self.pending.iter().rposition(|(id, _)| *id == trial)?;
        Some(self.pending.remove(at).1)
    }

    /// Notes the end of a pending trial; unknown trials are ignored.
    pub fn tell(&mut self, trial: TrialId, outcome: &Outcome) {
        let Some(at) = self.pending.iter().position(|(id, _)| *id == trial) else {
            return;
        };
        let (_, unit) = self.pending.remove(at);
        let sems = match outcome {
            Outcome::Ok { objectives, .. } => objectives.iter().map(|m| m.sem()).collect(),
            _ => Vec::new(),
        };
        self.observed.push(Observed {
            trial,
            unit,
            objectives: self.problem.minimized(outcome),
            sems,
            infeasible: matches!(outcome, Outcome::Infeasible { .. }),
        });
    }
}
