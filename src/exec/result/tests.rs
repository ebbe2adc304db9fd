//! Results that are good, and what is said of the others.

use super::*;
use crate::problem::{Column, Goal, Measurement, Metric, Objective, OutcomeConstraint, Space};
use proptest::prelude::*;

fn problem() -> Problem {
    let objective = |name: &str| Objective {
        name: name.to_owned(),
        goal: Goal::Minimize,
        threshold: None,
        unit: String::new(),
    };
    Problem {
        space: Space { parameters: vec![], constraints: vec![] },
        objectives: vec![objective("a"), objective("b")],
        metrics: vec![Metric { name: "m".into(), unit: String::new() }],
        outcome_constraints: vec![],
    }
}

fn stage(required: &[&str], optional: &[&str]) -> Wanted {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Wanted::Stage { required: owned(required), optional: owned(optional) }
}

fn parse(text: &str, wanted: &Wanted) -> Result<Values, String> {
    wanted.of_json(&object(text.as_bytes())?, None)
}

fn named(values: &[(&str, f64, Option<f64>)]) -> Values {
    let one = |(name, value, sem): &(&str, f64, Option<f64>)| {
        ((*name).to_owned(), Measurement::new(*value, *sem).unwrap())
    };
    values.iter().map(one).collect()
}

#[test]
fn numbers_with_and_without_sem() {
    let trial = Wanted::Trial(problem());
    let parsed = |text: &str| parse(text, &trial).unwrap();
    let text = r#"{"b": {"value": -2.5e3, "sem": 0.5}, "a": 1, "other": "x"}"#;
    assert_eq!(parsed(text), named(&[("a", 1.0, None), ("b", -2500.0, Some(0.5))]));
    let text = r#"{"a": {"value": 0, "sem": null}, "b": 2, "m": 3}"#;
    assert_eq!(parsed(text), named(&[("a", 0.0, None), ("b", 2.0, None), ("m", 3.0, None)]));
}

