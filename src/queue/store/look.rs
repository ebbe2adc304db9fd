//! What is read of jobs, and changes nothing.

use super::{Store, StoreError};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

const RESULT: &str = "id, task, state, attempt, final_seq, report, meta_data, queue,
    json_extract(definition, '$.jobName')";

/// Which jobs are looked at; none = all.
#[derive(Debug, Clone, Default)]
pub struct Chosen {
    /// Only those of this queue.
    pub queue: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// Only those of this task.
    pub task: Option<i64>,
}

/// The same in SQL.
const CHOSEN: &str =
    "(?1 IS NULL OR queue = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR task = ?3)";

impl Store {
    /// State and attempt of jobs; none where there is no such job.
    ///
    /// # Errors
    /// The database fails.
    pub fn status(&self, ids: &[i64]) -> Result<Vec<Option<(String, i64)>>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT state, attempt FROM jobs WHERE id = ?1")?;
        let one = |id: &i64| query.query_row([id], |r| Ok((r.get(0)?, r.get(1)?))).optional();
        Ok(ids.iter().map(one).collect::<Result<_, _>>()?)
    }

    /// How many jobs of each queue are in each state.
    ///
    /// # Errors
    /// The database fails.
    pub fn summary(&self, which: &Chosen) -> Result<Value, StoreError> {
        let sql = format!("SELECT queue, state, count(*) FROM jobs WHERE {CHOSEN} GROUP BY 1, 2");
        let mut query = self.db.prepare_cached(&sql)?;
        let rows = query.query_map(params![which.queue, which.state, which.task], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?))
        })?;
        let mut queues = Map::new();
        for row in rows {
            let (queue, state, count) = row?;
            queues.entry(queue).or_insert_with(|| json!({}))[state] = count.into();
        }
        Ok(Value::Object(queues))
    }

    /// Jobs in the order of their numbers, those after number `after`.
    ///
    /// # Errors
    /// The database fails.
    pub fn list(&self, which: &Chosen, after: i64, limit: i64) -> Result<Vec<Value>, StoreError> {
        let sql = format!(
            "SELECT id, task, queue, state, attempt, max_attempt, priority,
             json_extract(definition, '$.transformation') FROM jobs
             WHERE {CHOSEN} AND id > ?4 ORDER BY id LIMIT ?5"
        );
        let mut query = self.db.prepare_cached(&sql)?;
        let one = |r: &Row<'_>| {
            let (number, text) = (|at| r.get::<_, i64>(at), |at| r.get::<_, String>(at));
            Ok(
                json!({"job_id": number(0)?, "task_id": number(1)?, "queue": text(2)?, "status": text(3)?,
                      "attempt_number": number(4)?, "max_attempt": number(5)?, "priority": number(6)?,
                      "transformation": text(7)?}),
            )
        };
        let given = params![which.queue, which.state, which.task, after, limit];
        Ok(query.query_map(given, one)?.collect::<Result<_, _>>()?)
    }

    /// Everything about a job: definition, what was reported, history; none = no such job.
    ///
    /// # Errors
    /// The database fails.
    pub fn show(&self, id: i64) -> Result<Option<Value>, StoreError> {
        let sql = format!("SELECT {RESULT}, definition FROM jobs WHERE id = ?1");
        let found = self
            .db
            .prepare_cached(&sql)?
            .query_row([id], |r| Ok((result(r)?, r.get::<_, String>(9)?)))
            .optional()?;
        let Some((mut job, definition)) = found else { return Ok(None) };
        job["definition"] =
            serde_json::from_str(&definition).map_err(|_| StoreError::Corrupt(id, "definition"))?;
        let mut query = self
            .db
            .prepare_cached("SELECT attempt, state, time FROM history WHERE job = ?1 ORDER BY rowid")?;
        let rows = query.query_map([id], |r| {
            Ok(json!({"attempt": r.get::<_, i64>(0)?, "status": r.get::<_, String>(1)?,
                      "time_ms": r.get::<_, i64>(2)?}))
        })?;
        job["history"] = Value::Array(rows.collect::<Result<_, _>>()?);
        Ok(Some(job))
    }

    /// Jobs of a task that became final after number `after`, in that order.
    ///
    /// # Errors
    /// The database fails.
    pub fn results(&self, task: i64, after: i64, limit: i64) -> Result<Vec<Value>, StoreError> {
        let sql = format!(
            "SELECT {RESULT} FROM jobs WHERE task = ?1 AND final_seq > ?2 ORDER BY final_seq LIMIT ?3"
        );
        let mut query = self.db.prepare_cached(&sql)?;
        Ok(query.query_map(params![task, after, limit], result)?.collect::<Result<_, _>>()?)
    }
}

fn result(row: &Row<'_>) -> rusqlite::Result<Value> {
    let report: String = row.get(5)?;
    let report: Value = serde_json::from_str(&report).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(e))
    })?;
    Ok(json!({"job_id": row.get::<_, i64>(0)?, "task_id": row.get::<_, i64>(1)?,
              "status": row.get::<_, String>(2)?, "attempt_number": row.get::<_, i64>(3)?,
              "seq": row.get::<_, Option<i64>>(4)?, "report": report,
              "meta_data": row.get::<_, Option<String>>(6)?, "queue": row.get::<_, String>(7)?,
              "name": row.get::<_, Option<String>>(8)?}))
}
