//! Payloads of a stage that take too much, say nothing or leave something behind: each ends in its
//! class, the study goes on, and no process is left.

use super::support::mount::Small;
use super::support::process::Running;
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

#[test]
fn a_full_scratch_disk_is_not_the_designs_fault() {
    let Some(small) = Small::mount("size=2m") else { return };
    let scene = Scene::new("");
    let command = format!(
        "[ $1 = 2 ] && [ ! -e {0} ] && {{ : > {0}; head -c 9000000 /dev/zero > big || exit 1; }}\n\
         echo \"{{\\\"a\\\": $2, \\\"events\\\": 10}}\" > result.json; echo data > recon.root",
        scene.path("filled").display()
    );
    let (head, rest) = STUDY.split_once("'''").unwrap();
    let (_, tail) = rest.split_once("'''").unwrap();
    let tail = tail.replace("retries = 0", "retries = 0\nscratch = \"local\"");
    scene.write("study.toml", &format!("{head}'''\n{command}\n'''{tail}"));
    let mut line = scene.line(Ranks::Threads(1), &[]);
    line.env_remove("SLURM_TMPDIR").env("TMPDIR", small.path());
    let told =
        format!("trial 2 failed: infrastructure: cannot write {}/paretorank-", small.path().display());
    Running::start(&mut line).wait().expect(0).says(&[&told, "No space left", "it is tried again"]);
    assert_eq!(scene.table().column("status"), ["ok"; 10]);
    assert_eq!(fs::read_dir(small.path()).unwrap().count(), 0, "scratch directories are removed");
    let outputs = scene.run_dir().join("trials/000002/sim/0/attempt-2/recon.root");
    assert!(outputs.exists(), "copied back");
}
