//! What two studies differ in, for refusing the run directory of another one.

use super::command::{Command, Retries};
use super::pipeline::{Keep, Scratch};
use super::resolved::{Checkpoint, Evaluator, Limits, Study};
use super::stop::Stop;
use serde_json::Value;
use std::path::PathBuf;

/// Key by key, what `new` asks for otherwise than `old`, the study of a run directory; empty if a run
/// may go on. What may change between sessions does not count: the output directory, the number of
/// trials, when to stop before, how long ranks wait for candidates, how many are in flight or ready,
/// checkpoint, limits, pilot, overflow, how a command is watched over (timeout, silence, grace, retries, environment, size
/// of logs), what a stage's tasks need and leave (cores, memory, scratch, keep), and all of a container but
/// its image and prologue.
/// A study that was evaluated outside may get an evaluator.
pub fn differences(old: &Study, new: &Study) -> Vec<String> {
    let (mut old, mut new) = (old.clone(), new.clone());
    forget_what_earlier_releases_lacked(&mut old, &mut new);
    if old.evaluator == Evaluator::Outside {
        // Results that were told stay what they are whoever evaluates from now on.
        old.evaluator = new.evaluator.clone();
    }
    let (old, new) = (&old, &new);
    let (was, is) = (flat(old), flat(new));
    let find = |rows: &[(String, String)], key: &str| {
        let row = rows.iter().find(|row| row.0 == key);
        row.map_or("nothing".to_owned(), |row| row.1.clone())
    };
    let added = is.iter().filter(|row| was.iter().all(|other| other.0 != row.0));
    let mut keys: Vec<&String> = vec![];
    for (key, _) in was.iter().chain(added) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let differs = |key: &String| {
        let (was, is) = (find(&was, key), find(&is, key));
        (was != is).then(|| format!("{key}: {was} in the run directory, {is} asked for"))
    };
    let found: Vec<String> = keys.into_iter().filter_map(differs).collect();
    if found.is_empty() { order(old, new) } else { found }
}

/// Whether the same things come in another order, which every stored vector follows.
fn order(old: &Study, new: &Study) -> Vec<String> {
    let parameters = |s: &Study| joined(s.problem.space.parameters.iter().map(|p| &*p.name));
    let objectives = |s: &Study| joined(s.problem.objectives.iter().map(|o| &*o.name));
    let metrics = |s: &Study| joined(s.problem.metrics.iter().map(|m| &*m.name));
    let mut found = vec![];
    for (what, was, is) in [
        ("parameters", parameters(old), parameters(new)),
        ("objectives", objectives(old), objectives(new)),
        ("metrics", metrics(old), metrics(new)),
    ] {
        if was != is {
            found.push(format!("order of {what}: {was} in the run directory, {is} asked for"));
        }
    }
    found
}

fn joined<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// Keys and values in the words of the study file.
fn flat(study: &Study) -> Vec<(String, String)> {
    let mut study = study.clone();
    forget_what_may_change(&mut study);
    let mut rows = vec![];
    // What a constraint says counts, not how it is written.
    for (k, c) in study.problem.space.constraints.iter().enumerate() {
        let name = |j: usize| &study.problem.space.parameters[j].name;
        rows.push((format!("constraint {}", k + 1), inequality(&c.terms, name, c.upper)));
    }
    study.problem.space.constraints.clear();
    let problem = &mut study.problem;
    let quantities = problem.objectives.iter().map(|o| &o.name);
    let quantities: Vec<&String> = quantities.chain(problem.metrics.iter().map(|m| &m.name)).collect();
    for (k, c) in problem.outcome_constraints.iter().enumerate() {
        let key = format!("outcome_constraint {}", k + 1);
        rows.push((key, inequality(&c.terms, |j| quantities[j], c.upper)));
    }
    problem.outcome_constraints.clear();
    let names: Vec<&str> = study.problem.space.parameters.iter().map(|p| &*p.name).collect();
    for (k, point) in study.strategy.points.iter().enumerate() {
        let values = names.iter().zip(point).map(|(name, value)| format!("{name} = {value}"));
        rows.push((format!("strategy.points {}", k + 1), values.collect::<Vec<_>>().join(", ")));
    }
    study.strategy.points.clear();
    if let Some(geometry) = &mut study.geometry {
        for (k, edit) in geometry.edits.drain(..).enumerate() {
            rows.push((format!("edit {} (parameter {})", k + 1, edit.parameter), edit.shown()));
        }
    }
    // What runs, not how: another node may have another engine.
    if let Some(container) = study.container.take() {
        let image = container.image.map(|image| ("container.image".to_owned(), image.to_string()));
        rows.extend(image);
        rows.extend(container.prologue.map(|text| ("container.prologue".to_owned(), text)));
    }
    stages(&mut study, &mut rows);
    // Paths, the only part that JSON might refuse, were checked to be UTF-8.
    let json = serde_json::to_value(&study).expect("a study is plain data with text keys");
    walk("", &json, &mut rows);
    rows
}

/// Terms by name, so that another order of the quantities is not another constraint.
fn inequality<'n>(terms: &[(usize, f64)], name: impl Fn(usize) -> &'n String, upper: f64) -> String {
    let mut terms: Vec<(&String, f64)> = terms.iter().map(|&(j, a)| (name(j), a)).collect();
    terms.sort_by_key(|term| term.0);
    let terms: Vec<String> = terms.iter().map(|(name, a)| format!("{a}*{name}")).collect();
    // `x >= 0` becomes -x <= -0.
    format!("{} <= {}", terms.join(" + "), upper + 0.0)
}

