//! Parameters, objectives, metrics, constraints and the evaluator.

use super::document::Table;
use super::error::{Place, Problems};
use super::evaluator::{self, Which};
use super::parameters::{self, Names, Written};
use super::pipeline::Pipeline;
use super::placeholders::Scope;
use super::resolved::Evaluator;
use super::section::Section;
use super::{builtin, command_keys, constraint_text, sources, stages};
use crate::problem::{
    EmptyRegion, LinearConstraint, Metric, Objective, OutcomeConstraint, Parameter, ParameterKind,
    Region, Space,
};
use std::path::Path;

/// What depends on one another: the evaluator may bring parameters and objectives.
pub struct Parts {
    pub space: Space,
    pub objectives: Vec<Objective>,
    pub metrics: Vec<Metric>,
    pub outcome_constraints: Vec<OutcomeConstraint>,
    pub evaluator: Evaluator,
}

/// What a study measures where; `folder` is the study file's. `None` if something is wrong.
pub fn read(document: &Table, folder: &Path, problems: &Problems) -> Option<Parts> {
    let mut names = Names::default();
    let parameters = parameters::parameters(document, &mut names, problems);
    let objectives = parameters::objectives(document, &mut names, problems);
    let metrics = parameters::metrics(document, &mut names, problems);
    let kind = kind(document, problems)?;
    let (parameters, objectives, metrics, evaluator) = match kind {
        Kind::Builtin(section) => {
            let (parameters, objectives, metrics) = (parameters?, objectives?, metrics?);
            let arguments = parameters.iter().filter(|w| builtin::is_argument(w)).count();
            let settings = builtin::read(&section, (arguments, objectives.len()))?;
            let function = builtin::function(&section, &settings)?;
            let parameters = builtin::parameters(&section, &*function, parameters);
            let objectives = builtin::objectives(&section, &*function, objectives);
            let metrics = builtin::metrics(&section, &*function, metrics);
            (parameters?, objectives?, metrics?, Evaluator::Builtin(settings))
        }
        kind => {
            let plain = |all: Vec<Written<Parameter>>| all.into_iter().map(|w| w.value).collect();
            let parameters: Option<Vec<Parameter>> = parameters.map(plain);
            let (evaluator, who) = match kind {
                Kind::Stages => {
                    let pipeline = pipeline(document, parameters.as_deref(), folder, problems);
                    (pipeline.map(Evaluator::Pipeline), "a study with stages")
                }
                Kind::Command(section) => {
                    let in_container = super::container::is_used(document);
                    let scope = Scope { parameters: parameters.as_deref(), in_container, stage: None };
                    let command = command_keys::read(&section, &scope, folder, Some("result.json"));
                    (command.map(Evaluator::Command), "a command")
                }
                Kind::Builtin(_) | Kind::Outside => (Some(Evaluator::Outside), "an evaluation outside"),
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
    let events = |p: &Parameter| matches!(p.kind, ParameterKind::Events(_));
    let fixed = |p: &Parameter| events(p) || matches!(p.kind, ParameterKind::Fixed { .. });
    if !parameters.is_empty() && parameters.iter().all(fixed) {
        problems.add(&Place::File, "every parameter is fixed; there is nothing to optimize");
    }
    if parameters.iter().filter(|p| events(p)).count() > 1 {
        problems.add(
            &Place::File,
            "two parameters are of kind \"events\"; a trial has one number of events",
        );
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

/// Who evaluates.
enum Kind<'a> {
    Builtin(Section<'a>),
    Command(Section<'a>),
    Outside,
    Stages,
}

fn kind<'a>(document: &'a Table, problems: &'a Problems) -> Option<Kind<'a>> {
    if document.contains_key("stage") {
        if let Some(node) = document.get("evaluator") {
            let text = "[evaluator] cannot be beside [[stage]] tables, whose commands evaluate a trial";
            problems.add(&node.place, text);
        }
        return Some(Kind::Stages);
    }
    sources::refuse(document, problems);
    let section = Section::of(document, "evaluator", problems);
    Some(match evaluator::which(&section)? {
        Which::Builtin => Kind::Builtin(section),
        Which::Command => Kind::Command(section),
        Which::Outside => Kind::Outside,
    })
}

fn pipeline(
    document: &Table,
    parameters: Option<&[Parameter]>,
    folder: &Path,
    problems: &Problems,
) -> Option<Pipeline> {
    let stages = stages::read(document, parameters, folder, problems)?;
    let objectives = sources::read(document, "objective", &stages, problems);
    let metrics = sources::read(document, "metric", &stages, problems);
    Some(Pipeline { stages, objectives: objectives?, metrics: metrics? })
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
