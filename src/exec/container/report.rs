//! What `paretorank check` says of a container on this machine.

use super::engine::Before;
use super::{Found, find, stage};
use crate::config::{self, Engine, Image};
use crate::exec::{program, scratch};
use std::path::Path;
use std::time::Duration;

/// Long enough for an engine on a file system that has just been mounted.
const ANSWER: Duration = Duration::from_secs(20);

/// Names and values: the engine that would be taken here and its version, and what the image is.
///
/// # Errors
/// No engine that suits, or no image, in words.
pub(in crate::exec) fn check_container(
    settings: &config::Container,
) -> Result<Vec<(&'static str, String)>, String> {
    if settings.engine == Engine::None {
        return Ok(vec![("engine", "none: commands run on the node itself".to_owned())]);
    }
    let Found { engine, kind, source } = find(settings)?;
    let (name, at) = (engine.runner.program(), engine.program.display());
    let mut rows = vec![
        ("engine", format!("{name} {} ({at})", version(&engine.program)?)),
        ("image", format!("{source}: {}", kind.shown())),
    ];
    if let (Image::Path(path), true) = (&source, engine.before != Before::Nothing) {
        let copy = stage::place_of(&scratch::place(), path, engine.before)?;
        let how = if engine.before == Before::Copy { "copied" } else { "unpacked" };
        let there = if copy.exists() { "is there" } else { "will be made by the first rank" };
        rows.push(("stage", format!("{how} on each node: {} {there}", copy.display())));
    }
    if name == "ch-run" && settings.binds.iter().any(|bind| bind.read_only) {
        rows.push(("binds", "writable: ch-run has no read-only ones".to_owned()));
    }
    Ok(rows)
}

/// Whether the engine and the image are there.
///
/// # Errors
/// What is not, in words.
pub(in crate::exec) fn probe_container(settings: &config::Container) -> Result<(), String> {
    if settings.engine == Engine::None { Ok(()) } else { find(settings).map(|_| ()) }
}

/// The last word of what an engine says: `apptainer version 1.3.2`, `0.31`.
fn version(program: &Path) -> Result<String, String> {
    // Charliecloud says it on standard error, and nothing at all without a user's name.
    let ask = "USER=${USER:-none} exec \"$0\" --version 2>&1";
    let text = program::answer("/bin/sh", &["-c", ask, &program.to_string_lossy()], ANSWER)?;
    Ok(text.split_whitespace().last().unwrap_or("of unknown version").to_owned())
}
