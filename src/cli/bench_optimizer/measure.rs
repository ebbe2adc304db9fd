//! One seed's run: ask for a batch, evaluate, tell, measure.

use super::memory;
use crate::config::{Evaluator, Study};
use crate::evaluator::{noise_of, observe};
use crate::pareto::{self, Front};
use crate::problem::{Design, TrialId, Value};
use crate::recommend;
use crate::strategy::{self, Learnt, Ledger, Proposer, Timings};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

/// What came out.
#[derive(Debug, Serialize)]
pub struct Run {
    pub seed: u64,
    /// Number of trials after each batch.
    pub trials: Vec<u64>,
    /// Hypervolume after each batch, with the function's reference point; see [`worth`].
    pub hypervolume: Vec<f64>,
    /// What all trials cost, in events; only where trials have costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<f64>,
    /// Hypervolume of the true values of the trials that the model recommends at the end; only where trials
    /// have costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recommended: Option<f64>,
    /// Largest hypervolume there is, where known.
    pub max_hypervolume: Option<f64>,
    /// Means per candidate of the strategy proper, in seconds; `None` without such candidates.
    #[serde(flatten)]
    pub cost: Cost,
    /// Peak resident memory of the process during the run, in MB; `None` where it cannot be measured.
    pub peak_rss_mb: Option<f64>,
}

/// Seconds per candidate.
#[derive(Debug, Default, Serialize)]
pub struct Cost {
    /// Processor time of all threads.
    pub cpu_s_per_candidate: Option<f64>,
    pub wall_s_per_candidate: Option<f64>,
    /// Of the wall time, what fits of models take; 0 for strategies without models.
    pub fit_s: Option<f64>,
    /// Of the wall time, what the acquisition takes.
    pub acquisition_s: Option<f64>,
}

/// What trials cost, in events, and may cost in all.
#[derive(Debug, Clone, Copy)]
pub struct Spending {
    /// Beside the events.
    pub overhead: f64,
    /// Events of every trial where they are no choice.
    pub fixed: Option<i64>,
    /// The batch that reaches it is the last.
    pub budget: f64,
}

impl Spending {
    fn cost(&self, study: &Study, design: &Design) -> f64 {
        let chosen = study.problem.space.events_of(design);
        self.overhead + self.fixed.or(chosen).unwrap_or(0) as f64
    }
}

/// What a run has learned by its end.
#[derive(Debug)]
pub struct Learned {
    memory: Vec<u8>,
    ledger: Ledger,
}

