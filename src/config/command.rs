//! A command as meant: what is run for a task, how it is watched over and how its end is understood.

use super::function::Function;
use crate::problem::{Column, FailureClass};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::PathBuf;

/// What is run for one task. `paretorank` writes `parameters.json` and the rendered templates into the
/// attempt's directory, runs the command (or its steps, one after the other) there, and reads `result`.
///
/// What later releases added has a default, so that the `resolved.json` of earlier ones is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Program and arguments with placeholders; empty if there are `steps`. No shell takes part.
    pub argv: Vec<String>,
    /// Programs and their arguments, run in this order until one fails; empty if there is `argv`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Vec<String>>,
    /// The Python function that is called in place of these programs; `argv` then runs it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Box<Function>>,
    /// Text files to render into the attempt's directory: `{{NAME}}` becomes the parameter's value.
    pub templates: Vec<PathBuf>,
    /// Where the values are that a task measured; `None`: it measures none.
    pub result: Option<ResultFile>,
    /// Files, relative to the attempt's directory, that are there and not empty after success.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<PathBuf>,
    /// Seconds after which the payload is stopped.
    pub timeout_s: Option<f64>,
    /// Seconds without a word or a file that grows after which the payload is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence_s: Option<f64>,
    /// Seconds between TERM and KILL.
    pub grace_s: f64,
    /// Bytes of each of stdout and stderr that are kept.
    #[serde(default = "default_log_limit")]
    pub log_limit: u64,
    /// Further attempts after a failed one.
    pub retries: Retries,
    /// Exit codes that mean "this design cannot be".
    pub infeasible_exit_codes: Vec<i32>,
    /// What lines of the output mean.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
    /// Environment variables added for the payload.
    pub env: Vec<(String, String)>,
}

/// Enough to see what went wrong, little enough for thousands of tasks.
fn default_log_limit() -> u64 {
    Command::LOG_LIMIT
}

impl Command {
    /// Bytes of each of stdout and stderr that are kept unless told otherwise.
    pub const LOG_LIMIT: u64 = 100_000_000;
    /// Seconds between TERM and KILL unless told otherwise.
    pub const GRACE_S: f64 = 10.0;

    /// A command with every setting at its default; it measures nothing.
    pub fn new(argv: Vec<String>) -> Self {
        Self {
            argv,
            steps: vec![],
            function: None,
            templates: vec![],
            result: None,
            outputs: vec![],
            timeout_s: None,
            silence_s: None,
            grace_s: Self::GRACE_S,
            log_limit: Self::LOG_LIMIT,
            retries: Retries::all(1),
            infeasible_exit_codes: vec![],
            patterns: vec![],
            env: vec![],
        }
    }

    /// What is run one after the other, at least one program with its arguments.
    pub fn programs(&self) -> Vec<&[String]> {
        if self.steps.is_empty() {
            vec![&self.argv]
        } else {
            self.steps.iter().map(Vec::as_slice).collect()
        }
    }
}

/// A file with what a task measured, relative to the attempt's directory. In JSON as in the study file:
/// a path, or a table with `table` and `columns`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ResultFile {
    /// `{"name": number}` or `{"name": {"value": number, "sem": number}}`.
    Json(PathBuf),
    /// Numbers in a text, see [`values_in_text`](crate::problem::values_in_text).
    Table {
        /// The text's path.
        table: PathBuf,
        /// What its numbers are, in their order.
        columns: Vec<Column>,
        /// Whether only its last line counts, after what a program says before.
        #[serde(default)]
        last_line: bool,
    },
}

impl ResultFile {
    /// Where it is, relative to the attempt's directory.
    pub fn path(&self) -> &std::path::Path {
        match self {
            ResultFile::Json(path) | ResultFile::Table { table: path, .. } => path,
        }
    }
}

