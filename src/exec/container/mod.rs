//! Programs inside a container.
//!
//! What runs is always `container.sh` in the attempt's directory; see [`script`] for what it does and
//! [`engine`] for how an engine is told to run it. An engine that fails, a prologue that fails and an
//! image that is not there are told from a program that fails: they are faults of the machine.

mod choice;
mod engine;
mod image;
mod mounts;
mod report;
mod script;
mod stage;

#[cfg(test)]
mod tests;

pub(super) use report::{check_container, probe_container};
pub(super) use script::start_s;

use super::{directory, program, scratch};
use crate::config::{self, Engine, Image, Staging};
use choice::Chosen;
use engine::{Before, Run};
use image::Kind;
use script::State;
use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

/// The container of a study, on this node.
#[derive(Debug)]
pub(super) struct Container {
    settings: config::Container,
    /// Where copies of images are made.
    place: PathBuf,
    ready: RefCell<Option<Ready>>,
    staging: RefCell<Option<Staged>>,
}

/// An image that is being staged, or was, for the next program.
#[derive(Debug)]
enum Staged {
    Running(JoinHandle<Result<Ready, String>>),
    Done(Result<Ready, String>),
}

/// A program to be run inside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Launch<'a> {
    /// Program and arguments, as inside.
    pub(super) program: &'a [String],
    /// Working directory.
    pub(super) dir: &'a Path,
    /// The attempt's directory, for the script and what it says.
    pub(super) files: &'a Path,
    /// Host paths that are seen inside at the same place, and writable: at least `dir` and `files`.
    pub(super) binds: &'a [PathBuf],
    /// All variables of the program, beside the study's own for its container; of a name in both, this one
    /// counts.
    pub(super) env: &'a [(String, String)],
}

/// What is to be started in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spawn {
    /// Its path.
    pub(super) program: PathBuf,
    /// Its arguments.
    pub(super) args: Vec<OsString>,
    /// Changes to the environment of the call; `None`: not set.
    pub(super) env: Vec<(OsString, Option<OsString>)>,
}

/// An engine and an image that it can run.
#[derive(Debug)]
struct Ready {
    engine: Chosen,
    kind: Kind,
    /// Where the engine finds it: the copy, if there is one.
    image: OsString,
}

impl Ready {
    /// Where the image lies, if it is something on a disk.
    fn path(&self) -> Option<&Path> {
        (self.kind != Kind::Name).then(|| Path::new(&self.image))
    }

    fn is_gone(&self) -> bool {
        self.path().is_some_and(|path| !path.exists())
    }
}

impl Container {
    /// The container of a study; copies of images go to the node's own scratch directory.
    pub(super) fn new(settings: config::Container) -> Self {
        let (ready, staging) = (RefCell::new(None), RefCell::new(None));
        Self { settings, place: scratch::place(), ready, staging }
    }

    /// Whether [`Container::wrap`] will answer at once. An image is staged in a thread, at the first call on
    /// a node and after somebody removed the copy: until then the answer is no, and the rank goes on hearing.
    pub(super) fn is_ready(&self) -> bool {
        if self.settings.engine == Engine::None
            || self.settings.stage == Staging::None
            || self.ready.borrow().as_ref().is_some_and(|ready| !ready.is_gone())
        {
            return true;
        }
        let (next, is_done) = match self.staging.take() {
            None => {
                let (settings, place) = (self.settings.clone(), self.place.clone());
                (Staged::Running(std::thread::spawn(move || make_ready(&settings, &place))), false)
            }
            Some(Staged::Running(thread)) if thread.is_finished() => {
                let panicked = |_| Err("the staging of the image panicked".to_owned());
                (Staged::Done(thread.join().unwrap_or_else(panicked)), true)
            }
            Some(Staged::Running(thread)) => (Staged::Running(thread), false),
            Some(done) => (done, true),
        };
        self.staging.replace(Some(next));
        is_done
    }

