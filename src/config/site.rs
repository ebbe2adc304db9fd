//! What jobs of a queue have in common on the ranks of one program.

use super::container::{Bind, Container, Engine, Staging};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where and how jobs of a queue run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// Directory of the pilot, absolute, on a file system that every node sees: a job works in
    /// `jobs/PandaID/attempt-N` below it.
    pub directory: PathBuf,
    /// Where the output files of jobs go; each into a folder `PandaID` of its own.
    pub outputs: PathBuf,
    /// Which jobs leave their working directory behind.
    pub keep: KeptJobs,
    /// Seconds of silence after which a rank, or rank 0, counts as lost.
    pub silence_s: f64,
    /// Seconds between TERM and KILL.
    pub grace_s: u32,
    /// Bytes that are kept of each of stdout and stderr.
    pub log_limit: u64,
    /// How containers are started; the image is the job's.
    pub container: Container,
}

impl Site {
    /// Container settings for jobs that bring their image. Each of `binds` is `SOURCE[:TARGET][:ro]`.
    ///
    /// # Errors
    /// A text that is no bind, in words.
    pub fn container(engine: Engine, binds: &[String]) -> Result<Container, String> {
        let bind = |text: &String| Bind::parse(text).map_err(|wrong| format!("{text:?} {wrong}"));
        Ok(Container {
            engine,
            image: None,
            binds: binds.iter().map(bind).collect::<Result<_, _>>()?,
            env: vec![],
            prologue: None,
            options: vec![],
            stage: Staging::None,
        })
    }
}

/// Which jobs leave their working directory behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum KeptJobs {
    /// All.
    All,
    /// Those that did not end well.
    Failed,
    /// None.
    None,
}
