//! What a task would do that another one has done: it gets that one's files instead.
//!
//! A task of a stage that says `reuse` is told of nothing but what its command and its templates mention:
//! `parameters.json` has no other parameters, and there is no detector description unless `{geometry}` is
//! asked for. So a hash of what it is told decides what it does. `RUN/reuse/KEY` names the directory of an
//! attempt that ended ok. The files are shared as hard links, so that whoever removes theirs takes nothing
//! from others.

use super::attempt::Bench;
use super::directory::failed;
use super::judge::Evidence;
use super::keep::OWN_RECORDS;
use super::manifest::MANIFEST;
use super::render::{self, Joined, Values};
use super::status::{Status, StepEnd};
use crate::config::Stage;
use crate::pipeline::TaskSpec;
use crate::problem::TaskOutcome;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

/// Below the run directory.
const FOLDER: &str = "reuse";

/// What stands for a task's own directory and detector description in a key: where files are does not
/// matter, only what is in them.
const HERE: &str = "{task.dir}";
const GEOMETRY: &str = "{geometry}";

/// An attempt whose files another one may have.
#[derive(Debug)]
pub(super) struct Found {
    /// Its directory, below the run directory.
    pub(super) attempt: PathBuf,
    pub(super) outcome: TaskOutcome,
}

/// What a task of a stage that says `reuse` is told of.
#[derive(Debug)]
pub(super) struct Content {
    /// A hash of all of it, 64 hexadecimal digits; `None` if that of an input is not known: then nothing is
    /// shared.
    pub(super) key: Option<String>,
    /// By parameter, whether it is among it.
    pub(super) parameters: Vec<bool>,
    /// Whether the trial's detector description is.
    pub(super) geometry: bool,
}

impl Bench {
    /// What a task is told of; `values` with its own places, `inputs` the directories of the attempts that it
    /// reads, in their order. `None` if its stage does not say `reuse`.
    ///
    /// # Errors
    /// A template cannot be read or rendered, in words.
    pub(super) fn content(&self, values: Values, inputs: &[PathBuf]) -> Result<Option<Content>, String> {
        let Some((stage, spec)) = values.task.filter(|(stage, _)| stage.reuse) else { return Ok(None) };
        let command = &stage.command;
        let read = |path: &PathBuf| fs::read_to_string(path).map_err(|e| failed("read", path, &e));
        let templates: Vec<String> = command.templates.iter().map(read).collect::<Result<_, _>>()?;
        let arguments = command.programs().concat();
        let mentioned =
            |word: &str| arguments.iter().chain(&templates).any(|text| render::mentions(text, word));
        let is_mentioned = |name: &str| mentioned(name) || mentioned(&format!("param.{name}"));
        let parameters: Vec<bool> =
            values.space.parameters.iter().map(|p| is_mentioned(&p.name)).collect();
        let geometry = mentioned("geometry");
        let keys: Option<Vec<String>> = inputs.iter().map(|dir| key_of(dir)).collect();
        let Some(keys) = keys else { return Ok(Some(Content { key: None, parameters, geometry })) };

        // The very texts that it gets, but for the places of files.
        let joined: Vec<Joined> = values
            .inputs
            .iter()
            .zip(inputs.iter().zip(&keys))
            .map(|(joined, (dir, key))| joined.elsewhere(&dir.to_string_lossy(), key))
            .collect();
        let there = self.layout.as_ref().map(|_| GEOMETRY);
        let values = Values { dir: HERE, inputs: &joined, geometry: there, ..values };
        let mut parts = vec![
            stage.name.clone(),
            format!("{:?} {:?} {}", spec.values(stage).collect::<Vec<_>>(), spec.chunk, values.seed),
            format!("{:?} {:?} {:?}", command.outputs, command.result, command.env),
            if stage.container { self.container_settings.clone() } else { String::new() },
        ];
        for argument in &arguments {
            parts.extend(render::argument(argument, values)?);
        }
        for template in &templates {
            parts.push(render::template(template, values)?);
        }
        let told = parameters.iter().zip(values.design).filter(|(told, _)| **told);
        parts.extend(told.map(|(_, value)| value.to_string()));
        if let (true, Some(layout)) = (geometry, &self.layout) {
            let overlay = layout.overlay("", values.space, values.design);
            parts.extend(overlay.files.into_iter().flat_map(|(name, text)| [name, text]));
        }
        parts.extend(keys);
        Ok(Some(Content { key: Some(hash(&parts)), parameters, geometry }))
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

/// Lengths keep "a", "bc" apart from "ab", "c".
fn hash(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
    fn parts_do_not_run_into_one_another() {
        let of = |parts: &[&str]| hash(&parts.iter().map(|p| (*p).to_owned()).collect::<Vec<_>>());
        assert_ne!(of(&["a", "bc"]), of(&["ab", "c"]));
        // SHA-256 of the length 3 in eight bytes and "abc", by Python's hashlib.
        assert_eq!(of(&["abc"]), "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
    }

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
