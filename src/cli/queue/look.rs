//! `paretorank queue list` and `show`.

use super::{Failed, Line, told};
use crate::cli::text::columns;
use crate::cli::{complain, write_out};
use crate::exit::Exit;
use crate::panda::{Client, PandaError};
use crate::queue::job::State;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// Arguments of `paretorank queue list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    line: Line,
    /// Only this queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Only jobs in this state, for example running or failed
    #[arg(long, value_name = "STATE", value_parser = State::ALL.map(State::word))]
    state: Option<String>,
    /// Only this task
    #[arg(long, value_name = "N")]
    task: Option<i64>,
    /// List the jobs instead of counting them; with --json one document a line
    #[arg(long)]
    jobs: bool,
}

/// Arguments of `paretorank queue show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[command(flatten)]
    line: Line,
    /// Numbers of jobs
    #[arg(value_name = "JOB", required = true)]
    jobs: Vec<i64>,
}

/// Most jobs in one answer.
const PAGE: usize = 1000;

/// Counts or lists.
pub fn list(args: &ListArgs) -> Result<Exit, Failed> {
    let client = args.line.client()?;
    let task = args.task.map(|task| task.to_string());
    let query: Vec<(&str, String)> = [("queue", args.queue.clone()), ("task_id", task)]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    if args.jobs {
        return jobs(&client, args, query);
    }
    let mut queues = client.queue_knows("summary", &query).map_err(told)?;
    if let (Some(state), Some(queues)) = (&args.state, queues.as_object_mut()) {
        queues
            .values_mut()
            .filter_map(Value::as_object_mut)
            .for_each(|map| map.retain(|k, _| k == state));
        queues.retain(|_, map| map.as_object().is_some_and(|map| !map.is_empty()));
    }
    let text = if args.line.json { format!("{queues}\n") } else { counts(&queues) };
    Ok(write_out(None, text.as_bytes()))
}

/// A row per queue and a column per state that occurs, in the order in which jobs go through them.
fn counts(queues: &Value) -> String {
    let queues: Vec<(&String, &Value)> = queues.as_object().into_iter().flatten().collect();
    let count = |queue: &Value, state: State| queue[state.word()].as_u64().unwrap_or(0);
    let occurs = |state: &State| queues.iter().any(|(_, queue)| count(queue, *state) > 0);
    let states: Vec<State> = State::ALL.into_iter().filter(occurs).collect();
    let cells = |first: &str, cell: &dyn Fn(State) -> String, last: String| -> Vec<String> {
        let middle = states.iter().map(|state| cell(*state));
        std::iter::once(first.to_owned()).chain(middle).chain([last]).collect()
    };
    let mut rows = vec![cells("queue", &|state| state.word().to_owned(), "all".to_owned())];
    for (name, queue) in &queues {
        let all: u64 = states.iter().map(|state| count(queue, *state)).sum();
        rows.push(cells(name, &|state| count(queue, state).to_string(), all.to_string()));
    }
    columns(&rows)
}

/// Prints jobs page by page: there may be more of them than memory.
fn jobs(client: &Client, args: &ListArgs, mut query: Vec<(&str, String)>) -> Result<Exit, Failed> {
    const HEAD: [&str; 7] =
        ["job_id", "task_id", "queue", "status", "attempt_number", "priority", "transformation"];
    query.extend(args.state.iter().map(|state| ("state", state.clone())));
    query.push(("limit", PAGE.to_string()));
    let mut after = 0;
    loop {
        let page = [&query[..], &[("after", after.to_string())]].concat();
        let found = client.queue_knows("list", &page).map_err(told)?;
        let found = found.as_array().cloned().unwrap_or_default();
        let text: String = if args.line.json {
            found.iter().map(|job| format!("{job}\n")).collect()
        } else {
            let head =
                HEAD.map(|key| key.trim_end_matches("_id").trim_end_matches("_number").to_owned());
            let cell =
                |job: &Value, key: &str| job[key].as_str().map_or(job[key].to_string(), str::to_owned);
            let rows = found.iter().map(|job| HEAD.map(|key| cell(job, key)).to_vec());
            columns(&std::iter::once(head.to_vec()).chain(rows).collect::<Vec<_>>())
        };
        // From the second page on the head was seen.
        let seen =
            if after > 0 && !args.line.json { text.find('\n').map_or(0, |end| end + 1) } else { 0 };
        match write_out(None, &text.as_bytes()[seen..]) {
            Exit::Complete => {}
            exit => return Ok(exit),
        }
        match found.last().and_then(|job| job["job_id"].as_i64()) {
            Some(last) if found.len() == PAGE => after = last,
            _ => return Ok(Exit::Complete),
        }
    }
}

/// Shows each; one that is not there is said, and the others are shown.
pub fn show(args: &ShowArgs) -> Result<Exit, Failed> {
    let client = args.line.client()?;
    let mut exit = Exit::Complete;
    for id in &args.jobs {
        match client.queue_knows("show", &[("job_id", id.to_string())]) {
            Ok(job) => {
                let text = if args.line.json { format!("{job}\n") } else { shown(&job) };
                write_out(None, text.as_bytes());
            }
            Err(PandaError::Invalid { reason, .. }) => {
                complain(reason);
                exit = Exit::Failed;
            }
            Err(error) => return Err(told(error)),
        }
    }
    Ok(exit)
}

/// A job for people: its line, what it needs, how it went.
fn shown(job: &Value) -> String {
    let nothing = Map::new();
    let definition = job["definition"].as_object().unwrap_or(&nothing);
    let text = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let said = |key: &str| definition.get(key).map(text).unwrap_or_default();
    let mut out = format!(
        "job {} of task {} in {}: {}, attempt {}\n  {} {}\n",
        job["job_id"],
        job["task_id"],
        text(&job["queue"]),
        text(&job["status"]),
        job["attempt_number"],
        said("transformation"),
        said("jobPars")
    );
    let is_set = |value: &Value| *value != json!("") && *value != json!("NULL") && *value != json!(0);
    let needs = [
        "coreCount",
        "minRamCount",
        "maxWalltime",
        "currentPriority",
        "container_name",
        "inFiles",
        "outFiles",
    ];
    for key in needs.into_iter().filter(|key| definition.get(*key).is_some_and(is_set)) {
        let _ = writeln!(out, "  {key}: {}", said(key));
    }
    for event in job["history"].as_array().into_iter().flatten() {
        let at = UNIX_EPOCH + Duration::from_millis(event["time_ms"].as_u64().unwrap_or(0));
        let at = humantime::format_rfc3339_millis(at);
        let _ = writeln!(out, "  {at}  attempt {}  {}", event["attempt"], text(&event["status"]));
    }
    for (key, value) in job["report"].as_object().into_iter().flatten() {
        let _ = writeln!(out, "  {key}: {}", text(value).replace('\n', "\n    "));
    }
    out
}
