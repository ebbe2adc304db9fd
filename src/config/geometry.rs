//! A detector description, and where parameters stand in it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// The environment variable that names an installed detector.
pub const DETECTOR_PATH: &str = "DETECTOR_PATH";

/// A detector description of which every trial gets its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Geometry {
    /// Folder of the installed description, absolute; `${DETECTOR_PATH}` in its files. Never written to.
    pub install: PathBuf,
    /// The file that includes all others, below `install`.
    pub top: PathBuf,
    /// What parameters change.
    pub edits: Vec<Edit>,
}

/// One attribute, or one component of one, that depends on parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// The parameter under which it is written.
    pub parameter: String,
    /// File, below the install.
    pub file: PathBuf,
    /// Path to the element, in the dialect of Python's ElementTree.
    pub xpath: String,
    /// The element's attribute.
    pub attribute: String,
    /// Component, from 0, of a value like `1,2,3`; `None`: the whole value.
    pub index: Option<usize>,
    /// The new text, in which `{NAME}` is the value of a parameter.
    pub value: String,
    /// How floats are written.
    pub format: Option<NumberFormat>,
    /// Whether an expression may be replaced.
    pub expression: Expression,
}

/// What happens to a value that is an expression (`138.4*cm - DRICH_zmin`) and no plain number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expression {
    /// It stays: the edit is refused.
    Keep,
    /// It is replaced like a number.
    Replace,
}

/// How a float is written, other than in the shortest form that reads back to the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NumberFormat {
    /// `%.3f`: so many digits after the point.
    Fixed(usize),
    /// `%.3e`: the same, with an exponent.
    Exponent(usize),
}

impl NumberFormat {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (digits, kind) = text.strip_prefix("%.")?.split_at_checked(text.len() - 3)?;
        let digits: usize = digits.parse().ok().filter(|d| *d <= 17)?;
        match kind {
            "f" => Some(Self::Fixed(digits)),
            "e" => Some(Self::Exponent(digits)),
            _ => None,
        }
    }
}

impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(digits) => write!(f, "%.{digits}f"),
            Self::Exponent(digits) => write!(f, "%.{digits}e"),
        }
    }
}

/// A piece of an edit's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// A parameter's value.
    Value(&'a str),
}

impl Edit {
    /// The text in pieces.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        pieces(&self.value)
    }

    /// The parameters that it writes.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        self.pieces().into_iter().filter_map(|piece| match piece {
            Piece::Value(name) => Some(name),
            Piece::Text(_) => None,
        })
    }

    /// What it changes, in a line.
    pub fn shown(&self) -> String {
        let index = self.index.map_or(String::new(), |k| format!("[{k}]"));
        let format = self.format.map_or(String::new(), |format| format!(" as {format}"));
        let file = self.file.display();
        format!("{file} {} {}{index} = {}{format}", self.xpath, self.attribute, self.value)
    }
}

/// Splits at `{NAME}`; a brace that nothing closes is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = vec![];
    let mut rest = text;
    while let Some((before, (name, after))) =
        rest.split_once('{').and_then(|(before, from)| Some((before, from.split_once('}')?)))
    {
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(Piece::Value(name));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}
