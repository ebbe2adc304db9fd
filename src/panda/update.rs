//! What a server is told about a job, in the names, types and lengths that it takes.

use super::time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a pilot may say that a job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was taken, and waits for its turn.
    Starting,
    /// It runs.
    Running,
    /// It has ended, and its files are on their way.
    Transferring,
    /// It has ended well.
    Finished,
    /// It has not.
    Failed,
}

impl State {
    /// The word on the line.
    pub fn word(self) -> &'static str {
        match self {
            State::Starting => "starting",
            State::Running => "running",
            State::Transferring => "transferring",
            State::Finished => "finished",
            State::Failed => "failed",
        }
    }

    /// Whether it is the last word about an attempt.
    pub fn is_final(self) -> bool {
        matches!(self, State::Finished | State::Failed)
    }
}

/// What is told about one file that a job has written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Unique identifier.
    pub guid: String,
    /// Bytes.
    pub fsize: u64,
    /// Adler-32, 8 hexadecimal digits.
    pub adler32: String,
    /// Where it is.
    pub surl: String,
}

/// One update about a job. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Update {
    /// The job's number.
    pub job: i64,
    /// The attempt's.
    pub attempt: i64,
    /// What it is doing.
    pub state: State,
    /// Name of the queue.
    pub site: Option<String>,
    /// Host that it runs on.
    pub node: Option<String>,
    /// Id of the pilot.
    pub pilot: Option<String>,
    /// Number of the batch job. Servers take a change of it for another pilot, unless it is a number.
    pub batch: Option<u64>,
    /// Exit code of the payload.
    pub exit: Option<i32>,
    /// What went wrong around the payload: documented code and text; 0 and nothing if all was well.
    pub pilot_error: Option<(i32, String)>,
    /// What went wrong in it.
    pub payload_error: Option<(i32, String)>,
    /// Start and end, seconds since 1970.
    pub started: Option<f64>,
    /// See `started`.
    pub finished: Option<f64>,
    /// Seconds of processor time.
    pub cpu_s: Option<f64>,
    /// Cores that it had.
    pub cores: Option<u32>,
    /// Most memory that it had at a time, in bytes.
    pub peak_memory: Option<u64>,
    /// Further figures, `name=value` with blanks between them.
    pub metrics: Option<String>,
    /// The job's own report, JSON as a rule.
    pub report: Option<String>,
    /// Files that it has written.
    pub files: BTreeMap<String, FileReport>,
    /// The end of what it printed.
    pub stdout: Option<String>,
}

/// Most characters of texts, as servers store them.
const NODE: usize = 128;
const PILOT: usize = 200;
const DIAGNOSTICS: usize = 500;
const METRICS: usize = 500;
const STDOUT: usize = 2048;

/// A field: its names in v1 and classic, and its value.
type Field = (&'static str, &'static str, Value);

impl Update {
    /// An update that says nothing but what the job is doing.
    pub fn new(job: i64, attempt: i64, state: State) -> Self {
        Self {
            job,
            attempt,
            state,
            site: None,
            node: None,
            pilot: None,
            batch: None,
            exit: None,
            pilot_error: None,
            payload_error: None,
            started: None,
            finished: None,
            cpu_s: None,
            cores: None,
            peak_memory: None,
            metrics: None,
            report: None,
            files: BTreeMap::new(),
            stdout: None,
        }
    }

    /// As arguments of v1's `update_job`. Values have the types that the server checks.
    pub fn v1(&self) -> Map<String, Value> {
        self.fields().into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect()
    }

    /// As arguments of the classic `updateJob`.
    pub fn classic(&self) -> Map<String, Value> {
        self.fields().into_iter().map(|(_, name, value)| (name.to_owned(), value)).collect()
    }

