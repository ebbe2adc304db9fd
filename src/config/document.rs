//! The study as written: a tree of values that know their place, and changes to it from the command
//! line.

use super::error::{Place, Problem};
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub place: Place,
    pub item: Item,
}

/// What TOML can say.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Text(String),
    /// Wider than TOML's, so that every u64 of the command line fits.
    Integer(i128),
    Float(f64),
    Flag(bool),
    Date(String),
    List(Vec<Node>),
    Table(Table),
}

/// Values by key.
pub type Table = BTreeMap<String, Node>;

impl Item {
    /// The value as an error message shows it.
    pub fn shown(&self) -> String {
        match self {
            Item::Text(t) => format!("{t:?}"),
            Item::Integer(i) => i.to_string(),
            Item::Float(x) => x.to_string(),
            Item::Flag(b) => b.to_string(),
            Item::Date(d) => format!("the date {d}"),
            Item::List(_) => "a list".into(),
            Item::Table(_) => "a table".into(),
        }
    }
}

/// Reads a whole file.
pub fn parse(text: &str) -> Result<Table, Problem> {
    let line = |offset: usize| 1 + text[..offset].matches('\n').count();
    let place = |span: std::ops::Range<usize>| Place::Line(line(span.start));
    match DeTable::parse(text) {
        Ok(table) => Ok(table_of(table.get_ref(), &place)),
        Err(e) => Err(Problem {
            place: e.span().map_or(Place::File, place),
            text: format!("not TOML: {}", e.message()),
        }),
    }
}

fn table_of(table: &DeTable<'_>, place: &impl Fn(std::ops::Range<usize>) -> Place) -> Table {
    let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| {
        // The key's line: a value of several lines may begin further down.
        let node = Node { place: place(key.span()), item: item_of(value.get_ref(), place) };
        (std::borrow::Cow::<str>::clone(key.get_ref()).into_owned(), node)
    };
    table.iter().map(entry).collect()
}

fn item_of(value: &DeValue<'_>, place: &impl Fn(std::ops::Range<usize>) -> Place) -> Item {
    match value {
        DeValue::String(t) => Item::Text(t.to_string()),
        DeValue::Integer(i) => match i128::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Item::Integer(i),
            // Beyond any integer of ours; as a float it fails the range checks with its value.
            Err(_) => Item::Float(i.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        // The parser has checked its form; NaN is refused wherever a number is wanted.
        DeValue::Float(x) => Item::Float(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Item::Flag(*b),
        DeValue::Datetime(d) => Item::Date(d.to_string()),
        DeValue::Array(list) => Item::List(
            list.iter()
                .map(|v| Node { place: place(v.span()), item: item_of(v.get_ref(), place) })
                .collect(),
        ),
        DeValue::Table(table) => Item::Table(table_of(table, place)),
    }
}

/// Tables of which there are several, told apart by their names.
const NAMED: [&str; 4] = ["parameter", "objective", "metric", "stage"];

/// Sets `key` (dotted, for example `evaluator.shift` or `parameter.x3.upper`) to a TOML value; what
/// is no TOML value is a text.
pub fn set(document: &mut Table, key: &str, value: &str) -> Result<(), Problem> {
    let place = Place::CommandLine(format!("--set {key}={value}"));
    let wrong = |text: String| Problem { place: place.clone(), text };
    let item = match DeValue::parse(value) {
        Ok(parsed) => item_of(parsed.get_ref(), &|_| place.clone()),
        Err(_) => Item::Text(value.to_owned()),
    };
    let node = Node { place: place.clone(), item };
    let Some((head, rest)) = key.split_once('.') else {
        return Err(wrong("a key has the form TABLE.KEY, for example strategy.initial".into()));
    };
    if NAMED.contains(&head) {
        // Names may contain dots, keys do not; those of stages contain none, but have tables in them.
        let split = if head == "stage" { rest.split_once('.') } else { rest.rsplit_once('.') };
        let Some((name, last)) = split else {
            return Err(wrong(format!("a key of a {head} has the form {head}.NAME.KEY")));
        };
        let table = named(document, head, name)
            .ok_or_else(|| wrong(format!("the study file has no [[{head}]] with the name {name:?}")))?;
        let Some((above, last)) = last.rsplit_once('.') else {
            table.insert(last.to_owned(), node);
            return Ok(());
        };
        return insert(table, above, last, node);
    }
    let (above, last) = key.rsplit_once('.').unwrap_or((head, rest));
    insert(document, above, last, node)
}

/// Puts a node under `above` (dotted) and `last`, making the tables on the way.
pub fn insert(document: &mut Table, above: &str, last: &str, node: Node) -> Result<(), Problem> {
    let mut table = document;
    for step in above.split('.') {
        let fresh = || Node { place: node.place.clone(), item: Item::Table(Table::new()) };
        match &mut table.entry(step.to_owned()).or_insert_with(fresh).item {
            Item::Table(inner) => table = inner,
            _ => {
                return Err(Problem {
                    place: node.place,
                    text: format!("{step} is not a table, and has no key {last:?} that could be set"),
                });
            }
        }
    }
    table.insert(last.to_owned(), node);
    Ok(())
}

/// The table `[[head]]` whose key `name` says `name`.
fn named<'a>(document: &'a mut Table, head: &str, name: &str) -> Option<&'a mut Table> {
    let Item::List(list) = &mut document.get_mut(head)?.item else {
        return None;
    };
    list.iter_mut().find_map(|node| match &mut node.item {
        Item::Table(table) if is_text(table.get("name"), name) => Some(table),
        _ => None,
    })
}

fn is_text(node: Option<&Node>, text: &str) -> bool {
    matches!(node, Some(Node { item: Item::Text(t), .. }) if t == text)
}
