//! A directory on the node's own disk for the time of an attempt.

use super::directory::failed;
use rustix::fs::{FlockOperation, flock};
use std::env;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const PREFIX: &str = "paretorank-scratch-";
/// A directory that is younger may not have been locked yet.
const YOUNG: Duration = Duration::from_secs(60);

/// The directory. Dropped, it is removed; if this process is killed, the next one on this node that
/// makes one removes it.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    /// Held as long as the directory is in use.
    _lock: File,
}

/// Where scratch directories are made: what the batch system made for the job, else what the site says,
/// else `/tmp`.
pub(super) fn place() -> PathBuf {
    let set = ["SLURM_TMPDIR", "TMPDIR"].iter().filter_map(env::var_os).map(PathBuf::from);
    let usable = set.filter(|path| path.is_absolute() && path.is_dir());
    usable.into_iter().next().unwrap_or_else(|| PathBuf::from("/tmp"))
}

impl Scratch {
    /// Makes an empty directory in `place` that only this user can read, and removes those of
    /// processes that were killed.
    ///
    /// # Errors
    /// In words, with the path.
    pub(super) fn make(place: &Path) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        remove_abandoned(place);
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = place.join(format!("{PREFIX}{}-{count}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let lock = lock(&path).map_err(|e| failed("lock", &path, &e))?;
                    return Ok(Self { path, _lock: lock });
                }
                // Another process of this number, on another host that shares the place or long ago.
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed("make directory", &path, &e)),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(e) = fs::remove_dir_all(&self.path) {
            tracing::warn!("{}", failed("remove", &self.path, &e));
        }
    }
}

fn lock(path: &Path) -> std::io::Result<File> {
    let dir = File::open(path)?;
    flock(&dir, FlockOperation::NonBlockingLockExclusive)?;
    Ok(dir)
}

/// Whether a directory has a name that only [`Scratch::make`] gives: the prefix, and two numbers.
fn is_ours(name: &OsStr) -> bool {
    let rest = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    rest.and_then(|rest| rest.split_once('-')).is_some_and(|(pid, count)| number(pid) && number(count))
}

fn remove_abandoned(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    for path in entries.flatten().filter(|e| is_ours(&e.file_name())).map(|e| e.path()) {
        let age = fs::metadata(&path).and_then(|m| m.modified()).ok().and_then(|m| m.elapsed().ok());
        // Another user's cannot be removed, and one that is locked is in use.
        if age.is_some_and(|age| age > YOUNG) && path.is_dir() && lock(&path).is_ok() {
            match fs::remove_dir_all(&path) {
                Ok(()) => {
                    tracing::info!("removed {}, left by a process that was killed", path.display())
                }
                Err(e) => tracing::debug!("{}", failed("remove", &path, &e)),
            }
        }
    }
}

/// Copies files or directories of these names from one directory into another; those that are not
/// there are left out.
///
/// # Errors
/// In words, with the path.
pub(super) fn copy(from: &Path, to: &Path, names: &[PathBuf]) -> Result<(), String> {
    names.iter().try_for_each(|name| copy_one(&from.join(name), &to.join(name)))
}

fn copy_one(from: &Path, to: &Path) -> Result<(), String> {
    let told = |e: std::io::Error| format!("cannot copy {} to {}: {e}", from.display(), to.display());
    let Ok(meta) = fs::metadata(from) else { return Ok(()) };
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(told)?;
    }
    if !meta.is_dir() {
        return fs::copy(from, to).map(drop).map_err(told);
    }
    fs::create_dir_all(to).map_err(told)?;
    for entry in fs::read_dir(from).map_err(told)? {
        let name = entry.map_err(told)?.file_name();
        copy_one(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::SystemTime;

    fn entries(place: &Path) -> usize {
        fs::read_dir(place).unwrap().count()
    }

    #[test]
    fn it_lives_as_long_as_it_is_held() {
        let place = tempfile::tempdir().unwrap();
        let (one, two) = (Scratch::make(place.path()).unwrap(), Scratch::make(place.path()).unwrap());
        assert_ne!(one.path(), two.path());
        assert_eq!(fs::metadata(one.path()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(one.path().join("large"), "x").unwrap();
        drop(one);
        assert_eq!(entries(place.path()), 1);
        drop(two);
        assert_eq!(entries(place.path()), 0);
        let error = Scratch::make(&place.path().join("gone")).unwrap_err();
        assert!(error.contains("gone/paretorank-scratch-"), "{error}");
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let held = Scratch::make(place.path()).unwrap();
        let old = SystemTime::now() - Duration::from_secs(3600);
        let make = |name: &str| {
            let path = place.path().join(name);
            fs::create_dir_all(path.join("inside")).unwrap();
            path
        };
        let age = |path: &Path| File::open(path).unwrap().set_modified(old).unwrap();
        let (left, young) = (make("paretorank-scratch-1-0"), make("paretorank-scratch-1-1"));
        let names = ["thesis", "paretorank-1-0", "paretorank-scratch-1", "paretorank-scratch-1-0-mine"];
        let foreign = names.map(make);
        age(&left);
        foreign.iter().for_each(|path| age(path));
        age(held.path());
        let next = Scratch::make(place.path()).unwrap();
        assert!(!left.exists());
        assert!(young.exists() && held.path().exists() && next.path().exists());
        assert!(foreign.iter().all(|path| path.exists()), "others' directories are not ours to remove");
    }

    #[test]
    fn outputs_are_copied_with_their_directories() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        fs::create_dir_all(from.join("plots/more")).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(from.join("recon.root"), "root").unwrap();
        fs::write(from.join("plots/more/a.txt"), "a").unwrap();
        fs::write(from.join("sim.root"), "large").unwrap();
        let names = ["recon.root", "plots", "missing"].map(PathBuf::from);
        copy(&from, &to, &names).unwrap();
        assert_eq!(fs::read_to_string(to.join("plots/more/a.txt")).unwrap(), "a");
        assert_eq!(fs::read_to_string(to.join("recon.root")).unwrap(), "root");
        assert!(!to.join("sim.root").exists() && !to.join("missing").exists());
        fs::write(place.path().join("file"), "").unwrap();
        let error = copy(&from, &place.path().join("file"), &names).unwrap_err();
        assert!(error.contains("from/recon.root to ") && error.contains("file"), "{error}");
    }
}
