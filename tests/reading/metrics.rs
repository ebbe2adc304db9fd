//! `metrics.prom`, read by the client library of Prometheus.

use super::support::{Ranks, Scene, commanded, python};
use serde_json::Value as Json;
use std::process::Command;

const REQUIRED: &str = "PARETORANK_REQUIRE_PROMETHEUS";

/// Every sample as `name{label=value,…}` without study and seed, families by type, and how often each family
/// begins.
const SCRIPT: &str = r#"
import json, sys
from prometheus_client.parser import text_string_to_metric_families as parse
samples, kinds, about = {}, {}, set()
for family in parse(open(sys.argv[1]).read()):
    assert family.name not in kinds, family.name
    assert family.documentation, family.name
    kinds[family.name] = family.type
    for s in family.samples:
        labels = dict(s.labels)
        about.add((labels.pop("study"), labels.pop("seed")))
        key = s.name + "".join(f" {k}={v}" for k, v in sorted(labels.items()))
        assert key not in samples, key
        samples[key] = s.value
print(json.dumps({"samples": samples, "kinds": kinds, "about": sorted(about)}))
"#;

/// What Prometheus' parser finds; `None`, with a word about it, where there is none and nobody asked for it.
fn read(scene: &Scene) -> Option<Json> {
    let python = python::python();
    let parser = "import prometheus_client.parser";
    let has = Command::new(&python).args(["-c", parser]).output().is_ok_and(|o| o.status.success());
    if !has {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {python} lacks the parser");
        println!("SKIPPED: {python} lacks prometheus_client; set {REQUIRED}=1 to make this an error");
        return None;
    }
    let file = scene.run_dir().join("metrics.prom");
    let ran = Command::new(python).args(["-c", SCRIPT]).arg(file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

/// Trials by their number: the second is infeasible, the third fails for good, all others are ok.
fn study() -> String {
    let command = r#"
sleep 0.05
case $1 in 1) exit 9;; 2) exit 3;; esac
echo "{\"a\": $2, \"b\": 0.5}" > result.json"#;
    let more = "result = \"result.json\"\nexit_codes = { 9 = \"infeasible\" }\nretries = 0\n\
                [study]\nname = \"measured\"\nseed = 7\n";
    commanded(8, command, more)
}

#[test]
fn metrics_are_what_prometheus_reads_and_what_happened() {
    let scene = Scene::new(&study());
    scene.complete(Ranks::Threads(2), &[]);
    let Some(found) = read(&scene) else { return };
    assert_eq!(found["about"], serde_json::json!([["measured", "7"]]));
    let value = |key: &str| found["samples"][key].as_f64();
    let status = scene.status();
    for (outcome, count) in [("ok", 6.0), ("infeasible", 1.0), ("failed", 1.0), ("interrupted", 0.0)] {
        let key = format!("paretorank_trials_total outcome={outcome}");
        assert_eq!(value(&key), Some(count), "{outcome} in {found:#}");
    }
    assert_eq!(value("paretorank_attempts_total class=exit outcome=failed"), Some(1.0));
    assert_eq!(value("paretorank_attempts_total outcome=ok"), Some(6.0));
    // One is that of the whole front, the other a sum of what each trial added.
    let (whole, sum) =
        (value("paretorank_hypervolume").unwrap(), status["hypervolume"].as_f64().unwrap());
    assert!((whole - sum).abs() < 1e-12 * sum, "{whole} and {sum}");
    assert_eq!(value("paretorank_candidate_seconds_count"), Some(8.0));
    let made_s: f64 =
        scene.table().column("generation_s").iter().map(|s| s.parse::<f64>().unwrap()).sum();
    assert!((value("paretorank_candidate_seconds_sum").unwrap() - made_s).abs() < 1e-9);
    assert_eq!(value("paretorank_run_active"), Some(0.0));
    assert_eq!(value("paretorank_trials_in_flight"), Some(0.0));
    assert_eq!(value("paretorank_time_left_seconds"), None, "nothing is left");
    let created: f64 = scene.table().column("created")[0].parse().unwrap();
    let last = value("paretorank_last_checkpoint_timestamp_seconds").unwrap();
    assert!(value("paretorank_start_time_seconds").unwrap() <= created && created < last);
    assert!(value("paretorank_checkpoint_seconds_count").unwrap() >= 2.0, "the first and the last");
    let kinds = found["kinds"].as_object().unwrap();
    // The parser leaves out what the format adds to a name.
    assert_eq!(kinds["paretorank_trials"], "counter");
    assert_eq!(kinds["paretorank_candidate_seconds"], "summary");
    assert_eq!(kinds["paretorank_ranks_busy"], "gauge");
}

#[test]
fn metrics_of_a_run_at_work_say_so_and_grow() {
    let scene = Scene::quick(400, "100 ms");
    let mut running = scene.start(Ranks::Threads(2), &[]);
    let file = scene.run_dir().join("metrics.prom");
    running.watch("metrics", || file.exists());
    let Some(found) = read(&scene) else { return };
    let value = |found: &Json, key: &str| found["samples"][key].as_f64();
    assert_eq!(value(&found, "paretorank_run_active"), Some(1.0));
    assert_eq!(value(&found, "paretorank_trials_planned"), Some(400.0));
    let ended = |found: &Json| value(found, "paretorank_trials_total outcome=ok").unwrap();
    running.watch("later metrics", || read(&scene).is_some_and(|found| ended(&found) >= 10.0));
    let found = read(&scene).unwrap();
    assert!(value(&found, "paretorank_ranks_busy").unwrap() >= 1.0, "{found:#}");
    assert_eq!(value(&found, "paretorank_ranks"), Some(2.0));
    // 200 ms a pair: at least that; how much longer is the machine's affair.
    let left = value(&found, "paretorank_time_left_seconds").unwrap();
    assert!(left >= 0.05 * (390.0 - ended(&found)), "{found:#}");
    running.kill();
}

#[test]
fn a_run_does_without_metrics_that_cannot_be_written() {
    let scene = Scene::quick(4, "1 ms");
    std::fs::create_dir_all(scene.run_dir()).unwrap();
    scene.complete(Ranks::Threads(1), &["--trials", "1"]);
    let beside = scene.run_dir().join("metrics.prom.new");
    std::fs::create_dir(&beside).unwrap();
    let ended = scene.complete(Ranks::Threads(1), &[]);
    assert!(ended.err.contains("no metrics for now: "), "{}", ended.err);
    assert_eq!(ended.err.matches("no metrics").count(), 1, "{}", ended.err);
    assert_eq!(scene.status()["ok"], 4);
}
