//! What pilots are told about a queue: `queues.toml`, one table per queue. Names and units are those of PanDA.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

/// The name of the file in the server's directory.
pub const FILE: &str = "queues.toml";

/// A queue, as far as a pilot looks at it; what the file does not say has a default.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Description {
    /// online, test, brokeroff or offline.
    pub status: Status,
    /// production, analysis, unified or special.
    r#type: String,
    /// GRID, hpc, cloud, …
    resource_type: String,
    /// Longest time of a job, in seconds; 0 = no limit.
    maxtime: u64,
    /// A pilot takes another job until it has run for so many minutes.
    timefloor: u64,
    /// Cores of a job.
    corecount: u64,
    /// Memory of a job, in MB; 0 = no limit.
    maxrss: u64,
    /// Disk of a job's working directory, in MB; 0 = no limit.
    maxwdir: u64,
    /// Most input of a job, in MB.
    maxinputsize: u64,
    /// Tools that copy files, with their settings.
    copytools: Map<String, Value>,
    /// Tools by activity: pr (read), pw (write), pl (logs).
    acopytools: BTreeMap<String, Vec<String>>,
    /// Storage by activity.
    astorages: BTreeMap<String, Vec<String>>,
    /// Further settings.
    params: Map<String, Value>,
    /// Flags, with commas between them.
    catchall: String,
    /// Variables for the payload, `NAME=value` with blanks between them.
    environ: String,
    /// Whether CVMFS is there.
    is_cvmfs: bool,
    /// Options for the container engine.
    container_options: String,
}

/// What a queue does for its pilots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It gives jobs.
    Online,
    /// It gives test jobs to those who ask for production's or users'.
    Test,
    /// It takes no new jobs, and gives those that it has.
    Brokeroff,
    /// It neither takes nor gives jobs.
    Offline,
}

impl Status {
    /// The label of the jobs that a pilot gets who asks for these; none = the usual ones.
    pub fn label(self, asked: Option<String>) -> Option<String> {
        let usual = asked.as_deref().is_none_or(|label| matches!(label, "managed" | "user" | "unified"));
        if self == Status::Test && usual { Some("test".to_owned()) } else { asked }
    }

    /// Whether jobs may be submitted.
    pub fn takes(self) -> bool {
        matches!(self, Status::Online | Status::Test)
    }
}

impl Default for Description {
    fn default() -> Self {
        let activities = |what: &str| {
            ["pr", "pw", "pl"].map(|activity| (activity.to_owned(), vec![what.to_owned()])).into()
        };
        Self {
            status: Status::Online,
            r#type: "production".to_owned(),
            resource_type: "GRID".to_owned(),
            maxtime: 0,
            timefloor: 0,
            corecount: 1,
            maxrss: 0,
            maxwdir: 0,
            maxinputsize: 100_000,
            copytools: Map::from_iter([("mv".to_owned(), json!({"setup": ""}))]),
            acopytools: activities("mv"),
            astorages: activities("LOCAL"),
            params: Map::new(),
            catchall: String::new(),
            environ: String::new(),
            is_cvmfs: false,
            container_options: String::new(),
        }
    }
}

impl Description {
    /// What a pilot reads.
    pub fn told(&self, queue: &str) -> Value {
        let mut told = json!(self);
        for key in ["nickname", "panda_resource", "atlas_site"] {
            told[key] = queue.into();
        }
        told["state"] = "ACTIVE".into();
        told
    }
}

/// The queues of a directory; none = there is no file, so that every queue has the defaults.
///
/// # Errors
/// The file cannot be read, or says something else than it may; where and what.
pub fn read(dir: &Path) -> Result<Option<BTreeMap<String, Description>>, String> {
    let file = dir.join(FILE);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{}: {error}", file.display())),
    };
    toml::from_str(&text).map(Some).map_err(|error| format!("{}: {error}", file.display()))
}

/// A queue; none = the file does not have it.
///
/// # Errors
/// See [`read`].
pub fn find(dir: &Path, queue: &str) -> Result<Option<Description>, String> {
    Ok(match read(dir)? {
        None => Some(Description::default()),
        Some(mut queues) => queues.remove(queue),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key that pilot 3 was seen to need.
    const NEEDED: [&str; 21] = [
        "nickname",
        "panda_resource",
        "atlas_site",
        "state",
        "status",
        "type",
        "resource_type",
        "maxtime",
        "timefloor",
        "corecount",
        "maxrss",
        "maxwdir",
        "maxinputsize",
        "copytools",
        "acopytools",
        "astorages",
        "params",
        "catchall",
        "environ",
        "is_cvmfs",
        "container_options",
    ];

    #[test]
    fn without_a_file_every_queue_has_all_that_pilots_need() {
        let dir = tempfile::tempdir().unwrap();
        let told = find(dir.path(), "Q").unwrap().unwrap().told("Q");
        for key in NEEDED {
            assert!(!told[key].is_null(), "{key}");
        }
        assert_eq!((&told["nickname"], &told["state"]), (&json!("Q"), &json!("ACTIVE")));
        assert_eq!(told["acopytools"]["pr"], json!(["mv"]));
    }

    #[test]
    fn a_queue_in_test_gives_test_jobs_to_the_usual_pilots() {
        let label = |status: Status, asked: Option<&str>| status.label(asked.map(str::to_owned));
        for asked in [None, Some("managed"), Some("user"), Some("unified")] {
            assert_eq!(label(Status::Test, asked).as_deref(), Some("test"), "{asked:?}");
            assert_eq!(label(Status::Online, asked).as_deref(), asked);
        }
        assert_eq!(label(Status::Test, Some("install")).as_deref(), Some("install"));
    }

    #[test]
    fn a_file_has_its_queues_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE);
        let text =
            "[Q]\nstatus = \"test\"\nmaxtime = 3600\ncopytools = {rucio = {setup = \"x\"}}\n[\"R 2\"]\n";
        std::fs::write(&file, text).unwrap();
        let q = find(dir.path(), "Q").unwrap().unwrap().told("Q");
        assert_eq!((&q["status"], &q["maxtime"]), (&json!("test"), &json!(3600)));
        assert_eq!(q["copytools"], json!({"rucio": {"setup": "x"}}));
        assert!(find(dir.path(), "R 2").unwrap().is_some());
        assert_eq!(find(dir.path(), "other").unwrap(), None);
        for (text, wants) in [
            ("[Q]\nmaxtme = 1\n", &["line 2", "maxtme", "maxtime"][..]),
            ("[Q]\nstatus = \"on\"\n", &["line 2", "online"][..]),
            ("[Q]\nmaxtime = -1\n", &["line 2"][..]),
            ("Q = 1\n", &["line 1"][..]),
            ("[Q\n", &["line 1"][..]),
        ] {
            std::fs::write(&file, text).unwrap();
            let said = read(dir.path()).unwrap_err();
            assert!(said.contains(FILE) && wants.iter().all(|want| said.contains(want)), "{said}");
        }
    }
}
