//! What a server's definition of a job means.
//!
//! A definition is one flat map. Servers write numbers as numbers or as texts, what is unset as `NULL`,
//! `None`, null or nothing, and lists as texts with commas; what is not known here is kept.

use serde_json::{Map, Value};

/// A job as a server hands it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number (PandaID).
    pub id: i64,
    /// Which attempt at it.
    pub attempt: i64,
    /// Its name; empty if it has none.
    pub name: String,
    /// Number of the task that it belongs to, if to any.
    pub task: Option<i64>,
    /// Executable: an address, a path or a name.
    pub transformation: String,
    /// Its arguments: a line for a shell.
    pub parameters: String,
    /// Packed source with files of its own: SHA-256 of the archive, 64 hexadecimal digits. Only our own queue
    /// has such (`packedSource`).
    pub source: Option<String>,
    /// Image of the container that it wants.
    pub image: Option<String>,
    /// Cores.
    pub cores: u32,
    /// Bytes of memory that it may have; `None`: nothing is said.
    pub memory: Option<u64>,
    /// Bytes on disk that it needs; `None`: nothing is said.
    pub disk: Option<u64>,
    /// Seconds that it may take; `None`: nothing is said.
    pub longest_s: Option<f64>,
    /// Files that it reads.
    pub inputs: Vec<InputFile>,
    /// Files that it writes, without the log.
    pub outputs: Vec<OutputFile>,
    /// The archive of its logs that the server wants.
    pub log: Option<OutputFile>,
    /// Priority; larger ones go first.
    pub priority: i64,
    /// Whether somebody wants to see what it prints.
    pub debug: bool,
    /// The whole definition.
    pub raw: Map<String, Value>,
}

/// A file that a job reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Logical file name.
    pub lfn: String,
    /// Scope, if the server says one.
    pub scope: Option<String>,
    /// Bytes, if the server says.
    pub size: Option<u64>,
    /// Checksum as the server writes it, `ad:` or `md5:` before it.
    pub checksum: Option<String>,
}

/// A file that a job writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Logical file name.
    pub lfn: String,
    /// Scope, if the server says one.
    pub scope: Option<String>,
    /// Unique identifier that the server has given it; only logs have one.
    pub guid: Option<String>,
    /// Whether the job may end well without it.
    pub optional: bool,
}

/// A definition that is no job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", .job.map_or("a job without PandaID".to_owned(), |job| format!("job {job}")))]
pub struct JobError {
    /// Its number, if there is one: it can be reported as failed.
    pub job: Option<i64>,
    /// Which attempt.
    pub attempt: i64,
    /// What is wrong.
    pub why: String,
}

impl Job {
    /// Reads a definition.
    ///
    /// # Errors
    /// There is no number or no executable, or a value cannot be what it must.
    pub fn from_definition(raw: &Map<String, Value>) -> Result<Self, JobError> {
        let fields = Fields(raw);
        let job = fields.whole("PandaID").unwrap_or(None);
        let attempt = fields.whole("attemptNr").unwrap_or(None).unwrap_or(0);
        Self::read(fields).map_err(|why| JobError { job, attempt, why })
    }

