//! What is read of jobs, and changes nothing.

use super::{Store, StoreError};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value, json};

const RESULT: &str = "id, task, state, attempt, final_seq, report, meta_data, queue";

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
    pub fn summary(&self) -> Result<Value, StoreError> {
        let mut query =
            self.db.prepare_cached("SELECT queue, state, count(*) FROM jobs GROUP BY 1, 2")?;
        let rows = query.query_map([], |r| {
            Ok((r.get::<_, String>(0)?, r.get::<_, String>(1)?, r.get::<_, i64>(2)?))
        })?;
        let mut queues = Map::new();
        for row in rows {
            let (queue, state, count) = row?;
            queues.entry(queue).or_insert_with(|| json!({}))[state] = count.into();
        }
        Ok(Value::Object(queues))
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
            .query_row([id], |r| Ok((result(r)?, r.get::<_, String>(8)?)))
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
              "meta_data": row.get::<_, Option<String>>(6)?, "queue": row.get::<_, String>(7)?}))
}
