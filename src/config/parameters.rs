//! `[[parameter]]`, `[[objective]]` and `[[metric]]` tables.

use super::document::Table;
use super::error::{Place, Problems};
use super::section::Section;
use crate::problem::{EventRange, Goal, Metric, Objective, Parameter, ParameterKind, Scale, Value};
use std::collections::BTreeMap;

/// What a name may look like, for messages.
const NAME: &str = "letters, digits and _ . - after a first letter or _";

/// Whether parameters, objectives, metrics and studies can have this name.
pub fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && letters.all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// Whether stages, axes and fields can have this name: one without dots, which separate them from what
/// follows in placeholders.
pub fn is_word(text: &str) -> bool {
    is_name(text) && !text.contains('.')
}

/// Reports a text that is no name.
pub fn check_name<'a>(section: &Section<'a>, key: &str) -> Option<&'a str> {
    let text = section.text(key)?;
    if !is_name(text) {
        section.problem(key, format!("cannot be {text:?}: a name consists of {NAME}"));
    }
    is_name(text).then_some(text)
}

/// Names in use and by what: result files, history and tables know quantities by name alone.
#[derive(Default)]
pub struct Names<'a>(BTreeMap<&'a str, &'static str>);

impl<'a> Names<'a> {
    fn take(&mut self, section: &Section<'a>, what: &'static str) -> Option<String> {
        section.need("name", check_name(section, "name"), "\"x\"").and_then(|name| {
            let taken = self.0.insert(name, what);
            if let Some(by) = taken {
                let article = if by == "objective" { "an" } else { "a" };
                section.problems.add(
                    &section.place("name"),
                    format!(
                        "{what} name {name:?} is taken by {article} {by} already; names must differ"
                    ),
                );
            }
            taken.is_none().then(|| name.to_owned())
        })
    }
}

/// Something understood and where it was written.
pub struct Written<T> {
    pub place: Place,
    pub value: T,
}

/// Every item of `[[key]]`; `None` if one of them is wrong.
fn all<'a, T>(
    document: &'a Table,
    key: &str,
    problems: &'a Problems,
    mut one: impl FnMut(&Section<'a>) -> Option<T>,
) -> Option<Vec<Written<T>>> {
    let sections = Section::several(document, key, problems)?;
    // All are looked at before one that is wrong makes the whole `None`.
    let found: Vec<_> =
        sections.iter().map(|s| one(s).map(|value| Written { place: s.place.clone(), value })).collect();
    found.into_iter().collect()
}

/// The parameters; empty if there are no such tables.
pub fn parameters<'a>(
    document: &'a Table,
    names: &mut Names<'a>,
    problems: &'a Problems,
) -> Option<Vec<Written<Parameter>>> {
    all(document, "parameter", problems, |section| {
        let name = names.take(section, "parameter");
        let kind = kind(section);
        let unit = section.label("unit");
        let default = match &kind {
            Some(kind) if section.has("default") => Some(default(section, kind)?),
            _ => None,
        };
        Some(Parameter { name: name?, kind: kind?, unit, default })
    })
}

#[derive(Clone, Copy)]
enum KindWord {
    Float,
    Int,
    Choice,
    Fixed,
    Events,
}

fn kind(section: &Section<'_>) -> Option<ParameterKind> {
    const RANGE: [&str; 8] = ["name", "kind", "lower", "upper", "scale", "unit", "default", "edit"];
    let words = [
        ("float", KindWord::Float),
        ("int", KindWord::Int),
        ("choice", KindWord::Choice),
        ("fixed", KindWord::Fixed),
        ("events", KindWord::Events),
    ];
    let word =
        section.need("kind", section.word("kind", &words), "\"float\" (int, choice, fixed, events)")?;
    match word {
        KindWord::Float => {
            section.only(&RANGE);
            let (lower, upper) = bounds(section, Section::number)?;
            let range = upper - lower;
            if !range.is_finite() {
                section.problem("upper", format!("is too far from the lower bound {lower}"));
            }
            let scale = scale(section, lower)?;
            range.is_finite().then_some(ParameterKind::Float { lower, upper, scale })
        }
        KindWord::Int => {
            section.only(&RANGE);
            let (lower, upper) = bounds(section, Section::whole)?;
            let scale = scale(section, lower as f64)?;
            Some(ParameterKind::Integer { lower, upper, scale })
        }
        KindWord::Choice => {
            section.only(&["name", "kind", "values", "unit", "default", "edit"]);
            let values = section.need("values", section.values("values"), "[\"gas\", \"aerogel\"]")?;
            choice(section, &values).then_some(ParameterKind::Choice { values })
        }
        KindWord::Fixed => {
            section.only(&["name", "kind", "value", "unit", "edit"]);
            let value = section.need("value", section.value("value"), "1.5")?;
            Some(ParameterKind::Fixed { value })
        }
        KindWord::Events => {
            section.only(&["name", "kind", "lower", "upper", "overhead", "unit"]);
            events(section).map(ParameterKind::Events)
        }
    }
}

