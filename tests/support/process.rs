//! A launch: its output in files, a deadline, and the whole tree of its processes.

use rustix::process::{Pid, Signal, kill_process};
use std::fmt;
use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// No launch takes so long, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(5);

/// mpirun on one machine, by any user, on any number of cores.
pub fn mpirun(ranks: usize, program: &str) -> Command {
    let mut command = Command::new("mpirun");
    command
        .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
        .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .env("OMPI_MCA_hwloc_base_binding_policy", "none")
        .args(["-n", &ranks.to_string(), program]);
    command
}

/// A launch that has not been waited for. Dropped, it is killed with all its descendants.
pub struct Running {
    child: Child,
    output: tempfile::TempDir,
    line: String,
    since: Instant,
}

/// How a launch ended.
pub struct Ended {
    line: String,
    status: ExitStatus,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Running {
    /// Starts with output and errors in files outside all directories of the test.
    pub fn start(command: &mut Command) -> Self {
        let output = tempfile::tempdir().unwrap();
        let file = |name| File::create(output.path().join(name)).unwrap();
        let (out, err) = (file("out"), file("err"));
        command.stdout(out).stderr(err);
        Self::start_with(command, output)
    }

    /// Starts with the standard output and error that `command` has.
    pub fn start_as_given(command: &mut Command) -> Self {
        Self::start_with(command, tempfile::tempdir().unwrap())
    }

    fn start_with(command: &mut Command, output: tempfile::TempDir) -> Self {
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        Self { child, output, line: format!("{command:?}"), since: Instant::now() }
    }

    /// What it has printed so far: output and errors.
    pub fn printed(&self) -> (String, String) {
        let read = |name| {
            let bytes = fs::read(self.output.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        (read("out"), read("err"))
    }

    /// Waits until `done`; the launch must not end before, nor take too long.
    pub fn watch(&mut self, what: &str, mut done: impl FnMut() -> bool) {
        while !done() {
            let (out, err) = self.printed();
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended before {what}: {ended:?}\n{out}\n{err}", self.line);
            assert!(self.since.elapsed() < DEADLINE, "{}: no {what}\n{out}\n{err}", self.line);
            sleep(LOOK);
        }
    }

    pub fn wait(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let (out, err) = self.printed();
            assert!(self.since.elapsed() < DEADLINE, "{} hangs\n{out}\n{err}", self.line);
            sleep(LOOK);
        };
        let (out, err) = self.printed();
        Ended { line: self.line.clone(), status, out, err, took: self.since.elapsed() }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Its process and all descendants; the launcher comes first.
    pub fn tree(&self) -> Vec<i32> {
        descendants(Pid::from_child(&self.child).as_raw_pid())
    }

    /// SIGKILL to everything at once, as far as that is possible.
    pub fn kill(mut self) {
        let tree = self.tree();
        kill_all(&tree);
        self.child.wait().unwrap();
        // One that waits for the disk dies later.
        while tree.iter().any(|pid| lives(*pid)) {
            sleep(LOOK);
        }
    }

    /// Kills it after this time; false if it had completed before.
    pub fn killed_after(mut self, time: Duration) -> bool {
        sleep(time);
        match self.child.try_wait().unwrap() {
            None => {
                self.kill();
                true
            }
            Some(status) => {
                assert!(status.success(), "{}: {status} {:?}", self.line, self.printed());
                false
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            kill_all(&self.tree());
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    /// Its exit code must be this one.
    pub fn expect(self, code: i32) -> Self {
        self.expect_one_of(&[code])
    }

    pub fn expect_one_of(self, codes: &[i32]) -> Self {
        assert!(codes.iter().any(|code| self.status.code() == Some(*code)), "not {codes:?}: {self}");
        assert!(!self.err.contains("panicked"), "{self}");
        self
    }

    /// Its errors must have all of these words.
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "{word:?} is not in {self}");
        }
        self
    }

    /// It must not have ended well.
    pub fn fails(self) -> Self {
        assert!(!self.status.success(), "{self}");
        self
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, status, out, err, took } = self;
        write!(f, "{line}\n{status} after {took:?}; it printed\n{out}\nand on standard error\n{err}")
    }
}

fn kill_all(pids: &[i32]) {
    for pid in pids.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        // It may have gone with the one before.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// A process and all below it.
pub fn descendants(root: i32) -> Vec<i32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    let all: Vec<(i32, i32)> = pids.filter_map(|pid| Some((pid, parent(pid)?))).collect();
    let mut tree = vec![root];
    let mut at = 0;
    while at < tree.len() {
        let above = tree[at];
        tree.extend(all.iter().filter(|(_, parent)| *parent == above).map(|(pid, _)| *pid));
        at += 1;
    }
    tree
}

/// Field 4 of `/proc/PID/stat`; the name before it may hold anything.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Whether a process is there and more than a zombie.
pub fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    !matches!(state, None | Some("Z" | "X"))
}
