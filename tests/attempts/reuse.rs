//! Tasks that take over what another one has done.

use crate::scene::{Scene, read, shell, stage};
use paretorank::config::{Command, Edit, Expression, Geometry, ResultFile, Seeds, Stage};
use paretorank::exec::{Assignment, Bench, End, Started};
use paretorank::problem::{TaskOutcome, Value};
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

/// Says how often it was run, in a file beside the run directory; its result is how often that was then.
const COUNTING: &str = r#"echo $1 >> ../../../../ran; echo "{\"f\": $(wc -l < ../../../../ran)}" > result.json; echo hits > hits"#;

fn reusing(script: &str, more: &[&str]) -> Stage {
    let argv = [&["/bin/sh", "-c", script, "sh"], more].concat().into_iter().map(str::to_owned);
    let command = Command {
        result: Some(ResultFile::Json("result.json".into())),
        outputs: vec!["hits".into()],
        ..Command::new(argv.collect())
    };
    Stage { seeds: Seeds::Common, reuse: true, ..stage("simulation", command) }
}

/// What became of a task of a trial with this design.
fn attempt(scene: &Scene, trial: u64, attempt: u32, x: f64) -> End {
    let bench = Rc::new(Bench::new(&scene.study).unwrap());
    let design = vec![Value::Float(x)];
    match bench.start(Assignment { trial, task: 0, attempt, design: &design, inputs: &[] }) {
        Started::Ended(end) => end,
        Started::Runs(mut payload) => loop {
            if let Some(end) = payload.poll() {
                break end;
            }
            std::thread::sleep(Duration::from_millis(2));
        },
    }
}

fn directory(scene: &Scene, trial: u64, attempt: u32) -> PathBuf {
    scene.study.output.join(format!("trials/{trial:06}/simulation/attempt-{attempt}"))
}

fn runs(scene: &Scene) -> usize {
    read(&scene.study.output.join("ran")).lines().count()
}

