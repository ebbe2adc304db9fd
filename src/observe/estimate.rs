//! How long a run will go on, from the pace of the trials that have ended last.

/// Trials that the pace is taken from, at least, once there are so many.
const ENOUGH: usize = 10;

/// What has happened in a session.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    /// When it began, in seconds since 1970.
    pub began: f64,
    /// When its trials ended, in that order, in seconds since 1970.
    pub ends: &'a [f64],
    /// Most trials that were in flight at a time.
    pub widest: u64,
}

/// What may end a session, as far as that is known beforehand.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bounds {
    /// Trials of the study.
    pub trials: u64,
    /// Seconds since 1970 at which the time limit stops what runs.
    pub limit: Option<f64>,
    /// Seconds since 1970 at which the study has been worked on for as long as `strategy.stop.clock` says.
    pub clock: Option<f64>,
    /// Whether other stopping rules may end the study before that: nobody knows when.
    pub sooner: bool,
}

/// What ends the run first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Last {
    /// The study's last trial.
    Trial,
    /// The time limit, by which about so many trials will have ended.
    Limit(u64),
    /// The rule `strategy.stop.clock`, by which about so many trials will have ended.
    Clock(u64),
}

/// An estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Left {
    /// Seconds.
    pub seconds: f64,
    /// What is then.
    pub last: Last,
    /// Whether a stopping rule may come before.
    pub sooner: bool,
}

/// What the pace is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rate {
    /// Trials per second.
    per_s: f64,
    /// Seconds since the last end, as far as they are nothing unusual: on the way to the next one.
    since_s: f64,
}

/// The pace of late; `None` while fewer have ended than were in flight at a time: the first to end are the
/// quick ones.
///
/// Trials that begin together and take about the same time end together, so that counting from one of them
/// to another says anything. A whole number of such rounds is counted: the last `k · widest` ends, from the
/// end before them (or the session's begin), `k` such that there are at least `ENOUGH` if possible. A
/// silence longer than any among them counts too: a run that hangs has no pace.
fn rate(pace: &Pace<'_>, now: f64) -> Option<Rate> {
    let round = pace.widest.max(1) as usize;
    let wanted = ENOUGH.div_ceil(round) * round;
    let count = wanted.min(pace.ends.len() / round * round);
    // Before the first whole window, what came after the last whole round is of no use.
    let until = if pace.ends.len() >= wanted { pace.ends.len() } else { count };
    let window = pace.ends.get(until - count..until).filter(|window| !window.is_empty())?;
    let before = until.checked_sub(count + 1).map_or(pace.began, |at| pace.ends[at]);
    let times = || std::iter::once(&before).chain(window);
    let longest = times().zip(window).map(|(a, b)| b - a).fold(0.0, f64::max);
    // Clocks may differ.
    let silence = (now - pace.ends.last()?).max(0.0);
    let span = window.last()? - before + (silence - longest).max(0.0);
    (span > 0.0).then(|| Rate { per_s: count as f64 / span, since_s: silence.min(longest) })
}

/// What is left of a run at the time `now`, of whose study `ended` trials have ended; `None` while there is
/// too little to tell.
pub fn left(pace: &Pace<'_>, bounds: &Bounds, ended: u64, now: f64) -> Option<Left> {
    let Rate { per_s, since_s } = rate(pace, now)?;
    let to_do = bounds.trials.saturating_sub(ended) as f64;
    let trials_s = (to_do / per_s - since_s).max(0.0);
    let by = |seconds: f64| ended + ((seconds + since_s) * per_s).floor().clamp(0.0, to_do) as u64;
    let others = [(bounds.limit, Last::Limit as fn(u64) -> Last), (bounds.clock, Last::Clock)];
    let (mut seconds, mut last) = (trials_s, Last::Trial);
    for (at, kind) in others {
        if let Some(other) = at.map(|at| (at - now).max(0.0)).filter(|other| *other < seconds) {
            (seconds, last) = (other, kind(by(other)));
        }
    }
    Some(Left { seconds, last, sooner: bounds.sooner })
}

impl Left {
    /// For people.
    pub fn text(&self) -> String {
        let time = rough(self.seconds);
        match (self.last, self.sooner) {
            (Last::Trial, false) => format!("about {time} left"),
            (Last::Trial, true) => format!("about {time} left at most"),
            (Last::Limit(trials), _) => format!("time limit in {time}, at about {trials} trials"),
            (Last::Clock(trials), _) => {
                format!("strategy.stop.clock in {time}, at about {trials} trials")
            }
        }
    }