    fn read(fields: Fields) -> Result<Self, String> {
        let id = fields.whole("PandaID")?.ok_or("PandaID is missing")?;
        let positive = |key: &str| Ok::<_, String>(fields.whole(key)?.filter(|n| *n > 0));
        let cores = positive("coreCount")?.unwrap_or(1);
        let cores = u32::try_from(cores).map_err(|_| format!("coreCount is {cores}"))?;
        let mebibytes = |key: &str| {
            let bytes = |n: i64| n.unsigned_abs().saturating_mul(1 << 20);
            Ok::<_, String>(positive(key)?.map(bytes))
        };
        let log = fields.text("logFile");
        let optional = fields.list("allowNoOutput");
        let outputs = fields.list("outFiles");
        let scopes = fields.list("scopeOut");
        let outputs = outputs.into_iter().filter(|lfn| Some(lfn) != log.as_ref());
        let outputs = outputs.enumerate().map(|(k, lfn)| OutputFile {
            scope: scopes.get(k).cloned(),
            guid: None,
            optional: optional.contains(&lfn),
            lfn,
        });
        Ok(Self {
            id,
            attempt: fields.whole("attemptNr")?.unwrap_or(0),
            name: fields.text("jobName").unwrap_or_default(),
            task: fields.whole("taskID")?,
            transformation: fields.text("transformation").ok_or("transformation is missing")?,
            parameters: fields.text("jobPars").unwrap_or_default(),
            source: fields.text("packedSource").map(sum).transpose()?,
            image: fields.text("container_name"),
            cores,
            memory: mebibytes("minRamCount")?,
            disk: mebibytes("maxDiskCount")?,
            longest_s: positive("maxWalltime")?.map(|s| s as f64),
            inputs: inputs(fields)?,
            outputs: outputs.collect(),
            log: log.map(|lfn| OutputFile {
                lfn,
                scope: fields.text("scopeLog"),
                guid: fields.text("logGUID"),
                optional: false,
            }),
            priority: fields.whole("currentPriority")?.unwrap_or(0),
            debug: fields.text("debug").is_some_and(|word| word.eq_ignore_ascii_case("true")),
            raw: fields.0.clone(),
        })
    }

    /// A further text of the definition, if it is set.
    pub fn text(&self, key: &str) -> Option<String> {
        Fields(&self.raw).text(key)
    }
}

fn sum(text: String) -> Result<String, String> {
    let is_sum = text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let wrong = || format!("packedSource is {text:?}, no SHA-256 in digits of 0-9 and a-f");
    is_sum.then(|| text.clone()).ok_or_else(wrong)
}

fn inputs(fields: Fields) -> Result<Vec<InputFile>, String> {
    let names = fields.list("inFiles");
    let columns = ["scopeIn", "fsize", "checksum"].map(|key| fields.list(key));
    let file = |(k, lfn): (usize, String)| {
        let [scope, size, checksum] = columns.each_ref().map(|column| column.get(k).cloned());
        let size = size.filter(|text| text != "NULL");
        let number = |text: String| text.parse().map_err(|_| format!("the size of {lfn} is {text:?}"));
        let size = size.map(number).transpose()?;
        let checksum = checksum.filter(|text| text != "NULL");
        Ok(InputFile { scope, size, checksum, lfn })
    };
    names.into_iter().enumerate().map(file).collect()
}