/// A run directory of a release without a setting goes on with any value of it: nothing that was
/// proposed there depends on it.
fn forget_what_earlier_releases_lacked(old: &mut Study, new: &mut Study) {
    let (old, new) = (&mut old.strategy, &mut new.strategy);
    if old.nominal.is_none() || new.nominal.is_none() {
        (old.nominal, new.nominal) = (None, None);
    }
    if old.population.is_none() || new.population.is_none() {
        (old.population, new.population) = (None, None);
    }
}

fn forget_what_may_change(study: &mut Study) {
    study.output = PathBuf::new();
    study.strategy.trials = 0;
    study.strategy.in_flight = None;
    study.strategy.ready = 0;
    study.strategy.patience_s = 0.0;
    study.strategy.stop = Stop::default();
    study.checkpoint = Checkpoint { every_s: 0.0 };
    study.limits =
        Limits { time_limit_s: None, margin_s: 0.0, silence_s: 0.0, disk_bytes: None, share: 1.0 };
    (study.pilot, study.overflow) = (None, None);
    match &mut study.evaluator {
        Evaluator::Command(command) => forget_how_it_is_watched_over(command),
        Evaluator::Pipeline(pipeline) => {
            for stage in &mut pipeline.stages {
                forget_how_it_is_watched_over(&mut stage.command);
                (stage.cores, stage.memory_bytes) = (1, None);
                (stage.keep, stage.scratch) = (Keep::All, Scratch::Shared);
            }
        }
        Evaluator::Builtin(_) | Evaluator::Outside => {}
    }
}

fn forget_how_it_is_watched_over(command: &mut Command) {
    command.timeout_s = None;
    command.silence_s = None;
    command.grace_s = 0.0;
    command.log_limit = 0;
    command.retries = Retries::all(0);
    command.env.clear();
}

/// What stages say, in their own words: needs by name, sources by quantity.
fn stages(study: &mut Study, rows: &mut Vec<(String, String)>) {
    let Evaluator::Pipeline(pipeline) = &mut study.evaluator else { return };
    let names: Vec<String> = pipeline.stages.iter().map(|stage| stage.name.clone()).collect();
    for stage in &mut pipeline.stages {
        let needs = joined(stage.needs.iter().map(|k| &*names[*k]));
        rows.push((format!("stage.{}.needs", stage.name), needs));
        stage.needs.clear();
    }
    let problem = &study.problem;
    let objectives = problem.objectives.iter().map(|o| ("objective", &o.name)).zip(&pipeline.objectives);
    let metrics = problem.metrics.iter().map(|m| ("metric", &m.name)).zip(&pipeline.metrics);
    for ((kind, name), source) in objectives.chain(metrics) {
        let Some(source) = source else { continue };
        let path = format!("{kind}.{name}.from");
        rows.push((format!("{path}.stage"), names[source.stage].clone()));
        rows.push((format!("{path}.value"), source.value.clone()));
        for (axis, labels) in &source.only {
            rows.push((format!("{path}.where.{axis}"), joined(labels.iter().map(|l| &**l))));
        }
        rows.extend(source.combine.map(|how| (format!("{path}.combine"), how.name().to_owned())));
        if !source.weights.is_empty() {
            let weights: Vec<String> = source.weights.iter().map(f64::to_string).collect();
            rows.push((format!("{path}.weights"), joined(weights.iter().map(|w| &**w))));
        }
    }
    pipeline.objectives.clear();
    pipeline.metrics.clear();
}

/// Enum tags, which are values in the study file, not keys.
const TAGS: [&str; 11] = [
    "float",
    "integer",
    "choice",
    "fixed",
    "events",
    "builtin",
    "command",
    "pipeline",
    "constant",
    "log_normal",
    "heavy_tail",
];

fn walk(path: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    let below = |key: &str| match (path, key) {
        ("", "problem" | "space") => String::new(),
        ("", "name" | "seed") => format!("study.{key}"),
        ("", _) => key.to_owned(),
        ("evaluator", "function") => "evaluator.builtin".to_owned(),
        (_, "argv") => format!("{path}.command"),
        (_, "infeasible_exit_codes") => format!("{path}.exit_codes"),
        (_, "command") if path.starts_with("stage.") => path.to_owned(),
        _ => format!("{path}.{key}"),
    };
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match (key.as_str(), inner) {
                    (tag, Value::Object(_)) if map.len() == 1 && TAGS.contains(&tag) => {
                        rows.push((below("kind"), tag.to_owned()));
                        walk(path, inner, rows);
                    }
                    ("kind", Value::Object(_)) => walk(path, inner, rows),
                    ("parameters" | "objectives" | "metrics" | "stages", Value::Array(items)) => {
                        let table = key.trim_end_matches('s');
                        for item in items {
                            let name = item["name"].as_str().unwrap_or_default();
                            walk(&format!("{table}.{name}"), item, rows);
                        }
                    }
                    _ => walk(&below(key), inner, rows),
                }
            }
        }
        Value::Null => {}
        Value::String(text) => rows.push((path.to_owned(), text.clone())),
        other => rows.push((path.to_owned(), other.to_string())),
    }
}
