//! Payloads of a stage that take too much, say nothing or leave something behind: each ends in its
//! class, the study goes on, and no process is left.

use super::support::{Ranks, Scene};
use std::fs;

const STAGE: &str = r#"
[[parameter]]
name = "x"
kind = "float"
lower = 0.0
upper = 1.0
[[objective]]
name = "a"
goal = "minimize"
threshold = 2.0
[strategy]
method = "sobol"
trials = 10
[[stage]]
name = "sim"
command = ["/bin/sh", "-c", '''
ok() { echo data > recon.root; echo "{\"a\": $2, \"events\": 10}" > result.json; }
case $1 in
1) kill -KILL $$;;
2) while :; do echo tick; sleep 0.2; done;;
3) trap "" TERM; (setsid sh -c 'trap "" TERM; : > up; while :; do sleep 0.1; done' hidden "$3" &)
   while :; do echo tick; sleep 0.2; done;;
4) python3 -c 'import time; x = b"x" * 300_000_000; print("filled", flush=True); time.sleep(60)';;
5) echo the last word; sleep 60; :;;
6) ok $1 $2; : > recon.root;;
7) ok $1 $2; echo "Number of illegal overlaps/extrusions : 3";;
8) echo data > recon.root; echo '{"a": 1, "events": 9}' > result.json;;
*) ok $1 $2;;
esac
''', "sh", "{trial.id}", "{param.x}", "{task.dir}"]
events = { total = 10, per_job = 10 }
outputs = ["recon.root"]
result = "result.json"
memory = "100 MB"
timeout = "6 s"
silence = "2 s"
grace = "200 ms"
retries = 0
patterns = [{ text = "illegal overlaps/extrusions : {n}", above = 0, is = "infeasible" }]
"#;

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
    // One value per trial: the result of a key with one chunk.
    let scene =
        Scene::new(&STAGE.replace(
            "threshold = 2.0",
            "threshold = 2.0\nfrom = { stage = \"sim\", combine = \"mean\" }",
        ));
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