/// The fields of a definition.
#[derive(Clone, Copy)]
struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// A text that is set; numbers and truth values as they are written.
    fn text(self, key: &str) -> Option<String> {
        let text = match self.0.get(key)? {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        (!matches!(text.trim(), "" | "NULL" | "None" | "null")).then_some(text)
    }

    /// A whole number that is set.
    fn whole(self, key: &str) -> Result<Option<i64>, String> {
        let Some(text) = self.text(key) else { return Ok(None) };
        let wrong = || format!("{key} is {text:?}, not a whole number");
        if let Ok(number) = text.trim().parse() {
            return Ok(Some(number));
        }
        // Some servers write 3600.0.
        let number: f64 = text.trim().parse().map_err(|_| wrong())?;
        let is_whole = number.fract() == 0.0 && number.abs() < (1_i64 << 53) as f64;
        is_whole.then_some(Some(number as i64)).ok_or_else(wrong)
    }

    /// Texts with commas between them.
    fn list(self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn definition(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn numbers_may_be_texts_and_what_is_unset_has_many_names() {
        let job = Job::from_definition(&definition(json!({
            "PandaID": "3", "attemptNr": 1, "transformation": "http://host/trf/eval.sh",
            "jobPars": "--seed 3 --n 10", "jobName": "testjob.3", "taskID": "77", "coreCount": "1",
            "minRamCount": "0", "maxDiskCount": null, "maxWalltime": "3600", "ioIntensity": "None",
            "inFiles": "", "outFiles": "log.3.tgz,out.3.json", "scopeOut": "mine", "reqID": "NULL",
            "logFile": "log.3.tgz", "logGUID": "6935", "container_name": "NULL", "unheard_of": [1],
        })))
        .unwrap();
        assert_eq!((job.id, job.attempt, job.task, job.cores), (3, 1, Some(77), 1));
        assert_eq!((job.memory, job.disk, job.longest_s), (None, None, Some(3600.0)));
        assert_eq!((job.image.clone(), job.inputs.len(), job.debug), (None, 0, false));
        let [out] = &job.outputs[..] else { panic!("{:?}", job.outputs) };
        assert_eq!((&*out.lfn, out.scope.as_deref(), out.optional), ("out.3.json", Some("mine"), false));
        let log = job.log.as_ref().unwrap();
        assert_eq!((&*log.lfn, log.guid.as_deref()), ("log.3.tgz", Some("6935")));
        assert_eq!(job.raw["unheard_of"], json!([1]), "kept");
        assert_eq!(job.text("reqID"), None);
    }

    #[test]
    fn files_come_in_the_order_of_their_lists() {
        let job = Job::from_definition(&definition(json!({
            "PandaID": 9, "transformation": "/bin/true", "minRamCount": 2000, "maxWalltime": 60.0,
            "coreCount": 8, "debug": "True", "inFiles": "a,b", "scopeIn": "s,t", "fsize": "10,NULL",
            "checksum": "ad:00000001,NULL", "outFiles": "x,y", "allowNoOutput": "y", "container_name": "/i.sif",
        })))
        .unwrap();
        let input = |lfn: &str, scope: &str, size, checksum: Option<&str>| InputFile {
            lfn: lfn.into(),
            scope: Some(scope.into()),
            size,
            checksum: checksum.map(str::to_owned),
        };
        assert_eq!(
            job.inputs,
            [input("a", "s", Some(10), Some("ad:00000001")), input("b", "t", None, None)]
        );
        assert_eq!(job.outputs.iter().map(|o| o.optional).collect::<Vec<_>>(), [false, true]);
        assert_eq!(
            (job.memory, job.longest_s, job.cores, job.debug),
            (Some(2000 << 20), Some(60.0), 8, true)
        );
        assert_eq!((job.image.as_deref(), job.attempt), (Some("/i.sif"), 0));
    }

    #[test]
    fn what_is_no_job_says_so_and_which_one() {
        let error = |value| Job::from_definition(&definition(value)).unwrap_err();
        let wrong = error(json!({"PandaID": 4, "attemptNr": 2, "transformation": "NULL"}));
        assert_eq!((wrong.job, wrong.attempt), (Some(4), 2));
        assert_eq!(wrong.to_string(), "job 4: transformation is missing");
        let wrong = error(json!({"PandaID": 4, "transformation": "x", "coreCount": "many"}));
        assert_eq!(wrong.to_string(), "job 4: coreCount is \"many\", not a whole number");
        let wrong = error(json!({"PandaID": 4, "transformation": "x", "inFiles": "a", "fsize": "-1"}));
        assert_eq!(wrong.to_string(), "job 4: the size of a is \"-1\"");
        let wrong = error(json!({"PandaID": 4, "transformation": "x", "packedSource": "../../etc"}));
        assert_eq!(wrong.why, "packedSource is \"../../etc\", no SHA-256 in digits of 0-9 and a-f");
        assert_eq!(error(json!({})).to_string(), "a job without PandaID: PandaID is missing");
        let wrong = error(json!({"PandaID": 1.5, "transformation": "x"}));
        assert_eq!((wrong.job, wrong.why.as_str()), (None, "PandaID is \"1.5\", not a whole number"));
    }
}
