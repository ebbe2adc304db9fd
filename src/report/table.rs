//! One row per trial, as CSV and as JSON.

use super::curve::{Curve, front};
use crate::config::Study;
use crate::problem::{Measurement, Outcome, OutcomeConstraint, TrialId};
use crate::store::{History, Trial};
use serde_json::{Map, Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

/// Writes one row per trial in the order of their numbers: `trial, status, reason, origin, created,
/// started, finished` (seconds since 1970), `generation_s, evaluation_s, ended` (position in the order
/// of completions, from 1), `hypervolume` (of the front after it ended), `front` (1 if it is acceptable
/// and nothing dominates it), `acceptable` (1 if it is ok and violates no outcome constraint, 0 if it
/// violates one), then a column per parameter, objective, objective's standard error, and metric, and
/// one headed `violation of TEXT` per outcome constraint: by how much, 0 if not at all. A quantity with
/// a unit is headed `name [unit]`; what is not known is empty.
///
/// # Errors
/// `to` cannot be written.
pub fn csv(study: &Study, history: &History, to: impl Write) -> Result<(), csv::Error> {
    let problem = &study.problem;
    let mut head: Vec<String> = [
        "trial",
        "status",
        "reason",
        "origin",
        "created",
        "started",
        "finished",
        "generation_s",
        "evaluation_s",
        "ended",
        "hypervolume",
        "front",
        "acceptable",
    ]
    .map(str::to_owned)
    .into();
    let titled = |name: &str, unit: &str| match unit {
        "" => name.to_owned(),
        unit => format!("{name} [{unit}]"),
    };
    head.extend(problem.space.parameters.iter().map(|p| titled(&p.name, &p.unit)));
    head.extend(problem.objectives.iter().map(|o| titled(&o.name, &o.unit)));
    head.extend(problem.objectives.iter().map(|o| titled(&format!("{}_sem", o.name), &o.unit)));
    head.extend(problem.metrics.iter().map(|m| titled(&m.name, &m.unit)));
    head.extend(problem.outcome_constraints.iter().map(|c| format!("violation of {}", c.text)));
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(&head)?;
    let view = View::of(study, history);
    for trial in &history.trials {
        writer.write_record(view.row(trial))?;
    }
    writer.flush()?;
    Ok(())
}

/// The same as JSON: `{"study", "seed", "reference_point", "hypervolume", "trials": […]}`, objectives
/// in their own direction.
pub fn json(study: &Study, history: &History) -> Json {
    let view = View::of(study, history);
    let problem = &study.problem;
    let reference = view.curve.as_ref().map(|curve| {
        let turned = curve.reference.iter().zip(&problem.objectives);
        turned.map(|(r, o)| r * o.goal.sign()).collect::<Vec<_>>()
    });
    json!({
        "study": study.name,
        "seed": study.seed,
        "reference_point": reference,
        "hypervolume": view.curve.as_ref().map(Curve::last),
        "trials": history.trials.iter().map(|t| view.object(t)).collect::<Vec<_>>(),
    })
}

/// What a row needs beside its trial.
struct View<'a> {
    study: &'a Study,
    curve: Option<Curve>,
    /// Position in the order of completions, from 0.
    ended: BTreeMap<TrialId, usize>,
    front: BTreeSet<TrialId>,
}

impl<'a> View<'a> {
    fn of(study: &'a Study, history: &History) -> Self {
        let ended = history.completions.iter().enumerate().map(|(at, id)| (*id, at)).collect();
        let curve = Curve::of(&study.problem, history);
        let front = front(&study.problem, history).into_iter().collect();
        Self { study, curve, ended, front }
    }

    fn hypervolume(&self, trial: TrialId) -> Option<f64> {
        self.curve.as_ref()?.hypervolume.get(*self.ended.get(&trial)?).copied()
    }

    /// `None` unless the trial is ok.
    fn acceptable(&self, trial: &Trial) -> Option<bool> {
        let outcome = &trial.completed.as_ref()?.outcome;
        matches!(outcome, Outcome::Ok { .. }).then(|| self.study.problem.acceptable(outcome))
    }

