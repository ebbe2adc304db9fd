//! Verdicts in the text that a payload wrote, where its exit status does not tell them.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Longer lines are looked at in parts.
const LONGEST_LINE: u64 = 1 << 16;

/// What stands in a line where a pattern fits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Found {
    /// The pattern has no `{n}`.
    Text,
    /// The number at `{n}`.
    Number(f64),
    /// Something else than a finite number is at `{n}`.
    NoNumber,
}

/// Where a pattern fits a line: the words before `{n}`, then a number, then the words behind it. Any
/// white space fits any other.
pub(super) fn fit(pattern: &str, line: &str) -> Option<Found> {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (pattern, line) = (plain(pattern), plain(line));
    let Some((before, behind)) = pattern.split_once("{n}") else {
        return line.contains(&pattern).then_some(Found::Text);
    };
    let (before, behind) = (before.trim_end(), behind.trim_start());
    let mut no_number = None;
    for (at, _) in line.match_indices(before) {
        let rest = line[at + before.len()..].trim_start();
        let (number, after) = number(rest);
        match number {
            Some(number) if after.trim_start().starts_with(behind) => {
                return Some(Found::Number(number));
            }
            Some(_) => {}
            None if behind.is_empty() || rest.contains(behind) => no_number = Some(Found::NoNumber),
            None => {}
        }
    }
    no_number
}

/// The longest number that the text begins with, if it is finite, and what follows.
fn number(text: &str) -> (Option<f64>, &str) {
    let is_part = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let longest = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let ends = (1..=longest).rev();
    let found = ends.filter_map(|end| Some((text[..end].parse::<f64>().ok()?, end))).next();
    let found = found.filter(|(number, _)| number.is_finite());
    found.map_or((None, text), |(number, end)| (Some(number), &text[end..]))
}

/// Calls `visit` with every line of a file until it gives something.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn search<T>(path: &Path, mut visit: impl FnMut(&str) -> Option<T>) -> io::Result<Option<T>> {
    let mut file = BufReader::new(File::open(path)?);
    let mut bytes = vec![];
    loop {
        bytes.clear();
        if (&mut file).take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if let Some(found) = visit(&String::from_utf8_lossy(&bytes)) {
            return Ok(Some(found));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn numbers_are_read_as_numbers() {
        let overlaps = "Number of illegal overlaps/extrusions : {n}";
        for (line, found) in [
            ("Number of illegal overlaps/extrusions : 3", Some(Found::Number(3.0))),
            ("Info  Number of illegal overlaps/extrusions :\t  0\n", Some(Found::Number(0.0))),
            ("Number of illegal overlaps/extrusions : 1e2.", Some(Found::Number(100.0))),
            ("Number of illegal overlaps/extrusions : -0.5 mm", Some(Found::Number(-0.5))),
            ("Number of illegal overlaps/extrusions : nan", Some(Found::NoNumber)),
            ("Number of illegal overlaps/extrusions : 1e999", Some(Found::NoNumber)),
            ("Number of illegal overlaps/extrusions :", Some(Found::NoNumber)),
            ("Number of overlaps : 3", None),
        ] {
            assert_eq!(fit(overlaps, line), found, "{line}");
        }
    }

    #[test]
    fn what_stands_behind_the_number_must_stand_there() {
        let fits = |line| fit("found {n} hits in", line);
        assert_eq!(fits("found 12 hits in 3 events"), Some(Found::Number(12.0)));
        assert_eq!(fits("found 12 misses in 3 events, found 7 hits in 2"), Some(Found::Number(7.0)));
        assert_eq!(fits("found no hits in 3 events"), Some(Found::NoNumber));
        assert_eq!(fits("found 12 misses"), None);
        assert_eq!(fit("{n} overlaps", "there were 4 overlaps"), Some(Found::Number(4.0)));
        assert_eq!(fit("Overlap in volume", "*** Overlap  in volume 7"), Some(Found::Text));
        assert_eq!(fit("Overlap in volume", "no overlap"), None);
    }

    #[test]
    fn lines_of_any_length_and_bytes_are_searched() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout");
        let mut bytes = vec![b'x'; 200_000];
        bytes.extend(b"\n\xff\xfe n = 5\nn = 6");
        fs::write(&path, bytes).unwrap();
        let numbers = |line: &str| match fit("n = {n}", line) {
            Some(Found::Number(n)) if n > 5.0 => Some(n),
            _ => None,
        };
        assert_eq!(search(&path, numbers).unwrap(), Some(6.0));
        assert_eq!(search(&path, |line| line.contains("none").then_some(())).unwrap(), None);
        assert!(search(&dir.path().join("missing"), |_| Some(())).is_err());
    }
}
