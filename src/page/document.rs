//! Every figure of a report.

use super::designs::{Choice, choices};
use super::model::{Model, foremost, importance};
use super::ranks::{Ranks, Times};
use super::rounded::Rounded;
use super::trials::{self, Columns, ObjectiveFacts, ParameterFacts};
use crate::config::{Method, Study};
use crate::problem::{Counts, FailureClass, ParameterKind};
use crate::recommend::{learnt, recommend_from};
use crate::report;
use crate::store::{Attempt, Detail, History};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Values of parameters that go on the page; of more parameters than that allows, those that matter most do.
const MOST_VALUES: usize = 150_000;
/// Designs that are listed with all their parameters.
const MOST_DESIGNS: usize = 100;

/// What is known of a run beside its study and history.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facts {
    /// running, complete or stopped.
    pub state: String,
    /// Why it stopped, where a rule did.
    pub stopped: String,
    /// Run directory, absolute.
    pub directory: String,
    /// When the report was made, seconds since 1970.
    pub made: f64,
    /// Version of this program.
    pub version: String,
    /// Largest possible hypervolume, where that is known.
    pub maximum: Option<f64>,
    /// What people should know of the files, for example a damaged snapshot.
    pub notices: Vec<String>,
    /// By class of failures, the log of the latest attempt, below the run directory.
    pub logs: BTreeMap<String, String>,
    /// The study file as given.
    pub text: String,
}

/// A report's figures; as JSON, what `paretorank report --json` prints.
#[derive(Debug, Serialize)]
pub struct Document {
    /// The study's name.
    study: String,
    seed: u64,
    /// Of the strategy.
    method: Method,
    /// Trials wanted in all.
    wanted: u64,
    /// Ended trials: ok, infeasible, failed.
    ended: (u64, u64, u64),
    facts: Facts,
    parameters: Vec<ParameterFacts>,
    objectives: Vec<ObjectiveFacts>,
    /// In the objectives' own directions; `None` before the first value.
    reference_point: Option<Vec<Rounded>>,
    /// Outcome constraints, as written.
    outcome_constraints: Vec<String>,
    trials: Columns,
    /// The nominal design, if it was evaluated, and the best ones.
    designs: Vec<Choice>,
    /// How many there are of the latter.
    recommended: usize,
    model: Option<Model>,
    /// Why there is no model.
    no_model: String,
    /// Share of the hypervolume that the last fifth of the trials has added; `None` before there are five.
    gain: Option<Rounded>,
    ranks: Option<Ranks>,
    split: Option<Times>,
    failures: Vec<Failed>,
    /// Starts of the program: seconds since 1970, host, batch job, evaluating ranks, trials ended before.
    sessions: Vec<(f64, String, String, u64, u64)>,
}

/// Failed attempts of a class.
#[derive(Debug, Serialize)]
pub struct Failed {
    class: &'static str,
    count: usize,
    /// Trials that had such ones.
    trials: usize,
    /// Trial of the latest.
    latest: u64,
    reason: String,
    /// Stage, key and attempt of the latest.
    place: String,
}

impl Document {
    /// The study's name.
    pub(super) fn title(&self) -> &str {
        &self.study
    }

