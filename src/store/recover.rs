//! What a run directory holds, whatever happened to it: the best snapshot, and the journal over it.

use super::journal::{FRAME, VERSION};
use super::record::{History, Record};
use super::scan::{NewerVersion, Scan, scan};
use super::snapshot::{self, Snapshot};
use super::{StoreError, files, fit};
use crate::config::{self, Study};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A run directory's content.
#[derive(Debug)]
pub(super) struct Recovered {
    /// `None` if the directory's creation was cut short.
    pub(super) study: Option<Study>,
    pub(super) history: History,
    /// What people should know.
    pub(super) notices: Vec<String>,
    pub(super) snapshot: SnapshotState,
    pub(super) journal: JournalState,
}

/// How `history.h5` can be used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum SnapshotState {
    /// There is none.
    Missing,
    /// It is no whole snapshot.
    Bad,
    /// It holds this many records.
    Good(u64),
}

/// How the journal can be used.
#[derive(Debug, PartialEq)]
pub(super) enum JournalState {
    /// There is none.
    Missing,
    /// It has neither a head nor a whole record.
    Useless,
    /// Records can be appended at `end`; `torn` bytes lie behind it.
    Usable { end: u64, torn: u64 },
}

/// `resolved.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Resolved {
    pub(super) study: Study,
    pub(super) provenance: Provenance,
}

/// Who wrote `resolved.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Provenance {
    pub(super) writer_version: String,
    pub(super) hdf5_version: String,
    pub(super) host: String,
    pub(super) job: String,
    /// Seconds since 1970.
    pub(super) at: f64,
}

/// Reads `dir`. Changes nothing, so that it also serves while a run is writing: the snapshot is read
/// before the journal, which only ever grows.
///
/// # Errors
/// Something of the history is lost, of a newer format, or of another study.
pub(super) fn recover(dir: &Path) -> Result<Recovered, StoreError> {
    let mut notices = Vec::new();
    let resolved = resolved(dir, &mut notices)?;
    let (base, snapshot) = best_snapshot(dir, &mut notices)?;
    let path = dir.join(files::JOURNAL);
    let found = files::read(&path)?;
    let is_there = found.is_some();
    let bytes = found.unwrap_or_default();
    let scan = scan(&bytes).map_err(|NewerVersion(found)| StoreError::NewerFormat {
        path: path.clone(),
        found,
        known: VERSION,
    })?;
    let head = scan.study.clone().map(|place| serde_json::from_slice::<Study>(&bytes[place]));
    let head = head.transpose();
    let head = head.map_err(|e| StoreError::damaged(&path, format!("the study in its head: {e}")))?;

    let of_base = base.as_ref().map(|b| b.study.clone());
    let study = resolved.or_else(|| of_base.clone()).or_else(|| head.clone());
    let mut history = base.map(|b| b.history).unwrap_or_default();
    let journal = match &study {
        _ if !is_there => JournalState::Missing,
        None if bytes.is_empty() => JournalState::Useless,
        None => {
            return Err(StoreError::damaged(
                &path,
                "neither its head nor resolved.json nor a snapshot tells the study",
            ));
        }
        Some(study) => {
            same(&dir.join(files::SNAPSHOT), of_base.as_ref(), study)?;
            same(&path, head.as_ref(), study)?;
            replay(&path, &bytes, &scan, study, &mut history)?;
            judge(&bytes, &scan)
        }
    };
    // No crash leaves this: the journal is there before the first snapshot, and is never written over.
    let usable = matches!(journal, JournalState::Usable { .. });
    if history.records == 0 && !usable && (snapshot == SnapshotState::Bad || !bytes.is_empty()) {
        return Err(StoreError::damaged(dir, nothing_left(snapshot, is_there)));
    }
    if journal != JournalState::Missing || history.records > 0 {
        notices.extend(journal_notices(&journal, &scan, &history));
    }
    Ok(Recovered { study, history, notices, snapshot, journal })
}

fn resolved(dir: &Path, notices: &mut Vec<String>) -> Result<Option<Study>, StoreError> {
    let Some(bytes) = files::read(&dir.join(files::RESOLVED))? else { return Ok(None) };
    match serde_json::from_slice::<Resolved>(&bytes) {
        Ok(resolved) => Ok(Some(resolved.study)),
        Err(e) => {
            notices.push(format!(
                "{} cannot be read ({e}); the study is taken from the history",
                files::RESOLVED
            ));
            Ok(None)
        }
    }
}

