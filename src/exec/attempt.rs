//! From a task to a running payload.

use super::container::Container;
use super::launch::{Inside, Launch, host_folders};
use super::log::Log;
use super::payload::{End, Parts, Payload};
use super::python::{Call, Doing, Worker};
use super::render::{self, Joined, Values};
use super::result::Wanted;
use super::scratch::{self, Scratch};
use super::stage::{products, stages};
use super::steps::Steps;
use super::{directory, environment, manifest, own_geometry};
use crate::config::{self, DETECTOR_PATH, Evaluator, Stage, Study};
use crate::geometry::Layout;
use crate::pipeline::{Plan, TaskSpec};
use crate::problem::{Design, FailureClass, Problem, TaskOutcome, TrialId};
use crate::rng;
use rand::Rng;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::SystemTime;

/// What every attempt of a study has in common.
#[derive(Debug)]
pub struct Bench {
    seed: u64,
    /// Run directory, absolute: payloads have a working directory of their own.
    pub(super) output: PathBuf,
    pub(super) problem: Problem,
    plan: Plan,
    pub(super) stages: Vec<(Stage, Wanted)>,
    /// A process of each stage that is a Python function, which waits for its next call.
    pub(super) workers: Vec<RefCell<Option<Worker>>>,
    /// Whether a trial is one command and no graph of stages.
    is_alone: bool,
    /// Bytes that have to be free where a task writes.
    pub(super) disk: Option<u64>,
    container: Option<Rc<Container>>,
    /// What the study says of its container: another one may give other results.
    pub(super) container_settings: String,
    /// The detector description that every trial gets of its own, if the study has one.
    pub(super) layout: Option<Layout>,
}

/// What became of a task that was to be started.
#[derive(Debug)]
pub enum Started {
    /// It runs.
    Runs(Box<Payload>),
    /// It has ended already.
    Ended(End),
}

/// One attempt at one task.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    /// Trial.
    pub trial: TrialId,
    /// Position of the task in the study's plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The trial's design.
    pub design: &'a Design,
    /// Tasks, and their attempts, whose outputs it may read.
    pub inputs: &'a [(u32, u32)],
}

impl Bench {
    /// The bench of a study that runs commands.
    ///
    /// # Errors
    /// It runs none, or its run directory has no absolute path, in words.
    pub fn new(study: &Study) -> Result<Self, String> {
        let stages = stages(study).ok_or("the study runs no command")?;
        let output = std::path::absolute(&study.output)
            .map_err(|e| format!("run directory {}: {e}", study.output.display()))?;
        let layout = study.geometry.as_ref().map(|g| Layout::read(g, &study.problem.space));
        let layout = layout.transpose().map_err(|wrong| wrong.join("; "))?;
        Ok(Self {
            layout,
            seed: study.seed,
            output,
            problem: study.problem.clone(),
            plan: Plan::of(study),
            workers: stages.iter().map(|_| RefCell::new(None)).collect(),
            stages,
            is_alone: !matches!(study.evaluator, Evaluator::Pipeline(_)),
            disk: study.limits.disk_bytes,
            container: study.container.clone().map(|settings| Rc::new(Container::new(settings))),
            container_settings: format!("{:?}", study.container),
        })
    }

    /// The seed of a trial, the same in every attempt: `{trial.seed}`.
    fn trial_seed(&self, trial: TrialId) -> u32 {
        rng::stream(self.seed, "trial", trial).next_u32()
    }

    /// Whether a task can be started at once: what it runs in may have to be staged on this node first.
    pub fn is_ready(&self, task: u32) -> bool {
        let is_inside = self.spec(task).is_ok_and(|spec| self.stages[spec.stage].0.container);
        self.container.as_ref().filter(|_| is_inside).is_none_or(|container| container.is_ready())
    }

    /// Prepares the attempt's directory and starts the payload there. Where the stage says `reuse` and the
    /// same was done before, nothing is started; what could not start has failed, class `infrastructure`.
    pub fn start(self: &Rc<Self>, task: Assignment) -> Started {
        let class = FailureClass::Infrastructure;
        self.try_start(task)
            .unwrap_or_else(|reason| Started::Ended(End::from(TaskOutcome::Failed { class, reason })))
    }

