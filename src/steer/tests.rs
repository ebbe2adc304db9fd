use super::*;
use crate::config::Study;
use crate::problem::{Outcome, Value};
use crate::store::{History, Proposed, Record, Session};
use serde_json::{Value as Json, json};

const STUDY: &str = r#"
[study]
name = "steered"
seed = 5
[[parameter]]
name = "x"
kind = "float"
lower = 0
upper = 10
[[parameter]]
name = "n"
kind = "int"
lower = 1
upper = 5
[[parameter]]
name = "gas"
kind = "choice"
values = ["argon", "neon"]
[[parameter]]
name = "length"
kind = "fixed"
value = 2.5
[[constraint]]
text = "x + n <= 12"
[[objective]]
name = "mass"
goal = "minimize"
[[objective]]
name = "gain"
goal = "maximize"
[[metric]]
name = "stress"
[strategy]
method = "METHOD"
initial = 3
trials = 12
[evaluator]
outside = true
"#;

fn study(method: &str) -> Study {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    std::fs::write(&file, STUDY.replace("METHOD", method)).unwrap();
    crate::config::read(&file, &Default::default()).unwrap().0
}

fn nobody() -> Session {
    let (host, job) = (String::new(), String::new());
    Session { at: 0.0, host, job, evaluators: 0, capacity: 0, completed_before: 0 }
}

/// A steering together with all records that it made.
struct Desk {
    steering: Steering,
    records: Vec<Record>,
    now: f64,
}

impl Desk {
    fn new(study: &Study, records: &[Record]) -> Self {
        let mut history = History::default();
        for record in records {
            history.apply(record.clone()).unwrap();
        }
        let steering = Steering::resume(study.clone(), history, nobody()).unwrap();
        Self { steering, records: records.to_vec(), now: 100.0 }
    }

    fn ask(&mut self, count: u64) -> Vec<Proposed> {
        let now = &mut self.now;
        let mut clock = || {
            *now += 0.5;
            *now
        };
        let (candidates, records) = self.steering.ask(count, &mut clock).unwrap();
        self.records.extend(records);
        candidates
    }

    fn tell(&mut self, entries: &[Json]) -> Result<Vec<Receipt>, String> {
        self.now += 1.0;
        let told = self.steering.tell(entries, self.now).map_err(|e| e.to_string());
        told.map(|(receipts, records)| {
            self.records.extend(records);
            receipts
        })
    }
}

fn result(trial: u64, design: &[Value]) -> Json {
    let x = design[0].number().unwrap();
    json!({ "trial": trial, "objectives": { "mass": x, "gain": { "value": x * x, "sem": 0.1 } } })
}

#[test]
fn what_is_asked_and_told_is_on_record_with_its_times() {
    let mut desk = Desk::new(&study("sobol"), &[]);
    let asked = desk.ask(2);
    assert_eq!((asked[0].trial, asked[1].trial, desk.steering.left()), (0, 1, 10));
    assert_eq!((asked[0].origin.as_str(), asked[0].generation_s, asked[0].at), ("sobol", 0.5, 101.0));
    let receipts = desk
        .tell(&[
            json!({ "trial": 1, "infeasible": "the walls meet" }),
            json!({ "parameters": { "x": 3, "n": 2.0, "gas": "neon" }, "failed": "no licence" }),
            json!({ "trial": 0, "objectives": { "mass": 1, "gain": 2 }, "metrics": { "stress": 3 } }),
        ])
        .unwrap();
    let said: Vec<_> = receipts.iter().map(|r| (r.trial, r.status(), r.known)).collect();
    assert_eq!(said, [(1, "infeasible", false), (2, "failed", false), (0, "ok", false)]);
    let history = desk.steering.history();
    assert_eq!(history.completions, [1, 2, 0]);
    let own = &history.trials[2];
    let text = Value::Text("neon".into());
    assert_eq!(own.proposed.design, [Value::Float(3.0), Value::Integer(2), text, Value::Float(2.5)]);
    assert_eq!((own.proposed.origin.as_str(), own.proposed.seen), (TOLD, 1));
    let completed = history.trials[0].completed.as_ref().unwrap();
    assert_eq!((completed.started, completed.finished), (101.0, 103.0));
    assert_eq!(own.completed.as_ref().unwrap().outcome.reason(), "output: no licence");
    // The session is recorded once, before anything else, and only because something happened.
    let is_session = |r: &&Record| matches!(r, Record::Session(_));
    assert_eq!(desk.records.iter().filter(is_session).count(), 1);
    assert!(is_session(&&desk.records[0]));
    assert_eq!(Desk::new(&study("sobol"), &[]).records.len(), 0);
}

