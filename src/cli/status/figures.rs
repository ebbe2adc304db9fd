//! What `paretorank status` tells, as text and as JSON.

use crate::cli::summary::{self, Standing};
use crate::cli::undertaking::bounds;
use crate::clock::now_s;
use crate::config::{Evaluator, Rule, Study};
use crate::exec;
use crate::observe::{Last, Left, Pace, left};
use crate::pipeline::Plan;
use crate::report::{self, EventFigures, Failures, Makeshift, Split, Starts, Utilisation};
use crate::store::{Attempt, History, Stored};
use serde_json::{Value as Json, json};
use std::fs;
use std::path::{Path, PathBuf};

/// A run directory, and what follows from it now.
#[derive(Debug)]
pub struct Status {
    stored: Stored,
    run: PathBuf,
    standing: Standing,
    /// Of a run at work: trials that were begun with.
    in_flight: Option<u64>,
    left: Option<Left>,
    /// Mean per candidate.
    generation_s: f64,
}

impl Status {
    /// The status of what was read from the run directory `run`.
    pub fn of(stored: Stored, run: &Path) -> Self {
        let (study, history) = (&stored.study, &stored.history);
        let standing = Standing::of(study, history);
        let open = (history.trials.len() - history.completions.len()) as u64;
        let in_flight = stored.live.then_some(open);
        let split = Split::of(history);
        Self {
            left: in_flight.and_then(|open| time_left(study, history, open)),
            generation_s: split.generation_s / history.trials.len().max(1) as f64,
            standing,
            in_flight,
            stored,
            run: run.to_owned(),
        }
    }

    /// What was read.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The same in numbers.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Whether a run may be at work there.
    pub fn is_live(&self) -> bool {
        self.stored.live
    }

    /// running, complete or stopped.
    pub fn state(&self) -> &'static str {
        let Standing { counts, stopped, .. } = &self.standing;
        if self.stored.live {
            "running"
        } else if counts.ended() >= self.stored.study.strategy.trials
            || stopped.as_ref().is_some_and(|s| s.rule != Rule::Failures)
        {
            "complete"
        } else {
            "stopped"
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let Stored { study, history, holder, live, notices, .. } = &self.stored;
        let holder = holder.as_ref().filter(|_| *live);
        let place = holder.map(|h| format!(" on {}, process {}", h.host, h.pid)).unwrap_or_default();
        let mut text = format!("{}, seed {}: {}{place}\n", study.name, study.seed, self.state());
        if let Some(open) = self.in_flight {
            let ranks = history.sessions.last().map_or(0, |session| session.evaluators);
            text += &format!("in flight    {open} trials on {ranks} ranks\n");
        }
        if let Some(left) = &self.left {
            text += &format!("time left    {}\n", left.text());
        }
        text += &summary::text(study, history, &self.run);
        text += &format!("time         {}\n", Split::of(history).line());
        if let Some(line) = Utilisation::of(history).total().line() {
            text += &format!("ranks        {line}\n");
        }
        for failures in report::failures(history) {
            text += &format!("failures     {}\n", self.failures_line(&failures));
        }
        text += &format!(
            "sessions     {}, {} attempts, {:.1} ms per candidate\n",
            history.sessions.len(),
            history.attempts.len(),
            1e3 * self.generation_s
        );
        for notice in notices {
            text += &format!("notice       {notice}\n");
        }
        text
    }

    fn failures_line(&self, failures: &Failures<'_>) -> String {
        let Failures { class, count, last } = failures;
        let place = match self.log(last) {
            Some(log) => log.display().to_string(),
            None => last.reason.clone(),
        };
        format!("{}: {count}, the last in trial {}: {place}", class.name(), last.trial)
    }

    /// The log of an attempt, if it left one: what it said on standard error, or else on standard output.
    pub fn log(&self, attempt: &Attempt) -> Option<PathBuf> {
        let below = match &self.stored.study.evaluator {
            Evaluator::Pipeline(pipeline) => {
                let plan = Plan::of(&self.stored.study);
                let task = plan.tasks.get(attempt.detail.task as usize)?;
                Some(task.directory(&pipeline.stages[task.stage]))
            }
            _ => None,
        };
        let dir = exec::attempt_directory(&self.run, attempt.trial, below.as_deref(), attempt.attempt);
        let logs = ["stderr", "stdout"].map(|name| dir.join(name));
        let says = |log: &&PathBuf| fs::metadata(log).is_ok_and(|found| found.len() > 0);
        let log = logs.iter().find(says).or(logs.first())?;
        log.exists().then(|| log.clone())
    }

