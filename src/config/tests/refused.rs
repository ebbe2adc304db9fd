//! What is refused, with the exact words.

use super::*;
use crate::problem::EmptyRegion;
use proptest::prelude::*;

#[test]
fn bad_tables_and_keys_are_refused() {
    let tables = "known tables: study, parameter, geometry, objective, metric, constraint, outcome_constraint, strategy, evaluator, stage, container, \
                  checkpoint, limits, pilot, overflow";
    let strategy = "known keys: method, model, nominal, points, initial, initial_design, population, trials, in_flight, ready, batch, patience, stop";
    for (added, want) in [
        ("[strategy]\ninital = 3", format!("study.toml:6: [strategy] has no key \"inital\"; did you mean \"initial\"? {strategy}")),
        ("[strategy]\nqqq = 3", format!("study.toml:6: [strategy] has no key \"qqq\"; {strategy}")),
        ("[stratgy]\n", format!("study.toml:5: there is no table [stratgy]; did you mean \"strategy\"? {tables}")),
        ("[[strategy]]\n", "study.toml:5: strategy must be a table, not a list".into()),
        ("[parameter]\n", "study.toml:5: parameter must be tables, each written as [[parameter]]".into()),
        ("[strategy]\ninitial = \"ten\"", "study.toml:6: strategy.initial must be a whole number of at least 1, not \"ten\"".into()),
        ("[strategy]\ntrials = 0", "study.toml:6: strategy.trials must be a whole number of at least 1, not 0".into()),
        ("[strategy]\nready = -1", "study.toml:6: strategy.ready must be a whole number of at least 0, not -1".into()),
        ("[strategy]\nbatch = 0", "study.toml:6: strategy.batch must be a whole number of at least 1, not 0".into()),
        ("[strategy]\nbatch = 5\nready = 2", "study.toml:7: strategy.ready cannot stand beside batch, whose trials are asked for together; leave it away".into()),
        ("[strategy]\nin_flight = 9\nbatch = 5", "study.toml:6: strategy.in_flight cannot stand beside batch, whose trials are asked for together; leave it away".into()),
        ("[strategy]\nmethod = \"sobl\"", "study.toml:6: strategy.method cannot be \"sobl\"; did you mean \"sobol\"? known words: auto, mobo, nsga2, nsga3, sobol, lhc, list".into()),
        ("[study]\nname = \"a b\"", "study.toml:6: study.name cannot be \"a b\": a name consists of letters, digits and _ . - after a first letter or _".into()),
        ("[study]\noutput = \"\"", "study.toml:6: study.output must be a text that is not empty, not \"\"".into()),
        ("[study]\nseed = 1.5", "study.toml:6: study.seed must be a whole number of at least 0, not 1.5".into()),
        ("[checkpoint]\nevery = 60", "study.toml:6: checkpoint.every must be a duration with its unit such as \"100 ms\", \"30 s\", \"10 min\" or \"1.5 h\", not 60".into()),
        ("[checkpoint]\nevery = \"0 s\"", "study.toml:6: checkpoint.every must be longer than 0 s".into()),
        ("[limits]\ntime = \"30 s\"\nmargin = \"1 min\"", "study.toml:7: limits.margin leaves nothing of limits.time; it must be shorter".into()),
        ("[[metric]]\nname = \"m\"", "study.toml:2: evaluator.builtin is dtlz2, which has no metrics; remove the [[metric]] tables".into()),
        ("noise = { sd = 0 }", "study.toml:5: evaluator.noise.sd must be greater than 0, not 0".into()),
        ("noise = { known = true }", "study.toml:5: evaluator.noise.sd is missing; for example sd = 0.01".into()),
        ("noise = 1", "study.toml:5: evaluator.noise must be a table, not 1".into()),
        ("delay = { least = \"1 s\", alpha = 1 }", "study.toml:5: evaluator.delay.alpha must be greater than 1 (the mean is infinite), not 1".into()),
        ("shift = 1\nrotated = 2", "study.toml:6: evaluator.rotated cannot stand beside shift; heterogeneous shifts too, and rotated does both".into()),
        ("heterogeneous = -1", "study.toml:5: evaluator.heterogeneous must be a whole number of at least 0, not -1".into()),
        ("timeout = \"1 s\"", "study.toml:5: [evaluator] has no key \"timeout\"; known keys: builtin, dimension, objectives, shift, heterogeneous, rotated, noise, delay".into()),
        ("command = [\"x\"]", "study.toml:1: [evaluator] needs builtin = \"dtlz2\" (a test function), command = [\"program\", …], python = \"module:function\" or outside = true (results are told), or [[stage]] tables in its place, and has both".into()),
        ("[study", "study.toml:5: not TOML: unclosed table, expected `]`".into()),
    ] {
        assert_eq!(refusal(&format!("{BUILTIN}{added}\n"), &Overrides::default()), want, "{added}");
    }
}

