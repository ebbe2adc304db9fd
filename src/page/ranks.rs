//! Where the ranks' time went: a time line, and the time of each trial.

use super::rounded::Rounded;
use crate::report::{Doing, Segment, SessionUse, Split, Utilisation};
use crate::store::History;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Parts into which the time line is cut: about the pixels that there are.
const PARTS: usize = 1200;
/// Ranks in the time line.
const MOST_RANKS: usize = 64;
/// What an attempt waits for first.
pub const CONTAINER: &str = "container";
/// Bars of trials side by side.
const MOST_BARS: usize = 600;

/// The ranks' time.
#[derive(Debug, Serialize)]
pub struct Ranks {
    /// Seconds of all sessions together.
    wall_s: Rounded,
    /// Share of the ranks' time in which they evaluated.
    busy: Rounded,
    /// Ranks × hours.
    rank_hours: Rounded,
    /// The shares in words.
    about: String,
    /// Ranks of the time line with their hosts.
    names: Vec<(u64, String)>,
    /// How many there are.
    ranks: usize,
    /// By what they did: rank, from, to; seconds of sessions, without the pauses between them. A stretch is at
    /// least a part of [`PARTS`]: what took most of that.
    stretches: BTreeMap<&'static str, Vec<(u64, Rounded, Rounded)>>,
}

/// The time of trials.
#[derive(Debug, Serialize)]
pub struct Times {
    /// Trials that each bar is the mean of.
    each: usize,
    /// The first of them.
    trial: Vec<usize>,
    generation: Vec<Rounded>,
    queue: Vec<Rounded>,
    start: Vec<Rounded>,
    evaluation: Vec<Rounded>,
    /// Name, sum and median of a trial, in seconds.
    total: Vec<(&'static str, Rounded, Rounded)>,
}

impl Ranks {
    /// Of a history; `None` before a rank has worked.
    pub fn of(history: &History) -> Option<Self> {
        let used = Utilisation::of(history);
        let total = used.total();
        let busy = total.efficiency()?;
        let ranks: BTreeSet<u64> =
            used.sessions.iter().flat_map(|s| s.lanes.iter().map(|lane| lane.rank)).collect();
        let among: BTreeSet<u64> = ranks.iter().copied().take(MOST_RANKS).collect();
        let mut hosts: BTreeMap<u64, &str> = BTreeMap::new();
        hosts.extend(history.attempts.iter().map(|a| (a.rank, a.host.as_str())));
        let name = |rank: &u64| match hosts.get(rank) {
            Some(host) if !host.is_empty() => (*rank, format!("{rank} ({host})")),
            _ => (*rank, rank.to_string()),
        };
        let mut about = total.line().unwrap_or_default() + ".";
        if ranks.len() > among.len() {
            about += &format!(" The time line has the first {} of {} ranks.", among.len(), ranks.len());
        }
        Some(Self {
            wall_s: Rounded(used.wall_s()),
            busy: Rounded(busy),
            rank_hours: Rounded(total.allocated_s() / 3600.0),
            about,
            names: among.iter().map(name).collect(),
            ranks: ranks.len(),
            stretches: stretches(history, &used.sessions, &among, used.wall_s()),
        })
    }

    /// Bars of a picture: what ranks did.
    pub(super) fn bars(&self, what: &str) -> Vec<(f64, f64, f64)> {
        let of = self.stretches.get(what).into_iter().flatten();
        of.map(|(rank, from, to)| (from.0, to.0, *rank as f64)).collect()
    }

    /// Seconds of all sessions together.
    pub(super) fn wall_s(&self) -> f64 {
        self.wall_s.0
    }

    /// Ranks of the time line with their hosts.
    pub(super) fn names(&self) -> &[(u64, String)] {
        &self.names
    }
}

/// Session behind session.
fn stretches(
    history: &History,
    sessions: &[SessionUse],
    among: &BTreeSet<u64>,
    wall_s: f64,
) -> BTreeMap<&'static str, Vec<(u64, Rounded, Rounded)>> {
    let part = wall_s / PARTS as f64;
    let mut found: BTreeMap<&'static str, Vec<(u64, Rounded, Rounded)>> = BTreeMap::new();
    let mut before = 0.0;
    for session in sessions {
        for lane in session.lanes.iter().filter(|lane| among.contains(&lane.rank)) {
            let pieces: Vec<Piece> = lane.segments.iter().flat_map(|s| pieces(s, history)).collect();
            for (what, from, to) in coarse(&pieces, session.begin, session.end, part) {
                let place = |t: f64| Rounded(before + t - session.begin);
                found.entry(what).or_default().push((lane.rank, place(from), place(to)));
            }
        }
        before += session.end - session.begin;
    }
    found
}

