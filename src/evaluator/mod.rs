//! The other ranks: take a task, evaluate, answer, until told to leave.
//!
//! One loop does everything, because only the main thread may touch MPI: it receives, and moves
//! what runs one small step on. So a rank hears `Cancel` and `Leave` while a payload runs.

mod alone;
mod builtin;
mod hangup;
mod work;

pub use alone::alone;
pub use builtin::{noise_of, observe};

use crate::clock::now_s;
use crate::comm::{Message, Report, Transport, TransportError, Vigil};
use crate::config::{Limits, Site, Study};
use crate::exec::JobBench;
use crate::exit::Exit;
use crate::job;
use crate::machine::Machine;
use crate::problem::TaskOutcome;
use crate::{signal, slurm};
use hangup::Hangup;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use work::{Assigned, Ended, Id, Rest, Work, Workshop, start_job};

/// Serves rank 0 until it says [`Message::Leave`], and returns the exit code told there; 1 if the
/// line breaks.
pub fn serve(transport: &mut dyn Transport) -> u8 {
    let hangup = signal::ignore().map_or_else(
        |e| {
            tracing::warn!("signals end this rank before rank 0 can decide: {e}");
            Hangup::default()
        },
        Hangup::new,
    );
    let rank = transport.rank();
    serve_with(transport, hangup, Workshop::new).unwrap_or_else(|e| {
        tracing::error!(rank, "evaluator leaves: {e}");
        Exit::Failed.code()
    })
}

/// [`serve`] with its own way to read a study.
fn serve_with(
    transport: &mut dyn Transport,
    hangup: Hangup,
    equip: impl Fn(&Study) -> Result<Workshop, String>,
) -> Result<u8, TransportError> {
    transport.send(0, &hello())?;
    let mut evaluator = Evaluator { hangup, ..Evaluator::default() };
    let mut spoken = Instant::now();
    loop {
        while let Some((_, message)) = transport.try_receive()? {
            evaluator.hear(message, &equip);
        }
        if !evaluator.vigil.as_mut().is_none_or(|vigil| vigil.listened(now_s()).is_empty()) {
            // Perhaps only rank 0 is gone: then nobody else ends this rank.
            tracing::error!(rank = transport.rank(), "rank 0 says nothing any more (limits.silence)");
            evaluator.hear(Message::Leave(Exit::StoppedEarly.code()), &equip);
        }
        evaluator.look_again(&equip);
        let moved = evaluator.step();
        let mut words: Vec<Message> = evaluator.fitness.take().into_iter().collect();
        words.append(&mut evaluator.reports);
        if let (Some(code), None) = (evaluator.leaving, &evaluator.running) {
            return Ok(code);
        }
        if evaluator.rejoins && evaluator.running.is_none() {
            evaluator.rejoins = false;
            words.push(hello());
        }
        if words.is_empty() && evaluator.pulse.is_some_and(|pulse| spoken.elapsed() >= pulse) {
            words.push(Message::Alive);
        }
        if !words.is_empty() {
            spoken = Instant::now();
        }
        for message in words {
            transport.send(0, &message)?;
        }
        if !moved {
            transport.wait(evaluator.patience());
        }
    }
}

/// What a rank says first.
fn hello() -> Message {
    let Machine { cpus, cores, memory } = Machine::here();
    Message::Hello { host: slurm::host_name(), pid: std::process::id(), cpus, cores, memory }
}

/// A rank says that it is there so many times in the time after which it would count as lost.
const PULSES: f64 = 6.0;
/// Longest time between two of these words.
const LONGEST_PULSE_S: f64 = 30.0;

/// Shortest and longest pause between two looks at a payload.
const LOOK: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));
/// Pause of a rank without work, where nothing but a message can end it.
const IDLE: Duration = Duration::from_millis(100);

/// Pause before a rank that could not evaluate looks whether it can.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Evaluator {
    /// The study that it works for, or worked for last, with the text that said so.
    study: Option<(String, Study)>,
    workshop: Option<Result<Workshop, String>>,
    /// Of other studies that it worked for, by their texts: a rank may go to and fro.
    others: BTreeMap<String, Workshop>,
    /// Where jobs of a queue run, if there are any, and what is said of it.
    site: Option<Site>,
    jobs: Option<Result<JobBench, String>>,
    /// Whether it works for a queue now.
    has_jobs: bool,
    /// To be said of what it works for, and when that was looked at last.
    fitness: Option<Message>,
    looked: Option<Instant>,
    queue: VecDeque<Assigned>,
    running: Option<Running>,
    reports: Vec<Message>,
    leaving: Option<u8>,
    /// Says hello again once nothing runs.
    rejoins: bool,
    /// Time between two signs of life.
    pulse: Option<Duration>,
    /// Of rank 0, once it has said how much silence is too much.
    vigil: Option<Vigil>,
    hangup: Hangup,
}

