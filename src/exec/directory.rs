//! The directory of one attempt: `RUN/trials/000123/attempt-1/`, in a study with stages
//! `RUN/trials/000123/STAGE/KEY/attempt-1/`.

use super::render::{self, Values};
use crate::problem::TrialId;
use std::fs;
use std::path::{Path, PathBuf};

/// Where an attempt's directory is, in the run directory `output`; `below` leads from the trial's
/// directory to the task's.
pub fn path(output: &Path, trial: TrialId, below: Option<&Path>, attempt: u32) -> PathBuf {
    let trial = of_trial(output, trial);
    let task = below.map_or_else(|| trial.clone(), |below| trial.join(below));
    task.join(format!("attempt-{attempt}"))
}

/// Where a trial's directory is.
pub(super) fn of_trial(output: &Path, trial: TrialId) -> PathBuf {
    output.join("trials").join(format!("{trial:06}"))
}

/// Makes an empty directory. One of the same name, left by a session that was killed, is renamed
/// to `attempt-1.old-1` (or the next free number): nothing of it is lost, nothing of it is read.
///
/// # Errors
/// In words, with the path.
pub(super) fn make(dir: &Path) -> Result<(), String> {
    if let Some(parent) = dir.parent() {
        fs::create_dir_all(parent).map_err(|e| failed("make directory", parent, &e))?;
    }
    if dir.exists() {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let aside =
            (1_u32..).map(|n| dir.with_file_name(format!("{name}.old-{n}"))).find(|path| !path.exists());
        if let Some(aside) = aside {
            fs::rename(dir, &aside).map_err(|e| failed("move aside", dir, &e))?;
        }
    }
    fs::create_dir(dir).map_err(|e| failed("make directory", dir, &e))
}

/// Writes `parameters.json`, `inputs.json` in a study with stages, and `command`, a line per program.
///
/// # Errors
/// In words, with the path.
pub(super) fn record(dir: &Path, values: Values, programs: &[Vec<String>]) -> Result<(), String> {
    let text = format!("{:#}\n", parameters(values));
    write(&dir.join("parameters.json"), &text)?;
    if let Some(inputs) = inputs(values) {
        write(&dir.join("inputs.json"), &format!("{inputs:#}\n"))?;
    }
    let lines: String = programs.iter().map(|argv| render::shell_line(argv)).collect();
    write(&dir.join("command"), &lines)
}

/// The design by name, as far as the attempt is told of it.
fn parameters(values: Values) -> serde_json::Value {
    let is_seen = |k: &usize| values.seen.is_none_or(|seen| seen[*k]);
    let named = values.space.parameters.iter().zip(values.design).enumerate();
    let named = named.filter(|(k, _)| is_seen(k)).map(|(_, named)| named);
    named.map(|(parameter, value)| (parameter.name.clone(), serde_json::json!(value))).collect()
}

/// What a function is told: what is in `parameters.json` and `inputs.json`, and where it is.
pub(super) fn context(values: Values, attempt: u32) -> serde_json::Value {
    let mut context = inputs(values).unwrap_or_else(|| serde_json::json!({ "trial": values.trial }));
    context["parameters"] = parameters(values);
    context["seed"] = values.seed.into();
    context["attempt"] = attempt.into();
    context["directory"] = values.dir.into();
    context
}

/// What a task is about: its stage, key, events and seed, and where the outputs are that it reads.
fn inputs(values: Values) -> Option<serde_json::Value> {
    let (stage, task) = values.task?;
    let key: serde_json::Map<String, serde_json::Value> = task
        .values(stage)
        .map(|(axis, value)| {
            let fields =
                value.fields.iter().map(|(name, field)| (name.clone(), serde_json::json!(field)));
            let fields: serde_json::Map<String, serde_json::Value> = fields.collect();
            (axis.to_owned(), serde_json::json!({ "label": value.label, "fields": fields }))
        })
        .collect();
    let events = task.chunk.map(
        |chunk| serde_json::json!({ "index": chunk.index, "first": chunk.first, "count": chunk.count }),
    );
    let inputs = values.inputs.iter().map(|input| {
        let labels: serde_json::Map<String, serde_json::Value> =
            input.labels.iter().map(|(axis, label)| (axis.clone(), label.as_str().into())).collect();
        serde_json::json!({ "stage": input.stage, "key": labels, "paths": input.paths })
    });
    Some(serde_json::json!({
        "trial": values.trial,
        "stage": stage.name,
        "key": key,
        "events": events,
        "seed": values.seed,
        "inputs": inputs.collect::<Vec<_>>(),
    }))
}

