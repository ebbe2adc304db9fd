//! The example program of `configs/constrained.toml` keeps what its study file says of it.

use paretorank::config::{self, Evaluator, Overrides};
use paretorank::problem::{ParameterKind, Value};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn the_shipped_beam_answers_at_its_nominal_design() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/constrained.toml");
    let (study, _) = config::read(&file, &Overrides::default()).unwrap();
    let values = study.problem.space.parameters.iter().map(|p| match &p.kind {
        ParameterKind::Fixed { value } => (p.name.clone(), value.clone()),
        _ => (p.name.clone(), p.default.clone().unwrap()),
    });
    let design: BTreeMap<String, Value> = values.collect();
    let Evaluator::Command(command) = &study.evaluator else { panic!("a command") };
    let folder = tempfile::tempdir().unwrap();
    let run = |design: &BTreeMap<String, Value>| {
        let json = serde_json::to_string(design).unwrap();
        std::fs::write(folder.path().join("parameters.json"), json).unwrap();
        let mut child = std::process::Command::new(&command.argv[0]);
        child.current_dir(&folder).output().unwrap().status.code().unwrap()
    };
    assert_eq!(run(&design), 0);
    let text = std::fs::read_to_string(folder.path().join("result.json")).unwrap();
    let result: serde_json::Value = serde_json::from_str(&text).unwrap();
    for metric in &study.problem.metrics {
        assert!(result[&metric.name].is_number(), "{}", metric.name);
    }
    // Hollow 60 x 40 x 3: I = (40·60³ - 34·54³) / 12 mm⁴; k = 3 E I / L³ with E = 70 GPa.
    let inertia = (40.0 * 60f64.powi(3) - 34.0 * 54f64.powi(3)) / 12.0;
    let stiffness = result["stiffness"]["value"].as_f64().unwrap();
    assert!((stiffness - 3.0 * 70e3 * inertia / 1200f64.powi(3)).abs() < 1e-9);
    let beam = 2.7e-6 * (40.0 * 60.0 - 34.0 * 54.0) * 1200.0;
    let ribs = 2.7e-6 * 4.0 * 34.0 * 54.0 * 3.0;
    assert!((result["mass"].as_f64().unwrap() - beam - ribs).abs() < 1e-9);
    // F L (h/2) / I; the nominal design satisfies the constraint on it, which is in the same unit.
    let stress = 25.0 * 9.81 * 1200.0 * 30.0 / inertia;
    assert!((result["stress"].as_f64().unwrap() - stress).abs() < 1e-9);
    let constraint = &study.problem.outcome_constraints[0];
    assert_eq!(study.problem.metrics[constraint.terms[0].0 - 2].name, "stress");
    assert!(constraint.text == "stress <= 40" && stress < constraint.upper);
    let mut thin = design.clone();
    thin.insert("width".into(), Value::Float(5.0));
    assert_eq!(vec![run(&thin)], command.infeasible_exit_codes);
}
