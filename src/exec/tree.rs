//! The processes of an attempt, wherever they hide: in the leader's group, below it by parentage, or
//! anywhere else, told by a variable that only they inherit.
//!
//! A process is missed only if it leaves its group, loses its parent and clears its environment, all
//! between two looks.

use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeSet;
use std::fs;

/// The variable by which processes of an attempt are known, whatever becomes of their parents.
pub(super) const MARK: &str = "PARETORANK_ATTEMPT";

/// A process in `/proc`. Together with its start a process id means one process only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) pid: i32,
    parent: i32,
    pub(super) group: i32,
    /// Clock ticks since boot.
    start: u64,
    /// Resident memory in pages.
    pages: u64,
    /// More than a zombie.
    lives: bool,
}

/// What is known of the processes of one leader.
#[derive(Debug)]
pub(super) struct Tree {
    leader: i32,
    /// Nothing that is older can descend from the leader.
    since: u64,
    /// `NAME=value` as it stands in the environment.
    mark: String,
    ours: BTreeSet<(i32, u64)>,
    /// Their environment was read and does not have the mark.
    others: BTreeSet<(i32, u64)>,
}

impl Tree {
    /// The tree below a process that was started with the variable [`MARK`] set to `mark`.
    pub(super) fn of(leader: Pid, mark: &str) -> Self {
        let leader = leader.as_raw_pid();
        let since = entry(leader).map_or(0, |e| e.start);
        let mark = format!("{MARK}={mark}");
        Self { leader, since, mark, ours: BTreeSet::new(), others: BTreeSet::new() }
    }

    /// Its living processes, the leader among them if it lives.
    pub(super) fn look(&mut self) -> Vec<Entry> {
        let all = snapshot();
        let Self { leader, since, mark, ours, others } = self;
        let is_marked = |e: &Entry| {
            let young = e.start >= *since && !others.contains(&(e.pid, e.start));
            let found = young && environment_has(e.pid, mark);
            if young && !found {
                others.insert((e.pid, e.start));
            }
            found
        };
        let found = members(&all, *leader, ours, is_marked);
        // A process that has gone is forgotten, so that long attempts do not collect them.
        others.retain(|key| all.binary_search_by_key(&key.0, |e| e.pid).is_ok());
        *ours = found.iter().map(|e| (e.pid, e.start)).collect();
        found
    }

    /// Sends a signal to every living process outside the leader's group, and returns them.
    pub(super) fn signal_strays(&mut self, signal: Signal) -> Vec<Stray> {
        let leader = self.leader;
        let strays = self.look().into_iter().filter(|e| e.group != leader);
        let strays: Vec<Stray> = strays.map(|e| Stray { pid: e.pid, name: name(e.pid) }).collect();
        for pid in strays.iter().filter_map(|stray| Pid::from_raw(stray.pid)) {
            // It may have gone since.
            let _ = kill_process(pid, signal);
        }
        strays
    }
}

/// A process that had left the group of its leader.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stray {
    pub(super) pid: i32,
    pub(super) name: String,
}

/// Which of the living processes belong to a leader: those of its group, those known before, those
/// marked, and what descends from any of these.
fn members(
    all: &[Entry],
    leader: i32,
    known: &BTreeSet<(i32, u64)>,
    mut is_marked: impl FnMut(&Entry) -> bool,
) -> Vec<Entry> {
    let (mut found, mut rest): (Vec<Entry>, Vec<Entry>) = all
        .iter()
        .filter(|e| e.lives)
        .partition(|e| e.group == leader || known.contains(&(e.pid, e.start)));
    let mut at = 0;
    loop {
        while at < found.len() {
            let parent = found[at].pid;
            at += 1;
            rest.retain(|e| {
                let child = e.parent == parent;
                if child {
                    found.push(*e);
                }
                !child
            });
        }
        // The environment is read of what no cheaper sign tells.
        rest.retain(|e| {
            let marked = is_marked(e);
            if marked {
                found.push(*e);
            }
            !marked
        });
        if at == found.len() {
            return found;
        }
    }
}

/// Every process, in the order of their ids.
fn snapshot() -> Vec<Entry> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return vec![];
    };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse().ok());
    let mut all: Vec<Entry> = pids.filter_map(entry).collect();
    all.sort_unstable_by_key(|e| e.pid);
    all
}

