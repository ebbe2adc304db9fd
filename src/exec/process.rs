//! A child process and its process group, from start to the last of its descendants.

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, kill_process_group, test_kill_process_group, waitid,
};
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

/// How often a program file that another thread's child still holds open is tried again.
const BUSY_TRIES: u32 = 100;
/// Time for killed processes to disappear; one stuck in the kernel does not.
const VANISH: Duration = Duration::from_secs(2);
/// Pause between two looks at the processes of a group.
const LOOK: Duration = Duration::from_millis(20);

/// A running process group.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Pid,
    /// When what still runs is killed, once it was asked to end.
    kill_at: Option<Instant>,
    next_look: Option<Instant>,
    reaped: bool,
}

impl Process {
    /// Starts the command as the leader of its own group.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        command.process_group(0);
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
        Ok(Self { child, group, kill_at: None, next_look: None, reaped: false })
    }

    /// TERM to the whole group; KILL follows at `kill_at` if that is needed. Asking again can only
    /// bring that forward.
    pub(super) fn ask_to_end(&mut self, kill_at: Instant) {
        if self.kill_at.is_none() && !self.reaped {
            signal(self.group, Signal::TERM);
            // A stopped process would not see TERM.
            signal(self.group, Signal::CONT);
        }
        self.kill_at = Some(self.kill_at.map_or(kill_at, |earlier| earlier.min(kill_at)));
    }

    /// The leader's exit status, once it has ended and its group is gone.
    ///
    /// The leader is not reaped before its group is killed: until then its id cannot belong to
    /// anybody else.
    pub(super) fn poll(&mut self, now: Instant) -> io::Result<Option<ExitStatus>> {
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
        self.reap().map(Some)
    }

    /// Kills what is left of the group, takes the leader's status, sees the group vanish.
    fn reap(&mut self) -> io::Result<ExitStatus> {
        signal(self.group, Signal::KILL);
        let status = self.child.wait()?;
        self.reaped = true;
        let deadline = Instant::now() + VANISH;
        while test_kill_process_group(self.group) != Err(Errno::SRCH) && !members(self.group).is_empty()
        {
            if Instant::now() > deadline {
                tracing::warn!(processes = ?members(self.group), "killed, but still there");
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
        members(self.group).iter().any(|pid| *pid != self.group.as_raw_pid())
    }

    /// The pipe from its standard output, if it was asked for.
    pub(super) fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its id, which is also its group's.
    #[cfg(test)]
    pub(super) fn group(&self) -> Pid {
        self.group
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

/// A group that has gone needs no signal.
fn signal(group: Pid, signal: Signal) {
    match kill_process_group(group, signal) {
        Ok(()) | Err(Errno::SRCH) => {}
        Err(e) => tracing::warn!(group = %group.as_raw_pid(), ?signal, "signal not sent: {e}"),
    }
}

/// Processes of a group that are more than zombies.
pub(super) fn members(group: Pid) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return vec![];
    };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| state_and_group(&stat).is_some_and(|s| s == (true, group.as_raw_pid())))
    })
    .collect()
}

/// Whether a process lives, and its group, from `/proc/PID/stat`: `pid (name) state ppid pgrp …`,
/// where the name may hold anything.
fn state_and_group(stat: &str) -> Option<(bool, i32)> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let group = fields.nth(1)?.parse().ok()?;
    Some((!matches!(state, "Z" | "X"), group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Process {
        Process::start(Command::new("/bin/sh").args(["-c", script])).unwrap()
    }

    fn wait(process: &mut Process) -> ExitStatus {
        loop {
            if let Some(status) = process.poll(Instant::now()).unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn proc_stat_is_read_whatever_the_name() {
        assert_eq!(state_and_group("7 (a) b) (c) S 1 42 7 0"), Some((true, 42)));
        assert_eq!(state_and_group("7 (sh) Z 1 42 7 0"), Some((false, 42)));
        assert_eq!(state_and_group(""), None);
    }

    #[test]
    fn leftovers_of_a_normal_exit_are_killed() {
        let mut process = shell("sleep 600 & sleep 600 & exit 4");
        assert_eq!(wait(&mut process).code(), Some(4));
        assert!(members(process.group()).is_empty());
    }

    #[test]
    fn dropping_kills() {
        let process = shell("sleep 600 & trap '' TERM; sleep 600");
        let group = process.group();
        drop(process);
        assert!(members(group).is_empty());
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
