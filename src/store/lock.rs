//! Who works in a run directory: the file `lock`.
//!
//! Two locks in one. The file's text names host, process and batch job, for people and for file
//! systems without locks; where the file system has them, an exclusive `flock` on the same file
//! decides between processes that start at the same moment; where they have none, a second's wait
//! does. A lock whose owner is provably gone is
//! taken over: a process of this host that ended, or an earlier life of our own batch job, since
//! Slurm ends all of a job's processes before it requeues it under the same number.

use super::{StoreError, files};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than a process takes from finding the lock free to putting its name there.
const SETTLED: Duration = Duration::from_secs(1);

/// Whoever wrote a lock file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Holder {
    /// Host of the process.
    pub host: String,
    /// Its process id.
    pub pid: i32,
    /// When the process began, in the kernel's ticks since boot: tells it from a later process with
    /// the same id. 0 where the system does not say.
    pub begun: u64,
    /// Batch job, empty without one.
    pub job: String,
    /// Seconds since 1970 at which the lock was taken.
    pub since: f64,
}

/// The lock of a run directory; given back when dropped.
#[derive(Debug)]
pub(super) struct Lock {
    path: PathBuf,
    file: File,
    holder: Holder,
}

impl Holder {
    /// This process.
    pub(super) fn this(host: &str, job: &str, since: f64) -> Self {
        let pid = rustix::process::getpid().as_raw_nonzero().get();
        Self { host: host.into(), pid, begun: begun(pid), job: job.into(), since }
    }

    /// Why the process is certainly gone, as `host` and `job` can tell; `None` if it may be alive.
    pub(super) fn gone(&self, host: &str, job: &str) -> Option<String> {
        if self.host != host {
            let requeued = !job.is_empty() && self.job == job;
            return requeued.then(|| format!("job {job} was requeued"));
        }
        let Some(pid) = Pid::from_raw(self.pid) else {
            return Some(format!("{} is no process id", self.pid));
        };
        let alive = !matches!(test_kill_process(pid), Err(Errno::SRCH)) && !is_zombie(self.pid);
        let same = self.begun == 0 || begun(self.pid) == self.begun;
        (!(alive && same)).then(|| format!("process {} on {host} is gone", self.pid))
    }

    /// `process 42 on node7 (job 1234)`.
    fn describe(&self) -> String {
        let job = if self.job.is_empty() { String::new() } else { format!(" (job {})", self.job) };
        format!("process {} on {}{job}", self.pid, self.host)
    }
}

impl Lock {
    /// Takes the lock of `dir`; also says from whom, if it had to be taken over.
    ///
    /// # Errors
    /// Somebody else has it, or the file cannot be written.
    pub(super) fn acquire(dir: &Path, holder: Holder) -> Result<(Self, Option<String>), StoreError> {
        let path = dir.join(files::LOCK);
        loop {
            let file =
                OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = file.map_err(StoreError::io("open", &path))?;
            let kernel = lock_in_kernel(&file).map_err(StoreError::io("lock", &path))?;
            let text = read_text(&mut file).map_err(StoreError::io("read", &path))?;
            let notice = match (kernel, judge(&text, &holder)) {
                (Kernel::Held, verdict) => {
                    let who = verdict.err().unwrap_or_else(|| "a process that is starting".into());
                    return Err(locked(dir, format!("{who} is writing there")));
                }
                (_, Err(who)) => {
                    let reason = format!(
                        "{who} may still be writing there; if you are sure that it is not, remove {}",
                        path.display()
                    );
                    return Err(locked(dir, reason));
                }
                (_, Ok(notice)) => notice,
            };
            // Its last owner may have removed the file between our open and our lock.
            if !is_at(&file, &path) {
                continue;
            }
            let lock = Self { path, file, holder };
            match kernel {
                Kernel::Unsupported => lock.claim(dir)?,
                Kernel::Ours | Kernel::Held => lock.write()?,
            }
            return Ok((lock, notice));
        }
    }

    fn text(&self) -> String {
        serde_json::to_string_pretty(&self.holder).expect("plain text and finite numbers")
    }

