//! Stopping rules on real ranks: why a run stopped is told everywhere, and the same line knows it.

use super::support::{Ranks, Scene, commanded, quick};
use std::fs;

#[test]
fn a_target_completes_the_study_until_it_is_raised() {
    let target = "[strategy.stop]\nhypervolume = 0.05\n[evaluator]";
    let scene = Scene::new(&quick(4000, "1 ms").replace("[evaluator]", target));
    let rule = "by strategy.stop.hypervolume = 0.05: the hypervolume is 0.";
    let ended = scene.complete(Ranks::Mpi(3), &[]).says(&[
        "strategy.stop.hypervolume: the hypervolume is 0.",
        "the study is complete by",
        "remove or relax strategy.stop.hypervolume",
    ]);
    assert!(ended.out.contains(&format!("stopped      {rule}")), "{ended}");
    let log = fs::read_to_string(scene.run_dir().join("run.log")).unwrap();
    assert!(log.contains(rule), "{log}");
    let status = scene.status();
    assert_eq!(
        (status["state"].as_str(), status["stopped_by"].as_str()),
        (Some("complete"), Some("hypervolume"))
    );
    assert!(status["hypervolume"].as_f64().unwrap() >= 0.05);
    let trials = status["proposed"].as_u64().unwrap();
    assert!(trials < 3000, "{trials}");

    let again = scene.complete(Ranks::Mpi(2), &[]);
    assert!(again.err.contains("is complete with") && again.err.contains(rule), "{again}");
    assert_eq!(scene.status()["proposed"], trials);
    let more = scene.complete(Ranks::Mpi(3), &["--set", "strategy.stop.hypervolume=0.2"]);
    assert!(more.err.contains("going on after") && more.out.contains("hypervolume = 0.2"), "{more}");
    let table = scene.table();
    assert!(table.rows.len() as u64 > trials);
    let running = table.column("status").iter().filter(|status| **status == "pending").count();
    // What was proposed ahead of time stays pending; what ran has ended.
    assert!(running <= 2 + 2, "{running}");
}

#[test]
fn too_many_failures_end_the_run_and_the_same_line_goes_on() {
    let command = r#"if [ -e ../../../../mended ]; then echo '{"a": 1, "b": 1}' > result.json
                     else echo "no licence" >&2; exit 3; fi"#;
    let rule = "[strategy.stop]\nfailures = { share = 0.5, of = 6 }\n[evaluator]";
    let scene = Scene::new(&commanded(40, command, "retries = 0").replace("[evaluator]", rule));
    let words = [
        "stopped by strategy.stop.failures = { share = 0.5, of = 6 }: 6 of the last 6 trials failed",
        "trials/000005/attempt-1/stderr",
        "run the same line again to go on",
    ];
    for ranks in [Ranks::Mpi(3), Ranks::Threads(2)] {
        let before = if scene.has_journal() { scene.status()["failed"].as_u64().unwrap() } else { 0 };
        let ended = scene.run(ranks, &[]).expect(1);
        assert!(before > 0 || words.iter().all(|word| ended.err.contains(word)), "{ended}");
        assert!(ended.out.contains("stopped      by strategy.stop.failures"), "{ended}");
        let status = scene.status();
        assert_eq!(
            (status["state"].as_str(), status["stopped_by"].as_str()),
            (Some("stopped"), Some("failures"))
        );
        let failed = status["failed"].as_u64().unwrap();
        // Six of this session, and what was running.
        assert!((before + 6..=before + 8).contains(&failed), "{failed}");
    }
    scene.write("mended", "");
    scene.complete(Ranks::Mpi(3), &[]);
    let status = scene.status();
    assert_eq!((status["state"].as_str(), status["stopped_by"].as_str()), (Some("complete"), None));
}
