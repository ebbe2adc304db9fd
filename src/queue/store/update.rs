//! Jobs change: by what pilots tell, by time, and by request.

use super::rows::{change, ids, load, merge, save};
use super::{Store, StoreError};
use crate::queue::job::{Ending, Job, State};
use crate::queue::law::{self, Report, Verdict};
use rusqlite::{Transaction, params};
use serde_json::{Map, Value, json};

impl Store {
    /// Takes updates in; the command for each.
    ///
    /// # Errors
    /// The database fails; nothing of the call is stored then.
    pub fn update(
        &mut self,
        updates: &[Map<String, Value>],
        now: i64,
    ) -> Result<Vec<&'static str>, StoreError> {
        let tx = self.db.transaction()?;
        let commands = updates.iter().map(|u| apply(&tx, u, now)).collect::<Result<_, _>>()?;
        tx.commit()?;
        Ok(commands)
    }

    /// Settles what has ended and loses what is silent for too long (both in milliseconds). How many changed.
    ///
    /// # Errors
    /// The database fails.
    pub fn tick(&mut self, now: i64, dispatch: i64, heartbeat: i64) -> Result<usize, StoreError> {
        let tx = self.db.transaction()?;
        let ended =
            ids(&tx, "SELECT id FROM jobs WHERE state = 'holding' AND ending IS NOT NULL", params![])?;
        for id in &ended {
            change(&tx, *id, now, law::settle)?;
        }
        let unsent = ids(
            &tx,
            "SELECT id FROM jobs WHERE state = 'sent' AND touched < ?1",
            params![now.saturating_sub(dispatch)],
        )?;
        let silent = ids(
            &tx,
            "SELECT id FROM jobs WHERE state IN ('starting', 'running', 'holding', 'transferring')
             AND touched < ?1",
            params![now.saturating_sub(heartbeat)],
        )?;
        let why = |code: i64, diag: &str| json!({"job_dispatcher_error_code": code, "job_dispatcher_error_diag": diag});
        for (lost, report) in
            [(&unsent, why(102, "sent without any update")), (&silent, why(100, "lost heartbeat"))]
        {
            for id in lost {
                merge(&tx, *id, &report)?;
                change(&tx, *id, now, law::lose)?;
            }
        }
        tx.commit()?;
        Ok(ended.len() + unsent.len() + silent.len())
    }

    /// Kills or retries jobs (`law::kill`, `law::retry`): those that changed, and those that are not there.
    ///
    /// # Errors
    /// The database fails.
    pub fn ask(
        &mut self,
        jobs: &[i64],
        task: Option<i64>,
        law: fn(&Job) -> Option<Job>,
        now: i64,
    ) -> Result<(Vec<i64>, Vec<i64>), StoreError> {
        let tx = self.db.transaction()?;
        let mut all = jobs.to_vec();
        if let Some(task) = task {
            all.extend(ids(&tx, "SELECT id FROM jobs WHERE task = ?1", params![task])?);
        }
        let (mut changed, mut unknown) = (Vec::new(), Vec::new());
        for id in all {
            match load(&tx, id)? {
                None => unknown.push(id),
                Some(job) => {
                    if let Some(next) = law(&job) {
                        save(&tx, id, &job, &next, now)?;
                        changed.push(id);
                    }
                }
            }
        }
        tx.commit()?;
        Ok((changed, unknown))
    }
}

/// One update of a pilot; its command. Keys and types were checked before.
fn apply(
    tx: &Transaction<'_>,
    update: &Map<String, Value>,
    now: i64,
) -> Result<&'static str, StoreError> {
    let text = |key: &str| update.get(key).and_then(Value::as_str);
    let number = |key: &str| update.get(key).and_then(Value::as_i64);
    let id = number("job_id").unwrap_or(0);
    let Some(job) = load(tx, id)? else { return Ok("tobekilled") };
    let state = text("job_status").and_then(State::from_word).filter(|s| s.is_reportable());
    let mut ddm = None;
    let ending = match state {
        Some(State::Failed) => law::failure(number("pilot_error_code").unwrap_or(0)),
        Some(State::Finished) => {
            ddm = missing(tx, id, text("job_output_report"))?;
            if ddm.is_some() { Ending::Failed } else { Ending::Finished }
        }
        _ => Ending::Finished,
    };
    let report = Report { state, attempt: number("attempt_nr"), batch_id: text("batch_id"), ending };
    let (next, command) = match law::update(&job, &report) {
        Verdict::Drop(command) => return Ok(command),
        Verdict::Keep(next, command) => (next, command),
    };
    let mut told = update.clone();
    let meta_data = told.remove("meta_data");
    for key in ["job_id", "job_status", "attempt_nr", "timeout"] {
        told.remove(key);
    }
    if let Some(diag) = ddm {
        told.insert("ddm_error_code".into(), 200.into());
        told.insert("ddm_error_diag".into(), diag.into());
    }
    merge(tx, id, &Value::Object(told))?;
    if let Some(Value::String(meta_data)) = meta_data {
        tx.prepare_cached("UPDATE jobs SET meta_data = ?2 WHERE id = ?1")?
            .execute(params![id, meta_data])?;
    }
    save(tx, id, &job, &next, now)?;
    Ok(command)
}

fn missing(tx: &Transaction<'_>, id: i64, report: Option<&str>) -> Result<Option<String>, StoreError> {
    let definition: String =
        tx.prepare_cached("SELECT definition FROM jobs WHERE id = ?1")?.query_row([id], |r| r.get(0))?;
    let map: Value =
        serde_json::from_str(&definition).map_err(|_| StoreError::Corrupt(id, "definition"))?;
    let names = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    Ok(law::bad_output(&names("outFiles"), &names("allowNoOutput"), report))
}
