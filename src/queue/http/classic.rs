//! The classic API, as far as pilots use it: `/server/panda/METHOD`, forms in, query strings or JSON out.
//! Arguments become those of v1, so that both generations do the same.

use super::args::Table;
use super::request::{Call, Refusal};
use super::tables::{ACQUIRE, BULK, NONE, STATUS, UPDATE, WORKER};
use super::{Shared, now, pilot};
use crate::queue::tokens::Role;
use axum::http::header;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// There is no job.
const NO_JOB: i64 = 20;
/// The caller's role does not do.
const NO_ROLE: i64 = 60;

/// Names and values of an answer, in order.
type Fields = Vec<(&'static str, Value)>;

/// Answers a call.
pub async fn answer(shared: &Arc<Shared>, call: &Call) -> Result<String, Refusal> {
    let needs = match &*call.name {
        "isAlive" | "getResourceTypes" => Role::Nobody,
        "getStatus" => Role::User,
        "getJob" | "updateJob" | "updateJobsInBulk" | "updateWorkerPilotStatus" => Role::Production,
        name => return Err(Refusal::Forbidden(format!("method {name} is forbidden"))),
    };
    let is_json = call.says(header::ACCEPT, "application/json");
    if call.role < needs {
        return Ok(encoded(is_json, status(NO_ROLE)));
    }
    let given = arguments(call)?;
    let read = |table: &Table| table.read_classic(&call.name, &given).map_err(Refusal::Broken);
    match &*call.name {
        "isAlive" => read(&NONE).map(|_| "alive=yes".to_owned()),
        "getJob" => get_job(shared, &read(&ACQUIRE)?, is_json).await,
        "updateJob" => {
            let update = read(&UPDATE)?;
            let commands = shared.with(move |store| store.update(&[update], now())).await?;
            Ok(encoded(is_json, accepted(commands.first().copied().unwrap_or("NULL"))))
        }
        "updateJobsInBulk" => in_bulk(shared, read(&BULK)?).await,
        "getStatus" => get_status(shared, &read(&STATUS)?, is_json).await,
        "updateWorkerPilotStatus" => worker(&read(&WORKER)?).map(|fields| encoded(is_json, fields)),
        _ => read(&NONE).map(|_| encoded(is_json, resource_types())),
    }
}

/// The query, and after it the body: a form, or compressed JSON.
fn arguments(call: &Call) -> Result<Map<String, Value>, Refusal> {
    let pairs = |text: &[u8]| -> Map<String, Value> {
        let pairs = form_urlencoded::parse(text);
        pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
    };
    let mut given = pairs(call.query.as_bytes());
    if !call.says(header::CONTENT_TYPE, "application/json") {
        given.extend(pairs(&call.body));
        return Ok(given);
    }
    // Servers of this generation take JSON for compressed, whatever the header says.
    if !call.says(header::CONTENT_ENCODING, "gzip") {
        return Err(Refusal::Broken("a JSON body must be compressed with gzip".to_owned()));
    }
    let body: Map<String, Value> = serde_json::from_slice(&call.body)
        .map_err(|e| Refusal::Broken(format!("the body is no JSON object: {e}")))?;
    given.extend(body);
    Ok(given)
}

async fn get_job(
    shared: &Arc<Shared>,
    given: &Map<String, Value>,
    is_json: bool,
) -> Result<String, Refusal> {
    let jobs = pilot::hand_out(shared, given).await?;
    if jobs.is_empty() {
        return Ok(encoded(is_json, status(NO_JOB)));
    }
    if given.contains_key("n_jobs") {
        return Ok(encoded(is_json, [status(0), vec![("jobs", jobs.into())]].concat()));
    }
    let job = jobs.into_iter().next().unwrap_or_default();
    let fields = job.as_object().into_iter().flatten().map(|(name, value)| (&**name, value.clone()));
    Ok(encoded(is_json, status(0).into_iter().chain(fields)))
}

/// All in one transaction; one map that makes no sense fails the call, of which nothing is stored then.
async fn in_bulk(shared: &Arc<Shared>, mut given: Map<String, Value>) -> Result<String, Refusal> {
    let Some(Value::Array(list)) = given.remove("job_list") else {
        return Err(Refusal::Broken("updateJobsInBulk(): jobList is no list".to_owned()));
    };
    let one = |(at, entry): (usize, &Value)| match entry.as_object() {
        Some(map) => UPDATE.read_classic("updateJob", map),
        None => Err(format!("jobList[{at}] is no object")),
    };
    let updates: Vec<_> = match list.iter().enumerate().map(one).collect() {
        Ok(updates) => updates,
        Err(why) => return Ok(json!([false, why]).to_string()),
    };
    let commands = shared.with(move |store| store.update(&updates, now())).await?;
    let answers: Vec<String> =
        commands.into_iter().map(|command| encoded(false, accepted(command))).collect();
    Ok(json!([true, answers]).to_string())
}

async fn get_status(
    shared: &Arc<Shared>,
    given: &Map<String, Value>,
    is_json: bool,
) -> Result<String, Refusal> {
    let text = given.get("job_ids").and_then(Value::as_str).unwrap_or_default();
    let ids: Result<Vec<i64>, _> = text.split_whitespace().map(str::parse).collect();
    let ids = ids.map_err(|_| Refusal::Broken("getStatus(): ids must be integers".to_owned()))?;
    let found = shared.with(move |store| store.status(&ids)).await?;
    let (states, attempts): (Vec<String>, Vec<String>) = found
        .into_iter()
        .map(|found| found.unwrap_or(("notfound".to_owned(), 0)))
        .map(|(state, attempt)| (state, attempt.to_string()))
        .unzip();
    let rest = vec![("status", states.join("+").into()), ("attemptNr", attempts.join("+").into())];
    Ok(encoded(is_json, [status(0), rest].concat()))
}

/// Batch jobs are nobody's here: it is logged, so that the pilot that tells it goes on.
fn worker(given: &Map<String, Value>) -> Result<Fields, Refusal> {
    let text = |key: &str| given.get(key).and_then(Value::as_str).unwrap_or_default();
    let state = text("status");
    if !matches!(state, "started" | "finished") {
        let why =
            format!("updateWorkerPilotStatus(): status must be started or finished, got {state:?}");
        return Err(Refusal::Broken(why));
    }
    tracing::info!("worker {} of {} {state}", text("worker_id"), text("harvester_id"));
    Ok(status(0))
}

/// Those that [`crate::queue::store`] gives to jobs.
fn resource_types() -> Fields {
    let one = |name: &str, least: u64, most: Value| {
        json!({"resource_name": name, "mincore": least, "maxcore": most, "minrampercore": null,
               "maxrampercore": null})
    };
    let types = json!([one("SCORE", 1, json!(1)), one("MCORE", 2, Value::Null)]);
    [status(0), vec![("Returns", 0.into()), ("ResourceTypes", types)]].concat()
}

fn status(code: i64) -> Fields {
    vec![("StatusCode", code.into())]
}

fn accepted(command: &str) -> Fields {
    [status(0), vec![("command", command.into())]].concat()
}

/// An answer as JSON, or as a query string in which what is no text is written as Python would.
fn encoded<'a>(is_json: bool, fields: impl IntoIterator<Item = (&'a str, Value)>) -> String {
    if is_json {
        let map: Map<String, Value> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        return Value::Object(map).to_string();
    }
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        value => value.to_string(),
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields.into_iter().map(|(name, value)| (name, text(value))));
    form.finish()
}
