//! Whether the kernel killed for want of memory.

use std::fs;
use std::path::{Path, PathBuf};

/// The kernel's counter of processes that it killed in this process's control group, at some moment.
#[derive(Debug, Default)]
pub(super) struct OomCount(Option<(PathBuf, u64)>);

impl OomCount {
    /// The counter as it is now; it may be that there is none.
    pub(super) fn now() -> Self {
        Self::below(Path::new("/"))
    }

    fn below(root: &Path) -> Self {
        let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let files = groups.lines().filter_map(|line| counter_file(root, line));
        Self(files.filter_map(|file| Some((count(&file)?, file))).map(|(n, file)| (file, n)).next())
    }

    /// Whether it has grown since. Killed were processes of the same control group, which under a
    /// batch system is the job's step on this node.
    pub(super) fn has_grown(&self) -> bool {
        self.0.as_ref().is_some_and(|(file, before)| count(file).is_some_and(|now| now > *before))
    }
}

/// The file with the counter of a group in a line of `/proc/self/cgroup`: `0::/path` in version 2,
/// `4:memory:/path` in version 1.
fn counter_file(root: &Path, line: &str) -> Option<PathBuf> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (controllers, group) = (fields.next()?, fields.next()?);
    let (top, file) = match controllers {
        "" => ("sys/fs/cgroup", "memory.events"),
        some if some.split(',').any(|c| c == "memory") => ("sys/fs/cgroup/memory", "memory.oom_control"),
        _ => return None,
    };
    let path = root.join(top).join(group.trim_start_matches('/')).join(file);
    // In a container the group's own directory is often mounted as the top.
    let at_top = || Some(root.join(top).join(file)).filter(|path| path.is_file());
    if path.is_file() { Some(path) } else { at_top() }
}

fn count(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_counter_is_seen_in_both_versions() {
        for (groups, file) in [
            ("0::/job/step\n", "sys/fs/cgroup/job/step/memory.events"),
            ("5:cpu:/x\n4:cpu,memory:/job\n0::/\n", "sys/fs/cgroup/memory/job/memory.oom_control"),
            ("0::/outside/of/the/container\n", "sys/fs/cgroup/memory.events"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let write = |path: &str, text: &str| {
                let path = dir.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            };
            assert!(!OomCount::below(dir.path()).has_grown());
            write("proc/self/cgroup", groups);
            write(file, "oom 7\noom_kill 3\noom_kill_disable 0\n");
            let before = OomCount::below(dir.path());
            assert!(before.0.is_some() && !before.has_grown(), "{groups}");
            write(file, "oom 9\noom_kill 4\noom_kill_disable 0\n");
            assert!(before.has_grown(), "{groups}");
        }
    }
}
