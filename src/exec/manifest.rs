//! What an attempt was and did, for people and programs that look at its directory later.

use super::status::StepEnd;
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file, in the attempt's directory.
pub(super) const MANIFEST: &str = "manifest.json";
/// More files than this are counted, not listed.
const MOST_FILES: usize = 1000;

/// The contents of [`MANIFEST`].
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    pub(super) trial: u64,
    pub(super) stage: String,
    pub(super) key: String,
    pub(super) attempt: u32,
    pub(super) host: String,
    /// Seconds since 1970.
    pub(super) started: f64,
    /// Seconds since 1970.
    pub(super) finished: f64,
    /// ok, infeasible, failed or interrupted.
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) steps: Vec<Step>,
    pub(super) peak_memory_bytes: Option<u64>,
    /// Seconds until its container had started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container_s: Option<f64>,
    /// Where it worked, if not in the attempt's directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) scratch: Option<PathBuf>,
    /// Processes that had left the group of their step and were ended, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) strays: Vec<String>,
    /// What decides about the task's result, as a hash, where the stage says `reuse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<String>,
    /// The attempt that did the same before, below the run directory: these are its files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reused: Option<PathBuf>,
    /// What it was given: templates and the outputs of earlier tasks.
    pub(super) read: Vec<FileFacts>,
    /// What is in the attempt's directory.
    pub(super) written: Vec<FileFacts>,
    /// How many files more there are.
    pub(super) not_listed: usize,
}

/// A program that was run.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) command: Vec<String>,
    /// "exit code 0", or a signal; `None`: it was not reached, or its end not seen.
    pub(super) ended: Option<String>,
}

/// A file as it was when the attempt ended.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct FileFacts {
    pub(super) path: PathBuf,
    /// Bytes; `None`: it is not there.
    pub(super) size: Option<u64>,
    /// Seconds since 1970.
    pub(super) modified: Option<f64>,
}

/// The programs of an attempt with the ends that were seen.
pub(super) fn steps(argv: &[Vec<String>], ends: &[StepEnd]) -> Vec<Step> {
    let ended = |k: usize| ends.get(k).map(|end| end.status.shown());
    argv.iter().enumerate().map(|(k, argv)| Step { command: argv.clone(), ended: ended(k) }).collect()
}

/// Facts about a file, `shown` being the path that is written down.
pub(super) fn facts(path: &Path, shown: PathBuf) -> FileFacts {
    let meta = fs::metadata(path).ok();
    let modified = meta.as_ref().and_then(|m| m.modified().ok()).map(seconds);
    FileFacts { path: shown, size: meta.map(|m| m.len()), modified }
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |t| t.as_secs_f64())
}

/// Facts about all files below a directory, in the order of their paths, and how many there are beyond
/// the first [`MOST_FILES`]. Links are not followed.
pub(super) fn all_files(dir: &Path) -> (Vec<FileFacts>, usize) {
    let mut paths = vec![];
    let mut open = vec![dir.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                _ => paths.push(entry.path()),
            }
        }
    }
    paths.sort();
    let not_listed = paths.len().saturating_sub(MOST_FILES);
    paths.truncate(MOST_FILES);
    let inside = |path: &PathBuf| path.strip_prefix(dir).unwrap_or(path).to_owned();
    (paths.iter().map(|path| facts(path, inside(path))).collect(), not_listed)
}

impl Manifest {
    /// Writes it into the attempt's directory.
    ///
    /// # Errors
    /// In words, with the path.
    pub(super) fn write(&self, dir: &Path) -> Result<(), String> {
        let path = dir.join(MANIFEST);
        let text = serde_json::to_string_pretty(self).map_err(|e| format!("{MANIFEST}: {e}"))?;
        fs::write(&path, text + "\n").map_err(|e| super::directory::failed("write", &path, &e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_with_their_facts() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("plots")).unwrap();
        fs::write(dir.path().join("plots/a.txt"), "12345").unwrap();
        fs::write(dir.path().join("stdout"), "").unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        let (files, more) = all_files(dir.path());
        let paths: Vec<&str> = files.iter().map(|f| f.path.to_str().unwrap()).collect();
        assert_eq!((paths, more), (vec!["loop", "plots/a.txt", "stdout"], 0));
        assert_eq!((files[1].size, files[2].size), (Some(5), Some(0)));
        let age = seconds(SystemTime::now()) - files[1].modified.unwrap();
        assert!((-1.0..60.0).contains(&age), "{age}");
        let missing = facts(&dir.path().join("missing"), "missing".into());
        assert_eq!((missing.size, missing.modified), (None, None));
        for k in 0..MOST_FILES {
            fs::write(dir.path().join(format!("plots/{k}")), "").unwrap();
        }
        let (files, more) = all_files(dir.path());
        assert_eq!((files.len(), more), (MOST_FILES, 3));
    }
}
