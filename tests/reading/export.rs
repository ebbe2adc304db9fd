//! `paretorank export --designs`: the texts are what a trial really got.

use super::support::{PROGRAM, Ranks, Scene, process::Running};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn designs_hold_the_very_text_of_a_trials_files() {
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut command = Command::new(PROGRAM);
    command.args(["run", "detector.toml", "--workers", "2", "--trials", "3", "--output"]).arg(&run);
    Running::start(command.current_dir(&configs)).wait().expect(0);
    let ask = |more: &[&str]| {
        let mut command = Command::new(PROGRAM);
        Running::start(command.arg("export").arg(&run).args(more)).wait()
    };
    let text = ask(&["--designs", "--trial", "1"]).expect(0).out;
    assert!(text.starts_with("# trial 1: "), "{text}");
    let mut edits = 0;
    let mut file = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            file =
                fs::read_to_string(run.join("trials/000001/+geometry").join(name)).unwrap_or_default();
        } else if let Some(edit) = line.strip_prefix("    ") {
            let value = edit.rsplit(": ").next().unwrap();
            assert!(file.contains(value), "{edit} is not in the trial's file\n{text}");
            edits += 1;
        }
    }
    assert!(edits >= 3, "{text}");
    let all = ask(&["--designs"]).expect(0).out;
    let front = {
        let mut command = Command::new(PROGRAM);
        Running::start(command.arg("front").arg(&run).arg("--json")).wait().expect(0).out
    };
    let front: serde_json::Value = serde_json::from_str(&front).unwrap();
    assert_eq!(all.matches("# trial ").count(), front["front"].as_array().unwrap().len());
    assert!(
        ask(&["--designs", "--trial", "9"])
            .expect(2)
            .err
            .contains("the run has no trial 9; it has 0 to 2")
    );
    ask(&["--trial", "1"]).expect(2);
}

#[test]
fn a_design_without_geometry_is_a_list_with_units() {
    let scene = Scene::quick(3, "1 ms");
    scene.complete(Ranks::Threads(1), &[]);
    let text = scene.ask("export", &["--designs", "--trial", "2"]).expect(0).out;
    let table = scene.table();
    let x0 = &table.rows[2]["x0"];
    assert!(text.contains(&format!("\n## parameters\nx0 = {x0}\n")), "{text}");
}

/// What the Python named by PARETORANK_AX, which has Ax, finds in an exported experiment.
const AX: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
from ax.storage.json_store.load import load_experiment
e = load_experiment(sys.argv[1])
df = e.lookup_data().df
config = e.optimization_config
print(json.dumps({
    "parameters": {n: [type(p).__name__, p.parameter_type.name, getattr(p, "log_scale", None)]
                   for n, p in e.search_space.parameters.items()},
    "bounds": [e.search_space.parameters["wall"].lower, e.search_space.parameters["wall"].upper],
    "values": e.search_space.parameters["material"].values,
    "fixed": e.search_space.parameters["length"].value,
    "constraints": [[c.constraint_dict, c.bound] for c in e.search_space.parameter_constraints],
    "objectives": dict(config.objective.metric_weights),
    "thresholds": {t.metric_names[0]: [t.op.name, t.bound, t.relative] for t in config.objective_thresholds},
    "bounded": {c.metric_names[0]: [c.op.name, c.bound, c.relative] for c in config.outcome_constraints},
    "trials": {i: [t.status.name, t.arm.parameters] for i, t in e.trials.items()},
    "data": [[int(r.trial_index), r.metric_name, r["mean"], None if r["sem"] != r["sem"] else r["sem"]]
             for _, r in df.iterrows()],
}))
"#;

