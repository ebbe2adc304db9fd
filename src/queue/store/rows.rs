//! Single rows within a transaction.

use super::StoreError;
use crate::queue::job::{Ending, Job, State};
use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::Value;

const COLUMNS: &str = "state, attempt, max_attempt, killed, batch_id, ending";

/// The next number of a counter, never below those that the jobs' `column` already has.
pub(super) fn next(tx: &Transaction<'_>, counter: &str, column: &str) -> Result<i64, StoreError> {
    let floor: i64 = match column {
        "task" => tx.query_row("SELECT coalesce(max(task), 0) FROM jobs", [], |r| r.get(0))?,
        _ => 0,
    };
    Ok(tx
        .prepare_cached(
            "INSERT INTO counters VALUES (?1, ?2 + 1)
             ON CONFLICT (name) DO UPDATE SET value = max(value, ?2) + 1 RETURNING value",
        )?
        .query_row(params![counter, floor], |r| r.get(0))?)
}

pub(super) fn load(tx: &Transaction<'_>, id: i64) -> Result<Option<Job>, StoreError> {
    type Raw = (String, i64, i64, bool, Option<String>, Option<String>);
    let raw: Option<Raw> = tx
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?)))
        .optional()?;
    let Some((state, attempt, max_attempt, killed, batch_id, ending)) = raw else { return Ok(None) };
    let state = State::from_word(&state).ok_or(StoreError::Corrupt(id, "state"))?;
    let ending = match ending {
        None => None,
        Some(word) => Some(Ending::from_word(&word).ok_or(StoreError::Corrupt(id, "ending"))?),
    };
    Ok(Some(Job { state, attempt, max_attempt, killed, batch_id, ending }))
}

/// Writes what the law made of a job.
pub(super) fn save(
    tx: &Transaction<'_>,
    id: i64,
    before: &Job,
    job: &Job,
    now: i64,
) -> Result<(), StoreError> {
    let seq = match job.state.is_final() {
        true => Some(next(tx, "final", "")?),
        false => None,
    };
    tx.prepare_cached(
        "UPDATE jobs SET state = ?2, attempt = ?3, max_attempt = ?4, killed = ?5, batch_id = ?6, ending = ?7,
         touched = ?8, final_seq = ?9 WHERE id = ?1",
    )?
    .execute(params![
        id,
        job.state.word(),
        job.attempt,
        job.max_attempt,
        job.killed,
        job.batch_id,
        job.ending.map(Ending::word),
        now,
        seq
    ])?;
    if job.attempt != before.attempt {
        // What the last attempt reported says nothing about this one.
        tx.prepare_cached("UPDATE jobs SET report = '{}', meta_data = NULL WHERE id = ?1")?
            .execute([id])?;
    }
    if (job.state, job.attempt) != (before.state, before.attempt) {
        note(tx, id, job.attempt, job.state, now)?;
    }
    Ok(())
}

pub(super) fn change(
    tx: &Transaction<'_>,
    id: i64,
    now: i64,
    law: impl Fn(&Job) -> Option<Job>,
) -> Result<bool, StoreError> {
    let Some(job) = load(tx, id)? else { return Ok(false) };
    let Some(next) = law(&job) else { return Ok(false) };
    save(tx, id, &job, &next, now)?;
    Ok(true)
}

pub(super) fn merge(tx: &Transaction<'_>, id: i64, report: &Value) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE jobs SET report = json_patch(report, ?2) WHERE id = ?1")?
        .execute(params![id, report.to_string()])?;
    Ok(())
}

pub(super) fn note(
    tx: &Transaction<'_>,
    id: i64,
    attempt: i64,
    state: State,
    now: i64,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO history VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        id,
        attempt,
        state.word(),
        now
    ])?;
    Ok(())
}

pub(super) fn ids(
    tx: &Transaction<'_>,
    sql: &str,
    given: &[&dyn rusqlite::ToSql],
) -> Result<Vec<i64>, StoreError> {
    let mut query = tx.prepare_cached(sql)?;
    Ok(query.query_map(given, |r| r.get(0))?.collect::<Result<_, _>>()?)
}
