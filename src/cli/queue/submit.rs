//! `paretorank queue submit`: many jobs, in batches that can be repeated.

use super::job::JobArgs;
use super::{Failed, Line, counted, told};
use crate::cli::write_out;
use crate::exit::Exit;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::{Path, PathBuf};

const AFTER_HELP: &str = "\
Jobs that differ in a number, and in lines of a file:
  paretorank queue submit --queue Q --count 20 --out 'out.{i}' sh -c 'echo {i} > out.{i}'
  paretorank queue submit --queue Q --lines lines.txt --key night-1 --walltime 2h ./simulate --events 100

A job's line for a shell is the transformation, its arguments as they are given here, and its line as it is.";

/// Arguments of `paretorank queue submit`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(flatten)]
    line: Line,
    /// Queue that the jobs wait in
    #[arg(long, value_name = "NAME")]
    queue: String,
    /// So many jobs
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: usize,
    /// A job for each line of a file that is not empty, which goes on its arguments; - = standard input
    #[arg(long, value_name = "FILE", conflicts_with = "count")]
    lines: Option<PathBuf>,
    /// Name of this submission: the same command again submits what is not yet there, and nothing twice
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    #[command(flatten)]
    job: JobArgs,
}

/// Most jobs in a request, and about the most bytes.
const BATCH: (usize, usize) = (1000, 8 << 20);

/// Submits.
pub fn run(args: &Args) -> Result<Exit, Failed> {
    let lines = args.lines.as_deref().map(read).transpose()?;
    let jobs = args.job.jobs(args.count, lines.as_deref());
    if jobs.is_empty() {
        return Err((Exit::Usage, "there are no jobs to submit".to_owned()));
    }
    // Without a name it gets one that no other has, so that what follows a failure below can be repeated.
    let key = args.key.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let whole = sum(&jobs);
    let client = args.line.client()?;
    let (mut task, mut ids) = (Value::Null, Vec::with_capacity(jobs.len()));
    for (at, batch) in batches(&jobs, BATCH).into_iter().enumerate() {
        let own = if at == 0 { key.clone() } else { format!("{key} #{at}") };
        let body =
            json!({"queue": args.queue, "jobs": batch, "key": own, "whole": whole, "task_id": task});
        let done = client.queue_does("submit", &body).map_err(|error| {
            let (exit, why) = told(error);
            let (there, all) = (ids.len(), jobs.len());
            let rest =
                format!("{there} of {all} jobs are there; the same with --key '{key}' adds the others");
            (exit, format!("{why}\nparetorank: {rest}"))
        })?;
        task = done["task_id"].clone();
        ids.extend(done["job_ids"].as_array().into_iter().flatten().cloned());
    }
    let text = match args.line.json {
        true => json!({"task_id": task, "job_ids": ids}).to_string(),
        false => format!("task {task} in {}: {}", args.queue, counted(ids.len())),
    };
    Ok(write_out(None, format!("{text}\n").as_bytes()))
}

fn read(file: &Path) -> Result<Vec<String>, Failed> {
    let text = match file.to_str() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map(|_| text)
        }
        _ => std::fs::read_to_string(file),
    };
    let text = text.map_err(|error| (Exit::Storage, format!("{}: {error}", file.display())))?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// What tells this list of jobs from others: a name stands for one list.
fn sum(jobs: &[Map<String, Value>]) -> String {
    let mut sum = Sha256::new();
    for job in jobs {
        sum.update(json!(job).to_string());
    }
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Parts of a list, in order, with at most so many jobs and about so many bytes each.
fn batches(jobs: &[Map<String, Value>], (most, bytes): (usize, usize)) -> Vec<&[Map<String, Value>]> {
    let (mut parts, mut from, mut size) = (vec![], 0, 0);
    for (at, job) in jobs.iter().enumerate() {
        let length = json!(job).to_string().len();
        if at > from && (at - from == most || size + length > bytes) {
            parts.push(&jobs[from..at]);
            (from, size) = (at, 0);
        }
        size += length;
    }
    parts.push(&jobs[from..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_order_and_both_limits() {
        let job = |text: &str| Map::from_iter([("p".to_owned(), json!(text))]);
        let jobs: Vec<_> = ["a", "b", "c", "dddddddddddddddddddddddddddddd", "e"].map(job).into();
        let sizes = |limits| batches(&jobs, limits).iter().map(|part| part.len()).collect::<Vec<_>>();
        assert_eq!(sizes((2, 1000)), [2, 2, 1]);
        assert_eq!(sizes((9, 30)), [3, 1, 1], "one that is too long goes alone");
        assert_eq!(batches(&jobs, (2, 30)).concat(), jobs);
        assert_ne!(sum(&jobs), sum(&jobs[1..]));
    }
}
