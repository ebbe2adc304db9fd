//! `paretorank front`: the designs to be recommended.

use super::text::{columns, short};
use super::{complain, stored, write_out};
use crate::config::Study;
use crate::exit::Exit;
use crate::problem::Measurement;
use crate::recommend::{Recommended, recommend};
use crate::store::History;
use serde_json::{Map, Value as Json, json};
use std::path::PathBuf;

/// Arguments of `paretorank front`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// Prints the front, every objective measured and predicted.
pub fn run(args: &Args) -> Exit {
    let stored = match stored(&args.run) {
        Ok(stored) => stored,
        Err(exit) => return exit,
    };
    let (study, history) = (&stored.study, &stored.history);
    let front = match recommend(study, history) {
        Ok(front) => front,
        Err(error) => {
            complain(format_args!("nothing can be recommended yet: {error}"));
            return Exit::Failed;
        }
    };
    let text = match args.json {
        true => format!("{:#}\n", document(study, history, &front)),
        false => table(study, history, &front),
    };
    write_out(None, text.as_bytes())
}

fn document(study: &Study, history: &History, front: &[Recommended]) -> Json {
    let parameters = &study.problem.space.parameters;
    let one = |r: &Recommended| {
        let design = design(history, r);
        let design: Map<_, _> =
            parameters.iter().zip(design).map(|(p, v)| (p.name.clone(), json!(v))).collect();
        let named = study.problem.objectives.iter().zip(r.measured.iter().zip(&r.predicted));
        let objectives: Map<_, _> = named
            .map(|(objective, (measured, predicted))| {
                let values = json!({
                    "measured": { "value": measured.value(), "sem": measured.sem() },
                    "predicted": { "value": predicted.value(), "sd": predicted.sem() },
                });
                (objective.name.clone(), values)
            })
            .collect();
        json!({ "trial": r.trial, "parameters": design, "objectives": objectives })
    };
    json!({ "study": study.name, "front": front.iter().map(one).collect::<Vec<_>>() })
}

fn design<'a>(history: &'a History, one: &Recommended) -> &'a [crate::problem::Value] {
    history.trials.get(one.trial as usize).map_or(&[], |trial| &trial.proposed.design)
}

/// Trial, objectives measured and predicted, parameters; in columns.
fn table(study: &Study, history: &History, front: &[Recommended]) -> String {
    let titled = |name: &str, unit: &str| match unit {
        "" => name.to_owned(),
        unit => format!("{name} [{unit}]"),
    };
    let mut head = vec!["trial".to_owned()];
    for objective in &study.problem.objectives {
        head.push(titled(&objective.name, &objective.unit));
        head.push("predicted".to_owned());
    }
    head.extend(study.problem.space.parameters.iter().map(|p| titled(&p.name, &p.unit)));
    let mut rows = vec![head];
    for one in front {
        let mut row = vec![one.trial.to_string()];
        for (measured, predicted) in one.measured.iter().zip(&one.predicted) {
            row.extend([with_error(measured), with_error(predicted)]);
        }
        row.extend(design(history, one).iter().map(|value| match value.number() {
            Some(number) => short(number),
            None => value.to_string(),
        }));
        rows.push(row);
    }
    columns(&rows)
}

fn with_error(measured: &Measurement) -> String {
    match measured.sem() {
        Some(sem) => format!("{} ± {}", short(measured.value()), short(sem)),
        None => short(measured.value()),
    }
}
