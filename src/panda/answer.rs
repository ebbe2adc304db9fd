//! What a server says to a request, in either generation.

use super::error::PandaError;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What a server wants of a pilot, in its answer to an update.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Command {
    /// Stop the job, and say that it failed with error 1144.
    Kill,
    /// Finish what is under way, and begin nothing more.
    SoftKill,
    /// Send the end of what it prints with its updates, and send them often.
    Debug,
    /// No more of that.
    DebugOff,
    /// The server has had the last word about this attempt, or given the job to somebody else: forget it.
    AlreadyDone,
    /// Something else, which need not be understood.
    Other(String),
}

impl Command {
    /// The commands in a server's text, of which there may be several.
    pub fn read(text: &str) -> BTreeSet<Self> {
        let words = text.split(',').map(str::trim);
        let words = words.filter(|word| !matches!(*word, "" | "NULL" | "None" | "null"));
        words
            .map(|word| match word.to_ascii_lowercase().as_str() {
                "tobekilled" => Command::Kill,
                "softkill" => Command::SoftKill,
                "debug" => Command::Debug,
                "debugoff" => Command::DebugOff,
                "alreadydone" | "badattemptnr" => Command::AlreadyDone,
                _ => Command::Other(word.to_owned()),
            })
            .collect()
    }
}

/// What a server says to one update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has it, and wants this.
    Accepted(BTreeSet<Command>),
    /// It cannot take it now: tell it again.
    Later(String),
    /// It does not take it, ever.
    Rejected(String),
}

/// Longest text of an answer that is passed on, in characters.
const SHOWN: usize = 200;

/// The beginning of an answer, for people.
pub(super) fn shown(text: &str) -> String {
    text.trim().chars().take(SHOWN).filter(|c| !c.is_control()).collect()
}

/// Code 0: it was done; see [`classify`] for the others.
const DONE: i64 = 0;
/// There is no job.
const NO_JOB: i64 = 20;

/// What a status code other than 0 means.
fn classify(url: &str, code: i64, why: &str) -> PandaError {
    let (url, why) = (url.to_owned(), shown(why));
    match code {
        10 | 30 | 90 => {
            let reason = format!("status code {code}{}", after(&why));
            PandaError::Temporary { url, reason }
        }
        60 | 70 | 80 => {
            let what = if code == 60 { "no production or pilot role" } else { "permission denied" };
            PandaError::Refused { url, reason: format!("status code {code}, {what}{}", after(&why)) }
        }
        _ => PandaError::Invalid { url, reason: format!("status code {code}{}", after(&why)) },
    }
}

fn after(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}

/// Looks at the HTTP status of an answer, and at texts that say that something is wrong.
pub(super) fn body(url: &str, status: u16, text: &str) -> Result<(), PandaError> {
    let url = url.to_owned();
    match status {
        200..=299 => Ok(()),
        401 | 403 => Err(PandaError::Refused { url, reason: shown(text) }),
        // What is wrong with the request itself says so; the rest is the server's trouble.
        500 if text.contains("unexpected keyword") => {
            Err(PandaError::Invalid { url, reason: shown(text) })
        }
        408 | 429 | 500..=599 => {
            let reason = format!("HTTP status {status}{}", after(&shown(text)));
            Err(PandaError::Temporary { url, reason })
        }
        _ => {
            let reason = format!("HTTP status {status}{}", after(&shown(text)));
            Err(PandaError::Invalid { url, reason })
        }
    }
}

/// The data in a v1 answer; `None` if it says that there is no job.
pub(super) fn v1(url: &str, text: &str) -> Result<Option<Value>, PandaError> {
    let value: Value = serde_json::from_str(text).map_err(|_| PandaError::Invalid {
        url: url.to_owned(),
        reason: format!("the answer is no JSON: {:?}", shown(text)),
    })?;
    envelope(url, &value)
}

fn envelope(url: &str, value: &Value) -> Result<Option<Value>, PandaError> {
    let message = value.get("message").and_then(Value::as_str).unwrap_or_default();
    let data = value.get("data").cloned().unwrap_or(Value::Null);
    let code = data.get("StatusCode").map(whole);
    match (value.get("success").and_then(Value::as_bool), code) {
        (Some(true), None | Some(Some(DONE))) => Ok(Some(data)),
        (_, Some(Some(NO_JOB))) => Ok(None),
        (Some(_), Some(Some(code))) if code != DONE => Err(classify(url, code, message)),
        (Some(false), _) if message.contains("No jobs in PanDA") => Ok(None),
        (Some(false), _) => Err(failed(url, message)),
        _ => {
            let reason = format!("the answer is not understood: {:?}", shown(&value.to_string()));
            Err(PandaError::Invalid { url: url.to_owned(), reason })
        }
    }
}