#[test]
fn bad_numbers_of_events_are_refused() {
    let table =
        |keys: &str| format!("{BUILTIN}[[parameter]]\nname = \"n\"\nkind = \"events\"\n{keys}\n");
    let sound = "lower = 500\nupper = 4000\noverhead = 250";
    for (text, want) in [
        (
            table("lower = 500\nupper = 4000"),
            "study.toml:5: parameter.n.overhead is missing; for example overhead = 200 (events that a trial costs beside its own: container, geometry, initialisation)",
        ),
        (
            table("lower = 0\nupper = 4000\noverhead = 250"),
            "study.toml:8: parameter.n.lower must be at least 1 event, not 0",
        ),
        (
            table("lower = 9\nupper = 5\noverhead = 250"),
            "study.toml:9: parameter.n.upper (5) lies below the lower bound 9; are they swapped?",
        ),
        (
            table("lower = 5\nupper = 9\noverhead = -1"),
            "study.toml:10: parameter.n.overhead must be 0 or more (in events), not -1",
        ),
        (
            table(&format!("{sound}\ndefault = 500")),
            "study.toml:11: [[parameter]] has no key \"default\"; known keys: name, kind, lower, upper, overhead, unit",
        ),
        (
            format!("{}[strategy]\nmethod = \"nsga2\"", table(sound)),
            "study.toml:12: strategy.method must be \"mobo\": parameter n is of kind \"events\", and no other method chooses how many; make it fixed",
        ),
        (
            format!("{}[[parameter]]\nname = \"m\"\nkind = \"events\"\n{sound}\n", table(sound)),
            "study.toml: two parameters are of kind \"events\"; a trial has one number of events",
        ),
        (
            format!("{}[[constraint]]\ntext = \"x0 + n <= 3\"", table(sound)),
            "study.toml:12: the constraint \"x0 + n <= 3\" names \"n\", the number of events, which is no part of the design",
        ),
    ] {
        assert_eq!(refusal(&text, &Overrides::default()), want, "{text}");
    }
}

#[test]
fn bad_stopping_rules_are_refused() {
    let known = "known keys: hypervolume, stalled, clock, failures";
    for (rule, want) in [
        ("stop = 3", "study.toml:6: strategy.stop must be a table, not 3".to_owned()),
        ("stop.hypervolum = 1", format!("study.toml:6: [strategy.stop] has no key \"hypervolum\"; did you mean \"hypervolume\"? {known}")),
        ("stop.hypervolume = 0", "study.toml:6: strategy.stop.hypervolume must be greater than 0, not 0".into()),
        ("stop.stalled = 40", "study.toml:6: strategy.stop.stalled must be a table, not 40".into()),
        ("stop.stalled = { trials = 40 }", "study.toml:6: strategy.stop.stalled.gain is missing; for example gain = 0.001".into()),
        ("stop.stalled = { trials = 0, gain = 0.1 }", "study.toml:6: strategy.stop.stalled.trials must be a whole number of at least 1, not 0".into()),
        ("stop.stalled = { trials = 4, gain = 0 }", "study.toml:6: strategy.stop.stalled.gain must be greater than 0, not 0".into()),
        ("stop.stalled = { trial = 4, gain = 1, trials = 4 }", "study.toml:6: [strategy.stop.stalled] has no key \"trial\"; did you mean \"trials\"? known keys: trials, gain".into()),
        ("stop.failures = { share = 1, of = 9 }", "study.toml:6: strategy.stop.failures.share must be at least 0 and less than 1 (more than this share fails), not 1".into()),
        ("stop.failures = { share = 0.5 }", "study.toml:6: strategy.stop.failures.of is missing; for example of = 20".into()),
        ("stop.clock = 10", "study.toml:6: strategy.stop.clock must be a duration with its unit such as \"100 ms\", \"30 s\", \"10 min\" or \"1.5 h\", not 10".into()),
    ] {
        let text = format!("{BUILTIN}[strategy]\n{rule}\n");
        assert_eq!(refusal(&text, &Overrides::default()), want, "{rule}");
    }
    for (key, value) in [("hypervolume", "1"), ("stalled", "{ trials = 3, gain = 0.1 }")] {
        let key = format!("strategy.stop.{key}");
        let want = format!(
            "--set {key}={value}: {key} needs a threshold for every objective, from which the \
             hypervolume is measured; gain has none"
        );
        assert_eq!(refusal(COMMAND, &set(&key, value)), want);
    }
}

