//! The key `from` of objectives and metrics: which stage measures them.

use super::command::ResultFile;
use super::document::{Item, Table};
use super::error::{Problems, suggestion};
use super::pipeline::{Axis, Combine, Source, Stage};
use super::placeholders::check_label;
use super::section::{Section, value};
use crate::problem::Column;

/// What every `[[kind]]` (objective or metric) comes from, in their order; `None` if one is wrong.
pub fn read(
    document: &Table,
    kind: &str,
    stages: &[Stage],
    problems: &Problems,
) -> Option<Vec<Option<Source>>> {
    let sections = Section::lenient(document, kind, problems);
    let one = |section: &Section<'_>| {
        let name = section.text("name")?;
        if section.has("from") {
            source(&section.inner("from")?, name, stages).map(Some)
        } else {
            measured_without_axes(section, kind, name, stages).then_some(None)
        }
    };
    let sources: Vec<_> = sections.iter().map(one).collect();
    sources.into_iter().collect()
}

/// Reports `from` in a study that has no stages.
pub fn refuse(document: &Table, problems: &Problems) {
    // Tables of another form are told by those who read them.
    let sections = ["objective", "metric"].map(|kind| Section::lenient(document, kind, problems));
    for section in sections.into_iter().flatten() {
        if section.has("from") {
            section.problem(
                "from",
                "is for studies with [[stage]] tables; the evaluator's result has it by name",
            );
        }
    }
}

/// Whether a stage without axes may measure it; told if not.
fn measured_without_axes(section: &Section<'_>, kind: &str, name: &str, stages: &[Stage]) -> bool {
    let found = stages.iter().any(|stage| stage.is_single() && stage.may_measure(name));
    if !found {
        let example =
            stages.iter().rfind(|stage| stage.may_measure(name)).unwrap_or(&stages[stages.len() - 1]);
        let text = format!(
            "{kind}.{name} is measured by no stage: none without axes has a result with it; say where it comes \
             from, for example from = {{ stage = {:?}, value = {name:?}, combine = \"mean\" }}",
            example.name
        );
        section.problems.add(&section.place, text);
    }
    found
}

fn source(from: &Section<'_>, own: &str, stages: &[Stage]) -> Option<Source> {
    from.only(&["stage", "value", "where", "combine", "weights"]);
    let name = from.need("stage", from.text("stage"), "\"analysis\"");
    let combine = [Combine::Mean, Combine::Sum, Combine::Min, Combine::Max, Combine::Harmonic];
    let combine = if from.has("combine") {
        Some(from.word("combine", &combine.map(|how| (how.name(), how)))?)
    } else {
        None
    };
    let value = if from.has("value") { from.text("value")? } else { own };
    let name = name?;
    let Some(position) = stages.iter().position(|stage| stage.name == name) else {
        let names: Vec<&str> = stages.iter().map(|stage| &*stage.name).collect();
        from.problem("stage", format!("cannot be {name:?}{}", suggestion(name, &names, "stages")));
        return None;
    };
    let stage = &stages[position];
    let measured = measures(from, stage, value);
    let only = only(from, stage);
    let (only, true) = (only?, measured) else { return None };
    let tasks = count(stage, &only);
    let weights = weights(from, tasks, combine)?;
    let text = match combine {
        None if tasks > 1 => format!(
            "is missing, and {tasks} tasks of stage {name:?} match; for example combine = \"mean\" (sum, min, \
             max, harmonic), or choose one with where"
        ),
        Some(Combine::Sum | Combine::Min | Combine::Max) if stage.at_least < 1.0 => format!(
            "needs the value of every task, but stage {name:?} has at_least = {}; take a mean",
            stage.at_least
        ),
        _ => return Some(Source { stage: position, value: value.to_owned(), only, combine, weights }),
    };
    from.problem("combine", text);
    None
}

/// Whether the stage's result can have the value; told if not.
fn measures(from: &Section<'_>, stage: &Stage, value: &str) -> bool {
    let name = &stage.name;
    match &stage.command.result {
        None => {
            let text = format!("{name:?} has no result; give that stage result = \"result.json\"");
            from.problem("stage", text);
            false
        }
        Some(ResultFile::Table { columns, .. }) if !stage.may_measure(value) => {
            let named = |column: &'_ Column| match column {
                Column::Value(name) => Some(name.clone()),
                _ => None,
            };
            let known: Vec<String> = columns.iter().filter_map(named).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let key = if from.has("value") { "value" } else { "stage" };
            let hint = suggestion(value, &known, "columns");
            from.problem(key, format!("{value:?} is no column of the result of stage {name:?}{hint}"));
            false
        }
        _ => true,
    }
}

/// Axes and the labels that count.
fn only(from: &Section<'_>, stage: &Stage) -> Option<Vec<(String, Vec<String>)>> {
    if !from.has("where") {
        return Some(vec![]);
    }
    let table = from.inner("where")?;
    let mut only = vec![];
    let mut sound = true;
    for (axis, node) in table.entries() {
        let nodes = match &node.item {
            Item::List(list) => list.iter().collect(),
            _ => vec![node],
        };
        let labels: Option<Vec<String>> =
            nodes.into_iter().map(|node| value(&node.item).map(|value| value.to_string())).collect();
        let Some(labels) = labels.filter(|labels| !labels.is_empty()) else {
            table.problem(axis, "must be a label of the axis or a list of labels");
            return None;
        };
        for label in &labels {
            if let Err(wrong) = check_label(stage, axis, label) {
                table.problem(axis, format!("= {label:?}: {wrong}"));
                sound = false;
            }
        }
        only.push((axis.clone(), labels));
    }
    sound.then_some(only)
}

/// Number of tasks that match.
fn count(stage: &Stage, only: &[(String, Vec<String>)]) -> u64 {
    let counts = |axis: &str, label: &str| {
        only.iter().all(|(name, labels)| name != axis || labels.iter().any(|l| l == label))
    };
    let of_axis =
        |axis: &Axis| axis.values.iter().filter(|value| counts(&axis.name, &value.label)).count() as u64;
    let chunks = (0..stage.chunks()).filter(|k| counts(Stage::CHUNK, &k.to_string())).count() as u64;
    stage.axes.iter().map(of_axis).product::<u64>() * chunks
}

fn weights(from: &Section<'_>, tasks: u64, combine: Option<Combine>) -> Option<Vec<f64>> {
    if !from.has("weights") {
        return Some(vec![]);
    }
    let number = |node: &super::document::Node| match value(&node.item)?.number() {
        Some(x) if x >= 0.0 => Some(x),
        _ => None,
    };
    let weights: Option<Vec<f64>> = from.list("weights")?.iter().map(number).collect();
    let wrong = match (&weights, combine) {
        (None, _) => "must be a list of numbers of at least 0".to_owned(),
        (_, None | Some(Combine::Min | Combine::Max)) => {
            "are for combine = \"mean\", \"sum\" and \"harmonic\"".to_owned()
        }
        (Some(weights), _) if weights.len() as u64 != tasks => {
            format!("has {} numbers where {tasks} tasks match", weights.len())
        }
        (Some(weights), _) if weights.iter().all(|w| *w == 0.0) => "are all 0".to_owned(),
        _ => return weights,
    };
    from.problem("weights", wrong);
    None
}
