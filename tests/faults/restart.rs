//! The restart law: same study, same seed, same order of completions give the same proposals, bit
//! for bit, whether or not the run was interrupted in between.

use super::support::{Ranks, Scene, Table};
use rustix::process::{Signal, kill_process};

fn scene(method: &str, in_flight: u64) -> Scene {
    Scene::new(&format!(
        "[strategy]\nmethod = \"{method}\"\ninitial = 8\ntrials = 30\nin_flight = {in_flight}\n[evaluator]\n\
         builtin = \"dtlz2\"\ndimension = 3\nobjectives = 2\nshift = 1\ndelay = \"15 ms\"\n"
    ))
}

/// What the law speaks of.
fn proposals(table: &Table) -> Vec<(String, Vec<&str>, Vec<&str>)> {
    let origin = table.column("origin").into_iter().map(str::to_owned);
    let rest = table.values('x').into_iter().zip(table.values('f'));
    origin.zip(rest).map(|(origin, (x, f))| (origin, x, f)).collect()
}

/// One evaluator takes the oldest trial first: the order of completions is always the same.
fn the_law_holds(method: &str, in_flight: u64, ranks: Ranks) {
    let whole = scene(method, in_flight);
    whole.complete(ranks, &[]);
    let whole = whole.table();
    whole.assert_complete(30);
    let methods = whole.column("origin").iter().filter(|origin| origin.starts_with(method)).count();
    assert!(methods >= 22, "{:?}", whole.column("origin"));

    let cut = scene(method, in_flight);
    for (at, signal) in [(0, None), (3, TERM), (7, None), (9, USR1), (14, None), (15, TERM), (24, None)]
    {
        let mut running = cut.start(ranks, &[]);
        cut.wait_for(&mut running, at);
        match signal {
            Some(signal) => {
                kill_process(cut.lead(&mut running), signal).unwrap();
                running.wait().expect(75);
            }
            None => running.kill(),
        }
    }
    cut.complete(ranks, &[]);
    let cut = cut.table();
    assert_eq!(proposals(&cut), proposals(&whole), "{method}, {in_flight} in flight");
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
    the_law_holds("mobo", 3, Ranks::Threads(1));
}
