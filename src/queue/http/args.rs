//! Arguments by name and type. In v1 what does not fit is refused; the classic interface has texts, of which
//! what is no number is left out, as PanDA does.

use serde_json::{Map, Value, json};

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
    /// What a text of the classic interface says; none where it says nothing, or not this.
    fn read(self, value: &Value) -> Option<Value> {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if matches!(&*text, "" | "NULL" | "None" | "null") {
            return None;
        }
        let number = || text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
        let whole = || text.trim().parse::<i64>().ok();
        match self {
            Kind::Str => Some(text.into()),
            Kind::Int | Kind::SetInt => whole().or_else(|| number().map(|n| n as i64)).map(Value::from),
            Kind::Num => whole().map(Value::from).or_else(|| number().map(Value::from)),
            Kind::Bool => Some(json!(matches!(&*text, "True" | "true" | "1"))),
            Kind::List | Kind::Dict => {
                serde_json::from_str(&text).ok().filter(|value| self.takes(value))
            }
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

/// An argument: its names in v1 and in the classic interface, and what it may be.
pub type Argument = (&'static str, &'static str, Kind);

/// Arguments that a call may have.
pub struct Table {
    /// Must be there.
    pub required: &'static [Argument],
    /// May be there.
    pub optional: &'static [Argument],
    /// Of the classic interface: may be there, and mean nothing.
    pub ignored: &'static [&'static str],
}

impl Table {
    fn all(&self) -> impl Iterator<Item = &Argument> {
        self.required.iter().chain(self.optional)
    }

    /// Why the arguments of v1 do not fit, if they do not.
    pub fn refuse(&self, given: &Map<String, Value>) -> Option<String> {
        for (name, ..) in self.required {
            if given.get(*name).is_none_or(Value::is_null) {
                return Some(format!("Argument error: missing a required argument: '{name}'"));
            }
        }
        for (name, value) in given {
            let Some((.., kind)) = self.all().find(|(v1, ..)| v1 == name) else {
                return Some(format!("Argument error: got an unexpected keyword argument '{name}'"));
            };
            if !kind.takes(value) {
                let (want, got) = (kind.word(), type_of(value));
                return Some(format!("Type error: '{name}' must be of type {want}, got {got}."));
            }
        }
        None
    }

    /// Arguments of the classic interface as v1 has them.
    ///
    /// # Errors
    /// A name that the method does not know, or one that it lacks.
    pub fn read_classic(
        &self,
        method: &str,
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, String> {
        let mut read = Map::new();
        for (name, value) in given.iter().filter(|(name, _)| !self.ignored.contains(&&***name)) {
            let Some((v1, _, kind)) = self.all().find(|(_, classic, _)| classic == name) else {
                return Err(format!("{method}() got an unexpected keyword argument '{name}'"));
            };
            read.extend(kind.read(value).map(|value| ((*v1).to_owned(), value)));
        }
        match self.required.iter().find(|(v1, ..)| !read.contains_key(*v1)) {
            Some((_, lacks, _)) => Err(format!("{method}() missing a required argument: '{lacks}'")),
            None => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        required: &[("job_id", "jobId", Kind::Int)],
        optional: &[
            ("n", "n", Kind::SetInt),
            ("factor", "f", Kind::Num),
            ("diag", "errorDiag", Kind::Str),
            ("list", "list", Kind::List),
        ],
        ignored: &["token"],
    };

    #[test]
    fn names_and_types_of_v1_are_strict() {
        let refuse = |value: Value| TABLE.refuse(value.as_object().unwrap()).unwrap_or_default();
        assert_eq!(refuse(json!({"job_id": 1, "factor": 0.5, "n": 3, "diag": null})), "");
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
        for stranger in ["jobId", "token"] {
            assert!(refuse(json!({"job_id": 1, stranger: 1})).starts_with("Argument error: "));
        }
    }

    #[test]
    fn the_classic_interface_has_texts_and_forgives() {
        let read = |value: Value| TABLE.read_classic("m", value.as_object().unwrap());
        let said = json!({"jobId": "1", "f": "nan", "n": "3.7", "errorDiag": "a\n", "list": "[1]", "token": "t"});
        let want = json!({"job_id": 1, "n": 3, "diag": "a\n", "list": [1]});
        assert_eq!(read(said).map(Value::from), Ok(want));
        let said = json!({"jobId": 1, "f": 0.5, "errorDiag": "None", "list": "{}"});
        assert_eq!(read(said).map(Value::from), Ok(json!({"job_id": 1, "factor": 0.5})));
        assert_eq!(read(json!({})).unwrap_err(), "m() missing a required argument: 'jobId'");
        let why = "m() got an unexpected keyword argument 'job_id'";
        assert_eq!(read(json!({"job_id": "1"})).unwrap_err(), why);
    }
}
