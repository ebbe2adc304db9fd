//! From the study as written to the study as meant: checks, units, defaults.

use super::command::Command;
use super::document::Table;
use super::error::{Place, Problems, suggestion};
use super::evaluator::{self, Which};
use super::geometry::{DETECTOR_PATH, Geometry};
use super::parameters::{self, Names, check_name, is_name};
use super::resolved::{
    Checkpoint, Evaluator, InitialDesign, Limits, Method, StrategySettings, Study, default_patience_s,
};
use super::section::Section;
use super::{builtin, constraint_text, geometry_table, points, stop};
use crate::problem::{
    EmptyRegion, LinearConstraint, Metric, Objective, OutcomeConstraint, Parameter, ParameterKind,
    Problem, Region, Space,
};
use std::path::{Path, PathBuf};

const TABLES: [&str; 11] = [
    "study",
    "parameter",
    "geometry",
    "objective",
    "metric",
    "constraint",
    "outcome_constraint",
    "strategy",
    "evaluator",
    "checkpoint",
    "limits",
];
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
    let strategy = strategy(document, parts.as_ref(), folder, problems);
    let parameters = parts.as_ref().map(|p| &*p.space.parameters);
    let environment = std::env::var_os(DETECTOR_PATH).map(PathBuf::from);
    let geometry = geometry_table::read(document, parameters, environment, problems);
    if let (Some(geometry), Some(parts)) = (&geometry, &parts) {
        geometry_fits(document, geometry.as_ref(), &parts.evaluator, problems);
    }
    let checkpoint = checkpoint(document, problems);
    let limits = limits(document, problems);
    let (name, seed, output) = head?;
    let Parts { space, objectives, metrics, outcome_constraints, evaluator } = parts?;
    let problem = Problem { space, objectives, metrics, outcome_constraints };
    let (strategy, checkpoint, limits) = (strategy?, checkpoint?, limits?);
    let geometry = geometry?;
    let study = Study { name, seed, output, problem, geometry, strategy, evaluator, checkpoint, limits };
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
    outcome_constraints: Vec<OutcomeConstraint>,
    evaluator: Evaluator,
}

fn parts(document: &Table, folder: &Path, problems: &Problems) -> Option<Parts> {
    let mut names = Names::default();
    let parameters = parameters::parameters(document, &mut names, problems);
    let objectives = parameters::objectives(document, &mut names, problems);
    let metrics = parameters::metrics(document, &mut names, problems);
    let section = Section::of(document, "evaluator", problems);
    let (parameters, objectives, metrics, evaluator) = match evaluator::which(&section)? {
        Which::Builtin => {
            let (parameters, objectives, metrics) = (parameters?, objectives?, metrics?);
            let settings = builtin::read(&section, (parameters.len(), objectives.len()))?;
            let function = builtin::function(&section, &settings)?;
            let parameters = builtin::parameters(&section, &*function, parameters);
            let objectives = builtin::objectives(&section, &*function, objectives);
            let metrics = builtin::metrics(&section, &*function, metrics);
            (parameters?, objectives?, metrics?, Evaluator::Builtin(settings))
        }
        which => {
            let parameters: Option<Vec<Parameter>> =
                parameters.map(|all| all.into_iter().map(|w| w.value).collect());
            let (evaluator, who) = match which {
                Which::Command => {
                    let command = evaluator::command(&section, parameters.as_deref(), folder);
                    (command.map(Evaluator::Command), "a command")
                }
                _ => (Some(Evaluator::Outside), "an evaluation outside"),
            };
            let objectives: Vec<Objective> = objectives?.into_iter().map(|w| w.value).collect();
            if objectives.is_empty() {
                let text = format!("there is no [[objective]]; {who} needs at least one");
                problems.add(&Place::File, text);
            }
            let parameters = parameters?;
            if parameters.is_empty() {
                let text = format!("there is no [[parameter]]; {who} needs at least one");
                problems.add(&Place::File, text);
            }
            (parameters, objectives, metrics?, evaluator?)
        }
    };
    let fixed = |p: &Parameter| matches!(p.kind, ParameterKind::Fixed { .. });
    if !parameters.is_empty() && parameters.iter().all(fixed) {
        problems.add(&Place::File, "every parameter is fixed; there is nothing to optimize");
    }
    let quantities = Quantities { parameters: &parameters, objectives: &objectives, metrics: &metrics };
    let constraints = constraints(document, &quantities, problems);
    let outcome_constraints = outcome_constraints(document, &quantities, problems);
    let (constraints, mut outcome_constraints) = (constraints?, outcome_constraints?);
    if matches!(evaluator, Evaluator::Builtin(_)) && outcome_constraints.is_empty() {
        outcome_constraints = builtin::outcome_constraints(objectives.len(), &metrics);
    }
    let space = Space { parameters, constraints };
    if problems.is_empty() {
        let place = document.get("constraint").map_or(Place::File, |node| node.place.clone());
        check_region(Region::new(&space), &place, problems);
    }
    Some(Parts { space, objectives, metrics, outcome_constraints, evaluator })
}

/// What constraints can name.
struct Quantities<'a> {
    parameters: &'a [Parameter],
    objectives: &'a [Objective],
    metrics: &'a [Metric],
}

impl Quantities<'_> {
    fn between_parameters(&self, text: &str) -> Result<LinearConstraint, String> {
        constraint_text::parse(text, self.parameters)
    }

    fn on_outcome(&self, text: &str) -> Result<OutcomeConstraint, String> {
        constraint_text::parse_outcome(text, self.objectives, self.metrics)
    }
}

