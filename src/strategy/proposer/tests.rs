//! What every method has to keep to, whatever it is told.

mod events;
mod numerics;
mod quality;

use super::*;
use crate::config::{Builtin, Checkpoint, Evaluator, InitialDesign, Limits, StrategySettings};
use crate::pareto::hypervolume;
use crate::problem::{
    FailureClass, Goal, LinearConstraint, Measurement, Objective, OutcomeConstraint, Parameter,
    ParameterKind, Problem, Scale, Value, mixed_space,
};
use proptest::prelude::*;

const METHODS: [Method; 5] = [Method::Sobol, Method::Lhc, Method::Nsga2, Method::Nsga3, Method::Mobo];

fn study(space: Space, objectives: usize, method: Method, initial: u64, trials: u64) -> Study {
    let objective = |m: usize| Objective {
        name: format!("y{m}"),
        goal: if m.is_multiple_of(2) { Goal::Minimize } else { Goal::Maximize },
        threshold: None,
        unit: String::new(),
    };
    Study {
        name: "test".into(),
        seed: 17,
        output: "runs/test".into(),
        problem: Problem {
            space,
            objectives: (0..objectives).map(objective).collect(),
            metrics: vec![],
            outcome_constraints: vec![],
        },
        geometry: None,
        strategy: StrategySettings {
            method,
            model: Default::default(),
            initial,
            initial_design: InitialDesign::default(),
            nominal: None,
            points: vec![],
            population: None,
            trials,
            ready: 0,
            in_flight: None,
            batch: None,
            patience_s: 60.0,
            stop: Default::default(),
        },
        evaluator: Evaluator::Builtin(Builtin {
            function: "dtlz2".into(),
            dimension: 2,
            objectives,
            variant: None,
            noise: None,
            delay: None,
        }),
        container: None,
        checkpoint: Checkpoint { every_s: 60.0 },
        limits: Limits {
            time_limit_s: None,
            margin_s: 60.0,
            silence_s: 300.0,
            disk_bytes: None,
            share: 1.0,
        },
        pilot: None,
        overflow: None,
    }
}

fn space(kinds: Vec<ParameterKind>) -> Space {
    let parameter = |kind| Parameter { name: "p".into(), kind, unit: String::new(), default: None };
    Space { parameters: kinds.into_iter().map(parameter).collect(), constraints: vec![] }
}

fn floats(dimension: usize) -> Space {
    let kind = ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear };
    space(vec![kind; dimension])
}