    /// The document of a run. The model is fitted where the strategy has not left one.
    pub fn new(study: &Study, history: &History, facts: Facts) -> Self {
        let found = learnt(study, history);
        let (front, failed) = match &found {
            Ok((ledger, learnt)) => match recommend_from(ledger, learnt, study, history) {
                Ok(front) => (front, None),
                Err(error) => (vec![], Some(error)),
            },
            Err(_) => (vec![], None),
        };
        let recommended = front.len();
        let mut designs = choices(study, history, &front);
        designs.truncate(MOST_DESIGNS);
        let model = found.as_ref().ok().map(|(_, learnt)| Model::of(study, history, learnt, &designs));
        let no_model = found.as_ref().err().or(failed.as_ref()).map(ToString::to_string);
        let shares = found.as_ref().map(|(_, l)| importance(&study.problem.space, &l.relevance()));
        let shown = shown(study, history, shares.as_deref().unwrap_or(&[]));
        let curve = report::Curve::of(&study.problem, history);
        let gain = curve.as_ref().and_then(|curve| gain(&curve.hypervolume));
        let Counts { ok, infeasible, failed, .. } = history.counts();
        let own = |(r, o): (&f64, &crate::problem::Objective)| Rounded(o.goal.sign() * r);
        Self {
            study: study.name.clone(),
            seed: study.seed,
            method: study.strategy.method,
            wanted: study.strategy.trials,
            ended: (ok, infeasible, failed),
            facts,
            parameters: trials::parameters(study),
            objectives: trials::objectives(study),
            reference_point: curve
                .as_ref()
                .map(|c| c.reference.iter().zip(&study.problem.objectives).map(own).collect()),
            outcome_constraints: study
                .problem
                .outcome_constraints
                .iter()
                .map(|c| c.text.clone())
                .collect(),
            trials: Columns::of(study, history, curve.as_ref(), shown),
            designs,
            recommended,
            model,
            no_model: no_model.unwrap_or_default(),
            gain: gain.map(Rounded),
            ranks: Ranks::of(history),
            split: Times::of(history),
            failures: report::failures(history).iter().map(|f| failed_of(f, history)).collect(),
            sessions: history
                .sessions
                .iter()
                .map(|s| (s.at, s.host.clone(), s.job.clone(), s.evaluators, s.completed_before))
                .collect(),
        }
    }
}

fn failed_of(failures: &report::Failures<'_>, history: &History) -> Failed {
    let report::Failures { class, count, last } = failures;
    let is_one = |a: &&Attempt| {
        a.status == "failed" && FailureClass::split(&a.reason).is_some_and(|(found, _)| found == *class)
    };
    let trials: BTreeSet<u64> = history.attempts.iter().filter(is_one).map(|a| a.trial).collect();
    let Detail { stage, key, .. } = &last.detail;
    let key = if key.is_empty() { String::new() } else { format!(" ({key})") };
    Failed {
        class: class.name(),
        count: *count,
        trials: trials.len(),
        latest: last.trial,
        reason: last.reason.clone(),
        place: format!("{stage}{key}, attempt {} on rank {} ({})", last.attempt, last.rank, last.host),
    }
}

/// Share of the last hypervolume that came with the last fifth of the trials.
fn gain(hypervolume: &[f64]) -> Option<f64> {
    let last = *hypervolume.last()?;
    let before = hypervolume.len().checked_sub(hypervolume.len() / 5 + 1)?;
    (hypervolume.len() >= 5 && last > 0.0).then(|| (last - hypervolume[before]) / last)
}

/// The parameters whose values go on the page: all that vary, or those that matter most, by position.
fn shown(study: &Study, history: &History, importance: &[Vec<f64>]) -> Vec<usize> {
    let parameters = &study.problem.space.parameters;
    let varies = |at: &usize| !matches!(parameters[*at].kind, ParameterKind::Fixed { .. });
    let all: Vec<usize> = (0..parameters.len()).filter(varies).collect();
    let room = (MOST_VALUES / history.trials.len().max(1)).max(1);
    if all.len() <= room {
        return all;
    }
    let mut most = foremost(importance, room);
    most.extend(all.iter().filter(|at| !most.contains(at)).copied().collect::<Vec<_>>());
    most.truncate(room);
    most.sort_unstable();
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gain_is_that_of_the_last_fifth() {
        let curve: Vec<f64> = (1..=10).map(f64::from).collect();
        assert_eq!(gain(&curve), Some(0.2));
        assert_eq!(gain(&curve[..4]), None);
        assert_eq!(gain(&[0.0; 9]), None);
        assert_eq!(gain(&[]), None);
        assert_eq!(gain(&[4.0; 5]), Some(0.0));
    }
}