    /// Writes the script for a program, and says how to start it inside. Blocks while the image is
    /// staged, unless [`Container::is_ready`] has said yes before.
    ///
    /// # Errors
    /// No engine, no image, no mount point; in words. None of them is the program's fault.
    pub(super) fn wrap(&self, launch: &Launch) -> Result<Spawn, String> {
        let settings = &self.settings;
        let prologue = settings.prologue.as_deref();
        let (at, state) = (launch.files.join(script::SCRIPT), launch.files.join(script::STATE));
        let env: Vec<(String, String)> = settings.env.iter().chain(launch.env).cloned().collect();
        let text = script::text(launch.program, launch.dir, &env, prologue, &state)?;
        fs::write(&at, text).map_err(|e| directory::failed("write", &at, &e))?;
        // Of an earlier call here; it would speak for this one if the engine failed.
        match fs::remove_file(&state) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(directory::failed("remove", &state, &e));
            }
            _ => {}
        }
        let shell = script::shell(prologue);
        if settings.engine == Engine::None {
            return Ok(Spawn { program: shell.into(), args: vec![at.into()], env: vec![] });
        }
        self.prepare()?;
        let ready = self.ready.borrow();
        let Some(ready) = ready.as_ref() else { return Err("no image is ready".to_owned()) };
        let binds = mounts::all(&settings.binds, launch.binds)?;
        let unpacked = matches!(ready.engine.before, Before::Unpack) || ready.kind == Kind::Directory;
        let kind = if unpacked { Kind::Directory } else { ready.kind };
        let image = Path::new(&ready.image);
        let makes_points = ready.engine.runner.makes_mount_points();
        if kind == Kind::Directory && !makes_points && !self.has_option("--write-fake") {
            mounts::make_points(image, &binds)?;
        }
        let args = ready.engine.runner.argv(&Run {
            image: &ready.image,
            kind,
            has_variables: kind == Kind::Directory && image.join("ch/environment").is_file(),
            binds: &binds,
            dir: launch.dir,
            options: &settings.options,
            script: [OsStr::new(shell), at.as_os_str()],
        });
        Ok(Spawn { program: ready.engine.program.clone(), args, env: call_environment() })
    }

    /// Why it was not the program that failed, if so: after a call that ended with this exit code
    /// (`None`: by a signal), and whose last step said `last_step`.
    pub(super) fn fault(
        &self,
        files: &Path,
        code: Option<i32>,
        last_step: Option<i32>,
    ) -> Option<String> {
        let engine = self.settings.engine;
        let ended = code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        let ready = self.ready.borrow();
        let (name, image) = match ready.as_ref() {
            Some(ready) => (ready.engine.runner.program(), format!(" from the image {}", self.image())),
            None => (engine.name(), String::new()),
        };
        if let Some(gone) = ready.as_ref().filter(|ready| ready.is_gone()) {
            let path = Path::new(&gone.image).display();
            return Some(format!("the image {path} is not there any more ({ended})"));
        }
        match script::state(&files.join(script::STATE)) {
            State::Absent => Some(format!("{name} did not start the container{image} ({ended})")),
            State::Begun => Some(format!("container.prologue failed ({ended})")),
            State::Ready => {
                let code = code.filter(|code| last_step != Some(*code))?;
                let is_own = ready.as_ref()?.engine.runner.is_own_code(code);
                is_own.then(|| format!("{name} failed while the program ran (exit code {code})"))
            }
        }
    }

    fn image(&self) -> String {
        self.settings.image.as_ref().map_or(String::new(), ToString::to_string)
    }

    fn has_option(&self, name: &str) -> bool {
        self.settings.options.iter().any(|option| option.starts_with(name))
    }

    /// Finds the engine and stages the image, unless both are there.
    fn prepare(&self) -> Result<(), String> {
        if self.ready.borrow().as_ref().is_some_and(|ready| !ready.is_gone()) {
            return Ok(());
        }
        let made = match self.staging.take() {
            Some(Staged::Done(made)) => made,
            _ => make_ready(&self.settings, &self.place),
        };
        self.ready.replace(Some(made?));
        Ok(())
    }
}

fn make_ready(settings: &config::Container, place: &Path) -> Result<Ready, String> {
    let Found { engine, kind, source } = find(settings)?;
    let image = match &source {
        Image::Name(name) => name.into(),
        Image::Path(path) => stage::stage(place, path, engine.before)?.into_os_string(),
    };
    Ok(Ready { engine, kind, image })
}

/// What there is before anything is staged.
struct Found {
    engine: Chosen,
    kind: Kind,
    source: Image,
}

fn find(settings: &config::Container) -> Result<Found, String> {
    let Some(source) = settings.image.clone() else {
        return Err("container.image is missing".to_owned());
    };
    let kind = image::kind(&source)?;
    let staged = settings.stage == Staging::Node;
    let what = (&*source.to_string(), kind);
    let engine = choice::choose(settings.engine, what, staged, |name| program::find(name, &[]))?;
    Ok(Found { engine, kind, source })
}

/// Charliecloud wants a user's name, and shows `TMPDIR` inside as /tmp: then nothing below the host's
/// /tmp would be seen.
fn call_environment() -> Vec<(OsString, Option<OsString>)> {
    let user = std::env::var_os("USER").filter(|name| !name.is_empty());
    let user = user.unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string().into());
    vec![("USER".into(), Some(user)), ("TMPDIR".into(), None)]
}
