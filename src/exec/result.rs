//! The result file: JSON, `{"name": number}` or `{"name": {"value": number, "sem": number}}`, or numbers
//! in a text.

use crate::config::ResultFile;
use crate::problem::{FailureClass, Outcome, Problem, TaskOutcome, values_in_text};
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// The outcome a result file stands for: ok with the values that the study is about, or failed with
/// the class `output`.
pub(super) fn read(dir: &Path, result: &ResultFile, problem: &Problem) -> TaskOutcome {
    let path = dir.join(result.path());
    let text = fs::read(&path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "the command ended well but wrote no result".to_owned(),
        _ => e.to_string(),
    });
    let outcome = text.and_then(|text| match result {
        ResultFile::Json(_) => parse(&text, problem),
        ResultFile::Table { columns, last_line, .. } => {
            let text = String::from_utf8_lossy(&text);
            values_in_text(&text, columns, *last_line).and_then(|values| problem.outcome(&values))
        }
    });
    let outcome = outcome.map(|outcome| problem.by_name(outcome));
    outcome.unwrap_or_else(|reason| TaskOutcome::Failed {
        class: FailureClass::Output,
        reason: format!("{reason}; result file: {}", path.display()),
    })
}

fn parse(text: &[u8], problem: &Problem) -> Result<Outcome, String> {
    problem.result(&object(text)?)
}

fn object(text: &[u8]) -> Result<Map<String, Value>, String> {
    if text.trim_ascii().is_empty() {
        return Err("the result is empty".to_owned());
    }
    match serde_json::from_slice(text) {
        Ok(Value::Object(values)) => Ok(values),
        Ok(_) => Err("the result is no JSON object {\"name\": number}".to_owned()),
        Err(e) => {
            let text = String::from_utf8_lossy(text).to_lowercase();
            let hint = match text.contains("nan") || text.contains("inf") {
                true => {
                    "; JSON has no NaN and no infinity: a design without a value is infeasible \
                         or failed, to be told by the exit code"
                }
                false => "",
            };
            Err(format!("the result is no JSON: {e}{hint}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Goal, Measurement, Metric, Objective, OutcomeConstraint, Space};

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

    #[test]
    fn numbers_with_and_without_sem() {
        let m = |value, sem| Measurement::new(value, sem).unwrap();
        let parsed = |text: &str| parse(text.as_bytes(), &problem()).unwrap();
        let text = r#"{"b": {"value": -2.5e3, "sem": 0.5}, "a": 1, "other": "x"}"#;
        let objectives = vec![m(1.0, None), m(-2500.0, Some(0.5))];
        assert_eq!(parsed(text), Outcome::Ok { objectives, metrics: vec![None] });
        let text = r#"{"a": {"value": 0, "sem": null}, "b": 2, "m": 3}"#;
        let objectives = vec![m(0.0, None), m(2.0, None)];
        assert_eq!(parsed(text), Outcome::Ok { objectives, metrics: vec![Some(m(3.0, None))] });
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
            let error = parse(text.as_bytes(), &problem()).unwrap_err();
            assert!(error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn a_metric_that_an_outcome_constraint_needs_must_be_there() {
        let text = "2*m - a <= 1".to_owned();
        let constraint = OutcomeConstraint { text, terms: vec![(0, -1.0), (2, 2.0)], upper: 1.0 };
        let problem = Problem { outcome_constraints: vec![constraint], ..problem() };
        let parsed = |text: &str| parse(text.as_bytes(), &problem);
        let outcome = parsed(r#"{"a": 1, "b": 2, "m": {"value": 9, "sem": 0.25}}"#).unwrap();
        let Outcome::Ok { metrics, .. } = outcome else { panic!("measured, though it violates") };
        assert_eq!(metrics, [Measurement::new(9.0, Some(0.25))]);
        let error = parsed(r#"{"a": 1, "b": 2}"#).unwrap_err();
        let want = "the metric \"m\" is missing, and the outcome constraint \"2*m - a <= 1\" needs it";
        assert_eq!(error, want);
    }

    #[test]
    fn the_path_is_in_the_reason() {
        let outcome = read(Path::new("/no/such"), &ResultFile::Json("result.json".into()), &problem());
        assert_eq!(outcome.status(), "failed");
        assert!(outcome.reason().starts_with("output: the command ended well"));
        assert!(outcome.reason().contains("/no/such/result.json"));
    }
}