/// The newest whole snapshot, and what is to be said of `history.h5`.
fn best_snapshot(
    dir: &Path,
    notices: &mut Vec<String>,
) -> Result<(Option<Snapshot>, SnapshotState), StoreError> {
    let state = match snapshot::read(&dir.join(files::SNAPSHOT)) {
        Ok(Some(found)) => {
            let state = SnapshotState::Good(found.history.records);
            return Ok((Some(found), state));
        }
        Ok(None) => SnapshotState::Missing,
        Err(e @ (StoreError::Damaged { .. } | StoreError::Hdf5 { .. })) => {
            notices.push(e.to_string());
            SnapshotState::Bad
        }
        Err(e) => return Err(e),
    };
    match snapshot::read(&dir.join(files::PREVIOUS)) {
        Ok(Some(found)) => {
            let records = found.history.records;
            notices.push(format!("{} is used in its place ({records} records)", files::PREVIOUS));
            Ok((Some(found), state))
        }
        Ok(None) => Ok((None, state)),
        Err(e @ (StoreError::Damaged { .. } | StoreError::Hdf5 { .. })) => {
            notices.push(e.to_string());
            Ok((None, state))
        }
        Err(e) => Err(e),
    }
}

fn same(path: &Path, found: Option<&Study>, expected: &Study) -> Result<(), StoreError> {
    let differences = found.map_or(vec![], |found| config::differences(found, expected));
    if differences.is_empty() {
        return Ok(());
    }
    Err(StoreError::OtherStudy { path: path.to_owned(), differences })
}

/// Folds in the journal's records that the history does not have yet.
fn replay(
    path: &Path,
    bytes: &[u8],
    scan: &Scan,
    study: &Study,
    history: &mut History,
) -> Result<(), StoreError> {
    let mut end = scan.study.as_ref().map_or(0, |place| place.end);
    for (number, body) in &scan.frames {
        if *number > history.records {
            return Err(lost(path, history.records, *number, end));
        }
        if *number == history.records {
            let record: Record = postcard::from_bytes(&bytes[body.clone()]).map_err(|e| {
                let at = body.start - FRAME;
                StoreError::damaged(path, format!("record {number} at byte {at} is no record: {e}"))
            })?;
            let misfit = |reason| super::record::Misfit { number: *number, reason };
            fit::check(&study.problem, &record)
                .map_err(misfit)
                .and_then(|()| history.apply(record))
                .map_err(|misfit| StoreError::misfit(path, misfit))?;
        }
        end = body.end;
    }
    Ok(())
}

fn lost(path: &Path, from: u64, to: u64, end: usize) -> StoreError {
    let reason = format!(
        "records {from} to {} are missing and no snapshot holds them. Restore the journal or a snapshot \
         from a backup, or give up everything from record {from} on with: truncate -s {end} {}",
        to - 1,
        path.display()
    );
    StoreError::damaged(path, reason)
}

fn nothing_left(snapshot: SnapshotState, journal: bool) -> String {
    let found = [(files::SNAPSHOT, snapshot == SnapshotState::Bad), (files::JOURNAL, journal)];
    let found: Vec<&str> = found.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    format!(
        "no whole copy of a history is left ({} cannot be read). Restore one from a backup, choose another \
         output directory, or move these files away to begin again",
        found.join(" and ")
    )
}

fn judge(bytes: &[u8], scan: &Scan) -> JournalState {
    if scan.study.is_none() && scan.frames.is_empty() {
        return JournalState::Useless;
    }
    JournalState::Usable { end: scan.end as u64, torn: (bytes.len() - scan.end) as u64 }
}

fn journal_notices(journal: &JournalState, scan: &Scan, history: &History) -> Vec<String> {
    let mut notices = Vec::new();
    let records = history.records;
    match journal {
        JournalState::Missing => {
            notices.push(format!("the journal is missing; {records} records come from the snapshot"));
        }
        JournalState::Useless => {
            notices.push(format!("the journal is unreadable; {records} records come from the snapshot"));
        }
        JournalState::Usable { torn, .. } => {
            for place in &scan.damage {
                notices.push(format!(
                    "the journal is damaged in bytes {} to {}; nothing is lost",
                    place.start, place.end
                ));
            }
            if *torn > 0 {
                notices.push(format!(
                    "the last {torn} bytes of the journal are an unfinished record; {records} records before it are whole"
                ));
            }
        }
    }
    notices
}
