//! The result file: JSON, `{"name": number}` or `{"name": {"value": number, "sem": number}}`, or numbers
//! in a text.

use crate::config::ResultFile;
use crate::problem::{Problem, TaskOutcome, Values, measurement, values_in_text};
use serde_json::{Map, Value};
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Most bytes of a result: a million lines are no result but data.
const MOST_BYTES: u64 = 16_000_000;

/// Events that a result says it is made of.
const EVENTS: &str = "events";

/// What a result has to have.
#[derive(Debug)]
pub(super) enum Wanted {
    /// All that a trial measures.
    Trial(Problem),
    /// What the study takes from a stage by name.
    Stage {
        /// Has to be there.
        required: Vec<String>,
        /// May be there, and is then as it should be.
        optional: Vec<String>,
    },
}

/// The values that the study is about, from a result in `dir` of a task that had so many events.
///
/// # Errors
/// Something is missing, no finite number, or there are fewer events than asked for; in words with the
/// path.
pub(super) fn read(
    dir: &Path,
    file: &ResultFile,
    wanted: &Wanted,
    events: Option<u64>,
) -> Result<Values, String> {
    let path = dir.join(file.path());
    let values = content(&path).and_then(|text| match file {
        ResultFile::Json(_) => wanted.of_json(&object(&text)?, events),
        ResultFile::Table { columns, last_line, .. } => {
            let text = String::from_utf8_lossy(&text);
            wanted.of_values(values_in_text(&text, columns, *last_line)?, events)
        }
    });
    values.map_err(|reason| format!("{reason}; result file: {}", path.display()))
}

/// What is in a result file; only a regular one, and only so much that reading it harms nobody. A pipe would
/// be waited for without end.
fn content(path: &Path) -> Result<Vec<u8>, String> {
    let said = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => "the command ended well but wrote no result".to_owned(),
        _ => e.to_string(),
    };
    let about = fs::metadata(path).map_err(said)?;
    if !about.is_file() {
        return Err("the result is no regular file".to_owned());
    }
    let mut bytes = Vec::new();
    // It may still grow: what is read is bounded, not what was there.
    File::open(path).and_then(|f| f.take(MOST_BYTES + 1).read_to_end(&mut bytes)).map_err(said)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("the result is larger than {} MB", MOST_BYTES / 1_000_000));
    }
    Ok(bytes)
}

impl Wanted {
    fn of_json(&self, result: &Map<String, Value>, events: Option<u64>) -> Result<Values, String> {
        if let Some(had) = result.get(EVENTS) {
            enough(had.as_f64().ok_or_else(|| format!("\"events\" is {had}, not a number"))?, events)?;
        }
        match self {
            Wanted::Trial(problem) => values(problem.by_name(problem.result(result)?)),
            Wanted::Stage { required, optional } => {
                let given = || result.keys().map(String::as_str);
                let must = required.iter().map(|name| {
                    let value = result.get(name).ok_or_else(|| missing(name, given()))?;
                    Ok((name.clone(), measurement(name, value)?))
                });
                let may = optional.iter().filter_map(|name| Some((name, result.get(name)?)));
                let may = may.map(|(name, value)| Ok((name.clone(), measurement(name, value)?)));
                must.chain(may).collect()
            }
        }
    }

    fn of_values(&self, result: Values, events: Option<u64>) -> Result<Values, String> {
        if let Some((_, had)) = result.iter().find(|(name, _)| name == EVENTS) {
            enough(had.value(), events)?;
        }
        match self {
            Wanted::Trial(problem) => values(problem.by_name(problem.outcome(&result)?)),
            Wanted::Stage { required, optional } => {
                let given = || result.iter().map(|(name, _)| name.as_str());
                if let Some(name) = required.iter().find(|name| !given().any(|g| g == *name)) {
                    return Err(missing(name, given()));
                }
                let is_wanted = |name: &String| required.contains(name) || optional.contains(name);
                Ok(result.into_iter().filter(|(name, _)| is_wanted(name)).collect())
            }
        }
    }
}

fn values(outcome: TaskOutcome) -> Result<Values, String> {
    match outcome {
        TaskOutcome::Ok(values) => Ok(values),
        other => Err(other.reason()),
    }
}

fn missing<'n>(name: &str, given: impl Iterator<Item = &'n str>) -> String {
    let given: Vec<&str> = given.collect();
    let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
    format!("{name:?} is missing; the result has {given}")
}

fn enough(had: f64, asked: Option<u64>) -> Result<(), String> {
    match asked {
        Some(asked) if had < asked as f64 => {
            Err(format!("the result is made of {had} events, and {asked} were asked for"))
        }
        _ => Ok(()),
    }
}

fn object(text: &[u8]) -> Result<Map<String, Value>, String> {
    if text.trim_ascii().is_empty() {
        return Err("the result is empty".to_owned());
    }
    match serde_json::from_slice(text) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err("the result is no JSON object {\"name\": number}".to_owned()),
        Err(e) => {
            let text = String::from_utf8_lossy(text).to_lowercase();
            let hint = match text.contains("nan") || text.contains("inf") {
                true => {
                    "; JSON has no NaN and no infinity: a design without a value is infeasible \
                         or failed, to be told by the exit code"
                }
                false => "",
            };
            Err(format!("the result is no JSON: {e}{hint}"))
        }
    }
}

#[cfg(test)]
mod tests;