#[test]
fn wrong_entries_are_told_and_nothing_of_their_batch_counts() {
    let mut desk = Desk::new(&study("sobol"), &[]);
    let asked = desk.ask(3);
    desk.tell(&[result(0, &asked[0].design)]).unwrap();
    let fine = json!({ "trial": 2, "objectives": { "mass": 1, "gain": 2 } });
    let values = json!({ "mass": 1, "gain": 2 });
    let design = |d: &[Value]| json!({ "x": d[0], "n": d[1], "gas": d[2], "length": d[3] });
    for (entry, told) in [
        (
            json!(7),
            "must be an object such as {\"trial\": 7, \"objectives\": {\"mass\": 1.0, \"gain\": 1.0}}, not 7",
        ),
        (
            json!({ "objectives": values }),
            "needs either trial (one that was asked for) or parameters (a point of your own), and has neither",
        ),
        (json!({ "trial": 1, "parameters": {}, "objectives": values }), "and has both"),
        (
            json!({ "trail": 1, "objectives": values }),
            "\"trail\" is not among the keys; did you mean \"trial\"?",
        ),
        (json!({ "trial": -1, "objectives": values }), "trial must be a trial's number, not -1"),
        (json!({ "trial": 9, "objectives": values }), "trial 9 was never proposed; pending: 1, 2"),
        (
            json!({ "trial": 0, "objectives": values }),
            "trial 0 has ended already (ok), and what is told now differs",
        ),
        (
            json!({ "trial": 1 }),
            "trial 1: needs objectives = {name: value, …}, infeasible = \"why\" or failed = \"why\"",
        ),
        (
            json!({ "trial": 1, "objectives": values, "failed": "x" }),
            "has objectives and failed together",
        ),
        (
            json!({ "trial": 1, "objectives": { "mass": 1 } }),
            "objective \"gain\" is missing; the result has mass",
        ),
        (
            json!({ "trial": 1, "objectives": { "mass": 1, "gain": 1, "gian": 1 } }),
            "\"gian\" is not among the objectives; did you mean \"gain\"?",
        ),
        (
            json!({ "trial": 1, "objectives": { "mass": null, "gain": 1 } }),
            "\"mass\": value is null, not a number",
        ),
        (json!({ "trial": 1, "objectives": { "mass": "NaN", "gain": 1 } }), "not a number"),
        (
            json!({ "trial": 1, "objectives": { "mass": { "value": 1, "sem": -1 }, "gain": 1 } }),
            "sem not negative",
        ),
        (
            json!({ "trial": 1, "objectives": values, "metrics": { "strain": 1 } }),
            "\"strain\" is not among the metrics",
        ),
        (json!({ "trial": 1, "failed": "" }), "failed must be the reason in words, not \"\""),
        (
            json!({ "trial": 1, "infeasible": "x", "metrics": {} }),
            "metrics belong to objectives; a trial that is infeasible has none",
        ),
        (
            json!({ "parameters": { "x": 11, "n": 1, "gas": "neon" }, "objectives": values }),
            "parameter x = 11 must be a number from 0 to 10",
        ),
        (
            json!({ "parameters": { "x": 1, "n": 1.5, "gas": "neon" }, "objectives": values }),
            "parameter n = 1.5 must be a whole number from 1 to 5",
        ),
        (
            json!({ "parameters": { "x": 1, "n": 1, "gas": "xenon" }, "objectives": values }),
            "parameter gas = xenon must be one of argon, neon",
        ),
        (json!({ "parameters": { "x": 1, "n": 1 }, "objectives": values }), "parameters lack gas"),
        (
            json!({ "parameters": { "x": 1, "n": 1, "gas": "neon", "length": 2 }, "objectives": values }),
            "length = 2 must be 2.5, which is fixed",
        ),
        (
            json!({ "parameters": { "x": 10, "n": 5, "gas": "neon" }, "objectives": values }),
            "the design violates the constraint \"x + n <= 12\"",
        ),
        (
            json!({ "parameters": design(&asked[1].design), "objectives": values }),
            "this is the design of trial 1, which is pending: write \"trial\": 1",
        ),
        (json!({ "trial": 2, "failed": "x" }), "trial 2 has ended already (ok)"),
    ] {
        let error = desk.tell(&[fine.clone(), entry.clone()]).unwrap_err();
        assert!(error.starts_with("entry 2: ") && error.contains(told), "{entry}: {error}");
        assert_eq!(desk.steering.history().completions, [0], "{entry}");
    }
    let alone = desk.tell(&[json!({ "trial": 9, "failed": "x" })]).unwrap_err();
    assert_eq!(alone, "trial 9 was never proposed; pending: 1, 2");
}