    /// For other programs.
    pub fn document(&self) -> Json {
        let Stored { study, history, holder, notices, .. } = &self.stored;
        let standing = &self.standing;
        let split = Split::of(history);
        let used = Utilisation::of(history).total();
        json!({
            "study": study.name,
            "seed": study.seed,
            "state": self.state(),
            "host": holder.as_ref().map(|h| &h.host),
            "pid": holder.as_ref().map(|h| h.pid),
            "job": holder.as_ref().map(|h| &h.job),
            "trials": study.strategy.trials,
            "ok": standing.counts.ok,
            "violating": standing.violating,
            "infeasible": standing.counts.infeasible,
            "failed": standing.counts.failed,
            "proposed": history.trials.len(),
            "in_flight": self.in_flight,
            "front": standing.front,
            "stopped_by": standing.stopped.as_ref().map(|s| s.rule.name()),
            "stop_reason": standing.stopped.as_ref().map(|s| &s.reason),
            "hypervolume": standing.hypervolume.as_ref().map(|(value, _)| value),
            "max_hypervolume": standing.maximum,
            "sessions": history.sessions.len(),
            "attempts": history.attempts.len(),
            "time_left": self.left.as_ref().map(|left| json!({
                "seconds": left.seconds,
                "until": match left.last {
                    Last::Trial => "trials",
                    Last::Limit(_) => "limit",
                    Last::Clock(_) => "clock",
                },
                "at_most": left.sooner,
            })),
            "time_s": {
                "generation": split.generation_s,
                "queue": split.queue_s,
                "start": split.start_s,
                "evaluation": split.evaluation_s,
            },
            "utilisation": used.efficiency().map(|busy| json!({
                "busy": busy,
                "allocated_s": used.allocated_s(),
                "busy_s": used.busy_s,
                "waiting_s": used.waiting_s,
                "dispatch_s": used.dispatch_s,
                "away_s": used.away_s,
                "tail_s": used.tail_s,
            })),
            "failures": report::failures(history).iter().map(|f| json!({
                "class": f.class.name(),
                "attempts": f.count,
                "trial": f.last.trial,
                "attempt": f.last.attempt,
                "log": self.log(f.last),
                "reason": f.last.reason,
            })).collect::<Vec<_>>(),
            "stages": report::stages(history).iter().map(|s| json!({
                "stage": s.stage,
                "ok": s.ok,
                "infeasible": s.infeasible,
                "failed": s.failed,
                "interrupted": s.interrupted,
                "took_s": s.took_s.map(|(median, max)| json!({ "median": median, "max": max })),
                "peak_memory": s.peak_memory,
            })).collect::<Vec<_>>(),
            "events": EventFigures::of(study, history).map(|e| json!({
                "total": e.total,
                "of_trial": { "min": e.of_trial.0, "median": e.of_trial.1, "max": e.of_trial.2 },
                "overhead": { "study": e.supposed, "measured": e.measured() },
            })),
            "generation_s": self.generation_s,
            "starts": Starts::of(history).map(|s| json!({
                "count": s.count,
                "waited": s.waited,
                "waited_s": { "median": s.waited_s.0, "max": s.waited_s.1 },
                "idle": s.idle,
                "stale": s.stale.map(|(median, max)| json!({ "median": median, "max": max })),
            })),
            "makeshift": Makeshift::of(history).kinds.iter()
                .map(|(kind, (count, _))| (kind.clone(), json!(count)))
                .collect::<serde_json::Map<_, _>>(),
            "notices": notices,
        })
    }
}

/// Time left of the session at work, of whose study `open` trials are in flight. Of time limits only the study's
/// own is known here.
fn time_left(study: &Study, history: &History, open: u64) -> Option<Left> {
    let session = history.sessions.last()?;
    let completed = history.completions.iter().skip(session.completed_before as usize);
    let ended = completed.filter_map(|id| history.trials.get(*id as usize)?.completed.as_ref());
    let ends: Vec<f64> = ended
        .scan(session.at, |last, completed| {
            // The ranks' clocks may differ.
            *last = completed.finished.max(*last);
            Some(*last)
        })
        .collect();
    let at_a_time = match &study.evaluator {
        Evaluator::Pipeline(_) => 0,
        _ => session.capacity,
    };
    let pace = Pace { began: session.at, ends: &ends, widest: open.max(at_a_time) };
    let limit = study.limits.time_limit_s.map(|limit| session.at + limit - study.limits.margin_s);
    left(&pace, &bounds(study, history, limit), history.completions.len() as u64, now_s())
}
