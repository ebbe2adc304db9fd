use super::*;
use crate::problem::{Goal, Measurement, Objective, Outcome, Parameter, ParameterKind, Scale, Space};
use rand::RngExt;

fn problem(d: usize, m: usize) -> Problem {
    let kind = || ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear };
    let parameter =
        |j| Parameter { name: format!("x{j}"), kind: kind(), unit: String::new(), default: None };
    let objective = |k| Objective {
        name: format!("f{k}"),
        goal: Goal::Minimize,
        threshold: Some(1.1),
        unit: String::new(),
    };
    Problem {
        space: Space { parameters: (0..d).map(parameter).collect(), constraints: vec![] },
        objectives: (0..m).map(objective).collect(),
        metrics: vec![],
        outcome_constraints: vec![],
    }
}

/// A convex front: the squared distances from M corners, scaled.
fn evaluate(x: &[f64], m: usize) -> Outcome {
    let to_corner = |k: usize| {
        let squares = x.iter().enumerate().map(|(j, x)| (x - if j == k { 0.9 } else { 0.2 }).powi(2));
        squares.sum::<f64>()
    };
    let objectives = (0..m).filter_map(|k| Measurement::new(to_corner(k), None)).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

fn ledger_with(problem: &Problem, count: u64) -> Ledger {
    let mut ledger = Ledger::new(problem.clone());
    let mut rng = crate::rng::stream(2, "test", 0);
    for trial in 0..count {
        let unit: Vec<f64> = (0..problem.space.dimension()).map(|_| rng.random()).collect();
        ledger.propose(trial, &problem.space.decode(&unit));
        let outcome = match trial % 5 {
            3 => Outcome::Infeasible { reason: "test".into() },
            4 => Outcome::Failed { class: crate::problem::FailureClass::Exit, reason: "test".into() },
            _ => evaluate(&unit, problem.objectives.len()),
        };
        ledger.tell(trial, &outcome);
    }
    ledger
}

const FORMS: [Surrogate; 2] = [Surrogate::Pooled, Surrogate::Sparse];

fn mobo(problem: &Problem) -> Mobo {
    mobo_with(problem, Surrogate::Pooled)
}

fn mobo_with(problem: &Problem, form: Surrogate) -> Mobo {
    let region = Region::new(&problem.space).unwrap();
    Mobo::new(problem, region, 7, form)
}

#[test]
fn gradient_of_the_whole_acquisition_agrees_with_central_differences() {
    for (m, form) in [1, 3, 5].into_iter().flat_map(|m| FORMS.map(|form| (m, form))) {
        let problem = problem(5, m);
        let mut ledger = ledger_with(&problem, 25);
        ledger.propose(25, &problem.space.decode(&[0.3, 0.6, 0.2, 0.8, 0.5]));
        let fitted = Fitted::new(&ledger, None, form, 7).unwrap();
        let mut model = Model::new(&ledger, &fitted).unwrap();
        model.update(&ledger);
        assert_eq!(model.views() == 1, form == Surrogate::Pooled);
        let mut rng = crate::rng::stream(1, "test", 1);
        let acquire = Acquire::new(&problem, &ledger, &model, &mut rng).unwrap();
        let x = [0.41, 0.27, 0.66, 0.12, 0.83];
        let mut gradient = [0.0; 5];
        let value = acquire.value_with_gradient(&x, &mut gradient);
        assert!((value - acquire.value(&x)).abs() < 1e-12);
        for j in 0..5 {
            let step = 1e-6;
            let moved = |sign: f64| {
                let mut x = x;
                x[j] += sign * step;
                acquire.value(&x)
            };
            let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
            let error = (slope - gradient[j]).abs() / slope.abs().max(1.0);
            assert!(error < 1e-5, "M = {m}, {form:?}, x[{j}]: {slope} against {}", gradient[j]);
        }
    }
}

#[test]
fn a_pending_trial_pushes_the_next_candidate_away() {
    let problem = problem(2, 2);
    let mut ledger = ledger_with(&problem, 12);
    let mut strategy = mobo(&problem);
    let first = strategy.propose(12, &ledger).unwrap();
    assert_eq!(
        mobo(&problem).propose(12, &ledger).unwrap(),
        first,
        "the same question, the same answer"
    );
    ledger.propose(12, &problem.space.decode(&first));
    let second = strategy.propose(13, &ledger).unwrap();
    let distance: f64 = first.iter().zip(&second).map(|(a, b)| (a - b).powi(2)).sum();
    assert!(distance.sqrt() > 1e-3, "{first:?} and {second:?}");
}

#[test]
fn memory_carries_the_fit_over_a_restart() {
    let problem = problem(3, 2);
    for form in FORMS {
        let mut ledger = ledger_with(&problem, 20);
        let mut strategy = mobo_with(&problem, form);
        let mut restarted = mobo_with(&problem, form);
        for trial in 20..24 {
            let proposed = strategy.propose(trial, &ledger).unwrap();
            let memory = strategy.memory();
            ledger.propose(trial, &problem.space.decode(&proposed));
            restarted = mobo_with(&problem, form);
            restarted.recall(&memory).unwrap();
            // Enough of them for the next fit, from the chains of this one.
            ledger.tell(trial, &evaluate(&proposed, 2));
        }
        assert_eq!(strategy.propose(24, &ledger).unwrap(), restarted.propose(24, &ledger).unwrap());
        assert!(restarted.recall(&[9, 9, 9]).is_err());
    }
}

#[test]
fn without_values_there_is_nothing_to_propose() {
    let problem = problem(3, 2);
    let ledger = Ledger::new(problem.clone());
    assert!(matches!(mobo(&problem).propose(0, &ledger), Err(StrategyError::NoValues)));
}

#[test]
fn where_every_parameter_is_fixed_there_is_one_point() {
    let problem = problem(0, 1);
    let mut ledger = ledger_with(&problem, 10);
    ledger.propose(10, &problem.space.decode(&[]));
    assert_eq!(mobo(&problem).propose(11, &ledger).unwrap(), [0.0; 0]);
}

#[test]
fn of_very_many_trials_the_best_the_newest_and_some_others_are_learnt_from() {
    let problem = problem(3, 2);
    let ledger = ledger_with(&problem, 2000);
    let trials = ledger.observed();
    let chosen = quantity::chosen(trials);
    assert!(chosen.len() <= 800 && chosen.windows(2).all(|w| w[0] < w[1]));
    let (at, values): (Vec<usize>, Vec<Vec<f64>>) =
        { trials.iter().enumerate() }.filter_map(|(i, o)| o.objectives.clone().map(|y| (i, y))).unzip();
    let best = crate::pareto::non_dominated(&values);
    assert!(best.len() > 5 && best.iter().all(|i| chosen.contains(&at[*i])));
    let failed = |i: &usize| trials[*i].objectives.is_none() && !trials[*i].infeasible;
    assert!(!chosen.iter().any(failed), "a failure says nothing about the design");
    let newest = (0..trials.len()).rev().filter(|i| !failed(i)).take(150);
    assert!({ newest }.all(|i| chosen.contains(&i)));
    assert!(chosen.iter().filter(|i| **i < 1000).count() > 100, "old ones too");
    let few = ledger_with(&problem, 100);
    assert_eq!(quantity::chosen(few.observed()).len(), 80, "all that are not failed");
}

#[test]
fn a_pending_design_that_took_another_ones_place_is_believed_in_instead() {
    let problem = problem(2, 2);
    let mut ledger = ledger_with(&problem, 12);
    let with = |ledger: &Ledger, unit: &[f64]| {
        let mut ledger = ledger.clone();
        ledger.propose(12, &problem.space.decode(unit));
        ledger
    };
    let mut strategy = mobo(&problem);
    let first = strategy.propose(12, &ledger).unwrap();
    strategy.propose(13, &with(&ledger, &first)).unwrap();
    // The first is withdrawn, another made in its stead.
    let other = with(&ledger, &[0.9, 0.1]);
    assert_eq!(strategy.propose(13, &other).unwrap(), mobo(&problem).propose(13, &other).unwrap());
    // What came of it enters the processes one by one, as if they had been made with it.
    ledger = other;
    ledger.tell(12, &evaluate(&[0.9, 0.1], 2));
    let memory = strategy.memory();
    let mut restarted = mobo(&problem);
    restarted.recall(&memory).unwrap();
    assert_eq!(strategy.propose(14, &ledger).unwrap(), restarted.propose(14, &ledger).unwrap());
}

#[test]
fn what_is_learnt_tells_trials_apart_and_finds_what_matters() {
    // Only the first three of six coordinates have a say, the first by far the most.
    let problem = problem(6, 2);
    let value = |x: &[f64]| [(5.0 * x[0]).sin() + 0.2 * x[1], (4.0 * x[0]).cos() + 0.3 * x[2]];
    let mut ledger = Ledger::new(problem.clone());
    let mut rng = crate::rng::stream(2, "test", 1);
    for trial in 0..70 {
        let unit: Vec<f64> = (0..6).map(|_| rng.random()).collect();
        ledger.propose(trial, &problem.space.decode(&unit));
        let objectives = value(&unit).iter().filter_map(|y| Measurement::new(*y, None)).collect();
        let failed =
            || Outcome::Failed { class: crate::problem::FailureClass::Exit, reason: "test".into() };
        ledger.tell(
            trial,
            &if trial % 7 == 3 { failed() } else { Outcome::Ok { objectives, metrics: vec![] } },
        );
    }
    for form in FORMS {
        let learnt = Learnt::new(&ledger, form, 7, None).unwrap();
        assert_eq!(learnt.trials(), 60);
        for shares in learnt.relevance() {
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            assert!(shares[0] > 0.5, "{form:?}: {shares:?}");
        }
        let left_out = learnt.left_out();
        for (k, of_objective) in left_out.iter().enumerate() {
            assert_eq!(of_objective.len(), 60);
            for left in of_objective {
                let observed = ledger.observed().iter().find(|o| o.trial == left.trial).unwrap();
                assert!((left.value - observed.objectives.as_ref().unwrap()[k]).abs() < 1e-9);
                assert!((left.expected.0 - left.value).abs() < 0.5, "{form:?} {left:?}");
            }
        }
        let new: Vec<Vec<f64>> = (0..20).map(|_| (0..6).map(|_| rng.random()).collect()).collect();
        for (x, predicted) in new.iter().zip(learnt.predict(&new)) {
            for ((mean, sd), y) in predicted.iter().zip(value(x)) {
                assert!((mean - y).abs() < 0.3 && *sd > 0.0, "{form:?}: {mean} {sd} {y}");
            }
        }
        let smoothed = learnt.smoothed(&ledger);
        assert_eq!(smoothed.len(), 60);
        assert!(smoothed.windows(2).all(|w| w[0].0 < w[1].0), "by trial");
    }
}

#[test]
fn what_the_strategy_remembers_is_what_is_shown() {
    let problem = problem(4, 2);
    let ledger = ledger_with(&problem, 30);
    let mut mobo = mobo(&problem);
    mobo.propose(30, &ledger).unwrap();
    // More trials, as many as make no new fit due.
    let more = ledger_with(&problem, 32);
    let memory = mobo.memory();
    let remembered = Learnt::new(&more, Surrogate::Pooled, 7, Some(&memory)).unwrap();
    let model = mobo.model.as_mut().unwrap();
    model.update(&more);
    model.forget();
    let x = vec![vec![0.3, 0.6, 0.1, 0.9]];
    let shown = remembered.predict(&x)[0].clone();
    let own: Vec<_> = model.objectives().iter().map(|p| p.smoothed(&x)[0]).collect();
    assert_eq!(shown, own);
    assert_eq!(remembered.trials(), more.ok().count());
    // What cannot be a memory of this problem is no reason to fail.
    let anew = Learnt::new(&more, Surrogate::Pooled, 7, Some(b"\x03nonsense")).unwrap();
    assert_eq!(anew.trials(), more.ok().count());
    let none = Ledger::new(problem);
    assert!(matches!(Learnt::new(&none, Surrogate::Pooled, 7, None), Err(StrategyError::NoValues)));
}
