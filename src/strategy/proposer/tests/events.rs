//! Trials with a number of events.

use super::*;
use crate::problem::EventRange;

const RANGE: EventRange = EventRange { lower: 100, upper: 1600, overhead: 200.0 };

fn with_events(method: Method) -> Study {
    let float = ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear };
    let space = space(vec![float.clone(), ParameterKind::Events(RANGE), float]);
    study(space, 2, method, 6, 40)
}

/// Two bowls, measured with errors of 4/√events.
fn measured(design: &Design, sem: bool) -> Outcome {
    let x = Space::numbers(design);
    let values = [x[0].powi(2) + x[2], (1.0 - x[0]).powi(2) + x[2]];
    let sem = sem.then(|| 4.0 / x[1].sqrt());
    let objectives = values.iter().map(|y| Measurement::new(*y, sem).unwrap()).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

/// Numbers of events and origins of the first trials.
fn play(study: &Study, trials: u64, sem: bool) -> Vec<(i64, String)> {
    let mut proposer = Proposer::new(study).unwrap();
    let one = |trial| {
        let Candidate { design, origin, .. } = proposer.ask(trial);
        proposer.tell(trial, &measured(&design, sem));
        (study.problem.space.events_of(&design).unwrap(), origin)
    };
    (0..trials).map(one).collect()
}

#[test]
fn the_method_chooses_how_many_from_what_it_knows() {
    let played = play(&with_events(Method::Mobo), 30, true);
    let (initial, chosen) = played.split_at(6);
    assert!(initial.iter().all(|(events, _)| *events == RANGE.first()), "{initial:?}");
    let rungs = RANGE.rungs();
    assert!(
        chosen.iter().all(|(events, origin)| rungs.contains(events) && origin == "mobo"),
        "{chosen:?}"
    );
    // Later trials go where much is known already, and take more to tell anything new.
    let mean = |part: &[(i64, String)]| part.iter().map(|p| p.0).sum::<i64>() / part.len() as i64;
    assert!(mean(&chosen[16..]) > mean(&chosen[..8]), "{chosen:?}");
}

#[test]
fn without_errors_it_takes_the_most_and_says_why() {
    let (events, origin) = play(&with_events(Method::Mobo), 7, false).pop().unwrap();
    assert_eq!(events, RANGE.upper);
    assert_eq!(origin, "mobo (most events: no result tells a standard error)");
}

#[test]
fn what_the_study_names_itself_has_its_own_number_and_quick_ones_the_first() {
    let mut study = with_events(Method::Mobo);
    study.strategy.points = vec![vec![Value::Float(0.5), Value::Integer(333), Value::Float(0.5)]];
    study.strategy.nominal = Some(true);
    for parameter in &mut study.problem.space.parameters {
        parameter.default = Some(Value::Float(0.25));
    }
    let played = play(&study, 3, true);
    let told: Vec<(i64, &str)> = played.iter().map(|(n, origin)| (*n, origin.as_str())).collect();
    assert_eq!(told, [(1600, "nominal"), (333, "list"), (RANGE.first(), "sobol")]);
    let quick = Proposer::new(&with_events(Method::Mobo)).unwrap().ask_quickly(0, "test");
    assert_eq!(quick.design[1], Value::Integer(RANGE.first()));
}

#[test]
fn the_same_design_with_another_number_is_no_new_one() {
    let study = with_events(Method::Mobo);
    let mut proposer = Proposer::new(&study).unwrap();
    let first = proposer.ask(0).design;
    let mut fresh = Proposer::new(&study).unwrap();
    let mut again = first.clone();
    again[1] = Value::Integer(1234);
    fresh.adopt(7, &again, None).unwrap();
    assert!(!study.problem.space.same(&first, &fresh.ask(0).design));
}

#[test]
fn a_restarted_proposer_chooses_the_same_numbers() {
    let study = with_events(Method::Mobo);
    let events = |proposer: &mut Proposer, from: u64, to: u64| -> Vec<Candidate> {
        (from..to)
            .map(|trial| {
                let candidate = proposer.ask(trial);
                proposer.tell(trial, &measured(&candidate.design, true));
                candidate
            })
            .collect()
    };
    let mut proposer = Proposer::new(&study).unwrap();
    let before = events(&mut proposer, 0, 20);
    let mut restarted = Proposer::new(&study).unwrap();
    for (trial, candidate) in before.iter().enumerate() {
        restarted.adopt(trial as u64, &candidate.design, candidate.memory.as_deref()).unwrap();
        restarted.tell(trial as u64, &measured(&candidate.design, true));
    }
    assert_eq!(events(&mut proposer, 20, 26), events(&mut restarted, 20, 26));
}
