//! Parameters and their values.

use super::EventRange;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// One parameter's value in natural units.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Real number.
    Float(f64),
    /// Whole number.
    Integer(i64),
    /// Word.
    Text(String),
}

/// One value per parameter of the space, fixed ones included, in the space's order.
pub type Design = Vec<Value>;

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Float(x) => Some(*x),
            Value::Integer(i) => Some(*i as f64),
            Value::Text(_) => None,
        }
    }
}

impl fmt::Display for Value {
    /// Numbers in the shortest form that reads back to the same bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Float(x) => write!(f, "{x:?}"),
            Value::Integer(i) => write!(f, "{i}"),
            Value::Text(s) => f.write_str(s),
        }
    }
}

/// Compact formats cannot tell 1 from 1.0 by looking, so they get a tag; JSON gets the bare value.
#[derive(Serialize, Deserialize)]
enum Tagged {
    Float(f64),
    Integer(i64),
    Text(String),
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if !s.is_human_readable() {
            return match self.clone() {
                Value::Float(x) => Tagged::Float(x),
                Value::Integer(i) => Tagged::Integer(i),
                Value::Text(t) => Tagged::Text(t),
            }
            .serialize(s);
        }
        match self {
            Value::Float(x) => s.serialize_f64(*x),
            Value::Integer(i) => s.serialize_i64(*i),
            Value::Text(t) => s.serialize_str(t),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        if !d.is_human_readable() {
            return Ok(match Tagged::deserialize(d)? {
                Tagged::Float(x) => Value::Float(x),
                Tagged::Integer(i) => Value::Integer(i),
                Tagged::Text(t) => Value::Text(t),
            });
        }
        struct Bare;
        impl Visitor<'_> for Bare {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a number or a text")
            }
            fn visit_f64<E: de::Error>(self, x: f64) -> Result<Value, E> {
                Ok(Value::Float(x))
            }
            fn visit_i64<E: de::Error>(self, i: i64) -> Result<Value, E> {
                Ok(Value::Integer(i))
            }
            fn visit_u64<E: de::Error>(self, u: u64) -> Result<Value, E> {
                i64::try_from(u).map(Value::Integer).map_err(E::custom)
            }
            fn visit_str<E: de::Error>(self, t: &str) -> Result<Value, E> {
                Ok(Value::Text(t.to_owned()))
            }
        }
        d.deserialize_any(Bare)
    }
}

/// How a numeric range maps to the unit interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Evenly.
    Linear,
    /// Evenly in the logarithm; both bounds are positive.
    Log,
}

/// What a parameter can be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// Real number in `[lower, upper]`, `lower < upper`.
    Float {
        /// Least value.
        lower: f64,
        /// Greatest value.
        upper: f64,
        /// Mapping to the unit interval.
        scale: Scale,
    },
    /// Whole number in `[lower, upper]`, `lower < upper`.
    Integer {
        /// Least value.
        lower: i64,
        /// Greatest value.
        upper: i64,
        /// Mapping to the unit interval.
        scale: Scale,
    },
    /// One of at least two values without order.
    Choice {
        /// The values, all different.
        values: Vec<Value>,
    },
    /// Always the same.
    Fixed {
        /// The value.
        value: Value,
    },
    /// The number of events of a trial: no part of the design proper, but chosen for it by the strategy
    /// according to what they tell and cost. At most one parameter of a space is of this kind.
    Events(EventRange),
}

impl ParameterKind {
    /// Whether a value is of this kind and within its bounds or values.
    pub fn holds(&self, value: &Value) -> bool {
        match (self, value) {
            (ParameterKind::Float { lower, upper, .. }, Value::Float(x)) => {
                (*lower..=*upper).contains(x)
            }
            (ParameterKind::Integer { lower, upper, .. }, Value::Integer(i)) => {
                (*lower..=*upper).contains(i)
            }
            (ParameterKind::Choice { values }, v) => values.contains(v),
            (ParameterKind::Fixed { value }, v) => value == v,
            (ParameterKind::Events(range), Value::Integer(i)) => (range.lower..=range.upper).contains(i),
            _ => false,
        }
    }

    /// The value of this kind that a text or a bare number means: `3`, `3.0` and 3 are the same
    /// integer, and a number names the choice that equals it.
    ///
    /// # Errors
    /// What would be right, worded to follow "must be".
    pub fn understand(&self, written: &Value) -> Result<Value, String> {
        let number = || match written {
            Value::Text(text) => text.trim().parse::<f64>().ok(),
            other => other.number(),
        };
        let whole = || match written {
            Value::Integer(i) => Some(*i),
            Value::Text(text) if text.trim().parse::<i64>().is_ok() => text.trim().parse().ok(),
            // Beyond 2^53 a float does not say which integer is meant.
            _ => number().filter(|x| x.fract() == 0.0 && x.abs() < 9.1e15).map(|x| x as i64),
        };
        let alike = |value: &&Value| match value.number() {
            Some(x) => number() == Some(x),
            None => value.to_string() == written.to_string(),
        };
        let (value, right) = match self {
            ParameterKind::Float { lower, upper, .. } => {
                (number().map(Value::Float), format!("a number from {lower} to {upper}"))
            }
            ParameterKind::Integer { lower, upper, .. } => {
                (whole().map(Value::Integer), format!("a whole number from {lower} to {upper}"))
            }
            ParameterKind::Choice { values } => {
                let words: Vec<String> = values.iter().map(Value::to_string).collect();
                (values.iter().find(alike).cloned(), format!("one of {}", words.join(", ")))
            }
            ParameterKind::Events(EventRange { lower, upper, .. }) => {
                (whole().map(Value::Integer), format!("a whole number from {lower} to {upper}"))
            }
            ParameterKind::Fixed { value } => {
                (Some(value).filter(alike).cloned(), format!("{value}, which is fixed"))
            }
        };
        value.filter(|v| self.holds(v)).ok_or(right)
    }
}

/// One named, bounded quantity of the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name, unique in the study.
    pub name: String,
    /// Range or values.
    pub kind: ParameterKind,
    /// Unit as text, empty for a pure number.
    pub unit: String,
    /// Nominal value, inside the bounds.
    pub default: Option<Value>,
}
