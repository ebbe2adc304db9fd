//! `run.log`: dated lines of every session.

use super::say;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::time::SystemTime;

/// Where lines go, if they can.
#[derive(Debug)]
pub(super) struct Log {
    file: Option<File>,
    complained: bool,
}

impl Log {
    /// Appends to a file; to none where that cannot be opened.
    pub(super) fn open(path: Option<&Path>) -> Self {
        let open = |path| OpenOptions::new().append(true).create(true).open(path).ok();
        Self { file: path.and_then(open), complained: false }
    }

    /// Writes a line.
    pub(super) fn write(&mut self, line: &str) {
        let Some(file) = &mut self.file else { return };
        let at = humantime::format_rfc3339_seconds(SystemTime::now());
        // The log is a comfort: a full disk stops the run through the journal, with a better message.
        if writeln!(file, "{at} {line}").is_err() && !self.complained {
            self.complained = true;
            say("run.log cannot be written any more");
        }
    }
}
