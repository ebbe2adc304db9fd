//! The directory of one attempt: `RUN/trials/000123/attempt-1/`.

use super::render::{self, Values};
use crate::problem::TrialId;
use std::fs;
use std::path::{Path, PathBuf};

/// Where an attempt's directory is, in the run directory `output`.
pub fn path(output: &Path, trial: TrialId, attempt: u32) -> PathBuf {
    self::trial(output, trial).join(format!("attempt-{attempt}"))
}

/// Where everything of a trial is.
pub(super) fn trial(output: &Path, trial: TrialId) -> PathBuf {
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

/// Writes `parameters.json`, the rendered templates and `command`.
///
/// # Errors
/// In words, with the path.
pub(super) fn fill(
    dir: &Path,
    values: Values,
    templates: &[PathBuf],
    argv: &[String],
) -> Result<(), String> {
    let parameters: serde_json::Map<String, serde_json::Value> = values
        .space
        .parameters
        .iter()
        .zip(values.design)
        .map(|(parameter, value)| (parameter.name.clone(), serde_json::json!(value)))
        .collect();
    let text = format!("{:#}\n", serde_json::Value::Object(parameters));
    write(&dir.join("parameters.json"), &text)?;
    write(&dir.join("command"), &render::shell_line(argv))?;
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
        let dir = path(run.path(), 123, 1);
        assert_eq!(dir, run.path().join("trials/000123/attempt-1"));
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
    fn a_file_in_the_way_is_named() {
        let run = tempfile::tempdir().unwrap();
        fs::write(run.path().join("trials"), "").unwrap();
        assert!(make(&path(run.path(), 1, 1)).unwrap_err().contains("trials/000001"));
    }
}