#[test]
fn bad_test_functions_are_refused() {
    for (old, new, want) in [
        (
            "\"dtlz2\"",
            "\"dtlz22\"",
            "study.toml:2: evaluator.builtin cannot be \"dtlz22\"; did you mean \"dtlz2\"? known functions: NAMES",
        ),
        (
            "\"dtlz2\"",
            "\"zdt2\"",
            "study.toml:2: evaluator.builtin is not possible like this: zdt2 needs exactly 2 objectives and at least 2 parameters, not 3 objectives and 5 parameters",
        ),
        (
            "\"dtlz2\"",
            "\"gp-rbf\"\nrotated = 1",
            "study.toml:2: evaluator.builtin is not possible like this: gp-rbf is a draw without distance variables: it can be neither heterogeneous nor rotated; a shift is the seed of the draw",
        ),
        (
            "dimension = 5\n",
            "",
            "study.toml:1: evaluator.dimension is missing; for example dimension = 20",
        ),
        ("= 5", "= 1000000", "study.toml:3: evaluator.dimension must be at most 100000"),
        (
            "builtin = \"dtlz2\"\ndimension = 5\nobjectives = 3\n",
            "",
            "study.toml:1: [evaluator] needs builtin = \"dtlz2\" (a test function), command = [\"program\", …], python = \"module:function\" or outside = true (results are told), or [[stage]] tables in its place, and has none",
        ),
        (
            "builtin = \"dtlz2\"\ndimension = 5\nobjectives = 3\n",
            "outside = true\ntimeout = \"1 s\"\n",
            "study.toml: there is no [[objective]]; an evaluation outside needs at least one\nstudy.toml: there is no [[parameter]]; an evaluation outside needs at least one\nstudy.toml:3: [evaluator] has no key \"timeout\"; known keys: outside",
        ),
        (
            "builtin = \"dtlz2\"\ndimension = 5\nobjectives = 3\n",
            "outside = false\n",
            "study.toml:2: evaluator.outside can only be true; name another evaluator in its place",
        ),
    ] {
        let want = want.replace("NAMES", &crate::test_functions::names().join(", "));
        assert_eq!(refusal(&with(BUILTIN, old, new), &Overrides::default()), want, "{new}");
    }
    assert_eq!(
        refusal("", &Overrides::default()),
        "study.toml: [evaluator] needs builtin = \"dtlz2\" (a test function), command = [\"program\", …], \
         python = \"module:function\" or outside = true (results are told), or [[stage]] tables in its place, and has none"
    );
}

