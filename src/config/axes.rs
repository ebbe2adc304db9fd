//! What a stage runs over: axes of its own, axes taken over from what it needs, and chunks of events.

use super::document::{Item, Node};
use super::parameters::is_word;
use super::pipeline::{Axis, AxisValue, Events, Field, Stage};
use super::placeholders::known_or_none;
use super::section::{Section, value};
use crate::problem::Value;

/// Longest labels of a stage's axes together: a task's directory is named by them, a byte of a label
/// may take three there, and file names have at most 255.
const LONGEST_LABELS: usize = 80;

/// What a stage runs over.
pub struct Runs {
    pub axes: Vec<Axis>,
    pub by: Vec<String>,
    pub events: Option<Events>,
}

/// Reads `foreach`, `by` and `events`; `needs` are the stages that this one needs, `None` if one of
/// them is wrong itself, so that nothing can be said of axes taken over.
pub fn read(section: &Section<'_>, needs: Option<&[&Stage]>) -> Option<Runs> {
    let by = by(section, needs);
    let own = foreach(section, needs);
    let own_events = events(section);
    let (by, own, own_events) = (by?, own?, own_events?);
    let needs = needs?;
    let mut sound = true;
    let mut axes: Vec<Axis> = vec![];
    let mut taken: Option<Events> = None;
    for name in &by {
        let from = needs.iter().filter_map(|need| Some((need, need.axis(name)?)));
        let mut found: Option<(&str, &Axis)> = None;
        for (need, axis) in from {
            match found {
                Some((first, other)) if other != axis => {
                    let text = format!(
                        "has the axis {name:?}, whose values differ between {first:?} and {:?}; they must be \
                         the same there, in the same order",
                        need.name
                    );
                    section.problem("by", text);
                    sound = false;
                }
                _ => found = found.or(Some((&need.name, axis))),
            }
        }
        axes.extend(found.map(|(_, axis)| axis.clone()));
        if name == Stage::CHUNK {
            let mut all = needs.iter().filter_map(|need| Some((need, need.events?)));
            let first = all.next();
            taken = first.map(|(_, events)| events);
            if let Some((other, _)) = all.find(|(_, events)| Some(*events) != taken) {
                let first = first.map_or("", |(need, _)| &need.name);
                let text = format!(
                    "has {name:?}, but events of {first:?} and {:?} are cut differently",
                    other.name
                );
                section.problem("by", text);
                sound = false;
            }
        }
    }
    if taken.is_some() && own_events.is_some() {
        section.problem("events", "cannot be beside by = [\"chunk\"], which takes events over");
        sound = false;
    }
    axes.extend(own);
    let longest = |axis: &Axis| axis.values.iter().map(|value| value.label.len()).max().unwrap_or(0);
    let length: usize = axes.iter().map(longest).sum();
    if length > LONGEST_LABELS {
        let text = format!(
            "{}: the longest labels of its axes have {length} bytes together, more than {LONGEST_LABELS}; \
             give points a shorter name",
            section.called()
        );
        section.problems.add(&section.place, text);
        sound = false;
    }
    sound.then_some(Runs { axes, by, events: own_events.or(taken) })
}

/// Axes to take over, each of which a need has.
fn by(section: &Section<'_>, needs: Option<&[&Stage]>) -> Option<Vec<String>> {
    if !section.has("by") {
        return Some(vec![]);
    }
    let names = section.texts("by")?;
    let Some(needs) = needs else { return Some(names) };
    let mut known: Vec<&str> = vec![];
    for need in needs {
        known.extend(need.axes.iter().map(|axis| &*axis.name));
        known.extend(need.events.map(|_| Stage::CHUNK));
    }
    known.sort_unstable();
    known.dedup();
    let mut sound = true;
    for (k, name) in names.iter().enumerate() {
        if !known.contains(&&**name) {
            let hint = known_or_none(name, &known, "axes");
            let hint = hint.replace("; it has no axes", "; they have none");
            section.problem("by", format!("has {name:?}, an axis of none of its needs{hint}"));
            sound = false;
        } else if names[..k].contains(name) {
            section.problem("by", format!("has {name:?} twice"));
            sound = false;
        }
    }
    sound.then_some(names)
}