/// Runs a study of a test function in batches: the trials of one are all asked for before the first is
/// told. With `known` the strategy has the hyperparameters that another run of the problem has learned, at
/// every batch, in place of its own.
///
/// # Errors
/// The study cannot be proposed for, or a value is not finite; in words.
pub fn run(
    study: &Study,
    batch: u64,
    spending: Option<Spending>,
    known: Option<&Learned>,
) -> Result<(Run, Learned), String> {
    let Evaluator::Builtin(builtin) = &study.evaluator else {
        return Err("only test functions can be measured".to_owned());
    };
    let function = builtin.test_function().map_err(|e| e.to_string())?;
    let reference = function.reference_point();
    let resets = memory::reset_peak();
    let mut proposer = Proposer::new(study).map_err(|e| e.to_string())?;
    let (mut truths, mut observations) = (Vec::new(), Vec::new());
    let mut front = Front::new(reference.clone());
    let (mut trials, mut hypervolume) = (Vec::new(), Vec::new());
    let mut meter = Meter::default();
    let (mut spent, mut ledger) = (0.0, Ledger::new(study.problem.clone()));
    let mut true_values = BTreeMap::new();
    let mut next = 0;
    while next < study.strategy.trials && spending.is_none_or(|s| spent < s.budget) {
        // The strategy proper begins a batch of its own.
        let initial = study.strategy.initial;
        let most = if next < initial { initial } else { study.strategy.trials };
        let end = (next + batch).min(most).min(study.strategy.trials);
        if let Some(Learned { memory, ledger: learned }) = known.filter(|_| next >= initial) {
            let memory = strategy::knowing(memory, learned, &ledger)
                .ok_or("the strategy has learned no hyperparameters that could be taken over")?;
            proposer.withdraw(&[], &memory).map_err(|e| e.to_string())?;
        }
        let designs = match next < initial {
            true => ask(&mut proposer, next..end),
            false => meter.ask(&mut proposer, next..end),
        };
        for (trial, design) in designs {
            let space = &study.problem.space;
            let x: Vec<f64> = space.without_events(&design).filter_map(Value::number).collect();
            let values = [function.evaluate(&x), function.constraint_values(&x)].concat();
            let seen = |noise| observe(&study.problem, &values, noise, study.seed, trial);
            let noise = builtin.noise.map(|noise| noise_of(noise, space, &design));
            let (truth, outcome) = (seen(None)?, seen(noise)?);
            spent += spending.map_or(0.0, |s| s.cost(study, &design));
            true_values.insert(trial, study.problem.accepted(&truth));
            ledger.propose(trial, &design);
            ledger.tell(trial, &outcome);
            if let Some(observed) = study.problem.accepted(&outcome) {
                front.insert(&observed);
                observations.push(observed);
                truths.push(study.problem.accepted(&truth));
            }
            proposer.tell(trial, &outcome);
        }
        next = end;
        trials.push(next);
        hypervolume.push(match builtin.noise {
            // The same, and far cheaper: what is seen is true.
            None => front.hypervolume(),
            Some(_) => worth(&truths, &observations, &reference),
        });
    }
    let recommended = || {
        let learnt = Learnt::new(&ledger, study.strategy.model, study.seed, None);
        let best = learnt.and_then(|learnt| recommend::best(&ledger, &learnt));
        let best = best.map_err(|e| e.to_string())?;
        let true_values = best.iter().filter_map(|(trial, _)| true_values.get(trial)?.clone());
        Ok::<f64, String>(pareto::hypervolume(&true_values.collect::<Vec<_>>(), &reference))
    };
    let run = Run {
        seed: study.seed,
        trials,
        hypervolume,
        events: spending.map(|_| spent),
        recommended: spending.map(|_| recommended()).transpose()?,
        max_hypervolume: function.max_hypervolume().map(|m| m.value),
        cost: meter.cost(),
        peak_rss_mb: if resets { memory::peak_mb() } else { None },
    };
    Ok((run, Learned { memory: proposer.memory().to_vec(), ledger }))
}

fn ask(proposer: &mut Proposer, trials: Range<TrialId>) -> Vec<(TrialId, Design)> {
    trials.map(|trial| (trial, proposer.ask(trial).design)).collect()
}

/// Hypervolume of the true values of those trials that no other trial's observed values dominate: what
/// the front that a user is shown is worth. Without noise, the hypervolume of all acceptable trials.
/// `observations` are of trials that seem acceptable; a truth is `None` if the trial violates outcome
/// constraints all the same, which makes it worthless.
fn worth(truths: &[Option<Vec<f64>>], observations: &[Vec<f64>], reference: &[f64]) -> f64 {
    let shown = pareto::non_dominated(observations);
    let true_values: Vec<Vec<f64>> = shown.into_iter().filter_map(|k| truths[k].clone()).collect();
    pareto::hypervolume(&true_values, reference)
}

/// Sums over the candidates of the strategy proper.
#[derive(Default)]
struct Meter {
    candidates: u64,
    cpu: Duration,
    wall: Duration,
    strategy: Timings,
}

impl Meter {
    /// Candidates, with what they cost.
    fn ask(&mut self, proposer: &mut Proposer, trials: Range<TrialId>) -> Vec<(TrialId, Design)> {
        let (strategy, cpu, begun) = (proposer.timings(), processor_time(), Instant::now());
        let designs = ask(proposer, trials);
        self.wall += begun.elapsed();
        self.cpu += processor_time().saturating_sub(cpu);
        self.candidates += designs.len() as u64;
        let after = proposer.timings();
        self.strategy.fit_s += after.fit_s - strategy.fit_s;
        self.strategy.acquisition_s += after.acquisition_s - strategy.acquisition_s;
        designs
    }

