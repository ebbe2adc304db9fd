//! A study and a fixed sequence of records to write.

use paretorank::config::Study;
use paretorank::problem::{FailureClass, Measurement, Outcome, Value};
use paretorank::store::{
    Attempt, Completed, History, Opened, Origin, Proposed, Record, Session, Store, Stored, Writer, read,
};
use std::path::Path;
use std::time::Duration;

/// Longer than any test: no snapshot but the first and the last.
pub const NEVER: Duration = Duration::from_secs(100_000);

/// The study file's text; nothing here reads it.
pub const TEXT: &str = "[study]\nname = \"released\"\n";

pub fn study() -> Study {
    serde_json::from_str(include_str!("study.json")).expect("a study")
}

pub fn origin() -> Origin {
    Origin { host: host(), job: "4711".into() }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

pub fn open(dir: &Path) -> Opened {
    Store::open(dir, &study(), TEXT, &origin()).expect("opens")
}

/// The first `n` records.
pub fn records(n: u64) -> Vec<Record> {
    (0..n).map(record).collect()
}

/// Record `number` of the sequence: one session, then for every trial its proposal, its attempt and
/// its end.
pub fn record(number: u64) -> Record {
    let Some(k) = number.checked_sub(1) else {
        return Record::Session(Session {
            at: 1.7e9,
            host: "node1".into(),
            job: "4711".into(),
            evaluators: 3,
            capacity: 4,
            completed_before: 0,
        });
    };
    let trial = k / 3;
    let (started, finished) = (1.7e9 + trial as f64, 1.7e9 + trial as f64 + 0.75);
    match k % 3 {
        0 => Record::Proposed(Proposed {
            trial,
            seen: trial,
            design: design(trial),
            origin: if trial == 0 { "default" } else { "sobol" }.into(),
            generation_s: 0.1 / 3.0,
            at: started,
            memory: trial.is_multiple_of(2).then(|| vec![trial as u8; (trial % 5) as usize]),
        }),
        1 => Record::Attempt(Attempt {
            trial,
            attempt: 1,
            rank: 1 + trial % 3,
            host: "node2".into(),
            dispatched: started,
            started,
            finished,
            status: outcome(trial).status().into(),
            reason: outcome(trial).reason(),
            start: None,
            detail: Default::default(),
        }),
        _ => Record::Completed(Completed { trial, outcome: outcome(trial), started, finished }),
    }
}

fn design(trial: u64) -> Vec<Value> {
    let gases = [Value::Text("C2F6".into()), Value::Text("CF4".into()), Value::Integer(1)];
    vec![
        Value::Float(0.1 * (1 + trial % 9) as f64),
        Value::Integer(9_007_199_254_740_993 + trial as i64),
        gases[(trial % 3) as usize].clone(),
        Value::Text("quartz".into()),
    ]
}

fn outcome(trial: u64) -> Outcome {
    let reason = format!("nö: trials/{trial}");
    match trial % 7 {
        2 => Outcome::Infeasible { reason },
        4 => Outcome::Failed { class: FailureClass::Signal, reason },
        6 => Outcome::Interrupted { reason },
        k => {
            let measured = |y: f64, sem| Measurement::new(y, sem).expect("finite");
            let x = 0.1 * (1 + trial % 9) as f64;
            let objectives = vec![measured(x, None), measured(-(1.0 - x), Some(0.01))];
            let metrics = vec![(k == 1).then(|| measured(100.0 * x, Some(1.0)))];
            Outcome::Ok { objectives, metrics }
        }
    }
}

pub fn history(n: u64) -> History {
    let mut history = History::default();
    for record in records(n) {
        history.apply(record).expect("fits");
    }
    history
}

/// Makes the run directory `dir` with the first `n` records, a snapshot after `n / 2` and at the end.
pub fn write(dir: &Path, n: u64) {
    for until in [n / 2, n] {
        let Opened { store, history, .. } = open(dir);
        let writer = Writer::spawn(store, NEVER);
        writer.record((history.records..until).map(record).collect());
        assert_eq!(writer.finish().expect("writes").records, until);
    }
}

/// The first `n` records again, from what `dir` holds.
pub fn assert_holds(dir: &Path, n: u64) -> Stored {
    let stored = read(dir).expect("reads");
    assert_eq!(stored.history, history(n));
    stored
}