/// Further attempts after a failure, for each class of failure on its own. Faults of the machine are
/// not among them: they are no fault of the task's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// After a non-zero exit code.
    pub exit: u32,
    /// After a signal.
    pub signal: u32,
    /// After a timeout.
    pub timeout: u32,
    /// After a silence.
    pub silent: u32,
    /// After more memory than there is.
    pub memory: u32,
    /// After a result or an output that is missing or wrong.
    pub output: u32,
}

impl Retries {
    /// The same number for every class.
    pub const fn all(n: u32) -> Self {
        Self { exit: n, signal: n, timeout: n, silent: n, memory: n, output: n }
    }

    /// How many for a class; `None` for faults of the machine, which are not the task's.
    pub fn of(&self, class: FailureClass) -> Option<u32> {
        match class {
            FailureClass::Exit => Some(self.exit),
            FailureClass::Signal => Some(self.signal),
            FailureClass::Timeout => Some(self.timeout),
            FailureClass::Silent => Some(self.silent),
            FailureClass::Memory => Some(self.memory),
            FailureClass::Output => Some(self.output),
            FailureClass::Infrastructure => None,
        }
    }
}

impl<'de> Deserialize<'de> for Retries {
    /// A number for all of them, as earlier releases wrote it, or one for each.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            All(u32),
            Each { exit: u32, signal: u32, timeout: u32, silent: u32, memory: u32, output: u32 },
        }
        Ok(match Written::deserialize(from)? {
            Written::All(n) => Self::all(n),
            Written::Each { exit, signal, timeout, silent, memory, output } => {
                Self { exit, signal, timeout, silent, memory, output }
            }
        })
    }
}

/// A line of the output that decides what became of a task that ended by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pattern {
    /// What the line contains; at most one `{n}` stands for a number.
    pub text: String,
    /// The number is larger than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// The number is smaller than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// The number is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<f64>,
    /// What such a line means.
    pub is: Verdict,
    /// Where to look, relative to the attempt's directory; `None`: stdout and stderr.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Whether a line with this text (whatever its number) has to be there: a task without one failed.
    #[serde(default)]
    pub required: bool,
}

/// What a pattern says of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The design cannot be.
    Infeasible,
    /// It went wrong.
    Failed(FailureClass),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_read_as_one_number_or_as_one_for_each_class() {
        assert_eq!(serde_json::from_str::<Retries>("2").unwrap(), Retries::all(2));
        let own = Retries { timeout: 0, ..Retries::all(3) };
        let text = serde_json::to_string(&own).unwrap();
        assert_eq!(serde_json::from_str::<Retries>(&text).unwrap(), own);
        assert!(serde_json::from_str::<Retries>(r#"{"exit": 1}"#).is_err());
        let numbers = FailureClass::ALL.map(|class| own.of(class));
        assert_eq!(numbers.iter().filter(|n| **n == Some(3)).count(), 5);
        assert_eq!(
            (own.of(FailureClass::Timeout), own.of(FailureClass::Infrastructure)),
            (Some(0), None)
        );
    }

    #[test]
    fn a_command_of_an_earlier_release_is_read() {
        let text = r#"{"argv": ["sim", "{param.x}"], "templates": [], "result": "out.json",
            "timeout_s": null, "grace_s": 10.0, "retries": 2, "infeasible_exit_codes": [9], "env": []}"#;
        let command: Command = serde_json::from_str(text).unwrap();
        let want = Command {
            result: Some(ResultFile::Json("out.json".into())),
            retries: Retries::all(2),
            infeasible_exit_codes: vec![9],
            ..Command::new(vec!["sim".into(), "{param.x}".into()])
        };
        assert_eq!(command, want);
        let table = ResultFile::Table {
            table: "out.txt".into(),
            columns: vec![Column::Value("a".into()), Column::Error("a".into()), Column::Skipped],
            last_line: true,
        };
        let command = Command { result: Some(table), ..want };
        let again = serde_json::from_value(serde_json::to_value(&command).unwrap()).unwrap();
        assert_eq!(command, again);
    }
}
