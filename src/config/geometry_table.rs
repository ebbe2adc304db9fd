//! The `[geometry]` table and the `edit` key of parameters.

use super::command::Command;
use super::detector_units;
use super::document::Table;
use super::error::{Place, Problems, suggestion};
use super::geometry::{DETECTOR_PATH, Edit, Expression, Geometry, NumberFormat, Piece, pieces};
use super::placeholders::{GEOMETRY, placeholders};
use super::resolved::Evaluator;
use super::section::Section;
use crate::problem::{Parameter, ParameterKind};
use crate::xml;
use std::path::{Component, Path, PathBuf};

/// What the study says about the detector description; `Some(None)` if it says nothing. `environment` is
/// the value of `DETECTOR_PATH`.
pub fn read(
    document: &Table,
    folder: &Path,
    parameters: Option<&[Parameter]>,
    environment: Option<PathBuf>,
    problems: &Problems,
) -> Option<Option<Geometry>> {
    let tables = Section::lenient(document, "parameter", problems);
    let edited: Vec<&Section> = tables.iter().filter(|table| table.has("edit")).collect();
    let section = Section::of(document, "geometry", problems);
    section.only(&["install", "top"]);
    if !document.contains_key("geometry") {
        if let Some(table) = edited.first() {
            let text = "needs to know of which detector; write a table [geometry] with top = \
                        \"epic_craterlake.xml\" and install = \"/opt/detector/share/epic\"";
            table.problem("edit", text);
            return None;
        }
        return Some(None);
    }
    let install = install(&section, folder, environment);
    let top = section.need("top", section.text("top"), "\"epic_craterlake.xml\"");
    let top = top.and_then(|_| below(&section, "top"));
    // All are looked at before one that is wrong makes the whole `None`.
    let edits: Vec<_> = edited.iter().map(|table| edits(table, parameters)).collect();
    let edits: Vec<(Edit, Section)> =
        edits.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    twice(&edits)?;
    let edits = edits.into_iter().map(|(edit, _)| edit).collect();
    Some(Some(Geometry { install: install?, top: top?, edits }))
}

/// Absolute; what is relative starts from the study file's folder.
fn install(section: &Section<'_>, folder: &Path, environment: Option<PathBuf>) -> Option<PathBuf> {
    let written = if section.has("install") {
        folder.join(section.text("install")?)
    } else if let Some(path) = environment {
        path
    } else {
        let text = format!(
            "is missing, and so is the environment variable {DETECTOR_PATH}, which would stand for it; for \
             example install = \"/opt/detector/share/epic\""
        );
        section.problem("install", text);
        return None;
    };
    match std::path::absolute(&written) {
        Ok(path) if path.to_str().is_some() => Some(path),
        _ => {
            let shown = written.display();
            section.problem("install", format!("must be a path in UTF-8, not {shown}"));
            None
        }
    }
}

/// A path that cannot leave the install.
fn below(section: &Section<'_>, key: &str) -> Option<PathBuf> {
    let path = PathBuf::from(section.text(key)?);
    let inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !inside {
        let shown = path.display().to_string();
        section.problem(key, format!("must be a path below the install, not {shown:?}"));
    }
    // Without `./`, so that the same file is written in one way.
    inside.then(|| path.components().filter(|c| matches!(c, Component::Normal(_))).collect())
}

/// The edits of one parameter, each with its table.
fn edits<'a>(table: &Section<'a>, parameters: Option<&[Parameter]>) -> Option<Vec<(Edit, Section<'a>)>> {
    let several = match table.has_table("edit") {
        true => vec![table.inner("edit")?],
        false => table.tables("edit")?,
    };
    if several.is_empty() {
        table.problem(
            "edit",
            "is empty; leave it away, or write edit = { file = …, xpath = …, attribute = … }",
        );
        return None;
    }
    let found: Vec<_> = several
        .into_iter()
        .map(|section| Some((edit(table.text("name")?, &section, parameters?)?, section)))
        .collect();
    found.into_iter().collect()
}

