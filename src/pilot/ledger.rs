//! Which jobs a pilot has, on disk: the next one tells at once of those whose pilot is gone, where the server would
//! miss them only after hours.
//!
//! Every pilot has a file of its own, which it keeps locked while it lives, with a line for each job taken (`+`)
//! and told of (`-`).

use crate::job::JobId;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The file of a living pilot.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    open: BTreeSet<JobId>,
}

/// What a pilot that is gone has left.
#[derive(Debug)]
pub struct Left {
    path: PathBuf,
    /// Jobs that it had.
    pub jobs: Vec<JobId>,
}

impl Left {
    /// What became of them is told, or lies on disk to be told.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn settled(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

impl Ledger {
    /// Begins a file in the folder, and finds those of pilots that are gone.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<Left>)> {
        fs::create_dir_all(folder)?;
        let mut left = vec![];
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // Who holds the lock is alive; where there are no locks nobody can be told to be gone.
            let Ok(mut file) = File::open(&path) else { continue };
            if path.extension().is_some_and(|ending| ending == "jobs") && file.try_lock().is_ok() {
                let mut text = String::new();
                file.read_to_string(&mut text)?;
                left.push(Left { jobs: open_in(&text).into_iter().collect(), path });
            }
        }
        let path = folder.join(format!("{}.jobs", uuid::Uuid::new_v4()));
        // It is there under its name once it is locked.
        let beside = path.with_extension("part");
        let file = OpenOptions::new().append(true).create_new(true).open(&beside)?;
        // Without a lock it works as well, and only nobody tells of its jobs.
        let _ = file.try_lock();
        fs::rename(&beside, &path)?;
        Ok((Self { path, file, open: BTreeSet::new() }, left))
    }

    /// Notes jobs that were taken, and jobs that are told of or not to be told of.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note(&mut self, taken: &[JobId], settled: &[JobId]) -> io::Result<()> {
        let mut text = String::new();
        for id in taken {
            if self.open.insert(*id) {
                text += &format!("+{}.{}\n", id.job, id.attempt);
            }
        }
        for id in settled {
            if self.open.remove(id) {
                text += &format!("-{}.{}\n", id.job, id.attempt);
            }
        }
        self.file.write_all(text.as_bytes())
    }

    /// Ends the file, if nothing is open in it.
    pub fn close(self) {
        if self.open.is_empty() {
            // One that stays says nothing.
            let _ = fs::remove_file(self.path);
        }
    }
}

/// Jobs that were taken and not settled. A line that was torn by a kill tells nothing.
fn open_in(text: &str) -> BTreeSet<JobId> {
    let mut open = BTreeSet::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let (is_taken, rest) = match (line.strip_prefix('+'), line.strip_prefix('-')) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => continue,
        };
        let Some((job, attempt)) = rest.split_once('.') else { continue };
        let (Ok(job), Ok(attempt)) = (job.parse(), attempt.parse()) else { continue };
        let id = JobId { job, attempt };
        if is_taken {
            open.insert(id)
        } else {
            open.remove(&id)
        };
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(job: i64) -> JobId {
        JobId { job, attempt: 1 }
    }

    #[test]
    fn what_a_pilot_had_is_known_once_it_is_gone_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let (mut first, left) = Ledger::open(dir.path()).unwrap();
        assert!(left.is_empty());
        first.note(&[id(1), id(2), id(3)], &[]).unwrap();
        first.note(&[], &[id(2), id(9)]).unwrap();
        let (second, left) = Ledger::open(dir.path()).unwrap();
        assert!(left.is_empty(), "it is alive");
        drop(first);
        second.close();
        let (third, mut left) = Ledger::open(dir.path()).unwrap();
        assert_eq!(left.len(), 1);
        let left = left.remove(0);
        assert_eq!(left.jobs, [id(1), id(3)]);
        left.settled().unwrap();
        third.close();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn torn_and_foreign_lines_tell_nothing() {
        let open = open_in("+1.1\n+2.1\n-1.1\nx\n+3\n+4.x\n\u{0}\n+5.1\n-5.");
        assert_eq!(open.into_iter().collect::<Vec<_>>(), [id(2), id(5)]);
    }
}
