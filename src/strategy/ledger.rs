//! What a strategy knows: pending and ended trials in the unit cube, smaller is better.

use crate::problem::{Design, Measurement, Outcome, Problem, TrialId};

/// A trial that was proposed and has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Trial.
    pub trial: TrialId,
    /// Unit-cube point, snapped.
    pub unit: Vec<f64>,
    /// Its number of events, where trials have one.
    pub events: Option<i64>,
}

/// A trial that ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Trial.
    pub trial: TrialId,
    /// Unit-cube point, snapped.
    pub unit: Vec<f64>,
    /// Its number of events, where trials have one.
    pub events: Option<i64>,
    /// Objectives turned so that smaller is better; `None` unless ok. Also those of trials that
    /// violate outcome constraints: they are measured and teach the model.
    pub objectives: Option<Vec<f64>>,
    /// Standard errors in the same order, each where known; empty unless ok.
    pub sems: Vec<Option<f64>>,
    /// One per outcome constraint of the problem, in its order: the left side less the right side in
    /// the quantities' own units, so that at most 0 is satisfied, with its standard error where
    /// known ([`OutcomeConstraint::slack`](crate::problem::OutcomeConstraint::slack)). Empty for a
    /// problem without outcome constraints; `None` unless ok.
    pub slacks: Option<Vec<Measurement>>,
    /// Whether it is ok and every slack is at most 0: only then it counts for the front and its
    /// hypervolume, and for the reference point where a threshold is missing.
    pub acceptable: bool,
    /// Whether the design was found infeasible (a failed trial says nothing about the design).
    pub infeasible: bool,
}

/// Pending and ended trials of one study.
#[derive(Debug, Clone)]
pub struct Ledger {
    problem: Problem,
    pending: Vec<Pending>,
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

    /// Proposed and not yet ended, by trial number.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Ended trials in the order in which they ended.
    pub fn observed(&self) -> &[Observed] {
        &self.observed
    }

    /// Ended trials with a value for every objective, acceptable or not, in the order in which they
    /// ended.
    pub fn ok(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        self.observed.iter().filter_map(|o| o.objectives.as_deref().map(|y| (o.unit.as_slice(), y)))
    }

    /// Notes a proposal.
    pub fn propose(&mut self, trial: TrialId, design: &Design) {
        let space = &self.problem.space;
        let (unit, events) = (space.encode(design), space.events_of(design));
        self.pending.push(Pending { trial, unit, events });
    }

    /// Takes a proposal back, as if it had not been made; gives its unit-cube point. `None` if the
    /// trial is not pending.
    pub fn withdraw(&mut self, trial: TrialId) -> Option<Vec<f64>> {
        let at = self.pending.iter().rposition(|pending| pending.trial == trial)?;
        Some(self.pending.remove(at).unit)
    }

    /// Notes the end of a pending trial; unknown trials are ignored.
    pub fn tell(&mut self, trial: TrialId, outcome: &Outcome) {
        let Some(at) = self.pending.iter().position(|pending| pending.trial == trial) else {
            return;
        };
        let Pending { unit, events, .. } = self.pending.remove(at);
        let sems = match outcome {
            Outcome::Ok { objectives, .. } => objectives.iter().map(|m| m.sem()).collect(),
            _ => Vec::new(),
        };
        self.observed.push(Observed {
            trial,
            unit,
            events,
            objectives: self.problem.minimized(outcome),
            sems,
            slacks: self.problem.slacks(outcome),
            acceptable: self.problem.acceptable(outcome),
            infeasible: matches!(outcome, Outcome::Infeasible { .. }),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Goal, Metric, Objective, OutcomeConstraint, Space};

    #[test]
    fn a_violating_trial_keeps_its_values_and_is_not_acceptable() {
        let objective = Objective {
            name: "gain".into(),
            goal: Goal::Maximize,
            threshold: None,
            unit: String::new(),
        };
        let at_least_2 =
            OutcomeConstraint { text: "cost >= 2".into(), terms: vec![(1, -1.0)], upper: -2.0 };
        let mut ledger = Ledger::new(Problem {
            space: Space { parameters: vec![], constraints: vec![] },
            objectives: vec![objective],
            metrics: vec![Metric { name: "cost".into(), unit: String::new() }],
            outcome_constraints: vec![at_least_2],
        });
        let m = |value, sem| Measurement::new(value, sem).unwrap();
        let costs = [m(0.5, Some(0.1)), m(2.0, None)];
        for (trial, cost) in costs.into_iter().enumerate() {
            ledger.propose(trial as u64, &vec![]);
            let objectives = vec![m(7.0, None)];
            ledger.tell(trial as u64, &Outcome::Ok { objectives, metrics: vec![Some(cost)] });
        }
        ledger.propose(2, &vec![]);
        ledger.tell(2, &Outcome::Infeasible { reason: String::new() });
        let [violating, fine, infeasible] = ledger.observed() else { panic!("three trials") };
        assert_eq!(violating.objectives, Some(vec![-7.0]));
        assert_eq!((&violating.slacks, violating.acceptable), (&Some(vec![m(1.5, Some(0.1))]), false));
        assert_eq!((&fine.slacks, fine.acceptable), (&Some(vec![m(0.0, None)]), true));
        assert_eq!((&infeasible.slacks, infeasible.acceptable), (&None, false));
        assert_eq!(ledger.ok().count(), 2);
    }
}
