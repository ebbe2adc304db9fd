//! Linear inequalities as text: `mirror_r + 2*sensor_z <= 255`.
//!
//! ```text
//! inequality = side ("<=" | ">=") side
//! side       = ["+" | "-"] term (("+" | "-") term)*
//! term       = factor (("*" | "/") factor)*          at most one name, never below "/"
//! factor     = ["-"] (number | name)
//! ```
//!
//! A name goes on as long as its letters do, `-` among them: minus signs after a name need a space.

use super::error::suggestion;
use super::parameters::is_name;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(char),
    AtMost,
    AtLeast,
}

/// A constant and one coefficient per name.
struct Sum {
    constant: f64,
    coefficients: Vec<f64>,
}

/// What the names of a constraint stand for, in messages.
pub struct Nouns {
    /// For example "parameter".
    pub one: &'static str,
    /// For example "parameters".
    pub several: &'static str,
}

/// `Σ coefficient · name <= upper`.
pub struct Linear {
    /// One per name, zero for those that do not take part.
    pub coefficients: Vec<f64>,
    pub upper: f64,
}

impl Linear {
    /// Whether nothing in it is too large; written so that an overflow to NaN is caught too.
    fn is_finite(&self) -> bool {
        self.upper.is_finite() && self.coefficients.iter().all(|a| a.is_finite())
    }
}

/// The inequality that `text` states between `names`, constants moved to the right-hand side.
///
/// # Errors
/// What is wrong with it, worded to follow the text.
pub fn linear(text: &str, names: &[&str], nouns: &Nouns) -> Result<Linear, String> {
    let tokens = tokens(text)?;
    let compares = |t: &Token| matches!(t, Token::AtMost | Token::AtLeast);
    let places: Vec<usize> = (0..tokens.len()).filter(|&k| compares(&tokens[k])).collect();
    let [middle] = places[..] else {
        let count = places.len();
        return Err(format!("must have exactly one <= or >=, not {count}; write one constraint each"));
    };
    let left = side(&tokens[..middle], "left", names, nouns)?;
    let right = side(&tokens[middle + 1..], "right", names, nouns)?;
    let sign = if tokens[middle] == Token::AtMost { 1.0 } else { -1.0 };
    let both = left.coefficients.iter().zip(&right.coefficients);
    let linear = Linear {
        coefficients: both.map(|(l, r)| sign * (l - r)).collect(),
        upper: sign * (right.constant - left.constant),
    };
    if linear.is_finite() { Ok(linear) } else { Err("has numbers that are too large".into()) }
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
        '=' => "has an =; write <= or >=, or drop what follows from the others".into(),
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

fn side(tokens: &[Token], which: &str, names: &[&str], nouns: &Nouns) -> Result<Sum, String> {
    let mut sum = Sum { constant: 0.0, coefficients: vec![0.0; names.len()] };
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
            Some(name) => sum.coefficients[index(name, names, nouns)?] += sign * factor,
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
            _ => return Err("lacks a number or a name after a sign".into()),
        }
        rest = &rest[1..];
        match rest.first() {
            Some(Token::Sign(c @ ('*' | '/'))) => divide = *c == '/',
            _ => return Ok((product, name, rest)),
        }
        rest = &rest[1..];
    }
}

fn index(name: &str, names: &[&str], nouns: &Nouns) -> Result<usize, String> {
    if let Some(j) = names.iter().position(|known| *known == name) {
        return Ok(j);
    }
    let first = name.split('-').next().unwrap_or(name);
    let one = nouns.one;
    if first != name && names.contains(&first) {
        return Err(format!("names {name:?}, which is no {one}; a minus after a name needs a space"));
    }
    Err(format!("names {name:?}, which is no {one}{}", suggestion(name, names, nouns.several)))
}
