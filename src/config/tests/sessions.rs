//! Studies side by side and in words: differences, JSON, description, the shipped files.

use super::*;
use crate::test_functions::Variant;

#[test]
fn differences_name_keys_and_ignore_what_may_change() {
    let old = study(COMMAND);
    let mut may = old.clone();
    may.output = "elsewhere".into();
    may.strategy.trials = 1000;
    may.strategy.in_flight = Some(3);
    may.strategy.ready = 9;
    may.strategy.patience_s = 3.0;
    may.strategy.stop.clock_s = Some(5.0);
    may.strategy.stop.failures = Some(Failures { share: 0.1, of: 3 });
    may.checkpoint.every_s = 1.0;
    may.limits =
        Limits { time_limit_s: None, margin_s: 1.0, silence_s: 300.0, disk_bytes: None, share: 1.0 };
    if let Evaluator::Command(command) = &mut may.evaluator {
        (command.timeout_s, command.grace_s, command.retries) = (None, 1.0, Retries::all(7));
        command.env.clear();
    }
    assert_eq!(differences(&old, &may), [""; 0]);
    for (was, is, want) in [
        ("\"beam\"", "\"bean\"", vec!["study.name: beam in the run directory, bean asked for"]),
        ("upper = 9.0", "upper = 8", vec!["parameter.h.upper: 9.0 in the run directory, 8.0 asked for"]),
        (
            "\n[limits]",
            "\n[strategy]\ninitial = 20\n[limits]",
            vec!["strategy.initial: 10 in the run directory, 20 asked for"],
        ),
        (
            "default = 0\n",
            "",
            vec![
                "parameter.n.default: 0 in the run directory, nothing asked for",
                "strategy.nominal: true in the run directory, false asked for",
            ],
        ),
        (
            "9 = \"infeasible\", ",
            "",
            vec!["evaluator.exit_codes: [3,9] in the run directory, [3] asked for"],
        ),
        (
            "2*n <= 2*length",
            "3*n <= 2*length",
            vec!["constraint 1: 1*h + 2*n <= 5 in the run directory, 1*h + 3*n <= 5 asked for"],
        ),
        ("h + 2*n <= 2*length", "5 >= h+2*n", vec![]),
        (
            "stress <= 120",
            "stress <= 121",
            vec![
                "outcome_constraint 1: 1*stress <= 120 in the run directory, 1*stress <= 121 asked for",
            ],
        ),
        ("gain - mass >= 1e2", "mass + 100 <= gain", vec![]),
        (
            "[[outcome_constraint]]\ntext = \"gain - mass >= 1e2\"\n",
            "",
            vec![
                "outcome_constraint 2: -1*gain + 1*mass <= -100 in the run directory, nothing asked for",
            ],
        ),
        (
            "kind = \"fixed\"\nvalue = 2.5",
            "kind = \"float\"\nlower = 2.5\nupper = 3",
            vec![
                "constraint 1: 1*h + 2*n <= 5 in the run directory, 1*h + -2*length + 2*n <= 0 asked for",
                "parameter.length.kind: fixed in the run directory, float asked for",
                "parameter.length.value: 2.5 in the run directory, nothing asked for",
                "strategy.nominal: true in the run directory, false asked for",
                "parameter.length.lower: nothing in the run directory, 2.5 asked for",
                "parameter.length.scale: nothing in the run directory, linear asked for",
                "parameter.length.upper: nothing in the run directory, 3.0 asked for",
            ],
        ),
    ] {
        let new = study(&with(COMMAND, was, is));
        assert_eq!(differences(&old, &new), want, "{is}");
    }
    let [one, other] =
        ["gain - mass >= 0", "mass <= gain"].map(|c| study(&with(COMMAND, "gain - mass >= 1e2", c)));
    assert_eq!(differences(&one, &other), [""; 0]);
    let mut turned = old.clone();
    turned.problem.objectives.reverse();
    turned.problem.outcome_constraints[1].terms = vec![(0, -1.0), (1, 1.0)];
    let want = "order of objectives: mass, gain in the run directory, gain, mass asked for";
    assert_eq!(differences(&old, &turned), [want]);
    let (dtlz2, dtlz3) = (study(BUILTIN), study(&with(BUILTIN, "dtlz2", "dtlz3")));
    let want = "evaluator.builtin: dtlz2 in the run directory, dtlz3 asked for";
    assert_eq!(differences(&dtlz2, &dtlz3), [want]);
    assert!(!differences(&old, &dtlz2).is_empty());
}

