//! Comparisons worked out by hand.

use super::*;
use crate::problem::{Measurement, Value};
use crate::store::{Completed, Proposed, Record, Session};

/// A study of one parameter and two objectives that are evaluated outside; `objectives` is what is said of
/// them, `more` what else.
fn study(objectives: &str, more: &str) -> Study {
    let text = format!(
        "{objectives}\n[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n[evaluator]\n\
         outside = true\n{more}\n"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    crate::config::read(&file, &Default::default()).unwrap().0
}

fn objective(name: &str, goal: &str, threshold: Option<f64>) -> String {
    let threshold = threshold.map(|t| format!("threshold = {t}\n")).unwrap_or_default();
    format!("[[objective]]\nname = \"{name}\"\ngoal = \"{goal}\"\nunit = \"mm\"\n{threshold}")
}

fn both(a: Option<f64>, b: Option<f64>) -> String {
    objective("a", "minimize", a) + &objective("b", "maximize", b)
}

/// Trials that end at these seconds after 1000 with these values; `None` failed.
fn history(study: &Study, ends: &[(f64, Option<[f64; 2]>)]) -> History {
    let mut history = History::default();
    let (host, job) = (String::new(), String::new());
    let session = Session { at: 1000.0, host, job, evaluators: 4, capacity: 4, completed_before: 0 };
    history.apply(Record::Session(session)).unwrap();
    for (trial, (seconds, values)) in (0..).zip(ends) {
        let (origin, design) = ("test".into(), vec![Value::Float(0.5)]);
        let at = 1000.0;
        let proposed = Proposed { trial, seen: 0, design, origin, generation_s: 0.5, at, memory: None };
        history.apply(Record::Proposed(proposed)).unwrap();
        let measured = |values: &[f64; 2]| {
            let each = values.iter().map(|y| Measurement::new(*y, None).unwrap()).collect();
            study.problem.measured(each, vec![]).unwrap()
        };
        let (class, reason) = (crate::problem::FailureClass::Exit, String::new());
        let outcome = values.as_ref().map_or(Outcome::Failed { class, reason }, measured);
        let (started, finished) = (1000.0, 1000.0 + seconds);
        history.apply(Record::Completed(Completed { trial, outcome, started, finished })).unwrap();
    }
    history
}

fn contender<'a>(name: &'a str, study: &'a Study, history: &'a History) -> Contender<'a> {
    Contender { name, study, history }
}

/// Rectangles below (4, 0): a is minimised, b maximised.
#[test]
fn curves_groups_and_times_are_as_worked_out_by_hand() {
    let one = study(&both(Some(4.0), Some(0.0)), "[study]\nseed = 1");
    let two = study(&both(Some(4.0), Some(0.0)), "[study]\nseed = 2\noutput = \"elsewhere\"");
    let other = study(&both(Some(4.0), Some(0.0)), "[strategy]\nmethod = \"nsga2\"");
    // 2x1 = 2; nothing; then 1x3 beside it: 2 + 2 = 4.
    let first = history(&one, &[(10.0, Some([2.0, 1.0])), (20.0, None), (30.0, Some([3.0, 3.0]))]);
    // 1x1 = 1, and 3x2 over it: 6.
    let second = history(&two, &[(15.0, Some([3.0, 1.0])), (25.0, Some([1.0, 2.0]))]);
    let third = history(&other, &[(5.0, Some([3.5, 1.0]))]);
    let runs =
        [contender("r1", &one, &first), contender("r2", &two, &second), contender("r3", &other, &third)];
    let found = Comparison::of(&runs, |best| 0.5 * best).unwrap();
    assert_eq!(
        (found.reference.as_slice(), found.wanted, found.unit.as_str()),
        (&[4.0, 0.0][..], 3.0, "mm·mm")
    );
    let labels: Vec<&str> = found.groups.iter().map(|g| g.label.as_str()).collect();
    assert_eq!(labels, ["method=mobo", "method=nsga2"]);
    assert!(found.differences.contains(&"strategy.population".to_owned()), "{:?}", found.differences);
    let group = &found.groups[0];
    let hypervolumes: Vec<Vec<f64>> =
        group.runs.iter().map(|r| r.steps.iter().map(|s| s.hypervolume).collect()).collect();
    assert_eq!(hypervolumes, [vec![2.0, 2.0, 4.0], vec![1.0, 6.0]]);
    assert_eq!(group.runs[0].reached(3.0), Some((3, 30.0)));
    assert_eq!(group.runs[1].reached(3.0), Some((2, 25.0)));
    assert_eq!((group.runs[0].failed, group.runs[0].generation_s), (1, Some(0.5)));
    let last = group.spread(|run| Some(run.last())).unwrap();
    assert_eq!(last, Spread { median: 5.0, low: 4.0, high: 6.0, quartiles: false });
    let bands = |bands: Vec<Band>| -> Vec<[f64; 4]> {
        bands
            .iter()
            .map(|b| [b.at, b.hypervolume.low, b.hypervolume.median, b.hypervolume.high])
            .collect()
    };
    let by_trials = [[0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.5, 2.0], [2.0, 2.0, 4.0, 6.0]];
    assert_eq!(bands(group.by_trials()), by_trials);
    let by_seconds = [
        [0.0, 0.0, 0.0, 0.0],
        [10.0, 0.0, 1.0, 2.0],
        [15.0, 1.0, 1.5, 2.0],
        [20.0, 1.0, 1.5, 2.0],
        [25.0, 2.0, 4.0, 6.0],
    ];
    assert_eq!(bands(group.by_seconds()), by_seconds);
    let nsga2 = &found.groups[1];
    assert_eq!(nsga2.runs[0].reached(3.0), None);
    assert_eq!(nsga2.median_reached(|run| run.reached(3.0).map(|r| r.1)), None);
    assert_eq!(group.median_reached(|run| run.reached(3.0).map(|r| r.1)), Some(27.5));
    assert_eq!(group.median_reached(|run| run.reached(5.0).map(|r| r.1)), None, "one of two");
}

