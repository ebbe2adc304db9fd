//! A physicist's folder, a queue, pilots.

use crate::support::PROGRAM;
use crate::support::process::{Running, mpirun};
use crate::support::python::python;
use crate::support::queue::Queue;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with the Python module in `module`, and the physicist's files in `mine`.
pub struct Scene {
    dir: tempfile::TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        let mut init = Command::new(PROGRAM);
        init.args(["init", "--python"]).arg(scene.path("module"));
        Running::start(&mut init).wait().expect(0);
        fs::create_dir(scene.path("mine")).unwrap();
        scene
    }

    /// With a script `study.py`; whatever it prints last is JSON.
    pub fn with(script: &str) -> Self {
        let scene = Self::new();
        fs::write(scene.path("mine/study.py"), script).unwrap();
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn queue(&self, heartbeat: &str) -> Queue {
        Queue::patient(&self.path("queue"), "127.0.0.1:0", heartbeat)
    }

    /// A Python program of the physicist's, who knows of this server.
    pub fn python(&self, script: &Path, server: &str) -> Command {
        let mut command = Command::new(python());
        command.arg(script).current_dir(self.path("mine")).env("PYTHONPATH", self.path("module"));
        command.env("PARETORANK_QUEUE", server);
        command
    }

    /// `study.py`, with words.
    pub fn study(&self, server: &str, words: &[&str]) -> Running {
        Running::start(self.python(&self.path("mine/study.py"), server).args(words))
    }

    fn pilot(&self, mut command: Command, server: &str, dir: &str, more: &[&str]) -> Running {
        command.args(["pilot", "--server", server, "--queue", "work", "--dir"]).arg(self.path(dir));
        // Nothing of the physicist's is known to the ranks.
        Running::start(command.args(more).env_remove("PYTHONPATH"))
    }

    /// A pilot of three ranks, two of which work.
    pub fn ranks(&self, server: &str, dir: &str, more: &[&str]) -> Running {
        self.pilot(mpirun(3, PROGRAM), server, dir, more)
    }

    /// A pilot of threads.
    pub fn threads(&self, server: &str, dir: &str, more: &[&str]) -> Running {
        self.pilot(Command::new(PROGRAM), server, dir, &[&["--workers", "2"], more].concat())
    }
}

/// The last line that was printed, as JSON.
pub fn last(printed: &str) -> Value {
    serde_json::from_str(printed.lines().last().unwrap_or_default()).expect(printed)
}
