//! Parameters and the constraints between them.

use super::json::{Notes, Object, number, whole};
use super::rich;
use crate::xml;
use serde_json::Value;

/// What a value can be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Float { lower: f64, upper: f64 },
    Int { lower: i64, upper: i64 },
    Choice { values: Vec<Value> },
}

/// Where a value goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goes {
    /// Into an attribute of a file of the detector description.
    Edit { file: String, xpath: String, attribute: String, index: Option<usize> },
    /// Into an option of the reconstruction, as a component if there is an index.
    Option { path: String, index: Option<usize> },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub name: String,
    pub kind: Kind,
    pub unit: String,
    pub default: Option<Value>,
    pub goes: Goes,
    /// What a reader of the study should know, for example where the default is.
    pub remark: Option<String>,
}

const KEYS: [&str; 14] = [
    "element",
    "path",
    "default",
    "units",
    "lower",
    "upper",
    "domain",
    "compact",
    "stage",
    "value_type",
    "param_type",
    "is_vector",
    "index",
    "is_ordered",
];

/// The parameters of a file; those that cannot be used are left out with a note. `compact` is the file of
/// those that name none.
pub(super) fn read(
    file: &str,
    all: &Object<Object>,
    compact: Option<&str>,
    notes: &Notes,
) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = vec![];
    for (name, keys) in &all.0 {
        for (key, _) in
            keys.0.iter().filter(|(key, _)| !KEYS.contains(&key.as_str()) && !key.starts_with('_'))
        {
            notes.add(format_args!("{file}: {name}.{key} was not understood"));
        }
        if found.iter().any(|other| other.name == *name) {
            notes.add(format_args!("{file}: there are two parameters {name}; the second is left out"));
            continue;
        }
        match parameter(name, keys, compact) {
            Ok(parameter) => {
                if let Some(other) = found.iter().find(|other| other.goes == parameter.goes) {
                    notes.add(format_args!(
                        "{file}: {name} and {} edit the same: {}; {name} is left out",
                        other.name,
                        place(&parameter.goes)
                    ));
                    continue;
                }
                if let Some(remark) = &parameter.remark {
                    notes.add(format_args!("{file}: {name}: {remark}"));
                }
                found.push(parameter);
            }
            Err(why) => notes.add(format_args!("{file}: {name} {why}; it is left out")),
        }
    }
    found
}

fn place(goes: &Goes) -> String {
    let component = |index: &Option<usize>| index.map_or(String::new(), |k| format!("[{k}]"));
    match goes {
        Goes::Edit { file, xpath, attribute, index } => {
            format!("attribute {attribute}{} at {xpath} of {file}", component(index))
        }
        Goes::Option { path, index } => format!("option {path}{}", component(index)),
    }
}

fn parameter(name: &str, keys: &Object, compact: Option<&str>) -> Result<Parameter, String> {
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !begins || !letters.all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) {
        return Err("is no name for a parameter (letters, digits, _ and . after a letter)".into());
    }
    let text = |key: &str| keys.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let path = text("path").ok_or("has no path")?;
    let index = match keys.get("index") {
        Some(index) if keys.get("is_vector") != Some(&Value::Bool(false)) => {
            let index = whole(index).and_then(|k| usize::try_from(k).ok());
            Some(index.ok_or("has an index that is no whole number from 0")?)
        }
        _ => None,
    };
    let goes = match text("stage") {
        Some("rec" | "reco" | "reconstruction") => Goes::Option { path: path.to_owned(), index },
        None | Some("sim" | "simulation") => {
            let attribute = text("element").ok_or("has no element, the name of the attribute")?;
            xml::Path::parse(path).map_err(|why| format!("has the path {path:?}, which {why}"))?;
            let file = text("compact").or(compact).or_else(|| rich::file(path));
            let file = file.ok_or(
                "does not say in which file it is (compact), and the path does not tell; say --compact FILE",
            )?;
            let (file, xpath) = (file.to_owned(), path.to_owned());
            Goes::Edit { file, xpath, attribute: attribute.to_owned(), index }
        }
        Some(other) => return Err(format!("has the stage {other:?}; known are sim and rec")),
    };
    let kind = kind(keys)?;
    let (default, remark) = default(keys, &kind)?;
    let unit = text("units").unwrap_or_default().to_owned();
    Ok(Parameter { name: name.to_owned(), kind, unit, default, goes, remark })
}

