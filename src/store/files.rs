//! Names in the run directory, and how files there are replaced.

use super::StoreError;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The study file as given.
pub(super) const STUDY: &str = "study.toml";
/// The study as understood, with provenance.
pub(super) const RESOLVED: &str = "resolved.json";
/// Every record, from the first.
pub(super) const JOURNAL: &str = "journal";
/// The snapshot.
pub(super) const SNAPSHOT: &str = "history.h5";
/// The snapshot before that.
pub(super) const PREVIOUS: &str = "history.previous.h5";
/// Who works here.
pub(super) const LOCK: &str = "lock";

/// Files by which a run directory is known, even one whose creation was cut short.
const MARKS: [&str; 5] = [LOCK, RESOLVED, JOURNAL, SNAPSHOT, PREVIOUS];

/// Makes sure that `dir` is a directory which is empty or a run directory.
pub(super) fn prepare(dir: &Path) -> Result<(), StoreError> {
    let unsuitable = |reason: String| StoreError::Unsuitable { path: dir.to_owned(), reason };
    match fs::metadata(dir) {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            return fs::create_dir_all(dir).map_err(StoreError::io("create directory", dir));
        }
        Err(e) if e.kind() == ErrorKind::NotADirectory => {
            return Err(unsuitable("a part of the path is a file".into()));
        }
        Err(e) => return Err(StoreError::io("look at", dir)(e)),
        Ok(found) if !found.is_dir() => return Err(unsuitable("it is a file".into())),
        Ok(_) => {}
    }
    if is_run_directory(dir) {
        return Ok(());
    }
    for entry in fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let name = entry.map_err(StoreError::io("list", dir))?.file_name();
        let name = name.to_string_lossy();
        // Another job may have begun one just now.
        if MARKS.contains(&&*name) {
            return Ok(());
        }
        // File systems leave hidden files of their own (.nfs…, .snapshot).
        if !name.starts_with('.') {
            return Err(unsuitable(format!(
                "it holds other files ({name:?} for example) and no run; name a new or empty directory"
            )));
        }
    }
    Ok(())
}

/// Whether a run was begun in `dir`.
pub(super) fn is_run_directory(dir: &Path) -> bool {
    MARKS.iter().any(|name| dir.join(name).exists())
}

/// Puts `bytes` at `path` in such a way that a crash leaves the old file or the new one.
///
/// # Errors
/// The old file, if there was one, is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let beside = write_beside(path, bytes)?;
    rename(&beside, path)
}

/// Writes `bytes` to a temporary file beside `path` and on to the disk; returns its path.
pub(super) fn write_beside(path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let beside = temporary(path);
    write_at(&beside, bytes)?;
    Ok(beside)
}

/// Writes a file of these bytes and on to the disk, or leaves none.
pub(super) fn write_at(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let written = File::create(path).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|e| {
        // Room may be what is lacking.
        let _ = fs::remove_file(path);
        StoreError::io("write", path)(e)
    })
}

/// Renames within one directory and makes that last.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::io("rename a file to", to))?;
    sync_parent(to)
}

/// The name under which a new `path` is written; one writer at a time holds the lock, so one name
/// is enough, and a leftover is simply written over.
pub(super) fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Makes names in the directory of `path` last.
pub(super) fn sync_parent(path: &Path) -> Result<(), StoreError> {
    let parent = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    let synced = File::open(parent).and_then(|d| d.sync_all());
    synced.map_err(StoreError::io("sync directory", parent))
}

/// The bytes of a file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(StoreError::io("read", path)(e)),
    }
}
