//! What this process may use of its host: the processors that it may run on, and the memory that all
//! processes of the job have together there.

use std::fs;
use std::path::{Path, PathBuf};

/// A share of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Numbers of the processors that this process may run on (its affinity).
    pub cpus: Vec<u32>,
    /// How many of them it may use at a time: fewer where a control group has a quota.
    pub cores: u32,
    /// Bytes: the least of what the host has and what control groups and Slurm allow; `None` if none
    /// of them tells.
    pub memory: Option<u64>,
}

impl Machine {
    /// The share that the calling thread has.
    pub fn here() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = u32::try_from(cores).unwrap_or(u32::MAX);
        let lookup = |name: &str| std::env::var(name).ok();
        Self { cpus: affinity(cores), cores, memory: memory(Path::new("/"), &lookup) }
    }
}

/// Where the affinity cannot be read (more processors than its mask has room for), the first `cores`.
fn affinity(cores: u32) -> Vec<u32> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    match sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU).filter(|k| set.is_set(*k)).map(|k| k as u32).collect(),
        Err(_) => (0..cores).collect(),
    }
}

fn memory(root: &Path, lookup: &dyn Fn(&str) -> Option<String>) -> Option<u64> {
    [host_memory(root), group_memory(root), slurm_memory(lookup)].into_iter().flatten().min()
}

/// `MemTotal` of `/proc/meminfo`, which is in KiB.
fn host_memory(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

/// The least limit of the control groups that this process is in, version 2 or 1. A limit holds for
/// everything below its group.
fn group_memory(root: &Path) -> Option<u64> {
    let text = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let limits = text.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let (controllers, group) = (fields.next()?, fields.next()?);
        let (top, file) = match controllers {
            "" => ("sys/fs/cgroup", "memory.max"),
            some if some.split(',').any(|c| c == "memory") => {
                ("sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => return None,
        };
        let top = root.join(top);
        let own: PathBuf = top.join(group.trim_start_matches('/'));
        let up = own.ancestors().take_while(|dir| dir.starts_with(&top));
        // "max" in version 2 is no limit, and no number.
        up.filter_map(|dir| fs::read_to_string(dir.join(file)).ok()?.trim().parse::<u64>().ok()).min()
    });
    limits.min()
}

/// What the batch job has on each node, in MiB in Slurm's variables; 0 stands for all there is.
fn slurm_memory(lookup: &dyn Fn(&str) -> Option<String>) -> Option<u64> {
    let number = |name: &str| lookup(name)?.trim().parse::<u64>().ok().filter(|n| *n > 0);
    let of_node = number("SLURM_MEM_PER_NODE");
    let of_cpus = || number("SLURM_MEM_PER_CPU")?.checked_mul(number("SLURM_CPUS_ON_NODE")?);
    of_node.or_else(of_cpus)?.checked_mul(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_processors_and_memory() {
        let machine = Machine::here();
        assert!(machine.cores >= 1 && machine.cores as usize <= machine.cpus.len(), "{machine:?}");
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let list = status.lines().find_map(|l| l.strip_prefix("Cpus_allowed_list:")).unwrap();
        let first: u32 = list.trim().split([',', '-']).next().unwrap().parse().unwrap();
        assert_eq!(machine.cpus[0], first);
        assert!(machine.memory.unwrap() > 64 << 20);
    }

    #[test]
    fn the_least_limit_counts() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let nothing = |_: &str| None;
        let known = |lookup: &dyn Fn(&str) -> Option<String>| memory(dir.path(), lookup);
        assert_eq!(known(&nothing), None);
        write("proc/meminfo", "MemTotal:       65536000 kB\nMemFree: 1 kB\n");
        assert_eq!(known(&nothing), Some(65_536_000 << 10));
        write("proc/self/cgroup", "0::/job/step\n");
        write("sys/fs/cgroup/job/step/memory.max", "max\n");
        assert_eq!(known(&nothing), Some(65_536_000 << 10));
        write("sys/fs/cgroup/job/memory.max", "8589934592\n");
        assert_eq!(known(&nothing), Some(8 << 30));
        write("proc/self/cgroup", "5:cpu,memory:/user\n1:name=systemd:/\n");
        write("sys/fs/cgroup/memory/user/memory.limit_in_bytes", "4294967296\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(known(&nothing), Some(4 << 30));
        let per_cpu = |name: &str| match name {
            "SLURM_MEM_PER_CPU" => Some("512".to_owned()),
            "SLURM_CPUS_ON_NODE" => Some("4".to_owned()),
            "SLURM_MEM_PER_NODE" => Some("0".to_owned()),
            _ => None,
        };
        assert_eq!(known(&per_cpu), Some(2 << 30));
        let per_node = |name: &str| (name == "SLURM_MEM_PER_NODE").then(|| "1024".to_owned());
        assert_eq!(known(&per_node), Some(1 << 30));
    }
}
