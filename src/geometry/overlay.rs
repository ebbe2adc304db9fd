//! The files of one trial as a pure function of its design.

use super::layout::Layout;
use super::value;
use crate::config::Edit;
use crate::problem::{Space, Value};
use crate::xml::escape;
use similar::TextDiff;
use std::ops::Range;

/// Name of the file that says what differs from the install.
pub(super) const DIFFERENCE: &str = "geometry.diff";

/// One file of the install and what changes in it.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Path below the install.
    pub name: String,
    pub text: String,
    /// In the order of the text, none overlapping.
    pub changes: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Bytes of the source's text.
    pub range: Range<usize>,
    pub what: What,
}

#[derive(Debug, Clone)]
pub(super) enum What {
    /// An include of a file that the trial has, too: its name.
    Own(String),
    /// A relative include of another file: the folder to put before it.
    Fixed(String),
    /// The edit of that number.
    Edit(usize),
}

/// The files of one trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlay {
    /// Path below the trial's folder and text of every file, `geometry.diff` last.
    pub files: Vec<(String, String)>,
    /// Path of the top file below the trial's folder.
    pub top: String,
}

/// What an edit writes for a design into the file, between the quotes of its attribute.
pub fn written(edit: &Edit, space: &Space, design: &[Value]) -> String {
    escape(&value::text(edit, space, design))
}

impl Layout {
    /// The files of a design in the folder `root` (absolute, a text: it stands in the includes).
    pub fn overlay(&self, root: &str, space: &Space, design: &[Value]) -> Overlay {
        let mut difference = String::new();
        let mut files = vec![];
        for source in &self.sources {
            let text = self.text(source, root, space, design);
            let (old, new) = (format!("install/{}", source.name), format!("trial/{}", source.name));
            let compared = TextDiff::from_lines(&source.text, &text);
            difference += &compared.unified_diff().header(&old, &new).to_string();
            files.push((source.name.clone(), text));
        }
        files.push((DIFFERENCE.to_owned(), difference));
        Overlay { files, top: self.top.clone() }
    }

    fn text(&self, source: &Source, root: &str, space: &Space, design: &[Value]) -> String {
        let mut text = String::with_capacity(source.text.len() + 256);
        let mut done = 0;
        for change in &source.changes {
            text.push_str(&source.text[done..change.range.start]);
            match &change.what {
                What::Own(name) => text.push_str(&escape(&format!("{root}/{name}"))),
                What::Fixed(folder) => {
                    text.push_str(&escape(folder));
                    text.push_str(&source.text[change.range.clone()]);
                }
                What::Edit(edit) => {
                    text.push_str(&written(&self.edits[*edit], space, design));
                }
            }
            done = change.range.end;
        }
        text.push_str(&source.text[done..]);
        text
    }
}