    fn cost(&self) -> Cost {
        if self.candidates == 0 {
            return Cost::default();
        }
        let each = |seconds: f64| Some(seconds / self.candidates as f64);
        Cost {
            cpu_s_per_candidate: each(self.cpu.as_secs_f64()),
            wall_s_per_candidate: each(self.wall.as_secs_f64()),
            fit_s: each(self.strategy.fit_s),
            acquisition_s: each(self.strategy.acquisition_s),
        }
    }
}

/// Processor time of all threads of this process so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.max(0).unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::study_of;
    use super::*;
    use crate::config::{Builtin, Method, Noise};
    use crate::problem::{EventRange, Parameter, ParameterKind};

    fn last(study: &Study, batch: u64, spending: Option<Spending>) -> Run {
        run(study, batch, spending, None).unwrap().0
    }

    fn study(method: Method, noise: Option<Noise>, trials: u64) -> Study {
        study_with("dtlz2", method, noise, trials)
    }

    fn study_of_dimension(dimension: usize, trials: u64) -> Study {
        let (function, objectives) = ("dtlz2".to_owned(), 2);
        let builtin =
            Builtin { function, dimension, objectives, variant: None, noise: None, delay: None };
        study_of(builtin, Method::Mobo, 8, trials).unwrap()
    }

    fn study_with(function: &str, method: Method, noise: Option<Noise>, trials: u64) -> Study {
        let function = function.to_owned();
        let builtin =
            Builtin { function, dimension: 3, objectives: 2, variant: None, noise, delay: None };
        study_of(builtin, method, 8, trials).unwrap()
    }

    #[test]
    fn a_model_that_is_told_standard_errors_ends_with_a_better_front() {
        let total = |known: bool| -> f64 {
            let study = study(Method::Mobo, Some(Noise { sd: 0.2, known }), 40);
            (0..8)
                .map(|seed| last(&Study { seed, ..study.clone() }, 5, None))
                .fold(0.0, |sum, run| sum + run.hypervolume.last().unwrap())
        };
        let (told, untold) = (total(true), total(false));
        assert!(told > 1.05 * untold, "{told} against {untold}");
    }

    /// For the same cost the choice of the strategy is worth about as much as the best number for all trials,
    /// and clearly more than the worst: nobody knows beforehand which is which.
    #[test]
    fn chosen_numbers_of_events_are_worth_what_the_best_fixed_one_is() {
        let worth = |fixed: Option<i64>| -> f64 {
            let (upper, overhead) = (2000, 250.0);
            let more = fixed.map_or(1.0, |n| f64::from(upper as i32) / n as f64);
            let mut study =
                study(Method::Mobo, Some(Noise { sd: 0.1 * f64::sqrt(more), known: true }), 400);
            if fixed.is_none() {
                let kind = ParameterKind::Events(EventRange { lower: 125, upper, overhead });
                let (name, unit) = ("events".into(), String::new());
                study.problem.space.parameters.push(Parameter { name, kind, unit, default: None });
            }
            let spending = Spending { overhead, fixed, budget: 40_000.0 };
            let runs = (0..8).map(|seed| last(&Study { seed, ..study.clone() }, 5, Some(spending)));
            let spent = |run: &Run| (40_000.0..60_000.0).contains(&run.events.unwrap());
            runs.inspect(|run| assert!(spent(run))).map(|run| run.recommended.unwrap()).sum()
        };
        let fixed = [125, 500, 2000].map(|n| worth(Some(n)));
        let (best, worst) = fixed.iter().fold((0.0, f64::INFINITY), |(b, w), f| (f.max(b), f.min(w)));
        let chosen = worth(None);
        assert!(chosen > 0.95 * best && chosen > 1.1 * worst, "{chosen} against {fixed:?}");
    }

    #[test]
    fn without_noise_the_hypervolume_is_that_of_all_trials_and_never_falls() {
        let run = last(&study(Method::Nsga2, None, 33), 5, None);
        assert_eq!(run.trials, [5, 8, 13, 18, 23, 28, 33]);
        assert!(run.hypervolume.windows(2).all(|h| h[1] >= h[0]), "{:?}", run.hypervolume);
        let most = run.max_hypervolume.unwrap();
        let last = *run.hypervolume.last().unwrap();
        assert!(last > 0.2 * most && last < most, "{last}");
        assert!(run.cost.cpu_s_per_candidate.is_some());
        assert_eq!(run.cost.fit_s, Some(0.0), "a strategy without models");
    }

    #[test]
    fn noise_is_seen_by_the_strategy_and_not_by_the_hypervolume() {
        // With sd 3 some observed value lies far below the front, where no true value can.
        let noisy = |known| last(&study(Method::Sobol, Some(Noise { sd: 3.0, known }), 200), 50, None);
        let (run, clean) = (noisy(false), last(&study(Method::Sobol, None, 200), 50, None));
        for (noisy, clean) in run.hypervolume.iter().zip(&clean.hypervolume) {
            assert!(noisy < clean, "some of the best are hidden: {noisy} {clean}");
        }
        assert_eq!(run.hypervolume, noisy(true).hypervolume);
    }

    #[test]
    fn the_worth_of_a_noisy_front_is_that_of_its_true_values() {
        let truths = [Some(vec![0.5, 0.5]), Some(vec![0.2, 0.8]), Some(vec![0.95, 0.6]), None];
        // The third seems to dominate the first; the second stays; the last only seems acceptable.
        let observations = [vec![0.5, 0.5], vec![0.2, 0.8], vec![0.4, 0.4], vec![0.1, 0.9]];
        let value = worth(&truths, &observations, &[1.0, 1.0]);
        assert!((value - (0.8 * 0.2 + 0.05 * 0.2)).abs() < 1e-12, "{value}");
    }

    #[test]
    fn what_violates_is_worth_nothing() {
        // Sobol trials are the same whatever they are told; the balls hold part of the front.
        let run = |f| last(&study_with(f, Method::Sobol, None, 300), 50, None).hypervolume;
        let (constrained, free) = (run("c2dtlz2"), run("dtlz2"));
        let last = constrained.last().unwrap();
        assert!(*last > 0.0 && last < free.last().unwrap(), "{constrained:?} {free:?}");
    }

    /// A study that has the hyperparameters of a longer one from its first batch on is not worse for it, and
    /// goes another way.
    #[test]
    fn known_hyperparameters_are_taken_over() {
        let total = |runs: &[Run]| runs.iter().filter_map(|run| run.hypervolume.last()).sum::<f64>();
        let (mut own, mut knowing) = (vec![], vec![]);
        for seed in 0..4 {
            let study = Study { seed, ..study_of_dimension(9, 30) };
            let longer = Study { seed, ..study_of_dimension(9, 90) };
            let (_, learned) = run(&longer, 5, None, None).unwrap();
            own.push(run(&study, 5, None, None).unwrap().0);
            knowing.push(run(&study, 5, None, Some(&learned)).unwrap().0);
        }
        assert_eq!(own[0].hypervolume[..2], knowing[0].hypervolume[..2], "the initial design");
        assert!(total(&knowing) > total(&own), "{} {}", total(&knowing), total(&own));
    }

    #[test]
    fn candidates_of_the_initial_design_cost_nothing() {
        let run = last(&study(Method::Mobo, None, 8), 4, None);
        assert_eq!(run.cost.wall_s_per_candidate, None);
        let json = serde_json::to_value(&run).unwrap();
        assert!(json["cpu_s_per_candidate"].is_null() && json["fit_s"].is_null());
    }

    #[test]
    fn models_take_part_of_the_wall_time() {
        let cost = last(&study(Method::Mobo, None, 12), 2, None).cost;
        let (fit, acquisition) = (cost.fit_s.unwrap(), cost.acquisition_s.unwrap());
        assert!(fit > 0.0 && acquisition > 0.0);
        assert!(fit + acquisition <= cost.wall_s_per_candidate.unwrap());
    }
}
