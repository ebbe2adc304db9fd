//! The journal: every record from the first, appended and synced in groups, never rewritten.
//!
//! ```text
//! head    magic[8]  version u32  length u32  crc u32  study as JSON
//! frame   mark u32  length u32   number u64  crc u32  record as postcard
//! ```
//!
//! All numbers little endian; a CRC-32 covers everything of its head or frame but itself. The head's
//! layout is the same in every version. Frames carry their number, so that a reader finds its place
//! again behind a damaged stretch and knows exactly what is missing; see [`super::scan`].
//!
//! Version 2 added the records of a stopping rule and of how an attempt came to its rank; version 3 those
//! of tasks and of what was asked for; version 4 that of an attempt in a container. A journal of an
//! older version is given the head of this one before anything is appended, so that an older release
//! refuses it with both versions.
//!
//! Because it is never trimmed, the journal alone holds the whole history and the snapshots are a
//! second copy of it. 10,000 trials of 100 parameters take some 13 MB, read back in a fraction of a
//! second: less than the trouble of cutting a file that must survive a power failure.

use super::record::Record;
use super::scan::head_at_start;
use super::{StoreError, files};
use crate::config::Study;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// First bytes of the file.
pub(super) const MAGIC: [u8; 8] = *b"PRJOURNL";
/// Newest version that this release reads, and the one that it writes.
pub(super) const VERSION: u32 = 4;
/// First bytes of every frame.
pub(super) const MARK: [u8; 4] = [0xF7, b'R', b'E', b'C'];
/// Bytes before the study in the head.
pub(super) const HEAD: usize = 20;
/// Bytes before the record in a frame.
pub(super) const FRAME: usize = 20;

/// The journal, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    /// End of the last whole frame.
    end: u64,
    /// Number of the next record.
    next: u64,
}

impl Journal {
    /// Begins a journal whose first record will have number `next`.
    pub(super) fn create(path: &Path, study: &Study, next: u64) -> Result<Self, StoreError> {
        let bytes = head(VERSION, &json(path, study)?);
        files::replace(path, &bytes)?;
        Self::open(path, bytes.len() as u64, next)
    }

    /// Goes on behind byte `end`; whatever lies there is cut off.
    pub(super) fn open(path: &Path, end: u64, next: u64) -> Result<Self, StoreError> {
        upgrade(path)?;
        let file = OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(StoreError::io("open for writing", path))?;
        let cut = file.set_len(end).and_then(|()| file.sync_all());
        cut.map_err(StoreError::io("cut the torn end off", path))?;
        Ok(Self { path: path.to_owned(), file, end, next })
    }

    /// Appends records and returns once they are on the disk.
    ///
    /// # Errors
    /// Nothing of the group counts as written; what was written of it is cut off, or if even that
    /// fails, is a torn end for the next start.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<(), StoreError> {
        let mut group = Vec::with_capacity(256 * records.len());
        for (number, record) in (self.next..).zip(records) {
            frame(&mut group, number, record);
        }
        let written = self.file.write_all(&group).and_then(|()| self.file.sync_data());
        if let Err(e) = written {
            let _ = self.file.set_len(self.end);
            return Err(StoreError::io("append to", &self.path)(e));
        }
        self.end += group.len() as u64;
        self.next += records.len() as u64;
        Ok(())
    }
}

/// Gives a journal of an older version the head of this one; one whose head is damaged stays as it is.
fn upgrade(path: &Path) -> Result<(), StoreError> {
    let bytes = files::read(path)?.unwrap_or_default();
    match head_at_start(&bytes) {
        Some((version, study)) if version < VERSION => {
            // A head's length does not depend on its version: what lies behind it stays in its place.
            let new = [&head(VERSION, &bytes[study.clone()]), &bytes[study.end..]].concat();
            files::replace(path, &new)
        }
        _ => Ok(()),
    }
}

fn json(path: &Path, study: &Study) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(study).map_err(|e| StoreError::io("write the study to", path)(e.into()))
}

/// A head with this study.
pub(super) fn head(version: u32, study: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(length(study.len()));
    bytes.extend(crc(&bytes, study).to_le_bytes());
    bytes.extend(study);
    bytes
}

/// Appends a frame to `bytes`.
pub(super) fn frame(bytes: &mut Vec<u8>, number: u64, record: &Record) {
    let body = postcard::to_stdvec(record).expect("a record always encodes");
    let start = bytes.len();
    bytes.extend(MARK);
    bytes.extend(length(body.len()));
    bytes.extend(number.to_le_bytes());
    bytes.extend(crc(&bytes[start..], &body).to_le_bytes());
    bytes.extend(body);
}

/// CRC-32 of the fields before it and the body behind it.
pub(super) fn crc(fields: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(fields);
    hasher.update(body);
    hasher.finalize()
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("a record is far shorter than 4 GiB").to_le_bytes()
}
