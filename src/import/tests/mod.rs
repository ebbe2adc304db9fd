//! Files as AID2E has them, in words of our own.

use super::*;
use crate::config::{self, Overrides, Study};

/// A RICH with a key that nobody knows, a default outside its bounds, and two parameters for one attribute.
const PARAMETERS: &str = r#"{
    "_comment" : "for a test",
    "parameters" : {
        "mirror_radius" : {
            "element" : "radius", "path" : ".//detector/mirror/[@radius]",
            "default" : "219.8", "units" : "cm", "lower" : "180.", "upper" : "260",
            "colour" : "red"
        },
        "sensor_centerx" : {
            "element" : "centerx", "path" : ".//detector/sensors/sphere/[@centerx]",
            "default" : "155.5", "units" : "cm", "lower" : "0.0", "upper" : "0.25"
        },
        "sensor_radius" : {
            "element" : "radius", "path" : ".//detector/sensors/sphere/[@radius]",
            "default" : 110.0, "units" : "cm", "lower" : "100", "upper" : "500"
        },
        "other_radius" : {
            "element" : "radius", "path" : ".//detector/mirror/[@radius]",
            "default" : "219.8", "units" : "cm", "lower" : "180", "upper" : "260"
        }
    },
    "constraints" : {
        "sum" : { "parameters" : ["mirror_radius", "sensor_radius"], "weights" : [1, 0.5], "bound" : 400 },
        "difference" : { "parameters" : ["sensor_radius", "mirror_radius"], "weights" : [-1, 2], "bound" : "500" },
        "lost" : { "parameters" : ["other_radius"], "weights" : [1], "bound" : 1 }
    }
}"#;

const SETTINGS: &str = r#"{
    "name" : "RICH study", "description" : "two\nlines", "algorithm" : "MOBO",
    "n_objectives" : 3, "n_design_params" : 4, "n_constraints" : 3,
    "n_sobol" : 25, "n_mobo" : 75, "n_batch_mobo" : 5, "temperature" : 3
}"#;

/// Weights of a reconstruction and a switch, with objectives of their own.
const WEIGHTS: &str = r#"{ "parameters" : {
    "w1" : { "path" : "TRK:weights", "default" : "1.0", "units" : "", "lower" : "0", "upper" : "1",
             "stage" : "rec", "is_vector" : true, "index" : 1 },
    "w0" : { "path" : "TRK:weights", "default" : "1.0", "units" : "", "lower" : "0", "upper" : "1",
             "stage" : "rec", "is_vector" : true, "index" : 0 },
    "stave" : { "element" : "value", "path" : ".//constant[@name='stave_2']", "default" : "0", "units" : "",
             "lower" : "0", "upper" : "1", "domain" : "[0, 1]", "compact" : "compact/ecal/bic.xml",
             "stage" : "sim", "value_type" : "int", "param_type" : "choice" },
    "cells" : { "element" : "n", "path" : ".//calo", "default" : 3, "lower" : "1", "upper" : "9",
             "compact" : "compact/ecal/bic.xml", "value_type" : "int" }
} }"#;

const OBJECTIVES: &str = r#"{ "objectives" : {
    "resolution" : { "input" : "electrons", "exec" : "ana.py", "goal" : "minimize", "threshold" : 1.0 },
    "rejection" : { "goal" : "maximize" }
} }"#;

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into() }
}

/// The study as its own reader understands it. The install is named: the reader wants one.
fn read(imported: &Imported) -> Study {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("study.toml");
    std::fs::write(&path, &imported.study).unwrap();
    let set = vec![("geometry.install".to_owned(), "\"/opt/detector\"".to_owned())];
    let (study, _) = config::read(&path, &Overrides { set, ..Overrides::default() }).unwrap();
    study
}

fn weights() -> Imported {
    let files = [source("p.config", WEIGHTS), source("o.config", OBJECTIVES)];
    aid2e(&files, &Options::default()).unwrap()
}

#[test]
fn every_thing_that_is_odd_is_told() {
    let files = [source("optimize.config", SETTINGS), source("parameters.config", PARAMETERS)];
    let Imported { notes, .. } = aid2e(&files, &Options::default()).unwrap();
    assert_eq!(
        notes,
        [
            "optimize.config: algorithm is not taken over: the study has method = \"mobo\"",
            "optimize.config: n_batch_mobo is not taken over: ranks decide how many run at once",
            "optimize.config: temperature was not understood",
            "parameters.config: mirror_radius.colour was not understood",
            "parameters.config: sensor_centerx: the default 155.5 lies outside the bounds 0 and 0.25; it is left \
             out",
            "parameters.config: other_radius and mirror_radius edit the same: attribute radius at \
             .//detector/mirror/[@radius] of compact/pid/drich.xml; other_radius is left out",
            "parameters.config: the constraint lost names \"other_radius\", which is no parameter of the study; \
             it is left out",
            "n_design_params is 4, but the study has 3",
            "n_constraints is 3, but the study has 2",
        ]
    );
}

