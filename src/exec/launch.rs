//! How the programs of an attempt are started: on the node itself, or inside the study's container.

use super::attempt::text_of;
use super::container::{self, Container};
use super::log::Log;
use super::process::{Process, unique};
use super::status::{Status, StepEnd};
use super::tree::MARK;
use super::{directory, environment, program, script};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

/// How the programs of an attempt are started.
#[derive(Debug)]
pub(super) struct Launch {
    /// Where they work.
    pub(super) work: PathBuf,
    /// Environment variables beside those of this process.
    pub(super) told: Vec<(String, String)>,
    /// What they need to run inside the study's container, if they do.
    pub(super) inside: Option<Inside>,
}

/// How programs run in a container.
#[derive(Debug)]
pub(super) struct Inside {
    pub(super) container: Rc<Container>,
    /// The attempt's directory.
    pub(super) files: PathBuf,
    /// What has to be seen inside.
    pub(super) binds: Vec<PathBuf>,
    /// Programs that the one call runs, by name.
    pub(super) names: Vec<String>,
}

impl Launch {
    /// What is started, one after the other: the programs themselves, or inside a container a script
    /// that runs them all in one call, since a container takes its time to start.
    ///
    /// # Errors
    /// The script cannot be written, in words.
    pub(super) fn calls(&self, programs: &[Vec<String>]) -> Result<Vec<Vec<String>>, String> {
        if self.inside.is_none() {
            return Ok(programs.to_vec());
        }
        let (at, status) = (self.work.join(script::SCRIPT), self.work.join(script::STATUS));
        let text = script::text(programs, &status);
        std::fs::write(&at, text).map_err(|e| directory::failed("write", &at, &e))?;
        Ok(vec![vec!["/bin/sh".to_owned(), text_of(&at)?.to_owned()]])
    }

    /// Starts a program whose standard output and error go to the logs.
    ///
    /// # Errors
    /// In words, with the path.
    pub(super) fn spawn(&self, argv: &[String], logs: &[Log; 2]) -> Result<Process, String> {
        let mark = unique();
        let (path, mut command) = match &self.inside {
            None => {
                let (name, arguments) = argv.split_first().ok_or("the command has no program")?;
                let path = program::find(name, &self.told)?;
                let mut command = Command::new(&path);
                command.args(arguments).current_dir(&self.work);
                environment::prepare(&mut command, &self.told);
                (path, command)
            }
            Some(inside) => {
                let told = [&self.told[..], &[(MARK.to_owned(), mark.clone())]].concat();
                let spawn = inside.container.wrap(&container::Launch {
                    program: argv,
                    dir: &self.work,
                    files: &inside.files,
                    binds: &inside.binds,
                    env: &told,
                })?;
                let mut command = Command::new(&spawn.program);
                command.args(&spawn.args);
                environment::prepare(&mut command, &[]);
                for (name, value) in &spawn.env {
                    match value {
                        Some(value) => command.env(name, value),
                        None => command.env_remove(name),
                    };
                }
                (spawn.program, command)
            }
        };
        let log = |log: &Log| log.stdio().map_err(|e| format!("cannot use the log files: {e}"));
        command.stdin(Stdio::null()).stdout(log(&logs[0])?).stderr(log(&logs[1])?);
        command.env(MARK, mark);
        Process::start(&mut command).map_err(|e| cannot_start(&path, &e))
    }

    /// How the programs ended, from how the calls did.
    ///
    /// # Errors
    /// It was the container that failed, not a program in it; in words.
    pub(super) fn ends(&self, calls: &[StepEnd]) -> Result<Vec<StepEnd>, String> {
        let (Some(inside), Some(call)) = (&self.inside, calls.last()) else {
            return Ok(calls.to_vec());
        };
        let told = std::fs::read_to_string(self.work.join(script::STATUS)).unwrap_or_default();
        let mut ends = script::read(&told, &inside.names)?;
        let all_well = ends.len() == inside.names.len() && call.status.is_ok();
        if all_well {
            return Ok(ends);
        }
        let code = match call.status {
            Status::Code(code) => Some(code),
            Status::Signal { .. } => None,
        };
        if let Some(reason) = inside.container.fault(&inside.files, code, script::last_code(&told)) {
            return Err(reason);
        }
        // The whole call was ended while a program ran.
        let is_cut_short = ends.iter().all(|end| end.status.is_ok());
        if let (true, Some(name)) = (is_cut_short && !call.status.is_ok(), inside.names.get(ends.len()))
        {
            ends.push(StepEnd { name: name.clone(), status: call.status });
        }
        Ok(ends)
    }
}

/// Folders on the host that hold programs of a stage with a container: those beside the study file,
/// which it names by their paths. What lies where systems have their programs is the image's.
pub(super) fn host_folders(programs: &[Vec<String>]) -> Vec<PathBuf> {
    const OF_SYSTEMS: [&str; 6] = ["/bin", "/sbin", "/usr", "/lib", "/lib64", "/opt"];
    let paths = programs.iter().filter_map(|argv| argv.first()).map(Path::new);
    let own = paths.filter(|path| path.is_absolute() && path.is_file());
    let own = own.filter(|path| !OF_SYSTEMS.iter().any(|top| path.starts_with(top)));
    own.filter_map(Path::parent).map(Path::to_owned).collect()
}

pub(super) fn cannot_start(path: &Path, why: &io::Error) -> String {
    // The system's "Exec format error" does not help the author of a script.
    const ENOEXEC: i32 = 8;
    let hint = match why.raw_os_error() {
        Some(ENOEXEC) => " (a script needs a first line like #!/bin/sh)",
        _ => "",
    };
    directory::failed("start", path, why) + hint
}
