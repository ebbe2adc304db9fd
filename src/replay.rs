//! Every proposal of a history once more: each is a function of the study, the proposals before it and the
//! completions that it knew, so that it has to come out the same.

use crate::config::Study;
use crate::problem::{TrialId, Value};
use crate::steer::TOLD;
use crate::store::History;
use crate::strategy::{Proposer, ProposerError, StrategyError, WAITED};

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Trials that came out the same, from the first on.
    pub same: u64,
    /// Those of them that somebody told, which nothing can derive.
    pub told: u64,
    /// The first trial that did not.
    pub parted: Option<Parted>,
}

/// A proposal that came out differently.
#[derive(Debug, Clone, PartialEq)]
pub struct Parted {
    /// The trial.
    pub trial: TrialId,
    /// Completions that its proposal knew.
    pub seen: u64,
    /// Where its design comes from, as recorded and now.
    pub origins: [String; 2],
    /// Parameters with another value: name, as recorded, now.
    pub values: Vec<(String, Value, Value)>,
}

/// What stands in the way of a replay.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The constraints leave nothing.
    #[error(transparent)]
    Proposer(#[from] ProposerError),
    /// A design that is not one of this study.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// Something that happened before its cause.
    #[error("trial {trial} knew {seen} ends of trials, but only {known} are on record before it")]
    Unknown {
        /// The trial.
        trial: TrialId,
        /// What it says that it knew.
        seen: u64,
        /// What there is.
        known: usize,
    },
}

/// Proposes all trials of `history` anew, in their order, until one comes out differently; `progress` hears
/// how many came out the same.
///
/// # Errors
/// The history is not one of this study.
pub fn replay(
    study: &Study,
    history: &History,
    progress: &mut dyn FnMut(u64),
) -> Result<Replay, ReplayError> {
    let mut proposer = Proposer::new(study)?;
    let (mut known, mut told) = (0, 0);
    for (count, trial) in (0..).zip(&history.trials) {
        let proposed = &trial.proposed;
        let (id, seen) = (proposed.trial, proposed.seen);
        for ended in history.completions.iter().take(seen as usize).skip(known) {
            let completed = history.trials.get(*ended as usize).and_then(|t| t.completed.as_ref());
            if let Some(completed) = completed {
                proposer.tell(*ended, &completed.outcome);
            }
        }
        known = known.max(seen as usize);
        if known > history.completions.len() {
            let known = history.completions.len();
            return Err(ReplayError::Unknown { trial: id, seen, known });
        }
        progress(count);
        if proposed.origin == TOLD {
            proposer.adopt(id, &proposed.design, None)?;
            told += 1;
            continue;
        }
        let again = match proposed.origin.contains(WAITED) {
            true => proposer.ask_quickly(id, WAITED),
            false => proposer.ask(id),
        };
        if again.design != proposed.design {
            let names = study.problem.space.parameters.iter().map(|p| p.name.clone());
            let both = proposed.design.iter().cloned().zip(again.design);
            let values = names.zip(both).map(|(name, (then, now))| (name, then, now));
            let parted = Parted {
                trial: id,
                seen,
                origins: [proposed.origin.clone(), again.origin],
                values: values.filter(|(_, then, now)| then != now).collect(),
            };
            return Ok(Replay { same: count, told, parted: Some(parted) });
        }
    }
    Ok(Replay { same: history.trials.len() as u64, told, parted: None })
}