#[test]
fn what_is_told_again_word_for_word_changes_nothing() {
    let mut desk = Desk::new(&study("sobol"), &[]);
    let asked = desk.ask(1);
    let own = json!({ "parameters": { "x": 1, "n": 1, "gas": "neon" }, "infeasible": "no" });
    let batch = [result(0, &asked[0].design), own.clone()];
    desk.tell(&batch).unwrap();
    let records = desk.records.len();
    let again = desk.tell(&batch).unwrap();
    assert!(again.iter().all(|r| r.known) && again.iter().map(|r| r.trial).eq([0, 1]));
    assert_eq!(desk.records.len(), records);
    // A second measurement of a point of one's own is a trial of its own.
    let other = json!({ "parameters": { "x": 1, "n": 1, "gas": "neon" }, "objectives": { "mass": 1, "gain": 1 } });
    assert_eq!(desk.tell(&[other]).unwrap()[0].trial, 2);
    let twice = json!({ "parameters": { "x": 2, "n": 1, "gas": "neon" }, "failed": "no" });
    assert_eq!(desk.tell(&[twice.clone(), twice]).unwrap_err(), "entry 2: is entry 1 again");
}

#[test]
fn no_more_is_given_than_is_left_and_a_list_takes_no_other_points() {
    let mut desk = Desk::new(&study("sobol"), &[]);
    assert_eq!((desk.ask(100).len(), desk.steering.left(), desk.ask(1).len()), (12, 0, 0));
    let mut listed = study("sobol");
    listed.strategy.method = crate::config::Method::List;
    listed.strategy.trials = 1;
    let design =
        vec![Value::Float(1.0), Value::Integer(1), Value::Text("neon".into()), Value::Float(2.5)];
    listed.strategy.points = vec![design.clone()];
    let mut desk = Desk::new(&listed, &[]);
    let own = json!({ "parameters": { "x": 2, "n": 1, "gas": "neon" }, "failed": "no" });
    assert!(desk.tell(&[own]).unwrap_err().contains("method = \"list\""));
    let asked = desk.ask(5);
    assert_eq!((asked.len(), asked[0].origin.as_str(), &asked[0].design), (1, "list", &design));
}

/// Steers through twelve trials: two at a time, one of them told late, and points of one's own.
fn steer(desk: &mut Desk, study: &Study, restart: bool) {
    let renew = |desk: &mut Desk| {
        if restart {
            let now = desk.now;
            *desk = Desk::new(study, &desk.records);
            desk.now = now;
        }
    };
    let mut late: Option<Proposed> = None;
    while desk.steering.left() > 0 {
        let asked = desk.ask(2);
        renew(desk);
        for proposed in late.take().iter().chain(&asked[..1]) {
            desk.tell(&[result(proposed.trial, &proposed.design)]).unwrap();
            renew(desk);
        }
        late = asked.get(1).cloned();
        if desk.steering.left() == 4 {
            let own = json!({ "x": 2.5, "n": 2, "gas": "argon" });
            let told = json!({ "mass": 9, "gain": -1 });
            desk.tell(&[json!({ "parameters": own, "objectives": told })]).unwrap();
            renew(desk);
        }
    }
}

#[test]
fn sessions_that_end_after_every_step_get_the_same_candidates_as_one_that_does_not() {
    for method in ["sobol", "lhc", "nsga2", "nsga3", "mobo"] {
        let study = study(method);
        let (mut one, mut many) = (Desk::new(&study, &[]), Desk::new(&study, &[]));
        steer(&mut one, &study, false);
        steer(&mut many, &study, true);
        let designs = |desk: &Desk| {
            let trials = desk.steering.history().trials.iter();
            trials.map(|t| (t.proposed.design.clone(), t.proposed.origin.clone())).collect::<Vec<_>>()
        };
        assert_eq!(designs(&one), designs(&many), "{method}");
        assert!(designs(&one).iter().any(|(_, origin)| origin == TOLD));
        assert!(designs(&one).iter().any(|(_, origin)| origin == method), "{method}");
    }
}

