//! Plans and conclusions of whole study files.

use super::*;
use crate::config::{self, Evaluator, Overrides, Pipeline, Stage, Study};
use crate::problem::{Measurement, Outcome, Values};
use std::collections::BTreeSet;
use std::path::{Component, Path};

/// The shipped example.
fn shipped() -> Study {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/pipeline.toml");
    config::read(&path, &Overrides::default()).unwrap().0
}

/// A study of one parameter and the objective `y` with these stages.
fn study(stages: &str) -> Study {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.toml");
    let text = format!(
        "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n\n{stages}\n\
         [[objective]]\nname = \"y\"\ngoal = \"minimize\"\n"
    );
    std::fs::write(&path, &text).unwrap();
    config::read(&path, &Overrides::default()).unwrap_or_else(|e| panic!("{e}\n{text}")).0
}

fn pipeline(study: &Study) -> &Pipeline {
    let Evaluator::Pipeline(pipeline) = &study.evaluator else { panic!("stages") };
    pipeline
}

/// A stage of the text that [`study`] takes; the last one measures.
fn stage(name: &str, keys: &str) -> String {
    format!("[[stage]]\nname = \"{name}\"\ncommand = [\"true\"]\nresult = \"r.json\"\n{keys}\n")
}

/// Names of the tasks that a task joins.
fn joins(study: &Study, plan: &Plan, name: &str) -> Vec<String> {
    let stages: &[Stage] = &pipeline(study).stages;
    let call = |task: &TaskSpec| task.name(&stages[task.stage]);
    let task = plan.tasks.iter().find(|task| call(task) == name).unwrap_or_else(|| panic!("{name}"));
    task.needs.iter().map(|k| call(&plan.tasks[*k as usize])).collect()
}

fn m(value: f64, sem: f64) -> Measurement {
    Measurement::new(value, Some(sem)).unwrap()
}

#[test]
fn a_study_without_stages_has_one_task() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/dtlz2.toml");
    let (study, _) = config::read(&path, &Overrides::default()).unwrap();
    let plan = Plan::of(&study);
    assert_eq!(plan.tasks, [TaskSpec { stage: 0, key: vec![], chunk: None, needs: vec![] }]);
    let values: Values =
        study.problem.objectives.iter().map(|o| (o.name.clone(), m(0.5, 0.0))).collect();
    let outcome = conclude(&study, &plan, &[Some(values)]).unwrap();
    assert_eq!(outcome, Outcome::Ok { objectives: vec![m(0.5, 0.0); 3], metrics: vec![] });
    assert!(conclude(&study, &plan, &[None]).unwrap_err().contains("not ok"));
}

#[test]
fn the_shipped_example_has_a_check_simulations_and_analyses() {
    let study = shipped();
    let plan = Plan::of(&study);
    let stages = &pipeline(&study).stages;
    let counts: Vec<usize> = (0..3).map(|k| plan.of_stage(k).count()).collect();
    assert_eq!(counts, [1, 12, 2]);
    let events: u64 = plan.tasks.iter().filter_map(|task| task.chunk).map(|chunk| chunk.count).sum();
    assert_eq!(events, 2000);
    assert_eq!(joins(&study, &plan, "simulation pi+,low,2"), ["overlap"]);
    let want: Vec<String> = ["pi+", "kaon+"]
        .iter()
        .flat_map(|particle| (0..3).map(move |k| format!("simulation {particle},high,{k}")))
        .collect();
    assert_eq!(joins(&study, &plan, "analysis high"), want);
    let task = &plan.tasks[3];
    assert_eq!(task.directory(&stages[1]), Path::new("simulation/pi+,low,2"));
    assert_eq!(task.chunk, Some(Chunk { index: 2, first: 400, count: 100 }));
    let point = task.values(&stages[1]).find(|(axis, _)| *axis == "point").unwrap().1;
    assert_eq!((point.text(""), point.text("p")), (Some("low".into()), Some("8".into())));
    // The analyses wait for simulations, which have waited for the gate.
    assert_eq!(plan.gates, [vec![], vec![], vec![0]]);
    let seeds: BTreeSet<u32> = (0..15).map(|task| plan.seeds.seed(3, task)).collect();
    assert_eq!(seeds.len(), 15);
}

