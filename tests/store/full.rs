//! A full disk: the first failure is told with its remedy, and what was durable is there.

use super::mount::Small;
use super::sample::{self, assert_holds, open, record};
use paretorank::store::{Opened, Writer, read};
use std::time::Duration;

fn fill(every: Duration) {
    let Some(small) = Small::mount("size=400k") else { return };
    let run = small.path().join("run");
    let writer = Writer::spawn(open(&run).store, every);
    let mut next = 0;
    let error = loop {
        if let Some(error) = writer.failure() {
            break error;
        }
        writer.record((next..next + 50).map(record).collect());
        next += 50;
        while writer.durable() < next && writer.failure().is_none() {
            std::thread::yield_now();
        }
    };
    let durable = writer.durable();
    assert!(!error.is_usage());
    let said = error.to_string();
    assert!(said.contains("run/") && said.contains("free space"), "{said}");
    writer.record(vec![record(next)]);
    assert_eq!(writer.finish().unwrap_err().to_string(), said, "the first failure stays");

    let stored = read(&run).unwrap();
    assert!(stored.history.records >= durable);
    assert_eq!(stored.history, sample::history(stored.history.records));
    small.remount("size=64m");
    let Opened { store, history, .. } = open(&run);
    assert_eq!(history.records, stored.history.records);
    let (from, to) = (history.records, history.records + 10);
    let writer = Writer::spawn(store, every);
    writer.record((from..to).map(record).collect());
    writer.finish().unwrap();
    assert!(assert_holds(&run, to).notices.is_empty());
}

#[test]
fn the_journal_meets_a_full_disk() {
    fill(sample::NEVER);
}

#[test]
fn the_snapshot_meets_a_full_disk() {
    fill(Duration::ZERO);
}
