//! What became of the ranks' time: a time line per rank, and its sums.
//!
//! What counts is what was allocated: evaluating ranks × time, session by session, from its begin to the
//! end of its last attempt. Times of the ranks' hosts are moved as little as is needed for a line
//! without overlaps, where clocks differ.

use crate::store::{Attempt, History, Session};
use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

/// What a rank does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// It runs an attempt.
    Busy,
    /// Rank 0 knows that it is idle and has nothing for it: no candidate, no ready task.
    Waiting,
    /// It was given a task that has not started yet.
    Dispatch,
    /// Rank 0 does not count on it: its result is on the way, it is not there yet, is lost, or is at work
    /// for another study.
    Away,
    /// It gets nothing more in this session, and others still work.
    Tail,
}

impl Doing {
    /// The word in tables, pictures and files.
    pub fn name(self) -> &'static str {
        match self {
            Doing::Busy => "busy",
            Doing::Waiting => "waiting",
            Doing::Dispatch => "dispatch",
            Doing::Away => "away",
            Doing::Tail => "tail",
        }
    }
}

/// A piece of a rank's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// What it did.
    pub doing: Doing,
    /// Seconds since 1970.
    pub begin: f64,
    /// Seconds since 1970.
    pub end: f64,
    /// Position in [`History::attempts`] of what was run, or came next; `None` in the tail.
    pub attempt: Option<usize>,
}

/// The time of one rank in one session, without gaps and overlaps; pieces without length are left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Rank.
    pub rank: u64,
    /// In the order of time.
    pub segments: Vec<Segment>,
}

/// One start of the program.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionUse {
    /// Seconds since 1970.
    pub begin: f64,
    /// Seconds since 1970: the end of its last attempt.
    pub end: f64,
    /// By rank, from 1 on; those that ran nothing included.
    pub lanes: Vec<Lane>,
}

/// Seconds of ranks, by what they did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RankTime {
    /// See [`Doing::Busy`].
    pub busy_s: f64,
    /// See [`Doing::Waiting`].
    pub waiting_s: f64,
    /// See [`Doing::Dispatch`].
    pub dispatch_s: f64,
    /// See [`Doing::Away`].
    pub away_s: f64,
    /// See [`Doing::Tail`].
    pub tail_s: f64,
}

/// The ranks' time over all sessions of a history.
#[derive(Debug, Clone, PartialEq)]
pub struct Utilisation {
    /// In their order.
    pub sessions: Vec<SessionUse>,
    /// Attempts that no evaluating rank of their session ran: places in a queue, whose time nobody
    /// allocated.
    pub elsewhere: usize,
}

impl Utilisation {
    /// From the begin of each session on: all that was paid for.
    pub fn of(history: &History) -> Self {
        Self::since(history, |session, _| session.at)
    }

    /// From each session's first start of an attempt on: without the time that ranks, files and the strategy
    /// take to be there.
    pub fn from_first_start(history: &History) -> Self {
        Self::since(history, |session, attempts| {
            let first = attempts.iter().map(|(_, a)| a.started).min_by(f64::total_cmp);
            first.unwrap_or(session.at)
        })
    }

    fn since(history: &History, begin: fn(&Session, &[(usize, &Attempt)]) -> f64) -> Self {
        let mut of_session: Vec<Vec<(usize, &Attempt)>> = vec![vec![]; history.sessions.len()];
        let mut elsewhere = 0;
        for (k, attempt) in history.attempts.iter().enumerate() {
            // Both times are rank 0's. Before the first session is only what a clock that was set back says.
            let session = history.sessions.iter().rposition(|s| s.at <= attempt.dispatched).unwrap_or(0);
            let evaluators = history.sessions.get(session).map_or(0, |s| s.evaluators);
            match of_session.get_mut(session) {
                Some(own) if (1..=evaluators).contains(&attempt.rank) => own.push((k, attempt)),
                _ => elsewhere += 1,
            }
        }
        let sessions = history.sessions.iter().zip(&of_session);
        let sessions = sessions.map(|(session, own)| session_use(session, own, begin(session, own)));
        Self { sessions: sessions.collect(), elsewhere }
    }

    /// Over all sessions and ranks.
    pub fn total(&self) -> RankTime {
        self.by_rank().into_values().fold(RankTime::default(), Add::add)
    }

    /// Over all sessions.
    pub fn by_rank(&self) -> BTreeMap<u64, RankTime> {
        let mut sums: BTreeMap<u64, RankTime> = BTreeMap::new();
        for lane in self.sessions.iter().flat_map(|session| &session.lanes) {
            *sums.entry(lane.rank).or_default() += lane.time();
        }
        sums
    }

    /// Seconds between the begin and the end of sessions, together.
    pub fn wall_s(&self) -> f64 {
        self.sessions.iter().map(|session| session.end - session.begin).sum()
    }
}

