//! `[pilot]` and `[overflow]`: what a study has to do with a queue of jobs.

use super::container::Engine;
use super::document::Table;
use super::error::Problems;
use super::section::Section;
use super::site::{KeptJobs, Site};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The `[pilot]` table: ranks that the study cannot use run jobs of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guest {
    /// Address of the server.
    pub server: String,
    /// Name of the queue.
    pub queue: String,
    /// Whether its server has only the classic interface.
    pub is_classic: bool,
    /// Label of jobs; `None`: the server's choice.
    pub label: Option<String>,
    /// Folder of input files; `None`: `pilot/inputs` in the run directory.
    pub inputs: Option<PathBuf>,
    /// Folder for output files; `None`: `pilot/outputs` in the run directory.
    pub outputs: Option<PathBuf>,
    /// Jobs whose working directory stays.
    pub keep: KeptJobs,
    /// Host paths that jobs in containers see, as `SOURCE[:TARGET][:ro]`.
    pub binds: Vec<String>,
    /// Most jobs in one request.
    pub batch: u32,
    /// Seconds that a job takes which does not say how long it may.
    pub usual_s: f64,
    /// Seconds that a job may go on when the study wants its rank back; then it is stopped.
    pub wait_s: f64,
    /// What becomes of it when the study is over.
    pub after: After,
}

/// What the ranks do when the study is over and jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum After {
    /// Jobs have as long as when the study wants a rank back, then they are stopped.
    Stop,
    /// Jobs that run may end; no others are begun.
    Finish,
    /// Jobs go on until there are none or the allocation ends.
    Work,
}

/// The `[overflow]` table: trials for which there is no rank become jobs of a queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overflow {
    /// Address of the server.
    pub server: String,
    /// Name of the queue.
    pub queue: String,
    /// Most tasks in the queue at a time.
    pub tasks: u64,
    /// This program where the jobs run; `None`: the file that it is here.
    pub program: Option<String>,
    /// Seconds that a task may wait in the queue for a pilot before the ranks here have it again.
    pub patience_s: f64,
}

/// Most jobs in one request, time of a job that says nothing, and patience with jobs.
const BATCH: u32 = 500;
const USUAL_S: f64 = 600.0;
const WAIT_S: f64 = 10.0;
/// Patience with the queue, in seconds.
const PATIENCE_S: f64 = 300.0;
const SERVER: &str = "\"http://127.0.0.1:25080\"";

/// The table `[pilot]`; `folder` is the study file's. `None` for a mistake.
pub fn pilot(document: &Table, folder: &Path, problems: &Problems) -> Option<Option<Guest>> {
    let section = Section::of(document, "pilot", problems);
    if !document.contains_key("pilot") {
        return Some(None);
    }
    section.only(&[
        "server", "queue", "api", "label", "inputs", "outputs", "keep", "binds", "batch", "usual",
        "wait", "after",
    ]);
    let (server, queue) = address(&section);
    let path = |key: &str| section.text(key).map(|text| folder.join(text));
    let keep = [("all", KeptJobs::All), ("failed", KeptJobs::Failed), ("none", KeptJobs::None)];
    let after = [("stop", After::Stop), ("finish", After::Finish), ("work", After::Work)];
    let binds = if section.has("binds") { section.texts("binds") } else { Some(vec![]) };
    if let Some(Err(wrong)) = binds.as_ref().map(|binds| Site::container(Engine::Auto, binds)) {
        section.problem("binds", wrong);
    }
    let batch = or(&section, "batch", |key| section.count(key, 1), u64::from(BATCH));
    let api = [("v1", false), ("classic", true)];
    let guest = Guest {
        is_classic: or(&section, "api", |key| section.word(key, &api), false)?,
        label: section.text("label").map(str::to_owned),
        inputs: path("inputs"),
        outputs: path("outputs"),
        keep: or(&section, "keep", |key| section.word(key, &keep), KeptJobs::Failed)?,
        binds: binds?,
        batch: u32::try_from(batch?).unwrap_or(u32::MAX),
        usual_s: or(&section, "usual", |key| section.positive_seconds(key), USUAL_S)?,
        wait_s: or(&section, "wait", |key| section.seconds(key), WAIT_S)?,
        after: or(&section, "after", |key| section.word(key, &after), After::Stop)?,
        server: server?,
        queue: queue?,
    };
    Some(Some(guest))
}

/// The table `[overflow]`. `None` for a mistake.
pub fn overflow(document: &Table, problems: &Problems) -> Option<Option<Overflow>> {
    let section = Section::of(document, "overflow", problems);
    if !document.contains_key("overflow") {
        return Some(None);
    }
    section.only(&["server", "queue", "tasks", "program", "patience"]);
    let (server, queue) = address(&section);
    let tasks = section.need("tasks", section.count("tasks", 1), "8");
    let program = or(&section, "program", |key| Some(Some(section.text(key)?.to_owned())), None);
    let patience_s = or(&section, "patience", |key| section.positive_seconds(key), PATIENCE_S);
    let overflow = Overflow {
        server: server?,
        queue: queue?,
        tasks: tasks?,
        program: program?,
        patience_s: patience_s?,
    };
    Some(Some(overflow))
}

fn address(section: &Section<'_>) -> (Option<String>, Option<String>) {
    let server = section.need("server", section.text("server"), SERVER);
    let queue = section.need("queue", section.text("queue"), "\"EIC_DETECTORS\"");
    let is_address = |text: &&str| text.starts_with("http://") || text.starts_with("https://");
    let server = server.filter(|text| {
        let fine = is_address(text);
        if !fine {
            section.problem("server", format!("must be an address such as {SERVER}, not {text:?}"));
        }
        fine
    });
    (server.map(str::to_owned), queue.map(str::to_owned))
}

/// What is written, or else the default; `None` for a mistake.
fn or<T>(section: &Section<'_>, key: &str, read: impl Fn(&str) -> Option<T>, default: T) -> Option<T> {
    if section.has(key) { read(key) } else { Some(default) }
}
