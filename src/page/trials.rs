//! Every trial of a history in columns, as a page wants them.

use super::rounded::Rounded;
use crate::config::Study;
use crate::problem::{Outcome, ParameterKind, Scale, TrialId, Value};
use crate::report::{self, Curve};
use crate::store::{History, Trial};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Words that [`Columns::status`] counts from 0.
pub const STATUSES: [&str; 6] = ["ok", "violating", "infeasible", "failed", "interrupted", "pending"];
/// Characters of a reason on the page; the whole one is in the table of trials.
const LONGEST_REASON: usize = 300;

/// A parameter.
#[derive(Debug, Serialize)]
pub struct ParameterFacts {
    name: String,
    unit: String,
    /// float, integer, choice, fixed or events.
    kind: &'static str,
    /// Numbers only.
    lower: Option<f64>,
    upper: Option<f64>,
    /// Whether its bounds are spaced by ratios.
    log: bool,
    /// The values of a choice: columns have positions in this list.
    values: Vec<String>,
}

/// An objective.
#[derive(Debug, Serialize)]
pub struct ObjectiveFacts {
    name: String,
    unit: String,
    /// minimize or maximize.
    goal: &'static str,
    threshold: Option<f64>,
}

/// The trials, a column per quantity, row k for trial k.
#[derive(Debug, Serialize)]
pub struct Columns {
    /// What the numbers in `status` mean.
    statuses: [&'static str; 6],
    /// `violating`: ok, but beyond an outcome constraint.
    status: Vec<usize>,
    /// What the numbers in `origin` mean: first words of where trials come from.
    origins: Vec<String>,
    origin: Vec<usize>,
    /// Trials in the order in which they ended.
    ended: Vec<TrialId>,
    /// Seconds from the first start of the program to each end, in the order of `ended`.
    ended_s: Vec<Rounded>,
    /// Hypervolume after each end, in that order; empty if there is no reference point.
    hypervolume: Vec<Rounded>,
    /// Non-dominated acceptable trials.
    front: Vec<TrialId>,
    /// By parameter; of a choice positions in its values. Only those of `shown`.
    parameters: Vec<Vec<Option<Rounded>>>,
    /// The parameters that have a column: of very many only those that matter most.
    shown: Vec<usize>,
    /// By objective, in its own direction.
    objectives: Vec<Vec<Option<Rounded>>>,
    /// Standard errors, by objective.
    sem: Vec<Vec<Option<Rounded>>>,
    /// Why a trial is not ok.
    reasons: BTreeMap<TrialId, String>,
}

/// Parameters as facts.
pub fn parameters(study: &Study) -> Vec<ParameterFacts> {
    let facts = |p: &crate::problem::Parameter| {
        let (kind, bounds, scale) = match &p.kind {
            ParameterKind::Float { lower, upper, scale } => {
                ("float", Some((*lower, *upper)), Some(*scale))
            }
            ParameterKind::Integer { lower, upper, scale } => {
                ("integer", Some((*lower as f64, *upper as f64)), Some(*scale))
            }
            ParameterKind::Choice { .. } => ("choice", None, None),
            ParameterKind::Fixed { .. } => ("fixed", None, None),
            ParameterKind::Events(range) => {
                ("events", Some((range.lower as f64, range.upper as f64)), None)
            }
        };
        let values = match &p.kind {
            ParameterKind::Choice { values } => values.iter().map(Value::to_string).collect(),
            _ => vec![],
        };
        ParameterFacts {
            name: p.name.clone(),
            unit: p.unit.clone(),
            kind,
            lower: bounds.map(|b| b.0),
            upper: bounds.map(|b| b.1),
            log: scale == Some(Scale::Log),
            values,
        }
    };
    study.problem.space.parameters.iter().map(facts).collect()
}

/// Objectives as facts.
pub fn objectives(study: &Study) -> Vec<ObjectiveFacts> {
    let facts = |o: &crate::problem::Objective| ObjectiveFacts {
        name: o.name.clone(),
        unit: o.unit.clone(),
        goal: if o.goal.sign() > 0.0 { "minimize" } else { "maximize" },
        threshold: o.threshold,
    };
    study.problem.objectives.iter().map(facts).collect()
}

impl Columns {
    /// The columns of a history, with those parameters that `shown` names by position.
    pub fn of(study: &Study, history: &History, curve: Option<&Curve>, shown: Vec<usize>) -> Self {
        let problem = &study.problem;
        let begun = begun(history);
        let mut origins: BTreeSet<&str> = BTreeSet::new();
        origins.extend(history.trials.iter().map(|t| first_word(&t.proposed.origin)));
        let origins: Vec<&str> = origins.into_iter().collect();
        let place = |t: &Trial| origins.binary_search(&first_word(&t.proposed.origin)).unwrap_or(0);
        let ends = history.completions.iter().filter_map(|id| history.trials.get(*id as usize));
        let ends = ends.filter_map(|t| t.completed.as_ref());
        let column = |at: usize| {
            let kind = &problem.space.parameters[at].kind;
            let value = |t: &Trial| number(kind, t.proposed.design.get(at)?);
            Rounded::column(history.trials.iter().map(value))
        };
        let measured = |t: &Trial, k: usize| match t.completed.as_ref().map(|c| &c.outcome) {
            Some(Outcome::Ok { objectives, .. }) => objectives.get(k).copied(),
            _ => None,
        };
        let all = |k: usize| history.trials.iter().map(move |t| measured(t, k));
        let count = problem.objectives.len();
        let reason = |t: &Trial| {
            let text = t.completed.as_ref()?.outcome.reason();
            (!text.is_empty()).then(|| (t.proposed.trial, shortened(&text)))
        };
        Self {
            statuses: STATUSES,
            status: history.trials.iter().map(|t| status(study, t)).collect(),
            origin: history.trials.iter().map(place).collect(),
            origins: origins.iter().map(|o| (*o).to_owned()).collect(),
            ended: history.completions.clone(),
            ended_s: ends.map(|c| Rounded(c.finished - begun)).collect(),
            hypervolume: curve.iter().flat_map(|c| c.hypervolume.iter().copied().map(Rounded)).collect(),
            front: report::front(problem, history),
            parameters: shown.iter().map(|at| column(*at)).collect(),
            shown,
            objectives: (0..count)
                .map(|k| Rounded::column(all(k).map(|m| m.map(|m| m.value()))))
                .collect(),
            sem: (0..count).map(|k| Rounded::column(all(k).map(|m| m?.sem()))).collect(),
            reasons: history.trials.iter().filter_map(reason).collect(),
        }
    }
}

/// Seconds since 1970 at which the program was first started, or else the first trial proposed.
pub fn begun(history: &History) -> f64 {
    let first = history.sessions.first().map(|s| s.at);
    first.or(history.trials.first().map(|t| t.proposed.at)).unwrap_or(0.0)
}

fn first_word(origin: &str) -> &str {
    origin.split([' ', ':', ',']).next().unwrap_or(origin)
}

/// Position in [`STATUSES`].
fn status(study: &Study, trial: &Trial) -> usize {
    let word = match trial.completed.as_ref().map(|c| &c.outcome) {
        None => "pending",
        Some(ok @ Outcome::Ok { .. }) if !study.problem.acceptable(ok) => "violating",
        Some(outcome) => outcome.status(),
    };
    STATUSES.iter().position(|s| *s == word).unwrap_or(STATUSES.len() - 1)
}

/// A value as its column has it.
pub fn number(kind: &ParameterKind, value: &Value) -> Option<f64> {
    match kind {
        ParameterKind::Choice { values } => values.iter().position(|v| v == value).map(|at| at as f64),
        _ => value.number(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_REASON) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
