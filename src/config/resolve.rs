//! From the study as written to the study as meant: checks, units, defaults.

use super::document::Table;
use super::error::{Place, Problems, suggestion};
use super::evaluator::{self, Which};
use super::parameters::{self, Names, check_name, is_name};
use super::resolved::{
    Checkpoint, Evaluator, Limits, Method, StrategySettings, Study, default_patience_s,
};
use super::section::Section;
use super::{builtin, constraint_text, stop};
use crate::problem::{
    EmptyRegion, LinearConstraint, Metric, Objective, Parameter, ParameterKind, Problem, Region, Space,
};
use std::path::{Path, PathBuf};

const TABLES: [&str; 9] = [
    "study",
    "parameter",
    "objective",
    "metric",
    "constraint",
    "strategy",
    "evaluator",
    "checkpoint",
    "limits",
];
/// Scrambled Sobol trials at least: enough for a first model, which spends further ones better.
const LEAST_INITIAL: u64 = 10;
/// Trials in all unless told otherwise.
const TRIALS: u64 = 100;
/// One candidate is handed out while the next is already there.
const READY: u64 = 2;
/// Seconds between snapshots, and seconds kept back for the last one.
const CHECKPOINT_EVERY_S: f64 = 60.0;
const MARGIN_S: f64 = 60.0;

/// The study that a document means; `file` is where it was read from. `None` if there is any problem.
pub fn resolve(document: &Table, file: &Path, problems: &Problems) -> Option<Study> {
    for (key, node) in document {
        if !TABLES.contains(&key.as_str()) {
            let hint = suggestion(key, &TABLES, "tables");
            problems.add(&node.place, format!("there is no table [{key}]{hint}"));
        }
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let head = study(document, file, problems);
    let parts = parts(document, folder, problems);
    let strategy = strategy(document, parts.as_ref().map(|p| &*p.objectives), problems);
    let checkpoint = checkpoint(document, problems);
    let limits = limits(document, problems);
    let (name, seed, output) = head?;
    let Parts { space, objectives, metrics, evaluator } = parts?;
    let problem = Problem { space, objectives, metrics };
    let (strategy, checkpoint, limits) = (strategy?, checkpoint?, limits?);
    let study = Study { name, seed, output, problem, strategy, evaluator, checkpoint, limits };
    problems.is_empty().then_some(study)
}

fn study(document: &Table, file: &Path, problems: &Problems) -> Option<(String, u64, PathBuf)> {
    let section = Section::of(document, "study", problems);
    section.only(&["name", "seed", "output"]);
    let name = if section.has("name") {
        check_name(&section, "name").map(str::to_owned)
    } else {
        let stem = file.file_stem().and_then(|s| s.to_str()).filter(|s| is_name(s));
        if stem.is_none() {
            section.need("name", None::<()>, "\"dtlz2\"");
        }
        stem.map(str::to_owned)
    };
    let seed = if section.has("seed") { section.count("seed", 0) } else { Some(0) };
    let output = if section.has("output") {
        section.text("output").map(PathBuf::from)
    } else {
        name.as_ref().map(|name| Path::new("runs").join(name))
    };
    Some((name?, seed?, output?))
}

/// What depends on one another: the evaluator may bring parameters and objectives.
struct Parts {
    space: Space,
    objectives: Vec<Objective>,
    metrics: Vec<Metric>,
    evaluator: Evaluator,
}

fn parts(document: &Table, folder: &Path, problems: &Problems) -> Option<Parts> {
    let mut names = Names::default();
    let parameters = parameters::parameters(document, &mut names, problems);
    let objectives = parameters::objectives(document, &mut names, problems);
    let metrics = parameters::metrics(document, &mut names, problems);
    let section = Section::of(document, "evaluator", problems);
    let (parameters, objectives, evaluator) = match evaluator::which(&section)? {
        Which::Builtin => {
            if let Some(metric) = document.get("metric") {
                problems
                    .add(&metric.place, "a test function has no metrics; remove the [[metric]] tables");
            }
            let (parameters, objectives) = (parameters?, objectives?);
            let settings = builtin::read(&section, (parameters.len(), objectives.len()))?;
            let function = builtin::function(&section, &settings)?;
            let parameters = builtin::parameters(&section, &*function, parameters);
            let objectives = builtin::objectives(&section, &*function, objectives);
            (parameters?, objectives?, Evaluator::Builtin(settings))
        }
        Which::Command => {
            let parameters: Option<Vec<Parameter>> =
                parameters.map(|all| all.into_iter().map(|w| w.value).collect());
            let command = evaluator::command(&section, parameters.as_deref(), folder);
            let objectives: Vec<Objective> = objectives?.into_iter().map(|w| w.value).collect();
            if objectives.is_empty() {
                problems.add(&Place::File, "there is no [[objective]]; a command needs at least one");
            }
            let parameters = parameters?;
            if parameters.is_empty() {
                problems.add(&Place::File, "there is no [[parameter]]; a command needs at least one");
            }
            (parameters, objectives, Evaluator::Command(command?))
        }
    };
    let fixed = |p: &Parameter| matches!(p.kind, ParameterKind::Fixed { .. });
    if !parameters.is_empty() && parameters.iter().all(fixed) {
        problems.add(&Place::File, "every parameter is fixed; there is nothing to optimize");
    }
    let constraints = constraints(document, &parameters, problems)?;
    let space = Space { parameters, constraints };
    if problems.is_empty() {
        let place = document.get("constraint").map_or(Place::File, |node| node.place.clone());
        check_region(Region::new(&space), &place, problems);
    }
    Some(Parts { space, objectives, metrics: metrics?, evaluator })
}

fn constraints(
    document: &Table,
    parameters: &[Parameter],
    problems: &Problems,
) -> Option<Vec<LinearConstraint>> {
    let one = |section: &Section<'_>| {
        section.only(&["text"]);
        let text = section.need("text", section.text("text"), "\"a + 2*b <= 10\"")?;
        constraint_text::parse(text, parameters)
            .map_err(|wrong| {
                problems.add(&section.place("text"), format!("the constraint {text:?} {wrong}"));
            })
            .ok()
    };
    let sections = Section::several(document, "constraint", problems)?;
    let parsed: Vec<_> = sections.iter().map(one).collect();
    parsed.into_iter().collect()
}

