//! The run directory: journal, `history.h5`, lock. Nothing else in the program knows HDF5.
//!
//! ```text
//! RUN/study.toml           as given
//!     resolved.json        as understood, with provenance
//!     journal              every record from the first, synced before it counts
//!     history.h5           the history so far, replaced atomically every now and then
//!     history.previous.h5  the one before
//!     lock                 who works here
//! ```
//!
//! The history is kept twice: the journal holds all of it, a snapshot all of it up to some record. At
//! start the newest whole snapshot is read and the journal's later records are folded in. A torn end
//! of the journal is cut off (it never counted), a damaged snapshot is replaced by the one before or
//! by the journal alone, a damaged stretch of the journal by a snapshot; what no copy holds is an
//! error that says so. Reading ([`read`]) needs no lock, also while a run is writing.

mod error;
mod files;
mod fit;
#[cfg(test)]
mod hostile;
mod journal;
mod lock;
mod record;
mod recover;
mod scan;
mod snapshot;
mod stored;
#[cfg(test)]
mod testing;
mod writer;

pub use error::StoreError;
pub use files::replace as replace_file;
pub use lock::Holder;
pub use record::{
    Asked, Attempt, Completed, Detail, History, Misfit, Proposed, REUSED, Record, Session, Start,
    Stopped, Trial,
};
pub use stored::{Stored, read};
pub use writer::{Snapshots, Writer};

use crate::clock::now_s;
use crate::config::{self, Study};
use journal::Journal;
use lock::Lock;
use recover::{JournalState, Provenance, Recovered, Resolved, SnapshotState, recover};
use snapshot::{Content, Curve};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Host of rank 0.
    pub host: String,
    /// Batch job, empty without one.
    pub job: String,
}

/// A run directory, open for writing; the lock is given back when it is dropped.
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    study: Study,
    text: String,
    resolved: String,
    origin: Origin,
    mpi_version: String,
    history: History,
    curve: Curve,
    /// Records in `history.h5`.
    in_snapshot: Option<u64>,
    journal: Journal,
    lock: Lock,
}

/// What [`Store::open`] gives.
#[derive(Debug)]
pub struct Opened {
    /// For the writer.
    pub store: Store,
    /// Everything that happened here before.
    pub history: History,
    /// What people should know: a lock taken over, a torn journal repaired, a damaged file set aside.
    pub notices: Vec<String>,
}

impl Store {
    /// Opens the run directory `dir` of `study`, whose file reads `text`; creates it if need be.
    ///
    /// # Errors
    /// The directory is another study's, in use or unsuitable ([`StoreError::is_usage`]), or its
    /// files cannot be read or written.
    pub fn open(dir: &Path, study: &Study, text: &str, origin: &Origin) -> Result<Opened, StoreError> {
        files::prepare(dir)?;
        let (lock, taken_over) = Lock::acquire(dir, Holder::this(&origin.host, &origin.job, now_s()))?;
        let recovered = recover(dir)?;
        if let Some(stored) = &recovered.study {
            let differences = config::differences(stored, study);
            if !differences.is_empty() {
                return Err(StoreError::OtherStudy { path: dir.to_owned(), differences });
            }
        }
        describe(dir, study, text, origin)?;
        let Recovered { history, snapshot, journal, notices, .. } = recovered;
        let notices = taken_over.into_iter().chain(notices).collect();
        if snapshot == SnapshotState::Bad {
            set_aside(dir, files::SNAPSHOT, "history.damaged.h5")?;
        }
        let path = dir.join(files::JOURNAL);
        let journal = match journal {
            JournalState::Usable { end, .. } => Journal::open(&path, end, history.records)?,
            JournalState::Missing => Journal::create(&path, study, history.records)?,
            JournalState::Useless => {
                set_aside(dir, files::JOURNAL, "journal.damaged")?;
                Journal::create(&path, study, history.records)?
            }
        };
        let store = Self {
            dir: dir.to_owned(),
            study: study.clone(),
            text: text.to_owned(),
            resolved: serde_json::to_string(study).map_err(|e| not_json(dir, e))?,
            origin: origin.clone(),
            mpi_version: "none".into(),
            history: history.clone(),
            curve: Curve::default(),
            in_snapshot: match snapshot {
                SnapshotState::Good(records) => Some(records),
                SnapshotState::Missing | SnapshotState::Bad => None,
            },
            journal,
            lock,
        };
        Ok(Opened { store, history, notices })
    }

