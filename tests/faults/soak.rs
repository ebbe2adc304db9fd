//! Many trials on more ranks than there are cores, with delays of a heavy tail. `PARETORANK_SOAK=1` is the whole:
//! 10,000 trials on 64 ranks.

use super::support::{Ranks, Scene};
use std::fs;
use std::time::Instant;

/// Resident memory of a process in MB.
fn resident(pid: i32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(0.0) / 1e3
}

mod on_mpi {
    use super::*;

    #[test]
    fn many_trials_on_many_ranks_leave_memory_flat_and_checkpoints_cheap() {
        let whole = std::env::var_os("PARETORANK_SOAK").is_some();
        let (trials, ranks, least) = if whole { (10_000, 64, "50 ms") } else { (600, 12, "4 ms") };
        let scene = Scene::new(&format!(
            "[study]\nname = \"soak\"\n[strategy]\nmethod = \"nsga2\"\ntrials = {trials}\n[evaluator]\n\
             builtin = \"dtlz2\"\ndimension = 20\nobjectives = 3\n\
             delay = {{ least = \"{least}\", alpha = 1.5 }}\n"
        ));
        let mut running = scene.start(Ranks::Mpi(ranks + 1), &["--set", "checkpoint.every=\"10 s\""]);
        let lead = scene.lead(&mut running).as_raw_pid();
        let mut memory = vec![];
        for part in 1..=8 {
            scene.wait_for(&mut running, part * trials / 10);
            memory.push(resident(lead));
        }
        let ended = running.wait().expect(0);
        scene.table().assert_complete(trials as usize);
        assert_eq!(scene.status()["attempts"], trials);
        let took = ended.took;
        let line = ended.err.lines().find(|line| line.contains("checkpoints: ")).unwrap().to_owned();
        let begin = Instant::now();
        scene.complete(Ranks::Threads(2), &["--trials", &(trials + 2).to_string()]);
        let restart = begin.elapsed();
        println!(
            "{trials} trials on {ranks} ranks in {took:?}; MB of rank 0 {memory:.1?}; {line}; restart {restart:?}"
        );
        // The history of 10,000 trials of 20 parameters is a few MB, and is held once by each of three threads.
        let grown = memory[7] - memory[3];
        assert!(memory[3] > 1.0 && grown < 25.0, "{memory:?}");
        if whole {
            let share: f64 =
                line.split(" s, ").nth(1).unwrap().split(" %").next().unwrap().parse().unwrap();
            assert!(share < 1.0, "{line}");
            assert!(restart.as_secs_f64() < 2.0, "{restart:?}");
        }
    }
}