    fn row(&self, trial: &Trial) -> Vec<String> {
        let proposed = &trial.proposed;
        let number = |x: Option<f64>| x.map(|x| x.to_string()).unwrap_or_default();
        let completed = trial.completed.as_ref();
        let (objectives, metrics) = values(trial);
        let mut row = vec![
            proposed.trial.to_string(),
            status(trial).to_owned(),
            completed.map(|c| c.outcome.reason()).unwrap_or_default(),
            proposed.origin.clone(),
            proposed.at.to_string(),
            number(completed.map(|c| c.started)),
            number(completed.map(|c| c.finished)),
            proposed.generation_s.to_string(),
            number(completed.map(|c| c.finished - c.started)),
            self.ended.get(&proposed.trial).map(|at| (at + 1).to_string()).unwrap_or_default(),
            number(self.hypervolume(proposed.trial)),
            u8::from(self.front.contains(&proposed.trial)).to_string(),
            self.acceptable(trial).map(|yes| u8::from(yes).to_string()).unwrap_or_default(),
        ];
        row.extend(proposed.design.iter().map(ToString::to_string));
        let measured =
            |k: usize, f: fn(&Measurement) -> Option<f64>| number(objectives.get(k).and_then(f));
        let problem = &self.study.problem;
        row.extend((0..problem.objectives.len()).map(|k| measured(k, |m| Some(m.value()))));
        row.extend((0..problem.objectives.len()).map(|k| measured(k, Measurement::sem)));
        let metric = |k: usize| metrics.get(k).and_then(|m| m.as_ref()).map(Measurement::value);
        row.extend((0..problem.metrics.len()).map(|k| number(metric(k))));
        let violation = |c: &OutcomeConstraint| c.violation(&completed?.outcome);
        row.extend(problem.outcome_constraints.iter().map(|c| number(violation(c))));
        row
    }

    fn object(&self, trial: &Trial) -> Json {
        let problem = &self.study.problem;
        let proposed = &trial.proposed;
        let completed = trial.completed.as_ref();
        let (objectives, metrics) = values(trial);
        let names = problem.space.parameters.iter().map(|p| p.name.clone());
        let parameters: Map<String, Json> =
            names.zip(proposed.design.iter().map(|v| json!(v))).collect();
        let measured = |m: &Measurement| json!({ "value": m.value(), "sem": m.sem() });
        let names = problem.objectives.iter().map(|o| o.name.clone());
        let objectives: Map<String, Json> = names.zip(objectives.iter().map(measured)).collect();
        let names = problem.metrics.iter().map(|m| m.name.clone());
        let metrics: Map<String, Json> =
            names.zip(metrics.iter().map(|m| m.as_ref().map_or(Json::Null, measured))).collect();
        let violation = |c: &OutcomeConstraint| c.violation(&completed?.outcome);
        let violations: Map<String, Json> =
            problem.outcome_constraints.iter().map(|c| (c.text.clone(), json!(violation(c)))).collect();
        json!({
            "trial": proposed.trial,
            "status": status(trial),
            "reason": completed.map(|c| c.outcome.reason()),
            "origin": proposed.origin,
            "created": proposed.at,
            "started": completed.map(|c| c.started),
            "finished": completed.map(|c| c.finished),
            "generation_s": proposed.generation_s,
            "evaluation_s": completed.map(|c| c.finished - c.started),
            "ended": self.ended.get(&proposed.trial).map(|at| at + 1),
            "hypervolume": self.hypervolume(proposed.trial),
            "front": self.front.contains(&proposed.trial),
            "acceptable": self.acceptable(trial),
            "parameters": parameters,
            "objectives": objectives,
            "metrics": metrics,
            "violations": violations,
        })
    }
}

/// `pending` until the trial has ended.
fn status(trial: &Trial) -> &'static str {
    trial.completed.as_ref().map_or("pending", |c| c.outcome.status())
}

fn values(trial: &Trial) -> (&[Measurement], &[Option<Measurement>]) {
    match trial.completed.as_ref().map(|c| &c.outcome) {
        Some(Outcome::Ok { objectives, metrics }) => (objectives, metrics),
        _ => (&[], &[]),
    }
}
