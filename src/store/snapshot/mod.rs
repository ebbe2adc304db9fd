//! `history.h5`: the history so far as one HDF5 file that opens in h5py and xarray.
//!
//! A snapshot is made in memory, sealed with a checksum, written beside the old one, synced, read
//! back from there and compared, and only then renamed; the old one stays as `history.previous.h5`.
//!
//! Layout of format version 4. Root attributes: `format`, `format_version`, `writer_version`,
//! `mpi_version`, `hdf5_version`, `seed`, `study` (the file as given), `resolved` (as understood, JSON),
//! `host`, `job`, `records`.
//!
//! | group or dataset | rows | content |
//! |---|---|---|
//! | `/trials` | `id` | `status failure reason origin seen created started finished generation_s evaluation_s`, `parameters` (by `parameter`), `integers` (by `integer`), `objectives sem` (by `objective`), `metrics metrics_sem` (by `metric`), `acceptable` with the attribute `outcome_constraints` |
//! | `/tasks` | `row` | one per attempt: `trial attempt rank host dispatched started finished status reason`, from version 2 on `waited stale`, from version 3 on `task stage key peak_memory`, and from version 4 on `container` |
//! | `/values` | `value_row` | one per value of an ok task of a trial of several tasks: `task_row` (row of `/tasks`), `name` (index into `/values/names`), `value sem`; from version 3 on |
//! | `/asks` | `ask` | one per candidate that was asked for, where that does not follow from the rest: `trial seen`; from version 3 on |
//! | `/sessions` | `row` | one per start of the program: `at host job evaluators capacity completed_before` |
//! | `/stops` | `row` | one per stopping rule that held: `at completed rule setting reason`; not in version 1 |
//! | `/strategy` | `trial` | `length` of the strategy's state after this proposal, where it changed; `memory` (by `byte`): these states one behind the other |
//! | `/completions` | | trials in the order in which they ended |
//! | `/hypervolume` | `completions` | hypervolume of the front of acceptable trials so far; attribute `reference_point` |
//!
//! `acceptable` follows from the rest and is not read back: files written before there was one are of
//! the same version, and so are those that differ only in having it.
//!
//! NaN (attribute `_FillValue`) stands for "there is none", never for a value; `status` says why.

mod curve;
mod decode;
mod encode;
mod image;
mod seal;
mod tables;

pub(super) use curve::Curve;

use super::record::History;
use super::{StoreError, files};
use crate::config::Study;
use decode::Refusal;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Root attribute `format`.
const FORMAT: &str = "paretorank-history";
/// Newest format that this release reads, and the one that it writes.
const FORMAT_VERSION: u32 = 4;
/// Status of a trial that has not ended.
const PENDING: &str = "pending";

/// Everything that goes into a snapshot.
pub(super) struct Content<'a> {
    pub(super) study: &'a Study,
    pub(super) text: &'a str,
    pub(super) resolved: &'a str,
    pub(super) host: &'a str,
    pub(super) job: &'a str,
    pub(super) mpi_version: &'a str,
    pub(super) history: &'a History,
    pub(super) curve: &'a Curve,
}

/// What a snapshot holds.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) study: Study,
    pub(super) history: History,
}

/// Replaces the snapshot in `dir`.
///
/// # Errors
/// Nothing is replaced; the old snapshots are as they were.
pub(super) fn replace(dir: &Path, content: &Content) -> Result<(), StoreError> {
    let current = dir.join(files::SNAPSHOT);
    let bytes = encode::encode(content).map_err(|e| StoreError::Hdf5 {
        doing: format!("encode {}", current.display()),
        reason: e.to_string(),
    })?;
    let beside = files::write_beside(&current, &seal::seal(bytes))?;
    verify(&beside, content)?;
    keep_as_previous(dir, &current)?;
    files::rename(&beside, &current)
}

fn verify(path: &Path, content: &Content) -> Result<(), StoreError> {
    let found = read(path)?.ok_or_else(|| StoreError::damaged(path, "it vanished"))?;
    if digest(&found.history) != digest(content.history) {
        return Err(StoreError::damaged(path, "it reads back differently from what was written"));
    }
    Ok(())
}

/// Gives the current snapshot its second name. At every instant one of the two names has a whole
/// snapshot: a link is made beside and renamed over the older one.
fn keep_as_previous(dir: &Path, current: &Path) -> Result<(), StoreError> {
    let previous = dir.join(files::PREVIOUS);
    let beside = files::temporary(&previous);
    match fs::remove_file(&beside) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(StoreError::io("remove", &beside)(e)),
        _ => {}
    }
    match fs::hard_link(current, &beside) {
        Ok(()) => files::rename(&beside, &previous),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        // No hard links on this file system: for one instant the previous name is the only one.
        Err(_) => files::rename(current, &previous),
    }
}

/// Reads a snapshot; `None` if there is no such file.
///
/// # Errors
/// It is not whole, not a snapshot, or of a newer format.
pub(super) fn read(path: &Path) -> Result<Option<Snapshot>, StoreError> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    let data = seal::open(&bytes).map_err(|reason| StoreError::damaged(path, reason))?;
    match decode::decode(data) {
        Ok(decoded) => Ok(Some(Snapshot { study: decoded.study, history: decoded.history })),
        Err(Refusal::Newer(found)) => {
            Err(StoreError::NewerFormat { path: path.to_owned(), found, known: FORMAT_VERSION })
        }
        Err(Refusal::Content(reason)) => Err(StoreError::damaged(path, reason)),
        Err(Refusal::Hdf5(e)) => {
            Err(StoreError::Hdf5 { doing: format!("read {}", path.display()), reason: e.to_string() })
        }
    }
}

/// A checksum over every bit of a history.
fn digest(history: &History) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    let mut add = |bytes: postcard::Result<Vec<u8>>| {
        hasher.update(&bytes.expect("a history always encodes"));
    };
    add(postcard::to_stdvec(&(&history.sessions, &history.attempts)));
    add(postcard::to_stdvec(&history.attempts.iter().map(|a| a.start).collect::<Vec<_>>()));
    add(postcard::to_stdvec(&history.attempts.iter().map(|a| &a.detail).collect::<Vec<_>>()));
    add(postcard::to_stdvec(&history.attempts.iter().map(|a| a.detail.container_s).collect::<Vec<_>>()));
    add(postcard::to_stdvec(&history.asks));
    add(postcard::to_stdvec(&(&history.completions, &history.stops, history.records)));
    for trial in &history.trials {
        add(postcard::to_stdvec(&(&trial.proposed, &trial.completed)));
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests;
