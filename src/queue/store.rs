//! Jobs in one SQLite file. Every public call that changes anything is one transaction, on disk when it returns.

use super::job::{Ending, Job, State};
use super::law::{self, Report, Verdict};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::{Map, Value, json};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT, task INTEGER NOT NULL, queue TEXT NOT NULL, state TEXT NOT NULL,
  attempt INTEGER NOT NULL, max_attempt INTEGER NOT NULL, priority INTEGER NOT NULL, label TEXT NOT NULL,
  ram INTEGER NOT NULL, disk INTEGER NOT NULL, walltime INTEGER, resource_type TEXT NOT NULL,
  killed INTEGER NOT NULL DEFAULT 0, batch_id TEXT, ending TEXT, touched INTEGER NOT NULL, final_seq INTEGER,
  definition TEXT NOT NULL, report TEXT NOT NULL DEFAULT '{}', meta_data TEXT);
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (queue, state, priority DESC, id);
CREATE INDEX IF NOT EXISTS jobs_touched ON jobs (state, touched);
CREATE INDEX IF NOT EXISTS jobs_results ON jobs (task, final_seq);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS history (job INTEGER NOT NULL, attempt INTEGER NOT NULL, state TEXT NOT NULL,
  time INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS history_job ON history (job);
CREATE TABLE IF NOT EXISTS submissions (key TEXT PRIMARY KEY, task INTEGER NOT NULL, ids TEXT NOT NULL);
";

const COLUMNS: &str = "state, attempt, max_attempt, killed, batch_id, ending";

/// Why the store did not do what was asked. Nothing of it is done then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite failed.
    #[error("queue database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file could not be used.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
    /// Another server has the directory.
    #[error("{0} is served by another process: only one server may use a directory")]
    Locked(String),
    /// The database holds what no version of this program writes.
    #[error("queue database: job {0} has an unreadable {1}")]
    Corrupt(i64, &'static str),
    /// What was asked for makes no sense.
    #[error("{0}")]
    Refused(String),
}

/// Which jobs a pilot takes.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Queue.
    pub queue: String,
    /// At most so many.
    pub count: i64,
    /// prod_source_label as given.
    pub label: Option<String>,
    /// MB; none or 0 = any.
    pub memory: i64,
    /// MB; none or 0 = any.
    pub disk: i64,
    /// Seconds.
    pub remaining: Option<i64>,
    /// Only this task.
    pub task: Option<i64>,
    /// Only this resource type.
    pub resource_type: Option<String>,
}

/// The open store.
#[derive(Debug)]
pub struct Store {
    db: Connection,
    _lock: File,
}

