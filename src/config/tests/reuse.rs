//! `reuse = true`, and what it asks of a stage.

use super::*;

fn read_stages(stages: &str) -> Result<Study, String> {
    let text = format!(
        "[[parameter]]\nname = \"x\"\nkind = \"float\"\nlower = 0\nupper = 1\n\
         [[objective]]\nname = \"f\"\ngoal = \"minimize\"\n[strategy]\ntrials = 3\n{stages}"
    );
    understand(&text, Path::new("study.toml"), &Overrides::default())
        .map_err(|wrong| format!("{wrong:?}").replace("\\\"", "\""))
}

const SIMULATION: &str =
    "[[stage]]\nname = \"sim\"\noutputs = [\"o\"]\nresult = \"r.json\"\nreuse = true\n";

#[test]
fn a_stage_that_reuses_has_common_seeds_and_is_told() {
    let study = read_stages(&format!("{SIMULATION}command = [\"true\", \"{{param.x}}\"]\n")).unwrap();
    let Evaluator::Pipeline(pipeline) = &study.evaluator else { panic!("stages") };
    assert!(pipeline.stages[0].reuse && pipeline.stages[0].seeds == Seeds::Common);
    assert!(describe(&study).contains("reuse"));
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
}

#[test]
fn what_makes_trials_differ_is_refused() {
    let later = "[[stage]]\nname = \"reco\"\nneeds = [\"sim\"]\nreuse = true\ncommand = [\"true\"]\n";
    for (stages, want) in [
        (
            format!("{SIMULATION}command = [\"true\"]\nseeds = \"trial\"\n"),
            "reuse needs seeds = \"common\"",
        ),
        (
            format!("{SIMULATION}command = [\"true\"]\nkeep = \"results\"\n"),
            "reuse needs keep = \"all\"",
        ),
        (format!("{SIMULATION}command = [\"true\", \"-n{{trial.id}}\"]\n"), "{trial.id}"),
        (
            format!("{}command = [\"true\"]\n{later}", SIMULATION.replace("reuse = true\n", "")),
            "has no effect while stage \"sim\"",
        ),
        (format!("{SIMULATION}command = [\"true\"]\n").replace("true\n", "1\n"), "reuse"),
    ] {
        let told = read_stages(&stages).unwrap_err();
        assert!(told.contains(want), "{told}\n{stages}");
    }
}
