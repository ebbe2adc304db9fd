//! Designs that a study names itself: the nominal one and a list.

use super::error::suggestion;
use super::resolved::{Method, StrategySettings};
use super::section::Section;
use crate::problem::{Design, ParameterKind, Space, Value};
use std::path::Path;

/// Wrong lines of a list that are told one by one.
const TOLD: usize = 5;

/// The settings with the designs that come first; `section` is `[strategy]`, `folder` the study
/// file's. `None` if one of them is wrong.
pub fn first(
    section: &Section<'_>,
    folder: &Path,
    space: &Space,
    settings: StrategySettings,
) -> Option<StrategySettings> {
    let list = settings.method == Method::List;
    let points = if section.has("points") {
        read(section, folder, space)?
    } else if list {
        return section.need("points", None, "\"points.csv\"");
    } else {
        vec![]
    };
    let nominal = nominal(section, space, &points, list)?;
    let mut settings = StrategySettings { nominal: Some(nominal), points, ..settings };
    if list {
        let count = settings.points.len() as u64 + u64::from(nominal);
        if section.has("initial") {
            section.problem("initial", "has no meaning with method = \"list\"; leave it away");
            return None;
        }
        if section.has("trials") && settings.trials > count {
            let text = format!("({}) is more than the list has: {count}", settings.trials);
            section.problem("trials", text);
            return None;
        }
        settings.initial = count;
        settings.trials = if section.has("trials") { settings.trials } else { count };
    }
    Some(settings)
}

/// Whether the nominal design comes first. Unless told it does if every parameter has a default and
/// the list, which may have the nominal design at a place of its own, does not hold it.
fn nominal(section: &Section<'_>, space: &Space, points: &[Design], list: bool) -> Option<bool> {
    let asked = if section.has("nominal") { Some(section.flag("nominal")?) } else { None };
    let refuse = |text: String| {
        section.problem("nominal", text);
        None
    };
    if asked == Some(false) || asked.is_none() && list {
        return Some(false);
    }
    let design = match space.nominal() {
        Ok(design) => design,
        Err(missing) if asked.is_some() => {
            return refuse(format!(
                "needs a default for every parameter; there is none for {}",
                missing.join(", ")
            ));
        }
        Err(_) => return Some(false),
    };
    // Fixed parameters alone name no design.
    if asked.is_none() && space.dimension() == 0 {
        return Some(false);
    }
    if let Some(constraint) = space.violated(&design) {
        return refuse(format!(
            "is not possible: the nominal design (every parameter at its default) violates the constraint \
             {:?}; change a default, or write nominal = false",
            constraint.text
        ));
    }
    let listed = points.iter().position(|point| space.same(point, &design));
    match (listed, asked) {
        (None, _) => Some(true),
        (Some(_), None) => Some(false),
        (Some(k), Some(_)) => {
            refuse(format!("is in strategy.points already, as point {}; remove one of the two", k + 1))
        }
    }
}

fn read(section: &Section<'_>, folder: &Path, space: &Space) -> Option<Vec<Design>> {
    let path = folder.join(section.text("points")?);
    let file = path.display();
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) => {
            section.problem("points", format!("names {file}, which cannot be read: {e}"));
            return None;
        }
    };
    match parse(&text, space) {
        Ok(points) => Some(points),
        Err(wrong) => {
            for (line, text) in wrong.iter().take(TOLD) {
                section.problems.add(&section.place("points"), format!("{file}:{line}: {text}"));
            }
            if wrong.len() > TOLD {
                let more = wrong.len() - TOLD;
                section.problem("points", format!("has {more} more lines that are wrong"));
            }
            None
        }
    }
}

