//! What is told, checked as a whole before any of it counts.

use crate::config::{Method, Study, suggestion};
use crate::problem::{Design, FailureClass, Outcome, Parameter, ParameterKind, Problem, TrialId, Value};
use crate::store::{History, Trial};
use serde_json::{Map, Value as Json};

/// Origin of trials that were told without having been asked for.
pub const TOLD: &str = "told";

/// Keys of an entry.
const KEYS: [&str; 6] = ["trial", "parameters", "objectives", "metrics", "infeasible", "failed"];

/// An entry, understood.
///
/// It is written as `{"trial": 7, …}` or, for a point of one's own, `{"parameters": {…}, …}`, with
/// either `"objectives": {name: value, …}` (a value is a number or `{"value": …, "sem": …}`) and, as far
/// as there are any, `"metrics": {…}`; or `"infeasible": "why"`; or `"failed": "why"`.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// How a pending trial ended.
    End(TrialId, Outcome),
    /// What was told before, word for word.
    Known(TrialId, Outcome),
    /// A point that was not asked for, and how it ended.
    Own(Design, Outcome),
}

/// What the entries of one batch mean.
///
/// # Errors
/// The first entry that is wrong, counted from 1, with what would be right.
pub(super) fn understand(
    study: &Study,
    history: &History,
    entries: &[Json],
) -> Result<Vec<Told>, String> {
    let mut batch: Vec<Told> = Vec::with_capacity(entries.len());
    for (k, entry) in entries.iter().enumerate() {
        let one = one(study, history, &batch, entry);
        let place = if entries.len() == 1 { String::new() } else { format!("entry {}: ", k + 1) };
        batch.push(one.map_err(|wrong| format!("{place}{wrong}"))?);
    }
    Ok(batch)
}

fn one(study: &Study, history: &History, batch: &[Told], entry: &Json) -> Result<Told, String> {
    let Json::Object(entry) = entry else {
        return Err(format!("must be an object such as {}, not {entry}", example(study)));
    };
    known_keys(entry, &KEYS, "keys")?;
    match (entry.get("trial"), entry.get("parameters")) {
        (Some(trial), None) => {
            let Some(trial) = trial.as_u64() else {
                return Err(format!("trial must be a trial's number, not {trial}"));
            };
            let outcome = outcome(&study.problem, entry).map_err(|e| format!("trial {trial}: {e}"))?;
            end(history, batch, trial, outcome)
        }
        (None, Some(parameters)) => {
            let design = design(&study.problem, parameters)?;
            own(study, history, batch, design, outcome(&study.problem, entry)?)
        }
        (both, _) => {
            let has = if both.is_some() { "both" } else { "neither" };
            Err(format!(
                "needs either trial (one that was asked for) or parameters (a point of your own), and \
                 has {has}; for example {}",
                example(study)
            ))
        }
    }
}

fn end(history: &History, batch: &[Told], trial: TrialId, outcome: Outcome) -> Result<Told, String> {
    let twice = |told: &Told| matches!(told, Told::End(t, _) | Told::Known(t, _) if *t == trial);
    let earlier = batch.iter().find(|told| twice(told)).map(|told| match told {
        Told::End(_, outcome) | Told::Known(_, outcome) | Told::Own(_, outcome) => outcome,
    });
    let found = history.trials.get(usize::try_from(trial).unwrap_or(usize::MAX));
    let Some(Trial { completed, .. }) = found else {
        return Err(format!("trial {trial} was never proposed; {}", pending(history)));
    };
    match earlier.or(completed.as_ref().map(|c| &c.outcome)) {
        None => Ok(Told::End(trial, outcome)),
        Some(known) if *known == outcome => Ok(Told::Known(trial, outcome)),
        Some(known) => Err(format!(
            "trial {trial} has ended already ({}), and what is told now differs; a second measurement is a \
             point of your own: give its parameters in place of the trial",
            known.status()
        )),
    }
}

fn own(
    study: &Study,
    history: &History,
    batch: &[Told],
    design: Design,
    outcome: Outcome,
) -> Result<Told, String> {
    let space = &study.problem.space;
    if study.strategy.method == Method::List {
        return Err(
            "the study has method = \"list\": it has the points of its list and no others".into()
        );
    }
    if let Some(constraint) = space.violated(&design) {
        return Err(format!("the design violates the constraint {:?}", constraint.text));
    }
    for Trial { proposed, completed } in &history.trials {
        if !space.same(&proposed.design, &design) {
            continue;
        }
        let id = proposed.trial;
        match completed {
            None => {
                return Err(format!(
                    "this is the design of trial {id}, which is pending: write \"trial\": {id} in place of \
                     its parameters"
                ));
            }
            Some(c) if proposed.origin == TOLD && c.outcome == outcome => {
                return Ok(Told::Known(id, outcome));
            }
            Some(_) => {}
        }
    }
    let told = Told::Own(design, outcome);
    match batch.iter().position(|other| *other == told) {
        Some(k) => Err(format!("is entry {} again", k + 1)),
        None => Ok(told),
    }
}

