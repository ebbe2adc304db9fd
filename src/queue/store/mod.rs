//! Jobs in one SQLite file. Every public call that changes anything is one transaction, on disk when it returns.

mod definition;
mod hand_out;
mod look;
mod rows;
mod schema;
mod submit;
mod update;

use rusqlite::Connection;
use std::fs::{File, TryLockError};
use std::path::Path;

pub use hand_out::Wanted;
pub use look::Chosen;
pub use submit::Submission;

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
    /// A newer release wrote it.
    #[error(
        "queue database: its version is {version}, and this release knows {known}: take a newer one"
    )]
    Newer {
        /// What the file says.
        version: i64,
        /// The latest that is understood.
        known: i64,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Refused(String),
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
        Ok(Self { db: schema::open(&dir.join("queue.sqlite"))?, _lock: lock })
    }
}