/// What a rank did, from when and until when.
type Piece = (&'static str, f64, f64);

/// A segment, of an attempt in a container in two: until that had started, and the rest.
fn pieces(segment: &Segment, history: &History) -> Vec<Piece> {
    let Segment { doing, begin, end, attempt } = *segment;
    let attempt = attempt.filter(|_| doing == Doing::Busy).and_then(|k| history.attempts.get(k));
    match attempt.and_then(|a| a.detail.container_s) {
        None => vec![(doing.name(), begin, end)],
        Some(container_s) => {
            let started = (begin + container_s).min(end);
            vec![(CONTAINER, begin, started), (doing.name(), started, end)]
        }
    }
}

/// What took most of each part of a line, neighbours that did the same together.
fn coarse(pieces: &[Piece], begin: f64, end: f64, part: f64) -> Vec<Piece> {
    let mut line: Vec<Piece> = vec![];
    let mut at = 0;
    let parts = ((end - begin) / part).ceil() as usize;
    for k in 0..parts {
        let (from, to) = (begin + k as f64 * part, (begin + (k + 1) as f64 * part).min(end));
        while pieces.get(at).is_some_and(|(.., until)| *until <= from) {
            at += 1;
        }
        let mut shares: Vec<(&'static str, f64)> = vec![];
        for (what, since, until) in pieces[at..].iter().take_while(|(_, since, _)| *since < to) {
            let share = until.min(to) - since.max(from);
            match shares.iter_mut().find(|(known, _)| known == what) {
                Some((_, sum)) => *sum += share,
                None => shares.push((what, share)),
            }
        }
        let most = shares.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((what, _)) = most else { continue };
        match line.last_mut() {
            Some((last, _, until)) if *last == what => *until = to,
            _ => line.push((what, from, to)),
        }
    }
    line
}

impl Times {
    /// Of the trials that ranks have worked at; `None` if there are none.
    pub fn of(history: &History) -> Option<Self> {
        let splits = Split::of_trials(history);
        let begun: Vec<(usize, &Split)> =
            splits.iter().enumerate().filter(|(_, s)| s.trials > 0).collect();
        let each = begun.len().div_ceil(MOST_BARS).max(1);
        let mean = |part: fn(&Split) -> f64| -> Vec<Rounded> {
            let group =
                |g: &[(usize, &Split)]| g.iter().map(|(_, s)| part(s)).sum::<f64>() / g.len() as f64;
            begun.chunks(each).map(|g| Rounded(group(g))).collect()
        };
        let row = |name: &'static str, part: fn(&Split) -> f64| {
            let mut all: Vec<f64> = begun.iter().map(|(_, s)| part(s)).collect();
            all.sort_by(f64::total_cmp);
            let median = all.get(all.len() / 2).copied()?;
            Some((name, Rounded(all.iter().sum()), Rounded(median)))
        };
        Some(Self {
            each,
            trial: begun.chunks(each).map(|g| g[0].0).collect(),
            generation: mean(|s| s.generation_s),
            queue: mean(|s| s.queue_s),
            start: mean(|s| s.start_s),
            evaluation: mean(|s| s.evaluation_s),
            total: vec![
                row("candidate", |s| s.generation_s)?,
                row("waiting for a rank", |s| s.queue_s)?,
                row("on the way", |s| s.start_s)?,
                row("evaluation", |s| s.evaluation_s)?,
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Attempt, Detail};

    #[test]
    fn a_line_is_cut_into_parts_of_what_took_most() {
        let pieces = [
            ("waiting", 0.0, 0.4),
            ("busy", 0.4, 1.0),
            ("busy", 1.0, 1.3),
            ("dispatch", 1.3, 1.35),
            ("busy", 1.35, 2.0),
            ("tail", 2.0, 3.5),
        ];
        let coarse = coarse(&pieces, 0.0, 3.5, 1.0);
        assert_eq!(coarse, [("busy", 0.0, 2.0), ("tail", 2.0, 3.5)]);
        let fine = super::coarse(&pieces, 0.0, 3.5, 0.05);
        assert_eq!(fine[0].0, "waiting");
        assert!((fine[0].2 - 0.4).abs() < 1e-9);
        assert_eq!(fine.iter().filter(|(what, ..)| *what == "busy").count(), 2);
        assert!(fine.windows(2).all(|w| w[0].2 == w[1].1), "neither gaps nor overlaps: {fine:?}");
        assert_eq!(super::coarse(&[], 5.0, 5.0, 0.0), []);
    }

    #[test]
    fn an_attempt_in_a_container_begins_with_its_start() {
        let mut history = History::default();
        let detail = Detail { container_s: Some(0.5), ..Detail::default() };
        history.attempts.push(Attempt {
            trial: 0,
            attempt: 1,
            rank: 1,
            host: String::new(),
            dispatched: 0.0,
            started: 0.0,
            finished: 0.0,
            status: "ok".into(),
            reason: String::new(),
            start: None,
            detail,
        });
        let segment = |doing, end| Segment { doing, begin: 10.0, end, attempt: Some(0) };
        let of = |doing, end| pieces(&segment(doing, end), &history);
        assert_eq!(of(Doing::Busy, 12.0), [(CONTAINER, 10.0, 10.5), ("busy", 10.5, 12.0)]);
        assert_eq!(of(Doing::Busy, 10.25), [(CONTAINER, 10.0, 10.25), ("busy", 10.25, 10.25)]);
        assert_eq!(of(Doing::Waiting, 12.0), [("waiting", 10.0, 12.0)], "not yet begun");
    }
}