fn edit(owner: &str, section: &Section<'_>, parameters: &[Parameter]) -> Option<Edit> {
    section.only(&["file", "xpath", "attribute", "index", "value", "format", "expression"]);
    let file = section.need("file", section.text("file"), "\"compact/pid/drich.xml\"");
    let file = file.and_then(|_| below(section, "file"));
    let xpath = section.need("xpath", section.text("xpath"), "\".//detector/mirror\"");
    let xpath = xpath.filter(|text| {
        let wrong = xml::Path::parse(text).err();
        if let Some(wrong) = &wrong {
            section.problem("xpath", format!("({text:?}) {wrong}"));
        }
        wrong.is_none()
    });
    let attribute = section.need("attribute", section.text("attribute"), "\"radius\"");
    let index = match section.has("index") {
        true => Some(usize::try_from(section.count("index", 0)?).ok()?),
        false => None,
    };
    let parameter = parameters.iter().find(|p| p.name == owner)?;
    let value = match section.has("value") {
        true => text(section, owner, parameters),
        false => usual(section, parameter),
    };
    let format = match section.has("format") {
        true => Some(format(section, parameter)?),
        false => None,
    };
    let words = [("keep", Expression::Keep), ("replace", Expression::Replace)];
    let expression = match section.has("expression") {
        true => section.word("expression", &words)?,
        false => Expression::Keep,
    };
    Some(Edit {
        parameter: owner.to_owned(),
        file: file?,
        xpath: xpath?.to_owned(),
        attribute: attribute?.to_owned(),
        index,
        value: value?,
        format,
        expression,
    })
}

/// `{NAME}*UNIT`, or the value alone without a unit.
fn usual(section: &Section<'_>, parameter: &Parameter) -> Option<String> {
    let Parameter { name, unit, .. } = parameter;
    if unit.is_empty() {
        return Some(format!("{{{name}}}"));
    }
    if detector_units::dimension(unit).is_none() {
        let text = format!(
            "writes the unit {unit:?}, which detector descriptions do not know; use one like cm, mm, mrad, \
             deg, GeV, or say what to write, for example value = \"{{{name}}}*{unit}\""
        );
        section.problems.add(&section.place, text);
        return None;
    }
    Some(format!("{{{name}}}*{unit}"))
}

fn text(section: &Section<'_>, owner: &str, parameters: &[Parameter]) -> Option<String> {
    let text = section.text("value")?;
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    let used: Vec<&str> = pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Value(name) => Some(name),
            Piece::Text(_) => None,
        })
        .collect();
    for name in &used {
        if !names.contains(name) {
            let bare = name.strip_prefix("param.").filter(|bare| names.contains(bare));
            let hint = match bare {
                Some(bare) => format!("; here it is just {{{bare}}}"),
                None => suggestion(name, &names, "parameters"),
            };
            section.problem("value", format!("has {{{name}}}, but there is no such parameter{hint}"));
            return None;
        }
    }
    if !used.contains(&owner) {
        let shown = format!("({text:?}) does not depend on the parameter; it must have {{{owner}}}");
        section.problem("value", shown);
        return None;
    }
    Some(text.to_owned())
}

fn format(section: &Section<'_>, parameter: &Parameter) -> Option<NumberFormat> {
    let text = section.text("format")?;
    let float = match &parameter.kind {
        ParameterKind::Float { .. } => true,
        ParameterKind::Fixed { value } => value.number().is_some(),
        _ => false,
    };
    if !float {
        section.problem("format", "is for floats; leave it away");
        return None;
    }
    let format = NumberFormat::parse(text);
    if format.is_none() {
        section
            .problem("format", format!("must be \"%.4f\" or \"%.6e\" with other digits, not {text:?}"));
    }
    format
}

/// Refuses two edits that are written for the same attribute or component.
fn twice(edits: &[(Edit, Section<'_>)]) -> Option<()> {
    let place = |e: &Edit| (e.file.clone(), e.xpath.clone(), e.attribute.clone());
    let clash = |a: &Edit, b: &Edit| {
        place(a) == place(b) && (a.index.is_none() || b.index.is_none() || a.index == b.index)
    };
    let mut sound = true;
    for (k, (edit, section)) in edits.iter().enumerate() {
        if let Some((other, _)) = edits[..k].iter().find(|(other, _)| clash(other, edit)) {
            let text = format!(
                "{} edits the attribute {:?} at {} of {}, which {} edits already",
                edit.parameter,
                edit.attribute,
                edit.xpath,
                edit.file.display(),
                other.parameter
            );
            section.problems.add(&section.place, text);
            sound = false;
        }
    }
    sound.then_some(())
}

/// Reports an evaluator that has no use for a detector description, or no detector description to use.
pub fn fits(document: &Table, geometry: Option<&Geometry>, evaluator: &Evaluator, problems: &Problems) {
    let section = Section::of(document, "evaluator", problems);
    let asks = |command: &Command| {
        command.programs().into_iter().flatten().any(|a| placeholders(a).any(|word| word == GEOMETRY))
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
