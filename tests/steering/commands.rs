//! `ask`, `tell` and `session` one by one, with what goes wrong.

use super::outside;
use super::support::process::{Ended, Running};
use super::support::{PROGRAM, Ranks, Scene, quick};
use rand::RngExt;
use serde_json::{Value as Json, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// `paretorank …` in the scene's directory.
fn line(scene: &Scene, words: &[&str]) -> Ended {
    let mut line = Command::new(PROGRAM);
    line.args(words).current_dir(scene.path("."));
    Running::start(&mut line).wait()
}

fn ask(scene: &Scene, more: &[&str]) -> Json {
    let words = [&["ask"], more, &["--json"]].concat();
    serde_json::from_str(&line(scene, &words).expect(0).out).unwrap()
}

fn tell(scene: &Scene, told: &str) -> Ended {
    scene.write("told.json", told);
    line(scene, &["tell", "run", "--json", "told.json"])
}

/// The answers to lines of a session, at whose end its input ends.
fn session(scene: &Scene, lines: &[String]) -> Vec<Json> {
    let mut child = Command::new(PROGRAM)
        .args(["session", "study.toml"])
        .current_dir(scene.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    drop(input);
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success());
    let text = String::from_utf8(ended.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn commands_one_by_one_make_a_history_that_status_and_export_know() {
    let scene = Scene::new(&outside("sobol"));
    let first = ask(&scene, &["study.toml", "--count", "3"]);
    assert_eq!((&first["left"], first["candidates"].as_array().unwrap().len()), (&json!(12), 3));
    let table = line(&scene, &["ask", "run"]).expect(0).out;
    assert!(table.starts_with("trial  origin  x [cm]"), "{table}");
    assert!(table.lines().nth(1).unwrap().starts_with("3      sobol   "), "{table}");
    let told = tell(
        &scene,
        "{\"trial\": 1, \"objectives\": {\"near\": 1, \"far\": 2}}\n[{\"trial\": 0, \"failed\": \"licence\"},\
         {\"parameters\": {\"x\": 0.5, \"y\": 0.5}, \"objectives\": {\"near\": 0.5, \"far\": 0.5}}]",
    )
    .expect(0);
    let expected = json!({ "ok": [
        { "trial": 1, "status": "ok" }, { "trial": 0, "status": "failed" }, { "trial": 4, "status": "ok" },
    ] });
    assert_eq!(serde_json::from_str::<Json>(&told.out).unwrap(), expected);
    let table = scene.table();
    assert_eq!(table.column("status"), ["failed", "ok", "pending", "pending", "ok"]);
    assert_eq!(table.column("origin"), ["sobol", "sobol", "sobol", "sobol", "told"]);
    assert_eq!((&scene.status()["state"], &scene.status()["front"]), (&json!("stopped"), &json!(1)));

    let before = std::fs::read(scene.run_dir().join("journal")).unwrap();
    let wrong =
        "[{\"trial\": 2, \"objectives\": {\"near\": 1, \"far\": 2}}, {\"trial\": 7, \"failed\": \"x\"}]";
    let refused = tell(&scene, wrong).expect(2);
    let want =
        "told.json: entry 2: trial 7 was never proposed; pending: 2, 3; nothing of it was taken over";
    assert!(refused.err.contains(want), "{}", refused.err);
    let refused = tell(&scene, "{\"trial\": 2, \"objectives\": {\"near\": NaN, \"far\": 2}}").expect(2);
    assert!(refused.err.contains("JSON has no NaN"), "{}", refused.err);
    assert_eq!(std::fs::read(scene.run_dir().join("journal")).unwrap(), before);

    let other = line(&scene, &["ask", "run", "--seed", "3"]).expect(2);
    assert!(other.err.contains("only --trials can change"), "{}", other.err);
    let last = ask(&scene, &["run", "--count", "99", "--trials", "7"]);
    assert_eq!((&last["left"], last["candidates"].as_array().unwrap().len()), (&json!(0), 2));
    let none = line(&scene, &["ask", "run"]).expect(0);
    assert!(none.err.contains("all 7 trials are asked for"), "{}", none.err);
}

#[test]
fn what_is_wrong_in_a_session_is_answered_and_the_session_goes_on() {
    let scene = Scene::new(&outside("sobol"));
    let lines = [
        "{\"ask\": 1}",
        "no JSON",
        "{\"ask\": 0}",
        "{\"aks\": 1}",
        "[1]",
        "{\"tell\": {\"trial\": 0, \"objectives\": {\"near\": NaN, \"far\": 1}}}",
        "{\"tell\": {\"trial\": 3, \"failed\": \"x\"}}",
        "",
        "{\"tell\": {\"trial\": 0, \"infeasible\": \"x\"}}",
        "{\"front\": {}}",
        "{\"status\": {}}",
    ];
    let answers = session(&scene, &lines.map(str::to_owned));
    let keys: Vec<String> =
        answers.iter().map(|a| a.as_object().unwrap().keys().next().unwrap().clone()).collect();
    let errors = ["error"; 6];
    assert_eq!(keys, [&["candidates"], &errors[..], &["ok", "front", "status"]].concat());
    assert_eq!(answers[8], json!({ "front": [] }));
    assert_eq!(answers[9]["status"]["infeasible"], 1);
    // Its input ended, and the directory is whole: the next session knows everything.
    let answers = session(&scene, &["{\"status\": {}}".into(), "{\"quit\": {}}".into()]);
    assert_eq!(answers[0]["status"]["infeasible"], 1);
    assert_eq!(answers[1], json!({ "quit": {} }));
}

#[test]
fn a_run_goes_on_with_a_steered_directory_and_evaluates_what_is_pending() {
    let scene = Scene::quick(12, "0 s");
    scene.write(
        "study.toml",
        &quick(12, "0 s").replace("name = \"quick\"\n", "name = \"quick\"\noutput = \"run\"\n"),
    );
    ask(&scene, &["study.toml", "--count", "4"]);
    tell(&scene, "{\"trial\": 2, \"objectives\": {\"f0\": 0.25, \"f1\": 0.5}}").expect(0);
    scene.complete(Ranks::Threads(2), &[]);
    let table = scene.table();
    table.assert_complete(12);
    assert_eq!(table.values('f')[2], ["0.25", "0.5"]);
    // The same points as without the steering, in the order of their trials.
    let alone = Scene::quick(12, "0 s");
    alone.complete(Ranks::Threads(2), &[]);
    assert_eq!(table.values('x'), alone.table().values('x'));
    // And steering goes on where the run ended.
    let more = ask(&scene, &["run", "--trials", "13"]);
    assert_eq!(more["candidates"][0]["trial"], 12);
}

#[test]
fn a_study_that_is_evaluated_outside_cannot_run() {
    let scene = Scene::new(&outside("sobol"));
    let refused = scene.run(Ranks::Threads(1), &[]).expect(2);
    assert!(refused.err.contains("study.toml is evaluated outside"), "{}", refused.err);
    assert!(refused.err.contains("paretorank ask, tell or session"), "{}", refused.err);
    assert!(!scene.run_dir().exists());
    // Given an evaluator, it goes on where the steering ended.
    ask(&scene, &["study.toml"]);
    tell(&scene, "{\"trial\": 0, \"objectives\": {\"near\": 1, \"far\": 2}}").expect(0);
    let command = r#"command = ["/bin/sh", "-c", 'echo "{\"near\": 3, \"far\": 4}" > result.json']"#;
    scene.write("study.toml", &outside("sobol").replace("outside = true", command));
    scene.complete(Ranks::Threads(2), &[]);
    assert_eq!(scene.table().column("near")[..2], ["1", "3"]);
}

#[test]
fn telling_beside_a_run_is_refused_by_the_lock() {
    let scene = Scene::quick(200, "100 ms");
    let mut running = scene.start(Ranks::Threads(1), &[]);
    scene.wait_for(&mut running, 1);
    for refused in [
        tell(&scene, "{\"trial\": 0, \"failed\": \"x\"}").expect(2),
        line(&scene, &["ask", "run"]).expect(2),
        line(&scene, &["session", "run"]).expect(2),
    ] {
        assert!(refused.err.contains("run is in use: process "), "{}", refused.err);
        assert!(refused.err.contains("is writing there"), "{}", refused.err);
    }
}

#[test]
fn a_list_alone_is_run_in_its_order_and_then_the_study_is_complete() {
    let text = quick(3, "0 s").replace("\"sobol\"\ntrials = 3", "\"list\"\npoints = \"points.csv\"");
    let scene = Scene::new(&text);
    scene.write("points.csv", "x3,x1,x2,x0\n0.5,0,0.25,1\n# a comment\n1,0.125,0,0\n0,0,0,0\n");
    scene.complete(Ranks::Threads(2), &[]);
    let table = scene.table();
    table.assert_complete(3);
    assert_eq!(table.column("origin"), ["list"; 3]);
    let rows = [["1.0", "0.0", "0.25", "0.5"], ["0.0", "0.125", "0.0", "1.0"], ["0.0"; 4]];
    assert_eq!(table.values('x'), rows.map(|r| r.to_vec()));
    scene.write("points.csv", "x0,x1,x2,x3\n0,0,0,7\n");
    let refused = scene.run(Ranks::Threads(2), &[]).expect(78);
    assert!(
        refused.err.contains("points.csv:2: x3 = 7 must be a number from 0 to 1"),
        "{}",
        refused.err
    );
}

/// Whatever a line says, there is one answer to it, the history is as it was, and the session goes on.
#[test]
fn any_line_gets_one_answer_and_changes_nothing() {
    let scene = Scene::new(&outside("sobol"));
    ask(&scene, &["study.toml", "--count", "2"]);
    let journal = || std::fs::read(scene.run_dir().join("journal")).unwrap();
    let before = journal();
    let long = format!("{{\"tell\": \"{}\"}}", "x".repeat(1 << 20));
    let deep = "[".repeat(100_000);
    let many = format!("{{\"tell\": {}1{}}}", "[".repeat(100), "]".repeat(100));
    let mut lines: Vec<String> = [
        "",
        " ",
        "null",
        "[]",
        "{}",
        "7",
        "\"ask\"",
        "{\"ask\": -1}",
        "{\"ask\": 1e99}",
        "{\"ask\": \"2\"}",
        "{\"tell\": 3}",
        "{\"tell\": {\"trial\": 18446744073709551616}}",
        "{\"tell\": {\"trial\": 0, \"objectives\": {\"near\": 1e999}}}",
        "{\"tell\": {\"trial\": 0, \"objectives\": []}}",
        "{\"ask\": 1, \"tell\": []}",
        "{\"front\": 0, \"front\": 1}",
        "{\"no such request\": {}}",
        "\u{0}\u{1}\u{feff}",
        "{\"tell\": {\"trial\": 0, \"failed\": 3}}",
        &long,
        &deep,
        &many,
    ]
    .map(str::to_owned)
    .to_vec();
    let mut rng = paretorank::rng::stream(1, "lines", 0);
    let whole = "{\"tell\": [{\"trial\": 1, \"objectives\": {\"near\": 1, \"far\": 2}}, {\"trial\": 9, \"failed\": \"x\"}]}";
    for _ in 0..300 {
        let mut bytes = whole.as_bytes().to_vec();
        for _ in 0..rng.random_range(1..4) {
            if bytes.len() < 2 {
                break;
            }
            let at = rng.random_range(0..bytes.len());
            match rng.random_range(0..3) {
                0 => bytes[at] = rng.random_range(32..127),
                1 => drop(bytes.remove(at)),
                _ => bytes.truncate(at + 1),
            }
        }
        lines.push(String::from_utf8(bytes).unwrap());
    }
    lines.push("{\"status\": {}}".to_owned());
    let asked: Vec<String> = lines.iter().filter(|line| !line.trim().is_empty()).cloned().collect();
    let answers = session(&scene, &lines);
    assert_eq!(answers.len(), asked.len());
    for (line, answer) in asked.iter().zip(&answers[..answers.len() - 1]) {
        let line = &line[..line.len().min(200)];
        assert!(answer["error"].is_string(), "{line}: {answer}");
    }
    let pending = answers.last().unwrap()["status"]["pending"].as_array().unwrap();
    assert!(
        pending.iter().map(|candidate| &candidate["trial"]).eq([&json!(0), &json!(1)]),
        "{pending:?}"
    );
    assert_eq!(journal(), before);
}
