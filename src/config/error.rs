//! What is wrong with a study file: every problem of it at once, each with its place.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nowhere: it is missing from the file.
    File,
    /// In this line of the file, from 1.
    Line(usize),
    /// On the command line, as typed there, for example `--set strategy.initial=20`.
    CommandLine(String),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what would be right.
    pub text: String,
}

/// Why there is no study.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read the study file {}: {source}", file.display())]
    Unreadable {
        /// Its path as given.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file was read and is wrong.
    #[error("{}", list(file, problems))]
    Invalid {
        /// Its path as given.
        file: PathBuf,
        /// At least one, in the order of the file.
        problems: Vec<Problem>,
    },
}

fn list(file: &Path, problems: &[Problem]) -> String {
    let line = |p: &Problem| match &p.place {
        Place::File => format!("{}: {}", file.display(), p.text),
        Place::Line(n) => format!("{}:{n}: {}", file.display(), p.text),
        Place::CommandLine(words) => format!("{words}: {}", p.text),
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Collects problems while a file is understood, so that all of them are told at once.
#[derive(Debug, Default)]
pub(super) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(super) fn add(&self, place: &Place, text: impl fmt::Display) {
        self.0.borrow_mut().push(Problem { place: place.clone(), text: text.to_string() });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// In the order of the file.
    pub(super) fn sorted(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by(|a, b| a.place.cmp(&b.place));
        problems
    }
}

/// `; did you mean "…"? known words: …`, the question only if one of the `known` is near.
pub fn suggestion(word: &str, known: &[&str], what: &str) -> String {
    let likeness = |k: &&&str| strsim::jaro_winkler(word, k);
    let nearest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let question = match nearest {
        // Below this, words of the same length that share nothing begin to pass.
        Some(near) if likeness(&near) > 0.75 => format!("; did you mean {near:?}?"),
        _ => ";".to_owned(),
    };
    format!("{question} known {what}: {}", known.join(", "))
}
