//! From a command line to definitions of jobs.

use clap::ArgAction;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What a job is, and what it needs.
#[derive(Debug, Default, clap::Args)]
pub struct JobArgs {
    /// File that a job reads, from the pilot's inputs; may be repeated
    #[arg(long = "in", value_name = "NAME", action = ArgAction::Append)]
    inputs: Vec<String>,
    /// File that a job writes, without which it has failed; {i} is the job's number; may be repeated
    #[arg(long = "out", value_name = "NAME", action = ArgAction::Append)]
    outputs: Vec<String>,
    /// Larger goes first [default: 1000]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    priority: Option<i64>,
    /// Longest time of a job, for example 90min [default: no limit]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    walltime: Option<Duration>,
    /// Memory of a job in MB [default: no limit]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(i64).range(1..))]
    memory: Option<i64>,
    /// Cores of a job
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..))]
    cores: i64,
    /// Attempts at a job that the infrastructure fails
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(i64).range(1..))]
    attempts: i64,
    /// Image in which a job runs
    #[arg(long, value_name = "IMAGE")]
    container: Option<String>,
    /// Executable (an address, a path, or a name in PATH), then its arguments; {i} in those is the number of
    /// the job, from 0
    #[arg(value_name = "TRANSFORMATION", required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

impl JobArgs {
    /// A job for each number from 0, or for each line that goes on its arguments.
    pub fn jobs(&self, count: usize, lines: Option<&[String]>) -> Vec<Map<String, Value>> {
        match lines {
            None => (0..count).map(|n| self.job(n, None)).collect(),
            Some(lines) => lines.iter().enumerate().map(|(n, line)| self.job(n, Some(line))).collect(),
        }
    }

    fn job(&self, n: usize, line: Option<&str>) -> Map<String, Value> {
        let numbered = |text: &String| text.replace("{i}", &n.to_string());
        let (transformation, arguments) = self.command.split_first().unzip();
        let words = arguments.into_iter().flatten().map(|word| quoted(&numbered(word)));
        let words: Vec<String> = words.chain(line.map(str::to_owned)).collect();
        let names = |names: &[String]| {
            let names: Vec<String> = names.iter().map(numbered).collect();
            (!names.is_empty()).then(|| json!(names.join(",")))
        };
        let said = [
            ("transformation", transformation.map(|name| json!(name))),
            ("jobPars", Some(json!(words.join(" ")))),
            ("inFiles", names(&self.inputs)),
            ("outFiles", names(&self.outputs)),
            ("currentPriority", self.priority.map(Value::from)),
            // 0 would be no limit.
            ("maxWalltime", self.walltime.map(|time| time.as_secs().max(1).into())),
            ("minRamCount", self.memory.map(Value::from)),
            ("coreCount", Some(self.cores.into())),
            ("max_attempt", Some(self.attempts.into())),
            ("container_name", self.container.as_ref().map(|image| json!(image))),
        ];
        said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+./:=@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(arguments: &[&str]) -> JobArgs {
        let words = [&["sh"], arguments].concat();
        let command = words.into_iter().map(str::to_owned).collect();
        JobArgs { command, cores: 2, attempts: 1, ..JobArgs::default() }
    }

    #[test]
    fn a_job_has_its_number_and_its_words_are_quoted() {
        let mut args = args(&["-c", "echo {i} > 'it'", "", "a=b"]);
        args.outputs = vec!["out.{i}".into(), "log.tgz".into()];
        args.walltime = Some(Duration::from_millis(1));
        let jobs = args.jobs(3, None);
        assert_eq!(jobs.len(), 3);
        let want = json!({"transformation": "sh", "jobPars": r"-c 'echo 2 > '\''it'\''' '' a=b", "coreCount": 2,
                          "outFiles": "out.2,log.tgz", "maxWalltime": 1, "max_attempt": 1});
        assert_eq!(Value::from(jobs[2].clone()), want);
    }

    #[test]
    fn a_shell_reads_back_what_was_given() {
        let words =
            ["$HOME", "`x`", "a b", "*", "'", "\"", "\\", "~", "#", "é", "a\nb", "!", "", "-n", "{a,b}"];
        let line: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let line = format!("printf '%s|' {}", line.join(" "));
        let said = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let want: String = words.iter().map(|word| format!("{word}|")).collect();
        assert_eq!(String::from_utf8(said.stdout).unwrap(), want);
    }

    #[test]
    fn lines_go_on_the_arguments_as_they_are() {
        let lines = ["--seed 1".to_owned(), "--seed '2'".to_owned()];
        let jobs = args(&["--n", "{i}"]).jobs(1, Some(&lines));
        let said: Vec<_> = jobs.iter().map(|job| &job["jobPars"]).collect();
        assert_eq!(said, ["--n 0 --seed 1", "--n 1 --seed '2'"]);
    }
}