fn events(section: &Section<'_>) -> Option<EventRange> {
    let range = bounds(section, Section::whole);
    let overhead = section.need(
        "overhead",
        section.number("overhead"),
        "200 (events that a trial costs \
        beside its own: container, geometry, initialisation)",
    );
    let ((lower, upper), overhead) = (range?, overhead?);
    if lower < 1 {
        section.problem("lower", format!("must be at least 1 event, not {lower}"));
        return None;
    }
    if overhead < 0.0 {
        section.problem("overhead", format!("must be 0 or more (in events), not {overhead}"));
        return None;
    }
    Some(EventRange { lower, upper, overhead })
}

fn bounds<'a, T: PartialOrd + std::fmt::Display>(
    section: &Section<'a>,
    read: impl Fn(&Section<'a>, &str) -> Option<T>,
) -> Option<(T, T)> {
    let lower = section.need("lower", read(section, "lower"), "0");
    let upper = section.need("upper", read(section, "upper"), "1");
    let (lower, upper) = (lower?, upper?);
    if lower < upper {
        return Some((lower, upper));
    }
    let text = if lower == upper {
        format!("equals the lower bound {lower}; for a constant write kind = \"fixed\"")
    } else {
        format!("({upper}) lies below the lower bound {lower}; are they swapped?")
    };
    section.problem("upper", text);
    None
}

fn scale(section: &Section<'_>, lower: f64) -> Option<Scale> {
    let words = [("linear", Scale::Linear), ("log", Scale::Log)];
    let scale = if section.has("scale") { section.word("scale", &words)? } else { Scale::Linear };
    if scale == Scale::Log && lower <= 0.0 {
        section.problem("scale", format!("\"log\" needs positive bounds, but the lower one is {lower}"));
        return None;
    }
    Some(scale)
}

fn choice(section: &Section<'_>, values: &[Value]) -> bool {
    if values.len() < 2 {
        let count = if values.is_empty() { "no value" } else { "one value only" };
        section.problem("values", format!("has {count}; a choice needs at least two"));
        return false;
    }
    // 1 and 1.0 would be two values that no evaluation can tell apart.
    let same = |a: &Value, b: &Value| a == b || (a.number().is_some() && a.number() == b.number());
    let twice = (1..values.len()).find(|&k| values[..k].iter().any(|v| same(v, &values[k])));
    if let Some(k) = twice {
        section.problem("values", format!("has {} twice; all values must differ", values[k]));
    }
    twice.is_none()
}

/// The nominal value in the parameter's own type.
fn default(section: &Section<'_>, kind: &ParameterKind) -> Option<Value> {
    let (value, inside, range) = match kind {
        ParameterKind::Float { lower, upper, .. } => {
            let x = section.number("default")?;
            (Value::Float(x), (*lower..=*upper).contains(&x), format!("the bounds {lower} and {upper}"))
        }
        ParameterKind::Integer { lower, upper, .. } => {
            let i = section.whole("default")?;
            (
                Value::Integer(i),
                (*lower..=*upper).contains(&i),
                format!("the bounds {lower} and {upper}"),
            )
        }
        ParameterKind::Choice { values } => {
            let value = section.value("default")?;
            let inside = values.contains(&value);
            let words: Vec<String> = values.iter().map(Value::to_string).collect();
            (value, inside, format!("the values {}", words.join(", ")))
        }
        // `only` has refused the key.
        ParameterKind::Fixed { .. } | ParameterKind::Events(_) => return None,
    };
    if !inside {
        section.problem("default", format!("({value}) lies outside {range}"));
    }
    inside.then_some(value)
}

/// The objectives; empty if there are no such tables.
pub fn objectives<'a>(
    document: &'a Table,
    names: &mut Names<'a>,
    problems: &'a Problems,
) -> Option<Vec<Written<Objective>>> {
    let goals = [("minimize", Goal::Minimize), ("maximize", Goal::Maximize)];
    all(document, "objective", problems, |section| {
        section.only(&["name", "goal", "threshold", "unit", "from"]);
        let name = names.take(section, "objective");
        let goal = section.need("goal", section.word("goal", &goals), "\"minimize\" (or maximize)");
        let (threshold, unit) = (section.number("threshold"), section.label("unit"));
        Some(Objective { name: name?, goal: goal?, threshold, unit })
    })
}

/// The metrics; empty if there are no such tables.
pub fn metrics<'a>(
    document: &'a Table,
    names: &mut Names<'a>,
    problems: &'a Problems,
) -> Option<Vec<Metric>> {
    let metrics = all(document, "metric", problems, |section| {
        section.only(&["name", "unit", "from"]);
        let name = names.take(section, "metric");
        let unit = section.label("unit");
        Some(Metric { name: name?, unit })
    })?;
    Some(metrics.into_iter().map(|m| m.value).collect())
}
