//! `paretorank bench scaling` over threads and over real MPI ranks, and the batches that it compares with.
#![cfg(feature = "mpi")]

#[allow(dead_code)]
#[path = "support/mod.rs"]
mod support;

use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::process::{Ended, Running, mpirun};
use support::{PROGRAM, Ranks, Scene, quick};

/// `paretorank bench scaling` on these ranks, with its run directories in a folder.
fn line(ranks: Ranks, scratch: &Path, more: &[&str]) -> Command {
    let mut command = match ranks {
        Ranks::Threads(_) => Command::new(PROGRAM),
        Ranks::Mpi(n) => mpirun(n, PROGRAM),
    };
    command.args(["bench", "scaling"]).args(more).arg("--scratch").arg(scratch).current_dir(scratch);
    if let Ranks::Threads(n) = ranks {
        command.args(["--workers", &n.to_string()]);
    }
    command
}

fn bench(ranks: Ranks, scratch: &Path, more: &[&str]) -> Ended {
    Running::start(&mut line(ranks, scratch, more)).wait()
}

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("{key} in {row}"))
}

/// The sums that hold for every point, however busy the machine is.
fn check(points: &[Value], delay_s: f64) {
    let parts = ["busy_s", "waiting_s", "dispatch_s", "away_s", "tail_s"];
    let near =
        |a: f64, b: f64, what: &str| assert!((a - b).abs() < 1e-6 * (1.0 + b), "{what}: {a}, {b}");
    for row in points {
        let (ranks, trials) = (number(row, "ranks"), number(row, "trials"));
        let (wall_s, allocated_s) = (number(row, "wall_s"), number(row, "allocated_s"));
        near(parts.iter().map(|part| number(row, part)).sum(), allocated_s, "parts");
        near(ranks * wall_s, allocated_s, "allocated");
        near(number(row, "busy_s") / allocated_s, number(row, "efficiency"), "efficiency");
        near(trials / wall_s, number(row, "trials_per_s"), "rate");
        near(trials * number(row, "evaluation_s"), number(row, "busy_s"), "evaluations");
        let of_ranks = row["by_rank"].as_array().unwrap();
        assert_eq!(of_ranks.len() as f64, ranks);
        for rank in of_ranks {
            near(parts.iter().map(|part| number(rank, part)).sum(), wall_s, "of a rank");
        }
        // Nothing is faster than its evaluations.
        assert!(number(row, "evaluation_s") >= delay_s, "{row}");
        let at_once = row["batch"].as_f64().unwrap_or(ranks).min(ranks);
        assert!(wall_s >= delay_s * trials / at_once * 0.999, "{row}");
    }
}

#[test]
fn points_over_mpi_have_all_their_time_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let more = [
        "--ranks",
        "1,2,4",
        "--delay",
        "10ms,20ms",
        "--trials",
        "40",
        "--json",
        "--csv",
        "a.csv",
        "--svg",
        "a.svg",
    ];
    let ended = bench(Ranks::Mpi(5), folder.path(), &more).expect(0);
    let json: Value = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended}"));
    assert_eq!(json["machine"]["ranks_are"], "processes");
    assert_eq!((&json["machine"]["evaluating_ranks"], &json["complete"]), (&4.into(), &true.into()));
    let points = json["points"].as_array().unwrap();
    let kinds: Vec<_> = points.iter().map(|p| (p["delay"].as_str(), p["batch"].as_u64())).collect();
    let block = |delay, batch| vec![(Some(delay), batch); 3];
    let want =
        [block("10 ms", None), block("10 ms", Some(5)), block("20 ms", None), block("20 ms", Some(5))];
    assert_eq!(kinds, want.concat());
    check(&points[..6], 0.01);
    check(&points[6..], 0.02);
    for half in [&points[..6], &points[6..]] {
        assert_eq!(half[0]["speedup"], 1.0);
        // Of five trials on four ranks one is left over, and three ranks wait for it; how long depends on who
        // else is at work on the machine.
        assert!(number(&half[5], "waiting_s") > 0.0, "{}", half[5]);
        assert!(half.iter().all(|row| (0.0..=1.0).contains(&number(row, "efficiency"))));
    }
    // The same figures in the file, and nothing else left behind.
    let csv = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    let mut lines = csv.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = names.iter().position(|name| *name == "efficiency").unwrap();
    let column: Vec<f64> = lines.map(|line| line.split(',').nth(at).unwrap().parse().unwrap()).collect();
    let same = |(a, point): (&f64, &Value)| (a - number(point, "efficiency")).abs() < 1e-12;
    assert!(column.len() == points.len() && column.iter().zip(points).all(same), "{csv}");
    let svg = fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(svg.contains("10 ms, batches of 5") && svg.contains("speedup"), "{svg}");
    let left =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<String> = left.collect();
    left.sort();
    assert_eq!(left, ["a.csv", "a.svg"]);
}