/// The designs of a CSV text, or what is wrong with it, each with its line.
fn parse(text: &str, space: &Space) -> Result<Vec<Design>, Vec<(u64, String)>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut columns: Option<Vec<usize>> = None;
    let mut points: Vec<(u64, Design)> = vec![];
    let mut wrong = vec![];
    // The reader's position of a record is before the comments and blank lines above it.
    let lines: Vec<&str> = text.lines().collect();
    let no_record =
        |line: u64| lines.get(line as usize - 1).is_some_and(|l| l.is_empty() || l.starts_with('#'));
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(e) => {
                wrong.push((e.position().map_or(1, csv::Position::line), format!("not CSV: {e}")));
                break;
            }
        };
        let mut line = record.position().map_or(1, csv::Position::line);
        while no_record(line) {
            line += 1;
        }
        let Some(columns) = &columns else {
            columns = Some(head(&record, space).map_err(|text| vec![(line, text)])?);
            continue;
        };
        let design = row(&record, columns, space).and_then(|design| {
            match points.iter().find(|(_, other)| space.same(other, &design)) {
                Some((other, _)) => Err(format!("is the design of line {other} again")),
                None => Ok(design),
            }
        });
        match design {
            Ok(design) => points.push((line, design)),
            Err(text) => wrong.push((line, text)),
        }
    }
    if wrong.is_empty() && points.is_empty() {
        let example: Vec<&str> = space.parameters.iter().map(|p| p.name.as_str()).collect();
        wrong.push((
            1,
            format!(
                "has no design; write {} in the first line and a value of each per line",
                example.join(",")
            ),
        ));
    }
    if wrong.is_empty() {
        Ok(points.into_iter().map(|(_, design)| design).collect())
    } else {
        Err(wrong)
    }
}

/// For each column the parameter that it holds.
fn head(record: &csv::StringRecord, space: &Space) -> Result<Vec<usize>, String> {
    let names: Vec<&str> = space.parameters.iter().map(|p| p.name.as_str()).collect();
    let mut columns = vec![];
    for cell in record {
        let (name, unit) = match cell.split_once('[') {
            Some((name, unit)) => (name.trim(), Some(unit.trim_end_matches(']').trim())),
            None => (cell, None),
        };
        let Some(at) = names.iter().position(|n| *n == name) else {
            let hint = suggestion(name, &names, "parameters");
            return Err(format!("the first line has {name:?}, which is no parameter{hint}"));
        };
        if columns.contains(&at) {
            return Err(format!("the first line has {name} twice"));
        }
        let known = &space.parameters[at].unit;
        if let Some(unit) = unit.filter(|u| u != known) {
            let known = if known.is_empty() { "no unit" } else { known };
            return Err(format!("{name} is in {unit} here, but the study has {known}"));
        }
        columns.push(at);
    }
    let spare = |j: usize| {
        matches!(space.parameters[j].kind, ParameterKind::Fixed { .. } | ParameterKind::Events(_))
    };
    let missing = (0..names.len()).filter(|j| !columns.contains(j) && !spare(*j));
    let missing: Vec<&str> = missing.map(|j| names[j]).collect();
    if !missing.is_empty() {
        return Err(format!("the first line lacks {}", missing.join(", ")));
    }
    Ok(columns)
}

fn row(record: &csv::StringRecord, columns: &[usize], space: &Space) -> Result<Design, String> {
    if record.len() != columns.len() {
        return Err(format!("has {} values for {} columns", record.len(), columns.len()));
    }
    let written = |j: usize| columns.iter().position(|c| *c == j).and_then(|c| record.get(c));
    let values = space.parameters.iter().enumerate().map(|(j, p)| match (written(j), &p.kind) {
        (None, ParameterKind::Fixed { value }) => Ok(value.clone()),
        (None, ParameterKind::Events(range)) => Ok(Value::Integer(range.upper)),
        (text, kind) => {
            let text = text.unwrap_or_default();
            kind.understand(&Value::Text(text.to_owned()))
                .map_err(|right| format!("{} = {text} must be {right}", p.name))
        }
    });
    let design = values.collect::<Result<Design, _>>()?;
    match space.violated(&design) {
        Some(constraint) => Err(format!("violates the constraint {:?}", constraint.text)),
        None => Ok(design),
    }
}
