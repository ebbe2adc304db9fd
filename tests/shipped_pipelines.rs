//! Every study file that is shipped is understood, and pipelines of real detectors run from end to end
//! with the stand-ins of `configs/fake` in place of their programs.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

fn configs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs")
}

/// The program where the stand-ins come first in PATH and their description is the installed one.
fn paretorank() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paretorank"));
    let path = std::env::var("PATH").unwrap();
    command
        .env("PATH", format!("{}:{path}", configs().join("fake/bin").display()))
        .env("DETECTOR_PATH", configs().join("fake/epic"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

fn succeeds(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(ran.status.success(), "{command:?}\n{}\n{}", said[0], said[1]);
    said[0].clone()
}

/// The trials of a study, run in a directory of the test's own.
fn trials(study: &str, more: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let mut command = paretorank();
    command.arg("run").arg(configs().join(study)).arg("--output").arg(&run).args(["--workers", "2"]);
    if std::fs::read_to_string(configs().join(study)).unwrap().contains("[container]") {
        command.args(["--set", "container.engine=\"none\""]);
    }
    succeeds(command.args(more));
    // Every proposal follows from the record.
    let replayed = succeeds(paretorank().arg("replay").arg(&run));
    assert!(replayed.contains("proposals come out the same"), "{replayed}");
    let text = succeeds(paretorank().arg("export").arg(&run).arg("--json"));
    let told: Value = serde_json::from_str(&text).unwrap();
    told["trials"].as_array().unwrap().clone()
}

/// Value and standard error of an objective, and how far off `expected` it is in errors.
fn off(trial: &Value, objective: &str, expected: f64) -> f64 {
    assert_eq!(trial["status"], "ok", "{trial}");
    let [value, sem] = ["value", "sem"].map(|key| trial["objectives"][objective][key].as_f64().unwrap());
    assert!(sem > 0.0 && sem < 0.05 * value, "{objective}: {value} ± {sem}");
    (value - expected).abs() / sem
}

#[test]
fn every_shipped_study_is_understood() {
    let mut folders = vec![configs()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "toml") {
                let mut check = paretorank();
                let checked = check.arg("check").arg(&path).output().unwrap();
                if !checked.status.success() {
                    // Not here: the image, which is several GB. Everything else is.
                    let said = String::from_utf8_lossy(&checked.stderr);
                    assert_eq!(checked.status.code(), Some(78), "{}: {said}", path.display());
                    assert!(said.contains("image /") && said.contains("container.engine"), "{said}");
                    succeeds(check.args(["--set", "container.engine=\"none\""]));
                }
                seen += 1;
            }
        }
    }
    assert!(seen >= 8, "{seen} study files");
}

/// Short runs of the studies that need nothing but the program and its stand-ins, whose proposals follow from the
/// record.
#[test]
fn shipped_studies_are_replayed() {
    for (study, more) in [
        ("dtlz2.toml", &["--trials", "30"][..]),
        ("dtlz2.toml", &["--trials", "30", "--set", "strategy.model=\"sparse\""]),
        ("dtlz2.toml", &["--trials", "60", "--set", "strategy.method=\"nsga3\""]),
        ("dtlz2-m5-d100.toml", &["--trials", "14"]),
        ("constrained.toml", &["--trials", "24"]),
        ("function.toml", &["--trials", "20"]),
        ("pipeline.toml", &["--trials", "8"]),
        ("events.toml", &["--trials", "12"]),
    ] {
        let asked: usize = more[1].parse().unwrap();
        assert_eq!(trials(study, more).len(), asked, "{study}");
    }
}

/// The same with whole studies, which takes a quarter of an hour: `PARETORANK_WHOLE=1`.
#[test]
fn whole_shipped_studies_are_replayed() {
    if std::env::var_os("PARETORANK_WHOLE").is_none() {
        return println!("SKIPPED: set PARETORANK_WHOLE=1 for a quarter of an hour of studies");
    }
    let source = format!("container.env.EPIC_SOURCE='{}'", configs().join("fake/epic").display());
    for (study, more) in [
        ("dtlz2.toml", &[][..]),
        ("dtlz2-m5-d100.toml", &[]),
        ("constrained.toml", &[]),
        ("function.toml", &[]),
        ("pipeline.toml", &[]),
        ("events.toml", &[]),
        ("reuse.toml", &[]),
        ("b0/b0.toml", &["--trials", "14", "--set", "strategy.initial=8"]),
        ("bic/bic.toml", &["--trials", "14", "--set", &source]),
        ("drich/epic.toml", &["--trials", "14", "--set", "strategy.initial=8"]),
    ] {
        let begin = std::time::Instant::now();
        let count = trials(study, more).len();
        println!("{study}: {count} trials replayed, {:.0?}", begin.elapsed());
        assert!(count >= 12, "{study}");
    }
}

