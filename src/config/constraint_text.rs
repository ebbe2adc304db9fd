//! Constraints as text, between parameters and on outcomes; the form is that of
//! [`linear_text`](super::linear_text).

use super::linear_text::{Linear, Nouns, linear};
use crate::problem::{LinearConstraint, Metric, Objective, OutcomeConstraint, Parameter, ParameterKind};

const PARAMETERS: Nouns = Nouns { one: "parameter", several: "parameters" };
const QUANTITIES: Nouns = Nouns { one: "objective or metric", several: "objectives and metrics" };

/// The constraint that `text` states about `parameters`, with fixed parameters moved to the right-hand
/// side.
///
/// # Errors
/// What is wrong with it, worded to follow the text.
pub fn parse(text: &str, parameters: &[Parameter]) -> Result<LinearConstraint, String> {
    let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    let Linear { coefficients, mut upper } = linear(text, &names, &PARAMETERS)?;
    let mut terms = vec![];
    for (j, (parameter, a)) in parameters.iter().zip(coefficients).enumerate() {
        if a == 0.0 {
            continue;
        }
        match &parameter.kind {
            ParameterKind::Float { .. } | ParameterKind::Integer { .. } => terms.push((j, a)),
            ParameterKind::Fixed { value } => match value.number() {
                Some(x) => upper -= a * x,
                None => return Err(format!("names {:?}, which is a text", parameter.name)),
            },
            ParameterKind::Events(_) => {
                return Err(format!(
                    "names {:?}, the number of events, which is no part of the design",
                    parameter.name
                ));
            }
            ParameterKind::Choice { .. } => {
                return Err(format!(
                    "names {:?}, which is a choice; only float, int and fixed parameters have an order",
                    parameter.name
                ));
            }
        }
    }
    if terms.is_empty() {
        return Err("says nothing about any free parameter".into());
    }
    if !upper.is_finite() {
        return Err("has numbers that are too large".into());
    }
    Ok(LinearConstraint { text: text.trim().to_owned(), terms, upper })
}