#[test]
fn variants_are_understood_stored_and_compared() {
    let with_seed = |key: &str| study(&format!("{BUILTIN}{key} = 7\n"));
    let plain = study(BUILTIN);
    for (key, variant) in [
        ("shift", Variant::Shifted(7)),
        ("heterogeneous", Variant::Heterogeneous(7)),
        ("rotated", Variant::Rotated(7)),
    ] {
        let varied = with_seed(key);
        let Evaluator::Builtin(builtin) = &varied.evaluator else { panic!("a test function") };
        assert_eq!(builtin.variant, Some(variant));
        let json = serde_json::to_value(&varied).unwrap();
        assert_eq!(json["evaluator"]["builtin"][key], 7);
        assert_eq!(serde_json::from_value::<Study>(json).unwrap(), varied);
        let want = format!("evaluator.{key}: nothing in the run directory, 7 asked for");
        assert_eq!(differences(&plain, &varied), [want]);
    }
    assert_eq!(
        differences(&with_seed("shift"), &with_seed("rotated")),
        [
            "evaluator.shift: 7 in the run directory, nothing asked for",
            "evaluator.rotated: nothing in the run directory, 7 asked for",
        ]
    );
}

#[test]
fn resolved_studies_from_before_variants_are_read() {
    let shifted = study(&format!("{BUILTIN}shift = 7\n"));
    for (study, shift) in [(study(BUILTIN), "null"), (shifted, "7")] {
        let mut json = serde_json::to_value(&study).unwrap();
        json["evaluator"]["builtin"] = serde_json::from_str(&format!(
            r#"{{"function": "dtlz2", "dimension": 5, "objectives": 3, "shift": {shift}, "noise": null,
                "delay": null}}"#
        ))
        .unwrap();
        assert_eq!(serde_json::from_value::<Study>(json.clone()).unwrap(), study);
        for (key, value) in [("shift", "\"x\""), ("shift", "-1"), ("rotated", "1")] {
            let mut bad = json.clone();
            bad["evaluator"]["builtin"]["shift"] = 7.into();
            bad["evaluator"]["builtin"][key] = serde_json::from_str(value).unwrap();
            assert!(serde_json::from_value::<Study>(bad).is_err(), "{key} {value}");
        }
    }
}

#[test]
fn a_study_is_described_with_its_defaults() {
    let want = "\
study
  name         study
  seed         0
  output       runs/study

parameters (5 free, 0 fixed)
  name         kind   values  scale   default  unit
  x0 … x4 (5)  float  0 to 1  linear  -        -

constraints (0)

objectives (3)
  name  goal      threshold  unit
  f0    minimize  1.1        -
  f1    minimize  1.1        -
  f2    minimize  1.1        -

metrics (0)

outcome constraints (0)

strategy
  method       mobo: Gaussian processes and expected hypervolume improvement
  model        pooled: all parameters may matter; the likeliest hyperparameters
  initial      10 scrambled Sobol trials
  trials       100 in all
  ready        2 beyond one per rank
  patience     1 min until a waiting rank gets a quick candidate
  in flight    at most ranks + ready
";
    let text = describe(&study(BUILTIN));
    assert!(text.starts_with(want), "{text}");
    assert!(
        text.contains(
            "  hypervolume  0.807401 at most with the default thresholds (exact: the box less"
        ),
        "{text}"
    );
    let text = describe(&study(&format!("{BUILTIN}rotated = 7\n")));
    assert!(text.contains("  variant      optimum moved, weighted and rotated with seed 7\n"), "{text}");
    let text = describe(&study(COMMAND));
    for line in [
        "  h       float   1 to 9          log     3.0      mm\n",
        "  gas     choice  C2F6, argon, 3  -       argon    -\n",
        "  length  fixed   2.5             -       -        -\n",
        "  h + 2*n <= 2*length\n",
        "  gain  maximize  -          -\n",
        "  stress  MPa\n",
        "outcome constraints (2)\n  stress <= 120\n  gain - mass >= 1e2\n",
        "  command      python3 -c pass {param.h} {trial.id} \"{\\\"json\\\": 1}\"\n",
        "  timeout      10 min\n",
        "  infeasible   exit code 3, 9\n",
        "  env          A=b\n",
        "  time         2 h\n",
        "  margin       1 min before the end\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    files.sort();
    files
}

#[test]
fn every_shipped_study_is_read_and_survives_json() {
    assert!(shipped().len() >= 3);
    for file in shipped() {
        let (study, _) = read(&file, &Overrides::default()).unwrap();
        let json = serde_json::to_string(&study).unwrap();
        assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study, "{}", file.display());
        assert_eq!(differences(&study, &study), [""; 0]);
    }
    for text in [COMMAND, BUILTIN] {
        let json = serde_json::to_string(&study(text)).unwrap();
        assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study(text));
        // A study that has none is written as it was before there could be any.
        assert_eq!(json.contains("outcome_constraints"), text == COMMAND);
    }
}
