//! What can go wrong in a run directory.

use super::record::Misfit;
use rustix::io::Errno;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the run directory cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("failed to {doing} {}: {source}{}", path.display(), remedy(source))]
    Io {
        /// Verb, with a preposition where one is needed.
        doing: &'static str,
        /// File or directory.
        path: PathBuf,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// HDF5 could not encode a snapshot or make sense of one.
    #[error("failed to {doing}: HDF5: {reason}")]
    Hdf5 {
        /// Verb and object.
        doing: String,
        /// What the library said.
        reason: String,
    },
    /// A stored file is not what was written.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// File.
        path: PathBuf,
        /// What is wrong, and what would help.
        reason: String,
    },
    /// Written by a later release.
    #[error(
        "{} has format version {found}; paretorank {} knows versions up to {known}: use the release that wrote it",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    NewerFormat {
        /// File.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest version that can be read.
        known: u32,
    },
    /// Not a place where a run can be kept, or not a run directory.
    #[error("{} cannot be a run directory: {reason}", path.display())]
    Unsuitable {
        /// As given.
        path: PathBuf,
        /// Why, and what would be right.
        reason: String,
    },
    /// The run directory belongs to another study.
    #[error(
        "{} holds another study; choose another output directory, or undo these changes:\n  {}",
        path.display(),
        differences.join("\n  ")
    )]
    OtherStudy {
        /// Run directory or file in it.
        path: PathBuf,
        /// Key by key: what is stored and what was asked for.
        differences: Vec<String>,
    },
    /// Another process works in the run directory, or nobody can tell that it does not.
    #[error("{} is in use: {reason}", path.display())]
    Locked {
        /// Run directory.
        path: PathBuf,
        /// By whom, and what to do if that is not so.
        reason: String,
    },
    /// The lock changed hands while this process was writing.
    #[error("{} is not ours any more: {reason}; nothing further is written", path.display())]
    LockLost {
        /// Lock file.
        path: PathBuf,
        /// What is there instead.
        reason: String,
    },
    /// A record that the history cannot take: a defect of the program.
    #[error("{}: {misfit}", path.display())]
    Misfit {
        /// Journal or run directory.
        path: PathBuf,
        /// The record and what is wrong with it.
        misfit: Arc<Misfit>,
    },
    /// The thread that writes is gone without a word: a defect of the program.
    #[error("the thread that writes {} ended unexpectedly; what it had written is safe", path.display())]
    WriterDied {
        /// Run directory.
        path: PathBuf,
    },
}

impl StoreError {
    /// Whether the user asked for something that cannot be (another study's directory, a live
    /// run's, an unsuitable one), as opposed to trouble with storage.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            StoreError::Unsuitable { .. } | StoreError::OtherStudy { .. } | StoreError::Locked { .. }
        )
    }

    /// Wraps what the system said about `path`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        let path = path.to_owned();
        move |source| StoreError::Io { doing, path, source: Arc::new(source) }
    }

    /// `path` is not what was written.
    pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> StoreError {
        StoreError::Damaged { path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn misfit(path: &Path, misfit: Misfit) -> StoreError {
        StoreError::Misfit { path: path.to_owned(), misfit: Arc::new(misfit) }
    }
}

/// What the user can do about an error of the system.
fn remedy(error: &io::Error) -> &'static str {
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => {
            "; free space or raise the quota, then run the same line again"
        }
        Some(Errno::FBIG) => "; raise the file size limit (ulimit -f), then run the same line again",
        Some(Errno::ROFS | Errno::ACCESS | Errno::PERM) => {
            "; choose an output directory that you may write to"
        }
        Some(Errno::IO | Errno::STALE | Errno::TIMEDOUT) => {
            "; the file system has a fault: once it is mended, run the same line again"
        }
        _ => "",
    }
}
