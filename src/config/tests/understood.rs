//! What is understood.

use super::*;
use crate::problem::{Goal, Metric, OutcomeConstraint, ParameterKind, Scale, Value};

#[test]
fn a_command_study_is_understood() {
    let study = study(COMMAND);
    assert_eq!((study.name.as_str(), study.seed), ("beam", 0));
    assert_eq!(study.output, Path::new("runs/beam"));
    let space = &study.problem.space;
    let h = &space.parameters[0];
    assert_eq!(h.kind, ParameterKind::Float { lower: 1.0, upper: 9.0, scale: Scale::Log });
    assert_eq!((h.default.clone(), h.unit.as_str()), (Some(Value::Float(3.0)), "mm"));
    let n = &space.parameters[1];
    assert_eq!(n.kind, ParameterKind::Integer { lower: 0, upper: 5, scale: Scale::Linear });
    assert_eq!(space.parameters[3].kind, ParameterKind::Fixed { value: Value::Float(2.5) });
    assert_eq!(space.constraints[0].terms, [(0, 1.0), (1, 2.0)]);
    assert_eq!(space.constraints[0].upper, 5.0);
    let objectives = &study.problem.objectives;
    assert_eq!((objectives[0].goal, objectives[0].threshold), (Goal::Minimize, Some(7.0)));
    assert_eq!((objectives[1].goal, objectives[1].threshold), (Goal::Maximize, None));
    assert_eq!(study.problem.metrics[0].unit, "MPa");
    let [stress, gain] = &study.problem.outcome_constraints[..] else { panic!("two") };
    assert_eq!(
        (&stress.text[..], &stress.terms[..], stress.upper),
        ("stress <= 120", &[(2, 1.0)][..], 120.0)
    );
    assert_eq!((&gain.terms[..], gain.upper), (&[(0, 1.0), (1, -1.0)][..], -100.0));
    let Evaluator::Command(command) = &study.evaluator else { panic!("a command") };
    assert_eq!(command.argv[0], "python3");
    assert_eq!(
        (command.timeout_s, command.grace_s, command.retries),
        (Some(600.0), 10.0, Retries::all(1))
    );
    assert_eq!(command.infeasible_exit_codes, [3, 9]);
    assert_eq!(command.env, [("A".to_owned(), "b".to_owned())]);
    assert_eq!(command.result, Some(ResultFile::Json("result.json".into())));
    assert_eq!((study.limits.time_limit_s, study.limits.margin_s), (Some(7200.0), 60.0));
    let s = &study.strategy;
    assert_eq!((s.method, s.initial, s.trials, s.ready, s.in_flight), (Method::Mobo, 10, 100, 2, None));
    assert_eq!(s.batch, None);
    let batches = super::study(&format!("{COMMAND}\n[strategy]\nbatch = 5\n"));
    assert_eq!(batches.strategy.batch, Some(5));
}

#[test]
fn a_test_function_brings_parameters_and_objectives() {
    let study = study(BUILTIN);
    assert_eq!(study.name, "study");
    let names: Vec<&str> = study.problem.space.parameters.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["x0", "x1", "x2", "x3", "x4"]);
    assert_eq!(study.problem.objectives.len(), 3);
    assert_eq!(study.problem.objectives[2].name, "f2");
    assert_eq!(study.problem.objectives[2].threshold, Some(1.1));
    let text =
        BUILTIN.replace("dimension = 5", "dimension = 9").replace("objectives = 3", "objectives = 8");
    assert_eq!(super::study(&text).strategy.initial, 16);
}

#[test]
fn a_number_of_events_is_no_argument_of_a_test_function() {
    let events = "[[parameter]]\nname = \"events\"\nkind = \"events\"\nlower = 500\nupper = 4000\noverhead = 250\n";
    let space = study(&format!("{BUILTIN}{events}")).problem.space;
    assert_eq!((space.parameters.len(), space.dimension()), (6, 5));
    let (at, range) = space.events().unwrap();
    assert_eq!((at, range.lower, range.upper, range.overhead), (5, 500, 4000, 250.0));
    let design = space.decode(&[0.5; 5]);
    assert_eq!(space.events_of(&design), Some(4000));
    assert_eq!(space.without_events(&design).count(), 5);
    let page = describe(&study(&format!("{BUILTIN}{events}")));
    assert!(page.contains("500, 1000, 2000, 4000 (a trial costs 250 more)"), "{page}");
}

#[test]
fn a_test_function_of_one_size_needs_no_numbers() {
    let study = study("[evaluator]\nbuiltin = \"car-side-impact\"\n");
    let Evaluator::Builtin(builtin) = &study.evaluator else { panic!("a test function") };
    assert_eq!((builtin.dimension, builtin.objectives), (7, 4));
    let bounds = &study.problem.space.parameters[4].kind;
    assert_eq!(bounds, &ParameterKind::Float { lower: 0.875, upper: 2.625, scale: Scale::Linear });
    assert_eq!(study.problem.objectives[3].threshold, Some(10.3942));
    let wrong = "[evaluator]\nbuiltin = \"penicillin\"\ndimension = 6\n";
    assert_eq!(
        refusal(wrong, &Overrides::default()),
        "study.toml:2: evaluator.builtin is not possible like this: penicillin needs exactly 3 objectives \
         and exactly 7 parameters, not 3 objectives and 6 parameters"
    );
}

