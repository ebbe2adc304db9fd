//! Lists: of tables, of values, of texts.

use super::{Section, value};
use crate::config::document::{Item, Node, Table};
use crate::config::error::{Place, Problems};
use crate::problem::Value;

impl<'a> Section<'a> {
    /// The tables `[[key]]` of the document, each called by its name, or its number without one;
    /// `None` if they are something else.
    pub fn several(document: &'a Table, key: &str, problems: &'a Problems) -> Option<Vec<Self>> {
        let Some(node) = document.get(key) else {
            return Some(vec![]);
        };
        let refuse = |place: &Place| {
            problems.add(place, format!("{key} must be tables, each written as [[{key}]]"));
        };
        let Item::List(list) = &node.item else {
            refuse(&node.place);
            return None;
        };
        let section = |(index, Node { place, item }): (usize, &'a Node)| {
            let Item::Table(table) = item else {
                refuse(place);
                return None;
            };
            let call = match table.get("name") {
                Some(Node { item: Item::Text(name), .. }) => name.clone(),
                _ => (index + 1).to_string(),
            };
            let path = format!("{key}.{call}");
            let title = format!("[[{key}]]");
            Some(Section { path, title, place: place.clone(), table: Some(table), problems })
        };
        list.iter().enumerate().map(section).collect()
    }

    /// [`Section::several`] without a word if they are something else, which others tell.
    pub fn lenient(document: &'a Table, key: &str, problems: &'a Problems) -> Vec<Self> {
        match document.get(key).map(|node| &node.item) {
            Some(Item::List(list)) if list.iter().all(|node| matches!(node.item, Item::Table(_))) => {
                Self::several(document, key, problems).unwrap_or_default()
            }
            _ => vec![],
        }
    }

    /// The tables in the list under `key`, each called by its number; none without the key.
    pub fn tables(&self, key: &str) -> Option<Vec<Section<'a>>> {
        if !self.has(key) {
            return Some(vec![]);
        }
        let section = |(index, node): (usize, &'a Node)| {
            let path = format!("{}.{}", self.dotted(key), index + 1);
            let title = format!("[{path}]");
            let place = node.place.clone();
            match &node.item {
                Item::Table(table) => {
                    Some(Section { path, title, place, table: Some(table), problems: self.problems })
                }
                other => {
                    let text = format!("{path} must be a table, not {}", other.shown());
                    self.problems.add(&place, text);
                    None
                }
            }
        };
        self.list(key)?.iter().enumerate().map(section).collect()
    }

    /// The nodes of a list.
    pub fn list(&self, key: &str) -> Option<&'a [Node]> {
        match &self.node(key)?.item {
            Item::List(list) => Some(list),
            other => {
                self.mistyped(key, other, "a list");
                None
            }
        }
    }

    /// A list of values.
    pub fn values(&self, key: &str) -> Option<Vec<Value>> {
        let values: Option<Vec<Value>> = self.list(key)?.iter().map(|n| value(&n.item)).collect();
        if values.is_none() {
            self.problem(key, "must be a list of finite numbers or texts that are not empty");
        }
        values
    }

    /// A list of lists of texts.
    pub fn lists_of_texts(&self, key: &str) -> Option<Vec<Vec<String>>> {
        let text = |node: &Node| match &node.item {
            Item::Text(t) => Some(t.clone()),
            _ => None,
        };
        let inner = |node: &Node| match &node.item {
            Item::List(list) => list.iter().map(text).collect::<Option<Vec<_>>>(),
            _ => None,
        };
        let lists: Option<Vec<_>> = self.list(key)?.iter().map(inner).collect();
        if lists.is_none() {
            self.problem(key, "must be a list of lists of texts");
        }
        lists
    }

    /// A list of texts.
    pub fn texts(&self, key: &str) -> Option<Vec<String>> {
        let text = |node: &Node| match &node.item {
            Item::Text(t) => Some(t.clone()),
            _ => None,
        };
        let texts: Option<Vec<String>> = self.list(key)?.iter().map(text).collect();
        if texts.is_none() {
            self.problem(key, "must be a list of texts");
        }
        texts
    }
}