fn value(end: &End) -> f64 {
    match &end.outcome {
        TaskOutcome::Ok(values) => values[0].1.value(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_is_done_once_and_another_thing_anew() {
    let scene = Scene::of(vec![reusing(COUNTING, &["{param.x}"])]);
    let first = attempt(&scene, 0, 1, 0.25);
    assert_eq!((value(&first), first.facts.reused, runs(&scene)), (1.0, None, 1));
    let again = attempt(&scene, 5, 1, 0.25);
    let from = "trials/000000/simulation/attempt-1";
    assert_eq!((value(&again), again.facts.reused.as_deref(), runs(&scene)), (1.0, Some(from), 1));
    assert_eq!(read(&directory(&scene, 5, 1).join("hits")), "hits\n");
    let manifest = read(&directory(&scene, 5, 1).join("manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!((&manifest["reused"], &manifest["trial"]), (&from.into(), &5.into()));
    let parameters = read(&directory(&scene, 5, 1).join("parameters.json"));
    assert!(parameters.contains("0.25"), "its own records");
    let other = attempt(&scene, 6, 1, 0.5);
    assert_eq!((value(&other), other.facts.reused, runs(&scene)), (2.0, None, 2));
    // What the first one had is gone: the second has it still, and who comes later does it again.
    fs::remove_dir_all(directory(&scene, 0, 1)).unwrap();
    let third = attempt(&scene, 7, 1, 0.25);
    assert_eq!((value(&third), third.facts.reused, runs(&scene)), (3.0, None, 3));
    assert_eq!(read(&directory(&scene, 5, 1).join("hits")), "hits\n");
}

#[test]
fn a_parameter_that_the_command_does_not_name_does_not_matter() {
    let scene = Scene::of(vec![reusing(COUNTING, &[])]);
    attempt(&scene, 0, 1, 0.25);
    assert_eq!((attempt(&scene, 1, 1, 0.75).facts.reused.is_some(), runs(&scene)), (true, 1));
    // A command of another text, also if only in its environment, is another thing.
    let mut stage = reusing(COUNTING, &[]);
    stage.command.env = vec![("FIELD".into(), "2 T".into())];
    let mut other = Scene::of(vec![stage]);
    other.study.output = scene.study.output.clone();
    assert_eq!((attempt(&other, 2, 1, 0.75).facts.reused, runs(&scene)), (None, 2));
}

#[test]
fn what_failed_or_is_spoilt_is_not_taken_over() {
    let failing =
        r#"test -e ../../../../mended || exit 3; echo '{"f": 1}' > result.json; echo hits > hits"#;
    let scene = Scene::of(vec![reusing(failing, &[])]);
    assert!(matches!(attempt(&scene, 0, 1, 0.5).outcome, TaskOutcome::Failed { .. }));
    fs::write(scene.study.output.join("mended"), "").unwrap();
    assert_eq!(attempt(&scene, 1, 1, 0.5).facts.reused, None, "a failure is nobody's result");
    assert!(attempt(&scene, 2, 1, 0.5).facts.reused.is_some());
    // A machine that went down may leave an empty file under a good name.
    for dir in [1, 2] {
        fs::write(directory(&scene, dir, 1).join("hits"), "").unwrap();
    }
    assert_eq!(attempt(&scene, 3, 1, 0.5).facts.reused, None);
    assert!(attempt(&scene, 4, 1, 0.5).facts.reused.unwrap().contains("000003"));
}

#[test]
fn a_stage_that_does_not_say_so_shares_nothing() {
    let scene = Scene::of(vec![shell("true")]);
    for trial in 0..2 {
        assert_eq!(attempt(&scene, trial, 1, 0.5).facts.reused, None);
    }
    assert!(!scene.study.output.join("reuse").exists());
}

#[test]
fn templates_count_in_every_spelling() {
    for text in ["{{x}}", "x = {{ x }};", "{{param.x}}"] {
        let mut stage = reusing(COUNTING, &[]);
        let mut scene = Scene::of(vec![]);
        fs::write(scene.path("card.txt"), text).unwrap();
        stage.command.templates = vec![scene.path("card.txt")];
        scene.set_stages(vec![stage]);
        attempt(&scene, 0, 1, 0.25);
        assert_eq!(
            (attempt(&scene, 1, 1, 0.25).facts.reused.is_some(), runs(&scene)),
            (true, 1),
            "{text}"
        );
        assert_eq!((attempt(&scene, 2, 1, 0.5).facts.reused, runs(&scene)), (None, 2), "{text}");
    }
    // What is another one in every trial is nobody else's.
    let mut stage = reusing(COUNTING, &[]);
    let mut scene = Scene::of(vec![]);
    fs::write(scene.path("card.txt"), "run {{trial.id}}").unwrap();
    stage.command.templates = vec![scene.path("card.txt")];
    scene.set_stages(vec![stage]);
    attempt(&scene, 0, 1, 0.25);
    assert_eq!((attempt(&scene, 1, 1, 0.25).facts.reused, runs(&scene)), (None, 2));
}

/// A program cannot depend on what is not in the key: it is not told of it.
#[test]
fn what_is_not_mentioned_is_not_told() {
    const TELLING: &str = r#"cp parameters.json hits; echo "geometry ${PARETORANK_GEOMETRY-none}" >> hits;
        echo '{"f": 1}' > result.json"#;
    let told = |more: &[&str]| {
        let mut scene = Scene::of(vec![reusing(TELLING, more)]);
        install_detector(&mut scene);
        assert!(matches!(attempt(&scene, 0, 1, 0.25).outcome, TaskOutcome::Ok(_)));
        let hits = read(&directory(&scene, 0, 1).join("hits"));
        (scene, hits)
    };
    let (scene, hits) = told(&[]);
    assert_eq!(hits, "{}\ngeometry none\n");
    assert!(!scene.study.output.join("trials/000000/+geometry").exists());
    let (_, hits) = told(&["{param.x}"]);
    assert!(hits.contains("\"x\": 0.25") && hits.ends_with("geometry none\n"), "{hits}");
    // The detector is what is in its files: x is the radius.
    let (scene, hits) = told(&["{geometry}"]);
    assert!(hits.starts_with("{}") && hits.ends_with("+geometry/top.xml\n"), "{hits}");
    assert!(attempt(&scene, 1, 1, 0.25).facts.reused.is_some());
    assert_eq!(attempt(&scene, 2, 1, 0.5).facts.reused, None);
    // Nor does it matter where that is named.
    let (mut scene, _) = told(&[]);
    fs::write(scene.path("card.txt"), "{{geometry}}").unwrap();
    let mut stage = reusing(TELLING, &[]);
    stage.command.templates = vec![scene.path("card.txt")];
    scene.set_stages(vec![stage]);
    assert_eq!(attempt(&scene, 1, 1, 0.25).facts.reused, None);
    assert_eq!(attempt(&scene, 2, 1, 0.5).facts.reused, None);
    assert!(attempt(&scene, 3, 1, 0.5).facts.reused.is_some());
}

/// A detector of one cylinder, whose radius is the parameter x.
fn install_detector(scene: &mut Scene) {
    let install = scene.path("install");
    fs::create_dir_all(&install).unwrap();
    fs::write(install.join("top.xml"), "<lccdd><tube rmin=\"1*cm\"/></lccdd>\n").unwrap();
    let edit = Edit {
        parameter: "x".into(),
        file: "top.xml".into(),
        xpath: ".//tube".into(),
        attribute: "rmin".into(),
        index: None,
        value: "{x}*cm".into(),
        format: None,
        expression: Expression::Keep,
    };
    scene.study.geometry = Some(Geometry { install, top: "top.xml".into(), edits: vec![edit] });
}
