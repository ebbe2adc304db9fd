//! What stands in an attribute: numbers with units and expressions, before and after an edit.

use crate::config::{Edit, NumberFormat, Piece, unit_dimension};
use crate::problem::{Parameter, Space, Value};

/// What an attribute's value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, with its unit or without (empty).
    Number { unit: String },
    /// One word: the name of a material, of another constant, `true`.
    Word,
    /// Anything that is computed.
    Expression,
}

/// What a value is; blanks round it do not count.
pub(super) fn kind(raw: &str) -> Kind {
    let text = raw.trim();
    let (number, unit) = match text.split_once('*') {
        Some((number, unit)) => (number.trim(), unit.trim()),
        None => (text, ""),
    };
    // What Rust reads beyond that (inf, nan) are words here.
    let digits = number.bytes().any(|b| b.is_ascii_digit()) && !number.contains(['n', 'N', 'i', 'I']);
    let known = if unit.is_empty() { !text.contains('*') } else { unit_dimension(unit).is_some() };
    if digits && number.parse::<f64>().is_ok() && known {
        return Kind::Number { unit: unit.to_owned() };
    }
    let plain = |c: char| c.is_alphanumeric() || "_.:".contains(c);
    if text.chars().all(plain) { Kind::Word } else { Kind::Expression }
}

/// The text that an edit writes for a design, in the order of the space.
///
/// A negative number within a longer text gets parentheses: `a+-1*cm` is no expression.
pub(super) fn text(edit: &Edit, space: &Space, design: &[Value]) -> String {
    let mut out = String::new();
    for piece in edit.pieces() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Value(name) => {
                let position = space.parameters.iter().position(|p| p.name == name);
                // The study file was refused otherwise.
                let value = position.and_then(|k| design.get(k)).expect("a value for every parameter");
                let begins = matches!(out.trim_end().chars().last(), None | Some('(' | ','));
                let written = written(value, edit.format);
                if !begins && written.starts_with('-') {
                    out.push_str(&format!("({written})"));
                } else {
                    out.push_str(&written);
                }
            }
        }
    }
    out
}

fn written(value: &Value, format: Option<NumberFormat>) -> String {
    match (value, format) {
        (Value::Float(x), Some(NumberFormat::Fixed(digits))) => format!("{x:.digits$}"),
        (Value::Float(x), Some(NumberFormat::Exponent(digits))) => format!("{x:.digits$e}"),
        (value, _) => value.to_string(),
    }
}

/// Whether an edit writes words, not numbers.
pub(super) fn writes_words(edit: &Edit, space: &Space) -> bool {
    let words = |p: &Parameter| match &p.kind {
        crate::problem::ParameterKind::Choice { values } => values.iter().any(|v| v.number().is_none()),
        crate::problem::ParameterKind::Fixed { value } => value.number().is_none(),
        _ => false,
    };
    edit.pieces().iter().any(|piece| match piece {
        Piece::Value(name) => space.parameters.iter().any(|p| p.name == *name && words(p)),
        Piece::Text(_) => false,
    })
}

/// What is odd about the unit of an edit that writes one value, compared with what stands there.
pub(super) fn odd_unit(edit: &Edit, old: &str) -> Option<String> {
    let new = match edit.pieces()[..] {
        [Piece::Value(_)] => "",
        [Piece::Value(_), Piece::Text(text)] => text.strip_prefix('*')?,
        _ => return None,
    };
    let Kind::Number { unit: old } = kind(old) else { return None };
    match (old.is_empty(), new.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("writes {new} where the file has a number without a unit")),
        (false, true) => Some(format!("writes a number without a unit where the file has {old}")),
        (false, false) => (unit_dimension(&old) != unit_dimension(new))
            .then(|| format!("writes {new} where the file has {old}")),
    }
}

/// Whether a parameter's nominal value is not what the install has, in the same unit: then the nominal
/// design is not the installed one.
pub(super) fn odd_default(edit: &Edit, space: &Space, old: &str) -> Option<String> {
    let parameter = space.parameters.iter().find(|p| p.name == edit.parameter)?;
    let default = parameter.default.as_ref()?.number()?;
    let (new, text) = match edit.pieces()[..] {
        [Piece::Value(_)] => ("", old.trim()),
        [Piece::Value(_), Piece::Text(unit)] => (unit.strip_prefix('*')?, old.split('*').next()?.trim()),
        _ => return None,
    };
    let installed: f64 = match kind(old) {
        Kind::Number { unit } if unit == new => text.parse().ok()?,
        _ => return None,
    };
    let differs = (installed - default).abs() > 1e-9 * installed.abs().max(default.abs());
    differs.then(|| format!("has the default {default}, but the install has {old}"))
}

/// The bytes of the component `index` of a value like `1, 2, 3`, blanks round it left out; or how many
/// components there are. Commas within parentheses belong to a function.
pub(super) fn component(raw: &str, index: usize) -> Result<std::ops::Range<usize>, usize> {
    let mut depth = 0;
    let mut edges = vec![0];
    for (at, c) in raw.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => edges.extend([at, at + 1]),
            _ => {}
        }
    }
    edges.push(raw.len());
    let count = edges.len() / 2;
    let Some(&[start, end]) = edges.chunks(2).nth(index).and_then(|c| c.first_chunk::<2>()) else {
        return Err(count);
    };
    let piece = &raw[start..end];
    let before = piece.len() - piece.trim_start().len();
    Ok(start + before..start + before + piece.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_from_expressions() {
        let number = |unit: &str| Kind::Number { unit: unit.into() };
        for (raw, want) in [
            ("219.8*cm", number("cm")),
            (" -7.00 * cm ", number("cm")),
            ("20", number("")),
            ("1.5e-3*g/cm3", number("g/cm3")),
            ("+.5", number("")),
            ("138.4*cm - DRICH_zmin", Kind::Expression),
            ("2*DRICH_length", Kind::Expression),
            ("3*", Kind::Expression),
            ("cos(1)", Kind::Expression),
            ("DRICH_zmin", Kind::Word),
            ("true", Kind::Word),
            ("inf", Kind::Word),
            ("NaN", Kind::Word),
        ] {
            assert_eq!(kind(raw), want, "{raw}");
        }
    }

    #[test]
    fn components_are_found_between_commas() {
        for (raw, index, want) in [
            ("1,2,3", 1, Ok("2")),
            (" 1.0*cm , -2*cm,3", 0, Ok("1.0*cm")),
            ("max(1,2), 3", 1, Ok("3")),
            ("7", 0, Ok("7")),
            ("1,,3", 1, Ok("")),
            ("1,2,3", 3, Err(3)),
            ("7", 1, Err(1)),
        ] {
            assert_eq!(component(raw, index).map(|range| &raw[range]), want, "{raw}");
        }
    }
}
