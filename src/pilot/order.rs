//! From a queue's job to what a rank is told.

use crate::job::{JobId, Order, Output};
use crate::panda::{InputFile, Job};
use std::path::{Path, PathBuf};

/// Where a pilot finds and puts things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// Directory of the pilot.
    pub directory: PathBuf,
    /// Where input files are that are named without a path.
    pub inputs: PathBuf,
}

impl Places {
    /// Where an input file is: its own path or `file:` address, or `SCOPE/LFN` or `LFN` in the folder of
    /// inputs.
    fn input(&self, file: &InputFile) -> (String, PathBuf) {
        let path = Path::new(file.lfn.strip_prefix("file://").unwrap_or(&file.lfn));
        let name = path.file_name().map_or(file.lfn.clone(), |name| name.to_string_lossy().into_owned());
        if path.is_absolute() {
            return (name, path.to_owned());
        }
        let scoped = file.scope.as_ref().map(|scope| self.inputs.join(scope).join(path));
        let scoped = scoped.filter(|scoped| scoped.exists());
        (name, scoped.unwrap_or_else(|| self.inputs.join(path)))
    }

    /// What a rank is told about a job whose executable is `program`, with files of its own in `source`.
    pub(super) fn order(&self, job: &Job, program: &Path, source: Option<PathBuf>) -> Order {
        let env = [
            ("PanDA_TaskID", job.task.map(|task| task.to_string())),
            ("PANDA_JOB_NAME", Some(job.name.clone())),
        ];
        let env = env.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Order {
            id: JobId { job: job.id, attempt: job.attempt },
            program: program.to_string_lossy().into_owned(),
            arguments: job.parameters.clone(),
            source,
            env: env.collect(),
            image: job.image.clone(),
            cores: job.cores,
            memory: job.memory,
            timeout_s: job.longest_s,
            inputs: job.inputs.iter().map(|file| self.input(file)).collect(),
            outputs: job
                .outputs
                .iter()
                .map(|file| Output { name: file.lfn.clone(), optional: file.optional })
                .collect(),
            log: job.log.as_ref().map(|log| log.lfn.clone()),
        }
    }
}
