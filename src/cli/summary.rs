//! The last words of a run: what came out and where it is.

use super::stops;
use crate::config::{Evaluator, Study};
use crate::problem::{Counts, OutcomeConstraint};
use crate::report::{self, Curve, EventFigures, Makeshift, Starts};
use crate::stopping;
use crate::store::{History, Stopped};
use std::fmt::Write;
use std::path::Path;

/// A run's result in numbers.
#[derive(Debug)]
pub struct Standing {
    /// Ended trials.
    pub counts: Counts,
    /// How many of the ok ones violate outcome constraints.
    pub violating: u64,
    /// Non-dominated acceptable designs.
    pub front: usize,
    /// Hypervolume and reference point (turned so that smaller is better), once there is one.
    pub hypervolume: Option<(f64, Vec<f64>)>,
    /// The largest hypervolume there is, where that is known.
    pub maximum: Option<f64>,
    /// The stopping rule by which the study is complete, or the last session ended.
    pub stopped: Option<Stopped>,
}

impl Standing {
    /// The standing of a history.
    pub fn of(study: &Study, history: &History) -> Self {
        let curve = Curve::of(&study.problem, history);
        Self {
            counts: history.counts(),
            violating: report::violating(&study.problem, history),
            front: report::front(&study.problem, history).len(),
            hypervolume: curve.map(|c| (c.last(), c.reference)),
            maximum: maximum_hypervolume(study),
            stopped: stopping::complete_by(study, history)
                .or_else(|| stopping::last_stop(history).cloned()),
        }
    }
}

/// A few lines for people about a run's result; `dir` is the run directory.
pub fn text(study: &Study, history: &History, dir: &Path) -> String {
    let Standing { counts, violating, front, hypervolume, maximum, stopped } =
        Standing::of(study, history);
    let mut out = String::new();
    let violating = match study.problem.outcome_constraints.is_empty() {
        true => String::new(),
        false => format!(" (of which {violating} violate outcome constraints)"),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        out,
        "trials       {} of {}: {} ok{violating}, {} infeasible, {} failed",
        counts.ended(),
        study.strategy.trials,
        counts.ok,
        counts.infeasible,
        counts.failed
    );
    let _ = writeln!(out, "front        {front} non-dominated designs");
    if let Some((hypervolume, reference)) = hypervolume {
        let share = maximum
            .map(|m| format!(", {:.1} % of the maximum {m:.4}", 100.0 * hypervolume / m))
            .unwrap_or_default();
        let shown: Vec<_> = study
            .problem
            .objectives
            .iter()
            .zip(&reference)
            .map(|(o, r)| format!("{:.4} {}", o.goal.sign() * r, o.unit).trim_end().to_owned())
            .collect();
        let _ =
            writeln!(out, "hypervolume  {hypervolume:.4}{share} (reference point {})", shown.join(", "));
    }
    if let Some(events) = EventFigures::of(study, history) {
        let _ = writeln!(out, "events       {}", events.line());
    }
    for stage in report::stages(history) {
        let _ = writeln!(out, "stage        {}", stage.line());
    }
    if let Some(starts) = Starts::of(history) {
        let _ = writeln!(out, "starts       {}", starts.line());
    }
    if let Some(line) = Makeshift::of(history).line() {
        let _ = writeln!(out, "makeshift    {line}");
    }
    if let Some(stopped) = stopped {
        let _ = writeln!(out, "stopped      {}", stops::line(&stopped));
    }
    let has_log = dir.join("run.log").exists();
    let dir = dir.display();
    let _ = writeln!(out, "history      {dir}/history.h5 (HDF5; paretorank export {dir} --csv)");
    let _ = writeln!(out, "page         paretorank report {dir} makes one of all this, with plots");
    // A study that was only ever steered from outside has none.
    if has_log {
        let _ = writeln!(out, "log          {dir}/run.log");
    }
    out
}

/// The largest hypervolume there is, where the evaluator is a test function that knows it.
pub fn maximum_hypervolume(study: &Study) -> Option<f64> {
    let Evaluator::Builtin(builtin) = &study.evaluator else { return None };
    let function = builtin.test_function().ok()?;
    let thresholds = study.problem.minimized_thresholds();
    let same = thresholds.iter().zip(function.reference_point()).all(|(t, r)| *t == Some(r));
    let own = function.constraint_names().iter().enumerate();
    let mut own = own.map(|(k, name)| OutcomeConstraint::at_most_zero(name, function.objectives() + k));
    let constraints = &study.problem.outcome_constraints;
    let same = same
        && constraints.len() == own.len()
        && constraints.iter().all(|c| own.next().is_some_and(|o| o.agrees_with(c)));
    if same { function.max_hypervolume().map(|m| m.value) } else { None }
}
