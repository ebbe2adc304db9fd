//! `front.py` before a queue: see there.

use super::queue::Queue;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub struct Front {
    child: Child,
    pub url: String,
    folder: PathBuf,
}

impl Front {
    /// With a `folder` for what it needs; TLS if there are certificates.
    pub fn start(queue: &Queue, folder: &Path, certificates: Option<&Path>) -> Self {
        let python = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut command = Command::new(python);
        command.args(["-c", include_str!("front.py"), &queue.url]);
        command.args([folder.join("notes"), folder.join("commands")]);
        if let Some(folder) = certificates {
            command.arg("--certificates").arg(folder);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned(), folder: folder.to_owned() }
    }

    /// What it says from now on to the updates of a job that has not ended.
    pub fn command(&self, job: i64, command: &str) {
        let (beside, at) = (self.folder.join("commands.part"), self.folder.join("commands"));
        fs::write(&beside, json!({job.to_string(): command}).to_string()).unwrap();
        fs::rename(beside, at).unwrap();
    }

    /// The updates so far, in their order.
    pub fn notes(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.join("notes")).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
