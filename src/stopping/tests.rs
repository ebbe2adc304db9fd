//! Which rule holds for which history.

use super::*;
use crate::problem::{FailureClass, Measurement, Value};
use crate::store::{Attempt, Completed, Proposed, Record, Session};
use proptest::prelude::*;

fn study(stop: Stop) -> Study {
    let text =
        "[evaluator]\nbuiltin = \"dtlz2\"\ndimension = 2\nobjectives = 2\n[strategy]\ninitial = 1\n";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    let mut study = crate::config::read(&file, &Default::default()).unwrap().0;
    study.strategy.stop = stop;
    study
}

fn session(history: &mut History, at: f64) {
    let (host, job) = (String::new(), String::new());
    let completed_before = history.completions.len() as u64;
    let session = Session { at, host, job, evaluators: 1, capacity: 1, completed_before };
    history.apply(Record::Session(session)).unwrap();
}

/// One more trial, which begins at `at` and takes a second.
fn trial(history: &mut History, at: f64, outcome: Outcome) {
    let trial = history.trials.len() as u64;
    let proposed = Proposed {
        trial,
        seen: history.completions.len() as u64,
        design: vec![Value::Float(0.5); 2],
        origin: "test".into(),
        generation_s: 0.0,
        at,
        memory: None,
    };
    let (started, finished) = (at, at + 1.0);
    let attempt = Attempt {
        trial,
        attempt: 1,
        rank: 1,
        host: String::new(),
        dispatched: at,
        started,
        finished,
        status: outcome.status().into(),
        reason: outcome.reason(),
        start: None,
        detail: Default::default(),
    };
    for record in [
        Record::Proposed(proposed),
        Record::Attempt(attempt),
        Record::Completed(Completed { trial, outcome, started, finished }),
    ] {
        history.apply(record).unwrap();
    }
}