    fn write(&self) -> Result<(), StoreError> {
        let mut file = &self.file;
        let written = file
            .rewind()
            .and_then(|()| file.set_len(0))
            .and_then(|()| file.write_all(self.text().as_bytes()))
            .and_then(|()| file.sync_all());
        written.map_err(StoreError::io("write", &self.path))?;
        files::sync_parent(&self.path)
    }

    /// Puts our name there where no kernel decides. Of several processes that found the lock free at the same
    /// moment the last one to rename has it, which all of them see once they have all done so.
    fn claim(&self, dir: &Path) -> Result<(), StoreError> {
        // A file of our own: the one that they all opened would mix their names.
        let own = dir.join(format!(".{}.{}.{}", files::LOCK, self.holder.host, self.holder.pid));
        files::write_at(&own, self.text().as_bytes())?;
        files::rename(&own, &self.path)?;
        std::thread::sleep(SETTLED);
        self.check().map_err(|lost| match lost {
            StoreError::LockLost { reason, .. } => {
                locked(dir, format!("another process began at the same moment: {reason}"))
            }
            other => other,
        })
    }

    /// Makes sure that nobody took the lock away.
    ///
    /// # Errors
    /// Somebody did.
    pub(super) fn check(&self) -> Result<(), StoreError> {
        let lost = |reason: String| StoreError::LockLost { path: self.path.clone(), reason };
        match read_holder(&self.path)? {
            Some(Ok(holder)) if holder == self.holder => Ok(()),
            Some(Ok(other)) => Err(lost(format!("{} has it", other.describe()))),
            Some(Err(reason)) => Err(lost(reason)),
            None => Err(lost("it was removed".into())),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.check().is_ok() {
            // A lock that cannot be removed is taken over by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Who holds the lock at `path`: `None` without a file, the inner error if its text is unreadable.
pub(super) fn read_holder(path: &Path) -> Result<Option<Result<Holder, String>>, StoreError> {
    let parse = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|_| unreadable());
    Ok(files::read(path)?.map(parse))
}

#[derive(Clone, Copy)]
enum Kernel {
    Ours,
    Held,
    Unsupported,
}

fn lock_in_kernel(file: &File) -> std::io::Result<Kernel> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Kernel::Ours),
        Err(Errno::WOULDBLOCK) => Ok(Kernel::Held),
        Err(Errno::NOSYS | Errno::NOTSUP | Errno::NOLCK | Errno::INVAL) => Ok(Kernel::Unsupported),
        Err(e) => Err(e.into()),
    }
}

/// Whether the lock may be taken, with what to tell the user; the error says who has it.
fn judge(text: &str, us: &Holder) -> Result<Option<String>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let them: Holder = serde_json::from_str(text).map_err(|_| unreadable())?;
    match them.gone(&us.host, &us.job) {
        Some(why) => Ok(Some(format!("the lock of {} was taken over: {why}", them.describe()))),
        None => Err(them.describe()),
    }
}

fn unreadable() -> String {
    "somebody whose name in the lock file cannot be read".into()
}

fn locked(dir: &Path, reason: String) -> StoreError {
    StoreError::Locked { path: dir.to_owned(), reason }
}

fn read_text(file: &mut File) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        (_, Err(e)) => e.kind() != ErrorKind::NotFound,
        (Err(_), _) => false,
    }
}

