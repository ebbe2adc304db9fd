//! The last words about jobs, on disk until the server has them.
//!
//! One file per attempt, written beside and renamed: after a kill at any instant each is there as a whole or
//! not at all. A job that has ended must not be told of only in memory: the server would hand it out again.

use super::update::Update;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder of updates that wait to be accepted.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    pending: BTreeMap<(i64, i64), Update>,
}

impl Outbox {
    /// Opens the folder, made if it is not there, and reads what an earlier program left; files that cannot be
    /// read are set aside, with the notices that say so.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: &Path) -> io::Result<(Self, Vec<String>)> {
        fs::create_dir_all(folder)?;
        let mut outbox = Self { folder: folder.to_owned(), pending: BTreeMap::new() };
        let mut notices = vec![];
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            let read = fs::read(&path).map_err(|e| e.to_string());
            let read = read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()));
            match read {
                Ok(update) => {
                    let update: Update = update;
                    outbox.pending.insert((update.job, update.attempt), update);
                }
                Err(why) => {
                    let aside = path.with_extension("damaged");
                    fs::rename(&path, &aside)?;
                    notices.push(format!(
                        "{} is no update ({why}); set aside as {}",
                        path.display(),
                        aside.display()
                    ));
                }
            }
        }
        Ok((outbox, notices))
    }

    /// Keeps updates until they are [`settled`](Outbox::settled), on disk when this returns.
    ///
    /// # Errors
    /// They cannot be written; they are kept in memory all the same.
    pub fn put(&mut self, updates: &[Update]) -> io::Result<()> {
        self.pending.extend(updates.iter().map(|update| ((update.job, update.attempt), update.clone())));
        for update in updates {
            let path = self.path(update.job, update.attempt);
            let beside = path.with_extension("part");
            let mut file = File::create(&beside)?;
            file.write_all(&serde_json::to_vec(update)?)?;
            file.sync_data()?;
            fs::rename(&beside, &path)?;
        }
        // The names, once for all of them.
        File::open(&self.folder)?.sync_all()
    }

    /// What waits.
    pub fn pending(&self) -> impl Iterator<Item = &Update> {
        self.pending.values()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The server has the last word about this attempt. A file that stays does no harm: it will be told once
    /// more, and the server says that it knows.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn settled(&mut self, job: i64, attempt: i64) -> io::Result<()> {
        self.pending.remove(&(job, attempt));
        match fs::remove_file(self.path(job, attempt)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        }
    }

    fn path(&self, job: i64, attempt: i64) -> PathBuf {
        self.folder.join(format!("{job}-{attempt}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panda::State;

    #[test]
    fn what_is_put_is_there_for_the_next_program_until_it_is_settled() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("outbox");
        let update =
            |job| Update { exit: Some(3), cpu_s: Some(0.1), ..Update::new(job, 1, State::Failed) };
        let (mut outbox, notices) = Outbox::open(&folder).unwrap();
        assert!(outbox.is_empty() && notices.is_empty());
        outbox.put(&[update(1), update(2)]).unwrap();
        drop(outbox);
        let (mut outbox, _) = Outbox::open(&folder).unwrap();
        assert_eq!(outbox.pending().cloned().collect::<Vec<_>>(), [update(1), update(2)]);
        outbox.settled(1, 1).unwrap();
        outbox.settled(1, 1).unwrap();
        let (outbox, _) = Outbox::open(&folder).unwrap();
        assert_eq!(outbox.pending().map(|update| update.job).collect::<Vec<_>>(), [2]);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn half_written_and_damaged_files_do_not_stop_a_pilot() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("3-1.part"), "{\"job\": 3").unwrap();
        fs::write(dir.path().join("4-1.json"), "{\"job\": 4").unwrap();
        let (outbox, notices) = Outbox::open(dir.path()).unwrap();
        assert!(outbox.is_empty());
        assert!(notices.len() == 1 && notices[0].contains("4-1.json is no update"), "{notices:?}");
        assert!(dir.path().join("4-1.damaged").exists());
    }

    #[test]
    fn a_full_disk_is_said_and_the_update_is_not_lost_to_this_program() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("outbox");
        let (mut outbox, _) = Outbox::open(&folder).unwrap();
        fs::remove_dir(&folder).unwrap();
        assert!(outbox.put(&[Update::new(1, 1, State::Finished)]).is_err());
        assert_eq!(outbox.len(), 1);
    }
}
