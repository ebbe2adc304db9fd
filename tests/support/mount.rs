//! File systems of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A small file system in memory, unmounted when dropped.
pub struct Small {
    dir: tempfile::TempDir,
}

impl Small {
    /// `None`, with a word about it, where mounting is not permitted. `options` as for mount, for
    /// example `size=400k`.
    pub fn mount(options: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        if !mount(dir.path(), options) {
            println!("SKIPPED: a file system cannot be mounted here ({options})");
            return None;
        }
        Some(Self { dir })
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// The same file system with other options.
    #[allow(dead_code, reason = "only some of the tests that mount need it")]
    pub fn remount(&self, options: &str) {
        assert!(mount(self.dir.path(), &format!("remount,{options}")));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.dir.path()).status();
    }
}

fn mount(at: &Path, options: &str) -> bool {
    let mut command = Command::new("mount");
    command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at);
    command.output().is_ok_and(|o| o.status.success())
}
