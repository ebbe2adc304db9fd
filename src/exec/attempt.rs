//! From a task to a running payload.

use super::payload::Payload;
use super::process::Process;
use super::render::{self, Values};
use super::{directory, environment, own_geometry, program};
use crate::config::{self, DETECTOR_PATH};
use crate::geometry::Layout;
use crate::problem::{Design, FailureClass, Problem, TaskOutcome, TrialId};
use crate::rng;
use rand::Rng;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;

/// What every attempt of a study has in common.
#[derive(Debug)]
pub struct Bench {
    /// The study's seed.
    pub seed: u64,
    /// Run directory, absolute: payloads have a working directory of their own.
    pub output: PathBuf,
    /// What a result must hold.
    pub problem: Problem,
    /// How a design is evaluated.
    pub command: config::Command,
    /// The detector description that every trial gets of its own, if the study has one.
    pub layout: Option<Layout>,
}

/// One attempt at one design.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    /// Trial.
    pub trial: TrialId,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The design.
    pub design: &'a Design,
}

impl Bench {
    /// The seed of a trial, the same in every attempt: `{trial.seed}` and `PARETORANK_SEED`.
    pub fn trial_seed(&self, trial: TrialId) -> u32 {
        rng::stream(self.seed, "trial", trial).next_u32()
    }

    /// Prepares the attempt's directory and starts the payload there.
    ///
    /// # Errors
    /// The outcome of an attempt that could not start: failed, class `infrastructure`.
    pub fn start(self: &Rc<Self>, task: Assignment) -> Result<Payload, TaskOutcome> {
        let class = FailureClass::Infrastructure;
        self.try_start(task).map_err(|reason| TaskOutcome::Failed { class, reason })
    }

    fn try_start(self: &Rc<Self>, task: Assignment) -> Result<Payload, String> {
        let dir = directory::path(&self.output, task.trial, task.attempt);
        let dir = std::path::absolute(&dir).map_err(|e| directory::failed("place", &dir, &e))?;
        let text = dir.to_str().ok_or_else(|| format!("{} is not UTF-8", dir.display()))?;
        let space = &self.problem.space;
        let geometry = self
            .layout
            .as_ref()
            .map(|layout| own_geometry::make(layout, &self.output, task.trial, space, task.design));
        let geometry = geometry.transpose()?;
        let values = Values {
            space,
            design: task.design,
            trial: task.trial,
            seed: self.trial_seed(task.trial),
            dir: text,
            geometry: geometry.as_deref(),
        };
        let arguments = self.command.argv.iter().map(|a| render::argument(a, values));
        let argv: Vec<String> = arguments.collect::<Result<_, _>>()?;
        directory::make(&dir)?;
        directory::fill(&dir, values, &self.command.templates, &argv)?;
        let process = self.spawn(&dir, &argv, values)?;
        Ok(Payload::new(Rc::clone(self), dir, process))
    }

    fn spawn(&self, dir: &Path, argv: &[String], values: Values) -> Result<Process, String> {
        let program = argv.first().map_or("", String::as_str);
        let path = program::find(program, &self.command.env)?;
        let output = |name: &str| {
            let path = dir.join(name);
            File::create(&path).map_err(|e| directory::failed("write", &path, &e))
        };
        let mut command = Command::new(&path);
        command.args(&argv[1..]).current_dir(dir).stdin(Stdio::null());
        command.stdout(output("stdout")?).stderr(output("stderr")?);
        environment::prepare(&mut command, &self.command.env);
        command.env("PARETORANK_TRIAL", values.trial.to_string());
        command.env("PARETORANK_SEED", values.seed.to_string());
        if let (Some(top), Some(layout)) = (values.geometry, &self.layout) {
            command.env("PARETORANK_GEOMETRY", top);
            // The files that are the install's name one another by this variable.
            if !self.command.env.iter().any(|(name, _)| name == DETECTOR_PATH) {
                command.env(DETECTOR_PATH, layout.install());
            }
        }
        Process::start(&mut command).map_err(|e| cannot_start(&path, &e))
    }
}

fn cannot_start(path: &Path, why: &io::Error) -> String {
    // The system's "Exec format error" does not help the author of a script.
    const ENOEXEC: i32 = 8;
    let hint = match why.raw_os_error() {
        Some(ENOEXEC) => " (a script needs a first line like #!/bin/sh)",
        _ => "",
    };
    directory::failed("start", path, why) + hint
}