fn session_use(session: &Session, own: &[(usize, &Attempt)], begin: f64) -> SessionUse {
    let end = own.iter().map(|(_, a)| a.finished).fold(begin, f64::max);
    let lane = |rank| {
        let mut ran: Vec<_> = own.iter().filter(|(_, a)| a.rank == rank).copied().collect();
        ran.sort_by(|(_, a), (_, b)| a.started.total_cmp(&b.started));
        Lane { rank, segments: segments(&ran, begin, end) }
    };
    SessionUse { begin, end, lanes: (1..=session.evaluators).map(lane).collect() }
}

/// The line of one rank from `begin` to `end`, from its attempts in the order of their starts.
fn segments(ran: &[(usize, &Attempt)], begin: f64, end: f64) -> Vec<Segment> {
    let mut line = vec![];
    let mut at = begin;
    let mut until = |to: f64, doing, attempt| {
        let to = to.clamp(at, end);
        if to > at {
            line.push(Segment { doing, begin: at, end: to, attempt });
        }
        at = to;
    };
    for (k, attempt) in ran {
        // Who does not know since when rank 0 knew takes it for all the time.
        if let Some(start) = attempt.start {
            until(attempt.dispatched - start.waited_s, Doing::Away, Some(*k));
        }
        until(attempt.dispatched, Doing::Waiting, Some(*k));
        until(attempt.started, Doing::Dispatch, Some(*k));
        until(attempt.finished, Doing::Busy, Some(*k));
    }
    until(end, Doing::Tail, None);
    line
}

impl Lane {
    /// Sums by what the rank did.
    pub fn time(&self) -> RankTime {
        let mut time = RankTime::default();
        for Segment { doing, begin, end, .. } in &self.segments {
            *time.of_mut(*doing) += end - begin;
        }
        time
    }
}

impl RankTime {
    fn of_mut(&mut self, doing: Doing) -> &mut f64 {
        match doing {
            Doing::Busy => &mut self.busy_s,
            Doing::Waiting => &mut self.waiting_s,
            Doing::Dispatch => &mut self.dispatch_s,
            Doing::Away => &mut self.away_s,
            Doing::Tail => &mut self.tail_s,
        }
    }

    /// All of it: ranks × time.
    pub fn allocated_s(&self) -> f64 {
        let Self { busy_s, waiting_s, dispatch_s, away_s, tail_s } = *self;
        busy_s + waiting_s + dispatch_s + away_s + tail_s
    }

    /// Busy share of what was allocated; `None` if that is nothing.
    pub fn efficiency(&self) -> Option<f64> {
        let allocated_s = self.allocated_s();
        (allocated_s > 0.0).then(|| self.busy_s / allocated_s)
    }

    /// One line for people; `None` if nothing was allocated.
    pub fn line(&self) -> Option<String> {
        let allocated_s = self.allocated_s();
        let percent = |s: f64| 100.0 * s / allocated_s;
        (allocated_s > 0.0).then(|| {
            format!(
                "busy {:.1} % of {allocated_s:.1} rank-seconds; waiting for a candidate or task {:.1} %, for a \
                 given task to start {:.1} %, away {:.1} %, nothing left to do {:.1} %",
                percent(self.busy_s),
                percent(self.waiting_s),
                percent(self.dispatch_s),
                percent(self.away_s),
                percent(self.tail_s)
            )
        })
    }
}

