//! Studies of DTLZ2, and trials of them.

use paretorank::config::{self, Overrides, Study};
use paretorank::doe::Sobol;
use paretorank::problem::{Design, Measurement, Outcome, Space};
use paretorank::store::{Attempt, Completed, Proposed, Record, Session, Start};
use paretorank::test_functions::{TestFunction, by_name};
use std::path::Path;

/// DTLZ2 with so many objectives and parameters, by `mobo`.
pub fn study(objectives: usize, parameters: usize) -> Study {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/dtlz2.toml");
    let set = [("evaluator.objectives", objectives), ("evaluator.dimension", parameters)];
    let set = set.map(|(key, value)| (key.to_owned(), value.to_string())).to_vec();
    config::read(&file, &Overrides { set, ..Overrides::default() }).expect("a study").0
}

/// n designs and their values as of a study that gets on: Sobol points, the later ones ever closer to the
/// front, the last at a tenth of the distance; `gets_on` false: Sobol points.
pub fn trials(study: &Study, n: usize, gets_on: bool) -> Vec<(Design, Outcome)> {
    let (space, objectives) = (&study.problem.space, study.problem.objectives.len());
    let function = by_name("dtlz2", space.dimension(), objectives, None).expect("DTLZ2");
    let sobol = Sobol::new(1, "bench", space.dimension());
    let trial = |k: usize| {
        let scale = if gets_on { 0.1_f64.powf(k as f64 / n as f64) } else { 1.0 };
        let mut unit = sobol.point(k as u64);
        // Of the others the distance is a sum of squares around ½.
        unit[objectives - 1..].iter_mut().for_each(|u| *u = 0.5 + scale * (*u - 0.5));
        let design = space.decode(&unit);
        let outcome = outcome(&*function, &design);
        (design, outcome)
    };
    (0..n).map(trial).collect()
}

fn outcome(function: &dyn TestFunction, design: &Design) -> Outcome {
    let values = function.evaluate(&Space::numbers(design));
    let objectives = values.iter().filter_map(|value| Measurement::new(*value, None)).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

/// What a run of n trials leaves, one after the other on one rank; hyperparameters are kept whenever there are
/// 8 % more trials, as `mobo` does. `gets_on` as for [`trials`].
pub fn records(study: &Study, n: usize, gets_on: bool) -> Vec<Record> {
    let host = "node1".to_owned();
    let mut records = vec![Record::Session(Session {
        at: 1e9,
        host: host.clone(),
        job: String::new(),
        evaluators: 1,
        capacity: 1,
        completed_before: 0,
    })];
    let mut fit_at = 10;
    for (k, (design, outcome)) in trials(study, n, gets_on).into_iter().enumerate() {
        let (trial, at) = (k as u64, 1e9 + k as f64);
        let is_fitted = k >= fit_at;
        if is_fitted {
            fit_at = (1.08 * k as f64).ceil() as usize;
        }
        let (objectives, dimension) = (study.problem.objectives.len(), study.problem.space.dimension());
        let hyperparameters = objectives * (dimension + 2) * size_of::<f64>();
        records.push(Record::Proposed(Proposed {
            trial,
            seen: trial,
            design,
            origin: "mobo".into(),
            generation_s: 0.03,
            at,
            memory: is_fitted.then(|| vec![0; hyperparameters]),
        }));
        let attempt = Attempt {
            trial,
            attempt: 1,
            rank: 1,
            host: host.clone(),
            dispatched: at,
            started: at,
            finished: at + 0.9,
            status: outcome.status().into(),
            reason: outcome.reason(),
            start: None,
            detail: Default::default(),
        };
        records.push(Record::Attempted(attempt, Start { waited_s: 0.03, stale: 0 }));
        records.push(Record::Completed(Completed { trial, outcome, started: at, finished: at + 0.9 }));
    }
    records
}