#[test]
fn the_rich_brings_its_stages_and_objectives() {
    let weight =
        r#""weight": { "path": "DRICH:w", "stage": "rec", "lower": 0, "upper": 1 }, "other_radius""#;
    let parameters = PARAMETERS.replace("\"other_radius\" : {", &format!("{weight} : {{"));
    let files = [source("optimize.config", SETTINGS), source("parameters.config", &parameters)];
    let imported = aid2e(&files, &Options::default()).unwrap();
    let study = read(&imported);
    assert_eq!(
        (study.name.as_str(), study.strategy.initial, study.strategy.trials),
        ("rich-study", 25, 100)
    );
    let names: Vec<&str> = study.problem.objectives.iter().map(|o| &*o.name).collect();
    assert_eq!(names, ["piKsep_etalow", "piKsep_etahigh", "acceptance"]);
    let constraints: Vec<&str> = study.problem.space.constraints.iter().map(|c| &*c.text).collect();
    let want = ["mirror_radius + 0.5*sensor_radius <= 400", "-sensor_radius + 2*mirror_radius <= 500"];
    assert_eq!(constraints, want);
    let config::Evaluator::Pipeline(pipeline) = &study.evaluator else { panic!("stages") };
    let stages: Vec<(&str, u64)> = pipeline.stages.iter().map(|s| (&*s.name, s.tasks())).collect();
    assert_eq!(stages, [("overlap", 1), ("simulation", 8), ("analysis", 4)]);
    assert_eq!(pipeline.stages[1].command.steps[1].last().unwrap(), "-PDRICH:w={param.weight}");
    assert!(pipeline.objectives.iter().all(Option::is_some));
}

#[test]
fn weights_of_a_reconstruction_become_one_option() {
    let imported = weights();
    assert!(imported.study.contains("\"-PTRK:weights={param.w0},{param.w1}\""), "{}", imported.study);
    let study = read(&imported);
    let geometry = study.geometry.as_ref().unwrap();
    let edits: Vec<String> = geometry.edits.iter().map(config::Edit::shown).collect();
    assert_eq!(
        edits,
        [
            "compact/ecal/bic.xml .//constant[@name='stave_2'] value = {stave}",
            "compact/ecal/bic.xml .//calo n = {cells}",
        ]
    );
    let described = config::describe(&study);
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = described.lines().map(plain).collect();
    for line in [
        "w1 float 0 to 1 linear 1.0 -",
        "stave choice 0, 1 - 0 -",
        "cells int 1 to 9 linear 3 -",
        "resolution minimize 1 -",
        "rejection maximize - -",
    ] {
        assert!(lines.iter().any(|l| l == line), "{line} in {described}");
    }
    let not_taken: Vec<&String> =
        imported.notes.iter().filter(|n| n.contains("say in a [[stage]]")).collect();
    assert_eq!(not_taken.len(), 2, "{:?}", imported.notes);
}

#[test]
fn a_vector_with_a_gap_is_told() {
    let gap = WEIGHTS.replace("\"index\" : 0", "\"index\" : 3");
    let imported = aid2e(&[source("p.config", &gap)], &Options::default()).unwrap();
    let want = "the option TRK:weights has no parameter for its component 0; write its value there";
    assert!(imported.notes.iter().any(|n| n == want), "{:?}", imported.notes);
}

#[test]
fn what_cannot_be_used_is_left_out_with_its_reason() {
    let one = |keys: &str| {
        let text = format!(
            r#"{{"parameters": {{"x": {{{keys}}}, "ok": {{"path": "o", "stage": "rec", "lower": 0, "upper": 1}}}}}}"#
        );
        let imported = aid2e(&[source("p", &text)], &Options::default()).unwrap();
        assert_eq!(imported.study.matches("[[parameter]]").count(), 1);
        imported.notes[0].clone()
    };
    let edit = r#""element": "r", "path": ".//detector/mirror", "#;
    for (keys, want) in [
        (
            r#""path": "a", "lower": 0, "upper": 1"#.to_owned(),
            "has no element, the name of the attribute",
        ),
        (format!(r#"{edit} "lower": 0"#), "has no upper bound"),
        (
            format!(r#"{edit} "lower": 2, "upper": "1""#),
            "has the bounds 2 and 1, between which there is nothing",
        ),
        (
            format!(r#"{edit} "lower": "low", "upper": 1"#),
            "has the lower bound \"low\", which is no number",
        ),
        (
            format!(r#"{edit} "param_type": "choice", "domain": "[0]""#),
            "has the domain \"[0]\", which is no list of two or more numbers or texts",
        ),
        (
            r#""element": "r", "path": "//a", "lower": 0, "upper": 1"#.to_owned(),
            "has the path \"//a\", which begins with a slash; a path begins at the root element, for example .//detector",
        ),
        (
            r#""element": "r", "path": ".//a", "lower": 0, "upper": 1"#.to_owned(),
            "does not say in which file it is (compact), and the path does not tell; say --compact FILE",
        ),
        (
            r#""path": "a", "stage": "ana", "lower": 0, "upper": 1"#.to_owned(),
            "has the stage \"ana\"; known are sim and rec",
        ),
    ] {
        assert_eq!(one(&keys), format!("p: x {want}; it is left out"));
    }
}

#[test]
fn files_that_are_none_are_refused() {
    let refused = |text: &str| aid2e(&[source("p.config", text)], &Options::default()).unwrap_err();
    assert!(refused("{ \"a\": 1, }").starts_with("p.config: not the JSON that is expected: "));
    assert!(refused("{\"parameters\": [1]}").starts_with("p.config: parameters: not the JSON"));
    assert_eq!(refused("{}"), "p.config: there is no parameter that can be used");
    let compact = Options { compact: Some("compact/a.xml".into()), top: Some("t.xml".into()) };
    let text = r#"{"parameters": {"x": {"element": "r", "path": ".//a", "lower": 0, "upper": 1}}}"#;
    let study = read(&aid2e(&[source("p.config", text)], &compact).unwrap());
    let geometry = study.geometry.unwrap();
    assert_eq!(
        (geometry.top.to_str(), geometry.edits[0].file.to_str()),
        (Some("t.xml"), Some("compact/a.xml"))
    );
}