fn kind(keys: &Object) -> Result<Kind, String> {
    let is = |key: &str, word: &str| keys.get(key).and_then(Value::as_str) == Some(word);
    if is("param_type", "choice") {
        let domain = keys.get("domain").ok_or("is a choice without a domain")?;
        // A list, or the text of one.
        let list = match domain {
            Value::String(text) => serde_json::from_str(text).ok(),
            other => Some(other.clone()),
        };
        let Some(Value::Array(values)) = list else {
            return Err(format!("has the domain {domain}, which is no list"));
        };
        let plain = values.iter().all(|v| v.is_string() || number(v).is_some());
        return match plain && values.len() > 1 {
            true => Ok(Kind::Choice { values }),
            false => {
                Err(format!("has the domain {domain}, which is no list of two or more numbers or texts"))
            }
        };
    }
    let bound = |key: &str| {
        let value = keys.get(key).ok_or(format!("has no {key} bound"))?;
        let x = number(value).ok_or(format!("has the {key} bound {value}, which is no number"))?;
        Ok::<_, String>((value, x))
    };
    let ((low, lower), (high, upper)) = (bound("lower")?, bound("upper")?);
    if lower >= upper {
        return Err(format!("has the bounds {lower} and {upper}, between which there is nothing"));
    }
    if is("value_type", "int") {
        let (Some(lower), Some(upper)) = (whole(low), whole(high)) else {
            return Err(format!("is an int with the bounds {lower} and {upper}"));
        };
        return Ok(Kind::Int { lower, upper });
    }
    Ok(Kind::Float { lower, upper })
}

/// The nominal value, and what is wrong with it if it cannot be one.
fn default(keys: &Object, kind: &Kind) -> Result<(Option<Value>, Option<String>), String> {
    let Some(value) = keys.get("default") else {
        return Ok((None, None));
    };
    let left_out = |why: String| Ok((None, Some(format!("the default {why}; it is left out"))));
    match kind {
        Kind::Float { lower, upper } => match number(value) {
            Some(x) if (*lower..=*upper).contains(&x) => Ok((Some(x.into()), None)),
            Some(x) => left_out(format!("{x} lies outside the bounds {lower} and {upper}")),
            None => left_out(format!("{value} is no number")),
        },
        Kind::Int { lower, upper } => match whole(value) {
            Some(i) if (*lower..=*upper).contains(&i) => Ok((Some(i.into()), None)),
            _ => left_out(format!("{value} is no whole number from {lower} to {upper}")),
        },
        Kind::Choice { values } => {
            let same = |v: &&Value| *v == value || number(v).is_some() && number(v) == number(value);
            match values.iter().find(same) {
                Some(known) => Ok((Some(known.clone()), None)),
                None => left_out(format!("{value} is not in the domain")),
            }
        }
    }
}

/// A constraint Σ wᵢ·xᵢ ≤ bound.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Constraint {
    pub name: String,
    pub terms: Vec<(String, f64)>,
    pub bound: f64,
}

impl Constraint {
    /// As the study file writes it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (k, (name, weight)) in self.terms.iter().enumerate() {
            let sign = match (k, *weight < 0.0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            };
            let size = weight.abs();
            let factor = if size == 1.0 { String::new() } else { format!("{size}*") };
            text += &format!("{sign}{factor}{name}");
        }
        format!("{text} <= {}", self.bound)
    }

    /// Whether the nominal design respects it; without every default there is none.
    pub(super) fn allows_defaults(&self, parameters: &[Parameter]) -> bool {
        let value = |name: &str| {
            let parameter = parameters.iter().find(|p| p.name == name)?;
            parameter.default.as_ref().and_then(number)
        };
        let sum: Option<f64> = self.terms.iter().map(|(name, w)| Some(w * value(name)?)).sum();
        sum.is_none_or(|sum| sum <= self.bound)
    }
}

/// The constraints of a file; those that cannot be used are left out with a note.
pub(super) fn constraints(
    file: &str,
    all: &Object<Object>,
    parameters: &[Parameter],
    notes: &Notes,
) -> Vec<Constraint> {
    let mut found = vec![];
    for (name, keys) in &all.0 {
        for (key, _) in &keys.0 {
            if !["parameters", "weights", "bound"].contains(&key.as_str()) && !key.starts_with('_') {
                notes.add(format_args!("{file}: constraint {name}.{key} was not understood"));
            }
        }
        match constraint(name, keys, parameters) {
            Ok(constraint) => found.push(constraint),
            Err(why) => notes.add(format_args!("{file}: the constraint {name} {why}; it is left out")),
        }
    }
    found
}

fn constraint(name: &str, keys: &Object, parameters: &[Parameter]) -> Result<Constraint, String> {
    let list = |key: &str| keys.get(key).and_then(Value::as_array).ok_or(format!("has no list {key}"));
    let (names, weights) = (list("parameters")?, list("weights")?);
    if names.len() != weights.len() || names.is_empty() {
        return Err(format!("has {} parameters and {} weights", names.len(), weights.len()));
    }
    let bound = keys.get("bound").and_then(number).ok_or("has no bound that is a number")?;
    let term = |(word, weight): (&Value, &Value)| {
        let known = parameters.iter().find(|p| Some(p.name.as_str()) == word.as_str());
        let known = known.ok_or(format!("names {word}, which is no parameter of the study"))?;
        if matches!(known.kind, Kind::Choice { .. }) {
            return Err(format!("names {word}, which is a choice and has no order"));
        }
        let weight = number(weight).ok_or(format!("has the weight {weight}, which is no number"))?;
        Ok((known.name.clone(), weight))
    };
    let terms = names.iter().zip(weights).map(term).collect::<Result<_, String>>()?;
    Ok(Constraint { name: name.to_owned(), terms, bound })
}
