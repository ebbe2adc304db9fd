//! A Python script at the other end of the pipe.

use super::outside;
use super::support::python::h5py;
use super::support::{PROGRAM, Scene};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::process::Command;

/// What the script says at the end.
fn drive(scene: &Scene, target: &str, more: &[&str]) -> Json {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steering/drive.py");
    let mut line = Command::new("python3");
    line.arg(script).args([PROGRAM, target]).args(more).current_dir(scene.path("."));
    let ran = line.output().expect("python3 is installed");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).unwrap()
}

fn parameters(scene: &Scene) -> Vec<(String, String, String)> {
    let rows = scene.table().rows;
    rows.into_iter().map(|r| (r["x [cm]"].clone(), r["y [cm]"].clone(), r["origin"].clone())).collect()
}

#[test]
fn a_script_steers_a_study_and_h5py_reads_it() {
    let scene = Scene::new(&outside("mobo"));
    let status = drive(&scene, "study.toml", &[]);
    assert_eq!(
        (&status["ok"], &status["complete"], &status["pending"]),
        (&json!(15), &json!(true), &json!([]))
    );
    assert_eq!(scene.status()["state"], "complete");
    scene.table().assert_complete(15);
    let origins = scene.table();
    assert_eq!(origins.column("origin")[4..6], ["sobol", "mobo"]);
    let script = "t = f['trials']; x, y = t['parameters'][:].T\n\
                  near, far = t['objectives'][:].T\n\
                  print(json.dumps({'n': len(x), 'off': float(max(abs(near - x*x - y*y) + \
                  abs(far - (x-1)**2 - (y-1)**2))), 'sem': t['sem'][:, 1].tolist(), \
                  'hypervolume': float(f['hypervolume'][-1])}))";
    let Some(read) = h5py(&scene.run_dir().join("history.h5"), script) else { return };
    assert_eq!((&read["n"], &read["sem"]), (&json!(15), &json!(vec![0.0; 15])));
    assert!(read["off"].as_f64().unwrap() < 1e-12, "{read}");
    // Summed up in another order.
    let [there, here] = [&read, &status].map(|from| from["hypervolume"].as_f64().unwrap());
    assert!((there - here).abs() < 1e-9 * here, "{there} {here}");
}

#[test]
fn a_session_that_is_killed_goes_on_as_if_nothing_had_happened() {
    for method in ["nsga2", "mobo"] {
        let (whole, broken) = (Scene::new(&outside(method)), Scene::new(&outside(method)));
        drive(&whole, "study.toml", &[]);
        let status = drive(&broken, "study.toml", &["8"]);
        assert_eq!(status["complete"], json!(true));
        assert_eq!(parameters(&whole), parameters(&broken), "{method}");
        assert_eq!(broken.status()["sessions"], 2);
    }
}
