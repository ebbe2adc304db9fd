//! Reading a run directory without touching it.

use super::record::History;
use super::recover::{JournalState, recover};
use super::{Holder, StoreError, files, lock};
use crate::config::Study;
use std::path::Path;

/// What a run directory holds at the moment.
#[derive(Debug)]
pub struct Stored {
    /// The study as understood.
    pub study: Study,
    /// The study file as given.
    pub text: String,
    /// Everything that happened.
    pub history: History,
    /// What people should know, for example a damaged snapshot.
    pub notices: Vec<String>,
    /// Who has the lock, if anybody.
    pub holder: Option<Holder>,
    /// Whether a run may be writing: somebody has the lock and is not certainly gone. From another
    /// host than the run's that cannot be told for certain.
    pub live: bool,
}

/// Reads the run directory `dir`, also while a run is writing. Takes no lock, writes nothing.
///
/// # Errors
/// Not a run directory, or files that cannot be read or have lost something.
pub fn read(dir: &Path) -> Result<Stored, StoreError> {
    let unsuitable =
        |reason: &str| StoreError::Unsuitable { path: dir.to_owned(), reason: reason.into() };
    if !files::is_run_directory(dir) {
        return Err(unsuitable("no run was ever started there"));
    }
    let (holder, live) = holder(dir)?;
    let mut recovered = recover(dir)?;
    if live && matches!(recovered.journal, JournalState::Usable { torn: 1.., .. }) {
        // The writer is in the middle of it; that notice comes last.
        recovered.notices.pop();
    }
    let text = files::read(&dir.join(files::STUDY))?.unwrap_or_default();
    Ok(Stored {
        study: recovered
            .study
            .ok_or_else(|| unsuitable("a run was begun there but holds nothing yet"))?,
        text: String::from_utf8_lossy(&text).into_owned(),
        history: recovered.history,
        notices: recovered.notices,
        holder,
        live,
    })
}

fn holder(dir: &Path) -> Result<(Option<Holder>, bool), StoreError> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ok(match lock::read_holder(&dir.join(files::LOCK))? {
        None => (None, false),
        Some(Ok(holder)) => {
            let live = holder.gone(&host, "").is_none();
            (Some(holder), live)
        }
        // It is being written this moment, as far as anybody can tell.
        Some(Err(_)) => (None, true),
    })
}