#[test]
fn bad_parameters_objectives_and_constraints_are_refused() {
    for (old, new, want) in [
        (
            "upper = 9.0",
            "upper = 0.5",
            "8: parameter.h.upper (0.5) lies below the lower bound 1; are they swapped?",
        ),
        (
            "upper = 9.0",
            "upper = 1",
            "8: parameter.h.upper equals the lower bound 1; for a constant write kind = \"fixed\"",
        ),
        ("upper = 9.0", "upper = nan", "8: parameter.h.upper must be a finite number, not NaN"),
        ("upper = 9.0", "upper = inf", "8: parameter.h.upper must be a finite number, not inf"),
        ("upper = 9.0\n", "", "4: parameter.h.upper is missing; for example upper = 1"),
        (
            "lower = 1.0",
            "lower = 0",
            "10: parameter.h.scale \"log\" needs positive bounds, but the lower one is 0",
        ),
        ("default = 3", "default = 10", "9: parameter.h.default (10.0) lies outside the bounds 1 and 9"),
        (
            "upper = 5.0",
            "upper = 5.5",
            "17: parameter.n.upper must be a whole number of at most 2^53 in size, not 5.5",
        ),
        ("default = 0", "default = 7", "18: parameter.n.default (7) lies outside the bounds 0 and 5"),
        (
            "kind = \"int\"",
            "kind = \"integer\"",
            "15: parameter.n.kind cannot be \"integer\"; did you mean \"int\"? known words: float, int, choice, fixed, events",
        ),
        (
            "kind = \"int\"\n",
            "",
            "13: parameter.n.kind is missing; for example kind = \"float\" (int, choice, fixed, events)",
        ),
        (
            "[\"C2F6\", \"argon\", 3]",
            "[]",
            "23: parameter.gas.values has no value; a choice needs at least two",
        ),
        (
            "[\"C2F6\", \"argon\", 3]",
            "[\"argon\"]",
            "23: parameter.gas.values has one value only; a choice needs at least two",
        ),
        (
            "[\"C2F6\", \"argon\", 3]",
            "[3, \"argon\", 3.0]",
            "23: parameter.gas.values has 3.0 twice; all values must differ",
        ),
        (
            "[\"C2F6\", \"argon\", 3]",
            "[\"argon\", true]",
            "23: parameter.gas.values must be a list of finite numbers or texts that are not empty",
        ),
        (
            "default = \"argon\"",
            "default = \"neon\"",
            "24: parameter.gas.default (neon) lies outside the values C2F6, argon, 3",
        ),
        (
            "value = 2.5",
            "value = 2.5\nupper = 3",
            "30: [[parameter]] has no key \"upper\"; known keys: name, kind, value, unit, edit",
        ),
        (
            "name = \"n\"",
            "name = \"h\"",
            "14: parameter name \"h\" is taken by a parameter already; names must differ",
        ),
        (
            "name = \"gain\"",
            "name = \"mass\"",
            "38: objective name \"mass\" is taken by an objective already; names must differ",
        ),
        (
            "name = \"stress\"",
            "name = \"gain\"",
            "42: metric name \"gain\" is taken by an objective already; names must differ",
        ),
        (
            "name = \"gain\"",
            "name = \"2gain\"",
            "38: objective.2gain.name cannot be \"2gain\": a name consists of letters, digits and _ . - after a first letter or _",
        ),
        ("name = \"gain\"\n", "", "37: objective.2.name is missing; for example name = \"x\""),
        (
            "goal = \"maximize\"",
            "goal = \"maximise\"",
            "39: objective.gain.goal cannot be \"maximise\"; did you mean \"maximize\"? known words: minimize, maximize",
        ),
        (
            "goal = \"maximize\"\n",
            "",
            "37: objective.gain.goal is missing; for example goal = \"minimize\" (or maximize)",
        ),
        (
            "threshold = 7",
            "threshold = \"7\"",
            "34: objective.mass.threshold must be a finite number, not \"7\"",
        ),
        (
            "h + 2*n <= 2*length",
            "h + 2*m <= 2*length",
            "46: the constraint \"h + 2*m <= 2*length\" names \"m\", which is no parameter; known parameters: h, n, gas, length",
        ),
        (
            "h + 2*n <= 2*length",
            "h*n <= 2",
            "46: the constraint \"h*n <= 2\" is not linear: it multiplies \"h\" by \"n\"",
        ),
        (
            "text = \"h + 2*n <= 2*length\"",
            "",
            "45: constraint.1.text is missing; for example text = \"a + 2*b <= 10\"",
        ),
        (
            "h + 2*n <= 2*length",
            "stress <= 2",
            "46: the constraint \"stress <= 2\" is about what is measured; its table is [[outcome_constraint]]",
        ),
        (
            "stress <= 120",
            "stres <= 120",
            "49: the outcome constraint \"stres <= 120\" names \"stres\", which is no objective or metric; did you mean \"stress\"? known objectives and metrics: mass, gain, stress",
        ),
        (
            "stress <= 120",
            "h <= 1",
            "49: the outcome constraint \"h <= 1\" is about parameters; its table is [[constraint]]",
        ),
        (
            "stress <= 120",
            "stress < 120",
            "49: the outcome constraint \"stress < 120\" has a bare <; write <=",
        ),
        (
            "text = \"stress <= 120\"",
            "txt = \"stress <= 120\"",
            "48: outcome_constraint.1.text is missing; for example text = \"cost <= 100\"\nstudy.toml:49: [[outcome_constraint]] has no key \"txt\"; did you mean \"text\"? known keys: text",
        ),
        (
            "[[metric]]\nname = \"stress\"\nunit = \"MPa\"\n",
            "\n\n\n",
            "49: the outcome constraint \"stress <= 120\" names \"stress\", which is no objective or metric; known objectives and metrics: mass, gain",
        ),
    ] {
        let want = format!("study.toml:{want}");
        assert_eq!(refusal(&with(COMMAND, old, new), &Overrides::default()), want, "{new}");
    }
}