fn foreach(section: &Section<'_>, needs: Option<&[&Stage]>) -> Option<Vec<Axis>> {
    if !section.has("foreach") {
        return Some(vec![]);
    }
    let table = section.inner("foreach")?;
    let one = |(name, _): (&String, &Node)| {
        let of_need = needs.into_iter().flatten().find(|need| need.axis(name).is_some());
        if name == Stage::CHUNK {
            table.problem(
                name,
                "is the axis of events; give the stage events = { total = 5000, per_job = 1000 }",
            );
        } else if !is_word(name) {
            table.problem(
                name,
                "is no name for an axis: letters, digits and _ - after a first letter or _",
            );
        } else if let Some(need) = of_need {
            let text = format!(
                "is an axis of {:?}, which the stage needs; write by = [{name:?}] for a task per value of it, \
                 or give this axis another name",
                need.name
            );
            table.problem(name, text);
        } else {
            return axis(&table, name);
        }
        None
    };
    let axes: Vec<_> = table.entries().map(one).collect();
    axes.into_iter().collect()
}

fn axis(table: &Section<'_>, name: &str) -> Option<Axis> {
    let list = table.list(name)?;
    let values = match list.first().map(|node| &node.item) {
        None => {
            table.problem(name, "is empty; a stage without this axis has no key foreach for it");
            return None;
        }
        Some(Item::Table(_)) => points(table, name)?,
        Some(_) => {
            let label = |value: Value| AxisValue { label: value.to_string(), fields: vec![] };
            table.values(name)?.into_iter().map(label).collect()
        }
    };
    let twice =
        (1..values.len()).find(|k| values[..*k].iter().any(|other| other.label == values[*k].label));
    if let Some(k) = twice {
        table.problem(name, format!("has {:?} twice; all values must differ", values[k].label));
        return None;
    }
    Some(Axis { name: name.to_owned(), values })
}

/// Values whose fields travel together; all have the same fields.
fn points(table: &Section<'_>, name: &str) -> Option<Vec<AxisValue>> {
    let points: Vec<_> =
        table.tables(name)?.iter().enumerate().map(|(k, point)| self::point(point, k)).collect();
    let points: Vec<AxisValue> = points.into_iter().collect::<Option<_>>()?;
    let shape = |point: &AxisValue| -> Vec<(String, Option<usize>)> {
        let length = |field: &Field| match field {
            Field::One(_) => None,
            Field::List(values) => Some(values.len()),
        };
        point.fields.iter().map(|(name, field)| (name.clone(), length(field))).collect()
    };
    if let Some(other) = points.iter().find(|point| shape(point) != shape(&points[0])) {
        let (first, other) = (&points[0].label, &other.label);
        table.problem(
            name,
            format!(
                "has points {first:?} and {other:?} with different fields, or lists of different lengths"
            ),
        );
        return None;
    }
    Some(points)
}

fn point(point: &Section<'_>, index: usize) -> Option<AxisValue> {
    let label = if point.has("name") { point.text("name")?.to_owned() } else { index.to_string() };
    let mut fields = vec![];
    for (name, node) in point.entries().filter(|(name, _)| *name != "name") {
        if !is_word(name) {
            point.problem(
                name,
                "is no name for a field: letters, digits and _ - after a first letter or _",
            );
            return None;
        }
        let field = match &node.item {
            Item::List(list) => {
                list.iter().map(|node| value(&node.item)).collect::<Option<Vec<_>>>().map(Field::List)
            }
            item => value(item).map(Field::One),
        };
        if field.is_none() {
            point.problem(name, "must be a finite number, a text that is not empty, or a list of those");
        }
        fields.push((name.clone(), field?));
    }
    Some(AxisValue { label, fields })
}

/// `{ total, per_job }`; `None` inside without the key.
fn events(section: &Section<'_>) -> Option<Option<Events>> {
    if !section.has("events") {
        return Some(None);
    }
    let table = section.inner("events")?;
    table.only(&["total", "per_job"]);
    let total = table.need("total", table.count("total", 1), "5000");
    let per_job = if table.has("per_job") { table.count("per_job", 1) } else { total };
    let (total, per_job) = (total?, per_job?);
    if per_job > total {
        table.problem("per_job", format!("is more than the {total} events that there are in all"));
        return None;
    }
    Some(Some(Events { total, per_job }))
}
