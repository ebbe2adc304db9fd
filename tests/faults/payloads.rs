//! Payloads of a stage that take too much, say nothing or leave something behind: each ends in its
//! class, the study goes on, and no process is left.

use super::support::{Ranks, Scene};
use std::fs;

const STUDY: &str = include_str!("../data/misbehaving.toml");

/// Trial, status, and words of the reason; all others are ok.
const WANT: [(usize, &str, &[&str]); 8] = [
    (1, "failed", &["signal: ", "ended by signal 9 (SIGKILL)"]),
    (2, "failed", &["timeout: ", "still running after 6 s; last lines: tick"]),
    (3, "failed", &["timeout: ", "ended processes that had left their group: sh ("]),
    (4, "failed", &["memory: ", "and memory is 100.0 MB"]),
    (5, "failed", &["silent: ", "nothing written for 2 s; last lines: the last word"]),
    (6, "failed", &["output: ", "recon.root is empty (0 bytes)"]),
    (7, "infeasible", &["Number of illegal overlaps/extrusions : 3"]),
    (8, "failed", &["output: ", "made of 9 events, and 10 were asked for"]),
];

fn misbehave(ranks: Ranks) {
    let scene = Scene::new(STUDY);
    let ended = scene.complete(ranks, &[]);
    let table = scene.table();
    table.assert_complete(10);
    for (trial, row) in table.rows.iter().enumerate() {
        let want = WANT.iter().find(|want| want.0 == trial);
        let (status, words) = want.map_or(("ok", &[][..]), |(_, status, words)| (*status, *words));
        assert_eq!(row["status"], status, "{row:?}\n{ended}");
        assert!(words.iter().all(|word| row["reason"].contains(word)), "{words:?}: {row:?}");
        assert_eq!(row["a"].is_empty(), status != "ok", "{row:?}");
    }
    let place = scene.run_dir().to_str().unwrap().to_owned();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    let left: Vec<String> = lines.map(|line| String::from_utf8_lossy(&line).into_owned()).collect();
    assert!(!left.iter().any(|line| line.contains(&place)), "{left:?}");
}

#[test]
fn every_way_to_misbehave_ends_in_its_class_on_threads() {
    misbehave(Ranks::Threads(3));
}

#[test]
fn every_way_to_misbehave_ends_in_its_class_on_mpi() {
    misbehave(Ranks::Mpi(4));
}