    /// The same in a few letters.
    pub fn short(&self) -> String {
        let time = rough(self.seconds);
        match (self.last, self.sooner) {
            (Last::Trial, false) => format!("~{time} left"),
            (Last::Trial, true) => format!("<~{time} left"),
            (Last::Limit(_), _) => format!("limit in {time}"),
            (Last::Clock(_), _) => format!("clock in {time}"),
        }
    }
}

/// A time with its unit, in two digits or so.
pub(super) fn rough(seconds: f64) -> String {
    let (minutes, hours) = (seconds / 60.0, seconds / 3600.0);
    match seconds {
        s if s < 99.5 => format!("{s:.0} s"),
        _ if minutes < 99.5 => format!("{minutes:.0} min"),
        _ if hours < 47.5 => format!("{hours:.1} h"),
        _ => format!("{:.1} d", hours / 24.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(ends: &[f64], widest: u64) -> Pace<'_> {
        Pace { began: 0.0, ends, widest }
    }

    fn trials(trials: u64) -> Bounds {
        Bounds { trials, ..Bounds::default() }
    }

    fn per_s(pace: &Pace<'_>, now: f64) -> Option<f64> {
        rate(pace, now).map(|rate| rate.per_s)
    }

    #[test]
    fn nothing_is_said_before_the_first_round_is_over() {
        assert_eq!(per_s(&pace(&[], 1), 50.0), None);
        assert_eq!(per_s(&pace(&[10.0, 10.1, 10.2], 4), 50.0), None);
        let round = [10.0, 10.0, 10.0, 10.0];
        assert_eq!(per_s(&pace(&round, 4), 10.0), Some(0.4));
        assert_eq!(per_s(&pace(&[0.0], 1), 0.0), None, "no time has passed");
    }

    /// Four ranks, 100 s a trial: one trial in 25 s, whenever one asks.
    #[test]
    fn trials_that_end_together_do_not_look_faster_than_they_are() {
        let mut ends = vec![];
        for k in 0..60_i32 {
            ends.push(100.0 * f64::from(1 + k / 4) + 0.001 * f64::from(k % 4));
            if ends.len() >= 4 {
                let now = *ends.last().unwrap();
                let rate = per_s(&pace(&ends, 4), now).unwrap();
                assert!((rate / 0.04 - 1.0).abs() < 1e-3, "{rate} after {k}");
            }
        }
    }

    #[test]
    fn only_the_last_trials_count() {
        // Ten slow ones, then ten of 1 s each.
        let slow = (1..=10).map(|k| 100.0 * f64::from(k));
        let ends: Vec<f64> = slow.chain((1..=10).map(|k| 1000.0 + f64::from(k))).collect();
        assert_eq!(per_s(&pace(&ends, 1), 1010.0), Some(1.0));
    }

    #[test]
    fn a_run_that_hangs_takes_ever_longer() {
        let ends: Vec<f64> = (1..=10).map(f64::from).collect();
        let at = |now| left(&pace(&ends, 1), &trials(20), 10, now).unwrap().seconds;
        assert_eq!(at(10.0), 10.0);
        assert_eq!(at(10.5), 9.5, "time passes");
        // After 100 s of silence 10 trials take 109 s, less the usual second.
        assert!((at(110.0) - 108.0).abs() < 1e-9);
        assert!((at(1010.0) - 1008.0).abs() < 1e-9);
    }

    #[test]
    fn what_comes_first_is_said() {
        let ends: Vec<f64> = (1..=10).map(|k| 10.0 * f64::from(k)).collect();
        let of = |bounds| left(&pace(&ends, 1), &bounds, 10, 100.0).unwrap();
        let all = trials(30);
        assert_eq!(of(all), Left { seconds: 200.0, last: Last::Trial, sooner: false });
        assert_eq!(of(all).text(), "about 3 min left");
        assert_eq!(of(Bounds { sooner: true, ..all }).text(), "about 3 min left at most");
        let limit = of(Bounds { limit: Some(155.0), clock: Some(1000.0), ..all });
        assert_eq!(limit, Left { seconds: 55.0, last: Last::Limit(15), sooner: false });
        assert_eq!(limit.text(), "time limit in 55 s, at about 15 trials");
        let clock = of(Bounds { limit: Some(155.0), clock: Some(130.0), ..all });
        assert_eq!(clock.last, Last::Clock(13));
        let past = of(Bounds { limit: Some(90.0), ..all });
        assert_eq!(past, Left { seconds: 0.0, last: Last::Limit(10), sooner: false });
        assert_eq!(of(trials(10)).seconds, 0.0);
    }

    #[test]
    fn times_have_units() {
        let shown = [0.4, 59.0, 99.6, 3600.0, 12_000.0, 180_000.0].map(rough);
        assert_eq!(shown, ["0 s", "59 s", "2 min", "60 min", "3.3 h", "2.1 d"]);
    }
}
