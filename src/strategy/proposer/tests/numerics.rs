//! Data that are hard on arithmetic: every candidate is a design all the same, and its origin says what had to
//! be made do with.

use super::*;

/// What trials of a study measure, by their number and first parameter; and the seconds spent.
fn play(measure: impl Fn(TrialId, f64) -> Outcome, trials: u64) -> Vec<String> {
    let study = study(floats(3), 2, Method::Mobo, 4, trials);
    let mut proposer = Proposer::new(&study).unwrap();
    let mut origins = vec![];
    for trial in 0..trials {
        let candidate = proposer.ask(trial);
        assert!(study.problem.space.allows(&candidate.design), "{candidate:?}");
        let x = candidate.design[0].number().unwrap();
        assert!(x.is_finite());
        proposer.tell(trial, &measure(trial, x));
        origins.push(candidate.origin);
    }
    origins
}

/// How many are the method's own.
fn own(origins: &[String]) -> usize {
    origins.iter().filter(|origin| origin.starts_with("mobo")).count()
}

#[test]
fn values_of_any_size_are_learnt_from() {
    for size in [1e-300, 1e-12, 1e12, 1e150] {
        let origins = play(|_, x| ok(&[size * x, size * (1.0 - x)]), 12);
        assert_eq!(own(&origins), 8, "{size}: {origins:?}");
    }
    // Two objectives of sizes that are far apart, and values far from 0 beside their spread.
    assert_eq!(own(&play(|_, x| ok(&[1e12 * x, 1e-12 * (1.0 - x)]), 12)), 8);
    assert_eq!(own(&play(|_, x| ok(&[1e9 + x, 1e9 - x]), 12)), 8);
}

#[test]
fn constant_objectives_single_values_and_outliers_are_borne() {
    assert_eq!(own(&play(|_, _| ok(&[1.0, 1.0]), 12)), 8);
    assert_eq!(own(&play(|_, x| ok(&[1.0, x]), 12)), 8);
    // The one value that there is; the others failed.
    let failed = || Outcome::Failed { class: FailureClass::Exit, reason: "test".into() };
    let one = play(|trial, x| if trial == 2 { ok(&[x, 1.0 - x]) } else { failed() }, 12);
    assert_eq!(own(&one), 8, "{one:?}");
    let none = play(|_, _| failed(), 12);
    assert!(
        none[4..].iter().all(|origin| origin == "sobol (mobo: no trial has values yet)"),
        "{none:?}"
    );
    let outlier = play(|trial, x| ok(&[if trial == 5 { 1e300 } else { x }, 1.0 - x]), 14);
    assert_eq!(own(&outlier), 10, "{outlier:?}");
}

#[test]
fn equal_points_with_different_errors_are_borne() {
    let study = study(floats(2), 2, Method::Mobo, 4, 20);
    let mut proposer = Proposer::new(&study).unwrap();
    for trial in 0..12 {
        let design = vec![Value::Float(0.25 + 0.5 * (trial % 2) as f64), Value::Float(0.5)];
        proposer.adopt(trial, &design, None).unwrap();
        let y = 0.1 * trial as f64;
        let with = |y: f64, sem: f64| Measurement::new(y, Some(sem)).unwrap();
        let objectives = vec![with(y, [0.0, 1e-9, 1.0, 1e6][trial as usize % 4]), with(1.0 - y, 0.0)];
        proposer.tell(trial, &Outcome::Ok { objectives, metrics: vec![] });
    }
    let candidate = proposer.ask(12);
    assert!(candidate.origin.starts_with("mobo"), "{candidate:?}");
}

/// Where a method cannot propose, the candidate is a space-filling one; where it can after a fashion, it is the
/// method's. Both are said.
#[test]
fn what_a_candidate_had_to_make_do_with_is_in_its_origin() {
    let huge = play(|trial, x| ok(&[if trial % 2 == 0 { 1e308 } else { -1e308 }, 1.0 - x]), 8);
    assert!(huge[4..].iter().any(|origin| origin.starts_with("sobol (mobo: numerics: ")), "{huge:?}");

    let study = study(floats(1), 1, Method::Mobo, 0, 100);
    let region = Region::new(&study.problem.space).unwrap();
    let mut proposer = Proposer::with(&study, region, Some(Box::new(Counting(0))));
    proposer.ask(0);
    proposer.tell(0, &ok(&[1.0]));
    let origins: Vec<String> = (1..4).map(|trial| proposer.ask(trial).origin).collect();
    assert_eq!(
        origins,
        [
            "sobol (counting: numerics: not a point of the unit cube)",
            "counting (earlier fit: of 2)",
            "sobol (counting: numerics: no)",
        ]
    );
}