/// A v1 answer without success and without a status code.
fn failed(url: &str, message: &str) -> PandaError {
    let said = message.to_lowercase();
    let (url, reason) = (url.to_owned(), shown(message));
    let is_refusal =
        ["role", "secure connection", "permission", "banned"].iter().any(|w| said.contains(w));
    if is_refusal {
        PandaError::Refused { url, reason }
    } else if ["error:", "argument", "method", "must be"].iter().any(|w| said.contains(w)) {
        PandaError::Invalid { url, reason }
    } else {
        PandaError::Temporary { url, reason }
    }
}

/// The data in an answer of a queue of our own. It has no trouble that passes: what it does not do, it never does.
pub(super) fn own(url: &str, text: &str) -> Result<Value, PandaError> {
    match v1(url, text) {
        Ok(data) => Ok(data.unwrap_or_default()),
        Err(PandaError::Temporary { url, reason }) => Err(PandaError::Invalid { url, reason }),
        Err(error) => Err(error),
    }
}

/// The fields of a classic answer, a query string or JSON; `None` if it says that there is no job.
pub(super) fn classic(url: &str, text: &str) -> Result<Option<Map<String, Value>>, PandaError> {
    let fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        _ => form_urlencoded::parse(text.trim().as_bytes())
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect(),
    };
    let why = || fields.get("errorDialog").and_then(Value::as_str).unwrap_or_default().to_owned();
    match fields.get("StatusCode").and_then(whole) {
        Some(DONE) => Ok(Some(fields)),
        Some(NO_JOB) => Ok(None),
        Some(code) => Err(classify(url, code, &why())),
        None => {
            let reason = format!("the answer has no StatusCode: {:?}", shown(text));
            Err(PandaError::Invalid { url: url.to_owned(), reason })
        }
    }
}

/// The answers to a bulk of `count` updates.
pub(super) fn bulk_v1(url: &str, text: &str, count: usize) -> Result<Vec<Answer>, PandaError> {
    let data = v1(url, text)?.unwrap_or_default();
    let one = |value: &Value| match envelope(url, value) {
        Ok(data) => Answer::Accepted(commands(data.as_ref().and_then(|data| data.get("command")))),
        Err(error) => not_accepted(&error),
    };
    counted(url, data.as_array().map(|list| list.iter().map(one).collect()), count)
}

/// The same of the classic interface: `[true, [answer, …]]`.
pub(super) fn bulk_classic(url: &str, text: &str, count: usize) -> Result<Vec<Answer>, PandaError> {
    let value: Value = serde_json::from_str(text).unwrap_or_default();
    let one = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match classic(url, &text) {
            Ok(fields) => Answer::Accepted(commands(fields.as_ref().and_then(|f| f.get("command")))),
            Err(error) => not_accepted(&error),
        }
    };
    match (value.get(0), value.get(1)) {
        (Some(Value::Bool(true)), Some(Value::Array(list))) => {
            counted(url, Some(list.iter().map(one).collect()), count)
        }
        (Some(Value::Bool(false)), why) => {
            let reason = shown(&why.map(Value::to_string).unwrap_or_default());
            Err(PandaError::Temporary { url: url.to_owned(), reason })
        }
        _ => {
            let reason = format!("the answer is not understood: {:?}", shown(text));
            Err(PandaError::Invalid { url: url.to_owned(), reason })
        }
    }
}

fn counted(url: &str, answers: Option<Vec<Answer>>, count: usize) -> Result<Vec<Answer>, PandaError> {
    answers.filter(|answers| answers.len() == count).ok_or_else(|| PandaError::Invalid {
        url: url.to_owned(),
        reason: format!("{count} updates were sent, and the answer is not a list of as many"),
    })
}

fn not_accepted(error: &PandaError) -> Answer {
    if error.may_pass() { Answer::Later(error.to_string()) } else { Answer::Rejected(error.to_string()) }
}

fn commands(value: Option<&Value>) -> BTreeSet<Command> {
    value.and_then(Value::as_str).map(Command::read).unwrap_or_default()
}

/// A status code: a number, or its text.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests;