#[test]
fn bad_commands_are_refused() {
    for (old, new, want) in [
        (
            "\"{param.h}\"",
            "\"{param.hh}\"",
            "55: evaluator.command has {param.hh}, but there is no such parameter; did you mean \"h\"? known parameters: h, n, gas, length",
        ),
        (
            "\"{trial.id}\"",
            "\"a={trial.idd}\"",
            "55: evaluator.command has the unknown placeholder {trial.idd}; did you mean \"trial.id\"? known ones: param.NAME, trial.id, trial.dir, trial.seed, geometry",
        ),
        (
            "\"python3\"",
            "\"{param.h}\"",
            "55: evaluator.command has a placeholder in the program \"{param.h}\"; only arguments may",
        ),
        (
            "\"python3\"",
            "\"\"",
            "55: evaluator.command is empty; it needs a program and its arguments, each a text",
        ),
        ("\"python3\"", "3", "55: evaluator.command must be a list of texts"),
        (
            "\"python3\"",
            "\"/no/such\"",
            "55: evaluator.command has the program /no/such: No such file or directory (os error 2)",
        ),
        ("\"python3\"", "\"/\"", "55: evaluator.command has the program /, which is no file"),
        (
            "\"python3\"",
            "\"/etc/passwd\"",
            "55: evaluator.command has the program /etc/passwd, which is not executable; try chmod +x /etc/passwd",
        ),
        (
            "env =",
            "templates = [\"/no/such\"]\nenv =",
            "58: evaluator.templates has /no/such, which is no file",
        ),
        (
            "env =",
            "templates = [\"/etc/passwd\", \"/etc/passwd\"]\nenv =",
            "58: evaluator.templates has \"/etc/passwd\", but a file of that name is in the attempt's directory already",
        ),
        (
            "env =",
            "result = \"../x\"\nenv =",
            "58: evaluator.result must be a path inside the attempt's directory, not \"../x\"",
        ),
        ("env =", "retries = 5000000000\nenv =", "58: evaluator.retries is too large"),
        (
            "env = { A = \"b\" }",
            "env = { A = 1 }",
            "58: evaluator.env.A must be a variable's name and a text, not 1",
        ),
        (
            "3 = \"infeasible\"",
            "300 = \"infeasible\"",
            "57: evaluator.exit_codes.300 is no exit code; those are 1 to 255",
        ),
        (
            "3 = \"infeasible\"",
            "3 = \"fine\"",
            "57: evaluator.exit_codes.3 cannot be \"fine\"; known words: infeasible",
        ),
    ] {
        let want = format!("study.toml:{want}");
        assert_eq!(refusal(&with(COMMAND, old, new), &Overrides::default()), want, "{new}");
    }
    assert_eq!(
        refusal("[evaluator]\ncommand = [\"python3\"]\n", &Overrides::default()),
        "study.toml: there is no [[objective]]; a command needs at least one\n\
         study.toml: there is no [[parameter]]; a command needs at least one"
    );
    let mut fixed = "[[parameter]]\nname = \"a\"\nkind = \"fixed\"\nvalue = 1\n".to_owned();
    fixed += "[[objective]]\nname = \"o\"\ngoal = \"minimize\"\n[evaluator]\ncommand = [\"python3\"]\n";
    assert_eq!(
        refusal(&fixed, &Overrides::default()),
        "study.toml: every parameter is fixed; there is nothing to optimize"
    );
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = with(COMMAND, "upper = 9.0", "upper = 0.5");
    let text = with(&text, "goal = \"maximize\"", "goal = \"up\"");
    let message = refusal(&with(&text, "\"2 h\"", "\"2 hh\""), &set("strategy.initial", "no"));
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 4, "{message}");
    assert!(lines[0].starts_with("study.toml:8: parameter.h.upper"));
    assert!(lines[1].starts_with("study.toml:39: objective.gain.goal"));
    assert!(lines[2].starts_with("study.toml:61: limits.time"));
    assert!(lines[3].starts_with("--set strategy.initial=no: strategy.initial must be"));
}