impl Store {
    /// Opens or creates the store of a directory, for this process alone.
    ///
    /// # Errors
    /// The directory is in use, or cannot be written.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let file_error = |error| StoreError::File(dir.display().to_string(), error);
        std::fs::create_dir_all(dir).map_err(file_error)?;
        let lock =
            File::options().create(true).append(true).open(dir.join("lock")).map_err(file_error)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::Locked(dir.display().to_string()),
            TryLockError::Error(error) => file_error(error),
        })?;
        let db = Connection::open(dir.join("queue.sqlite"))?;
        db.busy_timeout(Duration::from_secs(5))?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.set_prepared_statement_cache_capacity(64);
        db.execute_batch(SCHEMA)?;
        Ok(Self { db, _lock: lock })
    }

    /// Adds jobs; the same key again gives the same task and ids and adds nothing.
    ///
    /// # Errors
    /// A definition is wrong, or the database fails.
    pub fn submit(
        &mut self,
        queue: &str,
        jobs: &[Map<String, Value>],
        key: Option<&str>,
        task: Option<i64>,
        now: i64,
    ) -> Result<(i64, Vec<i64>), StoreError> {
        let tx = self.db.transaction()?;
        if let Some(key) = key {
            let known: Option<(i64, String)> = tx
                .prepare_cached("SELECT task, ids FROM submissions WHERE key = ?1")?
                .query_row([key], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?;
            if let Some((task, ids)) = known {
                let ids =
                    serde_json::from_str(&ids).map_err(|_| StoreError::Corrupt(0, "list of ids"))?;
                return Ok((task, ids));
            }
        }
        let task = match task {
            Some(task) => task,
            None => next(&tx, "task", "task")?,
        };
        let mut ids = Vec::with_capacity(jobs.len());
        for (at, job) in jobs.iter().enumerate() {
            ids.push(insert(&tx, queue, task, job, at, now)?);
        }
        if let Some(key) = key {
            let text = Value::from(ids.clone()).to_string();
            tx.execute("INSERT INTO submissions VALUES (?1, ?2, ?3)", params![key, task, text])?;
        }
        tx.commit()?;
        Ok((task, ids))
    }

    /// Hands jobs out: highest priority first, then lowest id.
    ///
    /// # Errors
    /// The database fails.
    pub fn acquire(&mut self, want: &Wanted, now: i64) -> Result<Vec<Value>, StoreError> {
        let labels = json!(labels(want.label.as_deref())).to_string();
        let tx = self.db.transaction()?;
        let found: Vec<(i64, i64, String)> = tx
            .prepare_cached(
                "SELECT id, attempt, definition FROM jobs WHERE queue = ?1 AND state = 'activated'
                 AND (?2 = 0 OR ram <= ?2) AND (?3 = 0 OR disk <= ?3)
                 AND (?4 IS NULL OR walltime IS NULL OR walltime <= ?4)
                 AND (?5 IS NULL OR task = ?5) AND (?6 IS NULL OR resource_type = ?6)
                 AND label IN (SELECT value FROM json_each(?7))
                 ORDER BY priority DESC, id LIMIT ?8",
            )?
            .query_map(
                params![
                    want.queue,
                    want.memory,
                    want.disk,
                    want.remaining,
                    want.task,
                    want.resource_type,
                    labels,
                    want.count
                ],
                |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
            )?
            .collect::<Result<_, _>>()?;
        let mut jobs = Vec::with_capacity(found.len());
        for (id, attempt, definition) in found {
            let mut map: Map<String, Value> =
                serde_json::from_str(&definition).map_err(|_| StoreError::Corrupt(id, "definition"))?;
            map.insert("PandaID".into(), id.into());
            map.insert("attemptNr".into(), attempt.into());
            map.insert("nSent".into(), attempt.into());
            tx.prepare_cached("UPDATE jobs SET state = 'sent', touched = ?2 WHERE id = ?1")?
                .execute(params![id, now])?;
            note(&tx, id, attempt, State::Sent, now)?;
            jobs.push(Value::Object(map));
        }
        tx.commit()?;
        Ok(jobs)
    }

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

    /// State and attempt of jobs; none where there is no such job.
    ///
    /// # Errors
    /// The database fails.
    pub fn status(&self, ids: &[i64]) -> Result<Vec<Option<(String, i64)>>, StoreError> {
        let mut query = self.db.prepare_cached("SELECT state, attempt FROM jobs WHERE id = ?1")?;
        let one = |id: &i64| query.query_row([id], |r| Ok((r.get(0)?, r.get(1)?))).optional();
        Ok(ids.iter().map(one).collect::<Result<_, _>>()?)
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

    /// Kills or retries jobs (`law::kill`, `law::retry`); those that changed.
    ///
    /// # Errors
    /// The database fails.
    pub fn ask(
        &mut self,
        jobs: &[i64],
        task: Option<i64>,
        law: fn(&Job) -> Option<Job>,
        now: i64,
    ) -> Result<Vec<i64>, StoreError> {
        let tx = self.db.transaction()?;
        let mut all = jobs.to_vec();
        if let Some(task) = task {
            all.extend(ids(&tx, "SELECT id FROM jobs WHERE task = ?1", params![task])?);
        }
        let mut changed = Vec::new();
        for id in all {
            if change(&tx, id, now, law)? {
                changed.push(id);
            }
        }
        tx.commit()?;
        Ok(changed)
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

const RESULT: &str = "id, task, state, attempt, final_seq, report, meta_data, queue";

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

/// The labels that a pilot asking with this one gets.
fn labels(asked: Option<&str>) -> Vec<&str> {
    let production = ["managed", "test", "prod_test", "install"];
    let user = ["user", "panda", "install"];
    match asked {
        None | Some("managed") => production.to_vec(),
        Some("user") => user.to_vec(),
        Some("unified") => [&production[..], &user[..2]].concat(),
        Some(other) => vec![other],
    }
}

/// The next number of a counter, never below those that the jobs' `column` already has.
fn next(tx: &Transaction<'_>, counter: &str, column: &str) -> Result<i64, StoreError> {
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

fn insert(
    tx: &Transaction<'_>,
    queue: &str,
    task: i64,
    given: &Map<String, Value>,
    at: usize,
    now: i64,
) -> Result<i64, StoreError> {
    let refused = |what: String| StoreError::Refused(format!("jobs[{at}]: {what}"));
    if given.get("transformation").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(refused("transformation is missing: a text that names the executable".into()));
    }
    let number = |key: &str, default: i64| match given.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => {
            value.as_i64().ok_or_else(|| refused(format!("{key} must be an integer, got {value}")))
        }
    };
    let text = |key: &str, default: &str| match given.get(key) {
        None | Some(Value::Null) => Ok(default.to_owned()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value) => Err(refused(format!("{key} must be a text, got {value}"))),
    };
    let cores = number("coreCount", 1)?;
    let resource_type = text("resource_type", if cores > 1 { "MCORE" } else { "SCORE" })?;
    let label = text("prodSourceLabel", "managed")?;
    let (priority, ram, disk) =
        (number("currentPriority", 1000)?, number("minRamCount", 0)?, number("maxDiskCount", 0)?);
    let walltime = match number("maxWalltime", 0)? {
        0 => None,
        seconds => Some(seconds),
    };
    let max_attempt = number("max_attempt", 3)?;
    if max_attempt < 1 {
        return Err(refused(format!("max_attempt must be at least 1, got {max_attempt}")));
    }
    tx.prepare_cached(
        "INSERT INTO jobs (task, queue, state, attempt, max_attempt, priority, label, ram, disk, walltime,
         resource_type, touched, definition) VALUES (?1, ?2, 'activated', 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '')",
    )?
    .execute(params![
        task,
        queue,
        max_attempt,
        priority,
        label,
        ram,
        disk,
        walltime,
        resource_type,
        now
    ])?;
    let id = tx.last_insert_rowid();
    let mut whole = defaults(id, task, queue);
    whole.extend([
        ("prodSourceLabel".to_owned(), label.into()),
        ("currentPriority".to_owned(), priority.into()),
        ("coreCount".to_owned(), cores.into()),
        ("resource_type".to_owned(), resource_type.into()),
    ]);
    whole.extend(given.clone().into_iter().filter(|(_, value)| !value.is_null()));
    whole.insert("taskID".into(), task.into());
    whole.remove("max_attempt");
    let whole = Value::Object(whole).to_string();
    tx.prepare_cached("UPDATE jobs SET definition = ?2 WHERE id = ?1")?.execute(params![id, whole])?;
    note(tx, id, 1, State::Activated, now)?;
    Ok(id)
}

/// What a definition says where the submitter says nothing.
fn defaults(id: i64, task: i64, queue: &str) -> Map<String, Value> {
    let mut map = Map::new();
    for key in [
        "inFiles",
        "GUID",
        "fsize",
        "checksum",
        "scopeIn",
        "realDatasetsIn",
        "dispatchDblock",
        "dispatchDBlockToken",
        "prodDBlocks",
        "prodDBlockToken",
        "ddmEndPointIn",
        "outFiles",
        "realDatasets",
        "destinationDblock",
        "destinationDBlockToken",
        "fileDestinationSE",
        "ddmEndPointOut",
        "scopeOut",
        "logFile",
        "logGUID",
        "scopeLog",
        "jobPars",
    ] {
        map.insert(key.into(), "".into());
    }
    for key in [
        "homepackage",
        "swRelease",
        "cmtConfig",
        "prodUserID",
        "cloud",
        "nucleus",
        "sourceSite",
        "destinationSE",
        "transferType",
        "ioIntensityUnit",
        "reqID",
        "processingType",
    ] {
        map.insert(key.into(), "NULL".into());
    }
    for key in [
        "jobDefinitionID",
        "jobsetID",
        "minRamCount",
        "maxWalltime",
        "maxCpuCount",
        "maxDiskCount",
        "ioIntensity",
        "nSent",
    ] {
        map.insert(key.into(), 0.into());
    }
    map.insert("jobName".into(), format!("{queue}.{task}.{id}").into());
    map
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

fn load(tx: &Transaction<'_>, id: i64) -> Result<Option<Job>, StoreError> {
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
fn save(tx: &Transaction<'_>, id: i64, before: &Job, job: &Job, now: i64) -> Result<(), StoreError> {
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

fn change(
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

fn merge(tx: &Transaction<'_>, id: i64, report: &Value) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE jobs SET report = json_patch(report, ?2) WHERE id = ?1")?
        .execute(params![id, report.to_string()])?;
    Ok(())
}

fn note(tx: &Transaction<'_>, id: i64, attempt: i64, state: State, now: i64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO history VALUES (?1, ?2, ?3, ?4)")?.execute(params![
        id,
        attempt,
        state.word(),
        now
    ])?;
    Ok(())
}

fn ids(tx: &Transaction<'_>, sql: &str, given: &[&dyn rusqlite::ToSql]) -> Result<Vec<i64>, StoreError> {
    let mut query = tx.prepare_cached(sql)?;
    Ok(query.query_map(given, |r| r.get(0))?.collect::<Result<_, _>>()?)
}