/// Trials that share simulations measure what they measure without.
#[test]
fn reuse_changes_no_value() {
    let text = std::fs::read_to_string(configs().join("reuse.toml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("alone.toml");
    let place = configs().join("reuse/").display().to_string();
    let text =
        text.replace("reuse = true ", "seeds = \"common\" ").replace("\"reuse/", &format!("\"{place}"));
    std::fs::write(&alone, text).unwrap();
    let more = ["--set", "strategy.method=\"sobol\"", "--trials", "16"];
    let (shared, alone) = (trials("reuse.toml", &more), trials(alone.to_str().unwrap(), &more));
    assert_eq!((shared.len(), alone.len()), (16, 16));
    let measured = |trials: &[Value]| -> Vec<Value> {
        trials
            .iter()
            .map(|t| serde_json::json!([t["parameters"], t["objectives"], t["status"]]))
            .collect()
    };
    assert_eq!(measured(&shared), measured(&alone));
    assert!(shared.iter().all(|trial| trial["status"] == "ok" && trial["objectives"].is_object()));
}

/// 2 species at 4 points in 3 chunks each, reconstructed, merged and analysed: what the stand-ins' response
/// is at the nominal design (see `configs/fake/response.py`), and one design whose mirror stands in the wall.
#[test]
fn the_drich_of_epic_runs_with_stand_ins() {
    let folder = tempfile::tempdir().unwrap();
    let points = folder.path().join("points.csv");
    let names = "mirror_centerx,mirror_radius,sensor_centerx,sensor_centerz,sensor_radius,snout_length";
    std::fs::write(&points, format!("{names}\n160,180,155.5,1,110,20\n")).unwrap();
    let points = format!("strategy.points='{}'", points.display());
    let found = trials("drich/epic.toml", &["--trials", "2", "--set", &points]);
    let [nominal, wide] = &found[..] else { panic!("two trials, not {}", found.len()) };
    assert_eq!(wide["status"], "infeasible", "{wide}");
    assert!(wide["reason"].as_str().unwrap().contains("overlaps/extrusions : 8"), "{wide}");
    assert!(off(nominal, "piKsep_etalow", 4.02) < 4.0, "{nominal}");
    assert!(off(nominal, "piKsep_etahigh", 4.49) < 4.0, "{nominal}");
    assert!(off(nominal, "acceptance", 0.888) < 4.0, "{nominal}");
    // 3,000 events of each species: 2.2 % at 1,500 (see there), and the mean of two points.
    let sem = nominal["objectives"]["piKsep_etalow"]["sem"].as_f64().unwrap();
    assert!((sem / (4.02 * 0.022 / 2f64.sqrt() / 2f64.sqrt()) - 1.0).abs() < 0.1, "{sem}");
}

#[test]
fn the_b0_tracker_and_the_barrel_calorimeter_run_with_stand_ins() {
    let b0 = trials("b0/b0.toml", &["--trials", "1"]);
    assert!(off(&b0[0], "pt_resolution", 3.27) < 6.0, "{}", b0[0]);

    let source = format!("container.env.EPIC_SOURCE='{}'", configs().join("fake/epic").display());
    let bic = &trials("bic/bic.toml", &["--trials", "1", "--set", &source])[0];
    assert_eq!(bic["objectives"]["cost"]["value"], 6.0);
    // 5.5 %/sqrt(E) and 0.8 %, one part in 24 worse for five staves, at five energies.
    let at = |energy: f64| (5.5 / energy.sqrt()).hypot(0.8) * (1.0 + 0.25 / 6.0);
    let mean = [0.5, 1.0, 2.0, 5.0, 10.0].map(at).iter().sum::<f64>() / 5.0;
    assert!(off(bic, "energy_resolution", mean) < 4.0, "{bic}");
}

/// One trial of the example, stage by stage; twice, in directories of their own.
#[test]
fn one_trial_shows_what_every_stage_took_and_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let study = configs().join("pipeline.toml");
    for name in ["run-one", "run-one-2"] {
        let mut check = paretorank();
        check.arg("check").arg(&study).arg("--one").arg("--output").arg(folder.path().join("run"));
        let said = succeeds(&mut check);
        for part in ["simulation: 12 ok", "trial 0 (the nominal design): ok", "separation_low", "±"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        let values = folder.path().join(name).join("trials/000000/analysis/low/attempt-1/numbers.txt");
        assert!(values.is_file() && said.contains(&format!("{name}/trials/000000")), "{said}");
    }
    assert!(!folder.path().join("run").exists());
    // A design that cannot be ends with its reason, and with code 1.
    let mut check = paretorank();
    check.arg("check").arg(&study).arg("--one").arg("--output").arg(folder.path().join("gap"));
    let ran = check.args(["--set", "stage.overlap.command=[\"false\"]"]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(said.contains("trial 0 (the nominal design): failed"), "{said}");
}
