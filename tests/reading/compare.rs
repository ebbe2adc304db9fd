//! `paretorank compare` on real runs, against h5py and a hypervolume worked out anew.

use super::support::{
    PROGRAM, Ranks, Scene,
    process::{Ended, Running},
    python, quick,
};
use paretorank::pareto;
use serde_json::Value as Json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A complete run of the quick study with this seed and method.
fn run(seed: &str, method: &str) -> Scene {
    let scene = Scene::new(&quick(12, "1 ms"));
    let method = format!("strategy.method={method}");
    scene.complete(Ranks::Threads(2), &["--seed", seed, "--set", &method]);
    scene
}

fn compare(runs: &[&Path], more: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.arg("compare").args(runs).args(more);
    Running::start(&mut command).wait()
}

#[test]
fn seeds_are_a_group_and_strategies_are_not() {
    let scenes = [run("1", "sobol"), run("2", "sobol"), run("1", "lhc")];
    let runs: Vec<&Path> = scenes.iter().map(Scene::run_dir).collect();
    let dir = tempfile::tempdir().unwrap();
    let (csv, svg) = (dir.path().join("curves.csv"), dir.path().join("curves.svg"));
    let files = ["--csv", csv.to_str().unwrap(), "--svg", svg.to_str().unwrap()];
    let text = compare(&runs, &files).expect(0).out;
    for word in ["method=sobol", "method=lhc", "90 % of the best final one", "reference point 1.1, 1.1"]
    {
        assert!(text.contains(word), "{word:?} in {text}");
    }
    let found: Json = serde_json::from_str(&compare(&runs, &["--json"]).expect(0).out).unwrap();
    let groups = found["groups"].as_array().unwrap();
    let sizes: Vec<usize> = groups.iter().map(|g| g["runs"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [2, 1]);
    let finals: Vec<f64> =
        (0..2).map(|k| groups[0]["runs"][k]["hypervolume"].as_f64().unwrap()).collect();
    assert_eq!(groups[0]["hypervolume"]["median"].as_f64().unwrap(), (finals[0] + finals[1]) / 2.0);
    for (k, scene) in scenes.iter().enumerate() {
        let group = &groups[k / 2]["runs"][k % 2];
        assert_eq!(group["hypervolume"], scene.status()["hypervolume"]);
    }
    let never = compare(&runs, &["--hypervolume", "5"]).expect(0).out;
    assert!(
        never.contains("to be reached: hypervolume 5\n") && never.contains("not reached"),
        "{never}"
    );
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), 3 * 12);
    let svg = fs::read_to_string(&svg).unwrap();
    for word in ["<svg", "method=sobol", "method=lhc", "hypervolume", "trials"] {
        assert!(svg.contains(word), "{word}");
    }
}

#[test]
fn a_curve_is_what_the_history_says() {
    let scene = run("3", "sobol");
    let script = "
status = f['trials/status'].asstr()[:]
y, finished = f['trials/objectives'][:], f['trials/finished'][:]
done = [int(k) for k in f['completions'][:]]
assert all(status[k] == 'ok' for k in done)
print(json.dumps({'y': [list(y[k]) for k in done], 'finished': [finished[k] for k in done],
                  'at': f['sessions/at'][0]}))";
    let Some(told) = python::h5py(&scene.run_dir().join("history.h5"), script) else { return };
    let found = compare(&[scene.run_dir()], &["--json"]).expect(0).out;
    let found: Json = serde_json::from_str(&found).unwrap();
    let y: Vec<Vec<f64>> = serde_json::from_value(told["y"].clone()).unwrap();
    let group = &found["groups"][0];
    for trials in [1, 5, 12] {
        let front: Vec<Vec<f64>> =
            pareto::non_dominated(&y[..trials]).into_iter().map(|k| y[k].clone()).collect();
        let expected = pareto::hypervolume(&front, &[1.1, 1.1]);
        let median = group["by_trials"][trials]["median"].as_f64().unwrap();
        assert!((median - expected).abs() < 1e-12, "{median} and {expected} after {trials}");
    }
    let seconds = group["by_seconds"].as_array().unwrap().last().unwrap()["seconds"].as_f64().unwrap();
    let finished: Vec<f64> = serde_json::from_value(told["finished"].clone()).unwrap();
    let last = finished.into_iter().fold(f64::MIN, f64::max);
    assert!((seconds - (last - told["at"].as_f64().unwrap())).abs() < 1e-6, "{seconds}");
}

#[test]
fn runs_after_different_things_are_refused() {
    let one = run("1", "sobol");
    let three = Scene::new(&quick(4, "1 ms").replace("objectives = 2", "objectives = 3"));
    three.complete(Ranks::Threads(1), &[]);
    let refused = compare(&[one.run_dir(), three.run_dir()], &[]).expect(2).err;
    for word in [one.run_dir().to_str().unwrap(), three.run_dir().to_str().unwrap(), "objectives"] {
        assert!(refused.contains(word), "{word:?} in {refused}");
    }
    let nowhere = compare(&[one.run_dir(), Path::new("/nowhere")], &[]);
    assert!(nowhere.expect(2).err.contains("/nowhere"));
}
