//! Definitions of jobs: what a submitter may say, and what pilots are told where it says nothing.

use serde_json::{Map, Value};

/// Texts that are empty.
const EMPTY: [&str; 22] = [
    "inFiles",
    "GUID",
    "fsize",
    "checksum",
    "scopeIn",
    "realDatasetsIn",
    "dispatchDblock",
    "dispatchDBlockToken",
    "prodDBlocks",
    "prodDBlockToken",
    "ddmEndPointIn",
    "outFiles",
    "realDatasets",
    "destinationDblock",
    "destinationDBlockToken",
    "fileDestinationSE",
    "ddmEndPointOut",
    "scopeOut",
    "logFile",
    "logGUID",
    "scopeLog",
    "jobPars",
];
/// Texts that say `NULL`, as PanDA's do.
const UNSET: [&str; 12] = [
    "homepackage",
    "swRelease",
    "cmtConfig",
    "prodUserID",
    "cloud",
    "nucleus",
    "sourceSite",
    "destinationSE",
    "transferType",
    "ioIntensityUnit",
    "reqID",
    "processingType",
];
/// Numbers that are 0: no limit, nothing of it, no such group of jobs.
const ZERO: [&str; 8] = [
    "jobDefinitionID",
    "jobsetID",
    "minRamCount",
    "maxWalltime",
    "maxCpuCount",
    "maxDiskCount",
    "ioIntensity",
    "nSent",
];

/// A definition that makes sense, and what the store decides by.
#[derive(Debug)]
pub(super) struct Definition {
    pub max_attempt: i64,
    pub priority: i64,
    pub label: String,
    /// MB; 0 = any machine will do.
    pub ram_mb: i64,
    /// MB; 0 = any machine will do.
    pub disk_mb: i64,
    /// None = no limit.
    pub walltime_s: Option<i64>,
    pub resource_type: String,
    cores: i64,
    given: Map<String, Value>,
}

impl Definition {
    /// Reads what a submitter says; what is null was not said.
    ///
    /// # Errors
    /// What is missing or of the wrong type.
    pub fn read(given: &Map<String, Value>) -> Result<Self, String> {
        if given.get("transformation").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err("transformation is missing: a text that names the executable".into());
        }
        let number = |key: &str, default: i64| match given.get(key) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => {
                value.as_i64().ok_or_else(|| format!("{key} must be an integer, got {value}"))
            }
        };
        let text = |key: &str, default: &str| match given.get(key) {
            None | Some(Value::Null) => Ok(default.to_owned()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value) => Err(format!("{key} must be a text, got {value}")),
        };
        let cores = number("coreCount", 1)?;
        let max_attempt = number("max_attempt", 3)?;
        if max_attempt < 1 {
            return Err(format!("max_attempt must be at least 1, got {max_attempt}"));
        }
        Ok(Self {
            max_attempt,
            priority: number("currentPriority", 1000)?,
            label: text("prodSourceLabel", "managed")?,
            ram_mb: number("minRamCount", 0)?,
            disk_mb: number("maxDiskCount", 0)?,
            walltime_s: Some(number("maxWalltime", 0)?).filter(|seconds| *seconds != 0),
            resource_type: text("resource_type", if cores > 1 { "MCORE" } else { "SCORE" })?,
            cores,
            given: given.clone(),
        })
    }

    /// What a pilot is told, except what changes with the attempt.
    pub fn whole(self, id: i64, task: i64, queue: &str) -> Map<String, Value> {
        let mut whole = Map::new();
        whole.extend(EMPTY.map(|key| (key.to_owned(), "".into())));
        whole.extend(UNSET.map(|key| (key.to_owned(), "NULL".into())));
        whole.extend(ZERO.map(|key| (key.to_owned(), 0.into())));
        whole.extend([
            ("jobName".to_owned(), format!("{queue}.{task}.{id}").into()),
            ("prodSourceLabel".to_owned(), self.label.into()),
            ("currentPriority".to_owned(), self.priority.into()),
            ("coreCount".to_owned(), self.cores.into()),
            ("resource_type".to_owned(), self.resource_type.into()),
        ]);
        whole.extend(self.given.into_iter().filter(|(_, value)| !value.is_null()));
        whole.insert("taskID".into(), task.into());
        whole.remove("max_attempt");
        whole
    }
}

#[cfg(test)]
mod tests {
    use super::Definition;
    use serde_json::{Value, json};

    fn read(given: &Value) -> Result<Definition, String> {
        Definition::read(given.as_object().unwrap())
    }

    #[test]
    fn what_is_not_said_has_the_defaults_of_panda() {
        let said = json!({"transformation": "sh", "coreCount": 4, "maxWalltime": null, "max_attempt": 2,
                          "own": [1], "taskID": 99});
        let job = read(&said).unwrap();
        assert_eq!((job.max_attempt, job.priority, job.walltime_s), (2, 1000, None));
        let whole = Value::Object(job.whole(7, 3, "Q"));
        for (key, want) in [
            ("taskID", json!(3)),
            ("jobName", json!("Q.3.7")),
            ("resource_type", json!("MCORE")),
            ("maxWalltime", json!(0)),
            ("outFiles", json!("")),
            ("cloud", json!("NULL")),
            ("own", json!([1])),
            ("max_attempt", Value::Null),
        ] {
            assert_eq!(whole[key], want, "{key}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (said, why) in [
            (json!({}), "transformation is missing"),
            (json!({"transformation": ""}), "transformation is missing"),
            (
                json!({"transformation": "sh", "coreCount": "4"}),
                "coreCount must be an integer, got \"4\"",
            ),
            (
                json!({"transformation": "sh", "prodSourceLabel": 1}),
                "prodSourceLabel must be a text, got 1",
            ),
            (json!({"transformation": "sh", "max_attempt": 0}), "max_attempt must be at least 1, got 0"),
        ] {
            let said = read(&said).unwrap_err();
            assert!(said.starts_with(why), "{said}");
        }
    }
}