#[test]
fn a_constrained_test_function_brings_metric_and_constraint() {
    let text = with(BUILTIN, "dtlz2", "c2dtlz2");
    let problem = study(&text).problem;
    assert_eq!(problem.metrics, [Metric { name: "c1".into(), unit: String::new() }]);
    let own = OutcomeConstraint { text: "c1 <= 0".into(), terms: vec![(3, 1.0)], upper: 0.0 };
    assert_eq!(problem.outcome_constraints, std::slice::from_ref(&own));
    let named = format!("{text}[[metric]]\nname = \"ball\"\n");
    let by_name = study(&named).problem.outcome_constraints;
    assert_eq!(by_name[0].text, "ball <= 0");
    assert!(by_name[0].agrees_with(&own));
    let written = format!("{named}[[outcome_constraint]]\ntext = \"f0 + ball <= 1\"\n");
    let written = study(&written).problem.outcome_constraints;
    assert_eq!((written.len(), &written[0].terms[..]), (1, &[(0, 1.0), (3, 1.0)][..]));
    let two = format!("{named}[[metric]]\nname = \"other\"\n");
    assert_eq!(
        refusal(&two, &Overrides::default()),
        "study.toml:2: evaluator.builtin is c2dtlz2, whose metrics are c1; there are 2 [[metric]] tables"
    );
    // An objective of any test function can be constrained.
    let plain = format!("{BUILTIN}[[outcome_constraint]]\ntext = \"f0 <= 0.5\"\n");
    assert_eq!(study(&plain).problem.outcome_constraints[0].terms, [(0, 1.0)]);
}

#[test]
fn numbers_have_all_forms_of_toml() {
    let study =
        study(&with(&with(COMMAND, "upper = 9.0", "upper = 1_0.5e0"), "upper = 5.0", "upper = 0x1_0"));
    let kinds = study.problem.space.parameters.into_iter().map(|p| p.kind).take(2);
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            ParameterKind::Float { lower: 1.0, upper: 10.5, scale: Scale::Log },
            ParameterKind::Integer { lower: 0, upper: 16, scale: Scale::Linear },
        ]
    );
}

#[test]
fn a_test_function_takes_parameters_and_objectives_that_suit_it() {
    let tables = r#"
[[parameter]]
name = "a"
kind = "float"
lower = 0.25
upper = 0.75
[[parameter]]
name = "b"
kind = "int"
lower = -5
upper = 5
[[parameter]]
name = "c"
kind = "choice"
values = [-1.5, 0]
[[objective]]
name = "u"
goal = "minimize"
[[objective]]
name = "v"
goal = "minimize"
threshold = 4
[evaluator]
builtin = "zdt4"
"#;
    let good = study(tables);
    let Evaluator::Builtin(builtin) = &good.evaluator else { panic!("a test function") };
    assert_eq!((builtin.dimension, builtin.objectives), (3, 2));
    let thresholds: Vec<_> = good.problem.objectives.iter().map(|o| o.threshold).collect();
    assert_eq!(thresholds, [Some(1.1), Some(4.0)]);
    let none = Overrides::default();
    for (old, new, want) in [
        (
            "upper = 0.75",
            "upper = 1.75",
            "study.toml:2: parameter.a must lie within zdt4's bounds 0 and 1 there",
        ),
        (
            "[-1.5, 0]",
            "[-1.5, \"x\"]",
            "study.toml:12: parameter.c must lie within zdt4's bounds -5 and 5 there",
        ),
        (
            "\"v\"\ngoal = \"minimize\"",
            "\"v\"\ngoal = \"maximize\"",
            "study.toml:19: objective.v.goal must be \"minimize\": test functions are minimized",
        ),
        (
            "\"zdt4\"",
            "\"zdt4\"\ndimension = 4",
            "study.toml:25: evaluator.dimension is 4, but there are 3 [[parameter]] tables",
        ),
        (
            "\"zdt4\"",
            "\"dtlz2\"\nobjectives = 3",
            "study.toml:25: evaluator.objectives is 3, but there are 2 [[objective]] tables",
        ),
    ] {
        let text = if want.contains("objectives is 3") {
            with(tables, "lower = -5\nupper = 5", "lower = 0\nupper = 1")
                .replace("[-1.5, 0]", "[0.5, 1]")
        } else {
            tables.to_owned()
        };
        assert_eq!(refusal(&with(&text, old, new), &none), want);
    }
}

