//! Where the time of trials went, from the making of a proposal to the end of its evaluation.

use super::time::time;
use crate::store::{Attempt, History, Trial};

/// Of one trial, or sums over many, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Split {
    /// Trials whose first attempt is on record.
    pub trials: usize,
    /// The strategy's work on candidates.
    pub generation_s: f64,
    /// From a proposal, once it is made, until a rank is given the first task of its trial; of time between two
    /// sessions nothing counts.
    pub queue_s: f64,
    /// From then on until the rank begins, over all attempts.
    pub start_s: f64,
    /// From begin to end, over all attempts: ranks' time.
    pub evaluation_s: f64,
}

impl Split {
    /// The sums of a history.
    pub fn of(history: &History) -> Self {
        Self::of_trials(history).into_iter().fold(Self::default(), |sum, one| Self {
            trials: sum.trials + one.trials,
            generation_s: sum.generation_s + one.generation_s,
            queue_s: sum.queue_s + one.queue_s,
            start_s: sum.start_s + one.start_s,
            evaluation_s: sum.evaluation_s + one.evaluation_s,
        })
    }

    /// Of every trial by itself. Clocks of hosts may differ: what would be negative counts as nothing.
    pub fn of_trials(history: &History) -> Vec<Self> {
        let generation = |t: &Trial| Self { generation_s: t.proposed.generation_s, ..Self::default() };
        let mut splits: Vec<Self> = history.trials.iter().map(generation).collect();
        let mut first: Vec<Option<f64>> = vec![None; splits.len()];
        for Attempt { trial, dispatched, started, finished, .. } in &history.attempts {
            let (Some(split), Some(first)) =
                (splits.get_mut(*trial as usize), first.get_mut(*trial as usize))
            else {
                continue;
            };
            split.start_s += (started - dispatched).max(0.0);
            split.evaluation_s += (finished - started).max(0.0);
            *first = Some(first.map_or(*dispatched, |before: f64| before.min(*dispatched)));
        }
        for ((split, trial), given) in splits.iter_mut().zip(&history.trials).zip(first) {
            let Some(given) = given else { continue };
            let begun = history.sessions.iter().map(|session| session.at);
            let session = begun.filter(|at| *at <= given).fold(f64::NEG_INFINITY, f64::max);
            split.trials = 1;
            split.queue_s = (given - trial.proposed.at.max(session)).max(0.0);
        }
        splits
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let Self { trials, generation_s, queue_s, start_s, evaluation_s } = *self;
        format!(
            "proposals {}, in the queue {}, starting {}, evaluation {} (sums over {trials} trials)",
            time(generation_s),
            time(queue_s),
            time(start_s),
            time(evaluation_s)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Proposed, Session};

    fn proposed(trial: u64, at: f64, generation_s: f64) -> Trial {
        let (origin, design) = (String::new(), vec![]);
        let proposed = Proposed { trial, seen: 0, design, origin, generation_s, at, memory: None };
        Trial { proposed, completed: None }
    }

    fn attempt(trial: u64, dispatched: f64, started: f64, finished: f64) -> Attempt {
        Attempt {
            trial,
            attempt: 1,
            rank: 1,
            host: String::new(),
            dispatched,
            started,
            finished,
            status: "ok".into(),
            reason: String::new(),
            start: None,
            detail: Default::default(),
        }
    }

    fn session(at: f64) -> Session {
        let (host, job) = (String::new(), String::new());
        Session { at, host, job, evaluators: 1, capacity: 1, completed_before: 0 }
    }

    #[test]
    fn times_are_summed_up_without_the_time_between_sessions() {
        let mut history = History::default();
        assert_eq!(Split::of(&history), Split::default());
        history.sessions = vec![session(0.0), session(1000.0)];
        // The second was begun with in the session after its own; nobody has begun with the third.
        history.trials = vec![proposed(0, 1.0, 0.5), proposed(1, 2.0, 0.25), proposed(2, 1001.0, 0.25)];
        // Two tasks of the first trial, the later one first; a rank whose clock is behind.
        history.attempts = vec![
            attempt(0, 9.0, 10.0, 14.0),
            attempt(0, 4.0, 3.5, 9.0),
            attempt(1, 1003.0, 1003.5, 1010.0),
        ];
        let split = Split::of(&history);
        let (queue_s, start_s, evaluation_s) = (3.0 + 3.0, 1.0 + 0.5, 4.0 + 5.5 + 6.5);
        assert_eq!(split, Split { trials: 2, generation_s: 1.0, queue_s, start_s, evaluation_s });
        assert_eq!(
            Split { queue_s: 0.0123, evaluation_s: 9000.0, ..split }.line(),
            "proposals 1.0 s, in the queue 12.3 ms, starting 1.5 s, evaluation 2.5 h (sums over 2 trials)"
        );
    }
}
