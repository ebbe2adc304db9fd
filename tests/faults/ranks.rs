//! The same study on threads and on any number of MPI ranks.

use super::support::process::{self, Running};
use super::support::{PROGRAM, Ranks, Scene, contents};
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const ALL: [Ranks; 4] = [Ranks::Threads(2), Ranks::Mpi(2), Ranks::Mpi(4), Ranks::Mpi(9)];

#[test]
fn a_study_completes_on_any_ranks_with_the_same_files_and_one_voice() {
    let mut files = BTreeSet::new();
    let mut designs = BTreeSet::new();
    for ranks in ALL {
        let scene = Scene::quick(40, "2 ms");
        let ended = scene.complete(ranks, &[]);
        for line in ended.err.lines() {
            assert_eq!(ended.err.matches(line).count(), 1, "{line:?} in {ended}");
        }
        assert_eq!(ended.out.matches("trials       40 of 40: 40 ok").count(), 1, "{ended}");
        let table = scene.table();
        table.assert_complete(40);
        // Sobol points depend on nothing but seed and number.
        designs.insert(format!("{:?}", table.values('x')));
        let names = contents(scene.run_dir()).into_keys();
        files.insert(names.map(|p| p.file_name().unwrap().to_owned()).collect::<Vec<_>>());
    }
    assert_eq!(designs.len(), 1);
    assert_eq!(files.len(), 1, "{files:?}");
    let names = format!("{files:?}");
    assert!(!names.contains("lock") && names.contains("history.h5"), "{names}");
}

#[test]
fn a_complete_run_stays_as_it_is_until_more_trials_are_asked_for() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::quick(20, "1 ms");
        scene.complete(ranks, &[]);
        let read = || ["journal", "history.h5"].map(|n| fs::read(scene.run_dir().join(n)).unwrap());
        let before = (read(), scene.table());
        scene.complete(ranks, &[]).says(&["is complete with 20 trials", "--trials N"]);
        scene.complete(ranks, &["--trials", "7"]).says(&["is complete with 20 trials"]);
        assert!(read() == before.0, "a complete history was written again");

        scene.complete(ranks, &["--trials", "35"]).says(&["going on after 20 trials"]);
        let after = scene.table();
        after.assert_complete(35);
        assert_eq!(after.values('x')[..20], before.1.values('x'));
        assert_eq!(after.values('f')[..20], before.1.values('f'));
    }
}

#[test]
fn the_command_line_overrides_the_study() {
    let scene = Scene::quick(9, "1 ms");
    scene.complete(Ranks::Threads(1), &["--seed", "5", "--set", "evaluator.dimension=3"]);
    let status = scene.status();
    assert_eq!((status["seed"].as_u64(), status["trials"].as_u64()), (Some(5), Some(9)));
    assert_eq!(scene.table().values('x')[0].len(), 3);
    scene.run(Ranks::Threads(1), &["--set", "strategy"]).expect(2).says(&["KEY=VALUE"]);
    scene.run(Ranks::Threads(1), &["--set", "strategy.trails=3"]).expect(78).says(&["\"trials\"?"]);
}

#[test]
fn nobody_to_evaluate_is_refused_with_advice() {
    let scene = Scene::quick(9, "1 ms");
    for ranks in [Ranks::Threads(0), Ranks::Mpi(1)] {
        scene.run(ranks, &[]).expect(2).says(&["no rank to evaluate", "mpirun -n 2", "--workers N"]);
        assert!(!scene.run_dir().exists());
    }
    scene.complete(Ranks::Mpi(1), &["--workers", "2"]);
    scene.table().assert_complete(9);
}

#[test]
fn wrong_arguments_are_told_once_by_all_ranks_together() {
    for mut line in [Command::new(PROGRAM), process::mpirun(3, PROGRAM)] {
        let said = Running::start(line.args(["run", "study.toml", "--trails", "3"])).wait().expect(2);
        assert_eq!(said.err.matches("unexpected argument '--trails'").count(), 1, "{said}");
    }
}
