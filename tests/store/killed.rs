//! A writer killed at any instant: what it called durable is there, and nothing but its records.

use super::sample::{self, TEXT, origin, record, study};
use paretorank::store::{Opened, Store, Writer, read};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

const DIR: &str = "PARETORANK_TEST_KILLED_IN";
const KILLS: u64 = 40;

/// The child: writes records and snapshots until it is killed.
#[test]
#[ignore = "the victim of a_killed_writer_loses_nothing_that_it_called_durable"]
fn victim() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    let Opened { store, history, .. } = Store::open(&dir, &study(), TEXT, &origin()).unwrap();
    let writer = Writer::spawn(store, Duration::from_millis(1));
    let mut next = history.records;
    let mut out = std::io::stdout();
    loop {
        let group = 1 + next % 5;
        writer.record((next..next + group).map(record).collect());
        next += group;
        while writer.durable() < next {
            assert!(writer.failure().is_none(), "{:?}", writer.failure());
            std::thread::yield_now();
        }
        writeln!(out, "durable {next}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_called_durable() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let mut least = 0;
    for round in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::victim", "--ignored", "--nocapture"])
            .env(DIR, &run)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Some are killed while they open the directory, the others at any time in their work.
        let delay = Duration::from_micros(1_000 + 7_919 * (round * round) % 60_000);
        let killer = std::thread::spawn(move || {
            std::thread::sleep(delay);
            rustix::process::kill_process(pid, rustix::process::Signal::KILL)
        });
        let durable =
            lines.map_while(Result::ok).filter_map(|l| l.strip_prefix("durable ")?.parse().ok());
        let durable: u64 = durable.last().unwrap_or(least);
        killer.join().unwrap().unwrap();
        assert!(!child.wait().unwrap().success());

        if !run.join("journal").exists() {
            assert_eq!(durable, 0);
            continue;
        }
        let stored = read(&run).unwrap();
        assert!(stored.history.records >= durable, "{} < {durable}", stored.history.records);
        assert_eq!(stored.history, sample::history(stored.history.records));
        // Killed before it could put its name in the lock, it might as well be about to.
        assert!(!stored.live || stored.holder.is_none());
        least = stored.history.records;
    }
    assert!(least > 0, "no round came as far as writing");
}