impl Add for RankTime {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for RankTime {
    fn add_assign(&mut self, other: Self) {
        self.busy_s += other.busy_s;
        self.waiting_s += other.waiting_s;
        self.dispatch_s += other.dispatch_s;
        self.away_s += other.away_s;
        self.tail_s += other.tail_s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Start;
    use proptest::prelude::*;

    fn session(at: f64, evaluators: u64) -> Session {
        let (host, job) = (String::new(), String::new());
        Session { at, host, job, evaluators, capacity: evaluators, completed_before: 0 }
    }

    /// Dispatched, started and finished; `waited_s` where it is known.
    fn attempt(rank: u64, [dispatched, started, finished]: [f64; 3], waited_s: Option<f64>) -> Attempt {
        Attempt {
            trial: 0,
            attempt: 1,
            rank,
            host: String::new(),
            dispatched,
            started,
            finished,
            status: "ok".into(),
            reason: String::new(),
            start: waited_s.map(|waited_s| Start { waited_s, stale: 0 }),
            detail: Default::default(),
        }
    }

    fn history(sessions: Vec<Session>, attempts: Vec<Attempt>) -> History {
        History { sessions, attempts, ..History::default() }
    }

    #[test]
    fn every_second_of_a_rank_is_accounted_for() {
        let history = history(
            vec![session(100.0, 3)],
            vec![
                attempt(1, [103.0, 104.0, 110.0], Some(1.0)),
                attempt(2, [102.0, 102.0, 120.0], Some(0.0)),
                attempt(1, [112.0, 112.5, 115.0], Some(0.5)),
            ],
        );
        let used = Utilisation::of(&history);
        let piece = |doing, begin, end, attempt| Segment { doing, begin, end, attempt };
        let first = vec![
            piece(Doing::Away, 100.0, 102.0, Some(0)),
            piece(Doing::Waiting, 102.0, 103.0, Some(0)),
            piece(Doing::Dispatch, 103.0, 104.0, Some(0)),
            piece(Doing::Busy, 104.0, 110.0, Some(0)),
            piece(Doing::Away, 110.0, 111.5, Some(2)),
            piece(Doing::Waiting, 111.5, 112.0, Some(2)),
            piece(Doing::Dispatch, 112.0, 112.5, Some(2)),
            piece(Doing::Busy, 112.5, 115.0, Some(2)),
            piece(Doing::Tail, 115.0, 120.0, None),
        ];
        assert_eq!(used.sessions[0].lanes[0], Lane { rank: 1, segments: first });
        let ranks = used.by_rank();
        let one = RankTime { busy_s: 8.5, waiting_s: 1.5, dispatch_s: 1.5, away_s: 3.5, tail_s: 5.0 };
        assert_eq!(ranks[&1], one);
        assert_eq!(ranks[&2], RankTime { busy_s: 18.0, away_s: 2.0, ..RankTime::default() });
        assert_eq!(ranks[&3], RankTime { tail_s: 20.0, ..RankTime::default() }, "it ran nothing");
        assert_eq!((used.total().allocated_s(), used.wall_s()), (3.0 * 20.0, 20.0));
        assert_eq!(used.total().efficiency(), Some(26.5 / 60.0));
        assert_eq!(
            used.total().line().unwrap(),
            "busy 44.2 % of 60.0 rank-seconds; waiting for a candidate or task 2.5 %, for a given task to \
             start 2.5 %, away 9.2 %, nothing left to do 41.7 %"
        );
    }

    #[test]
    fn time_can_begin_with_the_first_start() {
        let history = history(
            vec![session(100.0, 2)],
            vec![
                attempt(1, [103.0, 104.0, 110.0], Some(1.0)),
                attempt(2, [105.0, 106.0, 110.0], Some(0.5)),
            ],
        );
        let used = Utilisation::from_first_start(&history);
        let time = RankTime { busy_s: 10.0, waiting_s: 0.5, dispatch_s: 1.0, away_s: 0.5, tail_s: 0.0 };
        assert_eq!((used.total(), used.wall_s()), (time, 6.0));
    }

    #[test]
    fn sessions_add_up_and_the_time_between_them_does_not_count() {
        let history = history(
            vec![session(100.0, 1), session(1000.0, 2), session(2000.0, 4)],
            vec![
                attempt(1, [100.0, 100.0, 110.0], Some(0.0)),
                attempt(2, [1000.0, 1000.0, 1004.0], Some(0.0)),
                attempt(1, [1001.0, 1001.0, 1002.0], None),
                attempt(7, [1001.0, 1001.0, 1900.0], Some(0.0)),
            ],
        );
        let used = Utilisation::of(&history);
        let wall: Vec<f64> = used.sessions.iter().map(|s| s.end - s.begin).collect();
        assert_eq!(wall, [10.0, 4.0, 0.0]);
        assert_eq!(used.elsewhere, 1, "a place in a queue is no rank");
        let one = RankTime { busy_s: 11.0, waiting_s: 1.0, tail_s: 2.0, ..RankTime::default() };
        assert_eq!(used.by_rank()[&1], one);
        assert_eq!(used.total().allocated_s(), 10.0 + 2.0 * 4.0);
    }

    #[test]
    fn a_history_without_attempts_has_no_efficiency() {
        let none = Utilisation::of(&History::default());
        assert_eq!((none.total().efficiency(), none.total().line()), (None, None));
        let begun = Utilisation::of(&history(vec![session(5.0, 8)], vec![]));
        assert_eq!((begun.total(), begun.sessions[0].lanes.len()), (RankTime::default(), 8));
    }

    proptest! {
        /// Whatever clocks say, lanes have neither gaps nor overlaps, and the sums are what was allocated.
        #[test]
        fn lanes_fill_the_session(
            times in prop::collection::vec((1_u64..4, prop::array::uniform3(90.0..200.0), 0.0..9.0), 0..40),
        ) {
            let attempts = times.iter().map(|(rank, times, waited)| attempt(*rank, *times, Some(*waited)));
            let history = history(vec![session(100.0, 3)], attempts.collect());
            for used in [Utilisation::of(&history), Utilisation::from_first_start(&history)] {
                let SessionUse { begin, end, lanes } = &used.sessions[0];
                for lane in lanes.iter().filter(|_| end > begin) {
                    prop_assert_eq!(lane.segments[0].begin, *begin);
                    prop_assert_eq!(lane.segments.last().unwrap().end, *end);
                    prop_assert!(lane.segments.windows(2).all(|w| w[0].end == w[1].begin));
                    prop_assert!(lane.segments.iter().all(|s| s.end > s.begin));
                }
                let allocated_s = 3.0 * (end - begin);
                prop_assert!((used.total().allocated_s() - allocated_s).abs() < 1e-6);
            }
        }
    }
}
