//! Results as JSON: `{"name": number}` or `{"name": {"value": number, "sem": number}}`.

use super::{Measurement, Outcome, Problem};
use serde_json::{Map, Value};

impl Problem {
    /// The outcome of measured values by name: every objective and any of the metrics; other names are
    /// of no interest. See [`Problem::measured`].
    ///
    /// # Errors
    /// An objective is missing, or a metric that an outcome constraint needs, or something is no finite
    /// number, in words.
    pub fn result(&self, values: &Map<String, Value>) -> Result<Outcome, String> {
        let objectives = self.objectives.iter().map(|objective| {
            let name = &objective.name;
            let value =
                values.get(name).ok_or_else(|| missing(name, values.keys().map(String::as_str)))?;
            measurement(name, value)
        });
        let objectives = objectives.collect::<Result<_, _>>()?;
        let metrics = self.metrics.iter().map(|metric| {
            values.get(&metric.name).map(|value| measurement(&metric.name, value)).transpose()
        });
        self.measured(objectives, metrics.collect::<Result<_, _>>()?)
    }
}

/// What is said of an objective that is not among the names that were given.
pub(super) fn missing<'n>(name: &str, given: impl Iterator<Item = &'n str>) -> String {
    let given: Vec<&str> = given.collect();
    let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
    format!("objective {name:?} is missing; the result has {given}")
}

/// A measurement as JSON: a number, or an object with `value` and perhaps `sem`.
///
/// # Errors
/// It is something else, or not finite, in words with the name.
pub fn measurement(name: &str, value: &Value) -> Result<Measurement, String> {
    let number = |key: &str, value: &Value| {
        value.as_f64().ok_or_else(|| format!("{name:?}: {key} is {value}, not a number"))
    };
    let (value, sem) = match value {
        Value::Object(fields) => {
            if let Some(other) = fields.keys().find(|key| !matches!(key.as_str(), "value" | "sem")) {
                return Err(format!("{name:?} has the key {other:?}; known are value and sem"));
            }
            let value = fields.get("value").ok_or_else(|| format!("{name:?} has no value"))?;
            let sem = fields.get("sem").filter(|sem| !sem.is_null());
            (number("value", value)?, sem.map(|sem| number("sem", sem)).transpose()?)
        }
        bare => (number("value", bare)?, None),
    };
    Measurement::new(value, sem).ok_or_else(|| {
        format!("{name:?}: value {value}, sem {sem:?}: both must be finite, sem not negative")
    })
}
