//! The designs that a study names itself.

use super::*;
use crate::problem::Value;

/// What a study of [`COMMAND`] with these lines in `[strategy]` and this list is taken for.
fn read_with(strategy: &str, list: &str) -> Result<Study, String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    let text = with(COMMAND, "\n[limits]", &format!("\n[strategy]\n{strategy}\n[limits]"));
    std::fs::write(&file, text).unwrap();
    std::fs::write(dir.path().join("points.csv"), list).unwrap();
    let read = read(&file, &Overrides::default());
    let place = format!("{}/", dir.path().display());
    read.map(|(study, _)| study).map_err(|e| e.to_string().replace(&place, ""))
}

const POINTS: &str = "points = \"points.csv\"";

#[test]
fn a_list_is_read_in_any_order_with_units_and_comments() {
    let list = "# from the thesis\ngas, n ,h [mm]\nargon,0,1.5\n\n3.0, 1.0, 2e0\n";
    let study = read_with(POINTS, list).unwrap();
    let row = |h, n, gas| vec![Value::Float(h), Value::Integer(n), gas, Value::Float(2.5)];
    let expected = [row(1.5, 0, Value::Text("argon".into())), row(2.0, 1, Value::Integer(3))];
    assert_eq!(study.strategy.points, expected);
    assert_eq!((study.strategy.nominal, study.strategy.initial), (Some(true), 10));
    let text = describe(&study);
    assert!(text.contains("nominal      trial 0 is the nominal design\n"), "{text}");
    assert!(text.contains("points       2 of a list\n"), "{text}");
    assert!(text.contains("10 trials: 3 as above, 7 scrambled Sobol trials\n"), "{text}");
    // Another list is another study.
    let other = read_with(POINTS, &list.replace("2e0", "2.25")).unwrap();
    let want = "strategy.points 2: h = 2.0, n = 1, gas = 3, length = 2.5 in the run directory, \
                h = 2.25, n = 1, gas = 3, length = 2.5 asked for";
    assert_eq!(differences(&study, &other), [want]);
}

#[test]
fn a_study_of_a_list_alone_has_as_many_trials_as_the_list() {
    let list = "h,n,gas,length\n1.5,0,argon,2.5\n2,1,C2F6,2.5\n";
    let alone = format!("method = \"list\"\n{POINTS}");
    let study = read_with(&alone, list).unwrap();
    let s = &study.strategy;
    assert_eq!((s.trials, s.initial, s.nominal), (2, 2, Some(false)));
    let study = read_with(&format!("{alone}\nnominal = true\ntrials = 2"), list).unwrap();
    assert_eq!((study.strategy.trials, study.strategy.initial), (2, 3));
    for (strategy, told) in [
        (
            format!("{alone}\ntrials = 3"),
            "study.toml:63: strategy.trials (3) is more than the list has: 2",
        ),
        (
            format!("{alone}\ninitial = 3"),
            "study.toml:63: strategy.initial has no meaning with method = \"list\"; leave it away",
        ),
        (
            "method = \"list\"".into(),
            "study.toml:60: strategy.points is missing; for example points = \"points.csv\"",
        ),
    ] {
        assert_eq!(read_with(&strategy, list).unwrap_err(), told);
    }
}

#[test]
fn every_wrong_row_is_told_with_its_line() {
    for (list, told) in [
        ("h,n,gas\n10,1,argon\n", "points.csv:2: h = 10 must be a number from 1 to 9"),
        ("h,n,gas\n#\nnan,1,argon\n", "points.csv:3: h = nan must be a number from 1 to 9"),
        ("h,n,gas\n2,1.5,argon\n", "points.csv:2: n = 1.5 must be a whole number from 0 to 5"),
        ("h,n,gas\n2,1,neon\n", "points.csv:2: gas = neon must be one of C2F6, argon, 3"),
        ("h,n,gas,length\n2,1,argon,3\n", "points.csv:2: length = 3 must be 2.5, which is fixed"),
        ("h,n,gas\n5,1,argon\n", "points.csv:2: violates the constraint \"h + 2*n <= 2*length\""),
        ("h,n,gas\n2,1,argon\n1,1,argon\n2.0,1,argon\n", "points.csv:4: is the design of line 2 again"),
        ("h,n,gas\n2,1\n", "points.csv:2: has 2 values for 3 columns"),
        (
            "h,n,gass\n2,1,argon\n",
            "points.csv:1: the first line has \"gass\", which is no parameter; did you mean \"gas\"? known parameters: h, n, gas, length",
        ),
        ("h,n,h,gas\n2,1,2,argon\n", "points.csv:1: the first line has h twice"),
        ("h [cm],n,gas\n2,1,argon\n", "points.csv:1: h is in cm here, but the study has mm"),
        ("h,n [1],gas\n2,1,argon\n", "points.csv:1: n is in 1 here, but the study has no unit"),
        ("h,n\n2,1\n", "points.csv:1: the first line lacks gas"),
        (
            "h,n,gas\n",
            "points.csv:1: has no design; write h,n,gas,length in the first line and a value of each per line",
        ),
        (
            "",
            "points.csv:1: has no design; write h,n,gas,length in the first line and a value of each per line",
        ),
    ] {
        assert_eq!(read_with(POINTS, list).unwrap_err(), format!("study.toml:61: {told}"));
    }
    let many = format!("h,n,gas\n{}", "x,1,argon\n".repeat(8));
    let told = read_with(POINTS, &many).unwrap_err();
    assert_eq!(told.lines().count(), 6, "{told}");
    assert!(told.contains("points.csv:6: h = x must be") && told.contains("has 3 more lines"), "{told}");
    let missing = read_with("points = \"point.csv\"", "").unwrap_err();
    assert!(
        missing.starts_with(
            "study.toml:61: strategy.points names point.csv, which cannot be read: No such"
        )
    );
}