struct Running {
    id: Id,
    started: f64,
    since: Instant,
    work: Work,
    /// How the work ended and when, while it is not clear what that means.
    ended: Option<(Ended, Instant)>,
}

impl Running {
    fn stop(&mut self, reason: &str) {
        if self.ended.is_none() {
            self.work.stop(reason);
        }
    }

    fn kill(&mut self, reason: &str) {
        if self.ended.is_none() {
            self.work.kill(reason);
        }
    }
}

impl Evaluator {
    fn hear(&mut self, message: Message, equip: impl Fn(&Study) -> Result<Workshop, String>) {
        if let Some(vigil) = &mut self.vigil {
            vigil.heard(0);
        }
        match message {
            Message::Study(text) => self.take_study(text, equip),
            Message::Site(text) => self.settle(&text),
            Message::Evaluate(task) => self.queue.push_back(Assigned::Task(task)),
            Message::Run(order) => self.queue.push_back(Assigned::Job(order)),
            Message::Cancel { trial, task, attempt } => {
                self.cancel(Id::Task(trial, task, attempt), "cancelled");
            }
            Message::Halt { id, reason } => self.cancel(Id::Job(id), &reason),
            Message::Rejoin => {
                self.queue.clear();
                self.reports.clear();
                if let Some(running) = &mut self.running {
                    running.stop("its rank counted as lost");
                }
                self.rejoins = true;
            }
            Message::Leave(code) => {
                self.queue.clear();
                if let Some(running) = &mut self.running {
                    match self.leaving {
                        None => running.stop("the run ends"),
                        Some(_) => running.kill("the run ends now"),
                    }
                }
                self.leaving = Some(code);
            }
            Message::Alive => {}
            Message::Hello { .. }
            | Message::Done(_)
            | Message::Ended(_)
            | Message::Fit
            | Message::Unfit(_) => {
                tracing::warn!("message for rank 0 arrived at an evaluator");
            }
        }
    }

    /// Works for a study from now on.
    fn take_study(&mut self, text: String, equip: impl Fn(&Study) -> Result<Workshop, String>) {
        self.has_jobs = false;
        let study: Result<Study, String> =
            serde_json::from_str(&text).map_err(|e| format!("study not read: {e}"));
        if let Ok(Study { limits: Limits { silence_s, .. }, .. }) = &study {
            self.watch(*silence_s);
        }
        let before = self.study.take().map(|(text, _)| text);
        if let (Some(before), Some(Ok(workshop))) = (before, self.workshop.take()) {
            self.others.insert(before, workshop);
        }
        let known = self.others.remove(&text);
        let equipped = match (&study, known) {
            (Ok(_), Some(workshop)) => Ok(workshop),
            (Ok(study), None) => equip(study),
            (Err(wrong), _) => Err(wrong.clone()),
        };
        self.study = study.ok().map(|study| (text, study));
        self.equip(equipped);
    }

    /// Rank 0 takes so many seconds of silence for a loss, and so does this rank of rank 0.
    fn watch(&mut self, silence_s: f64) {
        let pulse_s = (silence_s / PULSES).min(LONGEST_PULSE_S);
        self.pulse = Some(Duration::from_secs_f64(pulse_s));
        self.vigil = Some(Vigil::new(silence_s, 0..=0, now_s()));
    }

    fn equip(&mut self, workshop: Result<Workshop, String>) {
        self.tell(workshop.as_ref().err());
        self.workshop = Some(workshop);
    }

    /// Whether what was asked for can be done here.
    fn tell(&mut self, wrong: Option<&String>) {
        self.fitness = Some(wrong.map_or(Message::Fit, |reason| Message::Unfit(reason.clone())));
        self.looked = Some(Instant::now());
    }

    /// Takes the site of queue jobs.
    fn settle(&mut self, text: &str) {
        self.has_jobs = true;
        let site: Result<Site, _> = serde_json::from_str(text);
        if let Ok(Site { silence_s, .. }) = &site {
            self.watch(*silence_s);
        }
        let is_known = site.as_ref().is_ok_and(|site| self.site.as_ref() == Some(site));
        let jobs = match self.jobs.take() {
            Some(Ok(jobs)) if is_known => Ok(jobs),
            _ => {
                site.as_ref().map_err(|e| format!("site not read: {e}")).cloned().and_then(JobBench::new)
            }
        };
        self.site = site.ok();
        self.tell(jobs.as_ref().err());
        self.jobs = Some(jobs);
    }

