//! The tables, and their version.

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

/// Number of the tables as they are now, `user_version` of the file. Version 0 had no sums of submissions.
const VERSION: i64 = 1;

/// Opens or makes the database, and brings it up to this version.
///
/// # Errors
/// SQLite fails, or a newer release wrote it.
pub(super) fn open(file: &Path) -> Result<Connection, StoreError> {
    let mut db = Connection::open(file)?;
    db.busy_timeout(Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.set_prepared_statement_cache_capacity(64);
    let tx = db.transaction()?;
    let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > VERSION {
        return Err(StoreError::Newer { version, known: VERSION });
    }
    tx.execute_batch(SCHEMA)?;
    if version == 0 {
        tx.execute_batch("ALTER TABLE submissions ADD COLUMN sum TEXT")?;
        tx.pragma_update(None, "user_version", VERSION)?;
    }
    tx.commit()?;
    Ok(db)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_of_an_older_release_is_brought_up_and_a_newer_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("queue.sqlite");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(SCHEMA).unwrap();
        old.execute("INSERT INTO submissions VALUES ('k', 1, '[1]')", []).unwrap();
        drop(old);
        for _ in 0..2 {
            let db = open(&file).unwrap();
            let row = |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)?, r.get::<_, Option<String>>(1)?));
            assert_eq!(db.query_row("SELECT task, sum FROM submissions", [], row).unwrap(), (1, None));
        }
        open(&file).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
        let said = open(&file).unwrap_err().to_string();
        assert_eq!(said, "queue database: its version is 2, and this release knows 1: take a newer one");
    }
}