#[test]
fn the_standing_and_the_front_are_those_of_the_history() {
    let mut desk = Desk::new(&study("sobol"), &[]);
    desk.ask(2);
    desk.tell(&[json!({ "trial": 0, "objectives": { "mass": 1, "gain": 2 } })]).unwrap();
    let own = |x: i32, mass: i32| json!({ "parameters": { "x": x, "n": 1, "gas": "neon" }, "objectives": { "mass": mass, "gain": 2 } });
    desk.tell(&[own(1, 3), own(2, 0)]).unwrap();
    let standing = standing(&desk.steering);
    assert_eq!(
        (&standing["ok"], &standing["left"], &standing["complete"]),
        (&json!(3), &json!(8), &json!(false))
    );
    assert_eq!(standing["pending"].as_array().unwrap().len(), 1);
    assert_eq!(standing["pending"][0]["trial"], 1);
    let front = front(&desk.steering);
    let expected = json!([{
        "trial": 3,
        "origin": TOLD,
        "parameters": { "x": 2.0, "n": 1, "gas": "neon", "length": 2.5 },
        "objectives": { "mass": 0.0, "gain": 2.0 },
    }]);
    assert_eq!(front, expected);
    let receipt =
        |known| Receipt { trial: 4, outcome: Outcome::Infeasible { reason: "x".into() }, known };
    assert_eq!(
        receipts(&[receipt(false), receipt(true)]),
        json!([{ "trial": 4, "status": "infeasible" }, { "trial": 4, "status": "infeasible", "known": true }])
    );
}

#[test]
fn a_rule_that_holds_ends_the_asking_until_it_is_relaxed() {
    let mut study = study("sobol");
    study.problem.objectives[0].threshold = Some(10.0);
    study.problem.objectives[1].threshold = Some(0.0);
    study.strategy.stop.hypervolume = Some(20.0);
    let mut desk = Desk::new(&study, &[]);
    let asked = desk.ask(1);
    let told =
        |trial: u64, mass: f64| json!({ "trial": trial, "objectives": { "mass": mass, "gain": 4.0 } });
    desk.tell(&[told(asked[0].trial, 6.0)]).unwrap();
    assert!(desk.steering.stopped().is_none(), "4 times 4 is 16");
    let asked = desk.ask(1);
    desk.tell(&[told(asked[0].trial, 2.0)]).unwrap();
    assert_eq!(desk.ask(3), []);
    let answer = asked_words(&desk);
    assert_eq!((&answer["candidates"], &answer["left"]), (&json!([]), &json!(10)));
    assert_eq!(answer["stopped"]["rule"], "hypervolume");
    assert!(answer["stopped"]["reason"].as_str().unwrap().contains("32.0"), "{answer}");
    assert_eq!(standing(&desk.steering)["complete"], true);
    assert!(matches!(desk.records.last(), Some(Record::Stopped(_))));
    // What is told late counts, and the next one to come finds the same.
    let mut later = Desk::new(&study, &desk.records);
    assert_eq!((later.ask(1), later.records.len()), (vec![], desk.records.len()));
    study.strategy.stop.hypervolume = Some(50.0);
    let mut relaxed = Desk::new(&study, &desk.records);
    assert_eq!(relaxed.ask(1)[0].trial, 2);
    assert_eq!(standing(&relaxed.steering)["stopped"], Json::Null);
}

fn asked_words(desk: &Desk) -> Json {
    asked(&desk.steering, &[]).into()
}

/// Candidates that were made while nobody asked are those that are made on demand, whatever was told in
/// between.
#[test]
fn what_is_made_ahead_changes_nothing() {
    for method in ["sobol", "nsga2", "mobo"] {
        let mut study = study(method);
        study.strategy.trials = 24;
        let asked: Vec<Vec<Proposed>> = [false, true]
            .map(|ahead| {
                let mut desk = Desk::new(&study, &[]);
                let mut all = vec![];
                for round in 0..8 {
                    let asked = desk.ask(if round % 3 == 2 { 2 } else { 1 });
                    let mut made = ahead && desk.steering.prepare();
                    assert!(!(ahead && desk.steering.prepare()), "one is enough");
                    let results: Vec<Json> = asked.iter().map(|p| result(p.trial, &p.design)).collect();
                    if round % 4 != 3 {
                        desk.tell(&results).unwrap();
                        made = ahead && desk.steering.prepare();
                    }
                    assert_eq!(made, ahead && desk.steering.left() > 0, "{method} {round}");
                    all.extend(asked);
                }
                all
            })
            .into();
        let designs = |asked: &[Proposed]| -> Vec<_> {
            asked.iter().map(|p| (p.design.clone(), p.seen, p.memory.clone())).collect()
        };
        assert_eq!(designs(&asked[0]), designs(&asked[1]), "{method}");
        assert!(asked[0].len() >= 10);
    }
}
