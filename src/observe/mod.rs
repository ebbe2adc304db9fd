//! Progress for people: one live line on a terminal, plain dated lines elsewhere and in `run.log`.

use crate::pareto;
use crate::problem::{Counts, Outcome, Problem, TaskCounts};
use crate::store::{History, Proposed};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

/// Time between two redraws of the live line.
const LIVE: Duration = Duration::from_millis(200);
/// Time between two plain lines, at least; and at most, if nothing else happens.
const PLAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Prints a line on standard error. Where that leads (a batch job's output file, as a rule) the disk
/// may be full: words that cannot be written are no reason to end a run.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Shows how a run gets on.
#[derive(Debug)]
pub struct Observer {
    problem: Problem,
    trials: u64,
    maximum: Option<f64>,
    /// Of acceptable trials.
    front: Vec<Vec<f64>>,
    /// Trials that are ok and violate outcome constraints.
    violating: u64,
    /// Of the front; `None` until it is asked for again after a change.
    hypervolume: Option<f64>,
    generation_s: Vec<f64>,
    log: Option<File>,
    live: Option<ProgressBar>,
    last_shown: Instant,
    shown_at: u64,
    complained: bool,
    /// Before every line on standard error.
    title: String,
}

impl Observer {
    /// An observer of `trials` trials, of which `history` has happened; `log` is appended to.
    pub fn new(
        problem: Problem,
        trials: u64,
        maximum: Option<f64>,
        history: &History,
        log: Option<&Path>,
    ) -> Self {
        let file = log.and_then(|p| OpenOptions::new().append(true).create(true).open(p).ok());
        let live = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(trials), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{bar:20} {pos}/{len} trials  {msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        let mut this = Self {
            problem,
            trials,
            maximum,
            front: Vec::new(),
            violating: 0,
            hypervolume: None,
            generation_s: Vec::new(),
            log: file,
            live,
            last_shown: Instant::now(),
            shown_at: u64::MAX,
            complained: false,
            title: String::new(),
        };
        for trial in &history.trials {
            if let Some(completed) = &trial.completed {
                this.completed(&completed.outcome);
            }
        }
        this
    }

    /// Shows plain lines that begin with a name: it is one of several.
    pub fn with_name(mut self, name: &str) -> Self {
        self.live = None;
        self.title = format!("{name}: ");
        self
    }

    /// Notes a trial's end.
    pub fn completed(&mut self, outcome: &Outcome) {
        let ok = matches!(outcome, Outcome::Ok { .. });
        self.violating += u64::from(ok && !self.problem.acceptable(outcome));
        if let Some(point) = self.problem.accepted(outcome)
            && !self.front.iter().any(|p| pareto::dominates(p, &point) || *p == point)
        {
            self.front.retain(|p| !pareto::dominates(&point, p));
            self.front.push(point);
            self.hypervolume = None;
        }
    }

    /// Notes a proposal.
    pub fn proposed(&mut self, proposed: &Proposed) {
        self.generation_s.push(proposed.generation_s);
    }

    /// Shows a line that people should not miss.
    pub fn notice(&mut self, line: &str) {
        self.write_log(line);
        match &self.live {
            Some(bar) => bar.println(line),
            None => say(format_args!("{}{line}", self.title)),
        }
    }

    /// Shows where the run is, when it is time for that.
    pub fn tick(&mut self, counts: Counts) {
        let since = self.last_shown.elapsed();
        let due = if self.live.is_some() {
            since >= LIVE
        } else {
            let step = (self.trials / 20).max(1);
            let moved = self.shown_at == u64::MAX || counts.ended() >= self.shown_at + step;
            (moved && since >= PLAIN.0) || since >= PLAIN.1
        };
        if due {
            self.show(counts);
        }
    }

    /// Shows the last state and takes the live line away.
    pub fn finish(&mut self, counts: Counts) {
        self.show(counts);
        if let Some(bar) = self.live.take() {
            bar.finish();
        }
    }

    fn show(&mut self, counts: Counts) {
        self.last_shown = Instant::now();
        self.shown_at = counts.ended();
        let Counts { ok, infeasible, failed, running, ready, ranks, tasks } = counts;
        let violating = match self.problem.outcome_constraints.is_empty() {
            true => String::new(),
            false => format!(" ({} violate outcome constraints)", self.violating),
        };
        let mut text = format!("ok {ok}{violating}, infeasible {infeasible}, failed {failed}");
        if let Some(hypervolume) = self.hypervolume() {
            // A sum of nothing is -0.
            let hypervolume = hypervolume + 0.0;
            text += &format!(", hypervolume {hypervolume:.4}");
            if let Some(maximum) = self.maximum {
                text += &format!(" ({:.1} % of max)", 100.0 * hypervolume / maximum);
            }
        }
        if let Some(TaskCounts { begun, ready }) = tasks {
            text += &format!(", {begun} under way, {ready} tasks ready");
        }
        text += &format!(", busy {running}/{ranks} ranks, {ready} candidates ready");
        let wanted = tasks.is_none() && counts.ended() + running < self.trials;
        if wanted && ready == 0 && running < ranks {
            text += &format!(" ({} wait for one)", ranks - running);
        }
        if !self.generation_s.is_empty() {
            let mean = self.generation_s.iter().sum::<f64>() / self.generation_s.len() as f64;
            text += &format!(", {:.0} ms per candidate", 1e3 * mean);
        }
        let line = format!("{}/{} trials: {text}", counts.ended(), self.trials);
        self.write_log(&line);
        match &self.live {
            Some(bar) => {
                bar.set_position(counts.ended());
                bar.set_message(text);
            }
            None => say(format_args!("{}{line}", self.title)),
        }
    }

    /// Hypervolume of the front so far; `None` before the first value.
    fn hypervolume(&mut self) -> Option<f64> {
        if self.hypervolume.is_none() {
            let thresholds = self.problem.minimized_thresholds();
            let reference = pareto::reference_point(&thresholds, &self.front)?;
            self.hypervolume = Some(pareto::hypervolume(&self.front, &reference));
        }
        self.hypervolume
    }

    fn write_log(&mut self, line: &str) {
        let Some(file) = &mut self.log else { return };
        let at = humantime::format_rfc3339_seconds(SystemTime::now());
        // The log is a comfort: a full disk stops the run through the journal, with a better message.
        if writeln!(file, "{at} {line}").is_err() && !self.complained {
            self.complained = true;
            say("run.log cannot be written any more");
        }
    }
}
