use super::*;
use crate::store::testing;
use proptest::prelude::*;

/// Encodes, and reads back.
fn through_hdf5(study: &Study, history: &History) -> Snapshot {
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
    let bytes = encode::encode(&content).unwrap();
    let Ok(decoded) = decode::decode(&bytes) else { panic!("does not read back") };
    Snapshot { study: decoded.study, history: decoded.history }
}

#[test]
fn an_empty_history_survives_hdf5() {
    let mut study = testing::study();
    assert_eq!(through_hdf5(&study, &History::default()).history, History::default());
    study.problem.metrics.clear();
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
