//! Where the edits of a study stand in the files of an install.

use super::includes::Graph;
use super::value::{self, Kind};
use crate::config::{Edit, Expression, Geometry};
use crate::problem::Space;
use crate::xml::{self, Path, Xml};
use std::fs;
use std::ops::Range;

/// An edit that was found.
#[derive(Debug)]
pub(super) struct Spot {
    pub node: usize,
    pub range: Range<usize>,
    pub line: usize,
    /// What stands there.
    pub old: String,
    pub warnings: Vec<String>,
}

/// Where an edit stands.
///
/// # Errors
/// Nowhere, or it may not be made: why, in words.
pub(super) fn locate(
    edit: &Edit,
    geometry: &Geometry,
    space: &Space,
    graph: &Graph,
) -> Result<Spot, String> {
    let node = node(edit, geometry, graph)?;
    let file = edit.file.display();
    let xml = Xml::parse(&graph.nodes[node].text).map_err(|wrong| format!("{file}: {wrong}"))?;
    let path = Path::parse(&edit.xpath).map_err(|wrong| format!("{} {wrong}", edit.xpath))?;
    let found = xml.select(&path);
    let Some(first) = found.first() else {
        return Err(format!("{file}: {path} finds nothing: {}", xml::explain(&xml, &path)));
    };
    let mut warnings = vec![];
    if found.len() > 1 {
        let lines: Vec<String> = found.iter().take(5).map(|e| e.line().to_string()).collect();
        let more = if found.len() > 5 { ", …" } else { "" };
        warnings.push(format!(
            "{file}: {path} finds {} elements (lines {}{more}); only the first is edited",
            found.len(),
            lines.join(", ")
        ));
    }
    let (attribute, line) = (&edit.attribute, first.line());
    let Some(span) = first.span(attribute) else {
        let has = first.attributes().join(", ");
        return Err(format!(
            "{file}:{line}: <{}> has no attribute {attribute:?}; it has {}",
            first.tag(),
            if has.is_empty() { "none" } else { &has }
        ));
    };
    let within = match edit.index {
        None => 0..span.raw.len(),
        Some(index) => value::component(&span.raw, index).map_err(|count| {
            format!(
                "{file}:{line}: {attribute} is {:?} and has {count} components; index {index} is beyond (it \
                 counts from 0)",
                span.raw
            )
        })?,
    };
    let old = span.raw[within.clone()].to_owned();
    let free = match value::kind(&old) {
        Kind::Number { .. } => true,
        Kind::Word => value::writes_words(edit, space),
        Kind::Expression => false,
    };
    if !free && edit.expression == Expression::Keep {
        return Err(format!(
            "{file}:{line}: {attribute} is {old:?}, which is no plain number; to replace it all the same, \
             write expression = \"replace\" in the edit"
        ));
    }
    if let Some(odd) = value::odd_unit(edit, &old) {
        warnings.push(format!("{file}:{line}: the edit of {attribute} {odd}"));
    }
    if let Some(odd) = value::odd_default(edit, space, &old) {
        warnings.push(format!("{file}:{line}: {} {odd}", edit.parameter));
    }
    let range = span.range.start + within.start..span.range.start + within.end;
    Ok(Spot { node, range, line: span.line, old, warnings })
}

/// The file of an edit, which the top file must lead to.
fn node(edit: &Edit, geometry: &Geometry, graph: &Graph) -> Result<usize, String> {
    let path = geometry.install.join(&edit.file);
    if let Some(node) = graph.position(&path) {
        return Ok(node);
    }
    let shown = path.display();
    if let Err(wrong) = fs::metadata(&path) {
        let wanted = edit.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let beside = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten();
        let names =
            beside.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
        let near = names.map(|name| (strsim::jaro_winkler(&wanted, &name), name));
        let near = near.filter(|(likeness, _)| *likeness > 0.75).max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near.map_or(String::new(), |(_, name)| format!("; did you mean {name}?"));
        return Err(format!("{shown}: {wrong}{hint}"));
    }
    let top = geometry.top.display();
    let lost = match graph.lost.first() {
        None => String::new(),
        Some(first) => format!("; not followed: {first} ({} such in all)", graph.lost.len()),
    };
    Err(format!(
        "{shown} is not included by {top}, at any depth: an edit of it would change nothing{lost}"
    ))
}
