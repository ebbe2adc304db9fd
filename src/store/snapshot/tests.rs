use super::*;
use crate::store::testing;
use proptest::prelude::*;

fn encoded(study: &Study, history: &History) -> Vec<u8> {
    let resolved = serde_json::to_string(study).unwrap();
    let content = Content {
        study,
        text: "[study]",
        resolved: &resolved,
        host: "here",
        job: "",
        mpi_version: "none",
        history,
        curve: &Curve::default(),
    };
    encode::encode(&content).unwrap()
}

fn through_hdf5(study: &Study, history: &History) -> Snapshot {
    let Ok(decoded) = decode::decode(&encoded(study, history)) else { panic!("does not read back") };
    Snapshot { study: decoded.study, history: decoded.history }
}

#[test]
fn an_empty_history_survives_hdf5() {
    let mut study = testing::study();
    assert_eq!(through_hdf5(&study, &History::default()).history, History::default());
    study.problem.metrics.clear();
    study.problem.outcome_constraints.clear();
    let back = through_hdf5(&study, &testing::history(&testing::records(&study, 5)));
    assert_eq!(back.study, study);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
    #[test]
    fn every_prefix_of_a_history_survives_hdf5_bit_for_bit(seed: u64, trials in 0u64..40, cut: f64) {
        let study = Study { seed, ..testing::study() };
        let records = testing::records(&study, trials);
        let length = (cut.abs().fract() * records.len() as f64) as usize;
        let history = testing::history(&records[..length]);
        let back = through_hdf5(&study, &history);
        prop_assert_eq!(&back.history, &history);
        prop_assert_eq!(digest(&back.history), digest(&history));
        prop_assert_eq!(back.study, study);
    }
}

#[test]
fn the_digest_sees_a_single_bit() {
    let records = testing::records(&testing::study(), 10);
    let history = testing::history(&records);
    let mut other = history.clone();
    other.trials[3].proposed.at = other.trials[3].proposed.at.next_up();
    assert_ne!(digest(&history), digest(&other));
}

/// What a reader says to a sealed snapshot of three trials in which `change` was made.
fn said_of(change: impl FnOnce(&hdf5::File) -> hdf5::Result<()>) -> StoreError {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(files::SNAPSHOT);
    let study = testing::study();
    fs::write(&path, encoded(&study, &testing::history(&testing::records(&study, 3)))).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    change(&file).unwrap();
    file.close().unwrap();
    fs::write(&path, seal::seal(fs::read(&path).unwrap())).unwrap();
    read(&path).unwrap_err()
}

#[test]
fn a_newer_format_is_refused_with_both_versions() {
    let error = said_of(|file| file.attr("format_version")?.write_scalar(&7u32));
    assert!(matches!(error, StoreError::NewerFormat { found: 7, known: FORMAT_VERSION, .. }), "{error}");
}

#[test]
fn content_that_makes_no_sense_is_refused() {
    let damaged = |change: fn(&hdf5::File) -> hdf5::Result<()>, word: &str| {
        let error = said_of(change);
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    damaged(|file| file.attr("records")?.write_scalar(&99u64), "99 were written");
    damaged(|file| file.dataset("trials/id")?.write_raw(&[0u64, 1, 5]), "trial 5 in row 2");
    let error = said_of(|file| file.unlink("completions"));
    assert!(matches!(error, StoreError::Hdf5 { .. }), "{error}");
}