#[test]
fn runs_on_other_ranks_are_another_group() {
    let one = study(&both(Some(4.0), Some(0.0)), "");
    let first = history(&one, &[(10.0, Some([2.0, 1.0]))]);
    let mut second = first.clone();
    second.sessions[0].evaluators = 8;
    let runs = [contender("r1", &one, &first), contender("r2", &one, &second)];
    let found = Comparison::of(&runs, |best| best).unwrap();
    let labels: Vec<&str> = found.groups.iter().map(|g| g.label.as_str()).collect();
    assert_eq!(labels, ["ranks=4", "ranks=8"]);
}

#[test]
fn a_missing_threshold_is_inferred_from_all_runs_together() {
    let open = study(&both(None, Some(0.0)), "");
    let first = history(&open, &[(10.0, Some([2.0, 1.0]))]);
    let second = history(&open, &[(10.0, Some([7.0, 5.0]))]);
    let runs = [contender("r1", &open, &first), contender("r2", &open, &second)];
    let found = Comparison::of(&runs, |best| best).unwrap();
    // Worst of the front of both, 7, and a tenth of the range of 5 beyond.
    assert_eq!(found.reference, [7.5, 0.0]);
    // One run that says it says it for all.
    let closed = study(&both(Some(9.0), Some(0.0)), "");
    let runs = [contender("r1", &open, &first), contender("r2", &closed, &second)];
    assert_eq!(Comparison::of(&runs, |best| best).unwrap().reference, [9.0, 0.0]);
    let nothing = History::default();
    let error = Comparison::of(&[contender("r1", &open, &nothing)], |best| best).unwrap_err();
    assert_eq!(error, Disagreement::Nothing);
}

#[test]
fn runs_after_different_things_are_refused_with_both_names() {
    let one = study(&both(Some(4.0), Some(0.0)), "");
    let refused = |other: &Study| {
        let none = History::default();
        let runs = [contender("runs/one", &one, &none), contender("runs/two", other, &none)];
        Comparison::of(&runs, |best| best).unwrap_err().to_string()
    };
    let threshold = refused(&study(&both(Some(4.0), Some(0.5)), ""));
    assert_eq!(
        threshold,
        "runs/one and runs/two cannot be compared, for they differ in their thresholds: b = 0 mm and b = 0.5 mm; \
         compare runs whose objectives, thresholds and outcome constraints are the same"
    );
    let goals = objective("a", "minimize", Some(4.0)) + &objective("b", "minimize", Some(0.0));
    let goals = refused(&study(&goals, ""));
    assert!(
        goals.contains("objectives: minimize a mm, maximize b mm and minimize a mm, minimize b mm"),
        "{goals}"
    );
    let bound = "[[outcome_constraint]]\ntext = \"a <= 3\"";
    let bound = refused(&study(&both(Some(4.0), Some(0.0)), bound));
    assert!(bound.contains("outcome constraints: none and a <= 3"), "{bound}");
}
