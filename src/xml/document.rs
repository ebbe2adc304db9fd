//! One XML text: its elements, and where the values of their attributes stand.

use super::path::Path;
use super::select;
use roxmltree::{Document, Node, ParsingOptions};
use std::ops::Range;

/// An XML text and its elements.
#[derive(Debug)]
pub struct Xml<'t> {
    document: Document<'t>,
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a, 't> {
    pub(super) node: Node<'a, 't>,
}

/// Where an attribute's value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Bytes of the text between the quotes.
    pub range: Range<usize>,
    /// What stands there, with character references as they are written.
    pub raw: String,
    /// Line, from 1.
    pub line: usize,
}

impl<'t> Xml<'t> {
    /// Reads a whole text.
    ///
    /// # Errors
    /// It is not well-formed: what and where, in words.
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
        let parsed = Document::parse_with_options(text, options);
        Ok(Self { document: parsed.map_err(|e| format!("no well-formed XML: {e}"))? })
    }

    /// The elements that a path means, each once, in ElementTree's order: what its `find` gives comes
    /// first.
    pub fn select(&self, path: &Path) -> Vec<Element<'_, 't>> {
        let mut found: Vec<Element> = vec![];
        for node in select::select(self.document.root_element(), path) {
            let element = Element { node };
            if !found.contains(&element) {
                found.push(element);
            }
        }
        found
    }

    /// Every element, in the order of the text.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_, 't>> {
        self.document.descendants().filter(Node::is_element).map(|node| Element { node })
    }

    pub(super) fn root(&self) -> Node<'_, 't> {
        self.document.root_element()
    }
}

impl Element<'_, '_> {
    /// The tag without a namespace.
    pub fn tag(&self) -> &str {
        self.node.tag_name().name()
    }

    /// Line at which the element begins, from 1.
    pub fn line(&self) -> usize {
        line(&self.node, self.node.range().start)
    }

    /// Names of the attributes, in the order of the text.
    pub fn attributes(&self) -> Vec<&str> {
        self.node.attributes().map(|a| a.name()).collect()
    }

    /// Where the value of an attribute stands; `None` if there is no such attribute, or if it stands in
    /// an entity and not in the text.
    pub fn span(&self, attribute: &str) -> Option<Span> {
        let found = self.node.attribute_node(attribute)?;
        let text = self.node.document().input_text();
        let range = found.range_value();
        let quote = range.start.checked_sub(1).and_then(|at| text.get(at..=at))?;
        let closed = text.get(range.end..=range.end) == Some(quote);
        let raw = text.get(range.clone())?.to_owned();
        let sound = matches!(quote, "'" | "\"") && closed && !raw.contains(quote);
        sound.then(|| Span { line: line(&self.node, range.start), range, raw })
    }

    /// Value of an attribute, character references resolved.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.node.attribute(name)
    }
}

fn line(node: &Node, at: usize) -> usize {
    let text = node.document().input_text();
    1 + text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count()
}

/// A text as it can stand between the quotes of an attribute, whichever they are.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\r' | '\t' => out.push_str(&format!("&#{};", c as u32)),
            c => out.push(c),
        }
    }
    out
}
