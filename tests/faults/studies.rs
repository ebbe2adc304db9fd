//! Wrong study files: every mistake with its line, exit code 78, and no run directory.

use super::support::{Ranks, Scene, commanded, quick};

const PARAMETER: &str = "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0.0\nupper = 1.0\n";

fn refused(study: &str, words: &[&str]) {
    let scene = Scene::new(study);
    let ended = scene.run(Ranks::Threads(1), &[]).expect(78).says(words);
    assert!(ended.err.starts_with("paretorank: ") && ended.out.is_empty(), "{ended}");
    assert!(!scene.run_dir().exists());
}

#[test]
fn mistakes_are_told_with_line_and_remedy() {
    let quick = quick(9, "1 ms");
    let command = commanded(9, "true", "");
    for (study, words) in [
        (
            quick.replace("trials =", "trails ="),
            &["study.toml:5:", "no key \"trails\"", "did you mean \"trials\"?"][..],
        ),
        (quick.replace("dtlz2", "dtlz22"), &["study.toml:7:", "did you mean \"dtlz2\"?", "zdt1"]),
        (
            command.replace("upper = 1.0", "upper = -1.0"),
            &["study.toml:5:", "parameter.x.upper (-1)", "swapped?"],
        ),
        (
            format!("{PARAMETER}{command}"),
            &["study.toml:7:", "\"x\" is taken by a parameter already", "must differ"],
        ),
        (command.replace("/bin/sh", "/bin/no-such-shell"), &["/bin/no-such-shell"]),
        ("[study".into(), &["study.toml:1:", "not TOML"]),
    ] {
        refused(&study, words);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let study = quick(9, "1 ms").replace("trials =", "trails =").replace("delay =", "dealy =");
    refused(&study, &["study.toml:5:", "study.toml:10:", "\"delay\"?"]);
}

#[test]
fn constraints_that_no_design_satisfies_are_found_before_anything_starts() {
    let constraints = "[[constraint]]\ntext = \"x + y >= 3\"\n[[constraint]]\ntext = \"x <= 0.5\"\n";
    let y = PARAMETER.replace("\"x\"", "\"y\"");
    let study = format!("{}{y}{constraints}", commanded(9, "true", ""));
    refused(&study, &["no design", "x + y >= 3"]);
    let scene = Scene::new(&study);
    let mut check = std::process::Command::new(super::support::PROGRAM);
    check.arg("check").arg(scene.path("study.toml"));
    super::support::process::Running::start(&mut check).wait().expect(78).says(&["x + y >= 3"]);
}

#[test]
fn a_missing_study_file_is_named() {
    let scene = Scene::quick(9, "1 ms");
    std::fs::remove_file(scene.path("study.toml")).unwrap();
    for ranks in [Ranks::Threads(1), Ranks::Mpi(3)] {
        let ended = scene.run(ranks, &[]).expect(78);
        let told = "paretorank: failed to read the study file study.toml: No such file";
        assert_eq!(ended.err.matches(told).count(), 1, "{ended}");
        assert!(!scene.run_dir().exists());
    }
}
