//! What is optimized.

use super::json::{Notes, Object, number};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Objective {
    pub name: String,
    pub maximize: bool,
    pub threshold: Option<f64>,
}

/// The objectives of a file, with notes on what was not taken over.
pub(super) fn read(file: &str, all: &Object<Object>, notes: &Notes) -> Vec<Objective> {
    let mut found = vec![];
    for (name, keys) in &all.0 {
        let goal = keys.get("goal").and_then(Value::as_str);
        let maximize = match goal {
            Some("maximize" | "max") => true,
            Some("minimize" | "min") => false,
            _ => {
                notes.add(format_args!("{file}: {name} has no goal that is known; it is minimized"));
                false
            }
        };
        let threshold = keys.get("threshold").and_then(number);
        for (key, value) in &keys.0 {
            match key.as_str() {
                "goal" | "threshold" => {}
                "input" | "path" | "exec" | "rule" | "stage" => notes.add(format_args!(
                    "{file}: {name}.{key} = {value} is not taken over: say in a [[stage]] what is run"
                )),
                _ if key.starts_with('_') => {}
                _ => notes.add(format_args!("{file}: {name}.{key} was not understood")),
            }
        }
        found.push(Objective { name: name.clone(), maximize, threshold });
    }
    found
}

/// As many as a file says there are, of which it says no more.
pub(super) fn nameless(count: i64, notes: &Notes) -> Vec<Objective> {
    let count = count.max(1);
    notes.add(format_args!(
        "no file says what the {count} objectives are called, nor whether they are minimized or maximized; \
         correct the [[objective]] tables"
    ));
    (1..=count)
        .map(|k| Objective { name: format!("objective_{k}"), maximize: false, threshold: None })
        .collect()
}
