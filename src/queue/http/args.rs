//! Arguments by name and JSON type: what does not fit is refused, never guessed.

use serde_json::{Map, Value};

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Str,
    /// Integer.
    Int,
    /// Integer or not.
    Num,
    /// True or false.
    Bool,
    /// List.
    List,
    /// Object.
    Dict,
    /// Integer that always has a value.
    SetInt,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Str => "str",
            Kind::Int | Kind::SetInt => "int",
            Kind::Num => "int or float",
            Kind::Bool => "bool",
            Kind::List => "list",
            Kind::Dict => "dict",
        }
    }

    fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Kind::SetInt, Value::Null) => false,
            (_, Value::Null) => true,
            (Kind::Str, Value::String(_))
            | (Kind::Num, Value::Number(_))
            | (Kind::Bool, Value::Bool(_))
            | (Kind::List, Value::Array(_))
            | (Kind::Dict, Value::Object(_)) => true,
            (Kind::Int | Kind::SetInt, Value::Number(_)) => value.is_i64(),
            _ => false,
        }
    }
}

/// The name that Python has for the type.
pub fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// Arguments that a call may have, in groups, and how many of the first group's it must have.
pub struct Table {
    /// Must be there.
    pub required: &'static [(&'static str, Kind)],
    /// May be there.
    pub optional: &'static [(&'static [&'static str], Kind)],
}

impl Table {
    /// Why the arguments do not fit, if they do not.
    pub fn refuse(&self, given: &Map<String, Value>) -> Option<String> {
        for (name, _) in self.required {
            if given.get(*name).is_none_or(Value::is_null) {
                return Some(format!("Argument error: missing a required argument: '{name}'"));
            }
        }
        for (name, value) in given {
            let required = self.required.iter().find(|(n, _)| n == name).map(|(_, kind)| *kind);
            let optional = || self.optional.iter().find(|(names, _)| names.contains(&name.as_str()));
            let Some(kind) = required.or_else(|| optional().map(|(_, kind)| *kind)) else {
                return Some(format!("Argument error: got an unexpected keyword argument '{name}'"));
            };
            if !kind.takes(value) {
                let (want, got) = (kind.word(), type_of(value));
                return Some(format!("Type error: '{name}' must be of type {want}, got {got}."));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_and_types_are_strict() {
        let table = Table {
            required: &[("job_id", Kind::Int)],
            optional: &[(&["n", "m"], Kind::SetInt), (&["f"], Kind::Num)],
        };
        let refuse = |value: Value| table.refuse(value.as_object().unwrap()).unwrap_or_default();
        assert_eq!(refuse(json!({"job_id": 1, "f": 0.5, "m": 3})), "");
        assert_eq!(refuse(json!({"job_id": "1"})), "Type error: 'job_id' must be of type int, got str.");
        assert_eq!(
            refuse(json!({"job_id": 1.0})),
            "Type error: 'job_id' must be of type int, got float."
        );
        assert_eq!(
            refuse(json!({"job_id": 1, "n": null})),
            "Type error: 'n' must be of type int, got NoneType."
        );
        assert_eq!(refuse(json!({})), "Argument error: missing a required argument: 'job_id'");
        assert!(refuse(json!({"job_id": 1, "x": 1})).starts_with("Argument error: "));
    }
}
