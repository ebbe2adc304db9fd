//! Numbers as the page has them: a handful of digits, and null for what is not there.

use serde::{Serialize, Serializer};

/// Digits that are kept: more than an eye can see, few enough that thousands of trials stay small.
const DIGITS: usize = 5;

/// A number of which the page gets [`DIGITS`] digits; one that is not finite is null.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rounded(pub f64);

impl Rounded {
    /// A column of them, null where there is none.
    pub fn column(values: impl Iterator<Item = Option<f64>>) -> Vec<Option<Rounded>> {
        values.map(|value| value.map(Rounded)).collect()
    }
}

impl Serialize for Rounded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return serializer.serialize_none();
        }
        let digits = DIGITS - 1;
        // What was just written can be read. A sum of nothing is -0.
        let rounded: f64 = format!("{:.digits$e}", self.0).parse().unwrap_or(self.0) + 0.0;
        // Whole numbers without ".0": one in two bytes of a column of zeros.
        match rounded.fract() == 0.0 && rounded.abs() < 1e15 {
            true => serializer.serialize_i64(rounded as i64),
            false => serializer.serialize_f64(rounded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_what_is_none_is_null() {
        let text = |x: f64| serde_json::to_string(&Rounded(x)).unwrap();
        assert_eq!(text(0.1 + 0.2), "0.3");
        assert_eq!(text(-12_345.678), "-12346");
        assert_eq!(text(1.234_567e-9), "1.2346e-9");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(f64::NAN), "null");
        assert_eq!(text(f64::INFINITY), "null");
        let column = Rounded::column([Some(1.5), None].into_iter());
        assert_eq!(serde_json::to_string(&column).unwrap(), "[1.5,null]");
    }
}