/// Reports a region without any design.
pub(super) fn check_region(region: Result<Region, EmptyRegion>, place: &Place, problems: &Problems) {
    if let Err(empty) = region {
        problems.add(place, empty);
    }
}

fn strategy(
    document: &Table,
    objectives: Option<&[Objective]>,
    problems: &Problems,
) -> Option<StrategySettings> {
    let section = Section::of(document, "strategy", problems);
    section.only(&["method", "initial", "trials", "in_flight", "ready", "patience", "stop"]);
    let methods = [
        ("auto", Method::Mobo),
        ("mobo", Method::Mobo),
        ("nsga2", Method::Nsga2),
        ("nsga3", Method::Nsga3),
        ("sobol", Method::Sobol),
    ];
    let or = |key: &str, least: u64, default: u64| {
        if section.has(key) { section.count(key, least) } else { Some(default) }
    };
    let method =
        if section.has("method") { section.word("method", &methods) } else { Some(Method::Mobo) };
    // Not from the number of trials: a run may be continued with more of them, and its beginning
    // stays as it is.
    let initial = or("initial", 1, LEAST_INITIAL.max(2 * objectives.map_or(0, <[_]>::len) as u64));
    let trials = or("trials", 1, TRIALS);
    let ready = or("ready", 0, READY);
    let in_flight = section.count("in_flight", 1);
    let stop = stop::read(&section, objectives);
    let patience_s =
        if section.has("patience") { section.seconds("patience") } else { Some(default_patience_s()) };
    Some(StrategySettings {
        method: method?,
        initial: initial?,
        trials: trials?,
        ready: ready?,
        in_flight,
        stop: stop?,
        patience_s: patience_s?,
    })
}

fn checkpoint(document: &Table, problems: &Problems) -> Option<Checkpoint> {
    let section = Section::of(document, "checkpoint", problems);
    section.only(&["every"]);
    let every_s =
        if section.has("every") { section.positive_seconds("every") } else { Some(CHECKPOINT_EVERY_S) };
    Some(Checkpoint { every_s: every_s? })
}

fn limits(document: &Table, problems: &Problems) -> Option<Limits> {
    let section = Section::of(document, "limits", problems);
    section.only(&["time", "margin"]);
    let time_limit_s = section.positive_seconds("time");
    let margin_s = if section.has("margin") { section.seconds("margin") } else { Some(MARGIN_S) };
    if let (Some(time), Some(margin)) = (time_limit_s, margin_s)
        && margin >= time
    {
        section.problem("margin", "leaves nothing of limits.time; it must be shorter");
    }
    Some(Limits { time_limit_s, margin_s: margin_s? })
}
