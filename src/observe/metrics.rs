//! `metrics.prom`: a run's figures in Prometheus' text format, for the textfile collector of node_exporter.
//!
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>. Every sample names the study and its
//! seed, so that the files of several runs can lie in one directory of the collector.

use super::line::{Figures, in_flight};
use super::progress::Progress;
use super::say;
use crate::store::{self, Snapshots};
use std::fmt::{Display, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

/// Whose figures they are.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Name of the study.
    pub study: String,
    /// Its seed.
    pub seed: u64,
    /// Host of rank 0.
    pub host: String,
    /// Batch job, empty without one.
    pub job: String,
}

/// Everything as one text. `is_over`: nobody works on it any more.
pub(super) fn text(
    about: &About,
    figures: &Figures,
    progress: &Progress,
    snapshots: &Snapshots,
    is_over: bool,
) -> String {
    let mut page = Page::of(about);
    let counts = &figures.counts;
    let info = [("job", &*about.job), ("host", &about.host), ("version", env!("CARGO_PKG_VERSION"))];
    page.family("run_info", "gauge", "The run: study, seed, batch job, host of rank 0, release.");
    page.sample("run_info", &info, 1);
    page.gauge("run_active", "1 while the run works, 0 once it is over.", u8::from(!is_over));
    let began = Some(progress.began).filter(|began| *began > 0.0);
    page.known("start_time_seconds", "Start of this session, in seconds since 1970.", began);
    page.gauge("trials_planned", "Trials of the study.", figures.trials);
    page.family("trials_total", "counter", "Trials that have ended, by outcome.");
    for (outcome, count) in &progress.trials {
        page.sample("trials_total", &[("outcome", outcome)], count);
    }
    page.known("trials_violating", "Ok trials that violate outcome constraints.", figures.violating);
    page.gauge("trials_in_flight", "Trials begun with that have not ended.", in_flight(counts));
    page.gauge("candidates_ready", "Candidates that no rank has begun with.", counts.ready);
    page.known("tasks_ready", "Tasks that wait for a rank.", counts.tasks.map(|tasks| tasks.ready));
    page.gauge("ranks", "Ranks that can take work.", counts.ranks);
    page.gauge("ranks_busy", "Ranks that work.", counts.running);
    let unit = match figures.unit.as_str() {
        "" => "a pure number".to_owned(),
        unit => format!("in {unit}"),
    };
    let help = format!("Hypervolume of the front of acceptable trials, {unit}.");
    page.known("hypervolume", &help, figures.hypervolume);
    page.known("hypervolume_max", "The largest hypervolume that there is.", figures.maximum);
    let (made, made_s) = progress.candidates;
    page.summary("candidate_seconds", "Time that the strategy took for candidates.", made_s, made);
    page.family(
        "attempts_total",
        "counter",
        "Attempts that have ended, by outcome and class of failure.",
    );
    for ((outcome, class), count) in &progress.attempts {
        page.sample("attempts_total", &[("outcome", outcome), ("class", class)], count);
    }
    let Snapshots { count, seconds, last, due } = snapshots;
    page.summary("checkpoint_seconds", "Time for the checkpoints of this session.", seconds, count);
    let help = "When the last checkpoint of this session was complete, in seconds since 1970.";
    page.known("last_checkpoint_timestamp_seconds", help, last.map(|(at, _)| at));
    let help = "Time for the last checkpoint of this session.";
    page.known("last_checkpoint_duration_seconds", help, last.map(|(_, took_s)| took_s));
    let due = due.filter(|_| !is_over);
    page.known("next_checkpoint_timestamp_seconds", "When the next is due, in seconds since 1970.", due);
    let left = figures.left.filter(|_| !is_over).map(|left| left.seconds);
    page.known("time_left_seconds", "Estimate of the time until the session ends.", left);
    page.out
}

/// A text that is being written; every name begins with the program's.
struct Page {
    out: String,
    /// Of every sample.
    labels: String,
}

impl Page {
    fn of(about: &About) -> Self {
        let labels = format!("study=\"{}\",seed=\"{}\"", escaped(&about.study), about.seed);
        Self { out: String::new(), labels }
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a String cannot fail.
        let _ = writeln!(self.out, "# HELP paretorank_{name} {help}\n# TYPE paretorank_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.out, "paretorank_{name}{{{}", self.labels);
        // To Prometheus an empty label is none.
        for (label, text) in labels.iter().filter(|(_, text)| !text.is_empty()) {
            let _ = write!(self.out, ",{label}=\"{}\"", escaped(text));
        }
        let _ = writeln!(self.out, "}} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A gauge that may have no value yet: then there is none.
    fn known(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.gauge(name, help, value);
        }
    }

    fn summary(&mut self, name: &str, help: &str, sum: impl Display, count: impl Display) {
        self.family(name, "summary", help);
        self.sample(&format!("{name}_sum"), &[], sum);
        self.sample(&format!("{name}_count"), &[], count);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The file, which a thread of its own replaces: rank 0 never waits for a disk.
#[derive(Debug)]
pub(super) struct MetricsFile {
    path: PathBuf,
    /// `None` before the first text.
    writing: Option<(Sender<String>, JoinHandle<()>)>,
}

impl MetricsFile {
    /// The file in a run directory; nothing is written yet.
    pub(super) fn in_directory(run: &Path) -> Self {
        Self { path: run.join("metrics.prom"), writing: None }
    }

    /// Replaces the file before long. Where that cannot be done, the old one stays, and people are told once:
    /// a full disk stops the run through the journal.
    pub(super) fn write(&mut self, text: String) {
        let start = || {
            let (texts, queue) = channel::<String>();
            let path = self.path.clone();
            let write = move || {
                let mut complained = false;
                while let Ok(first) = queue.recv() {
                    let newest = queue.try_iter().last().unwrap_or(first);
                    if let Err(error) = store::replace_file(&path, newest.as_bytes())
                        && !complained
                    {
                        complained = true;
                        say(format_args!("no metrics for now: {error}"));
                    }
                }
            };
            (texts, std::thread::spawn(write))
        };
        let (texts, _) = self.writing.get_or_insert_with(start);
        // A thread that has panicked writes no more.
        let _ = texts.send(text);
    }
}

impl Drop for MetricsFile {
    fn drop(&mut self) {
        if let Some((texts, thread)) = self.writing.take() {
            drop(texts);
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let about = About { study: "a \"b\" \\ c\nd".into(), seed: 7, ..About::default() };
        let mut page = Page::of(&about);
        page.gauge("x_seconds", "one\ntwo \\ three", 1.5);
        assert_eq!(
            page.out,
            "# HELP paretorank_x_seconds one\\ntwo \\\\ three\n# TYPE paretorank_x_seconds gauge\n\
             paretorank_x_seconds{study=\"a \\\"b\\\" \\\\ c\\nd\",seed=\"7\"} 1.5\n"
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_ends_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut metrics = MetricsFile::in_directory(&dir.path().join("gone"));
        metrics.write("one\n".into());
        drop(metrics);
        let mut metrics = MetricsFile::in_directory(dir.path());
        metrics.write("one\n".into());
        metrics.write("two\n".into());
        drop(metrics);
        assert_eq!(std::fs::read_to_string(dir.path().join("metrics.prom")).unwrap(), "two\n");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
