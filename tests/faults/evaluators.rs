//! Commands that misbehave: recorded as what they are, never as numbers.

use super::support::process::{Running, mpirun};
use super::support::python::h5py;
use super::support::{PROGRAM, Ranks, Scene, commanded};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const COMMAND: &str = r#"
ok() { echo "{\"a\": $1, \"b\": {\"value\": 0.5, \"sem\": 0.25}}" > result.json; }
echo noise; echo "trial $1 says so" >&2
case $1 in
1) echo '{"a": NaN, "b": 1}' > result.json;;
2) echo '{"a": 1}' > result.json;;
3) head -c 999 /dev/urandom > result.json;;
4) exit 3;;
5) exit 9;;
6) kill -SEGV $$;;
7) trap "" TERM; sleep 1000;;
8) : > result.json;;
9) echo '{"a": 1e999, "b": 1}' > result.json;;
10) ;;
11) ok 0.0; exit 1;;
*) ok $2;;
esac
"#;

/// Trial, status, and a word of the reason; all others are ok.
const WANT: [(usize, &str, &str); 11] = [
    (1, "failed", "output: the result is no JSON"),
    (2, "failed", "objective \"b\" is missing; the result has a"),
    (3, "failed", "output: "),
    (4, "failed", "exit: exit code 3; last lines: trial 4 says so"),
    (5, "infeasible", "trial 5 says so"),
    (6, "failed", "signal: ended by signal 11 (SIGSEGV"),
    (7, "failed", "timeout: still running after 0.7 s"),
    (8, "failed", "the result is empty"),
    (9, "failed", "output: "),
    (10, "failed", "wrote no result"),
    (11, "failed", "exit: exit code 1"),
];

#[test]
fn every_failure_is_recorded_with_its_reason_and_without_a_value() {
    let more = "timeout = \"700 ms\"\ngrace = \"100 ms\"\nexit_codes = { 9 = \"infeasible\" }";
    for ranks in [Ranks::Threads(3), Ranks::Mpi(4)] {
        let scene = Scene::new(&commanded(14, COMMAND, more));
        let ended = scene.complete(ranks, &[]);
        assert!(ended.out.contains("14 of 14: 3 ok, 1 infeasible, 10 failed"), "{ended}");
        let table = scene.table();
        table.assert_complete(14);
        for (trial, row) in table.rows.iter().enumerate() {
            let want = WANT.iter().find(|want| want.0 == trial);
            let (status, word) = want.map_or(("ok", ""), |(_, status, word)| (*status, *word));
            assert_eq!(row["status"], status, "{row:?}");
            assert!(row["reason"].contains(word), "{row:?}");
            let values = [&row["a"], &row["b"], &row["b_sem"]];
            match status {
                "ok" => assert_eq!(values, [&row["x"], "0.5", "0.25"]),
                _ => assert_eq!(values, ["", "", ""], "{row:?}"),
            }
        }
        seen_by_h5py(&scene);
    }
}

fn seen_by_h5py(scene: &Scene) {
    let script = "t = f['trials']\nprint(json.dumps([t['status'].asstr()[:].tolist(), \
                  [[repr(v) for v in row] for row in t['objectives'][:].tolist()]]))";
    let Some(seen) = h5py(&scene.run_dir().join("history.h5"), script) else { return };
    for (status, row) in seen[0].as_array().unwrap().iter().zip(seen[1].as_array().unwrap()) {
        let missing = row.as_array().unwrap().iter().filter(|v| *v == "nan").count();
        assert_eq!(missing, if status == "ok" { 0 } else { 2 }, "{status}: {row}");
    }
}

#[test]
fn a_failed_attempt_is_repeated_as_often_as_allowed() {
    let command =
        r#"case "$3" in *attempt-3) echo "{\"a\": 1, \"b\": 1}" > result.json;; *) exit 4;; esac"#;
    for (retries, status) in [(1, "failed"), (2, "ok")] {
        let scene = Scene::new(&commanded(4, command, &format!("retries = {retries}")));
        scene.complete(Ranks::Threads(2), &[]).says(&["exit: exit code 4", "it is tried again"]);
        assert_eq!(scene.table().column("status"), [status; 4]);
        assert_eq!(scene.status()["attempts"], 4 * (1 + retries));
        let attempts = fs::read_dir(scene.run_dir().join("trials/000000")).unwrap();
        assert_eq!(attempts.count(), 1 + retries);
    }
}

#[test]
fn a_study_in_which_nothing_works_ends_with_distinct_designs() {
    for method in ["sobol", "mobo", "nsga2"] {
        // Else the run would end after the first few.
        let stop = "stop = { failures = { share = 0.9, of = 100 } }";
        let method_line = format!("\"{method}\"\ninitial = 4\n{stop}");
        let study = commanded(24, "exit 3", "").replace("\"sobol\"", &method_line);
        let scene = Scene::new(&study);
        let ended = scene.complete(Ranks::Threads(2), &[]);
        assert!(ended.out.contains("24 of 24: 0 ok, 0 infeasible, 24 failed"), "{ended}");
        let table = scene.table();
        let designs: BTreeSet<&str> = table.column("x").into_iter().collect();
        assert_eq!(designs.len(), 24, "{method}: {designs:?}");
        assert!(table.column("a").iter().all(|a| a.is_empty()));
    }
}

#[test]
fn ranks_that_cannot_evaluate_spoil_no_trial() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::new("");
        let card = scene.write("card.txt", "x = {{x}}");
        let command = format!(
            "[ $1 = 5 ] && [ ! -e {0}.gone ] && mv {0} {0}.gone; echo '{{\"a\": 1, \"b\": 1}}' > result.json",
            card.display()
        );
        scene.write("study.toml", &commanded(20, &command, "templates = [\"card.txt\"]"));
        let mut running = scene.start(ranks, &[]);
        let log = || fs::read_to_string(scene.run_dir().join("run.log")).unwrap_or_default();
        for rank in 1..=2 {
            running.watch("the rest", || log().contains(&format!("rank {rank} on")));
        }
        assert!(log().contains("card.txt") && log().contains("gets nothing for 1 s"), "{}", log());
        // Once that is mended the run goes on by itself.
        fs::copy(scene.path("card.txt.gone"), &card).unwrap();
        running.wait().expect(0);
        assert_eq!(scene.table().column("status"), ["ok"; 20]);
    }
}

/// Rank 2 finds no program in its PATH, as on a node that lacks a mount.
#[test]
fn a_rank_that_lacks_what_others_have_is_named_at_the_start_and_spoils_nothing() {
    let own = commanded(40, "", "");
    let own = own.split("[evaluator]").next().unwrap();
    let scene = Scene::new(&format!("{own}[evaluator]\ncommand = [\"measure\"]\n"));
    let programs = scene.path("programs");
    fs::create_dir(&programs).unwrap();
    let program = programs.join("measure");
    fs::write(&program, "#!/bin/sh\nsleep 0.02\necho '{\"a\": 1, \"b\": 1}' > result.json\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut line = mpirun(2, "env");
    let run = ["run", "study.toml", "--output", "run"];
    line.arg(format!("PATH={}:{path}", programs.display())).arg(PROGRAM).args(run);
    line.args([":", "-n", "1", PROGRAM]).args(run).current_dir(scene.path(""));
    let missing =
        " cannot evaluate and gets nothing until that is mended: program \"measure\" is in no directory";
    Running::start(&mut line).wait().expect(0).says(&["rank 2 on ", missing]);
    scene.table().assert_complete(40);
    assert_eq!(scene.status()["attempts"], 40, "nothing was tried there");
}