impl Parted {
    /// The largest difference between numbers, relative to the larger of both; `None` if something else
    /// than a number differs.
    pub fn relative(&self) -> Option<f64> {
        let of = |(_, then, now): &(String, Value, Value)| {
            let (then, now) = (then.number()?, now.number()?);
            Some((then - now).abs() / then.abs().max(now.abs()))
        };
        self.values.iter().map(of).try_fold(0.0, |most, next| Some(f64::max(most, next?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Measurement, Outcome};
    use crate::store::{Completed, Proposed, Record, Session};
    use crate::strategy::Candidate;

    fn study(method: &str) -> Study {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("study.toml");
        let text = format!(
            "[strategy]\nmethod = \"{method}\"\ninitial = 5\ntrials = 30\n[evaluator]\nbuiltin = \"dtlz2\"\n\
             dimension = 3\nobjectives = 2\n"
        );
        std::fs::write(&file, text).unwrap();
        crate::config::read(&file, &Default::default()).unwrap().0
    }

    /// A run with three trials under way at a time, of which one was told and one waited too long.
    fn history(study: &Study) -> History {
        let mut proposer = Proposer::new(study).unwrap();
        let mut history = History::default();
        let (host, job) = (String::new(), String::new());
        let session = Session { at: 0.0, host, job, evaluators: 3, capacity: 3, completed_before: 0 };
        history.apply(Record::Session(session)).unwrap();
        for trial in 0..20_u64 {
            let Candidate { design, origin, memory } = match trial {
                9 => {
                    let design = vec![Value::Float(0.25); 3];
                    proposer.adopt(trial, &design, None).unwrap();
                    Candidate { design, origin: TOLD.to_owned(), memory: None }
                }
                12 => proposer.ask_quickly(trial, &format!("{WAITED} more than 60 s")),
                _ => proposer.ask(trial),
            };
            let (seen, at) = (history.completions.len() as u64, trial as f64);
            let proposed = Proposed { trial, seen, design, origin, generation_s: 0.0, at, memory };
            history.apply(Record::Proposed(proposed)).unwrap();
            let Some(ended) = trial.checked_sub(2) else { continue };
            let x: Vec<f64> = history.trials[ended as usize]
                .proposed
                .design
                .iter()
                .map(|value| value.number().unwrap())
                .collect();
            let y = [x[0] + x[2], 1.0 - x[0] + x[1]].map(|y| Measurement::new(y, None).unwrap());
            let outcome = study.problem.measured(y.to_vec(), vec![]).unwrap();
            proposer.tell(ended, &outcome);
            let completed = Completed { trial: ended, outcome, started: 0.0, finished: at };
            history.apply(Record::Completed(completed)).unwrap();
        }
        history
    }

    #[test]
    fn a_history_comes_out_the_same_whatever_the_strategy() {
        for method in ["sobol", "lhc", "nsga2", "nsga3", "mobo"] {
            let study = study(method);
            let replayed = replay(&study, &history(&study), &mut |_| {}).unwrap();
            assert_eq!(replayed, Replay { same: 20, told: 1, parted: None }, "{method}");
        }
    }

    #[test]
    fn the_first_design_that_differs_is_named() {
        let study = study("mobo");
        let mut history = history(&study);
        let design = &mut history.trials[15].proposed.design;
        let k = design.iter().position(|value| value.number().unwrap() > 0.1).unwrap();
        design[k] = Value::Float(design[k].number().unwrap() * (1.0 + 1e-9));
        let replayed = replay(&study, &history, &mut |_| {}).unwrap();
        let parted = replayed.parted.unwrap();
        assert_eq!((replayed.same, parted.trial, parted.values.len()), (15, 15, 1));
        assert_eq!(parted.values[0].0, format!("x{k}"));
        assert!(parted.relative().unwrap() < 1e-6);
        // A result that was another one is met where it was first known to a proposal that depends on it.
        let mut history = self::history(&study);
        let Some(Completed { outcome: Outcome::Ok { objectives, .. }, .. }) =
            &mut history.trials[6].completed
        else {
            panic!("ok")
        };
        objectives[0] = Measurement::new(0.01, None).unwrap();
        let parted = replay(&study, &history, &mut |_| {}).unwrap().parted.unwrap();
        assert!(parted.seen > 6 && parted.trial >= 9, "{parted:?}");
    }

    #[test]
    fn knowledge_from_the_future_is_refused() {
        let study = study("sobol");
        let mut history = history(&study);
        history.trials[19].proposed.seen = 40;
        let refused = replay(&study, &history, &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains("trial 19 knew 40 ends of trials"), "{refused}");
    }
}
