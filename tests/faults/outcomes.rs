//! Outcome constraints: what violates one is measured and kept, and never an answer.

use super::support::python::h5py;
use super::support::{Ranks, Scene, Table, commanded};
use std::collections::BTreeMap;

type Rows<'a> = Vec<&'a BTreeMap<String, String>>;

/// Both objectives and the metric are x, so that every design below 0.5, which violates, dominates
/// every one above. Trial 3 forgets the metric.
fn study(bound: &str) -> String {
    let command = r#"
cost=", \"cost\": {\"value\": $2, \"sem\": 0.125}"
[ $1 = 3 ] && cost=
echo "{\"a\": $2, \"b\": $2$cost}" > result.json"#;
    let constraint = format!("[[outcome_constraint]]\ntext = \"cost >= {bound}\"\n");
    format!(
        "[[metric]]\nname = \"cost\"\nunit = \"EUR\"\n{constraint}{}",
        commanded(20, command, "retries = 0")
    )
}

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn designs_that_violate_are_kept_apart_from_the_front() {
    for ranks in [Ranks::Threads(2), Ranks::Mpi(3)] {
        let scene = Scene::new(&study("0.5"));
        let ended = scene.complete(ranks, &[]);
        let table = scene.table();
        table.assert_complete(20);
        let ok: Rows = table.rows.iter().filter(|row| row["status"] == "ok").collect();
        let (fine, violating): (Rows, Rows) = ok.iter().partition(|row| number(&row["x"]) >= 0.5);
        assert!(fine.len() + violating.len() == 19 && fine.len() > 5 && violating.len() > 5);
        let counts = format!(
            "20 of 20: 19 ok (of which {} violate outcome constraints), 0 infeasible, 1 failed",
            violating.len()
        );
        assert!(ended.out.contains(&counts), "{ended}");
        for row in &ok {
            let x = number(&row["x"]);
            assert_eq!((&row["a"], &row["cost [EUR]"]), (&row["x"], &row["x"]));
            assert_eq!(number(&row["acceptable"]), f64::from(u8::from(x >= 0.5)));
            assert_eq!(number(&row["violation of cost >= 0.5"]), (0.5 - x).max(0.0));
        }
        let best: f64 = fine.iter().map(|row| number(&row["x"])).fold(1.0, f64::min);
        let front: Vec<_> = table.rows.iter().filter(|row| row["front"] == "1").collect();
        assert_eq!(front.iter().map(|row| number(&row["x"])).collect::<Vec<_>>(), [best]);
        let last = table.rows.iter().map(|row| number(&row["hypervolume"])).fold(0.0, f64::max);
        assert!((last - (2.0 - best).powi(2)).abs() < 1e-12, "both thresholds are 2");
        let failed = &table.rows[3];
        assert_eq!((&failed["status"][..], &failed["acceptable"][..]), ("failed", ""));
        assert!(failed["reason"].starts_with("output: the metric \"cost\" is missing"), "{failed:?}");
        assert!(failed["reason"].contains("cost >= 0.5"), "{failed:?}");
        let status = scene.status();
        assert_eq!((status["ok"].as_u64(), status["front"].as_u64()), (Some(19), Some(1)));
        assert_eq!(status["violating"], violating.len());
        seen_by_h5py(&scene, &table);
        let json = scene.ask("export", &["--json"]).expect(0).out;
        let trials = &serde_json::from_str::<serde_json::Value>(&json).unwrap()["trials"];
        for (row, trial) in table.rows.iter().zip(trials.as_array().unwrap()) {
            let acceptable = trial["acceptable"].as_bool().map(|yes| u8::from(yes).to_string());
            assert_eq!(row["acceptable"], acceptable.unwrap_or_default());
            let violation = trial["violations"]["cost >= 0.5"].as_f64();
            assert_eq!(row["violation of cost >= 0.5"].parse().ok(), violation);
        }
        another_bound_is_another_study(&scene, ranks);
    }
}

fn seen_by_h5py(scene: &Scene, table: &Table) {
    let script = "t = f['trials']\nprint(json.dumps([t['acceptable'][:].tolist(), \
                  t['acceptable'].attrs['outcome_constraints'].tolist(), t['metrics_sem'][0, 0], \
                  f['hypervolume'][-1]]))";
    let Some(seen) = h5py(&scene.run_dir().join("history.h5"), script) else { return };
    let flags: Vec<u64> = table.rows.iter().map(|row| u64::from(row["acceptable"] == "1")).collect();
    let last = table.rows.iter().map(|row| number(&row["hypervolume"])).fold(0.0, f64::max);
    assert_eq!(seen[0], serde_json::json!(flags));
    assert_eq!((&seen[1], &seen[2]), (&serde_json::json!(["cost >= 0.5"]), &serde_json::json!(0.125)));
    assert!((seen[3].as_f64().unwrap() - last).abs() < 1e-12);
}

fn another_bound_is_another_study(scene: &Scene, ranks: Ranks) {
    scene.write("study.toml", &study("0.4"));
    let refused = scene.run(ranks, &[]).expect(2);
    refused.says(&[
        "outcome_constraint 1: -1*cost <= -0.5 in the run directory, -1*cost <= -0.4 asked for",
    ]);
}

#[test]
fn a_constrained_test_function_runs_with_its_own_constraint() {
    let own = "[strategy]\nmethod = \"nsga2\"\ntrials = 60\n[evaluator]\nbuiltin = \"c2dtlz2\"\n\
                 dimension = 3\nobjectives = 2\nnoise = { sd = 0.001 }\n";
    let scene = Scene::new(own);
    let ended = scene.complete(Ranks::Threads(2), &[]);
    assert!(ended.out.contains("violate outcome constraints"), "{ended}");
    assert!(ended.out.contains("of the maximum"), "{ended}");
    let table = scene.table();
    table.assert_complete(60);
    for row in &table.rows {
        let c1 = number(&row["c1"]);
        assert_eq!(row["acceptable"] == "1", c1 <= 0.0);
        assert!(row["front"] == "0" || c1 <= 0.0);
        // Inside a ball of radius 0.2 around a point of the unit sphere.
        let radius = number(&row["f0"]).hypot(number(&row["f1"]));
        assert!(c1 > 0.0 || (0.8..1.21).contains(&radius), "{row:?}");
    }
    assert!(table.column("acceptable").contains(&"1"), "some of 60 lie in a ball");
    // A constraint of one's own makes another front, whose hypervolume nobody knows.
    let mine = Scene::new(&format!("{own}[[outcome_constraint]]\ntext = \"c1 + f0 <= 0.5\"\n"));
    let ended = mine.complete(Ranks::Threads(2), &[]);
    assert!(ended.out.contains("hypervolume") && !ended.out.contains("of the maximum"), "{ended}");
    for row in mine.table().rows {
        let sum = number(&row["c1"]) + number(&row["f0"]);
        assert_eq!(row["acceptable"] == "1", sum <= 0.5);
    }
}