#[test]
fn joins_are_by_key_one_to_one_or_all_to_one() {
    let axes = "foreach = { a = [1, 2], b = [\"u\", \"v\"] }\nevents = { total = 5, per_job = 2 }";
    let text = [
        stage("calibration", "foreach = { b = [\"u\", \"v\"] }"),
        stage("sim", axes),
        stage("reco", "needs = [\"sim\", \"calibration\"]\nby = [\"a\", \"b\", \"chunk\"]"),
        stage("ana", "needs = [\"reco\"]\nby = [\"b\"]\nforeach = { cut = [0.5] }"),
        stage("final", "needs = [\"ana\", \"calibration\"]"),
    ];
    let study = study(&text.concat());
    let plan = Plan::of(&study);
    assert_eq!(plan.tasks.len(), 2 + 12 + 12 + 2 + 1);
    // Each chunk goes on alone, with the calibration of its own b.
    assert_eq!(joins(&study, &plan, "reco 2,v,1"), ["calibration v", "sim 2,v,1"]);
    let chunk = plan.tasks.iter().find(|task| task.stage == 2).unwrap().chunk;
    assert_eq!(chunk, Some(Chunk { index: 0, first: 0, count: 2 }));
    let of_b: Vec<String> =
        ["1,u,0", "1,u,1", "1,u,2", "2,u,0", "2,u,1", "2,u,2"].map(|key| format!("reco {key}")).to_vec();
    assert_eq!(joins(&study, &plan, "ana u,0.5"), of_b);
    assert_eq!(
        joins(&study, &plan, "final"),
        ["calibration u", "calibration v", "ana u,0.5", "ana v,0.5"]
    );
    for (k, task) in plan.tasks.iter().enumerate() {
        assert!(task.needs.iter().all(|need| (*need as usize) < k), "needs come first");
        assert!(task.needs.is_sorted());
    }
}

#[test]
fn directories_differ_and_stay_inside() {
    let labels = r#"foreach = { a = ["..", ".", "a/b", "a_b", "a,b", "a", " ", "%2F", "ä", "-", "/"] }"#;
    let study = study(&(stage("s", labels) + &stage("last", "")));
    let plan = Plan::of(&study);
    let stages = &pipeline(&study).stages;
    let mut seen = BTreeSet::new();
    for task in &plan.tasks {
        let path = task.directory(&stages[task.stage]);
        assert!(path.components().all(|c| matches!(c, Component::Normal(_))), "{path:?}");
        assert_eq!(path.components().count(), 1 + task.key.len());
        assert!(seen.insert(path));
    }
    assert!(seen.contains(Path::new("s/%2E.")) && seen.contains(Path::new("s/a%2Fb")));
}

#[test]
fn gates_hold_back_what_does_not_lead_to_them() {
    let gate = |name: &str, keys: &str| stage(name, &format!("gate = true\n{keys}"));
    let text = [
        stage("mesh", ""),
        gate("overlap", "needs = [\"mesh\"]"),
        gate("cost", ""),
        stage("sim", ""),
        stage("ana", "needs = [\"sim\", \"cost\"]"),
    ];
    let study = study(&text.concat());
    let plan = Plan::of(&study);
    // mesh leads to a gate and the gates are no circle; cost is among the needs of ana anyway.
    assert_eq!(plan.gates, [vec![], vec![], vec![], vec![1, 2], vec![1]]);
}

/// Results of the shipped example: all tasks ok, separations 3 ± 0.1 and 5 ± 0.3, acceptances 0.9 ± 0.03
/// and 0.7 ± 0.04.
fn results(plan: &Plan) -> Vec<Option<Values>> {
    let named = |values: &[(&str, Measurement)]| -> Option<Values> {
        Some(values.iter().map(|(name, m)| ((*name).to_owned(), *m)).collect())
    };
    let mut results: Vec<Option<Values>> = vec![named(&[]); plan.tasks.len()];
    results[0] = named(&[("cost", m(120.0, 0.0))]);
    results[13] = named(&[("acceptance", m(0.9, 0.03)), ("separation", m(3.0, 0.1))]);
    results[14] = named(&[("acceptance", m(0.7, 0.04)), ("separation", m(5.0, 0.3))]);
    results
}

#[test]
fn objectives_come_from_where_the_study_says() {
    let study = shipped();
    let plan = Plan::of(&study);
    let Outcome::Ok { objectives, metrics } = conclude(&study, &plan, &results(&plan)).unwrap() else {
        panic!("ok")
    };
    assert_eq!(objectives[..2], [m(3.0, 0.1), m(5.0, 0.3)]);
    assert!((objectives[2].value() - 0.8).abs() < 1e-12);
    assert!(
        (objectives[2].sem().unwrap() - 0.025).abs() < 1e-12,
        "half of 0.03 and 0.04 at right angles"
    );
    assert_eq!(metrics, [Some(m(120.0, 0.0))]);
}