#[test]
fn an_empty_region_is_told_where_the_constraints_begin() {
    let problems = Problems::default();
    let constraints = vec!["a <= 1".into(), "a >= 2".into()];
    let empty = EmptyRegion { constraints, detail: String::new() };
    parts::check_region(Err(empty), &Place::Line(7), &problems);
    let want = "no design within the bounds satisfies the constraints a <= 1 and a >= 2";
    assert_eq!(problems.sorted(), [Problem { place: Place::Line(7), text: want.into() }]);
}

#[test]
fn bad_words_on_the_command_line_are_refused() {
    for (key, value, want) in [
        (
            "strategy.inital",
            "3",
            "[strategy] has no key \"inital\"; did you mean \"initial\"? known keys: method, model, nominal, points, initial, initial_design, population, trials, in_flight, ready, batch, patience, stop",
        ),
        ("seed", "3", "a key has the form TABLE.KEY, for example strategy.initial"),
        ("parameter.upper", "3", "a key of a parameter has the form parameter.NAME.KEY"),
        ("parameter.z.upper", "3", "the study file has no [[parameter]] with the name \"z\""),
        ("evaluator.timeout.s", "3", "timeout is not a table, and has no key \"s\" that could be set"),
        (
            "constraint.text",
            "h <= 1",
            "constraint is not a table, and has no key \"text\" that could be set",
        ),
        ("parameter.h.upper", "far", "parameter.h.upper must be a finite number, not \"far\""),
    ] {
        assert_eq!(refusal(COMMAND, &set(key, value)), format!("--set {key}={value}: {want}"));
    }
    let none = Overrides { trials: Some(0), ..Overrides::default() };
    assert_eq!(
        refusal(COMMAND, &none),
        "--trials 0: strategy.trials must be a whole number of at least 1, not 0"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read(Path::new("/no/study.toml"), &Overrides::default()).unwrap_err();
    let want = "failed to read the study file /no/study.toml: No such file or directory (os error 2)";
    assert_eq!(error.to_string(), want);
}

proptest! {
    /// Whatever a value is replaced by, there is a study or at least one problem, never neither.
    #[test]
    fn any_value_anywhere_is_taken_or_told(
        line in 0usize..COMMAND.lines().count(),
        value in prop::sample::select(vec![
            "", "[]", "{}", "\"\"", "-1", "0", "1e308", "nan", "true", "[[]]", "[{}]", "1979-05-27", "\"x\"",
        ]),
    ) {
        let mutate = |(k, text): (usize, &str)| match text.split_once(" = ") {
            Some((key, _)) if k == line => format!("{key} = {value}\n"),
            _ => format!("{text}\n"),
        };
        let text: String = COMMAND.lines().enumerate().map(mutate).collect();
        if let Err(problems) = understand(&text, Path::new("study.toml"), &Overrides::default()) {
            prop_assert!(!problems.is_empty(), "{text}");
        }
        for table in
            ["parameter", "objective", "metric", "constraint", "outcome_constraint", "evaluator", "strategy"]
        {
            let top = format!("{table} = {value}\n{}", COMMAND.replace(&format!("{table}]"), "limits.x]"));
            if let Err(problems) = understand(&top, Path::new("study.toml"), &Overrides::default()) {
                prop_assert!(!problems.is_empty(), "{top}");
            }
        }
    }
}
