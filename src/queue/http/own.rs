//! The module `queue`: what PanDA has no call for, or needs other services for.

use super::args::{
    Kind::{Int, List, Str},
    Table,
};
use super::request::{Call, Refusal, envelope, unknown};
use super::{Shared, now};
use crate::queue::job::{Job, State};
use crate::queue::law;
use crate::queue::store::{Chosen, Submission};
use crate::queue::tokens::Role;
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

const SUBMIT: Table = Table {
    required: &[("queue", "", Str), ("jobs", "", List)],
    optional: &[("key", "", Str), ("whole", "", Str), ("task_id", "", Int)],
    ignored: &[],
};
const ASK: Table =
    Table { required: &[], optional: &[("job_ids", "", List), ("task_id", "", Int)], ignored: &[] };

/// Answers a call.
pub async fn answer(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    call.must_have(Role::User)?;
    match call.name.as_str() {
        "submit" => submit(shared, call.posted()?).await,
        "kill" => ask(shared, &call.posted()?, law::kill).await,
        "withdraw" => ask(shared, &call.posted()?, law::withdraw).await,
        "retry" => ask(shared, &call.posted()?, law::retry).await,
        "summary" => {
            let [queue, task] = queried(call, ["queue", "task_id"])?;
            let which = Chosen { queue, task: number("task_id", task)?, ..Chosen::default() };
            Ok(envelope(true, "", shared.with(move |store| store.summary(&which)).await?))
        }
        "list" => list(shared, call).await,
        "show" => {
            let [id] = numbers(call, ["job_id"])?;
            let id = id.ok_or_else(|| lacks("job_id"))?;
            match shared.with(move |store| store.show(id)).await? {
                Some(job) => Ok(envelope(true, "", job)),
                None => Err(Refusal::No(format!("there is no job {id}"))),
            }
        }
        "results" => results(shared, call).await,
        _ => Err(unknown(call)),
    }
}

async fn submit(shared: &Arc<Shared>, given: Map<String, Value>) -> Result<Value, Refusal> {
    if let Some(why) = SUBMIT.refuse(&given) {
        return Err(Refusal::No(why));
    }
    let text = |key: &str| given.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut submission = Submission {
        queue: text("queue").unwrap_or_default(),
        key: text("key"),
        whole: text("whole"),
        task: given.get("task_id").and_then(Value::as_i64),
        jobs: vec![],
    };
    for (at, job) in given.get("jobs").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let Value::Object(job) = job else {
            return Err(Refusal::No(format!("jobs[{at}] must be an object")));
        };
        submission.jobs.push(job.clone());
    }
    let refused = |why: &str| Err(Refusal::No(format!("queue {:?} {why}", submission.queue)));
    match shared.described(&submission.queue).await? {
        None => return refused("is not among those of queues.toml"),
        Some(queue) if !queue.status.takes() => return refused("takes no new jobs"),
        Some(_) => {}
    }
    let (task, ids) = shared.with(move |store| store.submit(&submission, now())).await?;
    shared.news.notify_waiters();
    Ok(envelope(true, "", json!({"task_id": task, "job_ids": ids})))
}

/// Jobs in the order of their numbers, those after `after`.
async fn list(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    let names = ["queue", "state", "task_id", "after", "limit"];
    let [queue, state, task, after, limit] = queried(call, names)?;
    if let Some(state) = state.as_ref().filter(|word| State::from_word(word).is_none()) {
        let known: Vec<_> = State::ALL.iter().map(|state| state.word()).collect();
        return Err(Refusal::No(format!("there is no state {state:?}, only {}", known.join(", "))));
    }
    let which = Chosen { queue, state, task: number("task_id", task)? };
    let after = number("after", after)?.unwrap_or(0);
    let limit = number("limit", limit)?.unwrap_or(1000).clamp(1, 10_000);
    let found = shared.with(move |store| store.list(&which, after, limit)).await?;
    Ok(envelope(true, "", Value::Array(found)))
}

async fn ask(
    shared: &Arc<Shared>,
    given: &Map<String, Value>,
    law: fn(&Job) -> Option<Job>,
) -> Result<Value, Refusal> {
    if let Some(why) = ASK.refuse(given) {
        return Err(Refusal::No(why));
    }
    let mut ids = Vec::new();
    for id in given.get("job_ids").and_then(Value::as_array).into_iter().flatten() {
        let number = id.as_i64();
        ids.push(
            number
                .ok_or_else(|| Refusal::No(format!("Type error: job_ids must be integers, got {id}")))?,
        );
    }
    let task = given.get("task_id").and_then(Value::as_i64);
    let (changed, unknown) = shared.with(move |store| store.ask(&ids, task, law, now())).await?;
    shared.news.notify_waiters();
    Ok(envelope(true, "", json!({"job_ids": changed, "unknown": unknown})))
}

/// Answers when there is something, or when the wait is over, or when the server ends.
async fn results(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
    let [task, after, wait, limit] = numbers(call, ["task_id", "after", "wait", "limit"])?;
    let task = task.ok_or_else(|| lacks("task_id"))?;
    let (after, limit) = (after.unwrap_or(0), limit.unwrap_or(1000).clamp(1, 10_000));
    let wait_s = wait.unwrap_or(0);
    let found = shared.awaited(wait_s, || shared.with(move |store| store.results(task, after, limit)));
    Ok(envelope(true, "", Value::Array(found.await?)))
}

fn lacks(name: &str) -> Refusal {
    Refusal::No(format!("Argument error: missing a required argument: '{name}'"))
}

/// The values of a GET call's query, by name.
fn queried<const N: usize>(call: &Call, names: [&str; N]) -> Result<[Option<String>; N], Refusal> {
    call.must_be(&Method::GET)?;
    let mut found = [const { None }; N];
    for (name, value) in pairs(&call.query) {
        let Some(at) = names.iter().position(|n| *n == name) else {
            return Err(Refusal::No(format!(
                "Argument error: got an unexpected keyword argument '{name}'"
            )));
        };
        found[at] = Some(value.into_owned());
    }
    Ok(found)
}

fn number(name: &str, value: Option<String>) -> Result<Option<i64>, Refusal> {
    let Some(value) = value else { return Ok(None) };
    let wrong = |_| Refusal::No(format!("Type error: '{name}' must be of type int, got {value}."));
    value.parse().map(Some).map_err(wrong)
}

/// The numbers of a GET call's query, by name.
fn numbers<const N: usize>(call: &Call, names: [&str; N]) -> Result<[Option<i64>; N], Refusal> {
    let mut found = [None; N];
    for (at, value) in queried(call, names)?.into_iter().enumerate() {
        found[at] = number(names[at], value)?;
    }
    Ok(found)
}

/// Names and values of a query.
pub fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    form_urlencoded::parse(query.as_bytes())
}
