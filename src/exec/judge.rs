//! What the end of a payload means that was not stopped from outside.
//!
//! The order counts: want of memory, then verdicts in the text, then the exit status, then what is
//! missing although all seemed well.

use super::pattern::{self, Found};
use super::result::{self, Wanted};
use super::status::{Status, StepEnd, which};
use super::tail;
use crate::config::{Command, Pattern, Verdict};
use crate::problem::{FailureClass, TaskOutcome};
use std::fs;
use std::path::Path;

/// Everything that counts.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) command: &'a Command,
    pub(super) wanted: &'a Wanted,
    /// Steps that ended, in their order.
    pub(super) ends: &'a [StepEnd],
    /// Where `stdout` and `stderr` are.
    pub(super) logs: &'a Path,
    /// Where the payload worked.
    pub(super) work: &'a Path,
    /// Whether and why memory ran out, if something was killed.
    pub(super) out_of_memory: Option<String>,
    /// Events that were asked for.
    pub(super) events: Option<u64>,
}

/// Class and reason of a failure.
type Failure = (FailureClass, String);

impl Evidence<'_> {
    pub(super) fn outcome(&self) -> TaskOutcome {
        match self.judge() {
            Ok(outcome) => outcome,
            Err((class, reason)) => TaskOutcome::Failed { class, reason },
        }
    }

    fn judge(&self) -> Result<TaskOutcome, Failure> {
        let of = self.command.programs().len();
        let Some((last, end)) = self.ends.iter().enumerate().next_back() else {
            let reason = format!("no step ended; {}", tail::told(self.logs));
            return Err((FailureClass::Infrastructure, reason));
        };
        let which = which(last, of, &end.name);
        let failed = |class, what: &str| (class, format!("{which}{what}; {}", tail::told(self.logs)));
        if let (true, Some(why)) = (end.status.is_killed(), &self.out_of_memory) {
            return Err(failed(FailureClass::Memory, &format!("{}: {why}", end.status.shown())));
        }
        let (said, missing) = self.said()?;
        match said {
            Some((Verdict::Infeasible, line)) => return Ok(TaskOutcome::Infeasible { reason: line }),
            Some((Verdict::Failed(class), line)) => {
                return Err(failed(class, &format!("the output says {line:?}")));
            }
            None => {}
        }
        match end.status {
            Status::Code(0) => {}
            Status::Code(code) if self.command.infeasible_exit_codes.contains(&code) => {
                let said = tail::last_lines(self.logs, 1);
                let reason = said.unwrap_or_else(|| format!("{which}exit code {code}"));
                return Ok(TaskOutcome::Infeasible { reason });
            }
            Status::Code(_) => return Err(failed(FailureClass::Exit, &end.status.shown())),
            Status::Signal { .. } => return Err(failed(FailureClass::Signal, &end.status.shown())),
        }
        if self.ends.len() < of {
            let what =
                format!("ended well, but {} further steps were not reached", of - self.ends.len());
            return Err(failed(FailureClass::Infrastructure, &what));
        }
        if let Some(text) = missing {
            return Err(failed(FailureClass::Output, &format!("no line of the output has {text:?}")));
        }
        self.outputs()?;
        let Some(file) = &self.command.result else { return Ok(TaskOutcome::Ok(vec![])) };
        result::read(self.work, file, self.wanted, self.events)
            .map(TaskOutcome::Ok)
            .map_err(|reason| (FailureClass::Output, format!("{reason}; {}", tail::told(self.logs))))
    }

    /// The first verdict in the text with its line, and the first text that must be there and is not.
    #[allow(clippy::type_complexity)]
    fn said(&self) -> Result<(Option<(Verdict, String)>, Option<String>), Failure> {
        let mut missing = None;
        for pattern in &self.command.patterns {
            let (verdict, there) = self.said_by(pattern)?;
            if let Some(line) = verdict {
                return Ok((Some((pattern.is, line)), None));
            }
            if pattern.required && !there && missing.is_none() {
                missing = Some(pattern.text.clone());
            }
        }
        Ok((None, missing))
    }

    /// The first line that has a pattern's text and a number within its bounds, and whether any line
    /// has the text.
    fn said_by(&self, pattern: &Pattern) -> Result<(Option<String>, bool), Failure> {
        let files = match &pattern.file {
            Some(file) => vec![self.work.join(file)],
            None => vec![self.logs.join("stdout"), self.logs.join("stderr")],
        };
        let mut there = false;
        for file in files.iter().filter(|file| file.exists()) {
            let search = pattern::search(file, |line| match pattern::fit(&pattern.text, line)? {
                Found::NoNumber => Some(Err(line.trim().to_owned())),
                found => {
                    there = true;
                    holds(pattern, found).then(|| Ok(line.trim().to_owned()))
                }
            });
            let told =
                |e: std::io::Error| (FailureClass::Output, super::directory::failed("read", file, &e));
            match search.map_err(told)? {
                Some(Ok(line)) => return Ok((Some(line), true)),
                Some(Err(line)) => {
                    let what =
                        format!("{:?} needs a number, and the output says {line:?}", pattern.text);
                    return Err((FailureClass::Output, format!("{what}; file: {}", file.display())));
                }
                None => {}
            }
        }
        Ok((None, there))
    }

    fn outputs(&self) -> Result<(), Failure> {
        for output in &self.command.outputs {
            let path = self.work.join(output);
            let wrong = match fs::metadata(&path) {
                Ok(meta) if meta.is_file() && meta.len() == 0 => "is empty (0 bytes)".to_owned(),
                Ok(_) => continue,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => "was not written".to_owned(),
                Err(e) => e.to_string(),
            };
            let output = output.display();
            let reason = format!("the output {output} {wrong}; {}", tail::told(self.logs));
            return Err((FailureClass::Output, reason));
        }
        Ok(())
    }
}

/// Whether what stands in a line is within a pattern's bounds.
fn holds(pattern: &Pattern, found: Found) -> bool {
    let Found::Number(n) = found else { return true };
    pattern.above.is_none_or(|bound| n > bound)
        && pattern.below.is_none_or(|bound| n < bound)
        && pattern.equals.is_none_or(|bound| n == bound)
}

#[cfg(test)]
mod tests;
