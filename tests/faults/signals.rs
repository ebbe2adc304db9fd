//! Signals and time limits: stopped early, told so, exit code 75, and the same line goes on.

use super::support::process::lives;
use super::support::{Ranks, Scene, commanded};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

const AGAIN: &str = "run the same line again to go on";

/// The same line completes, with fewer trials than nobody wants to wait for.
fn goes_on(scene: &Scene, ranks: Ranks) {
    assert!(!scene.run_dir().join("lock").exists());
    let stopped = scene.status();
    assert_eq!(stopped["state"], "stopped");
    let history = hdf5::File::open(scene.run_dir().join("history.h5")).unwrap();
    let saved = history.dataset("completions").unwrap().size() as u64;
    assert_eq!(Some(saved), stopped["ok"].as_u64(), "the checkpoint lacks trials");
    drop(history);
    let trials = stopped["proposed"].as_u64().unwrap() + 10;
    scene.complete(ranks, &["--trials", &trials.to_string()]).says(&["going on after"]);
    scene.table().assert_complete(trials as usize);
}

#[test]
fn term_int_and_usr1_stop_early_and_the_same_line_goes_on() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        for (number, word) in [(Signal::TERM, "TERM"), (Signal::INT, "INT"), (Signal::USR1, "USR1")] {
            let scene = Scene::quick(1_000_000, "20 ms");
            let mut running = scene.start(ranks, &[]);
            scene.wait_for(&mut running, 5);
            kill_process(scene.lead(&mut running), number).unwrap();
            let ended = running.wait().expect(75).says(&[word, AGAIN]);
            assert!(ended.out.contains("of 1000000:"), "{ended}");
            goes_on(&scene, ranks);
        }
    }
}

#[test]
fn mpirun_passes_signals_on() {
    for (number, code) in [(Signal::USR1, Some(75)), (Signal::TERM, None)] {
        let scene = Scene::quick(1_000_000, "20 ms");
        let mut running = scene.start(Ranks::Mpi(3), &[]);
        scene.wait_for(&mut running, 5);
        running.signal(number);
        // Asked to end, Open MPI's mpirun returns a code of its own.
        let ended = running.wait().fails();
        let ended = match code {
            Some(code) => ended.expect(code),
            None => ended,
        };
        ended.says(&[AGAIN]);
        goes_on(&scene, Ranks::Mpi(3));
    }
}

#[test]
fn usr1_lets_end_what_runs() {
    let scene = Scene::new("");
    let (begun, ended) = (scene.write("begun", ""), scene.write("ended", ""));
    let command = format!(
        "echo $1 >> {}; sleep 0.4; echo \"{{\\\"a\\\": 1, \\\"b\\\": 1}}\" > result.json; echo $1 >> {}",
        begun.display(),
        ended.display()
    );
    scene.write("study.toml", &commanded(60, &command, ""));
    let mut running = scene.start(Ranks::Threads(2), &[]);
    running.watch("two trials", || fs::read_to_string(&begun).unwrap().lines().count() == 2);
    running.signal(Signal::USR1);
    running.wait().expect(75).says(&["nothing new is started", AGAIN]);
    assert_eq!(fs::read_to_string(&ended).unwrap().lines().count(), 2);
    assert_eq!(scene.status()["ok"], 2);
    scene.complete(Ranks::Threads(2), &["--trials", "6"]);
    assert_eq!(fs::read_to_string(&begun).unwrap().lines().count(), 6, "nothing was done twice");
}

/// Slurm sends a signal to every process of a step: ranks, payloads and what these have started.
#[test]
fn a_signal_to_ranks_and_payloads_alike_spoils_no_trial() {
    for number in [Signal::USR1, Signal::TERM] {
        let scene = Scene::new("");
        let begun = scene.write("begun", "");
        let command = format!(
            "echo $1 >> {}; sleep 1; echo '{{\"a\": 1, \"b\": 1}}' > result.json",
            begun.display()
        );
        scene.write("study.toml", &commanded(60, &command, "retries = 0"));
        let mut running = scene.start(Ranks::Mpi(3), &[]);
        running.watch("two trials", || fs::read_to_string(&begun).unwrap().lines().count() == 2);
        let lead = scene.lead(&mut running);
        sleep(Duration::from_millis(100));
        let tree = running.tree();
        let (ranks, payloads) = tree[1..].split_at(3);
        assert!(payloads.len() >= 2, "{tree:?}");
        // Rank 0 is the last to know.
        let others = ranks.iter().filter(|pid| **pid != lead.as_raw_pid());
        let order = payloads.iter().chain(others).copied().chain([lead.as_raw_pid()]);
        for pid in order.filter_map(Pid::from_raw) {
            // What its parent has ended meanwhile is gone.
            let _ = kill_process(pid, number);
            sleep(Duration::from_millis(20));
        }
        running.wait().expect(75).says(&[AGAIN]);
        let status = scene.status();
        let ended = if number == Signal::USR1 { 2 } else { 0 };
        assert_eq!((&status["ok"], &status["failed"]), (&ended.into(), &0.into()), "{status}");
        scene.complete(Ranks::Mpi(3), &["--trials", "6"]);
        scene.table().assert_complete(6);
        assert_eq!(fs::read_to_string(&begun).unwrap().lines().count(), 6 + 2 - ended);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_stubborn_programs() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::new("");
        let pids = scene.write("pids", "");
        let command = format!("trap '' TERM; echo $$ >> {}; while :; do sleep 1; done", pids.display());
        scene.write("study.toml", &commanded(6, &command, "grace = \"90 s\""));
        let mut running = scene.start(ranks, &[]);
        let read = || fs::read_to_string(&pids).unwrap();
        running.watch("two trials", || read().lines().count() == 2);
        let lead = scene.lead(&mut running);
        let tell = || kill_process(lead, Signal::TERM).unwrap();
        tell();
        tell();
        running.watch("early stop", || scene.status()["state"] == "stopped");
        sleep(Duration::from_millis(700));
        assert!(lives(lead.as_raw_pid()), "a signal relayed twice at once is one signal: grace is kept");
        tell();
        let since = Instant::now();
        running.wait().expect(75).says(&[AGAIN]);
        assert!(since.elapsed() < Duration::from_secs(30));
        let left: Vec<i32> = read().lines().map(|pid| pid.parse().unwrap()).collect();
        assert!(!left.iter().any(|pid| lives(*pid)), "{left:?} still run");
    }
}

#[test]
fn a_time_limit_stops_in_time() {
    let margin = ["--set", "limits.margin=\"1 s\""];
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::quick(60, "100 ms");
        let limited = [&["--time-limit", "3 s"][..], &margin].concat();
        let ended = scene.run(ranks, &limited).expect(75).says(&["the time limit", AGAIN]);
        assert!(ended.took < Duration::from_secs(10), "{ended}");
        assert!(scene.status()["ok"].as_u64().unwrap() > 0);
        scene.complete(ranks, &margin).says(&["going on after"]);
        scene.table().assert_complete(60);
    }
}

#[test]
fn a_time_limit_without_time_for_trials_is_refused() {
    let scene = Scene::quick(9, "1 ms");
    let ended = scene.run(Ranks::Threads(1), &["--time-limit", "30 s"]).expect(2);
    ended.says(&["--time-limit \"30s\"", "limits.margin keeps 60 s"]);
    assert!(!scene.run_dir().exists());
}