fn ok(values: &[f64]) -> Outcome {
    let objectives = values.iter().map(|y| Measurement::new(*y, None).unwrap()).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

/// A made-up outcome: mostly values that follow the design, else one of the other ends.
fn outcome(design: &Design, objectives: usize, dice: u64) -> Outcome {
    let reason = String::new();
    match dice % 8 {
        0 => Outcome::Infeasible { reason },
        1 => Outcome::Failed { class: FailureClass::Exit, reason },
        2 => Outcome::Interrupted { reason },
        _ => {
            let x: f64 = Space::numbers(design).iter().sum();
            let y: Vec<f64> =
                (0..objectives).map(|m| (x + m as f64 + (dice % 5) as f64).sin()).collect();
            ok(&y)
        }
    }
}

/// What a proposer was asked and told, in order.
#[derive(Clone)]
enum Event {
    Ask(TrialId, Candidate),
    Tell(TrialId, Outcome),
}

/// Asks for `trials` candidates with at most `flight` pending; which trial ends and how, `dice` say.
fn run(proposer: &mut Proposer, study: &Study, trials: u64, flight: usize, dice: u64) -> Vec<Event> {
    let mut rng = rng::stream(dice, "test", 0);
    let mut events = Vec::new();
    let mut pending: Vec<(TrialId, Design)> = Vec::new();
    for trial in 0..trials {
        while pending.len() >= flight || (!pending.is_empty() && rng.random_bool(0.4)) {
            let (ended, design) = pending.remove(rng.random_range(0..pending.len()));
            let outcome = outcome(&design, study.problem.objectives.len(), rng.random());
            proposer.tell(ended, &outcome);
            events.push(Event::Tell(ended, outcome));
        }
        let candidate = proposer.ask(trial);
        pending.push((trial, candidate.design.clone()));
        events.push(Event::Ask(trial, candidate));
    }
    events
}

/// Feeds a fresh proposer with all but the last `rest` events, then compares what it proposes.
fn replay(mut proposer: Proposer, events: &[Event], rest: usize) {
    let known = events.len().saturating_sub(rest);
    for event in &events[..known] {
        match event {
            Event::Ask(trial, c) => proposer.adopt(*trial, &c.design, c.memory.as_deref()).unwrap(),
            Event::Tell(trial, outcome) => proposer.tell(*trial, outcome),
        }
    }
    for event in &events[known..] {
        match event {
            Event::Ask(trial, candidate) => assert_eq!(&proposer.ask(*trial), candidate),
            Event::Tell(trial, outcome) => proposer.tell(*trial, outcome),
        }
    }
}

/// How a study is run: method, objectives, initial trials, trials, most trials pending.
type Setting = (Method, usize, u64, u64, usize);

/// No candidate is out of bounds, disallowed or repeated without saying so, and a proposer that was
/// restarted `rest` events before the end goes on alike.
fn candidates_are_allowed_new_and_repeatable(
    space: &Space,
    (method, objectives, initial, trials, flight): Setting,
    dice: u64,
    rest: usize,
) -> Result<(), TestCaseError> {
    let constrained = |j: usize| space.constraints.iter().any(|c| c.terms.iter().any(|t| t.0 == j));
    let free = space
        .parameters
        .iter()
        .enumerate()
        .any(|(j, p)| matches!(p.kind, ParameterKind::Float { .. }) && !constrained(j));
    let mut study = study(space.clone(), objectives, method, initial, trials);
    if dice.is_multiple_of(2) {
        let text = "y0 <= 0.2".to_owned();
        let constraint = OutcomeConstraint { text, terms: vec![(0, 1.0)], upper: 0.2 };
        study.problem.outcome_constraints.push(constraint);
    }
    let events = run(&mut Proposer::new(&study).unwrap(), &study, trials, flight, dice);
    let mut units: Vec<Vec<f64>> = Vec::new();
    for event in &events {
        let Event::Ask(_, candidate) = event else { continue };
        prop_assert!(space.in_bounds(&candidate.design), "{:?}", candidate);
        prop_assert!(space.allows(&candidate.design), "{:?}", candidate);
        let unit = space.encode(&candidate.design);
        let same = |u: &Vec<f64>| u.iter().zip(&unit).all(|(a, b)| (a - b).abs() <= 1e-9);
        let repeat = candidate.origin.contains("repeat");
        prop_assert_eq!(units.iter().any(same), repeat, "{:?}", candidate);
        prop_assert!(!(repeat && free));
        units.push(unit);
    }
    replay(Proposer::new(&study).unwrap(), &events, rest);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn model_free_candidates_are_allowed_new_and_repeatable(
        (space, _) in mixed_space(),
        method in prop::sample::select(METHODS[..4].to_vec()),
        objectives in 1..4_usize,
        initial in 0..6_u64,
        flight in 1..6_usize,
        dice in any::<u64>(),
        rest in 0..60_usize,
    ) {
        let setting = (method, objectives, initial, 40, flight);
        candidates_are_allowed_new_and_repeatable(&space, setting, dice, rest)?;
    }
}

proptest! {
    // Processes are fitted: fewer and shorter runs.
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn mobo_candidates_are_allowed_new_and_repeatable(
        (space, _) in mixed_space(),
        objectives in 1..5_usize,
        flight in 1..4_usize,
        dice in any::<u64>(),
        rest in 0..20_usize,
    ) {
        let setting = (Method::Mobo, objectives, 3, 14, flight);
        candidates_are_allowed_new_and_repeatable(&space, setting, dice, rest)?;
    }
}

#[test]
fn origins_tell_sobol_method_and_fallback() {
    let study = study(floats(2), 2, Method::Nsga2, 2, 100);
    let mut proposer = Proposer::new(&study).unwrap();
    let origin = |p: &mut Proposer, trial| p.ask(trial).origin;
    assert_eq!(origin(&mut proposer, 0), "sobol");
    assert_eq!(origin(&mut proposer, 1), "sobol");
    assert_eq!(origin(&mut proposer, 2), "sobol (nsga2: no trial has values yet)");
    proposer.tell(1, &Outcome::Infeasible { reason: String::new() });
    assert_eq!(origin(&mut proposer, 3), "sobol (nsga2: no trial has values yet)");
    proposer.tell(0, &ok(&[1.0, 2.0]));
    assert_eq!(origin(&mut proposer, 4), "nsga2");
}

#[test]
fn a_small_space_is_searched_through_before_anything_repeats() {
    let words = ["a", "b", "c"].map(|w| Value::Text(w.into())).to_vec();
    let kinds = vec![
        ParameterKind::Integer { lower: 1, upper: 8, scale: Scale::Log },
        ParameterKind::Choice { values: words },
    ];
    for method in METHODS {
        let mut space = space(kinds.clone());
        let terms = vec![(0, 1.0)];
        space.constraints.push(LinearConstraint { text: "i <= 6".into(), terms, upper: 6.0 });
        let study = study(space, 2, method, 3, 100);
        let mut proposer = Proposer::new(&study).unwrap();
        for trial in 0..18 {
            let candidate = proposer.ask(trial);
            assert!(!candidate.origin.contains("repeat"), "{trial}: {candidate:?}");
            proposer.tell(trial, &ok(&[trial as f64, 1.0]));
        }
        let candidate = proposer.ask(18);
        assert!(candidate.origin.contains("(repeat: every design has been proposed)"));
    }
}

#[test]
fn contradictory_constraints_and_foreign_designs_are_refused() {
    let mut space = floats(2);
    let terms = vec![(0, 1.0), (1, 1.0)];
    let text = "x + y <= -1".to_owned();
    space.constraints.push(LinearConstraint { text, terms, upper: -1.0 });
    let empty = Proposer::new(&study(space, 1, Method::Sobol, 1, 10)).err().unwrap();
    assert!(empty.to_string().contains("x + y <= -1"));
    let mut proposer = Proposer::new(&study(floats(1), 1, Method::Sobol, 1, 10)).unwrap();
    assert!(proposer.adopt(0, &vec![Value::Float(2.0)], None).is_err());
    assert!(proposer.adopt(0, &vec![Value::Float(0.2)], Some(&[1])).is_err());
    assert!(proposer.adopt(0, &vec![Value::Float(0.2)], None).is_ok());
}

/// Proposes by what it remembers; every third proposal fails, one in three is no point.
struct Counting(u8);

impl super::Strategy for Counting {
    fn name(&self) -> &'static str {
        "counting"
    }
    fn propose(&mut self, _: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError> {
        if ledger.pending().len() < 3 {
            self.0 += 1;
        }
        match self.0 % 3 {
            0 => Err(StrategyError::Numerics("no".into())),
            1 => Ok(vec![f64::NAN]),
            _ => Ok(vec![f64::from(self.0) / 256.0]),
        }
    }
    fn makeshift(&self) -> Option<String> {
        Some(format!("earlier fit: of {}", self.0))
    }
    fn memory(&self) -> Vec<u8> {
        vec![self.0]
    }
    fn recall(&mut self, memory: &[u8]) -> Result<(), StrategyError> {
        self.0 = *memory.first().ok_or_else(|| StrategyError::Memory("empty".into()))?;
        Ok(())
    }
}

#[test]
fn memory_is_given_when_it_changed_and_brings_a_proposer_back() {
    let study = study(floats(1), 1, Method::Mobo, 2, 100);
    let fresh = || {
        let region = Region::new(&study.problem.space).unwrap();
        Proposer::with(&study, region, Some(Box::new(Counting(0))))
    };
    for dice in 0..20 {
        let events = run(&mut fresh(), &study, 50, 4, dice);
        let mut memory = vec![0];
        let mut unchanged = 0;
        for event in &events {
            let Event::Ask(_, candidate) = event else { continue };
            match &candidate.memory {
                Some(new) => assert_ne!(std::mem::replace(&mut memory, new.clone()), *new),
                None => unchanged += 1,
            }
        }
        assert!(unchanged > 0 && memory != [0]);
        for rest in [0, 1, 20, events.len()] {
            replay(fresh(), &events, rest);
        }
    }
}

#[test]
fn the_nominal_design_and_a_list_come_first_as_they_are_and_count_as_initial() {
    let mut space = floats(2);
    for parameter in &mut space.parameters {
        parameter.default = Some(Value::Float(0.3));
    }
    let mut study = study(space, 2, Method::Nsga2, 5, 100);
    let point = |x: f64| vec![Value::Float(x), Value::Float(0.1 + 0.2)];
    study.strategy.nominal = Some(true);
    study.strategy.points = vec![point(0.7), point(1.0 / 3.0)];
    study.strategy.initial_design = InitialDesign::Lhc;
    let mut proposer = Proposer::new(&study).unwrap();
    let asked: Vec<Candidate> = (0..5).map(|trial| proposer.ask(trial)).collect();
    let origins: Vec<&str> = asked.iter().map(|c| c.origin.as_str()).collect();
    assert_eq!(origins, ["nominal", "list", "list", "lhc", "lhc"]);
    assert_eq!(asked[0].design, vec![Value::Float(0.3); 2]);
    // Bit for bit, not by way of the unit cube.
    assert_eq!(asked[1..3].iter().map(|c| c.design.clone()).collect::<Vec<_>>(), study.strategy.points);
    // The two that are left of five are a Latin hypercube of two.
    for j in 0..2 {
        let halves: Vec<bool> = asked[3..].iter().map(|c| c.design[j].number().unwrap() < 0.5).collect();
        assert_ne!(halves[0], halves[1]);
    }
    proposer.tell(0, &ok(&[1.0, 2.0]));
    assert_eq!(proposer.ask(5).origin, "nsga2");

    // Trials of one's own before anything was asked for: the list is still there, the nominal design,
    // which is the first trial or none, is not; what was tried already is left out.
    let mut proposer = Proposer::new(&study).unwrap();
    proposer.adopt(0, &point(0.7), None).unwrap();
    let candidate = proposer.ask(1);
    assert_eq!((candidate.design, candidate.origin.as_str()), (point(1.0 / 3.0), "list"));
    assert_eq!(proposer.ask(2).origin, "lhc");
}

#[test]
fn withdrawn_designs_of_the_study_come_again_and_cost_no_more_when_hurried() {
    let mut space = floats(2);
    for parameter in &mut space.parameters {
        parameter.default = Some(Value::Float(0.3));
    }
    let mut study = study(space, 2, Method::Mobo, 3, 100);
    study.strategy.nominal = Some(true);
    study.strategy.points = vec![vec![Value::Float(0.7); 2], vec![Value::Float(0.9); 2]];
    let mut proposer = Proposer::new(&study).unwrap();
    let first: Vec<Candidate> = (0..4).map(|trial| proposer.ask(trial)).collect();
    let memory = proposer.memory().to_vec();
    proposer.withdraw(&[1, 2, 3], &memory).unwrap();
    let again: Vec<Candidate> = (1..4).map(|trial| proposer.ask_quickly(trial, "hurry")).collect();
    assert_eq!(again[..2], first[1..3]);
    assert_eq!(again[2].origin, "sobol (mobo: hurry)");
    proposer.withdraw(&[0, 1, 2, 3], &memory).unwrap();
    let again: Vec<Candidate> = (0..4).map(|trial| proposer.ask(trial)).collect();
    assert_eq!(again, first);
}

#[test]
fn a_study_of_an_earlier_release_gets_the_sobol_points_that_it_would_have_had() {
    let mut space = floats(3);
    let earlier = study(space.clone(), 2, Method::Sobol, 1, 10);
    for parameter in &mut space.parameters {
        parameter.default = Some(Value::Float(0.3));
    }
    let mut now = study(space, 2, Method::Sobol, 1, 10);
    now.strategy.nominal = Some(true);
    let (mut before, mut after) = (Proposer::new(&earlier).unwrap(), Proposer::new(&now).unwrap());
    let first = before.ask(0);
    after.adopt(0, &first.design, None).unwrap();
    for trial in 1..10 {
        assert_eq!(before.ask(trial), after.ask(trial));
    }
}
