//! The designs to be recommended: those that are best where the noise of their own evaluation is smoothed
//! away. The front of noisy values is that of the lucky ones.

use crate::config::{Method, Study};
use crate::pareto;
use crate::problem::{Measurement, Outcome, TrialId};
use crate::store::History;
use crate::strategy::{Learnt, Ledger, Smoothed, StrategyError};

/// A design of the front, in every objective's own direction and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Recommended {
    /// The trial.
    pub trial: TrialId,
    /// What was measured, one per objective.
    pub measured: Vec<Measurement>,
    /// What the model makes of all trials together, with its standard deviation.
    pub predicted: Vec<Measurement>,
}

/// The trials of a history, and what processes have learnt from them, with the hyperparameters that the study's
/// own strategy had last where it has any.
///
/// # Errors
/// The model cannot be fitted: there are no values, or too wild ones.
pub fn learnt(study: &Study, history: &History) -> Result<(Ledger, Learnt), StrategyError> {
    let mut ledger = Ledger::new(study.problem.clone());
    for id in &history.completions {
        let Some(trial) = history.trials.get(*id as usize) else { continue };
        if let Some(completed) = &trial.completed {
            ledger.propose(*id, &trial.proposed.design);
            ledger.tell(*id, &completed.outcome);
        }
    }
    let memory = history.trials.iter().rev().find_map(|t| t.proposed.memory.as_deref());
    let memory = memory.filter(|_| study.strategy.method == Method::Mobo);
    let learnt = Learnt::new(&ledger, study.strategy.model, study.seed, memory)?;
    Ok((ledger, learnt))
}

/// The acceptable trials of which the model believes that none of the others dominates them, by trial. Where
/// nothing is noisy it believes what was measured. Of more trials than the model learns from, those that it has
/// learnt from. Deterministic.
///
/// # Errors
/// As [`learnt`].
pub fn recommend(study: &Study, history: &History) -> Result<Vec<Recommended>, StrategyError> {
    let (ledger, learnt) = learnt(study, history)?;
    recommend_from(&ledger, &learnt, study, history)
}

/// The same from what was learnt already.
///
/// # Errors
/// No trial is acceptable.
pub fn recommend_from(
    ledger: &Ledger,
    learnt: &Learnt,
    study: &Study,
    history: &History,
) -> Result<Vec<Recommended>, StrategyError> {
    let recommended = |(trial, each): &Smoothed| {
        let turned = each
            .iter()
            .zip(&study.problem.objectives)
            .map(|((mean, sd), objective)| Measurement::new(objective.goal.sign() * mean, Some(*sd)));
        let completed = history.trials.get(*trial as usize)?.completed.as_ref()?;
        let Outcome::Ok { objectives, .. } = &completed.outcome else { return None };
        let predicted = turned.collect::<Option<_>>()?;
        Some(Recommended { trial: *trial, measured: objectives.clone(), predicted })
    };
    Ok(best(ledger, learnt)?.iter().filter_map(recommended).collect())
}

/// The same from a ledger of the study's: trials by number, what the model believes of them turned so that
/// smaller is better.
///
/// # Errors
/// No trial is acceptable.
pub fn best(ledger: &Ledger, learnt: &Learnt) -> Result<Vec<Smoothed>, StrategyError> {
    if !ledger.observed().iter().any(|o| o.acceptable) {
        return Err(StrategyError::NoValues);
    }
    let mut believed = learnt.smoothed(ledger);
    let means: Vec<Vec<f64>> =
        believed.iter().map(|(_, each)| each.iter().map(|(mean, _)| *mean).collect()).collect();
    let best = pareto::non_dominated(&means);
    Ok(best.into_iter().map(|at| std::mem::take(&mut believed[at])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Space;
    use crate::store::{Completed, Proposed, Record};
    use crate::strategy::Proposer;
    use rand::RngExt;
    use rand_distr::StandardNormal;

    /// A study of DTLZ2 with normal noise of this standard deviation, which is told, and its history.
    fn noisy(sd: f64) -> (Study, History) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("study.toml");
        let text = "[strategy]\nmethod = \"mobo\"\ninitial = 12\ntrials = 60\n[evaluator]\nbuiltin = \"dtlz2\"\n\
                    dimension = 4\nobjectives = 2\n";
        std::fs::write(&file, text).unwrap();
        let study = crate::config::read(&file, &Default::default()).unwrap().0;
        let mut proposer = Proposer::new(&study).unwrap();
        let mut noise = crate::rng::stream(3, "noise", 0);
        let mut history = History::default();
        for trial in 0..60 {
            let candidate = proposer.ask(trial);
            let (design, origin, memory) = (candidate.design, candidate.origin, candidate.memory);
            let truth = truth(&design);
            let seen = truth.iter().map(|y| y + sd * noise.sample::<f64, _>(StandardNormal));
            let sem = (sd > 0.0).then_some(sd);
            let measured = seen.map(|y| Measurement::new(y, sem).unwrap()).collect();
            let outcome = study.problem.measured(measured, vec![]).unwrap();
            proposer.tell(trial, &outcome);
            let (generation_s, at) = (0.0, trial as f64);
            let proposed = Proposed { trial, seen: trial, design, origin, generation_s, at, memory };
            history.apply(Record::Proposed(proposed)).unwrap();
            let completed = Completed { trial, outcome, started: at, finished: at };
            history.apply(Record::Completed(completed)).unwrap();
        }
        (study, history)
    }

    fn truth(design: &[crate::problem::Value]) -> Vec<f64> {
        let function = crate::test_functions::by_name("dtlz2", 4, 2, None).unwrap();
        function.evaluate(&Space::numbers(design))
    }

    #[test]
    fn what_is_recommended_is_nearer_to_the_truth_than_what_was_measured() {
        let (study, history) = noisy(0.15);
        let recommended = recommend(&study, &history).unwrap();
        assert!(recommended.len() > 3, "{}", recommended.len());
        let (mut of_measured, mut of_predicted, mut beyond) = (0.0, 0.0, 0);
        for one in &recommended {
            let truth = truth(&history.trials[one.trial as usize].proposed.design);
            for ((y, measured), predicted) in truth.iter().zip(&one.measured).zip(&one.predicted) {
                of_measured += (measured.value() - y).powi(2);
                of_predicted += (predicted.value() - y).powi(2);
                let off = (predicted.value() - y).abs();
                beyond += usize::from(off > 3.0 * predicted.sem().unwrap());
            }
        }
        assert!(of_predicted < 0.5 * of_measured, "{of_predicted} against {of_measured}");
        assert!(beyond <= recommended.len() / 4, "{beyond} of {} beyond 3 sd", 2 * recommended.len());
    }

    #[test]
    fn without_noise_it_is_the_front_that_was_measured() {
        let (study, history) = noisy(0.0);
        let recommended = recommend(&study, &history).unwrap();
        for one in &recommended {
            for (measured, predicted) in one.measured.iter().zip(&one.predicted) {
                assert!((measured.value() - predicted.value()).abs() < 0.01, "{one:?}");
            }
        }
        assert!(matches!(recommend(&study, &History::default()), Err(StrategyError::NoValues)));
    }
}
