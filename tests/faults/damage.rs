//! Damaged files in a run directory: the other copy serves, and people are told.

use super::support::{Ranks, Scene, Table, contents};
use std::fs;

const ENDED: usize = 20;
const ON: [&str; 2] = ["--trials", "30"];

/// A complete run of 20 trials and what it holds.
fn whole() -> (Scene, Table) {
    let scene = Scene::quick(ENDED as u64, "1 ms");
    scene.complete(Ranks::Threads(2), &[]);
    let table = scene.table();
    (scene, table)
}

fn change(scene: &Scene, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = scene.run_dir().join(name);
    let mut bytes = fs::read(&path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Goes on with these words, and all that was there is there.
fn goes_on(scene: &Scene, before: &Table, words: &[&str]) {
    scene.complete(Ranks::Mpi(3), &ON).says(words);
    let after = scene.table();
    after.assert_complete(30);
    for column in ["x0", "x3", "f0", "f1", "started", "finished", "ended"] {
        assert_eq!(after.column(column)[..ENDED], before.column(column), "{column}");
    }
    let again = scene.complete(Ranks::Threads(2), &ON);
    assert!(again.err.lines().count() == 1, "nothing is left to tell: {again}");
}

#[test]
fn a_truncated_history_is_told_and_costs_nothing() {
    let (scene, before) = whole();
    change(&scene, "history.h5", |bytes| bytes.truncate(bytes.len() / 3));
    assert_eq!(scene.table(), before);
    goes_on(&scene, &before, &["history.h5 is damaged", "history.previous.h5"]);
    assert!(scene.run_dir().join("history.damaged.h5").exists());
}

#[test]
fn a_foreign_history_is_told_and_kept() {
    let (scene, before) = whole();
    let path = scene.run_dir().join("history.h5");
    hdf5::File::create(&path).unwrap().create_group("thesis").unwrap();
    let foreign = fs::read(&path).unwrap();
    goes_on(&scene, &before, &["history.h5 is damaged"]);
    assert!(fs::read(scene.run_dir().join("history.damaged.h5")).unwrap() == foreign);
}

#[test]
fn the_journal_alone_is_enough() {
    let (scene, before) = whole();
    for name in ["history.h5", "history.previous.h5"] {
        change(&scene, name, |bytes| bytes.truncate(100));
    }
    goes_on(&scene, &before, &["history.h5 is damaged", "history.previous.h5 is damaged"]);
}

#[test]
fn the_snapshot_alone_is_enough() {
    let (scene, before) = whole();
    fs::remove_file(scene.run_dir().join("journal")).unwrap();
    goes_on(&scene, &before, &["the journal is missing"]);
}

#[test]
fn a_torn_journal_is_repaired_and_told() {
    let (scene, before) = whole();
    change(&scene, "journal", |bytes| {
        let start = bytes[bytes.len() - 40..].to_vec();
        bytes.extend([&[0xF7, b'R', b'E', b'C'], &start[..]].concat());
    });
    goes_on(&scene, &before, &["of the journal are an unfinished record"]);

    // Without a snapshot behind it, what the cut record said is done again.
    let (scene, before) = whole();
    change(&scene, "journal", |bytes| bytes.truncate(bytes.len() - 3));
    for name in ["history.h5", "history.previous.h5"] {
        fs::remove_file(scene.run_dir().join(name)).unwrap();
    }
    scene.complete(Ranks::Threads(2), &[]).says(&["unfinished record"]);
    let after = scene.table();
    after.assert_complete(ENDED);
    assert_eq!(after.values('x'), before.values('x'));
}

#[test]
fn what_nothing_makes_good_is_refused_and_left_alone() {
    let (scene, _) = whole();
    fs::remove_file(scene.run_dir().join("history.previous.h5")).unwrap();
    fs::remove_file(scene.run_dir().join("journal")).unwrap();
    change(&scene, "history.h5", |bytes| bytes.truncate(bytes.len() / 2));
    let before = contents(scene.run_dir());
    scene.run(Ranks::Threads(2), &ON).expect(74).says(&["no whole copy of a history", "backup"]);
    scene.ask("status", &[]).expect(74).says(&["no whole copy of a history"]);
    assert!(contents(scene.run_dir()) == before);
}

#[test]
fn a_newer_format_is_refused_with_both_versions() {
    let (scene, _) = whole();
    change(&scene, "journal", |bytes| {
        bytes[8] = 9;
        let study = 20..20 + u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&bytes[..16]);
        crc.update(&bytes[study]);
        bytes[16..20].copy_from_slice(&crc.finalize().to_le_bytes());
    });
    let before = contents(scene.run_dir());
    for ended in [scene.run(Ranks::Threads(2), &ON), scene.ask("export", &[])] {
        ended.expect(74).says(&["format version 9", "knows versions up to 4"]);
    }
    assert!(contents(scene.run_dir()) == before);
}
