//! An attempt that is a call of a Python function, by a process that outlives it.

mod worker;

pub(super) use worker::Worker;

use super::launch::{Launch, cannot_start};
use super::log::Log;
use super::process::{Process, unique};
use super::program;
use super::status::{Status, StepEnd};
use super::steps::{Spawn, Steps};
use super::tree::{Entry, MARK, Stray};
use super::{environment, tail};
use crate::config;
use crate::problem::{FailureClass, TaskOutcome};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use worker::{Reply, Verdict};

/// An import that takes longer is left to the first task.
const IMPORT: Duration = Duration::from_secs(60);

/// A call of a function.
#[derive(Debug)]
pub(super) struct Call {
    /// Who does it; nobody once the process has ended.
    worker: Option<Worker>,
    id: i32,
    interpreter: String,
    asked_to_end: bool,
    reply: Option<Reply>,
    ends: Vec<StepEnd>,
    strays: Vec<Stray>,
}

impl Call {
    /// Calls the function in a process that waits, or else in a new one.
    ///
    /// # Errors
    /// No process can be started, in words.
    pub(super) fn start(
        settings: &config::Command,
        function: &config::Function,
        waiting: Option<Worker>,
        launch: &Launch,
        logs: &[Log; 2],
        request: &serde_json::Value,
    ) -> Result<Self, String> {
        let mut worker = match waiting.and_then(|mut worker| worker.is_there().then_some(worker)) {
            Some(worker) => worker,
            None => new_worker(&worker::words(settings, function, "serve"), launch, logs)?,
        };
        worker.ask(request);
        let interpreter = settings.argv.first().cloned().unwrap_or_default();
        let id = worker.id();
        let (reply, ends, strays) = (None, vec![], vec![]);
        Ok(Self { worker: Some(worker), id, interpreter, asked_to_end: false, reply, ends, strays })
    }

    /// Whether the function has returned or raised, or its process has ended.
    fn poll(&mut self, now: Instant) -> Result<bool, String> {
        let Some(worker) = &mut self.worker else { return Ok(true) };
        if let (false, Some(reply)) = (self.asked_to_end, worker.reply()) {
            let reply = reply?;
            if reply.is == Verdict::Ok {
                self.ended(Status::Code(0));
            }
            self.reply = Some(reply);
            return Ok(true);
        }
        let polled = worker.poll(now).map_err(|e| format!("{}: {e}", self.interpreter))?;
        let Some(ended) = polled else { return Ok(false) };
        self.worker = None;
        self.strays.extend(ended.strays);
        self.ended(Status::of(ended.status));
        Ok(true)
    }

    fn ended(&mut self, status: Status) {
        self.ends.push(StepEnd { name: self.interpreter.clone(), status });
    }

    fn ask_to_end(&mut self, kill_at: Instant) {
        self.asked_to_end = true;
        if let Some(worker) = &mut self.worker {
            worker.ask_to_end(kill_at);
        }
    }
}

fn new_worker(words: &[String], launch: &Launch, logs: &[Log; 2]) -> Result<Worker, String> {
    let (name, arguments) = words.split_first().ok_or("there is no interpreter")?;
    let path = program::find(name, &launch.told)?;
    let mut command = Command::new(&path);
    command.args(arguments).current_dir(&launch.work);
    environment::prepare(&mut command, &launch.told);
    let stderr = logs[1].stdio().map_err(|e| format!("cannot use the log files: {e}"))?;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).env(MARK, unique());
    Process::start(&mut command).and_then(Worker::of).map_err(|e| cannot_start(&path, &e))
}

/// What an attempt runs.
#[derive(Debug)]
pub(super) enum Doing {
    Steps(Box<Steps>),
    Call(Box<Call>),
}

impl Doing {
    /// See [`Steps::poll`].
    pub(super) fn poll(&mut self, now: Instant, spawn: Spawn) -> Result<bool, String> {
        match self {
            Doing::Steps(steps) => steps.poll(now, spawn),
            Doing::Call(call) => call.poll(now),
        }
    }

    /// See [`Steps::ask_to_end`]. A call is ended with its process.
    pub(super) fn ask_to_end(&mut self, kill_at: Instant) {
        match self {
            Doing::Steps(steps) => steps.ask_to_end(kill_at),
            Doing::Call(call) => call.ask_to_end(kill_at),
        }
    }

    /// The living processes.
    pub(super) fn processes(&mut self) -> Vec<Entry> {
        match self {
            Doing::Steps(steps) => steps.processes(),
            Doing::Call(call) => call.worker.as_mut().map_or(vec![], Worker::processes),
        }
    }

    /// The process id of what runs.
    pub(super) fn id(&self) -> i32 {
        match self {
            Doing::Steps(steps) => steps.id(),
            Doing::Call(call) => call.id,
        }
    }

    /// How programs ended.
    pub(super) fn ends(&self) -> &[StepEnd] {
        match self {
            Doing::Steps(steps) => &steps.ends,
            Doing::Call(call) => &call.ends,
        }
    }

    /// Seconds of processor time of programs that have ended, as far as it is known.
    pub(super) fn cpu_s(&self) -> Option<f64> {
        match self {
            Doing::Steps(steps) => steps.cpu_s,
            Doing::Call(_) => None,
        }
    }

    /// What was left outside of the groups; it was ended.
    pub(super) fn strays(&self) -> &[Stray] {
        match self {
            Doing::Steps(steps) => &steps.strays,
            Doing::Call(call) => &call.strays,
        }
    }

    /// What a function said that has no result; its logs are in `logs`.
    pub(super) fn verdict(&self, logs: &Path) -> Option<TaskOutcome> {
        let Doing::Call(call) = self else { return None };
        let Reply { is, reason } = call.reply.clone()?;
        let failed = |class, what: String| {
            let reason = format!("{what}; {}", tail::told(logs));
            Some(TaskOutcome::Failed { class, reason })
        };
        match is {
            Verdict::Ok => None,
            Verdict::Infeasible => Some(TaskOutcome::Infeasible { reason }),
            Verdict::Output => failed(FailureClass::Output, reason),
            Verdict::Exception => failed(FailureClass::Exit, format!("the function raised {reason}")),
        }
    }

    /// The process that may take the next call.
    pub(super) fn idle(&mut self) -> Option<Worker> {
        match self {
            Doing::Call(call) if call.reply.is_some() && !call.asked_to_end => call.worker.take(),
            _ => None,
        }
    }
}

/// Whether the function of a command can be imported here.
///
/// # Errors
/// It cannot, or the interpreter is not there, in words.
pub(super) fn check(settings: &config::Command, function: &config::Function) -> Result<(), String> {
    let words = worker::words(settings, function, "check");
    let interpreter = program::find(&words[0], &settings.env)?;
    // By `env`, so that the study's own variables are seen from the start.
    let mut arguments: Vec<String> =
        settings.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    arguments.push(interpreter.to_string_lossy().into_owned());
    arguments.extend_from_slice(&words[1..]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let name = format!("{}:{}", function.module, function.function);
    match program::answer("env", &arguments, IMPORT) {
        Ok(said) if said.trim() == "ok" => Ok(()),
        Ok(said) => Err(format!("the Python function {name:?} cannot be had: {}", said.trim())),
        Err(why) => Err(format!(
            "the Python function {name:?} cannot be had with {}: {}",
            interpreter.display(),
            why.replacen("env", "Python", 1)
        )),
    }
}
