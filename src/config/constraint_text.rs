//! Linear constraints as text: `mirror_r + 2*sensor_z <= 255`.
//!
//! ```text
//! constraint = side ("<=" | ">=") side
//! side       = ["+" | "-"] term (("+" | "-") term)*
//! term       = factor (("*" | "/") factor)*          at most one name, never below "/"
//! factor     = ["-"] (number | name)
//! ```
//!
//! A name goes on as long as its letters do, `-` among them: minus signs after a name need a space.

use super::error::suggestion;
use super::parameters::is_name;
use crate::problem::{LinearConstraint, Parameter, ParameterKind};

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(char),
    AtMost,
    AtLeast,
}

/// A constant and one coefficient per parameter.
struct Sum {
    constant: f64,
    coefficients: Vec<f64>,
}

/// The constraint that `text` states about `parameters`, with constants and fixed parameters moved to
/// the right-hand side.
///
/// # Errors
/// What is wrong with it, worded to follow the text.
pub fn parse(text: &str, parameters: &[Parameter]) -> Result<LinearConstraint, String> {
    let tokens = tokens(text)?;
    let compares = |t: &Token| matches!(t, Token::AtMost | Token::AtLeast);
    let places: Vec<usize> = (0..tokens.len()).filter(|&k| compares(&tokens[k])).collect();
    let [middle] = places[..] else {
        let count = places.len();
        return Err(format!("must have exactly one <= or >=, not {count}; write one constraint each"));
    };
    let left = side(&tokens[..middle], "left", parameters)?;
    let right = side(&tokens[middle + 1..], "right", parameters)?;
    let sign = if tokens[middle] == Token::AtMost { 1.0 } else { -1.0 };
    let mut upper = sign * (right.constant - left.constant);
    let mut terms = vec![];
    for (j, parameter) in parameters.iter().enumerate() {
        let a = sign * (left.coefficients[j] - right.coefficients[j]);
        if a == 0.0 {
            continue;
        }
        match &parameter.kind {
            ParameterKind::Float { .. } | ParameterKind::Integer { .. } => terms.push((j, a)),
            ParameterKind::Fixed { value } => match value.number() {
                Some(x) => upper -= a * x,
                None => return Err(format!("names {:?}, which is a text", parameter.name)),
            },
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
    // Written this way round so that an overflow to NaN is caught too.
    if !(upper.is_finite() && terms.iter().all(|(_, a)| a.is_finite())) {
        return Err("has numbers that are too large".into());
    }
    Ok(LinearConstraint { text: text.trim().to_owned(), terms, upper })
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if let Some(word) = ["<=", ">="].iter().find(|w| rest.starts_with(**w)) {
            (if *word == "<=" { Token::AtMost } else { Token::AtLeast }, 2)
        } else if "+-*/".contains(first) {
            (Token::Sign(first), 1)
        } else if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let number = rest[..length].parse::<f64>();
            (
                Token::Number(
                    number.map_err(|_| format!("has {:?}, which is no number", &rest[..length]))?,
                ),
                length,
            )
        } else if is_name(&first.to_string()) {
            let length = rest.find(|c| !is_name(&format!("a{c}"))).unwrap_or(rest.len());
            (Token::Name(rest[..length].to_owned()), length)
        } else {
            return Err(unexpected(first));
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn unexpected(c: char) -> String {
    match c {
        '<' | '>' => format!("has a bare {c}; write {c}="),
        '=' => "has an =; write <= or >=, or drop a parameter that follows from the others".into(),
        '(' | ')' => "has parentheses; multiply them out".into(),
        '^' => "is not linear: powers are not possible".into(),
        _ => format!("has an unexpected {c:?}"),
    }
}

/// Digits with at most one exponent, whose sign belongs to it.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |mut k: usize| {
        while bytes.get(k).is_some_and(|b| b.is_ascii_digit() || *b == b'.') {
            k += 1;
        }
        k
    };
    let end = digits(0);
    if !matches!(bytes.get(end), Some(b'e' | b'E')) {
        return end;
    }
    let start = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
    if bytes.get(start).is_some_and(u8::is_ascii_digit) { digits(start) } else { end }
}

fn side(tokens: &[Token], which: &str, parameters: &[Parameter]) -> Result<Sum, String> {
    let mut sum = Sum { constant: 0.0, coefficients: vec![0.0; parameters.len()] };
    let mut rest = tokens;
    let mut sign = match rest.first() {
        None => return Err(format!("has nothing on the {which} side")),
        Some(Token::Sign(c @ ('+' | '-'))) => {
            rest = &rest[1..];
            if *c == '-' { -1.0 } else { 1.0 }
        }
        Some(_) => 1.0,
    };
    loop {
        let (factor, name, after) = term(rest)?;
        match name {
            None => sum.constant += sign * factor,
            Some(name) => sum.coefficients[index(name, parameters)?] += sign * factor,
        }
        match after.split_first() {
            None => return Ok(sum),
            Some((Token::Sign(c), next)) => {
                sign = if *c == '-' { -1.0 } else { 1.0 };
                rest = next;
            }
            Some(_) => return Err("lacks a sign between two terms; a product is written 2*x".into()),
        }
    }
}

/// Product of the numbers, the name if there is one, and what follows.
fn term(tokens: &[Token]) -> Result<(f64, Option<&str>, &[Token]), String> {
    let (mut product, mut name, mut divide) = (1.0, None, false);
    let mut rest = tokens;
    loop {
        if let Some(Token::Sign('-')) = rest.first() {
            product = -product;
            rest = &rest[1..];
        }
        match rest.first() {
            Some(Token::Number(x)) if divide && *x == 0.0 => return Err("divides by zero".into()),
            Some(Token::Number(x)) => product = if divide { product / x } else { product * x },
            Some(Token::Name(n)) if divide => {
                return Err(format!("is not linear: it divides by {n:?}"));
            }
            Some(Token::Name(n)) => {
                if let Some(other) = name.replace(n.as_str()) {
                    return Err(format!("is not linear: it multiplies {other:?} by {n:?}"));
                }
            }
            _ => return Err("lacks a number or a parameter after a sign".into()),
        }
        rest = &rest[1..];
        match rest.first() {
            Some(Token::Sign(c @ ('*' | '/'))) => divide = *c == '/',
            _ => return Ok((product, name, rest)),
        }
        rest = &rest[1..];
    }
}

fn index(name: &str, parameters: &[Parameter]) -> Result<usize, String> {
    if let Some(j) = parameters.iter().position(|p| p.name == name) {
        return Ok(j);
    }
    let first = name.split('-').next().unwrap_or(name);
    if first != name && parameters.iter().any(|p| p.name == first) {
        return Err(format!(
            "names {name:?}, which is no parameter; a minus after a name needs a space"
        ));
    }
    let known: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
    Err(format!("names {name:?}, which is no parameter{}", suggestion(name, &known, "parameters")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Scale, Value};
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
            ("x == 2", "has an =; write <= or >=, or drop a parameter that follows from the others"),
            ("2*(x + n) <= 2", "has parentheses; multiply them out"),
            ("x^2 <= 2", "is not linear: powers are not possible"),
            ("x*n <= 2", "is not linear: it multiplies \"x\" by \"n\""),
            ("1/x <= 2", "is not linear: it divides by \"x\""),
            ("x/0 <= 2", "divides by zero"),
            ("2 x <= 2", "lacks a sign between two terms; a product is written 2*x"),
            ("x + <= 2", "lacks a number or a parameter after a sign"),
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
