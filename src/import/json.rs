//! JSON objects whose keys keep their order, and what is to be said about them.

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

/// Keys and values in the order of the file, a repeated key as often as it is there.
#[derive(Debug, Clone)]
pub(super) struct Object<T = Value>(pub Vec<(String, T)>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object { … }")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<T>, A::Error> {
                let mut entries = vec![];
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Object(entries))
            }
        }
        from.deserialize_map(Entries(PhantomData))
    }
}

impl Object {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        // As Python reads it: of repeated keys the last one counts.
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value)
    }
}

/// A number, which these files write as one or as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let x = match value {
        Value::Number(x) => x.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    x.filter(|x: &f64| x.is_finite())
}

/// A number without a fraction.
pub(super) fn whole(value: &Value) -> Option<i64> {
    number(value).filter(|x| x.fract() == 0.0 && x.abs() < 9e15).map(|x| x as i64)
}

/// What has to be said about an import.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<Vec<String>>);

impl Notes {
    pub(super) fn add(&self, text: impl fmt::Display) {
        self.0.borrow_mut().push(text.to_string());
    }

    pub(super) fn all(self) -> Vec<String> {
        self.0.into_inner()
    }
}
