//! What people are told when a stopping rule has ended a run.

use crate::config::{Evaluator, Study};
use crate::exec;
use crate::problem::Outcome;
use crate::stopping;
use crate::store::{History, Stopped};

/// How many failed trials are shown with the place of their output.
const SHOWN: usize = 3;

/// Which rule it was, as it was set, and what it found.
pub fn line(stopped: &Stopped) -> String {
    if stopping::is_unset(stopped) {
        return format!("because {}", stopped.reason);
    }
    format!("by strategy.stop.{}: {}", stopped.setting, stopped.reason)
}

/// How to go on after the study was completed by a rule.
pub fn how_to_go_on(stopped: &Stopped) -> String {
    format!("remove or relax strategy.stop.{} and run again to go on", stopped.rule.name())
}

/// The whole message after too many trials failed: which, where their output lies, what to do.
pub fn failing(study: &Study, history: &History, stopped: &Stopped) -> String {
    let mut text = format!("stopped {}", line(stopped));
    let ended = &history.completions[..(stopped.completed as usize).min(history.completions.len())];
    let failed = ended.iter().rev().filter_map(|id| {
        let completed = history.trials.get(*id as usize)?.completed.as_ref()?;
        matches!(completed.outcome, Outcome::Failed { .. }).then_some(completed)
    });
    for completed in failed.take(SHOWN) {
        let last = history.attempts.iter().rfind(|a| a.trial == completed.trial);
        let place = match (&study.evaluator, last) {
            (Evaluator::Command(_), Some(attempt)) => {
                let dir = exec::attempt_directory(&study.output, completed.trial, None, attempt.attempt);
                format!("{}/stderr", dir.display())
            }
            _ => completed.outcome.reason(),
        };
        text += &format!("\ntrial {}: {place}", completed.trial);
    }
    text += "\nlook there; once that is mended, run the same line again to go on: failures are then counted \
             anew";
    if stopping::is_unset(stopped) {
        text += "; with strategy.stop.failures set, that decides instead";
    }
    text
}
