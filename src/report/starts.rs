//! How trials came to their ranks: what ranks waited, and what the strategy did not know.

use super::time::time;
use crate::store::{History, Start, Trial};

/// A rank that waited longer than this had no candidate lying ready.
const AT_ONCE_S: f64 = 1e-3;

/// First words of the origins that no result has a say in: space-filling points, and designs that the
/// study names itself or was told.
const GIVEN: [&str; 5] = ["sobol", "lhc", "nominal", "list", "told"];

/// Figures over all attempts of a history whose starts are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Starts {
    /// Attempts.
    pub count: usize,
    /// Those that their ranks had waited for, more than a millisecond.
    pub waited: usize,
    /// Median and longest time that a rank had nothing to do before, in seconds.
    pub waited_s: (f64, f64),
    /// Share of the ranks' time, without that after their last trial, in which they had nothing to do.
    pub idle: f64,
    /// Median and largest number of results that came between a trial's proposal and its start; `None`
    /// if results had no say in any.
    pub stale: Option<(u64, u64)>,
}

impl Starts {
    /// The figures of a history; `None` if no start is known.
    pub fn of(history: &History) -> Option<Self> {
        let known = || history.attempts.iter().filter_map(|a| Some((a, a.start?)));
        let mut waits: Vec<f64> = known().map(|(_, Start { waited_s, .. })| waited_s).collect();
        let learned = |trial: u64| {
            let trial = history.trials.get(trial as usize);
            let given = |t: &Trial| GIVEN.iter().any(|word| t.proposed.origin.starts_with(word));
            trial.is_some_and(|t| !given(t))
        };
        let mut stale: Vec<u64> =
            known().filter(|(a, _)| learned(a.trial)).map(|(_, start)| start.stale).collect();
        waits.sort_by(f64::total_cmp);
        stale.sort_unstable();
        let idle_s: f64 = waits.iter().sum();
        let busy_s: f64 = known().map(|(a, _)| (a.finished - a.started).max(0.0)).sum();
        Some(Self {
            count: waits.len(),
            waited: waits.iter().filter(|w| **w > AT_ONCE_S).count(),
            waited_s: (*waits.get(waits.len() / 2)?, *waits.last()?),
            idle: if idle_s > 0.0 { idle_s / (idle_s + busy_s) } else { 0.0 },
            stale: stale.get(stale.len() / 2).copied().zip(stale.last().copied()),
        })
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let Self { count, waited, waited_s: (median, longest), idle, stale } = *self;
        let (median, longest, idle) = (time(median), time(longest), 100.0 * idle);
        let mut line = format!(
            "{waited} of {count} waited more than 1 ms for a candidate (median {median}, longest {longest}; \
             {idle:.1} % of the ranks' time)"
        );
        if let Some((usual, most)) = stale {
            line += &format!(
                "; candidates lacked {usual} results when they started (median; at most {most})"
            );
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Attempt, Proposed, Trial};

    fn attempt(trial: u64, start: Option<Start>) -> Attempt {
        Attempt {
            trial,
            attempt: 1,
            rank: 1,
            host: String::new(),
            dispatched: 1.0,
            started: 1.0,
            finished: 3.0,
            status: "ok".into(),
            reason: String::new(),
            start,
            detail: Default::default(),
        }
    }

    fn proposed(trial: u64, origin: &str) -> Trial {
        let proposed = Proposed {
            trial,
            seen: 0,
            design: vec![],
            origin: origin.into(),
            generation_s: 0.0,
            at: 0.0,
            memory: None,
        };
        Trial { proposed, completed: None }
    }

    #[test]
    fn waiting_and_staleness_are_summed_up() {
        let mut history = History::default();
        assert_eq!(Starts::of(&history), None);
        history.trials = vec![proposed(0, "sobol"), proposed(1, "mobo")];
        history.attempts.push(attempt(0, None));
        assert_eq!(Starts::of(&history), None);
        history.attempts.push(attempt(0, Some(Start { waited_s: 0.0, stale: 9 })));
        assert_eq!(Starts::of(&history).unwrap().stale, None);
        for (waited_s, stale) in [(0.0, 1), (2.0, 0), (0.5, 4)] {
            history.attempts.push(attempt(1, Some(Start { waited_s, stale })));
        }
        let starts = Starts::of(&history).unwrap();
        let (waited_s, stale) = ((0.5, 2.0), Some((1, 4)));
        let idle = 2.5 / (2.5 + 4.0 * 2.0);
        assert_eq!(starts, Starts { count: 4, waited: 2, waited_s, idle, stale });
        assert_eq!(
            starts.line(),
            "2 of 4 waited more than 1 ms for a candidate (median 500.0 ms, longest 2.0 s; 23.8 % of the \
             ranks' time); candidates lacked 1 results when they started (median; at most 4)"
        );
    }
}
