//! Everything about the edits of a study that does not depend on the design.

use super::edits::{self, Spot};
use super::includes::{self, Graph, Node};
use super::overlay::{Change, Source, What};
use crate::config::{Edit, Geometry};
use crate::problem::Space;
use std::path::{Component, Path, PathBuf};

/// The files that trials get of their own, and what is changed in them.
#[derive(Debug, Clone)]
pub struct Layout {
    pub(super) sources: Vec<Source>,
    pub(super) edits: Vec<Edit>,
    pub(super) top: String,
    install: PathBuf,
    found: Vec<Found>,
    warnings: Vec<String>,
}

/// An edit that was found in the install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The parameter under which it is written.
    pub parameter: String,
    /// File, below the install, and line.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// The attribute.
    pub attribute: String,
    /// What stands there in the install.
    pub old: String,
}

impl Layout {
    /// Looks every edit up in the install of this machine.
    ///
    /// # Errors
    /// Everything that is wrong, in words.
    pub fn read(geometry: &Geometry, space: &Space) -> Result<Self, Vec<String>> {
        let install = &geometry.install;
        if !install.is_dir() {
            return Err(vec![format!(
                "the detector's install {} is no folder on this machine; set geometry.install (or \
                 DETECTOR_PATH) to where it is, or check where the study will run",
                install.display()
            )]);
        }
        let graph = Graph::walk(install, &geometry.top)
            .map_err(|wrong| vec![format!("the top file cannot be used: {wrong}")])?;
        let located: Vec<_> = geometry
            .edits
            .iter()
            .map(|edit| {
                let spot = edits::locate(edit, geometry, space, &graph);
                spot.map_err(|wrong| format!("edit of {}: {wrong}", edit.parameter))
            })
            .collect();
        let (spots, wrong): (Vec<_>, Vec<_>) = located.into_iter().partition(Result::is_ok);
        let mut wrong: Vec<String> = wrong.into_iter().filter_map(Result::err).collect();
        let spots: Vec<Spot> = spots.into_iter().filter_map(Result::ok).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        wrong.extend(clashes(&geometry.edits, &spots));
        let own = graph.above(spots.iter().map(|spot| spot.node).chain([0]));
        let mut names = vec![None; graph.nodes.len()];
        for k in own {
            match name(install, &graph.nodes[k].path) {
                Ok(name) => names[k] = Some(name),
                Err(why) => wrong.push(why),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let source = |k: usize| {
            names[k].clone().map(|name| Source {
                name,
                text: graph.nodes[k].text.clone(),
                changes: changes(k, &graph.nodes[k], &names, &spots),
            })
        };
        let found = geometry.edits.iter().zip(&spots).map(|(edit, spot)| Found {
            parameter: edit.parameter.clone(),
            file: names[spot.node].clone().unwrap_or_default(),
            line: spot.line,
            attribute: edit.attribute.clone(),
            old: spot.old.clone(),
        });
        Ok(Self {
            sources: (0..graph.nodes.len()).filter_map(source).collect(),
            edits: geometry.edits.clone(),
            top: names[0].clone().unwrap_or_default(),
            install: install.clone(),
            found: found.collect(),
            warnings: spots.iter().flat_map(|spot| spot.warnings.clone()).collect(),
        })
    }

    /// The install's folder: what `${DETECTOR_PATH}` stands for.
    pub fn install(&self) -> &Path {
        &self.install
    }

    /// What is odd about the edits, though it can be done.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Every edit with what stands in the install.
    pub fn found(&self) -> &[Found] {
        &self.found
    }

    /// The files that every trial gets, below the install.
    pub fn files(&self) -> Vec<&str> {
        self.sources.iter().map(|source| &*source.name).collect()
    }
}

/// Edits that meet in one place.
fn clashes(edits: &[Edit], spots: &[Spot]) -> Vec<String> {
    let mut found = vec![];
    for (k, (edit, spot)) in edits.iter().zip(spots).enumerate() {
        // An empty value has one place, too.
        let meets = |other: &&(&Edit, &Spot)| {
            let (a, b) = (&other.1.range, &spot.range);
            other.1.node == spot.node && (a == b || a.start < b.end && b.start < a.end)
        };
        let before: Vec<(&Edit, &Spot)> = edits.iter().zip(spots).take(k).collect();
        if let Some((other, _)) = before.iter().find(meets) {
            found.push(format!(
                "edit of {}: {}:{}: {} is edited by {} already",
                edit.parameter,
                edit.file.display(),
                spot.line,
                edit.attribute,
                other.parameter
            ));
        }
    }
    found
}

/// What changes in one file, in the order of its text.
fn changes(k: usize, node: &Node, names: &[Option<String>], spots: &[Spot]) -> Vec<Change> {
    let mut changes = vec![];
    for reference in &node.references {
        let own = reference.target.and_then(|target| names[target].clone());
        let what = match own {
            Some(name) => What::Own(name),
            // From the trial's folder the relative path would lead elsewhere.
            None if includes::is_relative(&reference.span.raw) => {
                let folder = node.path.parent().unwrap_or(Path::new("/"));
                What::Fixed(format!("{}/", folder.display()))
            }
            None => continue,
        };
        changes.push(Change { range: reference.span.range.clone(), what });
    }
    let own = spots.iter().enumerate().filter(|(_, spot)| spot.node == k);
    changes.extend(own.map(|(edit, spot)| Change { range: spot.range.clone(), what: What::Edit(edit) }));
    changes.sort_by_key(|change| change.range.start);
    changes
}

/// The path of a file below the install, with slashes.
fn name(install: &Path, path: &Path) -> Result<String, String> {
    let plain = |p: &PathBuf| p.components().all(|c| matches!(c, Component::Normal(_)));
    let written = path.strip_prefix(install).ok().map(Path::to_path_buf).filter(plain);
    // `a/../b`, or an install that is a symbolic link.
    let real =
        || Some(path.canonicalize().ok()?.strip_prefix(install.canonicalize().ok()?).ok()?.to_owned());
    let name = written.or_else(real);
    name.as_deref().and_then(Path::to_str).map(str::to_owned).ok_or_else(|| {
        format!(
            "{} includes an edited file and lies outside the install {}, so that it cannot be redirected",
            path.display(),
            install.display()
        )
    })
}
