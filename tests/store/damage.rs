//! Flipped bits, missing files, torn ends: nothing is lost in silence.

use super::sample::{self, assert_holds, open, record, write};
use paretorank::store::{Opened, StoreError, Writer, read};
use std::fs;
use std::path::Path;

const N: u64 = 40;

/// A whole run directory whose previous snapshot holds the first half.
fn whole() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), N);
    assert_holds(dir.path(), N);
    dir
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Continues the run by one record and finds everything afterwards, without further notices.
fn goes_on(dir: &Path) -> Vec<String> {
    let Opened { store, history, notices } = open(dir);
    assert_eq!(history, sample::history(N));
    let writer = Writer::spawn(store, sample::NEVER);
    writer.record(vec![record(N)]);
    assert_eq!(writer.finish().unwrap(), sample::history(N + 1));
    assert_holds(dir, N + 1);
    notices
}

#[test]
fn a_bit_flipped_anywhere_in_the_snapshot_costs_nothing() {
    let dir = whole();
    let path = dir.path().join("history.h5");
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(101) {
        let mut broken = bytes.clone();
        broken[at] ^= 1 << (at % 8);
        fs::write(&path, broken).unwrap();
        let stored = assert_holds(dir.path(), N);
        assert!(stored.notices[0].contains("history.h5 is damaged"), "{:?}", stored.notices);
        assert!(stored.notices[1].contains("history.previous.h5"), "{:?}", stored.notices);
    }
    assert!(goes_on(dir.path())[0].contains("damaged"));
    assert!(dir.path().join("history.damaged.h5").exists());
    assert!(read(dir.path()).unwrap().notices.is_empty());
}

#[test]
fn a_snapshot_that_is_missing_cut_or_foreign_costs_nothing() {
    for (both, say) in [(false, "previous"), (true, "history.previous.h5 is damaged")] {
        let dir = whole();
        let path = dir.path().join("history.h5");
        change(&path, |bytes| bytes.truncate(bytes.len() / 2));
        if both {
            fs::write(dir.path().join("history.previous.h5"), "a letter").unwrap();
        }
        let notices = goes_on(dir.path());
        assert!(notices[1].contains(say), "{notices:?}");
    }
    let dir = whole();
    fs::remove_file(dir.path().join("history.h5")).unwrap();
    fs::remove_file(dir.path().join("history.previous.h5")).unwrap();
    assert!(goes_on(dir.path()).is_empty());
}

#[test]
fn a_torn_end_is_cut_off_and_told() {
    let dir = whole();
    change(&dir.path().join("journal"), |bytes| bytes.extend([0xF7, b'R', b'E', b'C', 9, 0, 0]));
    let notices = goes_on(dir.path());
    assert!(notices[0].contains("7 bytes"), "{notices:?}");
    assert!(read(dir.path()).unwrap().notices.is_empty());
}

#[test]
fn a_bit_flipped_anywhere_in_the_journal_is_made_good_by_the_snapshot() {
    let dir = whole();
    let path = dir.path().join("journal");
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(13) {
        let mut broken = bytes.clone();
        broken[at] ^= 1 << (at % 8);
        fs::write(&path, broken).unwrap();
        assert!(!assert_holds(dir.path(), N).notices.is_empty(), "byte {at}");
    }
    change(&path, |bytes| bytes[300] ^= 1);
    goes_on(dir.path());
}

#[test]
fn a_damaged_journal_that_nothing_makes_good_is_an_error_that_says_where() {
    let dir = whole();
    let path = dir.path().join("journal");
    let bytes = fs::read(&path).unwrap();
    // The third quarter is beyond the previous snapshot, the only one that is left.
    change(&path, |bytes| {
        let at = bytes.len() * 3 / 4;
        bytes[at] ^= 1;
    });
    fs::rename(dir.path().join("history.previous.h5"), dir.path().join("history.h5")).unwrap();
    let error = read(dir.path()).unwrap_err();
    let said = error.to_string();
    assert!(!error.is_usage() && said.contains("no snapshot holds them"), "{said}");
    // The advice works: what was before the damage is kept.
    let cut: usize =
        said.split("truncate -s ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    let first_lost: u64 =
        said.split("records ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    fs::write(&path, &bytes[..cut]).unwrap();
    assert!(first_lost > N / 2);
    assert_holds(dir.path(), first_lost);
}

#[test]
fn a_lost_journal_is_made_good_by_the_snapshot() {
    let dir = whole();
    fs::remove_file(dir.path().join("journal")).unwrap();
    assert!(goes_on(dir.path())[0].contains("missing"));
    let dir = whole();
    fs::write(dir.path().join("journal"), "no journal at all").unwrap();
    assert!(goes_on(dir.path())[0].contains("unreadable"));
    assert!(dir.path().join("journal.damaged").exists());
}

#[test]
fn a_lost_description_comes_back_from_the_history() {
    let dir = whole();
    fs::write(dir.path().join("resolved.json"), "{").unwrap();
    let stored = assert_holds(dir.path(), N);
    assert!(stored.notices[0].contains("resolved.json"), "{:?}", stored.notices);
    assert_eq!(stored.study, sample::study());
    goes_on(dir.path());
    assert!(read(dir.path()).unwrap().notices.is_empty());
}

#[test]
fn a_creation_cut_short_is_begun_again() {
    for names in [&["lock"][..], &["lock", "resolved.json"], &["lock", "resolved.json", "study.toml"]] {
        let (dir, model) = (tempfile::tempdir().unwrap(), whole());
        fs::write(dir.path().join("lock"), "").unwrap();
        for name in &names[1..] {
            fs::copy(model.path().join(name), dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("journal.new"), "half a").unwrap();
        let Opened { store, history, .. } = open(dir.path());
        assert_eq!(history.records, 0);
        let writer = Writer::spawn(store, sample::NEVER);
        writer.record(sample::records(N));
        writer.finish().unwrap();
        assert_holds(dir.path(), N);
    }
}

#[test]
fn a_journal_of_a_newer_release_is_refused_with_both_versions() {
    let dir = whole();
    change(&dir.path().join("journal"), |bytes| {
        bytes[8] = 9;
        let length = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&bytes[..16]);
        crc.update(&bytes[20..20 + length]);
        bytes[16..20].copy_from_slice(&crc.finalize().to_le_bytes());
    });
    let error = read(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::NewerFormat { found: 9, known: 4, .. }), "{error}");
}
