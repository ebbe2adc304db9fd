//! `paretorank check --one`: the first design of a study through everything that a trial is.

use super::run::{self, StudyArgs};
use super::text::short;
use super::{complain, write_out};
use crate::config::{Evaluator, Study};
use crate::exit::Exit;
use crate::problem::{Measurement, Outcome};
use crate::store;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Runs trial 0 in a run directory of its own, beside the study's, and prints what was measured.
pub fn run(args: &StudyArgs, study: &Study) -> Exit {
    if study.evaluator == Evaluator::Outside {
        complain("--one: the study is evaluated outside; there is nothing to run");
        return Exit::Usage;
    }
    let place = free_place(&study.output);
    let study_args = StudyArgs { output: Some(place.clone()), trials: Some(1), ..args.clone() };
    let ran = run::run(&run::Args {
        study: study_args,
        also: vec![],
        workers: None,
        time_limit: None,
        is_alone: true,
    });
    let stored = match store::read(&place) {
        Ok(stored) => stored,
        // The run has said what was wrong.
        Err(_) if ran != Exit::Complete => return ran,
        Err(error) => return super::refuse(&error),
    };
    let ended = stored.history.trials.first().and_then(|trial| trial.completed.as_ref());
    let Some(outcome) = ended.map(|ended| &ended.outcome) else { return ran };
    let written = write_out(None, text(study, outcome, &place).as_bytes());
    if matches!(outcome, Outcome::Ok { .. }) { written } else { Exit::Failed }
}

/// `OUTPUT-one`, or the next name that nothing has yet.
fn free_place(output: &Path) -> PathBuf {
    let named = |ending: String| {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        output.with_file_name(name)
    };
    let later = (2_u32..).map(|n| named(format!("-one-{n}")));
    std::iter::once(named("-one".to_owned()))
        .chain(later)
        .find(|path| !path.exists())
        .unwrap_or_default()
}

/// What became of the trial, value by value, and where its files are.
fn text(study: &Study, outcome: &Outcome, place: &Path) -> String {
    let which = match study.strategy.nominal {
        Some(true) => "the nominal design",
        _ => "the first design; not every parameter has a default",
    };
    let mut out = format!("\ntrial 0 ({which}): {}\n", outcome.status());
    let mut row = |name: &str, unit: &str, measured: Option<&Measurement>| {
        let value = measured.map_or("not measured".to_owned(), |m| match m.sem() {
            Some(sem) => format!("{} ± {}", short(m.value()), short(sem)),
            None => short(m.value()),
        });
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", format!("  {name:<18} {value} {unit}").trim_end());
    };
    match outcome {
        Outcome::Ok { objectives, metrics } => {
            for (objective, value) in study.problem.objectives.iter().zip(objectives) {
                row(&objective.name, &objective.unit, Some(value));
            }
            for (metric, value) in study.problem.metrics.iter().zip(metrics) {
                row(&metric.name, &metric.unit, value.as_ref());
            }
        }
        other => {
            let _ = writeln!(out, "  {}", other.reason());
        }
    }
    let _ = writeln!(out, "  {:<18} {}", "files", place.join("trials/000000").display());
    out
}
