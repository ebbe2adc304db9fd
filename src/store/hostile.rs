//! Files of any content: read, or refused with an error; never a panic, nor memory that a number in them asks for.

use super::journal::{FRAME, MARK, VERSION, crc, frame, head};
use super::scan::scan;
use super::{StoreError, files, read, testing};
use proptest::collection::vec;
use proptest::prelude::*;
use std::fs;

/// A frame that is whole, whatever its body says.
fn whole_frame(number: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = MARK.to_vec();
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.extend(crc(&bytes, body).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// The bodies of the first records of the sample history, as they are written.
fn bodies(count: u64) -> Vec<Vec<u8>> {
    let records = testing::records(&testing::study(), count);
    let body = |record| {
        let mut bytes = vec![];
        frame(&mut bytes, 0, record);
        bytes.split_off(FRAME)
    };
    records.iter().map(body).collect()
}

/// What reading a run directory with this journal gives: how many records, or words.
fn said_of(journal: &[u8]) -> Result<u64, StoreError> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(files::JOURNAL), journal).unwrap();
    read(dir.path()).map(|stored| stored.history.records)
}

fn study() -> Vec<u8> {
    serde_json::to_vec(&testing::study()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn any_bytes_are_a_journal_or_none(bytes in vec(any::<u8>(), 0..400), whole_head: bool) {
        let bytes = if whole_head { [head(VERSION, &study()), bytes].concat() } else { bytes };
        if let Ok(scan) = scan(&bytes) {
            prop_assert!(scan.end <= bytes.len());
        }
        let _ = said_of(&bytes);
    }

    /// Frames with right checksums around records that somebody made up.
    #[test]
    fn records_of_any_content_are_read_or_refused(
        strange in vec(any::<u8>(), 0..200),
        after in 0usize..20,
        number in prop_oneof![Just(None), any::<u64>().prop_map(Some)],
    ) {
        let mut journal = head(VERSION, &study());
        for (k, body) in (0..).zip(bodies(12).iter().take(after)) {
            journal.extend(whole_frame(k, body));
        }
        journal.extend(whole_frame(number.unwrap_or(after as u64), &strange));
        if let Ok(records) = said_of(&journal) {
            prop_assert!(records <= after as u64 + 1);
        }
    }

    /// Real records in which some bytes are others, lengths among them.
    #[test]
    fn records_with_other_bytes_are_read_or_refused(
        at in 0usize..20,
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut all = bodies(12);
        let at = at % all.len();
        for (index, byte) in changes {
            let place = index.index(all[at].len());
            all[at][place] = byte;
        }
        let mut journal = head(VERSION, &study());
        (0..).zip(&all).for_each(|(k, body)| journal.extend(whole_frame(k, body)));
        if let Ok(records) = said_of(&journal) {
            prop_assert!(records <= all.len() as u64);
        }
    }
}

/// A length of 2⁶³ in a record of a few bytes is no reason to ask for so much memory.
#[test]
fn lengths_without_content_take_no_memory() {
    let length = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
    for kind in 0..9_u8 {
        for before in 0..12 {
            let mut body = vec![kind];
            body.extend(std::iter::repeat_n(1_u8, before));
            body.extend(length);
            let journal = [head(VERSION, &study()), whole_frame(0, &body)].concat();
            // Asked for as much, an allocation would end the process.
            let read = said_of(&journal).unwrap_or(0);
            assert!(read <= 1, "kind {kind}, {before} bytes before");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Snapshots in which some bytes are others, or which end early, beside no journal.
    #[test]
    fn snapshots_with_other_bytes_are_read_or_refused(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        keep in prop_oneof![Just(None), any::<prop::sample::Index>().prop_map(Some)],
    ) {
        let mut bytes = SNAPSHOT.with(|bytes| bytes.clone());
        let original = bytes.clone();
        for (index, byte) in changes {
            let place = index.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(index) = keep {
            bytes.truncate(index.index(bytes.len()));
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(files::SNAPSHOT), &bytes).unwrap();
        let said = read(dir.path());
        prop_assert!(said.is_err() || bytes == original);
    }
}

thread_local! {
    static SNAPSHOT: Vec<u8> = sample();
}

/// A whole snapshot.
fn sample() -> Vec<u8> {
    let study = testing::study();
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let origin = super::Origin { host: "here".into(), job: String::new() };
    let opened = super::Store::open(&run, &study, "", &origin).unwrap();
    let writer = super::Writer::spawn(opened.store, std::time::Duration::from_secs(3600));
    writer.record(testing::records(&study, 12));
    writer.finish().unwrap();
    fs::read(run.join(files::SNAPSHOT)).unwrap()
}