/// Renders the templates into the directory where the payload works.
///
/// # Errors
/// In words, with the path.
pub(super) fn render_templates(dir: &Path, values: Values, templates: &[PathBuf]) -> Result<(), String> {
    for template in templates {
        let text = fs::read_to_string(template).map_err(|e| failed("read template", template, &e))?;
        let text = render::template(&text, values)
            .map_err(|reason| format!("template {}: {reason}", template.display()))?;
        let name = template.file_name().ok_or_else(|| format!("{} is no file", template.display()))?;
        let target = dir.join(name);
        write(&target, &text)?;
        // A template may be a script.
        fs::metadata(template)
            .and_then(|meta| fs::set_permissions(&target, meta.permissions()))
            .map_err(|e| failed("set permissions of", &target, &e))?;
    }
    Ok(())
}

/// Whether more than `least` bytes are free where `dir` is.
///
/// # Errors
/// They are not, or that cannot be found out, in words.
pub(super) fn room(dir: &Path, least: u64) -> Result<(), String> {
    let free = free(dir).map_err(|e| failed("find the free space of", dir, &e))?;
    if free >= least {
        return Ok(());
    }
    Err(too_full(dir, free, least))
}

/// Bytes that this user may still write where `dir` is.
pub(super) fn free(dir: &Path) -> std::io::Result<u64> {
    let facts = rustix::fs::statvfs(dir)?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// What is said of a file system without the room that is asked for.
pub(super) fn too_full(dir: &Path, free: u64, least: u64) -> String {
    format!(
        "only {} are free where {} is, and [limits] disk asks for {}",
        amount(free),
        dir.display(),
        amount(least)
    )
}

/// Bytes for people: "3.9 GB".
pub(super) fn amount(bytes: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let unit = UNITS.iter().find(|(_, size)| bytes as f64 >= *size);
    unit.map_or(format!("{bytes} bytes"), |(name, size)| format!("{:.1} {name}", bytes as f64 / size))
}

/// Writes and removes a file of a page's size.
///
/// # Errors
/// In words, with the path.
pub(super) fn try_writing(dir: &Path) -> Result<(), String> {
    let path = dir.join(".paretorank-room");
    let written = fs::write(&path, [0; 4096]).map_err(|e| failed("write", &path, &e));
    // What was never made need not be removed.
    let _ = fs::remove_file(&path);
    written
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| failed("write", path, &e))
}

/// "cannot …, the path, why".
pub(super) fn failed(what: &str, path: &Path, why: &std::io::Error) -> String {
    format!("cannot {what} {}: {why}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_attempt_is_moved_aside_not_mixed() {
        let run = tempfile::tempdir().unwrap();
        let dir = path(run.path(), 123, None, 1);
        assert_eq!(dir, run.path().join("trials/000123/attempt-1"));
        let of_task = path(run.path(), 123, Some("sim/pi+,low".as_ref()), 2);
        assert_eq!(of_task, run.path().join("trials/000123/sim/pi+,low/attempt-2"));
        for n in 0..3 {
            make(&dir).unwrap();
            assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
            fs::write(dir.join("result.json"), n.to_string()).unwrap();
        }
        let old = |n: u32| {
            fs::read_to_string(run.path().join(format!("trials/000123/attempt-1.old-{n}/result.json")))
        };
        assert_eq!((old(1).unwrap(), old(2).unwrap()), ("0".into(), "1".into()));
        assert!(old(3).is_err());
    }

    #[test]
    fn whether_there_is_room_is_tried_without_a_trace() {
        let run = tempfile::tempdir().unwrap();
        try_writing(run.path()).unwrap();
        assert_eq!(fs::read_dir(&run).unwrap().count(), 0);
        assert!(try_writing(&run.path().join("gone")).unwrap_err().contains("gone"));
    }

    #[test]
    fn room_is_asked_for_in_words() {
        let run = tempfile::tempdir().unwrap();
        assert_eq!(room(run.path(), 1), Ok(()));
        let error = room(run.path(), u64::MAX).unwrap_err();
        assert!(error.starts_with("only ") && error.contains("[limits] disk asks for "), "{error}");
        assert!(room(&run.path().join("gone"), 1).unwrap_err().contains("gone"));
        let texts = [999, 1_000, 123_456_789, 4_000_000_000].map(amount);
        assert_eq!(texts, ["999 bytes", "1.0 kB", "123.5 MB", "4.0 GB"]);
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let run = tempfile::tempdir().unwrap();
        fs::write(run.path().join("trials"), "").unwrap();
        assert!(make(&path(run.path(), 1, None, 1)).unwrap_err().contains("trials/000001"));
    }
}
