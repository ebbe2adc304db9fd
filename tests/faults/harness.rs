//! Under fire: whole studies, killed again and again at random instants until they are complete, beside the same
//! study left in peace. `PARETORANK_KILLS` is the number of kills for each kind of study.

use super::support::python::Reader;
use super::support::{Ranks, Scene, Table};
use paretorank::rng;
use rand::RngExt;
use std::collections::BTreeMap;

/// What must be the same as in the run that was left in peace.
#[derive(Clone, Copy, PartialEq)]
enum Same {
    /// Every trial with its parameters, outcome, objectives, origin and hypervolume, in the same order of ends.
    Trials,
    /// The same but for the order, and with it the hypervolumes before the last.
    Results,
    /// Their number; what is proposed depends on when things happened, and follows from the record.
    Count,
}

/// Kills for each kind of study.
fn kills() -> u64 {
    std::env::var("PARETORANK_KILLS")
        .map_or(4, |text| text.parse().expect("PARETORANK_KILLS is a number"))
}

/// Columns of times.
const TIMES: [&str; 5] = ["created", "started", "finished", "evaluation_s", "generation_s"];
/// Columns that depend on the order of ends: of equal designs the first to end is in the front.
const ORDER: [&str; 3] = ["ended", "hypervolume", "front"];

/// What the law speaks of.
fn law(table: &Table, same: Same) -> Vec<BTreeMap<String, String>> {
    let named = |key: &str| !(TIMES.contains(&key) || same == Same::Results && ORDER.contains(&key));
    let rows = table.rows.iter().cloned();
    rows.map(|mut row| {
        row.retain(|key, _| named(key));
        row
    })
    .collect()
}

/// The last hypervolume.
fn hypervolume(table: &Table) -> f64 {
    let all = table.column("hypervolume").into_iter().map(|text| text.parse::<f64>().unwrap());
    all.fold(0.0, f64::max)
}

/// Says where two runs part.
fn assert_same(kind: &str, table: &Table, whole: &Table, same: Same) {
    for (row, peaceful) in law(table, same).into_iter().zip(law(whole, same)) {
        assert_eq!(row, peaceful, "{kind}");
    }
    // The order of a sum may be another.
    let (volume, peaceful) = (hypervolume(table), hypervolume(whole));
    assert!((volume - peaceful).abs() <= 1e-12 * peaceful, "{kind}: {volume} and {peaceful}");
}

fn under_fire(kind: &str, make: impl Fn() -> Scene, ranks: Ranks, same: Same) {
    let whole = make();
    let took = whole.complete(ranks, &[]).took;
    let whole = whole.table();
    let trials = whole.rows.len();
    whole.assert_complete(trials);
    let Some(mut reader) = Reader::start() else { return };
    let (mut killed, mut completed, mut read) = (0, 0, 0);
    let mut rng = rng::stream(kills(), kind, 0);
    while killed < kills() || completed == 0 {
        let scene = make();
        let mut least = 0;
        loop {
            // From almost nothing to more than a whole run, short times more often than long ones.
            let life = took.mul_f64(1.2 * rng.random::<f64>().powi(2));
            if !scene.start(ranks, &["--set", "checkpoint.every=\"30 ms\""]).killed_after(life) {
                break;
            }
            killed += 1;
            assert!(killed < 100 * kills(), "{kind}: no study completes between {killed} kills");
            if scene.has_journal() {
                let status = scene.status();
                let ended =
                    ["ok", "infeasible", "failed"].map(|key| status[key].as_u64().unwrap()).iter().sum();
                assert!(ended >= least, "{kind}: {ended} trials after {least}");
                least = ended;
            }
            let history = scene.run_dir().join("history.h5");
            if history.exists() {
                read += 1;
                let stored = reader.completions(&history);
                assert!(stored <= least, "{kind}: {stored} trials in the snapshot, {least} in all");
            }
        }
        completed += 1;
        let table = scene.table();
        table.assert_complete(trials);
        if same != Same::Count {
            assert_same(kind, &table, &whole, same);
        }
        scene.ask("replay", &[]).expect(0);
        assert_eq!(reader.completions(&scene.run_dir().join("history.h5")), trials as u64);
    }
    println!(
        "{kind}: {killed} kills, {completed} studies of {trials} trials, {read} snapshots read by h5py"
    );
}

fn function(method: &str, more: &str) -> Scene {
    Scene::new(&format!(
        "[strategy]\nmethod = \"{method}\"\ninitial = 8\ntrials = 30\n{more}\n[evaluator]\nbuiltin = \"dtlz2\"\n\
         dimension = 3\nobjectives = 2\nshift = 1\ndelay = \"4 ms\"\n"
    ))
}

/// One evaluating rank: the order of completions is always the same, and with `ready = 0` every proposal knows
/// all that came before.
const ONE: Ranks = Ranks::Threads(1);

#[test]
fn space_filling_studies_under_fire_come_out_the_same() {
    under_fire("sobol", || function("sobol", "in_flight = 3"), ONE, Same::Trials);
    under_fire("lhc", || function("lhc", "in_flight = 3"), ONE, Same::Trials);
}

#[test]
fn evolutionary_studies_under_fire_come_out_the_same() {
    under_fire("nsga2", || function("nsga2", "population = 8\nready = 0"), ONE, Same::Trials);
    under_fire("nsga3", || function("nsga3", "ready = 0"), ONE, Same::Trials);
}

#[test]
fn studies_with_a_model_under_fire_come_out_the_same() {
    under_fire("mobo", || function("mobo", "ready = 0"), ONE, Same::Trials);
}

#[test]
fn what_is_made_ahead_of_time_under_fire_follows_from_the_record() {
    under_fire("ahead", || function("mobo", "in_flight = 6"), Ranks::Threads(3), Same::Count);
}

#[test]
fn pipelines_under_fire_come_out_the_same() {
    let study = include_str!("../data/graph-restart.toml").replace("sleep 0.4", "sleep 0.02");
    let make = || {
        let scene = Scene::new("");
        let folder = scene.path("").display().to_string();
        scene.write("study.toml", &study.replace("FOLDER/", &folder));
        scene
    };
    under_fire("pipeline", make, Ranks::Threads(3), Same::Results);
}

#[test]
fn reused_simulations_under_fire_come_out_the_same() {
    let study = include_str!("../../configs/reuse.toml")
        .replace("trials = 24", "trials = 10\nmethod = \"sobol\"");
    let simulate = concat!(env!("CARGO_MANIFEST_DIR"), "/configs/reuse/");
    let make = || Scene::new(&study.replace("\"reuse/", &format!("\"{simulate}")));
    under_fire("reuse", make, Ranks::Threads(2), Same::Results);
}

mod on_mpi {
    use super::*;

    #[test]
    fn studies_under_mpirun_under_fire_come_out_the_same() {
        under_fire("mpirun", || function("mobo", "ready = 0"), Ranks::Mpi(2), Same::Trials);
    }
}
