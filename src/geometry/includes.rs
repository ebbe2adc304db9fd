//! Which file of an install includes which.

use crate::config::DETECTOR_PATH;
use crate::xml::{Span, Xml};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// One file that the top file leads to.
#[derive(Debug)]
pub(super) struct Node {
    /// Its path as it was reached.
    pub path: PathBuf,
    /// Its path without symbolic links, which tells files apart.
    real: PathBuf,
    pub text: String,
    pub references: Vec<Reference>,
}

/// One include.
#[derive(Debug)]
pub(super) struct Reference {
    /// Where the reference stands in the including file.
    pub span: Span,
    /// The included file, if it is there.
    pub target: Option<usize>,
}

/// Every file that the top file leads to; the top file is the first.
#[derive(Debug)]
pub(super) struct Graph {
    pub nodes: Vec<Node>,
    /// Includes that lead nowhere on this machine, and files that are no XML, in words.
    pub lost: Vec<String>,
}

impl Graph {
    /// Follows the includes of `top`, a file of `install`.
    ///
    /// # Errors
    /// The top file cannot be read, in words.
    pub(super) fn walk(install: &Path, top: &Path) -> Result<Self, String> {
        let path = install.join(top);
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Xml::parse(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        let real = fs::canonicalize(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut graph =
            Self { nodes: vec![Node { path, real, text, references: vec![] }], lost: vec![] };
        let mut next = 0;
        while next < graph.nodes.len() {
            let references = graph.follow(install, next);
            graph.nodes[next].references = references;
            next += 1;
        }
        Ok(graph)
    }

    fn follow(&mut self, install: &Path, from: usize) -> Vec<Reference> {
        let Node { path, text, .. } = &self.nodes[from];
        let path = path.clone();
        let spans = match Xml::parse(text) {
            Ok(xml) => references(&xml),
            Err(wrong) => {
                self.lost.push(format!("{} is {wrong}", path.display()));
                vec![]
            }
        };
        let reference = |(span, value): (Span, String)| {
            let target = target(install, &path, &value).and_then(|file| self.add(file));
            let target = target.map_err(|wrong| {
                self.lost.push(format!("{}:{} includes {value}: {wrong}", path.display(), span.line));
            });
            Reference { span, target: target.ok() }
        };
        spans.into_iter().map(reference).collect()
    }

    /// The node of a file, a new one if it was not met before.
    fn add(&mut self, path: PathBuf) -> Result<usize, String> {
        let real = fs::canonicalize(&path).map_err(|e| e.to_string())?;
        if let Some(known) = self.nodes.iter().position(|node| node.real == real) {
            return Ok(known);
        }
        let text = fs::read_to_string(&path).map_err(|e| e.to_string())?;
        self.nodes.push(Node { path, real, text, references: vec![] });
        Ok(self.nodes.len() - 1)
    }

    /// The node of a file, if the top file leads to it.
    pub(super) fn position(&self, path: &Path) -> Option<usize> {
        let real = fs::canonicalize(path).ok()?;
        self.nodes.iter().position(|node| node.real == real)
    }

    /// The given nodes and all that include them, at any depth.
    pub(super) fn above(&self, nodes: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut found: BTreeSet<usize> = nodes.into_iter().collect();
        loop {
            let leads = |node: &Node| {
                node.references.iter().filter_map(|r| r.target).any(|target| found.contains(&target))
            };
            let more: Vec<usize> =
                (0..self.nodes.len()).filter(|k| !found.contains(k) && leads(&self.nodes[*k])).collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

/// The references of one file with their values: `ref` of an include, or of anything that names an XML
/// file (`gdmlFile`, `file`).
fn references(xml: &Xml<'_>) -> Vec<(Span, String)> {
    let reference = |element: crate::xml::Element<'_, '_>| {
        let value = element.attribute("ref")?;
        let file = value.ends_with(".xml") || value.ends_with(".gdml");
        let meant = element.tag() == "include" || file;
        let span = if meant { element.span("ref") } else { None };
        span.map(|span| (span, value.to_owned()))
    };
    xml.elements().filter_map(reference).collect()
}

/// The file that a reference means: `${DETECTOR_PATH}` is the install, other variables are those of the
/// environment, and what is relative starts from the including file.
fn target(install: &Path, from: &Path, reference: &str) -> Result<PathBuf, String> {
    let mut path = String::new();
    let mut rest = reference;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, from)| Some((before, from.split_once('}')?)))
    {
        path.push_str(before);
        if name == DETECTOR_PATH {
            path.push_str(&install.to_string_lossy());
        } else {
            let value = std::env::var(name);
            path.push_str(&value.map_err(|_| format!("the environment variable {name} is not set"))?);
        }
        rest = after;
    }
    path.push_str(rest);
    let path = path.strip_prefix("file://").or(path.strip_prefix("file:")).unwrap_or(&path);
    Ok(from.parent().unwrap_or(install).join(path))
}

/// Whether a reference depends on where the file stands that has it.
pub(super) fn is_relative(reference: &str) -> bool {
    !(reference.starts_with('/') || reference.starts_with("${") || reference.starts_with("file:"))
}
