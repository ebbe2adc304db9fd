//! Paths: the steps that lead from the root element to others.

use super::tokens::{Token, tokens};
use std::fmt;

/// A path in the dialect of Python's `xml.etree.ElementTree` (`Element.iterfind`), from the root element:
///
/// | written | means |
/// |---|---|
/// | `tag`, `*` | children with the tag; all children |
/// | `.`, `..` | the element itself; its parent |
/// | `//` | descendants |
/// | `[@a]`, `[@a='x']`, `[@a!='x']` | has the attribute; with, without this value |
/// | `[tag]`, `[tag='x']`, `[.='x']`, also with `!=` | has such a child; whose, whose own text is that |
/// | `[2]`, `[last()]`, `[last()-1]` | position among the siblings with the same tag, from 1 |
///
/// A slash before a bracket means nothing, as there: `mirror/[@radius]` is `mirror[@radius]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    text: String,
    pub(super) steps: Vec<Step>,
}

/// From some elements to others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Children, with this tag if one is given.
    Children(Option<String>),
    /// All below, with this tag if one is given.
    Below(Option<String>),
    /// The elements themselves.
    Same,
    Parents,
    Only(Predicate),
}

/// What an element must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Predicate {
    Attribute(String),
    AttributeIs {
        name: String,
        value: String,
        equal: bool,
    },
    Child(String),
    /// The text of a child, or the element's own.
    TextIs {
        child: Option<String>,
        value: String,
        equal: bool,
    },
    /// Position among siblings with the same tag, from 0.
    Position(usize),
    /// The same from the end.
    FromLast(usize),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// What is wrong, in words that follow the path.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty".into());
        }
        if text.starts_with('/') {
            return Err(
                "begins with a slash; a path begins at the root element, for example .//detector".into(),
            );
        }
        // As ElementTree completes it.
        let complete = if text.ends_with('/') { format!("{text}*") } else { text.to_owned() };
        let tokens = tokens(&complete)?;
        let mut rest = tokens.into_iter().peekable();
        let mut steps = vec![];
        while let Some(token) = rest.next() {
            let step = match token {
                Token::Name(tag) => Step::Children(Some(tag.to_owned())),
                Token::Sign("*") => Step::Children(None),
                Token::Sign(".") => Step::Same,
                Token::Sign("..") => Step::Parents,
                Token::Sign("//") => match rest.next() {
                    Some(Token::Name(tag)) => Step::Below(Some(tag.to_owned())),
                    Some(Token::Sign("*")) => Step::Below(None),
                    _ => return Err("lacks a tag after //".into()),
                },
                Token::Sign("[") => {
                    let mut inside = vec![];
                    loop {
                        match rest.next() {
                            Some(Token::Sign("]")) => break,
                            Some(token) => inside.push(token),
                            None => return Err("has a bracket that nothing closes".into()),
                        }
                    }
                    Step::Only(predicate(&inside)?)
                }
                Token::Sign(sign) => return Err(format!("has an unexpected {sign:?}")),
                Token::Quoted(text) => return Err(format!("has the text {text:?} outside of brackets")),
            };
            steps.push(step);
            // One slash means nothing: a child is what follows anyway.
            if rest.peek() == Some(&Token::Sign("/")) {
                rest.next();
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn predicate(inside: &[Token<'_>]) -> Result<Predicate, String> {
    use Token::{Name, Quoted, Sign};
    let owned = |text: &str| text.to_owned();
    let equality = |sign: &str| match sign {
        "=" => Some(true),
        "!=" => Some(false),
        _ => None,
    };
    let found = match inside {
        [Sign("@"), Name(name)] => Some(Predicate::Attribute(owned(name))),
        [Sign("@"), Name(name), Sign(sign), Quoted(value)] => equality(sign)
            .map(|equal| Predicate::AttributeIs { name: owned(name), value: owned(value), equal }),
        [Sign("."), Sign(sign), Quoted(value)] => {
            equality(sign).map(|equal| Predicate::TextIs { child: None, value: owned(value), equal })
        }
        [Name(tag), Sign(sign), Quoted(value)] if !is_whole(tag) => equality(sign)
            .map(|equal| Predicate::TextIs { child: Some(owned(tag)), value: owned(value), equal }),
        [Name(number)] if is_whole(number) => match number.parse::<usize>() {
            Ok(position) if position > 0 => Some(Predicate::Position(position - 1)),
            _ => return Err(format!("has the position {number}; positions begin at 1")),
        },
        [Name(tag)] => Some(Predicate::Child(owned(tag))),
        [Name("last"), Sign("()")] => Some(Predicate::FromLast(0)),
        [Name("last"), Sign("()"), Name(offset)] => match offset
            .strip_prefix('-')
            .map(str::parse::<usize>)
        {
            Some(Ok(offset)) if offset > 0 => Some(Predicate::FromLast(offset)),
            _ => return Err(format!("has last(){offset}; what is possible is last()-1, last()-2, …")),
        },
        _ => None,
    };
    found.ok_or_else(|| {
        "has brackets that ElementTree does not know; it knows [@a], [@a='x'], [tag], [tag='x'], [.='x'], \
         != for =, [1] and [last()]"
            .to_owned()
    })
}

fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}
