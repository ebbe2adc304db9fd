//! Which elements a path means.

use super::path::{Path, Predicate, Step};
use roxmltree::Node;

/// The elements in ElementTree's order, an element as often as the path reaches it there.
pub(super) fn select<'a, 't>(root: Node<'a, 't>, path: &Path) -> Vec<Node<'a, 't>> {
    path.steps.iter().fold(vec![root], |found, one| step(root, &found, one))
}

/// What one step makes of the elements found so far.
pub(super) fn step<'a, 't>(
    root: Node<'a, 't>,
    found: &[Node<'a, 't>],
    step: &Step,
) -> Vec<Node<'a, 't>> {
    let fits = |node: &Node, tag: &Option<String>| tag.as_ref().is_none_or(|tag| has_tag(node, tag));
    let mut next = vec![];
    match step {
        Step::Same => next.extend_from_slice(found),
        Step::Children(tag) => {
            next.extend(found.iter().flat_map(children).filter(|node| fits(node, tag)));
        }
        Step::Below(tag) => {
            let below = found.iter().flat_map(|node| node.descendants().skip(1));
            next.extend(below.filter(|node| node.is_element() && fits(node, tag)));
        }
        Step::Parents => {
            for node in found.iter().filter(|node| **node != root) {
                if let Some(parent) = node.parent_element()
                    && !next.contains(&parent)
                {
                    next.push(parent);
                }
            }
        }
        Step::Only(predicate) => next.extend(found.iter().filter(|node| holds(root, node, predicate))),
    }
    next
}

fn holds(root: Node, node: &Node, predicate: &Predicate) -> bool {
    match predicate {
        Predicate::Attribute(name) => node.attribute(name.as_str()).is_some(),
        Predicate::AttributeIs { name, value, equal } => {
            node.attribute(name.as_str()).is_some_and(|found| (found == value) == *equal)
        }
        Predicate::Child(tag) => children(node).any(|child| has_tag(&child, tag)),
        Predicate::TextIs { child: None, value, equal } => (text(node) == *value) == *equal,
        Predicate::TextIs { child: Some(tag), value, equal } => {
            let mut meant = children(node).filter(|child| has_tag(child, tag));
            meant.any(|child| (text(&child) == *value) == *equal)
        }
        Predicate::Position(_) | Predicate::FromLast(_) => {
            // The root has no parent there, and so no position.
            let Some(parent) = node.parent_element().filter(|_| *node != root) else {
                return false;
            };
            let alike: Vec<Node> =
                children(&parent).filter(|other| other.tag_name() == node.tag_name()).collect();
            let meant = match predicate {
                Predicate::FromLast(offset) => alike.iter().rev().nth(*offset),
                Predicate::Position(position) => alike.get(*position),
                _ => None,
            };
            meant == Some(node)
        }
    }
}

/// Child elements.
pub(super) fn children<'a, 't>(node: &Node<'a, 't>) -> impl Iterator<Item = Node<'a, 't>> + use<'a, 't> {
    node.children().filter(Node::is_element)
}

/// All text within an element.
pub(super) fn text(node: &Node) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// The tag as ElementTree writes it: `tag` or `{namespace}tag`.
pub(super) fn tag(node: &Node) -> String {
    let name = node.tag_name();
    name.namespace().map_or_else(|| name.name().to_owned(), |uri| format!("{{{uri}}}{}", name.name()))
}

fn has_tag(node: &Node, wanted: &str) -> bool {
    let name = node.tag_name();
    match name.namespace() {
        None => name.name() == wanted,
        Some(_) => tag(node) == wanted,
    }
}