fn constraints(
    document: &Table,
    quantities: &Quantities<'_>,
    problems: &Problems,
) -> Option<Vec<LinearConstraint>> {
    texts(document, "constraint", "\"a + 2*b <= 10\"", problems, |text| {
        let parsed = quantities.between_parameters(text);
        parsed.map_err(|wrong| match quantities.on_outcome(text) {
            Ok(_) => "is about what is measured; its table is [[outcome_constraint]]".into(),
            Err(_) => wrong,
        })
    })
}

fn outcome_constraints(
    document: &Table,
    quantities: &Quantities<'_>,
    problems: &Problems,
) -> Option<Vec<OutcomeConstraint>> {
    texts(document, "outcome_constraint", "\"cost <= 100\"", problems, |text| {
        let parsed = quantities.on_outcome(text);
        parsed.map_err(|wrong| match quantities.between_parameters(text) {
            Ok(_) => "is about parameters; its table is [[constraint]]".into(),
            Err(_) => wrong,
        })
    })
}

/// Reports an evaluator that has no use for a detector description, or no detector description to use.
fn geometry_fits(
    document: &Table,
    geometry: Option<&Geometry>,
    evaluator: &Evaluator,
    problems: &Problems,
) {
    let section = Section::of(document, "evaluator", problems);
    let asks = |command: &Command| {
        command.programs().into_iter().flatten().any(|argument| evaluator::asks_for_geometry(argument))
    };
    let missing = "has {geometry}, but there is no table [geometry] that says of which detector";
    match (geometry, evaluator) {
        (Some(_), Evaluator::Builtin(_)) => {
            let text = "is a test function, which no detector description changes; remove [geometry]";
            section.problem("builtin", text);
        }
        (None, Evaluator::Command(command)) if asks(command) => section.problem("command", missing),
        (None, Evaluator::Pipeline(pipeline)) => {
            for stage in pipeline.stages.iter().filter(|stage| asks(&stage.command)) {
                problems.add(&Place::File, format!("stage.{} {missing}", stage.name));
            }
        }
        _ => {}
    }
}

/// What every `[[key]]` says in its `text`.
fn texts<T>(
    document: &Table,
    key: &str,
    example: &str,
    problems: &Problems,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let what = key.replace('_', " ");
    let one = |section: &Section<'_>| {
        section.only(&["text"]);
        let text = section.need("text", section.text("text"), example)?;
        let refuse =
            |wrong| problems.add(&section.place("text"), format!("the {what} {text:?} {wrong}"));
        parse(text).map_err(refuse).ok()
    };
    let sections = Section::several(document, key, problems)?;
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
    parts: Option<&Parts>,
    folder: &Path,
    problems: &Problems,
) -> Option<StrategySettings> {
    let objectives = parts.map(|p| &*p.objectives);
    let section = Section::of(document, "strategy", problems);
    section.only(&[
        "method",
        "nominal",
        "points",
        "initial",
        "initial_design",
        "population",
        "trials",
        "in_flight",
        "ready",
        "patience",
        "stop",
    ]);
    let methods = [
        ("auto", Method::Mobo),
        ("mobo", Method::Mobo),
        ("nsga2", Method::Nsga2),
        ("nsga3", Method::Nsga3),
        ("sobol", Method::Sobol),
        ("lhc", Method::Lhc),
        ("list", Method::List),
    ];
    let or = |key: &str, least: u64, default: u64| {
        if section.has(key) { section.count(key, least) } else { Some(default) }
    };
    let method =
        if section.has("method") { section.word("method", &methods) } else { Some(Method::Mobo) };
    let initial = or("initial", 1, StrategySettings::default_initial(objectives.map_or(0, <[_]>::len)));
    let trials = or("trials", 1, TRIALS);
    let ready = or("ready", 0, READY);
    let in_flight = section.count("in_flight", 1);
    let stop = stop::read(&section, objectives);
    let patience_s =
        if section.has("patience") { section.seconds("patience") } else { Some(default_patience_s()) };
    let settings = StrategySettings {
        method: method?,
        initial: initial?,
        trials: trials?,
        ready: ready?,
        in_flight,
        stop: stop?,
        patience_s: patience_s?,
        initial_design: initial_design(&section, method?)?,
        population: population(&section, method?)?,
        // What `points::first` finds out.
        nominal: None,
        points: vec![],
    };
    match parts {
        Some(parts) => points::first(&section, folder, &parts.space, settings),
        None => Some(settings),
    }
}

fn initial_design(section: &Section<'_>, method: Method) -> Option<InitialDesign> {
    let words = [("sobol", InitialDesign::Sobol), ("lhc", InitialDesign::Lhc)];
    let of_method = match method {
        Method::Sobol => Some(("sobol", InitialDesign::Sobol)),
        Method::Lhc => Some(("lhc", InitialDesign::Lhc)),
        _ => None,
    };
    if !section.has("initial_design") {
        return Some(of_method.map_or(InitialDesign::Sobol, |(_, design)| design));
    }
    let written = section.word("initial_design", &words)?;
    if let Some((word, design)) = of_method
        && design != written
    {
        let text = format!("cannot differ from method = {word:?}; leave it away");
        section.problem("initial_design", text);
        return None;
    }
    Some(written)
}

/// Not from the number of trials: a run may be continued with more of them.
fn population(section: &Section<'_>, method: Method) -> Option<Option<u64>> {
    let evolves = matches!(method, Method::Nsga2 | Method::Nsga3);
    if !section.has("population") {
        return Some(evolves.then_some(StrategySettings::POPULATION));
    }
    if !evolves {
        section.problem("population", "is for the methods nsga2 and nsga3; leave it away");
        return None;
    }
    section.count("population", 4).map(Some)
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
    Some(Limits { time_limit_s, margin_s: margin_s?, disk_bytes: None })
}
