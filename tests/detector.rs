//! A detector description from the study file to what a program reads, and the import of a foreign study.

#[allow(dead_code)]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::process::{Ended, Running, mpirun};
use support::{PROGRAM, contents};

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
}

fn install() -> PathBuf {
    configs().join("detector/install")
}

/// `paretorank …` with the install in the environment, as the head of the study says.
fn paretorank(arguments: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    Running::start(command.args(arguments).env("DETECTOR_PATH", install())).wait()
}

/// What an evaluation reads in a trial's description must be what the table says.
fn blur(row: &BTreeMap<String, String>) -> f64 {
    let number = |name: &str| row[name].parse::<f64>().unwrap() / 100.0;
    // The study writes millimetre fractions of this one: %.3f in cm.
    let center = (number("mirror_centerx [cm]") * 1e5).round() / 1e5;
    let radius = number("mirror_radius [cm]");
    (1.555 - center - 0.2 * radius).abs() + 0.05 * (radius - 2.0).abs()
}

#[test]
fn every_trial_is_evaluated_with_its_own_description() {
    let run = tempfile::tempdir().unwrap();
    let run = run.path().join("run");
    let study = configs().join("detector.toml");
    let before = contents(&install());
    let mut line = mpirun(3, PROGRAM);
    line.env("DETECTOR_PATH", install()).arg("run").arg(&study);
    line.args(["--trials", "9", "--output"]).arg(&run);
    Running::start(&mut line).wait().expect(0);
    assert_eq!(contents(&install()), before, "the install stays as it is");
    let exported = paretorank(&["export", run.to_str().unwrap(), "--csv"]).expect(0).out;
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(exported.as_bytes()).deserialize().map(Result::unwrap).collect();
    let ok: Vec<_> = rows.iter().filter(|row| row["status"] == "ok").collect();
    assert!(ok.len() >= 5, "{exported}");
    for row in ok {
        let measured: f64 = row["blur [m]"].parse().unwrap();
        assert!((measured - blur(row)).abs() < 1e-9, "{measured} and {} in {exported}", blur(row));
    }
    for trial in 0..9 {
        let own = run.join(format!("trials/{trial:06}/+geometry"));
        let names: Vec<String> = contents(&own)
            .into_keys()
            .filter(|path| path.is_file())
            .map(|path| path.strip_prefix(&own).unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["compact/pid/all.xml", "compact/pid/drich.xml", "geometry.diff", "rich.xml"]);
    }
    // Trial 0 is the nominal design, which is the install but for what is written otherwise on purpose.
    let nominal = fs::read_to_string(run.join("trials/000000/+geometry/compact/pid/drich.xml")).unwrap();
    let original = fs::read_to_string(install().join("compact/pid/drich.xml")).unwrap();
    let changed = original
        .replace("\"114.6*cm\"", "\"114.600*cm\"")
        .replace("293.9*cm - DRICH_zmin", "293.9*cm - DRICH_zmin + (20.0 - 20)*cm");
    assert_eq!(nominal, changed);
}

#[test]
fn check_shows_what_is_installed_and_what_is_missing() {
    let study = configs().join("detector.toml");
    let study = study.to_str().unwrap();
    let said = paretorank(&["check", study]).expect(0).out;
    let line = "mirror_radius compact/pid/drich.xml:8: radius is \"219.8*cm\"";
    assert!(said.contains(line), "{said}");
    assert!(
        said.contains("per trial    rich.xml, compact/pid/all.xml, compact/pid/drich.xml\n"),
        "{said}"
    );
    let set = |key: &str| paretorank(&["check", study, "--set", key]).expect(78);
    let gone = set("geometry.install=/no/such/place");
    assert!(
        gone.out.contains("geometry (4 edits)") && gone.err.contains("is no folder on this machine"),
        "{}",
        gone.err
    );
    let wrong = set(
        "parameter.snout_length.edit={file=\"compact/pid/drich.xml\", xpath=\".//constant[@name='DRICH_snout']\", attribute=\"value\"}",
    );
    assert!(
        wrong.err.contains("that is \"DRICH_snout\"; there are DRICH_snout_length, DRICH_zmin"),
        "{}",
        wrong.err
    );
    let run = Command::new(PROGRAM)
        .args(["run", study, "--workers", "1", "--set", "geometry.top=other.xml"])
        .env("DETECTOR_PATH", install())
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&run.stderr).contains("other.xml: No such file"));
}
