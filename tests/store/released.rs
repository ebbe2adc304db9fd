//! One run directory per released format stays readable for ever.

use super::sample::{self, NEVER, TEXT, assert_holds, record, study};
use paretorank::store::{Opened, Origin, Store, Writer};
use std::fs;
use std::path::{Path, PathBuf};

const RECORDS: u64 = 28;

fn version_1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/history-v1")
}

fn origin() -> Origin {
    Origin { host: "node1".into(), job: "4711".into() }
}

#[test]
fn format_version_1_is_read_and_continued() {
    let stored = assert_holds(&version_1(), RECORDS);
    assert!(stored.notices.is_empty(), "{:?}", stored.notices);
    assert_eq!((stored.study, stored.text.as_str()), (study(), TEXT));

    for lacking in [None, Some("journal"), Some("history.h5")] {
        let dir = tempfile::tempdir().unwrap();
        for file in fs::read_dir(version_1()).unwrap() {
            let file = file.unwrap();
            if Some(file.file_name().as_os_str()) != lacking.map(AsRef::as_ref) {
                fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
            }
        }
        let Opened { store, history, .. } = Store::open(dir.path(), &study(), TEXT, &origin()).unwrap();
        assert_eq!(history, sample::history(RECORDS));
        let writer = Writer::spawn(store, NEVER);
        writer.record(vec![record(RECORDS)]);
        writer.finish().unwrap();
        assert_holds(dir.path(), RECORDS + 1);
        let journal = fs::read(dir.path().join("journal")).unwrap();
        assert_eq!(journal[8..12], 2_u32.to_le_bytes(), "an older release must not read on");
    }
}

#[test]
#[ignore = "makes tests/data/history-v1 anew: only before the format is released"]
fn make_format_version_1() {
    let dir = version_1();
    fs::remove_dir_all(&dir).unwrap_or_default();
    let Opened { store, .. } = Store::open(&dir, &study(), TEXT, &origin()).unwrap();
    let writer = Writer::spawn(store, NEVER);
    writer.record(sample::records(RECORDS));
    writer.finish().unwrap();
    fs::remove_file(dir.join("history.previous.h5")).unwrap();
}
