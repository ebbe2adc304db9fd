//! The programs of an attempt, one process after the other.

use super::process::{Ended, Process};
use super::status::{Status, StepEnd};
use super::tree::{Entry, Stray};
use std::collections::VecDeque;
use std::time::Instant;

/// Starts a program with its arguments, or says why it cannot.
pub(super) type Spawn<'a> = &'a mut dyn FnMut(&[String]) -> Result<Process, String>;

/// Programs that are run in their order until one fails.
#[derive(Debug)]
pub(super) struct Steps {
    waiting: VecDeque<Vec<String>>,
    process: Process,
    name: String,
    asked_to_end: bool,
    /// How those ended that did.
    pub(super) ends: Vec<StepEnd>,
    /// What they left outside of their groups; it was ended.
    pub(super) strays: Vec<Stray>,
    /// Seconds of processor time of those that have ended, as far as it is known.
    pub(super) cpu_s: Option<f64>,
}

impl Steps {
    /// Starts the first.
    ///
    /// # Errors
    /// In words.
    pub(super) fn start(programs: Vec<Vec<String>>, spawn: Spawn) -> Result<Self, String> {
        let mut waiting = VecDeque::from(programs);
        let first = waiting.pop_front().ok_or("there is no command")?;
        let process = spawn(&first)?;
        let name = first.first().cloned().unwrap_or_default();
        Ok(Self {
            waiting,
            process,
            name,
            asked_to_end: false,
            ends: vec![],
            strays: vec![],
            cpu_s: None,
        })
    }

    /// Whether all is over: the last program has ended, or one has failed. Starts the next.
    ///
    /// # Errors
    /// A process that cannot be followed or started, in words.
    pub(super) fn poll(&mut self, now: Instant, spawn: Spawn) -> Result<bool, String> {
        let polled = self.process.poll(now);
        let Some(Ended { status, strays, cpu_s }) = polled.map_err(|e| format!("{}: {e}", self.name))?
        else {
            return Ok(false);
        };
        let status = Status::of(status);
        self.strays.extend(strays);
        self.cpu_s = cpu_s.map_or(self.cpu_s, |s| Some(self.cpu_s.unwrap_or(0.0) + s));
        self.ends.push(StepEnd { name: std::mem::take(&mut self.name), status });
        if !status.is_ok() || self.asked_to_end {
            return Ok(true);
        }
        let Some(next) = self.waiting.pop_front() else { return Ok(true) };
        self.process = spawn(&next)?;
        self.name = next.first().cloned().unwrap_or_default();
        Ok(false)
    }

    /// See [`Process::ask_to_end`]; no further program is started.
    pub(super) fn ask_to_end(&mut self, kill_at: Instant) {
        self.asked_to_end = true;
        self.process.ask_to_end(kill_at);
    }

    /// The living processes of the program that runs.
    pub(super) fn processes(&mut self) -> Vec<Entry> {
        self.process.processes()
    }

    /// The process id of the program that runs.
    pub(super) fn id(&self) -> i32 {
        self.process.id()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::thread::sleep;
    use std::time::Duration;

    fn words(step: &[&str]) -> Vec<String> {
        step.iter().map(|w| (*w).to_owned()).collect()
    }

    fn spawn(argv: &[String]) -> Result<Process, String> {
        Process::start(Command::new(&argv[0]).args(&argv[1..])).map_err(|e| format!("{}: {e}", argv[0]))
    }

    fn run(programs: &[&[&str]]) -> Result<Vec<(String, Status)>, String> {
        let programs = programs.iter().map(|p| words(p)).collect();
        let mut steps = Steps::start(programs, &mut spawn)?;
        while !steps.poll(Instant::now(), &mut spawn)? {
            sleep(Duration::from_millis(1));
        }
        Ok(steps.ends.into_iter().map(|end| (end.name, end.status)).collect())
    }

    #[test]
    fn the_first_that_fails_is_the_last() {
        let ok = |name: &str| (name.to_owned(), Status::Code(0));
        assert_eq!(run(&[&["true"], &["sh", "-c", "exit 0"]]).unwrap(), [ok("true"), ok("sh")]);
        let ended = run(&[&["true"], &["sh", "-c", "exit 3"], &["/no/such/program"]]).unwrap();
        assert_eq!(ended, [ok("true"), ("sh".to_owned(), Status::Code(3))]);
        assert!(run(&[&["true"], &["/no/such/program"]]).unwrap_err().contains("/no/such/program"));
        assert!(run(&[]).is_err());
    }

    #[test]
    fn what_is_asked_to_end_starts_nothing_more() {
        let programs = vec![words(&["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.01; done"])];
        let programs = [programs, vec![words(&["/no/such/program"])]].concat();
        let mut steps = Steps::start(programs, &mut spawn).unwrap();
        // The trap must be set.
        while steps.processes().len() < 2 {
            sleep(Duration::from_millis(1));
        }
        steps.ask_to_end(Instant::now() + Duration::from_secs(60));
        while !steps.poll(Instant::now(), &mut spawn).unwrap() {
            sleep(Duration::from_millis(1));
        }
        assert_eq!(steps.ends.len(), 1);
        assert!(steps.ends[0].status.is_ok());
    }
}