fn ok(y: f64) -> Outcome {
    let objectives = [y, y].iter().filter_map(|y| Measurement::new(*y, None)).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

fn failed() -> Outcome {
    Outcome::Failed { class: FailureClass::Exit, reason: "test".into() }
}

fn stop(history: &mut History, study: &Study, at: f64) -> Stopped {
    let mut judge = Judge::new(study).after(history);
    judge.news = true;
    let stopped = judge.verdict(at, u64::MAX).unwrap();
    history.apply(Record::Stopped(stopped.clone())).unwrap();
    stopped
}

#[test]
fn a_recorded_stop_stands_until_its_rule_is_changed() {
    let stalled = |trials, gain| Stop { stalled: Some(Stalled { trials, gain }), ..Stop::default() };
    let study_of = |s| study(s);
    let strict = study_of(stalled(3, 0.1));
    let mut history = History::default();
    session(&mut history, 0.0);
    for k in 0..4 {
        trial(&mut history, f64::from(k), ok(0.5));
    }
    let stopped = stop(&mut history, &strict, 5.0);
    assert_eq!(
        (stopped.completed, stopped.setting.as_str()),
        (4, "stalled = { trials = 3, gain = 0.1 }")
    );
    assert_eq!(
        stopped.reason,
        "the last 3 of 4 trials made the hypervolume larger by 0.000 %, to 0.360000"
    );
    // One that was running then would have changed the picture.
    trial(&mut history, 4.5, ok(0.1));
    assert_eq!(Judge::new(&strict).after(&history).verdict(9.0, u64::MAX), None);
    assert_eq!(complete_by(&strict, &history), Some(stopped.clone()));
    assert_eq!(last_stop(&history), Some(&stopped));
    for other in [Stop::default(), stalled(4, 0.1), stalled(3, 0.05)] {
        assert_eq!(complete_by(&study_of(other), &history), None);
    }
    session(&mut history, 10.0);
    assert_eq!(last_stop(&history), None);
}

#[test]
fn failures_count_anew_after_the_run_that_they_ended_and_never_complete_a_study() {
    let study = study(Stop { failures: Some(Failures { share: 0.5, of: 2 }), ..Stop::default() });
    let mut history = History::default();
    session(&mut history, 0.0);
    trial(&mut history, 0.0, failed());
    session(&mut history, 2.0);
    trial(&mut history, 2.0, failed());
    let stopped = stop(&mut history, &study, 3.0);
    assert_eq!(stopped.reason, "2 of the last 2 trials failed, the last of them 1, 0");
    assert_eq!(complete_by(&study, &history), None);
    trial(&mut history, 2.5, failed());
    session(&mut history, 10.0);
    let after = |history: &History| {
        let mut judge = Judge::new(&study).after(history);
        judge.news = true;
        judge.verdict(11.0, u64::MAX).map(|s| s.completed)
    };
    assert_eq!(after(&history), None);
    trial(&mut history, 10.0, failed());
    assert_eq!(after(&history), None, "what ended before the session does not count");
    trial(&mut history, 11.0, failed());
    assert_eq!(after(&history), Some(5));
    assert_eq!(
        Judge::new(&study).after(&history).verdict(12.0, u64::MAX),
        None,
        "nothing has ended since"
    );
}

#[test]
fn the_clock_counts_work_and_not_the_time_between_sessions() {
    let study = study(Stop { clock_s: Some(10.0), ..Stop::default() });
    let mut history = History::default();
    session(&mut history, 100.0);
    trial(&mut history, 103.0, ok(0.5));
    session(&mut history, 1000.0);
    let judge = Judge::new(&study).after(&history);
    assert_eq!(judge.verdict(1005.9, u64::MAX), None, "4 s and 5.9 s");
    assert_eq!(clock_runs_out(&study, &history), Some(1006.0));
    let stopped = judge.verdict(1006.0, u64::MAX).unwrap();
    assert_eq!((stopped.rule, stopped.setting.as_str()), (Rule::Clock, "clock = \"10 s\""));
    trial(&mut history, 1004.0, ok(0.5));
    assert_eq!(complete_by(&study, &history), None, "its last record is 9 s of work");
    trial(&mut history, 1005.0, ok(0.5));
    assert_eq!(complete_by(&study, &history).map(|s| s.completed), Some(3));
}

proptest! {
    /// The judge of a history is the judge that saw it happen.
    #[test]
    fn a_restart_decides_the_same(
        ys in proptest::collection::vec(proptest::option::weighted(0.8, 0.0..1.2_f64), 1..30),
        window in 1_u64..6,
        gain in 0.001..0.3_f64,
        cut: prop::sample::Index,
    ) {
        let study = study(Stop {
            stalled: Some(Stalled { trials: window, gain }),
            hypervolume: Some(0.6),
            failures: Some(Failures { share: 0.6, of: 3 }),
            clock_s: None,
        });
        let cut = cut.index(ys.len());
        let outcome = |y: &Option<f64>| y.map_or_else(failed, ok);
        let mut history = History::default();
        session(&mut history, 0.0);
        let mut whole = Judge::new(&study).after(&history);
        for (k, y) in ys.iter().enumerate() {
            if k == cut {
                session(&mut history, k as f64 + 0.5);
            }
            let mut again = Judge::new(&study).after(&history);
            whole.note(k as u64, &outcome(y));
            again.note(k as u64, &outcome(y));
            prop_assert_eq!(whole.verdict(99.0, u64::MAX), again.verdict(99.0, u64::MAX));
            trial(&mut history, k as f64, outcome(y));
        }
    }
}

#[test]
fn first_trials_that_all_fail_end_a_run_unless_failures_are_set() {
    let unset = study(Stop::default());
    let mut history = History::default();
    session(&mut history, 0.0);
    let judged = |history: &History, study: &Study, widest| {
        let mut judge = Judge::new(study).after(history);
        judge.news = true;
        judge.verdict(100.0, widest)
    };
    for k in 0..5 {
        assert_eq!(judged(&history, &unset, 2), None, "{k}");
        trial(&mut history, f64::from(k), failed());
    }
    let stopped = judged(&history, &unset, 2).unwrap();
    assert_eq!((stopped.rule, stopped.completed), (Rule::Failures, 5));
    assert_eq!(stopped.reason, "all of the first 5 trials failed");
    assert!(is_unset(&stopped));
    assert_eq!(judged(&history, &unset, 6), None, "as many as were open at a time");
    let set = study(Stop { failures: Some(Failures { share: 0.9, of: 100 }), ..Stop::default() });
    assert_eq!(judged(&history, &set, 2), None, "what the study says counts");
    let mut sound = history.clone();
    trial(&mut sound, 6.0, Outcome::Infeasible { reason: "test".into() });
    assert_eq!(judged(&sound, &unset, 2), None);
    assert!(complete_by(&unset, &history).is_none(), "failures complete no study");
    // The session after it counts anew.
    history.apply(Record::Stopped(stopped)).unwrap();
    session(&mut history, 200.0);
    for k in 0..5 {
        assert_eq!(judged(&history, &unset, 2), None, "{k}");
        trial(&mut history, 201.0 + f64::from(k), failed());
    }
    assert!(judged(&history, &unset, 2).is_some());
}