/// Start of a process in ticks since boot; 0 if unknown.
fn begun(pid: i32) -> u64 {
    stat(pid, 22).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

/// Whether a process has ended and its parent (in a container often one that never does) has yet to
/// take note.
fn is_zombie(pid: i32) -> bool {
    stat(pid, 3).is_some_and(|state| state == "Z")
}

/// A field of `/proc/PID/stat`, numbered as in its manual, from the third on.
fn stat(pid: i32, field: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command's name is in parentheses and may hold anything, spaces and parentheses included.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(field - 3).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us() -> Holder {
        Holder::this("here", "7", 0.0)
    }

    #[test]
    fn the_start_of_a_process_is_found_and_differs_between_processes() {
        // The kernel counts in hundredths of a second: let one pass.
        std::thread::sleep(std::time::Duration::from_millis(30));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let childs = begun(child.id() as i32);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(begun(us().pid) > 0);
        assert!(childs > begun(us().pid));
        assert_eq!(begun(child.id() as i32), 0);
    }

    #[test]
    fn a_process_that_nobody_took_note_of_is_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id() as i32;
        let holder = Holder { pid, begun: begun(pid), ..us() };
        while !is_zombie(pid) {
            std::thread::yield_now();
        }
        assert!(holder.gone("here", "").is_some());
        assert!(!is_zombie(us().pid));
        child.wait().unwrap();
    }

    #[test]
    fn the_living_keep_their_lock_and_the_dead_lose_it() {
        let other = |host: &str, pid: i32, begun: u64, job: &str| Holder {
            host: host.into(),
            pid,
            begun,
            job: job.into(),
            since: 0.0,
        };
        let (pid, started) = (us().pid, us().begun);
        let gone = |h: Holder| h.gone("here", "7").is_some();
        assert!(!gone(us()));
        assert!(!gone(other("here", 1, 0, "7")), "init is alive");
        assert!(gone(other("here", i32::MAX, 5, "6")), "no such process");
        assert!(gone(other("here", pid, started + 1, "7")), "the id was given out again");
        assert!(gone(other("there", 1, 0, "7")), "an earlier life of our job");
        assert!(!gone(other("there", 1, 0, "6")), "nobody can tell");
        assert!(other("there", 1, 0, "").gone("here", "").is_none(), "no job is not the same job");
    }

    #[test]
    fn a_lock_is_exclusive_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, notice) = Lock::acquire(dir.path(), us()).unwrap();
        assert_eq!(notice, None);
        let said = Lock::acquire(dir.path(), us()).unwrap_err();
        assert!(said.is_usage() && said.to_string().contains(&us().describe()), "{said}");
        drop(lock);
        assert!(!dir.path().join(files::LOCK).exists());
        Lock::acquire(dir.path(), us()).unwrap();
    }

    #[test]
    fn without_a_kernel_lock_the_text_decides() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(files::LOCK);
        let put = |h: &Holder| fs::write(&path, serde_json::to_string(h).unwrap()).unwrap();
        put(&Holder { host: "there".into(), job: "6".into(), ..us() });
        let said = Lock::acquire(dir.path(), us()).unwrap_err().to_string();
        assert!(said.contains("there") && said.contains("remove"), "{said}");
        put(&Holder { host: "there".into(), ..us() });
        let (_, notice) = Lock::acquire(dir.path(), us()).unwrap();
        assert!(notice.unwrap().contains("requeued"));
        fs::write(&path, "not a lock").unwrap();
        assert!(Lock::acquire(dir.path(), us()).unwrap_err().is_usage());
    }

    #[test]
    fn of_many_that_find_the_lock_free_without_a_kernel_lock_one_gets_it() {
        let dir = tempfile::tempdir().unwrap();
        let claim = |pid: i32| {
            let path = dir.path().join(files::LOCK);
            let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path).unwrap();
            let lock = Lock { path, file, holder: Holder { pid, ..us() } };
            lock.claim(dir.path()).map(|()| lock)
        };
        let claimed: Vec<_> = std::thread::scope(|scope| {
            let started: Vec<_> = (1..=8).map(|pid| scope.spawn(move || claim(pid))).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (got, refused): (Vec<_>, Vec<_>) = claimed.into_iter().partition(Result::is_ok);
        assert_eq!((got.len(), refused.len()), (1, 7));
        let said = refused[0].as_ref().unwrap_err();
        assert!(said.is_usage() && said.to_string().contains("at the same moment"), "{said}");
        got[0].as_ref().unwrap().check().unwrap();
    }

    #[test]
    fn a_stolen_lock_is_noticed_and_not_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, _) = Lock::acquire(dir.path(), us()).unwrap();
        lock.check().unwrap();
        let path = dir.path().join(files::LOCK);
        fs::remove_file(&path).unwrap();
        assert!(lock.check().unwrap_err().to_string().contains("removed"));
        let (thief, _) = Lock::acquire(dir.path(), Holder { job: "8".into(), ..us() }).unwrap();
        assert!(lock.check().unwrap_err().to_string().contains("job 8"));
        drop(lock);
        thief.check().unwrap();
    }
}
