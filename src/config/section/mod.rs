//! Typed access to one table of the document. What has the wrong type is a problem, told with the
//! key, what was found and what would be right; the caller gets `None` and goes on.

mod lists;

use super::document::{Item, Node, Table};
use super::error::{Place, Problems, suggestion};
use super::units;
use crate::problem::Value;

/// Largest whole number that every float holds exactly, and JSON readers with it.
const LARGEST_WHOLE: i128 = 1 << 53;

/// One table, present or not.
pub struct Section<'a> {
    /// Dotted path for messages, for example `strategy` or `parameter.x3`.
    path: String,
    /// How the user writes it, for example `[strategy]`.
    title: String,
    /// Where it begins.
    pub place: Place,
    table: Option<&'a Table>,
    pub problems: &'a Problems,
}

impl<'a> Section<'a> {
    /// The table `[key]` of the document; all its keys are absent if it is.
    pub fn of(document: &'a Table, key: &str, problems: &'a Problems) -> Self {
        let root = Section {
            path: String::new(),
            title: "the study file".into(),
            place: Place::File,
            table: Some(document),
            problems,
        };
        root.inner(key).unwrap_or(Section {
            path: key.to_owned(),
            title: format!("[{key}]"),
            place: Place::File,
            table: None,
            problems,
        })
    }

