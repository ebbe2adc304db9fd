//! Why a path means nothing in a file, and what may have been meant.

use super::document::Xml;
use super::path::{Path, Predicate, Step};
use super::select::{self, children, tag, text};
use roxmltree::Node;

/// At most so many candidates in a message.
const SHOWN: usize = 6;

/// Why `path` finds no element: the first step at which nothing is left, and what is there instead. For
/// paths that find none.
pub fn explain(xml: &Xml<'_>, path: &Path) -> String {
    let root = xml.root();
    let mut found = vec![root];
    for one in &path.steps {
        let next = select::step(root, &found, one);
        if next.is_empty() {
            return at(root, &found, one);
        }
        found = next;
    }
    "the path finds something".to_owned()
}

fn at(root: Node, found: &[Node], step: &Step) -> String {
    let tags = |nodes: &mut dyn Iterator<Item = Node>| nodes.map(|n| tag(&n)).collect::<Vec<_>>();
    let of_children = || tags(&mut found.iter().flat_map(children));
    let attributes = || found.iter().flat_map(|n| n.attributes()).map(|a| a.name().to_owned()).collect();
    match step {
        Step::Children(Some(wanted)) => {
            let what = format!("child <{wanted}>");
            lacks(found, &what) + &candidates(wanted, of_children()) + &elsewhere(root, wanted)
        }
        Step::Below(Some(wanted)) => {
            let below = found.iter().flat_map(|n| n.descendants().skip(1)).filter(Node::is_element);
            let near = candidates(wanted, below.map(|n| tag(&n)).collect());
            lacks(found, &format!("<{wanted}> below it")) + &near
        }
        Step::Children(None) | Step::Below(None) => lacks(found, "child"),
        Step::Parents | Step::Same => lacks(found, "parent"),
        Step::Only(Predicate::Attribute(name)) => {
            lacks(found, &format!("attribute {name:?}")) + &candidates(name, attributes())
        }
        Step::Only(Predicate::AttributeIs { name, value, equal }) => {
            let values = found.iter().filter_map(|n| n.attribute(name.as_str()));
            let values: Vec<String> = values.map(str::to_owned).collect();
            if values.is_empty() {
                return lacks(found, &format!("attribute {name:?}")) + &candidates(name, attributes());
            }
            let other = if *equal { "" } else { "other than " };
            let what = format!("attribute {name:?} that is {other}{value:?}");
            lacks(found, &what) + &candidates(value, values)
        }
        Step::Only(Predicate::Child(wanted) | Predicate::TextIs { child: Some(wanted), .. })
            if !of_children().contains(wanted) =>
        {
            lacks(found, &format!("child <{wanted}>")) + &candidates(wanted, of_children())
        }
        Step::Only(Predicate::TextIs { child, value, .. }) => {
            let texts = found.iter().flat_map(|n| match child {
                Some(wanted) => children(n).filter(|c| tag(c) == *wanted).map(|c| text(&c)).collect(),
                None => vec![text(n)],
            });
            lacks(found, "such text") + &candidates(value, texts.collect())
        }
        Step::Only(_) => lacks(found, "position that the path asks for"),
    }
}

/// "<mirror> (line 12) has no …", or that none of several has.
fn lacks(found: &[Node], what: &str) -> String {
    let line = |node: &Node| node.document().text_pos_at(node.range().start).row;
    match found {
        [] => format!("nothing is left that could have a {what}"),
        [one] => format!("<{}> (line {}) has no {what}", tag(one), line(one)),
        [first, ..] => {
            let (n, tag, line) = (found.len(), tag(first), line(first));
            format!("none of the {n} <{tag}> (the first in line {line}) has the {what}")
        }
    }
}

/// Where else in the file an element of that tag is.
fn elsewhere(root: Node, wanted: &str) -> String {
    let Some(node) = root.descendants().find(|n| n.is_element() && tag(n) == wanted) else {
        return String::new();
    };
    let mut way: Vec<String> = node.ancestors().filter(Node::is_element).map(|n| tag(&n)).collect();
    way.reverse();
    let line = node.document().text_pos_at(node.range().start).row;
    format!("; there is a {} (line {line})", way.join("/"))
}

/// `; there are …`, each once, the most alike first.
fn candidates(wanted: &str, mut found: Vec<String>) -> String {
    found.sort_unstable();
    found.dedup();
    if found.is_empty() {
        return "; there is none at all".to_owned();
    }
    let likeness = |word: &String| strsim::jaro_winkler(wanted, word);
    found.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    let more = if found.len() > SHOWN { ", …" } else { "" };
    found.truncate(SHOWN);
    format!("; there are {}{more}", found.join(", "))
}