fn entry(pid: i32) -> Option<Entry> {
    read_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `/proc/PID/stat`: `pid (name) state ppid pgrp …`, where the name may hold anything.
fn read_stat(stat: &str) -> Option<Entry> {
    let (before, after) = stat.rsplit_once(')')?;
    let pid = before.split_once(' ')?.0.parse().ok()?;
    let fields: Vec<&str> = after.split_whitespace().collect();
    // Numbered from 1 in proc(5), the state being 3.
    let field = |number: usize| fields.get(number - 3).copied();
    Some(Entry {
        pid,
        parent: field(4)?.parse().ok()?,
        group: field(5)?.parse().ok()?,
        start: field(22)?.parse().ok()?,
        pages: field(24)?.parse().ok()?,
        lives: !matches!(field(3)?, "Z" | "X"),
    })
}

/// Whether `NAME=value` is in the environment that a process was started with. That of another user's
/// process cannot be read, and is none of ours.
fn environment_has(pid: i32, variable: &str) -> bool {
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}

fn name(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// Memory of these processes in bytes; `None` if there are none. Shared pages are divided among them if
/// they would count as more than `bound` otherwise.
pub(super) fn memory(processes: &[Entry], bound: Option<u64>) -> Option<u64> {
    if processes.is_empty() {
        return None;
    }
    let resident = resident(processes);
    let is_doubtful = processes.len() > 1 && bound.is_some_and(|most| resident > most);
    let exact = if is_doubtful { proportional(processes) } else { None };
    Some(exact.map_or(resident, |exact| exact.min(resident)))
}

/// Resident memory of these processes together, in bytes. Pages that several of them share are counted
/// for each.
pub(super) fn resident(processes: &[Entry]) -> u64 {
    processes.iter().map(|e| e.pages).sum::<u64>() * rustix::param::page_size() as u64
}

/// Their memory with shared pages divided among those that share them, in bytes; `None` if the kernel
/// does not tell. Costs more than [`resident`].
pub(super) fn proportional(processes: &[Entry]) -> Option<u64> {
    let of = |e: &Entry| kib(&fs::read_to_string(format!("/proc/{}/smaps_rollup", e.pid)).ok()?, "Pss:");
    // One that ended since has none.
    let known: Vec<u64> = processes.iter().filter_map(of).collect();
    (!known.is_empty()).then(|| known.iter().sum())
}

/// The most memory that this one process has had since it was started, in bytes.
pub(super) fn high_water(pid: i32) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, "VmHWM:")
}

/// Seconds of processor time of a process and of its children that it has waited for, also when it has
/// ended and was not waited for itself; `None` if the kernel does not tell.
pub(super) fn cpu_s(pid: i32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have blanks and brackets, comes field 3.
    let rest: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = rest.get(14 - 3..=17 - 3)?.iter().map(|field| field.parse::<u64>().ok());
    let ticks = ticks.sum::<Option<u64>>()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// The value of a line `KEY  NUMBER kB`, in bytes.
fn kib(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_stat_is_read_whatever_the_name() {
        let tail = "1 42 7 0 -1 4194304 101 0 0 0 5 6 0 0 20 0 1 0 2367070 3133440 380 1 2";
        let read = |head: &str| read_stat(&format!("{head} {tail}"));
        let entry = Entry { pid: 7, parent: 1, group: 42, start: 2_367_070, pages: 380, lives: true };
        assert_eq!(read("7 (a) b) (c) S"), Some(entry));
        assert_eq!(read("7 (sh) Z"), Some(Entry { lives: false, ..entry }));
        assert_eq!(read_stat("7 (sh) S 1 42"), None);
        assert_eq!(read_stat(""), None);
        let own = std::process::id() as i32;
        let seen = snapshot();
        assert!(seen.iter().any(|e| e.pid == own && e.lives && e.pages > 0));
        assert!(seen.is_sorted_by_key(|e| e.pid));
    }

    #[test]
    fn group_descendants_known_and_marked_belong_together() {
        let process = |pid, parent, group| Entry { pid, parent, group, start: 9, pages: 1, lives: true };
        let all = [
            process(10, 1, 10),                            // the leader
            process(11, 10, 10),                           // its group
            process(12, 11, 12),                           // a child in a session of its own
            process(13, 12, 12),                           // and a grandchild
            process(14, 1, 14),                            // seen before, since re-parented
            process(15, 1, 15),                            // marked
            process(16, 15, 16),                           // below what is marked
            process(17, 1, 17),                            // somebody else
            Entry { lives: false, ..process(18, 10, 10) }, // a zombie
            Entry { start: 8, ..process(19, 1, 19) },      // its id was another process's
        ];
        let known = [(14, 9), (19, 3)].into();
        let mut asked = vec![];
        let found = members(&all, 10, &known, |e| {
            asked.push(e.pid);
            e.pid == 15
        });
        let mut found: Vec<i32> = found.iter().map(|e| e.pid).collect();
        found.sort_unstable();
        assert_eq!(found, [10, 11, 12, 13, 14, 15, 16]);
        assert!(!asked.contains(&12) && !asked.contains(&18), "{asked:?}");
    }

    #[test]
    fn memory_of_this_process_is_told_in_bytes() {
        let own = entry(std::process::id() as i32).unwrap();
        let (rss, high) = (resident(&[own]), high_water(own.pid).unwrap());
        assert!(rss > 1 << 20 && rss <= high + (64 << 20), "{rss} {high}");
        let pss = proportional(&[own]).unwrap();
        assert!(pss > 0 && pss <= high, "{pss} {high}");
        assert_eq!(kib("Rss: 3 kB\nPss:    1708 kB\n", "Pss:"), Some(1708 << 10));
    }
}
