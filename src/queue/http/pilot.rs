//! The module `pilot` of the v1 API.

use super::args::{Kind, Table};
use super::{Call, Refusal, Shared, envelope, now, unknown};
use crate::queue::store::Wanted;
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const ACQUIRE: Table = Table {
    required: &[("site_name", Kind::Str)],
    optional: &[
        (
            &[
                "prod_source_label",
                "node",
                "computing_element",
                "resource_type",
                "prod_user_id",
                "job_type",
                "harvester_id",
                "scheduler_id",
            ],
            Kind::Str,
        ),
        (&["n_jobs", "timeout"], Kind::SetInt),
        (&["memory", "disk_space", "remaining_time", "task_id", "worker_id"], Kind::Int),
        (&["background", "via_topic", "get_proxy_key"], Kind::Bool),
        (&["target_architecture"], Kind::Dict),
    ],
};

const UPDATE: Table = Table {
    required: &[("job_id", Kind::Int), ("job_status", Kind::Str)],
    optional: &[
        (
            &[
                "job_sub_status",
                "node",
                "site_name",
                "scheduler_id",
                "pilot_id",
                "batch_id",
                "cpu_consumption_unit",
                "cpu_architecture_level",
                "pilot_error_diag",
                "exe_error_diag",
                "pilot_timing",
                "job_metrics",
                "start_time",
                "end_time",
                "pilot_log",
                "meta_data",
                "stdout",
                "job_output_report",
                "corrupted_files",
                "grid",
                "source_site",
                "destination_site",
            ],
            Kind::Str,
        ),
        (
            &[
                "attempt_nr",
                "trans_exit_code",
                "pilot_error_code",
                "exe_error_code",
                "n_events",
                "n_input_files",
                "cpu_consumption_time",
                "core_count",
                "mean_core_count",
            ],
            Kind::Int,
        ),
        (&["timeout"], Kind::SetInt),
        (
            &[
                "cpu_conversion_factor",
                "max_rss",
                "max_vmem",
                "max_swap",
                "max_pss",
                "avg_rss",
                "avg_vmem",
                "avg_swap",
                "avg_pss",
                "tot_rchar",
                "tot_wchar",
                "tot_rbytes",
                "tot_wbytes",
                "rate_rchar",
                "rate_wchar",
                "rate_rbytes",
                "rate_wbytes",
            ],
            Kind::Num,
        ),
    ],
};

const BULK: Table =
    Table { required: &[("job_list", Kind::List)], optional: &[(&["harvester_id"], Kind::Str)] };

/// Answers a call.
pub async fn answer(shared: &Arc<Shared>, call: &Call) -> Result<Value, Refusal> {
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
    let text = |key: &str| given.get(key).and_then(Value::as_str).map(str::to_owned);
    let number = |key: &str| given.get(key).and_then(Value::as_i64);
    let want = Wanted {
        queue: text("site_name").unwrap_or_default(),
        count: number("n_jobs").unwrap_or(1).clamp(0, 10_000),
        label: text("prod_source_label"),
        memory: number("memory").unwrap_or(0),
        disk: number("disk_space").unwrap_or(0),
        remaining: number("remaining_time"),
        task: number("task_id"),
        resource_type: text("resource_type"),
    };
    let jobs = shared.with(move |store| store.acquire(&want, now())).await?;
    if jobs.is_empty() {
        return Ok(envelope(false, "No jobs in PanDA", Value::Null));
    }
    Ok(envelope(true, "", json!({"StatusCode": 0, "jobs": jobs})))
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
        for (key, _) in UPDATE.required {
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
    for (name, value) in super::own::pairs(&call.query) {
        match (name, value.parse::<i64>()) {
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