#[test]
fn what_is_missing_is_told_and_never_a_number() {
    let study = shipped();
    let plan = Plan::of(&study);
    let mut lost = results(&plan);
    lost[14] = None;
    assert_eq!(
        conclude(&study, &plan, &lost).unwrap_err(),
        "objective \"separation_high\": only 0 of 1 tasks of stage \"analysis\" are ok"
    );
    let mut lost = results(&plan);
    lost[13].as_mut().unwrap().remove(1);
    assert_eq!(
        conclude(&study, &plan, &lost).unwrap_err(),
        "objective \"separation_low\": the result of task \"analysis low\" has no \"separation\", but acceptance"
    );
    // A metric may be left out.
    let mut lost = results(&plan);
    lost[0] = Some(vec![]);
    let Outcome::Ok { metrics, .. } = conclude(&study, &plan, &lost).unwrap() else { panic!("ok") };
    assert_eq!(metrics, [None]);
}

#[test]
fn two_stages_with_the_same_name_of_a_value_are_not_guessed_between() {
    let study = study(&(stage("one", "") + &stage("two", "")));
    let plan = Plan::of(&study);
    let y = |value| Some(vec![("y".to_owned(), m(value, 0.0))]);
    let outcome = conclude(&study, &plan, &[y(1.0), Some(vec![])]).unwrap();
    assert_eq!(outcome, Outcome::Ok { objectives: vec![m(1.0, 0.0)], metrics: vec![] });
    let wrong = conclude(&study, &plan, &[y(1.0), y(2.0)]).unwrap_err();
    assert!(wrong.contains("the stages \"one\" and \"two\" both have it"), "{wrong}");
    let wrong = conclude(&study, &plan, &[Some(vec![]), None]).unwrap_err();
    assert_eq!(wrong, "objective \"y\": no stage without axes has \"y\" in its result");
}

#[test]
fn of_a_part_of_the_tasks_only_those_that_are_ok_count() {
    let text = "foreach = { point = [1, 2, 3, 4, 5] }\nat_least = 0.6";
    let from = "from = { stage = \"ana\", combine = \"mean\", weights = [1, 1, 1, 1, 4] }\n";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("study.toml");
    let text = format!(
        "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n\n{}\n\
         [[objective]]\nname = \"y\"\ngoal = \"minimize\"\n{from}",
        stage("ana", text)
    );
    std::fs::write(&path, text).unwrap();
    let (study, _) = config::read(&path, &Overrides::default()).unwrap();
    let plan = Plan::of(&study);
    let all: Vec<Option<Values>> =
        (1..=5).map(|k| Some(vec![("y".to_owned(), m(f64::from(k), 0.2))])).collect();
    let measured = |results: &[Option<Values>]| match conclude(&study, &plan, results) {
        Ok(Outcome::Ok { objectives, .. }) => objectives[0],
        other => panic!("{other:?}"),
    };
    // (1 + 2 + 3 + 4 + 4·5) / 8, and 0.2·√(4 + 16) / 8.
    assert!((measured(&all).value() - 3.75).abs() < 1e-12);
    assert!((measured(&all).sem().unwrap() - 0.2 * 20f64.sqrt() / 8.0).abs() < 1e-12);
    // Without two of the light ones the weights of the others stay theirs.
    let mut part = all.clone();
    (part[0], part[2]) = (None, None);
    assert!((measured(&part).value() - 26.0 / 6.0).abs() < 1e-12);
    assert!((measured(&part).sem().unwrap() - 0.2 * 18f64.sqrt() / 6.0).abs() < 1e-12);
    part[1] = None;
    let wrong = conclude(&study, &plan, &part).unwrap_err();
    assert_eq!(wrong, "objective \"y\": only 2 of 5 tasks of stage \"ana\" are ok");
}

#[test]
fn a_share_is_enough_when_it_is_reached() {
    assert!(enough(4, 5, 0.8) && !enough(3, 5, 0.8));
    assert!(enough(1, 3, 0.1) && !enough(0, 3, 0.1));
    assert!(enough(7, 7, 1.0) && !enough(6, 7, 1.0));
    assert!(enough(3, 10, 0.3) && enough(7, 10, 0.7), "0.7 * 10 is a little less, 0.3 a little more");
}
