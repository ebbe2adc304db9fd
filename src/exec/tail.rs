//! The end of what a payload said, for reasons that people read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Lines of output that go into a reason, and how much of the file is read for them.
const LINES: usize = 3;
const BYTES: u64 = 4096;
/// Longest tail in a reason, in characters.
const LENGTH: usize = 300;

/// "last lines: …; whole output: …" of the logs in a directory.
pub(super) fn told(dir: &Path) -> String {
    let said = match last_lines(dir, LINES) {
        Some(lines) => format!("last lines: {lines}"),
        None => "no output".to_owned(),
    };
    format!("{said}; whole output: {}/stderr and stdout", dir.display())
}

/// The last lines that are not empty of `stderr`, or of `stdout` if there are none, as one line.
pub(super) fn last_lines(dir: &Path, count: usize) -> Option<String> {
    ["stderr", "stdout"].iter().find_map(|name| {
        let text = end_of_file(&dir.join(name))?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(count)..];
        let clean: Vec<char> = last.join(" | ").chars().filter(|c| !c.is_control()).collect();
        let kept = &clean[clean.len().saturating_sub(LENGTH)..];
        (!kept.is_empty()).then(|| kept.iter().collect())
    })
}

fn end_of_file(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES))).ok()?;
    let mut bytes = vec![];
    file.take(BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_tail_is_one_clean_line_of_the_end() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(last_lines(dir.path(), 3), None);
        fs::write(dir.path().join("stdout"), "first\nsecond\n").unwrap();
        fs::write(dir.path().join("stderr"), "\n \n").unwrap();
        assert_eq!(last_lines(dir.path(), 1).unwrap(), "second");
        let long = format!("{}\na\n\n\x1b[31mb\n\u{e4}c\n", "x".repeat(10_000));
        fs::write(dir.path().join("stderr"), long).unwrap();
        assert_eq!(last_lines(dir.path(), 3).unwrap(), "a | [31mb | \u{e4}c");
        fs::write(dir.path().join("stderr"), "y".repeat(10_000)).unwrap();
        assert_eq!(last_lines(dir.path(), 3).unwrap().len(), LENGTH);
    }
}