    fn try_start(self: &Rc<Self>, assignment: Assignment) -> Result<Started, String> {
        let Assignment { trial, attempt, design, .. } = assignment;
        let spec = self.spec(assignment.task)?;
        let stage = &self.stages[spec.stage].0;
        let dir = self.directory(trial, spec, attempt);
        let trial_seed = self.trial_seed(trial);
        let seed = if self.is_alone { trial_seed } else { self.plan.seeds.seed(trial, assignment.task) };
        let inputs = self.joined(assignment)?;
        let trial_dir = directory::of_trial(&self.output, trial);
        let values = Values {
            space: &self.problem.space,
            design,
            trial,
            trial_seed,
            trial_dir: text_of(&trial_dir)?,
            dir: text_of(&dir)?,
            seed,
            task: (!self.is_alone).then_some((stage, spec)),
            inputs: &inputs,
            geometry: None,
            seen: None,
        };
        let content = self.content(values, &self.input_directories(assignment)?)?;
        let key = content.as_ref().and_then(|content| content.key.clone());
        let found = key.as_ref().and_then(|key| self.done_before(key, spec));
        let is_local = stage.scratch == config::Scratch::Local && found.is_none();
        let place = is_local.then(scratch::place);
        if let Some(least) = self.disk {
            [Some(&self.output), place.as_ref()]
                .into_iter()
                .flatten()
                .try_for_each(|d| directory::room(d, least))?;
        }
        let geometry = self
            .layout
            .as_ref()
            .filter(|_| content.as_ref().is_none_or(|content| content.geometry))
            .map(|layout| own_geometry::make(layout, &self.output, trial, values.space, design));
        let geometry = geometry.transpose()?;
        directory::make(&dir)?;
        let scratch = place.map(|place| Scratch::make(&place)).transpose()?;
        let work = scratch.as_ref().map_or(dir.as_path(), Scratch::path);
        let values = Values {
            // A trial that is one command has its directory to itself.
            trial_dir: if self.is_alone { text_of(work)? } else { values.trial_dir },
            dir: text_of(work)?,
            geometry: geometry.as_deref(),
            seen: content.as_ref().map(|content| &content.parameters[..]),
            ..values
        };
        let programs = rendered(&stage.command, values)?;
        directory::record(&dir, values, &programs)?;
        if work != dir {
            directory::record(work, values, &programs)?;
        }
        let read = stage.command.templates.iter().cloned();
        let read = read.chain(inputs.iter().flat_map(|input| input.paths.iter().map(PathBuf::from)));
        let parts = Parts {
            trial,
            attempt,
            stage: spec.stage,
            key: spec.labels(stage).join(","),
            events: spec.chunk.map(|chunk| chunk.count),
            read: read.collect(),
            dir: dir.clone(),
            scratch: None,
            programs: programs.clone(),
            content: key,
            started: manifest::seconds(SystemTime::now()),
        };
        if let Some(found) = found {
            return parts.take_over(self, found).map(Started::Ended);
        }
        directory::render_templates(work, values, &stage.command.templates)?;
        let log = |name: &str| {
            let path = dir.join(name);
            Log::create(&path, stage.command.log_limit)
                .map_err(|e| directory::failed("write", &path, &e))
        };
        let logs = [log("stdout")?, log("stderr")?];
        let launch = Launch {
            work: work.to_owned(),
            told: self.told(stage, values),
            inside: self.inside(stage, &dir, work, &programs),
        };
        let doing = match &stage.command.function {
            Some(function) => {
                let env: serde_json::Map<_, _> =
                    launch.told.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect();
                let context = directory::context(values, attempt);
                let request =
                    serde_json::json!({ "context": context, "env": env, "logs": text_of(&dir)? });
                let waiting = self.workers[spec.stage].take();
                let call = Call::start(&stage.command, function, waiting, &launch, &logs, &request)?;
                Doing::Call(Box::new(call))
            }
            None => {
                let calls = launch.calls(&programs)?;
                let steps = Steps::start(calls, &mut |argv| launch.spawn(argv, &logs))?;
                Doing::Steps(Box::new(steps))
            }
        };
        let parts = Parts { scratch, ..parts };
        Ok(Started::Runs(Box::new(Payload::new(Rc::clone(self), parts, launch, logs, doing))))
    }

