//! `paretorank status`: how a run stands.

use super::summary::{self, Standing};
use super::{stored, write_out};
use crate::config::Rule;
use crate::exit::Exit;
use crate::report::{self, EventFigures, Makeshift, Starts};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `paretorank status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Prints the standing.
pub fn run(args: Args) -> Exit {
    let stored = match stored(&args.run) {
        Ok(stored) => stored,
        Err(exit) => return exit,
    };
    let (study, history) = (&stored.study, &stored.history);
    let standing = Standing::of(study, history);
    let state = if stored.live {
        "running"
    } else if standing.counts.ended() >= study.strategy.trials
        || standing.stopped.as_ref().is_some_and(|s| s.rule != Rule::Failures)
    {
        "complete"
    } else {
        "stopped"
    };
    let starts = Starts::of(history);
    let proposing: Vec<f64> = history.trials.iter().map(|t| t.proposed.generation_s).collect();
    let mean = proposing.iter().sum::<f64>() / proposing.len().max(1) as f64;
    let text = if args.json {
        let document = json!({
            "study": study.name,
            "seed": study.seed,
            "state": state,
            "host": stored.holder.as_ref().map(|h| &h.host),
            "pid": stored.holder.as_ref().map(|h| h.pid),
            "job": stored.holder.as_ref().map(|h| &h.job),
            "trials": study.strategy.trials,
            "ok": standing.counts.ok,
            "violating": standing.violating,
            "infeasible": standing.counts.infeasible,
            "failed": standing.counts.failed,
            "proposed": history.trials.len(),
            "front": standing.front,
            "stopped_by": standing.stopped.as_ref().map(|s| s.rule.name()),
            "stop_reason": standing.stopped.as_ref().map(|s| &s.reason),
            "hypervolume": standing.hypervolume.as_ref().map(|(value, _)| value),
            "max_hypervolume": standing.maximum,
            "sessions": history.sessions.len(),
            "attempts": history.attempts.len(),
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
            "generation_s": mean,
            "starts": starts.map(|s| json!({
                "count": s.count,
                "waited": s.waited,
                "waited_s": { "median": s.waited_s.0, "max": s.waited_s.1 },
                "idle": s.idle,
                "stale": s.stale.map(|(median, max)| json!({ "median": median, "max": max })),
            })),
            "makeshift": Makeshift::of(history).kinds.iter()
                .map(|(kind, (count, _))| (kind.clone(), json!(count)))
                .collect::<serde_json::Map<_, _>>(),
            "notices": stored.notices,
        });
        format!("{document:#}\n")
    } else {
        let holder = stored.holder.as_ref().filter(|_| stored.live);
        let place = holder.map(|h| format!(" on {}, process {}", h.host, h.pid)).unwrap_or_default();
        let mut text = format!("{}, seed {}: {state}{place}\n", study.name, study.seed);
        text += &summary::text(study, history, &args.run);
        text += &format!(
            "sessions     {}, {} attempts, {:.1} ms per candidate\n",
            history.sessions.len(),
            history.attempts.len(),
            1e3 * mean
        );
        for notice in &stored.notices {
            text += &format!("notice       {notice}\n");
        }
        text
    };
    write_out(None, text.as_bytes())
}