#[test]
fn what_is_no_measurement_is_told() {
    for (text, told) in [
        ("", "empty"),
        (" \n", "empty"),
        ("{\"a\": 1, \"b\":", "no JSON"),
        ("[1, 2]", "no JSON object"),
        (r#"{"a": 1}"#, "objective \"b\" is missing; the result has a"),
        (r#"{}"#, "the result has nothing"),
        (r#"{"a": 1, "b": NaN}"#, "JSON has no NaN"),
        (r#"{"a": 1, "b": -Infinity}"#, "no infinity"),
        (r#"{"a": 1, "b": 1e999}"#, "out of range"),
        (r#"{"a": 1, "b": "2"}"#, "\"b\": value is \"2\", not a number"),
        (r#"{"a": 1, "b": null}"#, "not a number"),
        (r#"{"a": 1, "b": {"sem": 1}}"#, "no value"),
        (r#"{"a": 1, "b": {"value": 1, "sem": -1}}"#, "sem not negative"),
        (r#"{"a": 1, "b": {"value": 1, "sdev": 1}}"#, "sdev"),
        (r#"{"a": 1, "b": 2, "m": "x"}"#, "\"m\""),
    ] {
        let error = parse(text, &Wanted::Trial(problem())).unwrap_err();
        assert!(error.contains(told), "{text}: {error}");
    }
}

#[test]
fn a_metric_that_an_outcome_constraint_needs_must_be_there() {
    let text = "2*m - a <= 1".to_owned();
    let constraint = OutcomeConstraint { text, terms: vec![(0, -1.0), (2, 2.0)], upper: 1.0 };
    let trial = Wanted::Trial(Problem { outcome_constraints: vec![constraint], ..problem() });
    let values = parse(r#"{"a": 1, "b": 2, "m": {"value": 9, "sem": 0.25}}"#, &trial).unwrap();
    assert_eq!(values[2], named(&[("m", 9.0, Some(0.25))])[0], "measured, though it violates");
    let error = parse(r#"{"a": 1, "b": 2}"#, &trial).unwrap_err();
    let want = "the metric \"m\" is missing, and the outcome constraint \"2*m - a <= 1\" needs it";
    assert_eq!(error, want);
}

#[test]
fn of_a_stage_only_what_the_study_takes_is_looked_at() {
    let wanted = stage(&["sep"], &["mass"]);
    let text = r#"{"sep": {"value": 3.5, "sem": 0.1}, "note": null, "seconds": 12}"#;
    assert_eq!(parse(text, &wanted).unwrap(), named(&[("sep", 3.5, Some(0.1))]));
    let text = r#"{"mass": 2, "sep": 1}"#;
    assert_eq!(parse(text, &wanted).unwrap(), named(&[("sep", 1.0, None), ("mass", 2.0, None)]));
    let missing = parse(r#"{"mass": 2}"#, &wanted).unwrap_err();
    assert_eq!(missing, "\"sep\" is missing; the result has mass");
    assert!(parse(r#"{"sep": 1, "mass": "heavy"}"#, &wanted).unwrap_err().contains("\"mass\""));
    assert_eq!(parse("{}", &stage(&[], &[])).unwrap(), vec![]);
}

#[test]
fn fewer_events_than_asked_for_are_no_result() {
    let wanted = stage(&["sep"], &[]);
    let with = |text: &str, asked| wanted.of_json(&object(text.as_bytes()).unwrap(), asked);
    assert!(with(r#"{"sep": 1, "events": 1000}"#, Some(1000)).is_ok());
    assert!(with(r#"{"sep": 1, "events": 7}"#, None).is_ok());
    assert!(with(r#"{"sep": 1}"#, Some(1000)).is_ok(), "only what it says can be checked");
    let error = with(r#"{"sep": 1, "events": 999}"#, Some(1000)).unwrap_err();
    assert_eq!(error, "the result is made of 999 events, and 1000 were asked for");
    assert!(with(r#"{"sep": 1, "events": "many"}"#, Some(1)).unwrap_err().contains("not a number"));
    let table = named(&[("sep", 1.0, None), ("events", 12.0, None)]);
    assert_eq!(wanted.of_values(table.clone(), Some(12)).unwrap(), named(&[("sep", 1.0, None)]));
    assert!(wanted.of_values(table, Some(13)).unwrap_err().contains("12 events"));
}

#[test]
fn a_table_is_read_and_the_path_is_in_the_reason() {
    let dir = tempfile::tempdir().unwrap();
    let columns = vec![Column::Value("acc".into()), Column::Skipped, Column::Value("sep".into())];
    let table = ResultFile::Table { table: "out.txt".into(), columns, last_line: true };
    let wanted = stage(&["acc", "sep"], &[]);
    let error = read(dir.path(), &table, &wanted, None).unwrap_err();
    assert!(error.starts_with("the command ended well but wrote no result; result file: "), "{error}");
    fs::write(dir.path().join("out.txt"), "hello\n0.5 7 3.25\n").unwrap();
    let values = read(dir.path(), &table, &wanted, None).unwrap();
    assert_eq!(values, named(&[("acc", 0.5, None), ("sep", 3.25, None)]));
    fs::write(dir.path().join("out.txt"), "0.5 nan\n").unwrap();
    assert!(read(dir.path(), &table, &wanted, None).unwrap_err().contains("out.txt"));
    let other = stage(&["other"], &[]);
    fs::write(dir.path().join("out.txt"), "0.5 7 3.25\n").unwrap();
    let error = read(dir.path(), &table, &other, None).unwrap_err();
    assert!(error.contains("\"other\" is missing; the result has acc, sep"), "{error}");
}

#[test]
fn a_result_that_is_too_large_or_no_file_is_told_and_not_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str| {
        read(dir.path(), &ResultFile::Json(name.into()), &stage(&["a"], &[]), None).unwrap_err()
    };
    let pipe = rustix::fs::mknodat(
        rustix::fs::CWD,
        dir.path().join("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    );
    pipe.unwrap();
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("endless")).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    for name in ["pipe", "endless", "folder"] {
        let path = dir.path().join(name);
        assert_eq!(
            read(name),
            format!("the result is no regular file; result file: {}", path.display())
        );
    }
    // Sparse: 1 TB, none of it on the disk.
    File::create(dir.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
    assert!(read("huge").starts_with("the result is larger than 16 MB; "));
    let mut deep = "[".repeat(100_000);
    deep.insert_str(0, "{\"a\": ");
    fs::write(dir.path().join("deep"), deep).unwrap();
    assert!(read("deep").contains("recursion limit"), "{}", read("deep"));
}

proptest! {
    /// Whatever a program writes is a finite measurement or an error with the path.
    #[test]
    fn any_text_is_a_measurement_or_an_error(text in ".{0,60}", value in any::<f64>(), key in "[a-c]{1}") {
        let dir = tempfile::tempdir().unwrap();
        let texts = [text.clone(), format!("{{\"{key}\": {value:?}}}"), format!("{{\"{key}\": {{\"value\": {value:?}, \"sem\": {text}}}}}")];
        for text in texts {
            fs::write(dir.path().join("r"), &text).unwrap();
            match read(dir.path(), &ResultFile::Json("r".into()), &stage(&["a"], &["b"]), None) {
                Ok(values) => prop_assert!(values.iter().all(|(_, m)| m.value().is_finite())),
                Err(reason) => prop_assert!(reason.contains("result file: "), "{}", reason),
            }
        }
    }
}
