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

/// A disk of its own with ext4 on it, in a file that takes room only for what was written. Unmounted when
/// dropped.
pub struct Disk {
    below: Small,
    at: tempfile::TempDir,
}

#[allow(dead_code, reason = "only the tests of faulty disks need it")]
impl Disk {
    /// `None`, with a word about it, where that is not permitted. The file lies in memory of `room`.
    pub fn new(room: &str) -> Option<Self> {
        let below = Small::mount(&format!("size={room}"))?;
        let image = std::fs::File::create(below.path().join("image")).unwrap();
        image.set_len(64 << 20).unwrap();
        let disk = Self { below, at: tempfile::tempdir().unwrap() };
        let mut mkfs = Command::new("mkfs.ext4");
        // A journal of its own would be most of what is written. Without one the blocks that say where a file's
        // blocks are can be lost, and all the file with them: of a size at which few files need any.
        mkfs.args(["-q", "-F", "-b", "4096", "-O", "^has_journal"]).arg(disk.image());
        let made = mkfs.output().is_ok_and(|o| o.status.success());
        if !(made && disk.mount()) {
            println!("SKIPPED: no ext4 can be mounted from a file here");
            return None;
        }
        Some(disk)
    }

    pub fn path(&self) -> PathBuf {
        self.at.path().to_owned()
    }

    fn image(&self) -> PathBuf {
        self.below.path().join("image")
    }

    fn mount(&self) -> bool {
        let mut command = Command::new("mount");
        command.args(["-o", "loop,errors=remount-ro"]).arg(self.image()).arg(self.at.path());
        command.output().is_ok_and(|o| o.status.success())
    }

    /// What a kernel does that finds an error on the disk: from now on nothing can be written.
    pub fn turn_read_only(&self) {
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let here = self.at.path().to_str().unwrap();
        let line = mounts.lines().find(|line| line.contains(here)).unwrap();
        let device = line.split_whitespace().next().unwrap().trim_start_matches("/dev/");
        std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "a test").unwrap();
    }

    /// From now on no block can be written that was not written before.
    pub fn fail(&self) {
        let room = std::fs::File::create(self.below.path().join("filler")).unwrap();
        let block = vec![1; 1 << 16];
        while std::io::Write::write_all(&mut &room, &block).is_ok() {}
    }

    /// Mends what was done to it.
    pub fn mend(&self) {
        let _ = std::fs::remove_file(self.below.path().join("filler"));
        assert!(Command::new("umount").arg(self.at.path()).status().unwrap().success());
        Command::new("e2fsck").args(["-f", "-y"]).arg(self.image()).output().unwrap();
        assert!(self.mount());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Before what is below it.
        let _ = Command::new("umount").arg(self.at.path()).status();
    }
}
