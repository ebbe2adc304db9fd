//! Results as text: numbers in a known order, as many analysis programs write them.

use super::Measurement;
use super::task::Values;
use serde::{Deserialize, Serialize};

/// What one number of a text is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Column {
    /// The value of this name.
    Value(String),
    /// The standard error of the value of this name, which has a column of its own.
    Error(String),
    /// Of no interest.
    Skipped,
}

/// The values in a text of numbers separated by blanks or commas, on one line or on several, as many as
/// there are columns. Lines that begin with `#` do not count; with `last_line` all but the last one
/// with anything else in it do not.
///
/// # Errors
/// Too few or too many numbers, or something that is not a finite number, in words.
pub fn values_in_text(text: &str, columns: &[Column], last_line: bool) -> Result<Values, String> {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<&str> =
        if last_line { lines.next_back().into_iter().collect() } else { lines.collect() };
    let separates = |c: char| c.is_whitespace() || c == ',';
    let words = lines.iter().flat_map(|line| line.split(separates)).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    if words.len() != columns.len() {
        let (has, wanted) = (words.len(), columns.len());
        return Err(format!("has {has} numbers where {wanted} columns are named"));
    }
    let number = |name: &str, word: &str| {
        let parsed = word.parse::<f64>().ok().filter(|x| x.is_finite());
        parsed.ok_or_else(|| format!("{name:?} is {word:?}, which is no finite number"))
    };
    let mut values = vec![];
    for (column, word) in columns.iter().zip(&words) {
        let Column::Value(name) = column else { continue };
        let value = number(name, word)?;
        let is_error =
            |(column, _): &(&Column, &&str)| matches!(column, Column::Error(of) if of == name);
        let error = columns.iter().zip(&words).find(is_error);
        let error =
            error.map(|(_, word)| number(&format!("standard error of {name}"), word)).transpose()?;
        let measurement = Measurement::new(value, error).ok_or_else(|| {
            format!("the standard error of {name:?} is {}, below 0", error.unwrap_or(value))
        })?;
        values.push((name.clone(), measurement));
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let value = |name: &str| Column::Value(name.to_owned());
        vec![value("acc"), Column::Error("acc".into()), Column::Skipped, value("sep")]
    }

    #[test]
    fn numbers_are_named_by_their_order() {
        let m = |value, sem| Measurement::new(value, sem).unwrap();
        let want = vec![("acc".to_owned(), m(0.8, Some(0.01))), ("sep".to_owned(), m(-3.5, None))];
        for text in
            ["0.8 0.01 junk -3.5", "# acc sd x sep\n0.8\n1e-2\n7\n\n-3.5\n", "0.8, 0.01,7,\t-3.5"]
        {
            assert_eq!(values_in_text(text, &columns(), false), Ok(want.clone()), "{text}");
        }
        let said = "opening file\n12 tracks\n0.8 0.01 7 -3.5\n";
        assert_eq!(values_in_text(said, &columns(), true), Ok(want));
        let wrong = values_in_text(said, &columns(), false).unwrap_err();
        assert_eq!(wrong, "has 8 numbers where 4 columns are named");
    }

    #[test]
    fn what_is_no_finite_number_is_refused() {
        for (text, wrong) in [
            ("", "has 0 numbers where 4 columns are named"),
            ("nan 0.1 0 1", "\"acc\" is \"nan\", which is no finite number"),
            ("1 inf 0 1", "\"standard error of acc\" is \"inf\", which is no finite number"),
            ("1 -0.1 0 1", "the standard error of \"acc\" is -0.1, below 0"),
            ("1 0.1 0 1*mm", "\"sep\" is \"1*mm\", which is no finite number"),
        ] {
            assert_eq!(values_in_text(text, &columns(), false).unwrap_err(), wrong, "{text}");
        }
    }
}
