//! What the attempts at the tasks of each stage came to.

use super::time::time;
use crate::store::{Attempt, History, REUSED};

/// Figures of a stage over all attempts of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct StageFigures {
    /// Name.
    pub stage: String,
    /// Attempts that ended ok.
    pub ok: usize,
    /// Those of them that took over what another one had done.
    pub reused: usize,
    /// Those that found the design infeasible.
    pub infeasible: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that were interrupted.
    pub interrupted: usize,
    /// Median and longest duration in seconds of the ok ones that worked; `None` if there are none.
    pub took_s: Option<(f64, f64)>,
    /// Most memory that an attempt had at a time, in bytes; `None` if it was never measured.
    pub peak_memory: Option<u64>,
}

/// By stage, in the order of the plan; empty where every trial is one evaluation.
pub fn stages(history: &History) -> Vec<StageFigures> {
    let mut firsts: Vec<(u32, &str)> = vec![];
    for Attempt { detail, .. } in &history.attempts {
        match firsts.iter_mut().find(|(_, stage)| *stage == detail.stage) {
            Some((task, _)) => *task = detail.task.min(*task),
            None => firsts.push((detail.task, &detail.stage)),
        }
    }
    firsts.sort_unstable();
    if firsts.iter().all(|(_, stage)| *stage == "evaluate") {
        return vec![];
    }
    firsts.into_iter().map(|(_, stage)| figures(stage, history)).collect()
}

fn figures(stage: &str, history: &History) -> StageFigures {
    let own = || history.attempts.iter().filter(|a| a.detail.stage == stage);
    let count = |status: &str| own().filter(|a| a.status == status).count();
    let reused = |a: &&Attempt| a.status == "ok" && a.reason.starts_with(REUSED);
    let worked = own().filter(|a| a.status == "ok" && !reused(a));
    let mut took: Vec<f64> = worked.map(|a| a.finished - a.started).collect();
    took.sort_by(f64::total_cmp);
    StageFigures {
        stage: stage.to_owned(),
        ok: count("ok"),
        reused: own().filter(reused).count(),
        infeasible: count("infeasible"),
        failed: count("failed"),
        interrupted: count("interrupted"),
        took_s: took.get(took.len() / 2).copied().zip(took.last().copied()),
        peak_memory: own().filter_map(|a| a.detail.peak_memory).max(),
    }
}

impl StageFigures {
    /// One line for people.
    pub fn line(&self) -> String {
        let Self { stage, ok, reused, infeasible, failed, interrupted, took_s, peak_memory } = self;
        let reused = if *reused > 0 { format!(" ({reused} reused)") } else { String::new() };
        let mut line = format!(
            "{stage}: {ok} ok{reused}, {infeasible} infeasible, {failed} failed, {interrupted} interrupted"
        );
        if let Some((median, longest)) = took_s {
            line += &format!("; {} (median), {} at most", time(*median), time(*longest));
        }
        if let Some(bytes) = peak_memory {
            line += &format!("; {:.2} GB at most", *bytes as f64 / 1e9);
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Detail;

    fn attempt(stage: &str, task: u32, status: &str, took_s: f64, peak_memory: Option<u64>) -> Attempt {
        Attempt {
            trial: 0,
            attempt: 1,
            rank: 1,
            host: String::new(),
            dispatched: 0.0,
            started: 10.0,
            finished: 10.0 + took_s,
            status: status.into(),
            reason: String::new(),
            start: None,
            detail: Detail { task, stage: stage.into(), peak_memory, ..Detail::default() },
        }
    }

    #[test]
    fn stages_are_summed_up_in_the_order_of_the_plan() {
        let mut history = History::default();
        history.attempts.push(attempt("evaluate", 0, "ok", 1.0, None));
        assert_eq!(stages(&history), []);
        history.attempts = vec![
            attempt("simulation", 2, "failed", 1.0, Some(1)),
            attempt("overlap", 0, "ok", 4.0, None),
            attempt("overlap", 0, "infeasible", 5.0, None),
            attempt("simulation", 1, "ok", 7200.0, Some(2_500_000_000)),
            attempt("simulation", 2, "ok", 60.0, None),
            attempt("simulation", 3, "interrupted", 60.0, None),
            attempt("simulation", 4, "ok", 90.0, None),
            Attempt { reason: format!("{REUSED}x"), ..attempt("simulation", 4, "ok", 0.0, None) },
        ];
        let lines: Vec<String> = stages(&history).iter().map(StageFigures::line).collect();
        assert_eq!(
            lines,
            [
                "overlap: 1 ok, 1 infeasible, 0 failed, 0 interrupted; 4.0 s (median), 4.0 s at most",
                "simulation: 4 ok (1 reused), 0 infeasible, 1 failed, 1 interrupted; 90.0 s (median), 2.0 h at most; 2.50 GB at most",
            ]
        );
    }
}