#[test]
fn ax_reads_the_experiment_and_finds_everything() {
    let Some(python) = std::env::var_os("PARETORANK_AX") else {
        println!("SKIPPED: set PARETORANK_AX to a Python that has Ax (pip install ax-platform)");
        return;
    };
    let configs = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let dir = tempfile::tempdir().unwrap();
    let (run, file) = (dir.path().join("run"), dir.path().join("ax.json"));
    // Ax has no constraint on a parameter with a logarithmic scale: one on another in its place.
    let study = fs::read_to_string(configs.join("constrained.toml")).unwrap();
    let (program, constraint) = ("beam/beam.py", "height >= 4*wall + 10");
    assert!(study.contains(program) && study.contains(constraint));
    let study = study.replace(program, configs.join(program).to_str().unwrap());
    fs::write(dir.path().join("study.toml"), study.replace(constraint, "height >= 4*ribs + 10"))
        .unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["run", "study.toml", "--workers", "2", "--trials", "12", "--output"]).arg(&run);
    Running::start(command.current_dir(dir.path())).wait().expect(0);
    let ask = |more: &[&str]| {
        let mut command = Command::new(PROGRAM);
        Running::start(command.arg("export").arg(&run).args(more)).wait().expect(0)
    };
    assert_eq!(ask(&["--ax", "--out", file.to_str().unwrap()]).err, "");
    let read = Command::new(python).args(["-c", AX]).arg(&file).output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    let found: Json = serde_json::from_slice(&read.stdout).unwrap();
    let parameters = json!({
        "height": ["RangeParameter", "FLOAT", false],
        "width": ["RangeParameter", "FLOAT", false],
        "wall": ["RangeParameter", "FLOAT", true],
        "ribs": ["RangeParameter", "INT", false],
        "material": ["ChoiceParameter", "STRING", false],
        "length": ["FixedParameter", "FLOAT", null],
    });
    assert_eq!(found["parameters"], parameters);
    assert_eq!(found["bounds"], json!([0.5, 8.0]));
    assert_eq!(found["values"], json!(["aluminium", "steel", "carbon"]));
    assert_eq!(found["fixed"], 1200.0);
    let constraints =
        json!([[{"height": 1.0, "width": 1.0}, 150.0], [{"height": -1.0, "ribs": 4.0}, -10.0]]);
    assert_eq!(found["constraints"], constraints);
    assert_eq!(found["objectives"], json!({"mass": -1.0, "stiffness": 1.0}));
    let thresholds = json!({"mass": ["LEQ", 8.0, false], "stiffness": ["GEQ", 20.0, false]});
    assert_eq!(found["thresholds"], thresholds);
    assert_eq!(found["bounded"], json!({"stress": ["LEQ", 40.0, false]}));
    let own: Json = serde_json::from_str(&ask(&["--json"]).out).unwrap();
    let mut rows = vec![];
    for trial in own["trials"].as_array().unwrap() {
        let there = &found["trials"][trial["trial"].to_string()];
        let status = match trial["status"].as_str().unwrap() {
            "ok" => "COMPLETED",
            "infeasible" => "ABANDONED",
            _ => "FAILED",
        };
        assert_eq!((there[0].as_str(), &there[1]), (Some(status), &trial["parameters"]));
        for quantity in ["mass", "stiffness", "stress", "frequency"] {
            let measured =
                ["objectives", "metrics"].iter().find_map(|kind| trial[*kind].get(quantity)).cloned();
            if let Some(measured) = measured.filter(|m| !m.is_null()) {
                rows.push(json!([trial["trial"], quantity, measured["value"], measured["sem"]]));
            }
        }
    }
    assert!(!rows.is_empty());
    let key = |row: &Json| (row[0].as_u64(), row[1].as_str().map(str::to_owned));
    let mut data = found["data"].as_array().unwrap().clone();
    data.sort_by_key(key);
    rows.sort_by_key(key);
    // What reads the tables there (pandas) may be off in the last digit.
    let alike = |a: &Json, b: &Json| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs(),
        _ => a == b,
    };
    let same = |(a, b): (&Json, &Json)| (0..4).all(|k| alike(&a[k], &b[k]));
    assert!(data.len() == rows.len() && data.iter().zip(&rows).all(same), "{data:?}\n{rows:?}");
}