#[test]
fn delays_and_noise_have_their_forms() {
    let delay = |value: &str| {
        let study = study(&format!("{BUILTIN}noise = {{ sd = 0.1 }}\ndelay = {value}\n"));
        let Evaluator::Builtin(builtin) = study.evaluator else { panic!("a test function") };
        assert_eq!(builtin.noise, Some(Noise { sd: 0.1, known: true }));
        builtin.delay.unwrap()
    };
    assert_eq!(delay("\"100 ms\""), Delay::Constant { seconds: 0.1 });
    assert_eq!(
        delay("{ median = \"1 s\", sigma = 0.5 }"),
        Delay::LogNormal { median_s: 1.0, sigma: 0.5 }
    );
    assert_eq!(delay("{ least = \"2 s\", alpha = 1.5 }"), Delay::HeavyTail { least_s: 2.0, alpha: 1.5 });
}

#[test]
fn the_command_line_wins() {
    let overrides = Overrides {
        output: Some("/scratch/run".into()),
        seed: Some(u64::MAX),
        trials: Some(7),
        set: [
            ("parameter.h.upper", "8"),
            ("objective.gain.unit", "dB"),
            ("strategy.method", "nsga2"),
            ("evaluator.timeout", "20 min"),
            ("evaluator.env.B", "\"2\""),
            ("checkpoint.every", "5 s"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .to_vec(),
    };
    let study = understand(COMMAND, Path::new("study.toml"), &overrides).unwrap();
    assert_eq!((study.seed, study.strategy.trials), (u64::MAX, 7));
    assert_eq!(study.output, Path::new("/scratch/run"));
    let h = &study.problem.space.parameters[0].kind;
    assert_eq!(*h, ParameterKind::Float { lower: 1.0, upper: 8.0, scale: Scale::Log });
    assert_eq!(study.problem.objectives[1].unit, "dB");
    assert_eq!(study.strategy.method, Method::Nsga2);
    assert_eq!(study.checkpoint.every_s, 5.0);
    let Evaluator::Command(command) = &study.evaluator else { panic!("a command") };
    assert_eq!((command.timeout_s, command.env.len()), (Some(1200.0), 2));
}

#[test]
fn programs_and_templates_start_from_the_study_files_folder() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sim");
    std::fs::copy("/bin/true", &program).unwrap();
    std::fs::write(folder.path().join("card.txt"), "{{h}}").unwrap();
    let file = folder.path().join("study.toml");
    let text = with(COMMAND, "\"python3\"", "\"sim\"");
    let text = with(&text, "env =", "templates = [\"card.txt\"]\nenv =");
    std::fs::write(&file, &text).unwrap();
    let (study, as_given) = read(&file, &Overrides::default()).unwrap();
    assert_eq!(as_given, text);
    let Evaluator::Command(command) = &study.evaluator else { panic!("a command") };
    assert_eq!(Path::new(&command.argv[0]), program);
    assert_eq!(command.argv[2], "pass");
    assert_eq!(command.templates, [folder.path().join("card.txt")]);
}

#[test]
fn a_study_that_is_evaluated_outside_needs_parameters_and_objectives_alone() {
    let at = COMMAND.find("[evaluator]").unwrap();
    let text = format!("{}[evaluator]\noutside = true\n", &COMMAND[..at]);
    let study = study(&text);
    assert_eq!(study.evaluator, Evaluator::Outside);
    assert!(
        describe(&study).contains("  outside      results are told (paretorank ask, tell, session)\n")
    );
    let json = serde_json::to_string(&study).unwrap();
    assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
    // It may get an evaluator later; one that has some does not lose it.
    assert_eq!(differences(&study, &super::study(COMMAND)), [""; 0]);
    assert!(!differences(&super::study(COMMAND), &study).is_empty());
    let want = "study.toml: there is no [[objective]]; an evaluation outside needs at least one\n\
                study.toml: there is no [[parameter]]; an evaluation outside needs at least one";
    assert_eq!(refusal("[evaluator]\noutside = true\n", &Overrides::default()), want);
}

#[test]
fn stopping_rules_are_understood_and_said_as_they_are_written() {
    assert_eq!(study(BUILTIN).strategy.stop, Stop::default());
    let rules = [
        "hypervolume = 0.7",
        "stalled = { trials = 40, gain = 0.001 }",
        "clock = \"10 h\"",
        "failures = { share = 0.5, of = 20 }",
    ];
    let stop = study(&format!("{BUILTIN}[strategy.stop]\n{}\n", rules.join("\n"))).strategy.stop;
    let want = Stop {
        hypervolume: Some(0.7),
        stalled: Some(Stalled { trials: 40, gain: 0.001 }),
        clock_s: Some(36_000.0),
        failures: Some(Failures { share: 0.5, of: 20 }),
    };
    assert_eq!(stop, want);
    for (rule, text) in Rule::ALL.into_iter().zip(rules) {
        assert_eq!(stop.setting(rule).as_deref(), Some(text));
        assert_eq!(Stop::default().setting(rule), None);
    }
    let set = understand(BUILTIN, Path::new("s.toml"), &set("strategy.stop.hypervolume", "0.7"));
    assert_eq!(set.unwrap().strategy.stop.hypervolume, Some(0.7));
}
