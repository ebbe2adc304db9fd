//! `paretorank queue kill` and `retry`.

use super::{Failed, Line, counted, told};
use crate::cli::{complain, write_out};
use crate::exit::Exit;
use serde_json::{Value, json};

/// Arguments of `paretorank queue kill` and `retry`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    line: Line,
    /// All jobs of a task
    #[arg(long, value_name = "N")]
    task: Option<i64>,
    /// Numbers of jobs
    #[arg(value_name = "JOB", required_unless_present = "task")]
    jobs: Vec<i64>,
}

/// Asks for it. Jobs that need no change are no failure; such that are not there are.
pub fn run(method: &str, args: &Args) -> Result<Exit, Failed> {
    let client = args.line.client()?;
    let body = json!({"job_ids": args.jobs, "task_id": args.task});
    let done = client.queue_does(method, &body).map_err(told)?;
    let count = |key: &str| done[key].as_array().map_or(0, Vec::len);
    let jobs = counted(count("job_ids"));
    let text = match args.line.json {
        true => done.to_string(),
        false => format!("{method}: {jobs}"),
    };
    let exit = write_out(None, format!("{text}\n").as_bytes());
    if count("unknown") > 0 {
        let unknown: Vec<String> =
            done["unknown"].as_array().into_iter().flatten().map(Value::to_string).collect();
        complain(format_args!("there are no such jobs: {}", unknown.join(", ")));
        return Ok(Exit::Failed);
    }
    Ok(exit)
}
