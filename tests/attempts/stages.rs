//! Tasks of several stages: what they are told, and where they find what they read.

use super::scene::{Scene, read, reason, stage};
use paretorank::config::{Axis, AxisValue, Command, Events, Field, ResultFile, Stage};
use paretorank::exec::outputs_are_there;
use paretorank::pipeline::Plan;
use paretorank::problem::{FailureClass, TaskOutcome, Value};
use std::fs;

fn axis(name: &str, values: &[(&str, Option<i64>)]) -> Axis {
    let value = |(label, p): &(&str, Option<i64>)| AxisValue {
        label: (*label).to_owned(),
        fields: p.map(|p| ("p".to_owned(), Field::One(Value::Integer(p)))).into_iter().collect(),
    };
    Axis { name: name.into(), values: values.iter().map(value).collect() }
}

/// Two particles, each in chunks of 4, 4 and 2 events, and one analysis of all.
fn two_stages() -> Vec<Stage> {
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<String>>();
    let script =
        r#"echo "$2 $3 $4+$5 $6 $PARETORANK_SEED" > hits.root; echo "{\"events\": $5}" > result.json"#;
    let mut simulation = stage(
        "simulation",
        Command::new(words(&[
            "/bin/sh",
            "-c",
            script,
            "sh",
            "{task.dir}",
            "{key.particle}",
            "{key.particle.p}",
            "{event.first}",
            "{event.count}",
            "{event.seed}",
        ])),
    );
    simulation.axes = vec![axis("particle", &[("pi+", Some(15)), ("kaon+", Some(45))])];
    simulation.events = Some(Events { total: 10, per_job: 4 });
    simulation.command.outputs = vec!["hits.root".into()];
    simulation.command.result = Some(ResultFile::Json("result.json".into()));
    let script = r#"shift; cat "$@" > all; echo "{\"f\": $#}" > result.json"#;
    let argv = [
        "/bin/sh",
        "-c",
        script,
        "sh",
        "{task.dir}",
        "{in.simulation:particle=pi+}",
        "{in.simulation:chunk=2}",
    ];
    let mut analysis = stage("analysis", Command::new(words(&argv)));
    analysis.needs = vec![0];
    analysis.command.result = Some(ResultFile::Json("result.json".into()));
    vec![simulation, analysis]
}

#[test]
fn tasks_know_their_key_their_events_and_their_inputs() {
    let scene = Scene::of(two_stages());
    let all: Vec<(u32, u32)> = (0..6).map(|task| (task, 1)).collect();
    for (task, _) in &all {
        assert_eq!(scene.run(*task, &[]).outcome, TaskOutcome::Ok(vec![]), "task {task}");
    }
    let first = read(&scene.attempt("simulation/kaon+,2").join("hits.root"));
    let words: Vec<&str> = first.split_whitespace().collect();
    assert_eq!(words[..3], ["kaon+", "45", "8+2"]);
    assert_eq!(words[3], words[4], "the seed is also in the environment");
    let inputs = read(&scene.attempt("simulation/kaon+,2").join("inputs.json"));
    let inputs: serde_json::Value = serde_json::from_str(&inputs).unwrap();
    assert_eq!(inputs["key"]["particle"], serde_json::json!({"label": "kaon+", "fields": {"p": 45}}));
    assert_eq!(inputs["events"], serde_json::json!({"index": 2, "first": 8, "count": 2}));
    assert_eq!(inputs["seed"].to_string(), words[3]);

    let TaskOutcome::Ok(values) = scene.run(6, &all).outcome else { panic!("it is ok") };
    assert_eq!((values[0].0.as_str(), values[0].1.value()), ("f", 5.0));
    let dir = scene.attempt("analysis");
    let seen: Vec<String> = read(&dir.join("all"))
        .lines()
        .map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(seen, ["pi+ 15 0+4", "pi+ 15 4+4", "pi+ 15 8+2", "pi+ 15 8+2", "kaon+ 45 8+2"]);
    let inputs: serde_json::Value = serde_json::from_str(&read(&dir.join("inputs.json"))).unwrap();
    let inputs = inputs["inputs"].as_array().unwrap();
    assert_eq!(inputs.len(), 6);
    assert_eq!(inputs[5]["key"], serde_json::json!({"particle": "kaon+", "chunk": "2"}));
    assert!(inputs[5]["paths"][0].as_str().unwrap().ends_with("simulation/kaon+,2/attempt-1/hits.root"));
}

#[test]
fn an_input_that_has_gone_is_not_the_tasks_fault() {
    let scene = Scene::of(two_stages());
    scene.run(0, &[]);
    let plan = Plan::of(&scene.study);
    let is_there = |task| outputs_are_there(&scene.study, &plan, 7, task, 1);
    assert!(is_there(0) && !is_there(1));
    let gone = scene.attempt("simulation/pi+,0").join("hits.root");
    fs::write(&gone, "").unwrap();
    assert!(!is_there(0), "it is empty");
    fs::remove_file(&gone).unwrap();
    assert!(!is_there(0));
    let reason = reason(&scene.run(6, &[(0, 1)]), FailureClass::Infrastructure);
    assert_eq!(reason, format!("the input {} of simulation pi+,0 is not there", gone.display()));
}

#[test]
fn fewer_events_than_asked_for_are_a_failure() {
    let mut stages = two_stages();
    stages[0].command.argv[2] = r#"echo x > hits.root; echo '{"events": 3}' > result.json"#.into();
    let reason = reason(&Scene::of(stages).run(0, &[]), FailureClass::Output);
    assert!(reason.starts_with("the result is made of 3 events, and 4 were asked for"), "{reason}");
}
