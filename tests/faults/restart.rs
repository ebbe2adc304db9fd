//! The restart law: whether or not a run was interrupted in between, every proposal follows from the
//! record, bit for bit; and where candidates are made on demand, the same study, seed and order of
//! completions give the same proposals.

use super::support::{Ranks, Scene, Table};
use rustix::process::{Signal, kill_process};

fn scene(method: &str, in_flight: u64) -> Scene {
    Scene::new(&format!(
        "[strategy]\nmethod = \"{method}\"\ninitial = 8\ntrials = {TRIALS}\nin_flight = {in_flight}\n[evaluator]\n\
         builtin = \"dtlz2\"\ndimension = 3\nobjectives = 2\nshift = 1\ndelay = \"15 ms\"\n"
    ))
}

const TRIALS: usize = 30;

/// What the law speaks of, for the first trials.
fn proposals(table: &Table) -> Vec<(String, Vec<&str>, Vec<&str>)> {
    let origin = table.column("origin").into_iter().map(str::to_owned);
    let rest = table.values('x').into_iter().zip(table.values('f'));
    origin.zip(rest).map(|(origin, (x, f))| (origin, x, f)).take(TRIALS).collect()
}

/// One evaluator takes the oldest trial first: the order of completions is always the same.
fn the_law_holds(method: &str, in_flight: u64, ranks: Ranks) {
    let whole = scene(method, in_flight);
    whole.complete(ranks, &[]);
    let whole = whole.table();
    whole.assert_complete(TRIALS);
    let methods = whole.column("origin").iter().filter(|origin| origin.starts_with(method)).count();
    assert!(methods >= 22, "{:?}", whole.column("origin"));

    let cut = scene(method, in_flight);
    interrupt(&cut, ranks);
    let trials = cut.status()["proposed"].as_u64().unwrap().max(TRIALS as u64);
    cut.complete(ranks, &["--trials", &trials.to_string()]);
    let cut_table = cut.table();
    assert_eq!(proposals(&cut_table), proposals(&whole), "{method}, {in_flight} in flight");
    cut.ask("replay", &[]).expect(0);
}

/// Several sessions that end before the study does.
fn interrupt(cut: &Scene, ranks: Ranks) {
    for (at, signal) in [(0, None), (3, TERM), (7, None), (9, USR1), (14, None), (15, TERM), (24, None)]
    {
        // A run that is to be interrupted must not end before, however late the signal comes.
        let mut running = cut.start(ranks, &["--trials", "1000000"]);
        cut.wait_for(&mut running, at);
        match signal {
            Some(signal) => {
                kill_process(cut.lead(&mut running), signal).unwrap();
                running.wait().expect(75);
            }
            None => running.kill(),
        }
    }
}

const TERM: Option<Signal> = Some(Signal::TERM);
const USR1: Option<Signal> = Some(Signal::USR1);

#[test]
fn sobol_goes_on_as_if_nothing_had_happened() {
    the_law_holds("sobol", 3, Ranks::Threads(1));
    the_law_holds("sobol", 1, Ranks::Mpi(2));
}

#[test]
fn mobo_goes_on_as_if_nothing_had_happened() {
    the_law_holds("mobo", 1, Ranks::Threads(1));
}

#[test]
fn what_is_made_ahead_of_time_follows_from_the_record() {
    for ranks in [Ranks::Threads(1), Ranks::Mpi(4)] {
        let cut = scene("mobo", 5);
        interrupt(&cut, ranks);
        // On a busy machine more may have been proposed before the last signal came.
        let trials = cut.status()["proposed"].as_u64().unwrap().max(60);
        cut.complete(ranks, &["--trials", &trials.to_string()]);
        let replayed = cut.ask("replay", &[]).expect(0);
        assert_eq!(replayed.out, format!("all {trials} proposals come out the same\n"));
        let starts = cut.status()["starts"].clone();
        assert!(starts["count"].as_u64().unwrap() >= 60, "{starts}");
        assert!(starts["stale"]["max"].as_u64().unwrap() <= 20, "{starts}");
    }
}