    fn fields(&self) -> Vec<Field> {
        let text = |text: &Option<String>, most| text.as_ref().map(|text| json!(cut(text, most)));
        let whole = |seconds: f64| {
            (seconds.is_finite() && seconds >= 0.0).then(|| json!(seconds.round() as i64))
        };
        let error = |error: &Option<(i32, String)>| match error {
            Some((code, why)) => (Some(json!(code)), Some(json!(cut(why, DIAGNOSTICS)))),
            None => (None, None),
        };
        let at = |seconds: Option<f64>| seconds.and_then(time::text).map(|text| json!(text));
        let (pilot_code, pilot_why) = error(&self.pilot_error);
        let (payload_code, payload_why) = error(&self.payload_error);
        let files = (!self.files.is_empty()).then(|| json!(json!(self.files).to_string()));
        let consumed = self.cpu_s.and_then(whole);
        let unit = consumed.is_some().then(|| json!("s"));
        let optional = [
            ("site_name", "siteName", text(&self.site, NODE)),
            ("node", "node", text(&self.node, NODE)),
            ("pilot_id", "pilotID", text(&self.pilot, PILOT)),
            ("batch_id", "batchID", self.batch.map(|id| json!(id.to_string()))),
            ("trans_exit_code", "transExitCode", self.exit.map(|code| json!(code))),
            ("pilot_error_code", "pilotErrorCode", pilot_code),
            ("pilot_error_diag", "pilotErrorDiag", pilot_why),
            ("exe_error_code", "exeErrorCode", payload_code),
            ("exe_error_diag", "exeErrorDiag", payload_why),
            ("start_time", "startTime", at(self.started)),
            ("end_time", "endTime", at(self.finished)),
            ("cpu_consumption_time", "cpuConsumptionTime", consumed),
            ("cpu_consumption_unit", "cpuConsumptionUnit", unit),
            ("core_count", "coreCount", self.cores.map(|n| json!(n))),
            ("max_rss", "maxRSS", self.peak_memory.map(|bytes| json!(bytes >> 10))),
            ("job_metrics", "jobMetrics", text(&self.metrics, METRICS)),
            ("meta_data", "metaData", self.report.as_ref().map(|text| json!(text))),
            ("job_output_report", "xml", files),
            ("stdout", "stdout", self.stdout.as_ref().map(|text| json!(tail(text, STDOUT)))),
        ];
        let required: [Field; 3] = [
            ("job_id", "jobId", json!(self.job)),
            ("attempt_nr", "attemptNr", json!(self.attempt)),
            ("job_status", "state", json!(self.state.word())),
        ];
        let set = optional.into_iter().filter_map(|(v1, classic, value)| Some((v1, classic, value?)));
        required.into_iter().chain(set).collect()
    }
}

/// The first characters of a text.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(at, _)| &text[..at])
}

/// The last characters of a text.
fn tail(text: &str, most: usize) -> &str {
    let over = text.chars().count().saturating_sub(most);
    text.char_indices().nth(over).map_or("", |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Update {
        let file = FileReport {
            guid: "6935".into(),
            fsize: 123,
            adler32: "0a1b2c3d".into(),
            surl: "file:///o/out".into(),
        };
        Update {
            site: Some("Q".into()),
            node: Some("n1".into()),
            pilot: Some("p|slurm".into()),
            batch: Some(4711),
            exit: Some(3),
            pilot_error: Some((1305, "é".repeat(600))),
            payload_error: Some((0, String::new())),
            started: Some(0.0),
            finished: Some(61.5),
            cpu_s: Some(1.6),
            cores: Some(4),
            peak_memory: Some(10 << 20),
            metrics: Some("nEvents=10".into()),
            report: Some("{}".into()),
            files: BTreeMap::from([("out".to_owned(), file)]),
            stdout: Some(format!("{}end", "x".repeat(3000))),
            ..Update::new(7, 2, State::Failed)
        }
    }

    /// The types that servers insist on; a wrong one loses the update.
    #[test]
    fn v1_has_its_types() {
        let map = full().v1();
        let whole = [
            "job_id",
            "attempt_nr",
            "trans_exit_code",
            "pilot_error_code",
            "exe_error_code",
            "cpu_consumption_time",
            "core_count",
            "max_rss",
        ];
        for (name, value) in &map {
            assert_eq!(value.is_i64(), whole.contains(&name.as_str()), "{name}: {value}");
            assert_eq!(value.is_string(), !whole.contains(&name.as_str()), "{name}: {value}");
        }
        assert_eq!(map.len(), 22);
        assert_eq!(map["batch_id"], "4711");
        assert_eq!(map["end_time"], "1970-01-01 00:01:01");
        assert_eq!((&map["cpu_consumption_time"], &map["max_rss"]), (&json!(2), &json!(10240)));
        let files: Value = serde_json::from_str(map["job_output_report"].as_str().unwrap()).unwrap();
        let file = json!({"guid": "6935", "fsize": 123, "adler32": "0a1b2c3d", "surl": "file:///o/out"});
        assert_eq!(files, json!({"out": file}));
        let diagnostics = map["pilot_error_diag"].as_str().unwrap();
        assert_eq!(diagnostics.chars().count(), 500, "not in the midst of a character");
        let said = map["stdout"].as_str().unwrap();
        assert!(said.len() == 2048 && said.ends_with("xend"));
    }

    #[test]
    fn classic_has_its_own_names() {
        let map = full().classic();
        for name in
            ["jobId", "state", "attemptNr", "batchID", "transExitCode", "xml", "maxRSS", "startTime"]
        {
            assert!(map.contains_key(name), "{name}");
        }
        assert_eq!((&map["state"], &map["jobId"]), (&json!("failed"), &json!(7)));
        assert_eq!(map.len(), full().v1().len());
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let map = Update::new(7, 0, State::Starting).v1();
        assert_eq!(Value::from(map), json!({"job_id": 7, "attempt_nr": 0, "job_status": "starting"}));
        let nan = Update {
            cpu_s: Some(f64::NAN),
            started: Some(f64::NAN),
            ..Update::new(7, 0, State::Running)
        };
        assert_eq!(nan.v1().len(), 3);
    }
}
