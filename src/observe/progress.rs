//! What a study has come to so far, kept up record by record.

use super::estimate::Pace;
use crate::pareto;
use crate::problem::{FailureClass, Outcome, Problem};
use crate::store::{Attempt, Completed, History, Proposed, Record};
use std::collections::{BTreeMap, VecDeque};

/// Candidates that the time for one is taken from.
const RECENT: usize = 20;

/// The sum of a study's records, as far as progress is concerned.
#[derive(Debug)]
pub(super) struct Progress {
    problem: Problem,
    /// Of acceptable trials, turned so that smaller is better.
    front: Vec<Vec<f64>>,
    /// Of the front; `None` until it is asked for again after a change.
    hypervolume: Option<f64>,
    /// Trials that are ok and violate outcome constraints; `None` where there are no such constraints.
    pub(super) violating: Option<u64>,
    /// Ended trials by outcome.
    pub(super) trials: BTreeMap<&'static str, u64>,
    /// Ended attempts by outcome and, of failed ones, class.
    pub(super) attempts: BTreeMap<(String, &'static str), u64>,
    /// How many candidates were made, and in how many seconds.
    pub(super) candidates: (u64, f64),
    recent_s: VecDeque<f64>,
    /// When this session began, in seconds since 1970.
    pub(super) began: f64,
    /// When this session's trials ended.
    ends: Vec<f64>,
    widest: u64,
}

impl Progress {
    /// After what has happened in earlier sessions; this one begins at `began`.
    pub(super) fn new(problem: Problem, history: &History, began: f64) -> Self {
        let trials = ["ok", "infeasible", "failed", "interrupted"].map(|outcome| (outcome, 0)).into();
        let violating = (!problem.outcome_constraints.is_empty()).then_some(0);
        let mut this = Self {
            problem,
            front: vec![],
            hypervolume: None,
            violating,
            trials,
            attempts: BTreeMap::new(),
            candidates: (0, 0.0),
            recent_s: VecDeque::new(),
            began,
            ends: vec![],
            widest: 0,
        };
        for trial in &history.trials {
            this.proposed(&trial.proposed);
            if let Some(completed) = &trial.completed {
                this.completed(completed);
            }
        }
        history.attempts.iter().for_each(|attempt| this.attempted(attempt));
        // Neither the pace nor the time for a candidate is that of another session.
        this.ends.clear();
        this.recent_s.clear();
        this
    }

    /// Notes what happens.
    pub(super) fn note(&mut self, record: &Record) {
        match record {
            Record::Completed(completed) => self.completed(completed),
            Record::Proposed(proposed) => self.proposed(proposed),
            Record::Attempt(attempt)
            | Record::Attempted(attempt, _)
            | Record::Ended(attempt, ..)
            | Record::Contained(attempt, ..) => self.attempted(attempt),
            Record::Session(_) | Record::Stopped(_) | Record::Asked(_) => {}
        }
    }

    fn completed(&mut self, completed: &Completed) {
        let outcome = &completed.outcome;
        *self.trials.entry(outcome.status()).or_default() += 1;
        // The ranks' clocks may differ.
        let before = self.ends.last().copied().unwrap_or(f64::NEG_INFINITY);
        self.ends.push(completed.finished.max(before));
        let ok = matches!(outcome, Outcome::Ok { .. });
        if let Some(violating) = &mut self.violating {
            *violating += u64::from(ok && !self.problem.acceptable(outcome));
        }
        if let Some(point) = self.problem.accepted(outcome)
            && !self.front.iter().any(|p| pareto::dominates(p, &point) || *p == point)
        {
            self.front.retain(|p| !pareto::dominates(&point, p));
            self.front.push(point);
            self.hypervolume = None;
        }
    }

    fn proposed(&mut self, proposed: &Proposed) {
        self.candidates.0 += 1;
        self.candidates.1 += proposed.generation_s;
        self.recent_s.push_back(proposed.generation_s);
        if self.recent_s.len() > RECENT {
            self.recent_s.pop_front();
        }
    }

    fn attempted(&mut self, attempt: &Attempt) {
        let class = match attempt.status.as_str() {
            "failed" => FailureClass::split(&attempt.reason).map_or("", |(class, _)| class.name()),
            _ => "",
        };
        *self.attempts.entry((attempt.status.clone(), class)).or_default() += 1;
    }

    /// Notes how many trials are in flight.
    pub(super) fn in_flight(&mut self, trials: u64) {
        self.widest = self.widest.max(trials);
    }

    /// The session so far.
    pub(super) fn pace(&self) -> Pace<'_> {
        Pace { began: self.began, ends: &self.ends, widest: self.widest }
    }

    /// Mean seconds of this session's last candidates.
    pub(super) fn proposal_s(&self) -> Option<f64> {
        let count = self.recent_s.len();
        (count > 0).then(|| self.recent_s.iter().sum::<f64>() / count as f64)
    }

    /// Hypervolume of the front so far; `None` before the first value.
    pub(super) fn hypervolume(&mut self) -> Option<f64> {
        if self.hypervolume.is_none() {
            let thresholds = self.problem.minimized_thresholds();
            let reference = pareto::reference_point(&thresholds, &self.front)?;
            // A sum of nothing is -0.
            self.hypervolume = Some(pareto::hypervolume(&self.front, &reference) + 0.0);
        }
        self.hypervolume
    }

    /// What the hypervolume is measured in: the product of the objectives' units.
    pub(super) fn unit(&self) -> String {
        self.problem.hypervolume_unit()
    }
}
