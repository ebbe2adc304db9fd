//! What stays of an attempt's files when its trial has ended.

use super::directory::{self, failed};
use super::manifest::MANIFEST;
use super::stage;
use crate::config::{Evaluator, Keep, Stage, Study};
use crate::pipeline::Plan;
use crate::problem::TrialId;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path};

/// Files that tell what an attempt was; small, and always kept.
const RECORDS: [&str; 6] = ["parameters.json", "inputs.json", "command", MANIFEST, "stdout", "stderr"];
/// Those that say what this attempt was, and no other.
pub(super) const OWN_RECORDS: [&str; 4] = ["parameters.json", "inputs.json", "command", MANIFEST];

/// An attempt of a trial that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedAttempt {
    /// Position of the task in the plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Whether it ended ok.
    pub is_ok: bool,
}

/// Removes what a study does not want to keep of the attempts of a trial that has ended: all but the
/// result and the records of stages with `keep = "results"`, the same of ok attempts with
/// `keep = "failed"`. Returns the bytes that were freed. It may take long on a parallel file system.
///
/// # Errors
/// The first thing that could not be removed, in words; the others are removed all the same.
pub fn tidy(
    study: &Study,
    plan: &Plan,
    trial: TrialId,
    attempts: &[EndedAttempt],
) -> Result<u64, String> {
    let Evaluator::Pipeline(pipeline) = &study.evaluator else { return Ok(0) };
    let (mut freed, mut wrong) = (0, None);
    for ended in attempts {
        let Some(task) = plan.tasks.get(ended.task as usize) else { continue };
        let stage = &pipeline.stages[task.stage];
        if !loses(stage.keep, ended.is_ok) {
            continue;
        }
        let below = task.directory(stage);
        let dir = directory::path(&study.output, trial, Some(&below), ended.attempt);
        match empty(&dir, &kept(stage)) {
            Ok(bytes) => freed += bytes,
            Err(reason) => wrong = wrong.or(Some(reason)),
        }
    }
    wrong.map_or(Ok(freed), Err)
}

/// Whether what an attempt that ended ok has to leave for later tasks is still there: its outputs, or its
/// result if it has none, and none of them empty. A study without stages has no later tasks.
pub fn outputs_are_there(study: &Study, plan: &Plan, trial: TrialId, task: u32, attempt: u32) -> bool {
    let Evaluator::Pipeline(pipeline) = &study.evaluator else { return true };
    let Some(spec) = plan.tasks.get(task as usize) else { return false };
    let stage = &pipeline.stages[spec.stage];
    let dir = directory::path(&study.output, trial, Some(&spec.directory(stage)), attempt);
    let is_there = |file: &Path| fs::metadata(dir.join(file)).is_ok_and(|m| m.is_dir() || m.len() > 0);
    stage::products(&stage.command).into_iter().all(is_there)
}

/// Whether an attempt loses its files.
fn loses(keep: Keep, is_ok: bool) -> bool {
    match keep {
        Keep::All => false,
        Keep::Results => true,
        Keep::Failed => is_ok,
    }
}

/// Names in an attempt's directory that always stay. A result in a directory keeps that directory.
fn kept(stage: &Stage) -> BTreeSet<OsString> {
    let result = stage.command.result.as_ref().and_then(|file| {
        let mut parts = file.path().components();
        parts.find_map(|part| if let Component::Normal(name) = part { Some(name.into()) } else { None })
    });
    RECORDS.iter().map(OsString::from).chain(result).collect()
}

/// Removes everything else from a directory; its bytes.
fn empty(dir: &Path, kept: &BTreeSet<OsString>) -> Result<u64, String> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        // An attempt that could not start has none.
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(failed("list", dir, &e)),
    };
    let (mut freed, mut wrong) = (0, None);
    for entry in entries.flatten().filter(|e| !kept.contains(&e.file_name())) {
        match remove(&entry.path()) {
            Ok(bytes) => freed += bytes,
            Err(e) => wrong = wrong.or_else(|| Some(failed("remove", &entry.path(), &e))),
        }
    }
    wrong.map_or(Ok(freed), Err)
}

/// Removes a file, a link or a directory with all below; its bytes.
fn remove(path: &Path) -> std::io::Result<u64> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_dir() {
        fs::remove_file(path)?;
        return Ok(meta.len());
    }
    let mut freed = 0;
    for entry in fs::read_dir(path)? {
        freed += remove(&entry?.path())?;
    }
    fs::remove_dir(path)?;
    Ok(freed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Command, ResultFile};

    #[test]
    fn who_loses_files() {
        assert!(!loses(Keep::All, true) && !loses(Keep::All, false));
        assert!(loses(Keep::Results, true) && loses(Keep::Results, false));
        assert!(loses(Keep::Failed, true) && !loses(Keep::Failed, false));
    }

    #[test]
    fn records_and_result_stay_and_links_are_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let (dir, outside) = (place.path().join("attempt-1"), place.path().join("outside"));
        fs::create_dir_all(dir.join("out")).unwrap();
        fs::create_dir_all(dir.join("plots/more")).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("precious"), "x").unwrap();
        let write = |name: &str, bytes: usize| fs::write(dir.join(name), vec![b'x'; bytes]).unwrap();
        for name in RECORDS {
            write(name, 10);
        }
        write("out/result.json", 7);
        write("sim.root", 1000);
        write("plots/more/a.png", 100);
        std::os::unix::fs::symlink(&outside, dir.join("link")).unwrap();
        let mut stage = stage::alone(Command::new(vec![]));
        stage.command.result = Some(ResultFile::Json("./out/result.json".into()));
        let freed = empty(&dir, &kept(&stage)).unwrap();
        assert!((1100..1400).contains(&freed), "{freed}");
        let mut left: Vec<_> = fs::read_dir(&dir).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        let mut want: Vec<OsString> = RECORDS.iter().map(OsString::from).collect();
        want.push("out".into());
        want.sort();
        assert_eq!(left, want);
        assert!(outside.join("precious").exists());
        assert_eq!(empty(&dir, &kept(&stage)), Ok(0));
        assert_eq!(empty(&dir.join("never"), &kept(&stage)), Ok(0));
    }
}