/// The constraint that `text` states about what is measured.
///
/// # Errors
/// What is wrong with it, worded to follow the text.
pub fn parse_outcome(
    text: &str,
    objectives: &[Objective],
    metrics: &[Metric],
) -> Result<OutcomeConstraint, String> {
    let names = objectives.iter().map(|o| &o.name).chain(metrics.iter().map(|m| &m.name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    let Linear { coefficients, upper } = linear(text, &names, &QUANTITIES)?;
    let terms: Vec<_> = coefficients.into_iter().enumerate().filter(|(_, a)| *a != 0.0).collect();
    if terms.is_empty() {
        return Err("says nothing about any objective or metric".into());
    }
    Ok(OutcomeConstraint { text: text.trim().to_owned(), terms, upper })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Goal, Scale, Value};
    use proptest::prelude::*;

    fn parameters() -> Vec<Parameter> {
        let float = || ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear };
        let words = |w: &[&str]| w.iter().map(|s| Value::Text((*s).into())).collect();
        let make =
            |name: &str, kind| Parameter { name: name.into(), kind, unit: "".into(), default: None };
        vec![
            make("x", float()),
            make("y.z-1", float()),
            make("n", ParameterKind::Integer { lower: 1, upper: 9, scale: Scale::Linear }),
            make("gas", ParameterKind::Choice { values: words(&["a", "b"]) }),
            make("c", ParameterKind::Fixed { value: Value::Float(3.0) }),
            make("site", ParameterKind::Fixed { value: Value::Text("s".into()) }),
        ]
    }

    fn parsed(text: &str) -> (Vec<(usize, f64)>, f64) {
        let constraint = parse(text, &parameters()).unwrap();
        (constraint.terms, constraint.upper)
    }

    #[test]
    fn reads_linear_constraints() {
        for (text, terms, upper) in [
            ("x + 2*n <= 255", vec![(0, 1.0), (2, 2.0)], 255.0),
            ("x>=2", vec![(0, -1.0)], -2.0),
            ("1 - x <= 2 - 3*n + x", vec![(0, -2.0), (2, 3.0)], 1.0),
            ("-x + y.z-1 <= 0", vec![(0, -1.0), (1, 1.0)], 0.0),
            ("2*x*3/4 - n/2 >= -1e-1", vec![(0, -1.5), (2, 0.5)], 0.1),
            ("x + x <= c", vec![(0, 2.0)], 3.0),
            ("2*c - x >= 1.5e+1", vec![(0, 1.0)], -9.0),
            ("x <= 2*-3 + -n", vec![(0, 1.0), (2, 1.0)], -6.0),
        ] {
            assert_eq!(parsed(text), (terms, upper), "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, want) in [
            ("x + n", "must have exactly one <= or >=, not 0; write one constraint each"),
            ("1 <= x <= 2", "must have exactly one <= or >=, not 2; write one constraint each"),
            ("x < 2", "has a bare <; write <="),
            ("x == 2", "has an =; write <= or >=, or drop what follows from the others"),
            ("2*(x + n) <= 2", "has parentheses; multiply them out"),
            ("x^2 <= 2", "is not linear: powers are not possible"),
            ("x*n <= 2", "is not linear: it multiplies \"x\" by \"n\""),
            ("1/x <= 2", "is not linear: it divides by \"x\""),
            ("x/0 <= 2", "divides by zero"),
            ("2 x <= 2", "lacks a sign between two terms; a product is written 2*x"),
            ("x + <= 2", "lacks a number or a name after a sign"),
            ("<= 2", "has nothing on the left side"),
            ("x <=", "has nothing on the right side"),
            ("x <= 1.2.3", "has \"1.2.3\", which is no number"),
            ("x <= 1 § 2", "has an unexpected '§'"),
            ("x <= x + 1", "says nothing about any free parameter"),
            ("c <= 1", "says nothing about any free parameter"),
            ("x <= 1e308*10*x", "has numbers that are too large"),
            (
                "gas <= 1",
                "names \"gas\", which is a choice; only float, int and fixed parameters have an order",
            ),
            ("x <= site", "names \"site\", which is a text"),
            ("x-1 <= 2", "names \"x-1\", which is no parameter; a minus after a name needs a space"),
            (
                "y.z-2 <= 2",
                "names \"y.z-2\", which is no parameter; did you mean \"y.z-1\"? known parameters: \
                 x, y.z-1, n, gas, c, site",
            ),
        ] {
            assert_eq!(parse(text, &parameters()).unwrap_err(), want, "{text}");
        }
    }

    fn outcome(text: &str) -> Result<OutcomeConstraint, String> {
        let objective = |name: &str| Objective {
            name: name.into(),
            goal: Goal::Maximize,
            threshold: None,
            unit: String::new(),
        };
        let metric = |name: &str| Metric { name: name.into(), unit: String::new() };
        parse_outcome(text, &[objective("gain"), objective("mass")], &[metric("cost"), metric("x-y")])
    }

    #[test]
    fn reads_constraints_on_objectives_and_metrics() {
        for (text, terms, upper) in [
            ("cost <= 100", vec![(2, 1.0)], 100.0),
            ("gain >= 2", vec![(0, -1.0)], -2.0),
            (" cost + 3*x-y <= mass - 1 ", vec![(1, -1.0), (2, 1.0), (3, 3.0)], -1.0),
        ] {
            let constraint = outcome(text).unwrap();
            assert_eq!((constraint.terms, constraint.upper), (terms, upper), "{text}");
            assert_eq!(constraint.text, text.trim());
        }
        for (text, want) in [
            ("cost < 1", "has a bare <; write <="),
            ("cost*mass <= 1", "is not linear: it multiplies \"cost\" by \"mass\""),
            ("cost + <= 1", "lacks a number or a name after a sign"),
            ("0 <= 1", "says nothing about any objective or metric"),
            ("cost <= cost", "says nothing about any objective or metric"),
            ("cost <= 1e999", "has numbers that are too large"),
            (
                "coss <= 1",
                "names \"coss\", which is no objective or metric; did you mean \"cost\"? known \
                 objectives and metrics: gain, mass, cost, x-y",
            ),
        ] {
            assert_eq!(outcome(text).unwrap_err(), want, "{text}");
        }
    }

    proptest! {
        /// Whatever is written, the parsed constraint holds exactly where the written one does.
        #[test]
        fn agrees_with_arithmetic(a in -9.0..9.0f64, b in -9.0..9.0f64, r in -9.0..9.0f64,
                                  x in 0.0..1.0f64, n in 1i32..9) {
            let n = f64::from(n);
            let text = format!("{a}*x - {b}*n + c >= {r} + x");
            let constraint = parse(&text, &parameters()).unwrap();
            let excess = constraint.excess(&[x, 0.0, n, 0.0, 3.0, 0.0]);
            let want = (r + x) - (a * x - b * n + 3.0);
            prop_assert!((excess - want).abs() < 1e-9, "{text}: {excess} {want}");
        }
    }
}
