//! The points of the table: what is measured, and what comes out. Pure.

use super::delays::shown;
use crate::config::Delay;
use crate::report::{RankTime, Utilisation};
use crate::store::History;
use serde::Serialize;
use std::collections::BTreeMap;

/// One run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    pub objectives: usize,
    pub parameters: usize,
    pub delay: Delay,
    /// Trials of a batch; `None`: asynchronous.
    pub batch: Option<u64>,
    /// Evaluating ranks.
    pub ranks: usize,
    pub trials: u64,
}

impl Setting {
    /// `asynchronous`, or `batches of 5`.
    pub fn mode(&self) -> String {
        self.batch.map_or("asynchronous".into(), |batch| format!("batches of {batch}"))
    }

    /// What is the same for all points of a table.
    pub fn problem(&self) -> String {
        let Self { objectives, parameters, delay, .. } = *self;
        format!("DTLZ2, M = {objectives}, d = {parameters}, evaluations of {}", shown(delay))
    }

    /// Whether two points differ in nothing but ranks, and trials with them, and mode.
    fn is_beside(&self, other: &Self) -> bool {
        let key = |s: &Self| (s.objectives, s.parameters, s.delay);
        key(self) == key(other)
    }
}

/// How the number of trials goes with the number of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Scaling {
    /// Strong: so many trials, whatever ranks there are.
    Trials(u64),
    /// Weak: so many trials for each rank.
    PerRank(u64),
}

/// All runs, in their order: problem by problem, the modes one after the other.
pub fn plan(
    (objectives, parameters): (&[usize], &[usize]),
    delays: &[Delay],
    ranks: &[usize],
    batch: Option<u64>,
    scaling: Scaling,
) -> Vec<Setting> {
    let mut all = vec![];
    for (&objectives, &parameters) in
        objectives.iter().flat_map(|m| parameters.iter().map(move |d| (m, d)))
    {
        for &delay in delays {
            for batch in std::iter::once(None).chain(batch.map(Some)) {
                all.extend(ranks.iter().map(|&ranks| {
                    let trials = match scaling {
                        Scaling::Trials(trials) => trials,
                        Scaling::PerRank(trials) => trials * ranks as u64,
                    };
                    Setting { objectives, parameters, delay, batch, ranks, trials }
                }));
            }
        }
    }
    all
}

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Point {
    pub setting: Setting,
    /// From the first start to the last end.
    pub wall_s: f64,
    pub by_rank: BTreeMap<u64, RankTime>,
    /// Of an evaluation, in seconds: mean.
    pub evaluation_s: f64,
    /// Trials that ended, in the one session that there was.
    pub ended: usize,
}

impl Point {
    /// The figures of a complete run; `None` if nothing took any time.
    pub fn of(setting: Setting, history: &History) -> Option<Self> {
        let used = Utilisation::from_first_start(history);
        let (wall_s, by_rank) = (used.wall_s(), used.by_rank());
        let attempts = history.attempts.len() as f64;
        let took = history.attempts.iter().map(|a| a.finished - a.started).sum::<f64>();
        (wall_s > 0.0).then(|| Self {
            setting,
            wall_s,
            by_rank,
            evaluation_s: took / attempts,
            ended: history.completions.len(),
        })
    }

    pub fn total(&self) -> RankTime {
        self.by_rank.values().fold(RankTime::default(), |sum, time| sum + *time)
    }

    pub fn trials_per_s(&self) -> f64 {
        self.ended as f64 / self.wall_s
    }

    /// Trials per second as a multiple of those of one rank: of the asynchronous run on the fewest ranks, which
    /// counts as so many times one.
    pub fn speedup(&self, all: &[Point]) -> f64 {
        let beside = all.iter().filter(|point| point.setting.is_beside(&self.setting));
        let base = beside.min_by_key(|point| (point.setting.batch.is_some(), point.setting.ranks));
        let base = base.unwrap_or(self);
        base.setting.ranks as f64 * self.trials_per_s() / base.trials_per_s()
    }

    /// Busy share of the ranks' time, 0 to 1.
    pub fn efficiency(&self) -> f64 {
        self.total().efficiency().unwrap_or(0.0)
    }
}

/// A point as files have it.
#[derive(Debug, Serialize)]
pub struct Row {
    objectives: usize,
    parameters: usize,
    delay: String,
    mode: &'static str,
    batch: Option<u64>,
    ranks: usize,
    trials: usize,
    wall_s: f64,
    trials_per_s: f64,
    speedup: f64,
    efficiency: f64,
    evaluation_s: f64,
    allocated_s: f64,
    busy_s: f64,
    waiting_s: f64,
    dispatch_s: f64,
    away_s: f64,
    tail_s: f64,
}

