//! A small study with every kind of parameter, and made-up histories of it.

use super::record::{
    Asked, Attempt, Completed, Detail, History, Proposed, Record, Session, Start, Stopped,
};
use crate::config::{Rule, Study};
use crate::problem::{FailureClass, Measurement, Outcome, ParameterKind, Value, Values};
use crate::rng;
use rand::RngExt;

/// Five parameters, two objectives, two metrics, a constraint on the first of them.
pub(crate) fn study() -> Study {
    let text = include_str!("testing.json");
    serde_json::from_str(text).unwrap()
}

/// A history of `trials` proposals in which some are pending at any time, with every outcome.
pub(crate) fn records(study: &Study, trials: u64) -> Vec<Record> {
    let mut rng = rng::stream(study.seed, "records", trials);
    let session = |k: u64| Session {
        at: k as f64,
        host: "node1".into(),
        job: if k == 0 { String::new() } else { format!("{k}") },
        evaluators: 4,
        capacity: 5,
        completed_before: k,
    };
    let mut records = vec![Record::Session(session(0))];
    let mut pending = Vec::new();
    let mut completed = 0;
    for trial in 0..trials {
        if rng.random_bool(0.05) {
            records.push(Record::Session(session(trial)));
        }
        if rng.random_bool(0.3) {
            records.push(Record::Asked(Asked { trial, seen: completed }));
        }
        let values = study.problem.space.parameters.iter().map(|p| match &p.kind {
            ParameterKind::Float { lower, upper, .. } => Value::Float(rng.random_range(*lower..*upper)),
            ParameterKind::Integer { lower, upper, .. } => {
                Value::Integer(rng.random_range(*lower..=*upper))
            }
            ParameterKind::Choice { values } => values[rng.random_range(0..values.len())].clone(),
            ParameterKind::Fixed { value } => value.clone(),
            ParameterKind::Events(range) => Value::Integer(rng.random_range(range.lower..=range.upper)),
        });
        records.push(Record::Proposed(Proposed {
            trial,
            seen: trial / 2,
            design: values.collect(),
            origin: "sobol".into(),
            generation_s: 0.1 / 3.0,
            at: 1e9 + trial as f64,
            memory: (trial % 3 == 0).then(|| trial.to_le_bytes()[..(trial % 9) as usize].to_vec()),
        }));
        pending.push(trial);
        if pending.len() > 3 {
            let trial = pending.remove(rng.random_range(0..pending.len()));
            let (started, finished) = (1e9 + trial as f64, 1e9 + trial as f64 + 0.1);
            let outcome = outcome(study, trial, &mut rng);
            let attempt = Attempt {
                trial,
                attempt: 1,
                rank: 1 + trial % 4,
                host: "node2".into(),
                dispatched: started,
                started,
                finished,
                status: outcome.status().into(),
                reason: outcome.reason(),
                start: None,
                detail: Default::default(),
            };
            records.push(match trial % 5 {
                0 => Record::Attempt(attempt),
                4 => {
                    let values: Values = ["n_sigma", "überlappend"]
                        .iter()
                        .take((trial % 3) as usize)
                        .filter_map(|name| Some(((*name).to_owned(), Measurement::new(0.5, None)?)))
                        .collect();
                    let peak_memory = trial.is_multiple_of(2).then_some(trial << 30);
                    let (task, stage, key) = (trial as u32, "simulation".to_owned(), "low,3".to_owned());
                    let start = Start { waited_s: 0.0, stale: 0 };
                    Record::Ended(
                        attempt,
                        start,
                        Box::new(Detail { task, stage, key, peak_memory, values, container_s: None }),
                    )
                }
                k => Record::Attempted(attempt, Start { waited_s: 0.1 * k as f64, stale: k - 1 }),
            });
            records.push(Record::Completed(Completed { trial, outcome, started, finished }));
            completed += 1;
            if rng.random_bool(0.05) {
                let rule = Rule::ALL[rng.random_range(0..Rule::ALL.len())];
                let (setting, reason) = (format!("{} = 1", rule.name()), "überschritten".into());
                records.push(Record::Stopped(Stopped {
                    at: finished,
                    completed,
                    rule,
                    setting,
                    reason,
                }));
            }
        }
    }
    records
}

fn outcome(study: &Study, trial: u64, rng: &mut impl rand::Rng) -> Outcome {
    let reason = format!("überlang, see trials/{trial}");
    match rng.random_range(0..8) {
        0 => Outcome::Infeasible { reason },
        1 => Outcome::Failed { class: FailureClass::Timeout, reason },
        2 => Outcome::Interrupted { reason: String::new() },
        _ => {
            let mut measure = || {
                let sem = rng.random_bool(0.5).then(|| rng.random_range(0.0..0.1));
                Measurement::new(rng.random_range(-1.0..1.0), sem)
            };
            let objectives = study.problem.objectives.iter().filter_map(|_| measure()).collect();
            let metrics = study.problem.metrics.iter().enumerate();
            let metrics = metrics.map(|(k, _)| measure().filter(|_| k == 0)).collect();
            Outcome::Ok { objectives, metrics }
        }
    }
}

/// Their sum.
pub(crate) fn history(records: &[Record]) -> History {
    let mut history = History::default();
    for record in records {
        history.apply(record.clone()).unwrap();
    }
    history
}
