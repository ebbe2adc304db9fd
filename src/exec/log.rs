//! Standard output and error of an attempt in files that do not grow for ever.
//!
//! The payload writes straight into the file: nothing between can block it, and nothing is lost if this
//! process is killed. A file that has become longer than it may be is cut in the middle, and says so.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Stdio;

/// Most of the end that is kept: it is held in memory for a moment.
const MOST_TAIL: u64 = 16 << 20;
/// Digits of the number of bytes cut: the notice must not change its length.
const DIGITS: usize = 20;

/// A file that takes a stream's bytes.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    limit: u64,
    /// Bytes that are no longer there.
    cut: u64,
}

impl Log {
    /// Makes the file, of at most about `limit` bytes.
    pub(super) fn create(path: &Path, limit: u64) -> io::Result<Self> {
        // Every writer appends: else it would go on behind the place where the file was cut.
        let file = OpenOptions::new().create_new(true).read(true).append(true).open(path)?;
        Ok(Self { file, limit, cut: 0 })
    }

    /// Another end of the file, for a child process.
    pub(super) fn stdio(&self) -> io::Result<Stdio> {
        self.file.try_clone().map(Stdio::from)
    }

    /// Cuts the file if it is too long; how many bytes came so far. What is written at the very moment
    /// of the cut may be lost with the middle.
    pub(super) fn trim(&mut self) -> io::Result<u64> {
        let length = self.file.metadata()?.len();
        if length <= self.limit {
            return Ok(length + self.cut);
        }
        let head = self.limit / 2;
        // The notice of an earlier cut goes with the middle.
        let old_notice = if self.cut > 0 { self.notice().len() as u64 } else { 0 };
        let mut tail = vec![0; (self.limit / 4).min(MOST_TAIL) as usize];
        let from = length - tail.len() as u64;
        self.file.read_exact_at(&mut tail, from)?;
        let whole_line = tail.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let tail = &tail[whole_line..];
        self.cut += length - head - old_notice - tail.len() as u64;
        let mut text = self.notice().into_bytes();
        text.extend_from_slice(tail);
        self.file.set_len(head)?;
        self.file.write_all(&text)?;
        Ok(self.file.metadata()?.len() + self.cut)
    }

    fn notice(&self) -> String {
        let Self { cut, limit, .. } = self;
        format!("\n[paretorank: {cut:>DIGITS$} bytes were cut out here; log_limit is {limit} bytes]\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_long_file_is_cut_in_the_middle_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stdout");
        let mut log = Log::create(&path, 10_000).unwrap();
        let mut payload = log.file.try_clone().unwrap();
        let mut written = 0;
        let mut before = 0;
        for line in 0..20_000 {
            let line = format!("line {line}\n");
            payload.write_all(line.as_bytes()).unwrap();
            written += line.len() as u64;
            let told = log.trim().unwrap();
            assert!(told > before, "a sign of life: {told} after {before}");
            before = told;
            assert!(fs::metadata(&path).unwrap().len() <= 10_000);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("line 0\nline 1\n") && text.ends_with("line 19998\nline 19999\n"));
        assert_eq!(text.matches("[paretorank: ").count(), 1);
        let (head, rest) = text.split_once("\n[paretorank: ").unwrap();
        let (number, rest) =
            rest.split_once(" bytes were cut out here; log_limit is 10000 bytes]\n").unwrap();
        assert_eq!(head.len(), 5_000);
        assert!(rest.starts_with("line "), "whole lines");
        assert_eq!(number.trim().parse::<u64>().unwrap() + (head.len() + rest.len()) as u64, written);
    }

    #[test]
    fn a_burst_is_cut_at_once_and_a_short_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stderr");
        let mut log = Log::create(&path, 1_000).unwrap();
        assert_eq!(log.trim().unwrap(), 0);
        log.file.write_all(&[b'x'; 1_000]).unwrap();
        assert_eq!(log.trim().unwrap(), 1_000);
        assert_eq!(fs::read(&path).unwrap(), [b'x'; 1_000]);
        log.file.write_all(&[b'y'; 1_000_000]).unwrap();
        assert!(log.trim().unwrap() >= 1_001_000);
        let text = fs::read_to_string(&path).unwrap();
        assert!(
            text.len() <= 1_000 && text.ends_with("yyy") && text.contains("1000250 bytes"),
            "{text}"
        );
        assert!(Log::create(&path, 1_000).is_err(), "never somebody else's file");
    }
}