    fn spec(&self, task: u32) -> Result<&TaskSpec, String> {
        let tasks = &self.plan.tasks;
        tasks.get(task as usize).ok_or_else(|| format!("there is no task {task}, only {}", tasks.len()))
    }

    fn directory(&self, trial: TrialId, task: &TaskSpec, attempt: u32) -> PathBuf {
        let below = (!self.is_alone).then(|| task.directory(&self.stages[task.stage].0));
        directory::path(&self.output, trial, below.as_deref(), attempt)
    }

    /// The directories of the attempts that an attempt reads, in their order.
    fn input_directories(&self, assignment: Assignment) -> Result<Vec<PathBuf>, String> {
        let dir = |(task, attempt): &(u32, u32)| {
            Ok(self.directory(assignment.trial, self.spec(*task)?, *attempt))
        };
        assignment.inputs.iter().map(dir).collect()
    }

    /// The earlier tasks that an attempt reads: their outputs, or their result if they have none.
    fn joined(&self, assignment: Assignment) -> Result<Vec<Joined>, String> {
        let joined = |(task, attempt): &(u32, u32)| {
            let spec = self.spec(*task)?;
            let stage = &self.stages[spec.stage].0;
            let dir = self.directory(assignment.trial, spec, *attempt);
            let path = |file: &&Path| {
                let path = dir.join(file);
                match path.exists() {
                    true => text_of(&path).map(str::to_owned),
                    false => {
                        Err(format!("the input {} of {} is not there", path.display(), spec.name(stage)))
                    }
                }
            };
            let axes = stage.axes.iter().map(|axis| axis.name.as_str()).chain([Stage::CHUNK]);
            let labels = axes.filter_map(|axis| Some((axis.to_owned(), spec.label(stage, axis)?)));
            Ok(Joined {
                stage: stage.name.clone(),
                labels: labels.collect(),
                paths: products(&stage.command).iter().map(path).collect::<Result<_, String>>()?,
            })
        };
        assignment.inputs.iter().map(joined).collect()
    }

    /// What the programs of an attempt need if they run in the container.
    fn inside(
        &self,
        stage: &Stage,
        dir: &Path,
        work: &Path,
        programs: &[Vec<String>],
    ) -> Option<Inside> {
        let container = self.container.as_ref().filter(|_| stage.container)?;
        let mut binds = vec![self.output.clone()];
        binds.extend(self.layout.iter().map(|layout| layout.install().to_owned()));
        if work != dir {
            binds.push(work.to_owned());
        }
        binds.extend(host_folders(programs));
        let names = programs.iter().map(|argv| argv.first().cloned().unwrap_or_default());
        Some(Inside {
            container: Rc::clone(container),
            files: dir.to_owned(),
            binds,
            names: names.collect(),
        })
    }

    /// Environment variables of an attempt, beside those of this process.
    fn told(&self, stage: &Stage, values: Values) -> Vec<(String, String)> {
        let mut told = environment::told(stage.cores, &stage.command.env);
        told.push(("PARETORANK_TRIAL".to_owned(), values.trial.to_string()));
        told.push(("PARETORANK_SEED".to_owned(), values.seed.to_string()));
        if let Some(top) = values.geometry {
            told.push(("PARETORANK_GEOMETRY".to_owned(), top.to_owned()));
        }
        if let Some(layout) = &self.layout {
            // The files that are the install's name one another by this variable.
            if !stage.command.env.iter().any(|(name, _)| name == DETECTOR_PATH) {
                let install = layout.install().to_string_lossy().into_owned();
                told.push((DETECTOR_PATH.to_owned(), install));
            }
        }
        told
    }
}

/// Programs with their arguments, without placeholders.
fn rendered(command: &config::Command, values: Values) -> Result<Vec<Vec<String>>, String> {
    if command.function.is_some() {
        return Ok(vec![command.argv.clone()]);
    }
    let program = |argv: &&[String]| -> Result<Vec<String>, String> {
        let arguments = argv.iter().map(|a| render::argument(a, values));
        Ok(arguments.collect::<Result<Vec<_>, _>>()?.concat())
    };
    command.programs().iter().map(program).collect()
}

pub(super) fn text_of(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("{} is not UTF-8", path.display()))
}