#[test]
fn points_over_threads_are_a_table_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let more = ["--ranks", "2,3", "--delay", "5ms,sigma=0.5", "--per-rank", "10", "--batch", "4"];
    let ended = bench(Ranks::Threads(3), folder.path(), &more).expect(0);
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(ended.out.contains("weak scaling (10 trials for each rank)"), "{ended}");
    assert!(ended.out.contains("DTLZ2, M = 3, d = 20, evaluations of 5 ms,sigma=0.5"), "{ended}");
    let row = |mode: &str, ranks: &str| {
        let words = |line: &&&str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let found = lines
            .iter()
            .find(|line| line.starts_with(mode) && words(line).iter().any(|word| word == ranks));
        assert!(found.is_some(), "{mode} {ranks}: {ended}");
    };
    for (ranks, trials) in [("2", "20"), ("3", "30")] {
        row("asynchronous", trials);
        row("batches of 4", ranks);
    }
    assert!(lines[0].contains(", threads, "), "{ended}");
    ended.says(&["[1/4] ", "[4/4] "]);
}

#[test]
fn batches_do_not_overlap() {
    for ranks in [Ranks::Threads(3), Ranks::Mpi(4)] {
        let delay = "{ median = \"10 ms\", sigma = 0.7 }";
        let scene = Scene::new(&quick(23, "later").replace("\"later\"", delay));
        scene.complete(ranks, &["--set", "strategy.batch=5"]);
        let table = scene.table();
        let spans: Vec<(f64, f64)> = table
            .column("started")
            .iter()
            .zip(table.column("finished"))
            .map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()))
            .collect();
        assert_eq!(spans.len(), 23);
        for (before, after) in spans.chunks(5).zip(spans.chunks(5).skip(1)) {
            let last = before.iter().map(|(_, end)| *end).fold(0.0, f64::max);
            assert!(after.iter().all(|(begin, _)| *begin >= last), "{ranks:?}: {before:?} {after:?}");
        }
    }
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    for (ranks, more, words) in [
        (Ranks::Mpi(3), vec!["--ranks", "1,4"], vec!["--ranks 4", "2 evaluating ranks", "mpirun -n 5"]),
        (Ranks::Threads(2), vec!["--ranks", "3"], vec!["--ranks 3", "2 evaluating ranks"]),
        (Ranks::Threads(1), vec!["--ranks", "0"], vec!["0 is not in 1.."]),
        (Ranks::Threads(1), vec!["--delay", "fast"], vec!["\"fast\" is not a duration"]),
        (Ranks::Threads(1), vec!["--parameters", "2", "--objectives", "5"], vec!["parameters"]),
        (Ranks::Threads(1), vec!["--trials", "9", "--per-rank", "9"], vec!["cannot be used with"]),
    ] {
        let ended = bench(ranks, folder.path(), &more).expect(2).says(&words);
        assert!(ended.out.is_empty(), "{ended}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_signal_ends_it_with_75_and_leaves_the_points_that_there_are() {
    for (ranks, signal) in [
        (Ranks::Mpi(3), Signal::INT),
        (Ranks::Mpi(3), Signal::TERM),
        (Ranks::Threads(2), Signal::TERM),
        (Ranks::Threads(2), Signal::USR1),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let more = ["--ranks", "2,1", "--delay", "20ms", "--trials", "1000", "--batch", "0", "--json"];
        let mut running = Running::start(&mut line(ranks, folder.path(), &more));
        let begun = || {
            let mut at = fs::read_dir(folder.path()).unwrap().flatten();
            at.any(|entry| entry.path().join("point-2/journal").exists())
        };
        running.watch("the second point", begun);
        // Of a launcher's ranks: it answers some signals itself.
        let rank_0 = match ranks {
            Ranks::Threads(_) => running.tree()[0],
            Ranks::Mpi(_) => lead(&running),
        };
        let pid = rustix::process::Pid::from_raw(rank_0).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
        let ended = running.wait().expect(75);
        let json: Value = serde_json::from_str(&ended.out).unwrap_or_else(|e| panic!("{e}: {ended}"));
        assert_eq!((&json["complete"], json["points"].as_array().unwrap().len()), (&false.into(), 1));
        check(json["points"].as_array().unwrap(), 0.02);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{ended}");
    }
}

/// The process that is rank 0: it is in its environment.
fn lead(running: &Running) -> i32 {
    let is_lead = |pid: &i32| {
        let variables = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        variables.split(|byte| *byte == 0).any(|v| v == b"OMPI_COMM_WORLD_RANK=0")
    };
    running.tree().into_iter().find(is_lead).expect("rank 0 runs")
}
