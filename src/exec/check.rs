//! Whether a study can run on this machine, before it does.

use super::container::{check_container, probe_container};
use super::program::check_command;
use super::python;
use super::stage::stages;
use crate::config::Study;
use rustix::fs::{Access, access};

/// Whether the programs of a study can be started here: they are there and executable, their templates
/// can be read, Python functions can be imported, and there are an engine and an image for the container. Returns names and values of what
/// was found for the container. Programs inside are not looked for.
///
/// # Errors
/// The first thing that is wrong, in words.
pub fn check(study: &Study) -> Result<Vec<(&'static str, String)>, String> {
    for (stage, _) in stages(study).iter().flatten() {
        check_command(&stage.command, stage.container && study.container.is_some())?;
        if let Some(function) = &stage.command.function {
            python::check(&stage.command, function)?;
        }
    }
    study.container.as_ref().map_or(Ok(vec![]), check_container)
}

/// Whether this host has what a rank needs, as far as a look tells, which costs next to nothing: the run directory,
/// which rank 0 has made, the programs and templates, and the container's engine and image.
///
/// # Errors
/// The first thing that is missing, in words.
pub fn probe(study: &Study) -> Result<(), String> {
    let run = &study.output;
    if !run.is_dir() {
        let run = run.display();
        return Err(format!(
            "the run directory {run} is not there: every node must have it, on a shared file system"
        ));
    }
    access(run, Access::WRITE_OK)
        .map_err(|e| format!("the run directory {} cannot be written to: {e}", run.display()))?;
    for (stage, _) in stages(study).iter().flatten() {
        check_command(&stage.command, stage.container && study.container.is_some())?;
    }
    study.container.as_ref().map_or(Ok(()), probe_container)
}
