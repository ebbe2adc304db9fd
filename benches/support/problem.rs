//! Studies of DTLZ2, and trials of them.

use paretorank::config::{self, Overrides, Study};
use paretorank::doe::Sobol;
use paretorank::problem::{Design, Measurement, Outcome, Space};
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
