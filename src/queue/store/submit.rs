//! Jobs come in.

use super::definition::Definition;
use super::rows::{next, note};
use super::{Store, StoreError};
use crate::queue::job::State;
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Jobs that come together.
#[derive(Debug, Clone, Default)]
pub struct Submission {
    /// Where they wait.
    pub queue: String,
    /// Their definitions.
    pub jobs: Vec<Map<String, Value>>,
    /// Its name: it is done once.
    pub key: Option<String>,
    /// What tells the list that it is a batch of from others.
    pub whole: Option<String>,
    /// The task that they belong to; none = a new one.
    pub task: Option<i64>,
}

impl Submission {
    /// What tells it from other submissions.
    fn sum(&self) -> String {
        let Self { queue, jobs, key: _, whole, task } = self;
        let sum = Sha256::digest(json!([queue, jobs, whole, task]).to_string());
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// Adds jobs; the same key again gives the same task and ids and adds nothing.
    ///
    /// # Errors
    /// A definition is wrong, the key stands for other jobs, or the database fails.
    pub fn submit(&mut self, given: &Submission, now: i64) -> Result<(i64, Vec<i64>), StoreError> {
        let tx = self.db.transaction()?;
        let sum = given.sum();
        if let Some(key) = &given.key {
            // What an older release wrote has no sum.
            let known: Option<(i64, String, Option<String>)> = tx
                .prepare_cached("SELECT task, ids, sum FROM submissions WHERE key = ?1")?
                .query_row([key], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
                .optional()?;
            if let Some((task, ids, known)) = known {
                if known.is_some_and(|known| known != sum) {
                    let why =
                        format!("the key {key:?} stands for other jobs, which were submitted before");
                    return Err(StoreError::Refused(why));
                }
                let ids =
                    serde_json::from_str(&ids).map_err(|_| StoreError::Corrupt(0, "list of ids"))?;
                return Ok((task, ids));
            }
        }
        let task = match given.task {
            Some(task) => task,
            None => next(&tx, "task", "task")?,
        };
        let mut ids = Vec::with_capacity(given.jobs.len());
        for (at, job) in given.jobs.iter().enumerate() {
            ids.push(insert(&tx, &given.queue, task, job, at, now)?);
        }
        if let Some(key) = &given.key {
            let text = Value::from(ids.clone()).to_string();
            tx.execute(
                "INSERT INTO submissions VALUES (?1, ?2, ?3, ?4)",
                params![key, task, text, sum],
            )?;
        }
        tx.commit()?;
        Ok((task, ids))
    }
}

fn insert(
    tx: &Transaction<'_>,
    queue: &str,
    task: i64,
    given: &Map<String, Value>,
    at: usize,
    now: i64,
) -> Result<i64, StoreError> {
    let job =
        Definition::read(given).map_err(|why| StoreError::Refused(format!("jobs[{at}]: {why}")))?;
    tx.prepare_cached(
        "INSERT INTO jobs (task, queue, state, attempt, max_attempt, priority, label, ram, disk, walltime,
         resource_type, touched, definition) VALUES (?1, ?2, 'activated', 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '')",
    )?
    .execute(params![
        task,
        queue,
        job.max_attempt,
        job.priority,
        job.label,
        job.ram_mb,
        job.disk_mb,
        job.walltime_s,
        job.resource_type,
        now
    ])?;
    let id = tx.last_insert_rowid();
    let whole = Value::Object(job.whole(id, task, queue)).to_string();
    tx.prepare_cached("UPDATE jobs SET definition = ?2 WHERE id = ?1")?.execute(params![id, whole])?;
    note(tx, id, 1, State::Activated, now)?;
    Ok(id)
}
