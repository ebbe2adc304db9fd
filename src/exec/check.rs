//! Whether a study can run on this machine, before it does.

use super::container::check_container;
use super::program::check_command;
use super::python;
use super::stage::stages;
use crate::config::Study;

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