    /// The table under `key`, if there is one.
    pub fn inner(&self, key: &str) -> Option<Section<'a>> {
        let node = self.node(key)?;
        let Item::Table(table) = &node.item else {
            self.mistyped(key, &node.item, "a table");
            return None;
        };
        let path = self.dotted(key);
        let (title, place) = (format!("[{path}]"), node.place.clone());
        Some(Section { path, title, place, table: Some(table), problems: self.problems })
    }

    fn node(&self, key: &str) -> Option<&'a Node> {
        self.table?.get(key)
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether the key is written.
    pub fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    /// Whether the key is written as a table.
    pub fn has_table(&self, key: &str) -> bool {
        matches!(self.node(key), Some(Node { item: Item::Table(_), .. }))
    }

    /// Where the key is written, or the table if it is not.
    pub fn place(&self, key: &str) -> Place {
        self.node(key).map_or(&self.place, |n| &n.place).clone()
    }

    /// Every key and value.
    pub fn entries(&self) -> impl Iterator<Item = (&'a String, &'a Node)> {
        self.table.into_iter().flatten()
    }

    /// The dotted path, for messages about the whole table.
    pub fn called(&self) -> &str {
        &self.path
    }

    /// Reports that `key` is wrong: `strategy.initial` and then `text`.
    pub fn problem(&self, key: &str, text: impl std::fmt::Display) {
        self.problems.add(&self.place(key), format!("{} {text}", self.dotted(key)));
    }

    fn mistyped(&self, key: &str, found: &Item, wanted: &str) {
        self.problem(key, format!("must be {wanted}, not {}", found.shown()));
    }

    /// Reports every key that is not among the `known`.
    pub fn only(&self, known: &[&str]) {
        for (key, node) in self.entries() {
            if !known.contains(&key.as_str()) {
                let text =
                    format!("{} has no key {key:?}{}", self.title, suggestion(key, known, "keys"));
                self.problems.add(&node.place, text);
            }
        }
    }

    /// Reports a key that must be there and is not; passes on what was `found`.
    pub fn need<T>(&self, key: &str, found: Option<T>, example: &str) -> Option<T> {
        if !self.has(key) {
            let text = format!("{} is missing; for example {key} = {example}", self.dotted(key));
            self.problems.add(&self.place, text);
        }
        found
    }

    /// A text that is not empty.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        match &self.node(key)?.item {
            Item::Text(t) if !t.is_empty() => Some(t),
            other => {
                self.mistyped(key, other, "a text that is not empty");
                None
            }
        }
    }

    /// Free text, empty without the key.
    pub fn label(&self, key: &str) -> String {
        match self.node(key).map(|n| &n.item) {
            None => String::new(),
            Some(Item::Text(t)) => t.clone(),
            Some(other) => {
                self.mistyped(key, other, "a text");
                String::new()
            }
        }
    }

    /// A finite number.
    pub fn number(&self, key: &str) -> Option<f64> {
        match &self.node(key)?.item {
            Item::Float(x) if x.is_finite() => Some(*x),
            Item::Integer(i) => Some(*i as f64),
            other => {
                self.mistyped(key, other, "a finite number");
                None
            }
        }
    }

    /// A finite number greater than zero.
    pub fn positive(&self, key: &str) -> Option<f64> {
        let x = self.number(key)?;
        if x <= 0.0 {
            self.problem(key, format!("must be greater than 0, not {x}"));
        }
        (x > 0.0).then_some(x)
    }

    /// A whole number; 2.0 counts as 2.
    pub fn whole(&self, key: &str) -> Option<i64> {
        let item = &self.node(key)?.item;
        let whole = whole(item);
        if whole.is_none() {
            self.mistyped(key, item, "a whole number of at most 2^53 in size");
        }
        whole
    }

    /// A whole number of at least `least`.
    pub fn count(&self, key: &str, least: u64) -> Option<u64> {
        let item = &self.node(key)?.item;
        match item {
            Item::Integer(i) if *i >= i128::from(least) => u64::try_from(*i).ok(),
            _ => None,
        }
        .or_else(|| {
            self.mistyped(key, item, &format!("a whole number of at least {least}"));
            None
        })
    }

    /// Yes or no.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match &self.node(key)?.item {
            Item::Flag(b) => Some(*b),
            other => {
                self.mistyped(key, other, "true or false");
                None
            }
        }
    }

    /// A duration in seconds.
    pub fn seconds(&self, key: &str) -> Option<f64> {
        let item = &self.node(key)?.item;
        let seconds = match item {
            Item::Text(t) => units::seconds(t),
            _ => None,
        };
        if seconds.is_none() {
            self.mistyped(key, item, units::EXAMPLES);
        }
        seconds
    }

    /// An amount of memory or disk, more than nothing, in bytes.
    pub fn bytes(&self, key: &str) -> Option<u64> {
        let item = &self.node(key)?.item;
        let bytes = match item {
            Item::Text(t) => units::bytes(t).filter(|bytes| *bytes > 0),
            _ => None,
        };
        if bytes.is_none() {
            self.mistyped(key, item, units::BYTES);
        }
        bytes
    }

    /// A duration longer than nothing, in seconds.
    pub fn positive_seconds(&self, key: &str) -> Option<f64> {
        let s = self.seconds(key)?;
        if s == 0.0 {
            self.problem(key, "must be longer than 0 s");
        }
        (s > 0.0).then_some(s)
    }

    /// One of several words.
    pub fn word<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.problem(key, format!("cannot be {text:?}{}", suggestion(text, &names, "words")));
        }
        found
    }

    /// A parameter's value: number or text.
    pub fn value(&self, key: &str) -> Option<Value> {
        let item = &self.node(key)?.item;
        let value = value(item);
        if value.is_none() {
            self.mistyped(key, item, "a finite number or a text that is not empty");
        }
        value
    }
}

fn whole(item: &Item) -> Option<i64> {
    let i = match item {
        Item::Integer(i) => *i,
        Item::Float(x) if x.fract() == 0.0 && x.abs() <= LARGEST_WHOLE as f64 => *x as i128,
        _ => return None,
    };
    (i.abs() <= LARGEST_WHOLE).then(|| i64::try_from(i).ok()).flatten()
}

/// A parameter's value: a finite number or a text that is not empty.
pub fn value(item: &Item) -> Option<Value> {
    match item {
        Item::Integer(_) => whole(item).map(Value::Integer),
        Item::Float(x) if x.is_finite() => Some(Value::Float(*x)),
        Item::Text(t) if !t.is_empty() => Some(Value::Text(t.clone())),
        _ => None,
    }
}