    /// Names the MPI library in snapshots; "none" unless called.
    pub fn set_mpi_version(&mut self, version: &str) {
        version.clone_into(&mut self.mpi_version);
    }

    /// Folds records in and returns once they are on the disk.
    ///
    /// # Errors
    /// A record does not fit (those before it are on the disk), or they cannot be written.
    fn append(&mut self, mut records: Vec<Record>) -> Result<(), StoreError> {
        let mut failure = None;
        for at in 0..records.len() {
            fit::clean(&mut records[at]);
            let misfit = |reason| Misfit { number: self.history.records, reason };
            let folded = fit::check(&self.study.problem, &records[at])
                .map_err(misfit)
                .and_then(|()| self.history.apply(records[at].clone()));
            if let Err(misfit) = folded {
                failure = Some(StoreError::misfit(&self.dir, misfit));
                records.truncate(at);
                break;
            }
        }
        self.journal.append(&records)?;
        failure.map_or(Ok(()), Err)
    }

    /// Replaces `history.h5`, unless nothing has happened since it was written.
    fn snapshot(&mut self) -> Result<(), StoreError> {
        self.lock.check()?;
        if self.in_snapshot == Some(self.history.records) {
            return Ok(());
        }
        let content = Content {
            study: &self.study,
            text: &self.text,
            resolved: &self.resolved,
            host: &self.origin.host,
            job: &self.origin.job,
            mpi_version: &self.mpi_version,
            history: &self.history,
            curve: &self.curve,
        };
        snapshot::replace(&self.dir, &content)?;
        self.in_snapshot = Some(self.history.records);
        self.curve.refresh(&self.study.problem, &self.history);
        Ok(())
    }

    /// Whether hypervolumes of completed trials are to be worked out.
    fn is_behind(&self) -> bool {
        self.curve.is_behind(&self.history)
    }

    /// Works out one hypervolume.
    fn catch_up(&mut self) {
        self.curve.step(&self.study.problem, &self.history);
    }

    /// Works out what is missing of the hypervolumes, for at most `patience`.
    fn finish_hypervolumes(&mut self, patience: Duration) {
        let begin = Instant::now();
        self.curve.refresh(&self.study.problem, &self.history);
        while self.is_behind() && begin.elapsed() < patience {
            self.catch_up();
        }
    }

    /// Gives the lock back.
    fn close(self) -> History {
        self.history
    }
}

/// Writes `resolved.json` and `study.toml` where they are not what they should be.
fn describe(dir: &Path, study: &Study, text: &str, origin: &Origin) -> Result<(), StoreError> {
    let path = dir.join(files::RESOLVED);
    let stored = files::read(&path)?.map(|bytes| serde_json::from_slice::<Resolved>(&bytes));
    if !matches!(stored, Some(Ok(resolved)) if resolved.study == *study) {
        let (major, minor, patch) = hdf5::library_version();
        let provenance = Provenance {
            writer_version: env!("CARGO_PKG_VERSION").into(),
            hdf5_version: format!("{major}.{minor}.{patch}"),
            host: origin.host.clone(),
            job: origin.job.clone(),
            at: now_s(),
        };
        let resolved = Resolved { study: study.clone(), provenance };
        let json = serde_json::to_vec_pretty(&resolved).map_err(|e| not_json(&path, e))?;
        files::replace(&path, &json)?;
    }
    let path = dir.join(files::STUDY);
    if files::read(&path)?.as_deref() != Some(text.as_bytes()) {
        files::replace(&path, text.as_bytes())?;
    }
    Ok(())
}

fn not_json(path: &Path, error: serde_json::Error) -> StoreError {
    StoreError::io("write the study as JSON to", path)(error.into())
}

fn set_aside(dir: &Path, name: &str, as_name: &str) -> Result<(), StoreError> {
    files::rename(&dir.join(name), &dir.join(as_name))
}
