//! What trials of different numbers of events cost: time as measured, beside what the study says.

use crate::config::Study;
use crate::store::History;
use std::collections::BTreeMap;

/// Trials below this are too few for a line through their times.
const LEAST_TRIALS: usize = 5;

/// Events of a history's ok trials, and the line through the seconds that they took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EventFigures {
    /// Events of all of them.
    pub total: i64,
    /// Fewest, median and most of a trial.
    pub of_trial: (i64, i64, i64),
    /// Overhead of a trial that the study supposes, in events.
    pub supposed: f64,
    /// The same as measured: seconds that a trial takes beside its events, and for one event; `None` where
    /// there are too few trials, or time does not grow with events.
    pub seconds: Option<(f64, f64)>,
}

impl EventFigures {
    /// The figures; `None` where trials have no number of events, or none is ok yet. A trial's time is that of
    /// all its ok attempts together.
    pub fn of(study: &Study, history: &History) -> Option<Self> {
        let space = &study.problem.space;
        let (_, range) = space.events()?;
        let mut took: BTreeMap<u64, f64> = BTreeMap::new();
        for attempt in history.attempts.iter().filter(|a| a.status == "ok") {
            *took.entry(attempt.trial).or_default() += (attempt.finished - attempt.started).max(0.0);
        }
        let ok = history
            .trials
            .iter()
            .filter(|t| t.completed.as_ref().is_some_and(|c| c.outcome.status() == "ok"));
        let (mut events, mut pairs) = (vec![], vec![]);
        for trial in ok {
            let count = space.events_of(&trial.proposed.design)?;
            events.push(count);
            pairs.extend(took.get(&trial.proposed.trial).map(|seconds| (count as f64, *seconds)));
        }
        events.sort_unstable();
        Some(Self {
            total: events.iter().sum(),
            of_trial: (*events.first()?, events[events.len() / 2], *events.last()?),
            supposed: range.overhead,
            seconds: line(&pairs),
        })
    }

    /// The overhead of a trial as measured, in events.
    pub fn measured(&self) -> Option<f64> {
        self.seconds.map(|(beside, each)| beside.max(0.0) / each)
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let (least, median, most) = self.of_trial;
        let mut line = format!("{} in all, {least} to {most} a trial (median {median})", self.total);
        if let (Some((beside, each)), Some(measured)) = (self.seconds, self.measured()) {
            line += &format!(
                "; a trial takes {:.3} s and {:.3} ms an event: an overhead of {measured:.0} events (the \
                 study says {})",
                beside.max(0.0),
                1e3 * each,
                self.supposed
            );
        }
        line
    }
}

/// Intercept and positive slope of the least-squares line.
fn line(pairs: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = pairs.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let spread: f64 = pairs.iter().map(|p| (p.0 - x).powi(2)).sum();
    let slope = pairs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread;
    (pairs.len() >= LEAST_TRIALS && spread > 0.0 && slope > 0.0).then_some((y - slope * x, slope))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_times_is_found_again() {
        let pairs = |f: fn(f64) -> f64| -> Vec<(f64, f64)> {
            [100.0, 400.0, 200.0, 1600.0, 100.0].into_iter().map(|n| (n, f(n))).collect()
        };
        let (beside, each) = line(&pairs(|n| 12.0 + 0.05 * n)).unwrap();
        assert!((beside - 12.0).abs() < 1e-9 && (each - 0.05).abs() < 1e-12);
        assert_eq!(line(&pairs(|n| 12.0 - 0.001 * n)), None, "time does not grow");
        assert_eq!(line(&pairs(|n| 12.0 + n)[..4]), None, "too few");
        assert_eq!(line(&[(100.0, 3.0); 9]), None, "all alike");
    }

    #[test]
    fn the_line_says_what_the_study_could_say() {
        let figures = EventFigures {
            total: 40_000,
            of_trial: (500, 1000, 4000),
            supposed: 250.0,
            seconds: Some((40.0, 0.02)),
        };
        assert_eq!(
            figures.line(),
            "40000 in all, 500 to 4000 a trial (median 1000); a trial takes 40.000 s and 20.000 ms an event: an \
             overhead of 2000 events (the study says 250)"
        );
    }
}
