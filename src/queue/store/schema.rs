//! The tables.

use super::StoreError;
use rusqlite::Connection;
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

/// Opens or makes the database.
///
/// # Errors
/// SQLite fails.
pub(super) fn open(file: &Path) -> Result<Connection, StoreError> {
    let db = Connection::open(file)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.set_prepared_statement_cache_capacity(64);
    db.execute_batch(SCHEMA)?;
    Ok(db)
}