    /// Whether what was missing has come: a mount, as a rule.
    fn look_again(&mut self, equip: impl Fn(&Study) -> Result<Workshop, String>) {
        let due = self.looked.is_some_and(|looked| looked.elapsed() >= LOOK_AGAIN);
        if self.has_jobs {
            if let (true, Some(Err(_)), Some(site)) = (due, &self.jobs, self.site.clone()) {
                let jobs = JobBench::new(site);
                self.looked = Some(Instant::now());
                if jobs.is_ok() {
                    self.tell(None);
                }
                self.jobs = Some(jobs);
            }
            return;
        }
        if let (true, Some(Err(before)), Some((_, study))) = (due, &self.workshop, &self.study) {
            match equip(study) {
                Err(reason) if reason == *before => self.looked = Some(Instant::now()),
                other => self.equip(other),
            }
        }
    }

    /// Stops the attempt if it runs, forgets it if it waits; an attempt that has ended is no news.
    fn cancel(&mut self, id: Id, reason: &str) {
        match &mut self.running {
            Some(running) if running.id == id => running.stop(reason),
            _ => {
                let waiting = self.queue.iter().position(|assigned| assigned.id() == id);
                if waiting.and_then(|at| self.queue.remove(at)).is_some() {
                    let outcome = TaskOutcome::Interrupted { reason: reason.to_owned() };
                    self.report(id, Ended::unbegun(id, outcome), now_s());
                }
            }
        }
    }

    /// Moves the work on; whether there may be more to do at once.
    fn step(&mut self) -> bool {
        if let Some(running) = &mut self.running {
            let ended = running.ended.take();
            let Some((end, at)) = ended.or_else(|| Some((running.work.poll()?, Instant::now()))) else {
                return false;
            };
            let Ended { outcome, rest } = end;
            let outcome = match self.hangup.judge(outcome, at, Instant::now()) {
                Ok(outcome) => outcome,
                // Nobody asks any more what it means.
                Err(outcome) if self.leaving.is_some() => outcome,
                Err(outcome) => {
                    running.ended = Some((Ended { outcome, rest }, at));
                    return false;
                }
            };
            let (id, started) = (running.id, running.started);
            self.running = None;
            self.report(id, Ended { outcome, rest }, started);
            return true;
        }
        if self.hangup.is_near(Instant::now()) {
            return false;
        }
        let is_ready = |assigned: &mut Assigned| match (assigned, &self.workshop, &self.jobs) {
            (Assigned::Task(task), Some(Ok(workshop)), _) => workshop.is_ready(task),
            (Assigned::Job(order), _, Some(Ok(jobs))) => jobs.is_ready(order),
            _ => true,
        };
        let Some(assigned) = self.queue.pop_front_if(is_ready) else {
            return false;
        };
        let (id, started) = (assigned.id(), now_s());
        let work = match (&assigned, &self.workshop, &self.jobs) {
            (Assigned::Task(task), Some(Ok(workshop)), _) => workshop.start(task),
            (Assigned::Job(order), _, Some(Ok(jobs))) => start_job(jobs, order),
            (Assigned::Task(_), Some(Err(reason)), _) | (Assigned::Job(_), _, Some(Err(reason))) => {
                Work::unable(id, reason)
            }
            (Assigned::Task(_), None, _) => Work::unable(id, "a task came before the study"),
            (Assigned::Job(_), _, None) => Work::unable(id, "a job came before the site"),
        };
        let since = Instant::now();
        self.running = Some(Running { id, started, since, work, ended: None });
        true
    }

    fn report(&mut self, id: Id, Ended { outcome, rest }: Ended, started: f64) {
        // Nobody listens any more to a rank that was told to leave, or whose work others have.
        if self.leaving.is_some() || self.rejoins {
            return;
        }
        let finished = now_s();
        self.reports.extend(match (id, rest) {
            (Id::Task(trial, task, attempt), Rest::Task(facts)) => {
                Some(Message::Done(Report { trial, task, attempt, outcome, started, finished, facts }))
            }
            (Id::Job(id), Rest::Job(facts)) => {
                Some(Message::Ended(job::End { id, outcome, started, finished, facts }))
            }
            // No assignment ends as one of another kind.
            _ => None,
        });
    }

    /// How long to wait: a payload is looked at more rarely the longer it runs (2 % of its time).
    fn patience(&self) -> Duration {
        let until_done = self.running.as_ref().map_or(IDLE, |running| {
            let look = (running.since.elapsed() / 50).clamp(LOOK.0, LOOK.1);
            running.work.due().map_or(look, |due| due.saturating_duration_since(Instant::now()))
        });
        self.pulse.map_or(until_done, |pulse| until_done.min(pulse))
    }
}

#[cfg(test)]
mod tests;
