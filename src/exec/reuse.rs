//! What a task would do that another one has done: it gets that one's files instead.
//!
//! `RUN/reuse/KEY` names the directory of an attempt that ended ok, KEY being a hash of everything that
//! decides what a task of its stage does. The files are shared as hard links, so that whoever removes
//! theirs takes nothing from others.

use super::attempt::Bench;
use super::directory::failed;
use super::judge::Evidence;
use super::keep::OWN_RECORDS;
use super::manifest::MANIFEST;
use super::status::{Status, StepEnd};
use crate::config::Stage;
use crate::geometry::content_key;
use crate::pipeline::TaskSpec;
use crate::problem::{Design, TaskOutcome};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Below the run directory.
const FOLDER: &str = "reuse";

/// An attempt whose files another one may have.
#[derive(Debug)]
pub(super) struct Found {
    /// Its directory, below the run directory.
    pub(super) attempt: PathBuf,
    pub(super) outcome: TaskOutcome,
}

impl Bench {
    /// The key of a task of a stage that says `reuse`; `None` if it says so not, or if the key of an input
    /// (the directories of `inputs`) is not known: then nothing is shared.
    ///
    /// # Errors
    /// A template cannot be read, in words.
    pub(super) fn content(
        &self,
        spec: &TaskSpec,
        seed: u32,
        design: &Design,
        inputs: &[PathBuf],
    ) -> Result<Option<String>, String> {
        let stage = &self.stages[spec.stage].0;
        if !stage.reuse {
            return Ok(None);
        }
        let command = &stage.command;
        let mut arguments: Vec<String> = command.programs().concat();
        arguments.extend(command.env.iter().map(|(name, value)| format!("{name}={value}")));
        let read = |path: &PathBuf| fs::read_to_string(path).map_err(|e| failed("read", path, &e));
        let templates: Vec<String> = command.templates.iter().map(read).collect::<Result<_, _>>()?;
        let mut others = vec![
            stage.name.clone(),
            format!("{:?}", spec.values(stage).collect::<Vec<_>>()),
            format!("{:?} {seed}", spec.chunk),
            format!("{:?} {:?}", command.outputs, command.result),
            if stage.container { self.container_settings.clone() } else { String::new() },
        ];
        for input in inputs {
            let Some(key) = key_of(input) else { return Ok(None) };
            others.push(key);
        }
        let (layout, space) = (self.layout.as_ref(), &self.problem.space);
        Ok(Some(content_key(&arguments, &templates, layout, space, design, &others)))
    }

    /// The attempt that has done what the key stands for, if it is known and its files still say that it
    /// ended ok.
    pub(super) fn done_before(&self, key: &str, spec: &TaskSpec) -> Option<Found> {
        let attempt = PathBuf::from(fs::read_to_string(self.output.join(FOLDER).join(key)).ok()?);
        // It leads nowhere but to an attempt of this run.
        if !attempt.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        let dir = self.output.join(&attempt);
        if key_of(&dir)? != key {
            return None;
        }
        let (Stage { command, .. }, wanted) = &self.stages[spec.stage];
        let name = |argv: &&[String]| argv.first().cloned().unwrap_or_default();
        let ok = |name| StepEnd { name, status: Status::Code(0) };
        let ends: Vec<StepEnd> = command.programs().iter().map(name).map(ok).collect();
        let evidence = Evidence {
            command,
            wanted,
            ends: &ends,
            logs: &dir,
            work: &dir,
            out_of_memory: None,
            events: spec.chunk.map(|chunk| chunk.count),
        };
        let outcome = evidence.outcome();
        matches!(outcome, TaskOutcome::Ok(_)).then_some(Found { attempt, outcome })
    }

    /// Lets others have what the attempt in `dir` did. A failure costs no more than the work of doing it
    /// again.
    pub(super) fn offer(&self, key: &str, dir: &Path) {
        let Ok(attempt) = dir.strip_prefix(&self.output) else { return };
        let folder = self.output.join(FOLDER);
        let beside = folder.join(format!("{key}.{}", super::process::unique()));
        let offered = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&beside, attempt.as_os_str().as_encoded_bytes()))
            .and_then(|()| fs::rename(&beside, folder.join(key)));
        if let Err(e) = offered {
            tracing::warn!("what {} did cannot be reused: {e}", dir.display());
        }
    }
}

/// The key that the manifest of an attempt has.
fn key_of(dir: &Path) -> Option<String> {
    let text = fs::read_to_string(dir.join(MANIFEST)).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    manifest["content"].as_str().map(str::to_owned)
}

/// Gives the directory `to` the files of the attempt in `from`, but for those that say what an attempt was.
///
/// # Errors
/// In words, with the path.
pub(super) fn share(from: &Path, to: &Path) -> Result<(), String> {
    for entry in fs::read_dir(from).map_err(|e| failed("read", from, &e))? {
        let name = entry.map_err(|e| failed("read", from, &e))?.file_name();
        if OWN_RECORDS.iter().all(|own| name != *own) {
            let source = from.join(&name);
            link(&source, &to.join(&name)).map_err(|e| failed("share", &source, &e))?;
        }
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            link(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    match fs::hard_link(from, to) {
        // Some parallel file systems have no hard links, or not between any two folders.
        Err(e) if e.kind() != ErrorKind::AlreadyExists => fs::copy(from, to).map(drop),
        linked => linked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn shared_files_are_links_and_records_stay_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir_all(from.join("plots/deep")).unwrap();
        fs::create_dir(&to).unwrap();
        for name in ["stdout", "out.root", "plots/deep/x.png", "parameters.json", "manifest.json"] {
            fs::write(from.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("out.root", from.join("latest")).unwrap();
        fs::write(to.join("parameters.json"), "own").unwrap();
        share(&from, &to).unwrap();
        for name in ["stdout", "out.root", "plots/deep/x.png", "latest"] {
            let (a, b) = (fs::metadata(from.join(name)).unwrap(), fs::metadata(to.join(name)).unwrap());
            assert_eq!(a.ino(), b.ino(), "{name}");
        }
        assert_eq!(fs::read_link(to.join("latest")).unwrap(), Path::new("out.root"));
        assert_eq!(fs::read_to_string(to.join("parameters.json")).unwrap(), "own");
        assert!(!to.join("manifest.json").exists());
        fs::remove_dir_all(&from).unwrap();
        assert_eq!(fs::read_to_string(to.join("out.root")).unwrap(), "out.root");
        assert!(share(&from, &to).unwrap_err().contains("/a"));
    }
}
