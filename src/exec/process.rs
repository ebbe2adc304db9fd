//! A child process and all of its descendants, from start to the last of them.

use super::tree::{Entry, MARK, Stray, Tree};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::collections::BTreeSet;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How often a program file that another thread's child still holds open is tried again.
const BUSY_TRIES: u32 = 100;
/// Time for killed processes to disappear; one stuck in the kernel does not.
const VANISH: Duration = Duration::from_secs(2);
/// Pause between two looks at the processes of a tree.
const LOOK: Duration = Duration::from_millis(20);

/// A running process group, and what has left it.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Pid,
    tree: Tree,
    /// When what still runs is killed, once it was asked to end.
    kill_at: Option<Instant>,
    next_look: Option<Instant>,
    reaped: bool,
    strays: BTreeSet<Stray>,
}

/// How a process ended; nothing of its tree is left.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// What had left the group and had to be killed, or asked to end, on its own.
    pub(super) strays: Vec<Stray>,
    /// Seconds of processor time of the leader and of those that it waited for; `None` if not known.
    pub(super) cpu_s: Option<f64>,
}

impl Process {
    /// Starts the command as the leader of its own group. A mark that its environment has already is
    /// that of its tree.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        let given = command.get_envs().find(|(name, _)| *name == MARK).and_then(|(_, value)| value);
        let mark = given.map_or_else(unique, |value| value.to_string_lossy().into_owned());
        command.process_group(0).env(MARK, &mark);
        let mut tries = 0;
        let child = loop {
            match command.spawn() {
                // A child that another thread just forked holds our freshly written script open
                // until it executes its own program.
                Err(e) if e.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                    tries += 1;
                    thread::sleep(Duration::from_millis(2));
                }
                other => break other?,
            }
        };
        let group = Pid::from_child(&child);
        let tree = Tree::of(group, &mark);
        let (kill_at, next_look, strays) = (None, None, BTreeSet::new());
        Ok(Self { child, group, tree, kill_at, next_look, reaped: false, strays })
    }

    /// TERM to the whole tree; KILL follows at `kill_at` if that is needed. Asking again can only
    /// bring that forward.
    pub(super) fn ask_to_end(&mut self, kill_at: Instant) {
        if self.kill_at.is_none() && !self.reaped {
            signal(self.group, Signal::TERM);
            // A stopped process would not see TERM.
            signal(self.group, Signal::CONT);
            self.strays.extend(self.tree.signal_strays(Signal::TERM));
        }
        self.kill_at = Some(self.kill_at.map_or(kill_at, |earlier| earlier.min(kill_at)));
    }

    /// The leader's exit status, once it has ended and all that it started is gone.
    ///
    /// The leader is not reaped before its group is killed: until then its id cannot belong to
    /// anybody else.
    pub(super) fn poll(&mut self, now: Instant) -> io::Result<Option<Ended>> {
        let late = self.kill_at.is_some_and(|at| now >= at);
        if late {
            signal(self.group, Signal::KILL);
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if waitid(WaitId::Pid(self.group), options)?.is_none() {
            return Ok(None);
        }
        // Asked to end, the leader often goes first: a shell, say, whose program still saves its work.
        if self.kill_at.is_some() && !late && self.others_run(now) {
            return Ok(None);
        }
        let cpu_s = super::tree::cpu_s(self.id());
        let status = self.reap()?;
        let strays = std::mem::take(&mut self.strays).into_iter().collect();
        Ok(Some(Ended { status, strays, cpu_s }))
    }

    /// Kills what is left of the group, takes the leader's status, then kills what had left the group.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        signal(self.group, Signal::KILL);
        let status = self.child.wait()?;
        self.reaped = true;
        let deadline = Instant::now() + VANISH;
        while !self.tree.look().is_empty() {
            // More than once: what is killed may have started something after it was seen.
            self.strays.extend(self.tree.signal_strays(Signal::KILL));
            if Instant::now() > deadline {
                tracing::warn!(processes = ?self.tree.look(), "killed, but still there");
                break;
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(status)
    }

    fn others_run(&mut self, now: Instant) -> bool {
        if self.next_look.is_some_and(|at| now < at) {
            return true;
        }
        self.next_look = Some(now + LOOK);
        self.tree.look().iter().any(|e| e.pid != self.group.as_raw_pid())
    }

    /// Its living processes.
    pub(super) fn processes(&mut self) -> Vec<Entry> {
        self.tree.look()
    }

    /// The pipe from its standard output, if it was asked for.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The pipe to its standard input, if it was asked for.
    pub(super) fn input(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its id, which is also its group's.
    pub(super) fn id(&self) -> i32 {
        self.group.as_raw_pid()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.reaped {
            signal(self.group, Signal::KILL);
            if let Err(e) = self.reap() {
                tracing::warn!(group = %self.group.as_raw_pid(), "process not reaped: {e}");
            }
        }
    }
}

/// A text that no other process on this host has in its environment.
pub(super) fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{count}-{}", std::process::id(), now.as_nanos())
}

/// A group that has gone needs no signal.
fn signal(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(e) => tracing::warn!(group = %group.as_raw_pid(), ?signal, "signal not sent: {e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::test_kill_process;
    use std::fs;
    use std::path::Path;

    fn shell(script: &str) -> Process {
        Process::start(Command::new("/bin/sh").args(["-c", script])).unwrap()
    }

    fn wait(process: &mut Process) -> Ended {
        loop {
            if let Some(ended) = process.poll(Instant::now()).unwrap() {
                return ended;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait_for(path: &Path) -> String {
        loop {
            match fs::read_to_string(path) {
                Ok(text) if text.ends_with('\n') => return text,
                _ => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// A killed process that init has not yet reaped still has its id.
    fn lives(pid: &str) -> bool {
        let state = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        state.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    #[test]
    fn leftovers_of_a_normal_exit_are_killed() {
        let mut process = shell("sleep 600 & sleep 600 & exit 4");
        let ended = wait(&mut process);
        assert_eq!((ended.status.code(), ended.strays), (Some(4), vec![]));
        assert!(process.processes().is_empty());
    }

    #[test]
    fn what_moved_to_another_session_is_killed_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path().join("pid");
        // Its parent has gone, it ignores TERM, and it leads a session of its own.
        let hidden = format!("trap '' TERM; echo $$ > {}; while :; do sleep 0.1; done", at.display());
        let hidden = hidden.replace('\'', "'\\''");
        let mut process = shell(&format!(
            "(setsid sh -c '{hidden}' &) ; while [ ! -s {} ]; do sleep 0.01; done",
            at.display()
        ));
        let pid = wait_for(&at);
        let ended = wait(&mut process);
        assert!(ended.status.success());
        assert!(ended.strays.iter().any(|s| s.pid.to_string() == pid.trim() && s.name == "sh"));
        assert!(!lives(&pid));
    }

    #[test]
    fn what_hides_its_environment_is_known_from_an_earlier_look() {
        let dir = tempfile::tempdir().unwrap();
        let (at, go) = (dir.path().join("pid"), dir.path().join("go"));
        let mut process = shell(&format!(
            "env -i setsid sh -c 'echo $$ > {0}; sleep 600; :' & while [ ! -e {1} ]; do sleep 0.01; done",
            at.display(),
            go.display()
        ));
        let pid = wait_for(&at);
        assert!(process.processes().iter().any(|e| e.pid.to_string() == pid.trim()));
        fs::write(go, "").unwrap();
        let ended = wait(&mut process);
        assert!(!ended.strays.is_empty() && !lives(&pid), "{ended:?}");
    }

    #[test]
    fn somebody_elses_process_is_left_alone() {
        let mut other = shell("sleep 600");
        wait(&mut shell("true"));
        assert!(test_kill_process(Pid::from_raw(other.id()).unwrap()).is_ok());
        assert!(other.poll(Instant::now()).unwrap().is_none());
    }

    #[test]
    fn dropping_kills() {
        let process = shell("sleep 600 & trap '' TERM; sleep 600");
        let pid = process.id().to_string();
        drop(process);
        assert!(!lives(&pid));
    }

    #[test]
    fn a_program_may_save_its_work_after_its_shell_went() {
        let dir = tempfile::tempdir().unwrap();
        let (ready, saved) = (dir.path().join("ready"), dir.path().join("saved"));
        let program = format!(
            "trap 'sleep 0.2; : > {}; exit' TERM; : > {}; while :; do sleep 0.01; done",
            saved.display(),
            ready.display()
        );
        let mut process = shell(&format!("sh -c '{}' & wait", program.replace('\'', "'\\''")));
        while !ready.exists() {
            thread::sleep(Duration::from_millis(1));
        }
        process.ask_to_end(Instant::now() + Duration::from_secs(60));
        wait(&mut process);
        assert!(saved.exists(), "killed before it was done");
    }
}