impl Row {
    pub fn of(point: &Point, all: &[Point]) -> Self {
        let Setting { objectives, parameters, delay, batch, ranks, .. } = point.setting;
        let time = point.total();
        let RankTime { busy_s, waiting_s, dispatch_s, away_s, tail_s } = time;
        Self {
            objectives,
            parameters,
            delay: shown(delay),
            mode: if batch.is_some() { "batches" } else { "asynchronous" },
            batch,
            ranks,
            trials: point.ended,
            wall_s: point.wall_s,
            trials_per_s: point.trials_per_s(),
            speedup: point.speedup(all),
            efficiency: point.efficiency(),
            evaluation_s: point.evaluation_s,
            allocated_s: time.allocated_s(),
            busy_s,
            waiting_s,
            dispatch_s,
            away_s,
            tail_s,
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::store::{Attempt, Session, Start};

    pub fn setting(ranks: usize, batch: Option<u64>) -> Setting {
        let delay = Delay::Constant { seconds: 0.1 };
        Setting { objectives: 3, parameters: 20, delay, batch, ranks, trials: 8 }
    }

    /// A history of `trials` of two seconds each, one after the other on every rank.
    pub fn point(setting: Setting) -> Point {
        let (host, job) = (String::new(), String::new());
        let (evaluators, capacity) = (setting.ranks as u64, setting.ranks as u64);
        let session = Session { at: 0.0, host, job, evaluators, capacity, completed_before: 0 };
        let mut history = History { sessions: vec![session], ..History::default() };
        for trial in 0..setting.trials {
            let at = 10.0 + 2.5 * (trial / evaluators) as f64;
            history.completions.push(trial);
            history.attempts.push(Attempt {
                trial,
                attempt: 1,
                rank: 1 + trial % evaluators,
                host: String::new(),
                dispatched: at - 0.1,
                started: at,
                finished: at + 2.0,
                status: "ok".into(),
                reason: String::new(),
                start: Some(Start { waited_s: 0.3, stale: 0 }),
                detail: Default::default(),
            });
        }
        Point::of(setting, &history).unwrap()
    }

    #[test]
    fn every_combination_has_its_point_and_the_baseline_stands_behind() {
        let delays = [0.1, 1.0].map(|seconds| Delay::Constant { seconds });
        let all = plan((&[3, 4], &[20]), &delays, &[1, 4], Some(5), Scaling::Trials(40));
        assert_eq!(all.len(), 2 * 2 * 2 * 2);
        let first: Vec<_> = all[..4].iter().map(|s| (s.ranks, s.batch, s.trials)).collect();
        assert_eq!(first, [(1, None, 40), (4, None, 40), (1, Some(5), 40), (4, Some(5), 40)]);
        assert_eq!((all[4].delay, all[8].objectives), (delays[1], 4));
        let weak = plan((&[3], &[20, 50]), &delays[..1], &[1, 4], None, Scaling::PerRank(40));
        let sizes: Vec<_> = weak.iter().map(|s| (s.parameters, s.ranks, s.trials)).collect();
        assert_eq!(sizes, [(20, 1, 40), (20, 4, 160), (50, 1, 40), (50, 4, 160)]);
    }

    #[test]
    fn a_point_says_how_fast_and_how_well() {
        // On two ranks four rounds of 2 s, 0.5 s between them, of which 0.3 s of waiting and 0.1 s of
        // dispatch.
        let two = point(setting(2, None));
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(two.wall_s, 9.5);
        near(two.trials_per_s(), 8.0 / 9.5);
        near(two.evaluation_s, 2.0);
        near(two.efficiency(), 16.0 / 19.0);
        let time = two.total();
        near(time.busy_s, 16.0);
        near(time.waiting_s, 1.8);
        near(time.dispatch_s, 0.6);
        near(time.away_s, 0.6);
        near(time.tail_s, 0.0);
        // The asynchronous run on the fewest ranks is what others are held against.
        let (four, batches) = (point(setting(4, None)), point(setting(2, Some(5))));
        let all = [batches.clone(), four.clone(), two.clone()];
        near(two.speedup(&all), 2.0);
        near(batches.speedup(&all), 2.0);
        near(four.speedup(&all), 2.0 * 9.5 / 4.5);
        near(batches.speedup(&all[..1]), 2.0);
    }
}