#[test]
fn the_nominal_design_is_taken_where_it_can_be_and_refused_where_it_cannot() {
    let nominal = |text: &str| study(text).strategy.nominal;
    assert_eq!(nominal(COMMAND), Some(true));
    assert_eq!(nominal(BUILTIN), Some(false));
    assert_eq!(nominal(&with(COMMAND, "default = 0\n", "")), Some(false));
    let off = with(COMMAND, "\n[limits]", "\n[strategy]\nnominal = false\n[limits]");
    assert_eq!(nominal(&off), Some(false));
    let asked = off.replace("nominal = false", "nominal = true");
    assert_eq!(nominal(&asked), Some(true));
    let some = with(&asked, "default = 0\n", "").replace("default = \"argon\"\n", "");
    assert_eq!(
        refusal(&some, &Overrides::default()),
        "study.toml:59: strategy.nominal needs a default for every parameter; there is none for n, gas"
    );
    for (outside, line) in [
        (with(COMMAND, "default = 3", "default = 6"), ""),
        (with(&asked, "default = 3", "default = 6"), ":61"),
    ] {
        assert_eq!(
            refusal(&outside, &Overrides::default()),
            format!(
                "study.toml{line}: strategy.nominal is not possible: the nominal design (every parameter at its \
                 default) violates the constraint \"h + 2*n <= 2*length\"; change a default, or write nominal = \
                 false"
            )
        );
    }
    let list = "h,n,gas\n2,1,argon\n3,0,argon\n";
    assert_eq!(read_with(POINTS, list).unwrap().strategy.nominal, Some(false));
    assert_eq!(
        read_with(&format!("{POINTS}\nnominal = true"), list).unwrap_err(),
        "study.toml:62: strategy.nominal is in strategy.points already, as point 2; remove one of the two"
    );
}

#[test]
fn the_population_is_recorded_and_does_not_follow_the_trials() {
    let strategy = |lines: &str| {
        understand(
            &format!("{BUILTIN}\n[strategy]\n{lines}"),
            Path::new("s.toml"),
            &Overrides::default(),
        )
    };
    for trials in [10, 1000] {
        let s = strategy(&format!("method = \"nsga2\"\ntrials = {trials}")).unwrap().strategy;
        assert_eq!(s.population, Some(StrategySettings::POPULATION));
    }
    assert_eq!(strategy("method = \"mobo\"").unwrap().strategy.population, None);
    assert_eq!(strategy("").unwrap().strategy.model, Surrogate::Pooled);
    assert_eq!(strategy("model = \"sparse\"").unwrap().strategy.model, Surrogate::Sparse);
    let s = strategy("method = \"nsga3\"\npopulation = 60").unwrap().strategy;
    assert_eq!(s.population, Some(60));
    for (lines, told) in [
        (
            "method = \"nsga2\"\nmodel = \"sparse\"",
            "strategy.model is for the method mobo; leave it away",
        ),
        (
            "model = \"spars\"",
            "strategy.model cannot be \"spars\"; did you mean \"sparse\"? known words: pooled, sparse",
        ),
        ("population = 60", "strategy.population is for the methods nsga2 and nsga3; leave it away"),
        (
            "method = \"nsga2\"\npopulation = 3",
            "strategy.population must be a whole number of at least 4, not 3",
        ),
        (
            "method = \"lhc\"\ninitial_design = \"sobol\"",
            "strategy.initial_design cannot differ from method = \"lhc\"; leave it away",
        ),
    ] {
        assert_eq!(strategy(lines).unwrap_err()[0].text, told);
    }
    let s = strategy("initial_design = \"lhc\"").unwrap().strategy;
    assert_eq!((s.method, s.initial_design), (Method::Mobo, InitialDesign::Lhc));
}

#[test]
fn a_run_directory_of_an_earlier_release_goes_on() {
    let now = study(COMMAND);
    let mut json = serde_json::to_value(&now).unwrap();
    let strategy = json["strategy"].as_object_mut().unwrap();
    for key in ["initial_design", "nominal", "points", "population"] {
        strategy.remove(key).unwrap();
    }
    let earlier: Study = serde_json::from_value(json).unwrap();
    assert_eq!((earlier.strategy.nominal, earlier.strategy.population), (None, None));
    assert_eq!(differences(&earlier, &now), [""; 0]);
}
