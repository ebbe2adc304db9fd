//! A job of a queue as a rank runs it: what it is told, and what it tells.

use crate::problem::TaskOutcome;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A job and which attempt at it: what a queue hands out, and what it is told about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId {
    /// The queue's number of the job (PandaID).
    pub job: i64,
    /// The queue's number of the attempt.
    pub attempt: i64,
}

impl JobId {
    /// Its working directory, where its logs are, in the directory of a site.
    pub fn folder(&self, site: &Path) -> PathBuf {
        site.join("jobs").join(self.job.to_string()).join(format!("attempt-{}", self.attempt))
    }
}

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (attempt {})", self.job, self.attempt)
    }
}

/// One attempt at a job, for a rank.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Which.
    pub id: JobId,
    /// The executable: an absolute path on the node or in the image, a name that is looked up in `source`
    /// and then in `PATH`.
    pub program: String,
    /// Its arguments, a line for a shell.
    pub arguments: String,
    /// Folder with the job's own program files, absolute; read only by agreement.
    pub source: Option<PathBuf>,
    /// Environment variables.
    pub env: Vec<(String, String)>,
    /// Image of the container that it runs in.
    pub image: Option<String>,
    /// Cores that it may use.
    pub cores: u32,
    /// Bytes of memory that it may have.
    pub memory: Option<u64>,
    /// Seconds that it may take.
    pub timeout_s: Option<f64>,
    /// Files that it finds in its working directory: name there, and path on the node.
    pub inputs: Vec<(String, PathBuf)>,
    /// Files that it writes.
    pub outputs: Vec<Output>,
    /// The archive of its working directory that the queue wants, by name.
    pub log: Option<String>,
}

/// A file that a job writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Whether the job may end well without it.
    pub optional: bool,
}

/// A file that a job has written, where it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Adler-32 of its bytes.
    pub adler32: u32,
}

/// What in a job's surroundings was wrong, where that was it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The executable is not there.
    Program,
    /// The source folder, or what belongs into it.
    Source,
    /// An input file is not there.
    Input,
    /// An output file could not be put where it belongs.
    StageOut,
    /// An output file was not written.
    Output,
    /// The image or the container engine.
    Image,
    /// The disk of the working directory.
    Disk,
    /// The working directory or the process could not be made.
    Setup,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// Which.
    pub id: JobId,
    /// Its outcome; there are no values in it.
    pub outcome: TaskOutcome,
    /// Start and end on the rank's clock, seconds since 1970.
    pub started: f64,
    /// See `started`.
    pub finished: f64,
    /// All the rest.
    pub facts: Facts,
}

/// What is known of an attempt beside its outcome.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// What was wrong around it.
    pub trouble: Option<Trouble>,
    /// Exit code of its program.
    pub exit: Option<i32>,
    /// Signal that ended its program.
    pub signal: Option<i32>,
    /// Most memory that its processes had at a time, in bytes.
    pub peak_memory: Option<u64>,
    /// Seconds of processor time of its processes.
    pub cpu_s: Option<f64>,
    /// Its output files and the log archive.
    pub files: Vec<Written>,
    /// What it left in [`REPORT`] for the queue.
    pub report: Option<String>,
}

/// File in a job's working directory whose text goes back to the queue with the job's end.
pub const REPORT: &str = "jobReport.json";
/// Longest such text, in bytes.
pub const LONGEST_REPORT: u64 = 16 << 20;
