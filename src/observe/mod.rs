//! Progress for people and monitoring: one live line on a terminal, plain dated lines elsewhere and in
//! `run.log`, figures in `metrics.prom`.

mod estimate;
mod line;
mod log;
mod metrics;
mod progress;

pub use estimate::{Bounds, Last, Left, Pace, left};
pub use metrics::About;

use crate::clock::now_s;
use crate::problem::{Counts, Problem};
use crate::store::{History, Record, Snapshots};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use line::Figures;
use log::Log;
use metrics::MetricsFile;
use progress::Progress;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Time between two redraws of the live line.
const LIVE: Duration = Duration::from_millis(200);
/// Time between two plain lines, at least; and at most, if nothing else happens.
const PLAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Time between two versions of `metrics.prom`: Prometheus asks every 15 s or more rarely, as a rule.
const METRICS: Duration = Duration::from_secs(10);
/// Width of a terminal that does not say.
const COLUMNS: usize = 80;

/// Prints a line on standard error. Where that leads (a batch job's output file, as a rule) the disk
/// may be full: words that cannot be written are no reason to end a run.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Shows how a run gets on.
#[derive(Debug)]
pub struct Observer {
    about: About,
    progress: Progress,
    bounds: Bounds,
    maximum: Option<f64>,
    log: Log,
    live: Option<ProgressBar>,
    metrics: Option<MetricsFile>,
    drawn: Option<Instant>,
    shown: Instant,
    shown_at: u64,
    measured: Option<Instant>,
    /// Before every line on standard error.
    title: String,
}

impl Observer {
    /// An observer of a study's session that begins now, of which `history` has happened before; `maximum` is
    /// the largest hypervolume there is, where that is known. It writes into the run directory.
    pub fn new(
        about: About,
        problem: Problem,
        maximum: Option<f64>,
        history: &History,
        run: Option<&Path>,
    ) -> Self {
        let live = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{msg}");
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self {
            about,
            progress: Progress::new(problem, history, now_s()),
            bounds: Bounds::default(),
            maximum,
            log: Log::open(run.map(|run| run.join("run.log")).as_deref()),
            live,
            metrics: run.map(MetricsFile::in_directory),
            drawn: None,
            shown: Instant::now(),
            shown_at: u64::MAX,
            measured: None,
            title: String::new(),
        }
    }

    /// Knows what may end the session.
    pub fn with_bounds(mut self, bounds: Bounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// Shows plain lines that begin with a name: it is one of several.
    pub fn with_name(mut self, name: &str) -> Self {
        self.live = None;
        self.title = format!("{name}: ");
        self
    }

    /// Notes what happens.
    pub fn note(&mut self, record: &Record) {
        self.progress.note(record);
    }

    /// Shows a line that people should not miss.
    pub fn notice(&mut self, line: &str) {
        self.log.write(line);
        match &self.live {
            Some(bar) => bar.println(line),
            None => say(format_args!("{}{line}", self.title)),
        }
    }

    /// Shows where the run is, when it is time for that.
    pub fn tick(&mut self, counts: Counts, snapshots: impl FnOnce() -> Snapshots) {
        self.progress.in_flight(line::in_flight(&counts));
        let is_due = |last: Option<Instant>, pause| last.is_none_or(|last| last.elapsed() >= pause);
        let draw = self.live.is_some() && is_due(self.drawn, LIVE);
        let measure = self.metrics.is_some() && is_due(self.measured, METRICS);
        let step = (self.bounds.trials / 20).max(1);
        let moved = self.shown_at == u64::MAX || counts.ended() >= self.shown_at.saturating_add(step);
        let since = self.shown.elapsed();
        let show = (moved && since >= PLAIN.0) || since >= PLAIN.1;
        if draw || measure || show {
            let snapshots = snapshots();
            let figures = self.figures(counts, &snapshots);
            if draw {
                self.draw(&figures);
            }
            if show {
                self.show(&figures);
            }
            if measure {
                self.measure(&figures, &snapshots, false);
            }
        }
    }

    /// Shows the last state and takes the live line away.
    pub fn finish(&mut self, counts: Counts, snapshots: &Snapshots) {
        let figures = self.figures(counts, &Snapshots { due: None, ..*snapshots });
        let figures = Figures { left: None, ..figures };
        self.show(&figures);
        self.measure(&figures, snapshots, true);
        if let Some(bar) = self.live.take() {
            bar.finish_and_clear();
            // It was drawn over and over, and what stays is whole.
            say(figures.plain());
        }
        self.metrics = None;
    }

    fn figures(&mut self, counts: Counts, snapshots: &Snapshots) -> Figures {
        let now = now_s();
        Figures {
            counts,
            trials: self.bounds.trials,
            violating: self.progress.violating,
            hypervolume: self.progress.hypervolume(),
            unit: self.progress.unit(),
            maximum: self.maximum,
            proposal_s: self.progress.proposal_s(),
            left: left(&self.progress.pace(), &self.bounds, counts.ended(), now),
            checkpoint_s: snapshots.due.map(|due| (due - now).max(0.0)),
        }
    }

    fn draw(&mut self, figures: &Figures) {
        self.drawn = Some(Instant::now());
        if let Some(bar) = &self.live {
            let size = rustix::termios::tcgetwinsize(std::io::stderr());
            let columns = size.map_or(COLUMNS, |size| usize::from(size.ws_col));
            // In the last column some terminals begin a new line.
            bar.set_message(figures.live(columns.saturating_sub(1)));
        }
    }

    fn show(&mut self, figures: &Figures) {
        (self.shown, self.shown_at) = (Instant::now(), figures.counts.ended());
        let line = figures.plain();
        self.log.write(&line);
        if self.live.is_none() {
            say(format_args!("{}{line}", self.title));
        }
    }

    fn measure(&mut self, figures: &Figures, snapshots: &Snapshots, is_over: bool) {
        self.measured = Some(Instant::now());
        if let Some(metrics) = &mut self.metrics {
            let text = metrics::text(&self.about, figures, &self.progress, snapshots, is_over);
            metrics.write(text);
        }
    }
}
