//! What attempts write: outputs, results, logs, in shared and in scratch directories.

use super::scene::{Scene, failing, read, shell};
use paretorank::config::{Keep, Pattern, ResultFile, Scratch, Verdict};
use paretorank::exec::{EndedAttempt, tidy};
use paretorank::pipeline::Plan;
use paretorank::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::path::Path;

#[test]
fn outputs_are_there_and_not_empty() {
    let with = |script: &str| {
        let mut stage = shell(script);
        stage.command.outputs = vec!["recon.root".into()];
        stage
    };
    let (reason, ..) = failing(with("echo done; : > recon.root"), FailureClass::Output);
    assert!(
        reason.starts_with("the output recon.root is empty (0 bytes); last lines: done"),
        "{reason}"
    );
    let (reason, ..) = failing(with("true"), FailureClass::Output);
    assert!(reason.starts_with("the output recon.root was not written; no output"), "{reason}");
    let scene = Scene::of(vec![with("echo data > recon.root")]);
    assert_eq!(scene.run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
}

#[test]
fn logs_are_capped_without_holding_the_payload_up() {
    let mut stage = shell("echo begin; yes 0123456789 | head -c 66000000; echo end");
    stage.command.log_limit = 1_000_000;
    let scene = Scene::of(vec![stage]);
    assert_eq!(scene.run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
    let text = read(&scene.attempt("stage").join("stdout"));
    assert!(text.len() <= 1_000_000, "{}", text.len());
    assert!(text.starts_with("begin\n0123456789\n") && text.ends_with("0123456789\nend\n"));
    assert_eq!(text.matches("bytes were cut out here; log_limit is 1000000 bytes]").count(), 1);
}

#[test]
fn a_verdict_in_the_text_decides_whatever_the_exit_status() {
    let check = |n: u32| {
        let line = format!("echo 'Number of illegal overlaps/extrusions :  {n}' >&2");
        let mut stage = shell(&line);
        stage.command.patterns = vec![Pattern {
            text: "Number of illegal overlaps/extrusions : {n}".into(),
            above: Some(0.0),
            below: None,
            equals: None,
            is: Verdict::Infeasible,
            file: None,
            required: true,
        }];
        stage
    };
    let reason = "Number of illegal overlaps/extrusions :  2".to_owned();
    assert_eq!(Scene::of(vec![check(2)]).run(0, &[]).outcome, TaskOutcome::Infeasible { reason });
    assert_eq!(Scene::of(vec![check(0)]).run(0, &[]).outcome, TaskOutcome::Ok(vec![]));
}

#[test]
fn scratch_is_on_the_node_and_gone_afterwards() {
    let script = r#"
        pwd > where; cp where plots.txt; mkdir deep; echo '{"f": 3}' > deep/result.json
        head -c 1000000 /dev/zero > intermediate; echo said; exit $(cat "$1/code" 2> /dev/null || echo 0)"#;
    let local = || {
        let mut stage = shell(script);
        stage.scratch = Scratch::Local;
        stage.command.outputs = vec!["where".into(), "plots.txt".into()];
        stage.command.result = Some(ResultFile::Json("deep/result.json".into()));
        stage
    };
    let scene = Scene::of(vec![local()]);
    let TaskOutcome::Ok(values) = scene.run(0, &[]).outcome else { panic!("it is ok") };
    assert_eq!((values[0].0.as_str(), values[0].1.value()), ("f", 3.0));
    let dir = scene.attempt("stage");
    let place = read(&dir.join("where"));
    let place = Path::new(place.trim());
    assert!(!place.starts_with(scene.path("")) && !place.exists(), "{}", place.display());
    assert_eq!(read(&dir.join("stdout")), "said\n");
    assert!(read(&dir.join("deep/result.json")).contains('3') && dir.join("plots.txt").exists());
    assert!(!dir.join("intermediate").exists());
    assert!(read(&dir.join("parameters.json")).contains("0.25"));
    let manifest: serde_json::Value = serde_json::from_str(&read(&dir.join("manifest.json"))).unwrap();
    assert_eq!(manifest["scratch"].as_str(), place.to_str());
    let written = manifest["written"].as_array().unwrap();
    let size = |name: &str| written.iter().find(|f| f["path"] == name).unwrap()["size"].as_u64();
    assert_eq!(size("deep/result.json"), Some(9));
    assert_eq!(size("stdout"), Some(5));

    let mut wrong = local();
    wrong.command.argv[2] =
        "echo '{\"f\": NaN}' > result.json; echo x > where; echo x > plots.txt".into();
    wrong.command.result = Some(ResultFile::Json("result.json".into()));
    let (reason, _, scene) = failing(wrong, FailureClass::Output);
    let result = scene.attempt("stage").join("result.json");
    assert!(reason.contains("JSON has no NaN"), "{reason}");
    assert!(reason.contains(&format!("result file: {}", result.display())), "{reason}");
    assert!(result.exists(), "what is spoken of can be looked at");
}

#[test]
fn what_is_not_kept_goes_when_the_trial_has_ended() {
    let mut stage = shell("head -c 5000 /dev/zero > large.root; echo '{\"f\": 1}' > result.json");
    stage.command.outputs = vec!["large.root".into()];
    stage.command.result = Some(ResultFile::Json("result.json".into()));
    for (keep, is_ok, goes) in [
        (Keep::All, true, false),
        (Keep::Results, true, true),
        (Keep::Failed, true, true),
        (Keep::Failed, false, false),
    ] {
        stage.keep = keep;
        let scene = Scene::of(vec![stage.clone()]);
        assert_eq!(scene.run(0, &[]).outcome.status(), "ok");
        let ended =
            [EndedAttempt { task: 0, attempt: 1, is_ok }, EndedAttempt { task: 0, attempt: 2, is_ok }];
        let freed = tidy(&scene.study, &Plan::of(&scene.study), 7, &ended).unwrap();
        assert_eq!(freed, if goes { 5000 } else { 0 }, "{keep:?}");
        let dir = scene.attempt("stage");
        assert_eq!(dir.join("large.root").exists(), !goes);
        for record in
            ["result.json", "stdout", "stderr", "parameters.json", "inputs.json", "manifest.json"]
        {
            assert!(dir.join(record).exists(), "{record}");
        }
    }
    assert!(fs::read_dir("/tmp").unwrap().flatten().all(|e| {
        let name = e.file_name().to_string_lossy().into_owned();
        !name.starts_with(&format!("paretorank-scratch-{}-", std::process::id()))
    }));
}
