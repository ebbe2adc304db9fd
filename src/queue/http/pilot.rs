//! The module `pilot` of the v1 API.

use super::own::pairs;
use super::request::{Call, Refusal, envelope, unknown};
use super::tables::{ACQUIRE, BULK, UPDATE};
use super::{Shared, now};
use crate::queue::description::Status;
use crate::queue::store::Wanted;
use crate::queue::tokens::Role;
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Answers a call.
pub async fn answer(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    call.must_have(if call.name == "get_job_status" { Role::User } else { Role::Production })?;
    match call.name.as_str() {
        "acquire_jobs" => acquire(shared, &call.posted()?).await,
        "update_job" => {
            let update = call.posted()?;
            if let Some(why) = UPDATE.refuse(&update) {
                return Err(Refusal::No(why));
            }
            let commands = shared.with(move |store| store.update(&[update], now())).await?;
            Ok(accepted(commands.first().copied().unwrap_or("NULL")))
        }
        "update_jobs_bulk" => bulk(shared, call.posted()?).await,
        "get_job_status" => status(shared, call).await,
        _ => Err(unknown(call)),
    }
}

async fn acquire(shared: &Arc<Shared>, given: &Map<String, Value>) -> Result<Value, Refusal> {
    if let Some(why) = ACQUIRE.refuse(given) {
        return Err(Refusal::No(why));
    }
    let jobs = hand_out(shared, given).await?;
    if jobs.is_empty() {
        return Ok(envelope(false, "No jobs in PanDA", Value::Null));
    }
    Ok(envelope(true, "", json!({"StatusCode": 0, "jobs": jobs})))
}

/// Jobs for a pilot that asks for them by the names and types of v1, as far as its queue gives any. Who says a
/// `timeout` waits so many seconds for some.
pub async fn hand_out(shared: &Arc<Shared>, given: &Map<String, Value>) -> Result<Vec<Value>, Refusal> {
    let wait_s = given.get("timeout").and_then(Value::as_i64).unwrap_or(0);
    shared.awaited(wait_s, || at_once(shared, wanted(given))).await
}

async fn at_once(shared: &Arc<Shared>, mut want: Wanted) -> Result<Vec<Value>, Refusal> {
    let Some(queue) = shared.described(&want.queue).await? else { return Ok(vec![]) };
    if queue.status == Status::Offline {
        return Ok(vec![]);
    }
    want.label = queue.status.label(want.label);
    shared.with(move |store| store.acquire(&want, now())).await
}

fn wanted(given: &Map<String, Value>) -> Wanted {
    let text = |key: &str| given.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| given.get(key).and_then(Value::as_i64);
    Wanted {
        queue: text("site_name").unwrap_or_default(),
        count: number("n_jobs").unwrap_or(1).clamp(0, 10_000),
        label: text("prod_source_label"),
        memory: number("memory").unwrap_or(0).max(0),
        disk: number("disk_space").unwrap_or(0).max(0),
        remaining: number("remaining_time"),
        task: number("task_id"),
        resource_type: text("resource_type"),
    }
}

/// All well-formed updates in one transaction; the others are answered one by one in their place.
async fn bulk(shared: &Arc<Shared>, mut given: Map<String, Value>) -> Result<Value, Refusal> {
    if let Some(why) = BULK.refuse(&given) {
        return Err(Refusal::No(why));
    }
    let Some(Value::Array(list)) = given.remove("job_list") else {
        return Err(Refusal::No(String::new()));
    };
    let mut good = Vec::with_capacity(list.len());
    let mut answers = Vec::with_capacity(list.len());
    for entry in list {
        let Value::Object(update) = entry else {
            return Err(Refusal::No("Argument error: job_list must hold dicts.".to_owned()));
        };
        for (key, ..) in UPDATE.required {
            if !update.contains_key(*key) {
                return Err(Refusal::No(format!("Argument error: an entry of job_list lacks '{key}'")));
            }
        }
        answers.push(UPDATE.refuse(&update));
        if answers.last().is_some_and(Option::is_none) {
            good.push(update);
        }
    }
    let mut commands = shared.with(move |store| store.update(&good, now())).await?.into_iter();
    let one = |refused: Option<String>| match refused {
        Some(why) => envelope(false, &why, Value::Null),
        None => accepted(commands.next().unwrap_or("NULL")),
    };
    Ok(envelope(true, "", answers.into_iter().map(one).collect()))
}

fn accepted(command: &str) -> Value {
    envelope(true, "", json!({"StatusCode": 0, "command": command}))
}

async fn status(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    call.must_be(&Method::GET)?;
    let mut ids = Vec::new();
    for (name, value) in pairs(&call.query) {
        match (&*name, value.parse::<i64>()) {
            ("job_ids", Ok(id)) => ids.push(id),
            ("job_ids", Err(_)) => {
                return Err(Refusal::No(format!(
                    "Type error: 'job_ids' must be integers, got {value}."
                )));
            }
            ("timeout", Ok(_)) => {}
            _ => {
                let why = format!("Argument error: got an unexpected keyword argument '{name}'");
                return Err(Refusal::No(why));
            }
        }
    }
    let asked = ids.clone();
    let found = shared.with(move |store| store.status(&asked)).await?;
    let one = |(id, found): (&i64, Option<(String, i64)>)| {
        let (status, attempt) = found.unwrap_or(("not found".to_owned(), 0));
        json!({"job_id": id, "status": status, "attempt_number": attempt})
    };
    Ok(envelope(true, "", ids.iter().zip(found).map(one).collect()))
}