fn design(problem: &Problem, written: &Json) -> Result<Design, String> {
    let Json::Object(written) = written else {
        return Err(format!("parameters must be an object of names and values, not {written}"));
    };
    let parameters = &problem.space.parameters;
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    known_keys(written, &names, "parameters")?;
    let value = |p: &Parameter| {
        let (name, kind) = (&p.name, &p.kind);
        let value = match (written.get(name), kind) {
            (None, ParameterKind::Fixed { value }) => return Ok(value.clone()),
            (None, _) => return Err(format!("parameters lack {name}")),
            (Some(Json::String(text)), _) => Value::Text(text.clone()),
            (Some(Json::Number(n)), _) => match (n.as_i64(), n.as_f64()) {
                (Some(i), _) => Value::Integer(i),
                (None, Some(x)) => Value::Float(x),
                (None, None) => return Err(format!("parameter {name} = {n} is too large")),
            },
            (Some(other), _) => {
                return Err(format!("parameter {name} must be a number or a text, not {other}"));
            }
        };
        kind.understand(&value).map_err(|right| format!("parameter {name} = {value} must be {right}"))
    };
    parameters.iter().map(value).collect()
}

fn outcome(problem: &Problem, entry: &Map<String, Json>) -> Result<Outcome, String> {
    let given: Vec<&str> =
        ["objectives", "infeasible", "failed"].into_iter().filter(|k| entry.contains_key(*k)).collect();
    let reason = |key: &str| match &entry[key] {
        Json::String(text) if !text.trim().is_empty() => Ok(text.clone()),
        other => Err(format!("{key} must be the reason in words, not {other}")),
    };
    let no_metrics = |outcome: Outcome| match entry.contains_key("metrics") {
        true => {
            Err(format!("metrics belong to objectives; a trial that is {} has none", outcome.status()))
        }
        false => Ok(outcome),
    };
    match given[..] {
        ["objectives"] => {
            let objectives = names_of(problem.objectives.iter().map(|o| &o.name));
            let metrics = names_of(problem.metrics.iter().map(|m| &m.name));
            let mut values = group(entry, "objectives", &objectives)?;
            values.extend(group(entry, "metrics", &metrics)?);
            problem.result(&values)
        }
        ["infeasible"] => no_metrics(Outcome::Infeasible { reason: reason("infeasible")? }),
        // The class of a payload that left no result: nothing else is known of an evaluation outside.
        ["failed"] => {
            no_metrics(Outcome::Failed { class: FailureClass::Output, reason: reason("failed")? })
        }
        [] => {
            Err("needs objectives = {name: value, …}, infeasible = \"why\" or failed = \"why\"".into())
        }
        _ => Err(format!("has {} together; only one of them can be", given.join(" and "))),
    }
}

fn group(entry: &Map<String, Json>, key: &str, known: &[&str]) -> Result<Map<String, Json>, String> {
    match entry.get(key) {
        None => Ok(Map::new()),
        Some(Json::Object(values)) => {
            known_keys(values, known, key)?;
            Ok(values.clone())
        }
        Some(other) => Err(format!("{key} must be an object of names and values, not {other}")),
    }
}

fn names_of<'a>(names: impl Iterator<Item = &'a String>) -> Vec<&'a str> {
    names.map(String::as_str).collect()
}

fn known_keys(object: &Map<String, Json>, known: &[&str], what: &str) -> Result<(), String> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{key:?} is not among the {what}{}", suggestion(key, known, what))),
        None => Ok(()),
    }
}

/// Which trials could be told, for messages.
fn pending(history: &History) -> String {
    let open: Vec<String> = history
        .trials
        .iter()
        .filter(|t| t.completed.is_none())
        .map(|t| t.proposed.trial.to_string())
        .collect();
    match open.len() {
        0 => "no trial is pending: ask for one first".into(),
        n if n > 20 => format!("{n} trials are pending, {} to {}", open[0], open[n - 1]),
        _ => format!("pending: {}", open.join(", ")),
    }
}

fn example(study: &Study) -> String {
    let objectives: Vec<String> =
        study.problem.objectives.iter().map(|o| format!("{:?}: 1.0", o.name)).collect();
    format!("{{\"trial\": 7, \"objectives\": {{{}}}}}", objectives.join(", "))
}
