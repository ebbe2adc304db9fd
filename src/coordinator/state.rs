//! The coordinator as a pure state machine.

use super::strategist::Request;
use crate::comm::{Rank, Report, Task};
use crate::problem::{Counts, Design, FailureClass, Outcome, TrialId};
use crate::store::{Attempt, Completed, Proposed, Record};
use std::collections::{BTreeMap, BTreeSet};

/// How many ranks a trial may lose before it counts as failed: it may be what kills them.
const LOST_RANKS: u32 = 3;
/// After so many failures in a row that are not the trials' fault a rank gets no more trials.
const FAULTS_IN_A_ROW: u32 = 3;

/// What the coordinator is to achieve.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Trials in all.
    pub trials: u64,
    /// Trials proposed and not yet ended at any time.
    pub capacity: u64,
    /// Further attempts after an attempt that failed by its own fault.
    pub retries: u32,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A rank can take work.
    Ready {
        /// The rank.
        rank: Rank,
        /// Its host.
        host: String,
    },
    /// A rank will not answer any more.
    Lost {
        /// The rank.
        rank: Rank,
        /// How it is known.
        reason: String,
    },
    /// The strategy answered an [`Request::Ask`].
    Proposed(Proposed),
    /// An attempt ended.
    Done {
        /// Rank that ran it.
        rank: Rank,
        /// How it ended.
        report: Report,
    },
    /// Start nothing new; end when what runs has ended.
    Drain {
        /// Why, for people.
        reason: String,
    },
    /// Stop what runs and end now.
    Stop {
        /// Why, for people.
        reason: String,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// For the strategy, in this order.
    Strategy(Request),
    /// For the store, in this order.
    Record(Record),
    /// A task for a rank.
    Evaluate {
        /// The rank.
        rank: Rank,
        /// Its task.
        task: Task,
    },
    /// A line for the log.
    Notice(String),
    /// It is over.
    Finish(Ending),
}

/// Why it is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Every trial has ended.
    Complete,
    /// Stopped early on purpose; a later session goes on.
    Early(String),
    /// It cannot go on.
    Failed(String),
}

/// A trial that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub design: Design,
    pub attempts: u32,
    pub own_failures: u32,
    pub lost_ranks: u32,
}

#[derive(Debug, Clone)]
struct RankState {
    host: String,
    running: Option<Running>,
    /// Failures in a row that were not the trials' fault.
    faults: u32,
}

#[derive(Debug, Clone)]
struct Running {
    trial: TrialId,
    attempt: u32,
    dispatched: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mode {
    Working,
    Draining(String),
    Over,
}

/// Rank 0's decisions.
#[derive(Debug, Clone)]
pub struct Coordinator {
    pub(super) settings: Settings,
    /// Trials asked for: the next one has this number.
    pub(super) asked: u64,
    /// Trials ended so far.
    pub(super) counts: Counts,
    pub(super) open: BTreeMap<TrialId, Open>,
    /// Open trials that wait for a rank; the oldest goes first.
    pub(super) queue: BTreeSet<TrialId>,
    ranks: BTreeMap<Rank, RankState>,
    idle: BTreeSet<Rank>,
    mode: Mode,
}

impl Coordinator {
    pub(super) fn empty(settings: Settings) -> Self {
        Self {
            settings,
            asked: 0,
            counts: Counts::default(),
            open: BTreeMap::new(),
            queue: BTreeSet::new(),
            ranks: BTreeMap::new(),
            idle: BTreeSet::new(),
            mode: Mode::Working,
        }
    }

    /// How many trials are where.
    pub fn counts(&self) -> Counts {
        let ranks = self.ranks.len() as u64;
        let running = ranks - self.idle.len() as u64;
        Counts { running, ready: self.queue.len() as u64, ranks, ..self.counts }
    }

    /// Takes an event at the time `now` (seconds since 1970) and says what is to be done, in order.
    pub fn on(&mut self, now: f64, event: Event) -> Vec<Command> {
        let mut out = Vec::new();
        if self.mode == Mode::Over {
            return out;
        }
        match event {
            Event::Ready { rank, host } => {
                self.ranks.insert(rank, RankState { host, running: None, faults: 0 });
                self.idle.insert(rank);
            }
            Event::Lost { rank, reason } => self.lost(rank, &reason, &mut out),
            Event::Proposed(proposed) => self.proposed(proposed, &mut out),
            Event::Done { rank, report } => self.done(rank, report, &mut out),
            Event::Drain { reason } => {
                if self.mode == Mode::Working {
                    out.push(Command::Notice(format!("draining: {reason}; nothing new is started")));
                    self.mode = Mode::Draining(reason);
                }
            }
            Event::Stop { reason } => {
                self.mode = Mode::Over;
                out.push(Command::Finish(Ending::Early(reason)));
                return out;
            }
        }
        self.dispatch(now, &mut out);
        self.ask(&mut out);
        self.finish_if_over(&mut out);
        out
    }

    fn lost(&mut self, rank: Rank, reason: &str, out: &mut Vec<Command>) {
        let Some(state) = self.ranks.remove(&rank) else { return };
        self.idle.remove(&rank);
        out.push(Command::Notice(format!("rank {rank} on {} is lost: {reason}", state.host)));
        if let Some(running) = state.running {
            if let Some(open) = self.open.get_mut(&running.trial) {
                open.lost_ranks += 1;
            }
            let outcome = Outcome::Failed {
                class: FailureClass::Infrastructure,
                reason: format!("rank {rank} was lost: {reason}"),
            };
            self.judge(running.trial, outcome, (running.dispatched, running.dispatched), out);
        }
        self.finish_if_alone(reason, out);
    }

    /// A rank that cannot evaluate (its disk is full, a mount is missing) would fail trial after trial
    /// in no time: it gets no more.
    fn watch_over(&mut self, rank: Rank, outcome: &Outcome, out: &mut Vec<Command>) {
        let Some(state) = self.ranks.get_mut(&rank) else { return };
        let Outcome::Failed { class: FailureClass::Infrastructure, reason } = outcome else {
            state.faults = 0;
            return;
        };
        state.faults += 1;
        if state.faults >= FAULTS_IN_A_ROW {
            out.push(Command::Notice(format!(
                "rank {rank} on {} gets no more trials: {FAULTS_IN_A_ROW} in a row failed by no fault of \
                 theirs",
                state.host
            )));
            self.ranks.remove(&rank);
            self.idle.remove(&rank);
            self.finish_if_alone(reason, out);
        }
    }

    fn finish_if_alone(&mut self, reason: &str, out: &mut Vec<Command>) {
        if self.ranks.is_empty() {
            self.mode = Mode::Over;
            let reason = format!(
                "no evaluating rank is left; the last one: {reason}\nonce that is mended, run the same line \
                 again to go on"
            );
            out.push(Command::Finish(Ending::Failed(reason)));
        }
    }

    fn proposed(&mut self, proposed: Proposed, out: &mut Vec<Command>) {
        let open = Open { design: proposed.design.clone(), attempts: 0, own_failures: 0, lost_ranks: 0 };
        self.open.insert(proposed.trial, open);
        self.queue.insert(proposed.trial);
        out.push(Command::Record(Record::Proposed(proposed)));
    }

    fn done(&mut self, rank: Rank, report: Report, out: &mut Vec<Command>) {
        let Some(state) = self.ranks.get_mut(&rank) else { return };
        let expected = |r: &Running| r.trial == report.trial && r.attempt == report.attempt;
        if !state.running.as_ref().is_some_and(expected) {
            out.push(Command::Notice(format!(
                "rank {rank} reports attempt {} at trial {}, which it was not given; ignored",
                report.attempt, report.trial
            )));
            return;
        }
        let dispatched = state.running.take().map_or(report.started, |r| r.dispatched);
        self.idle.insert(rank);
        out.push(Command::Record(Record::Attempt(Attempt {
            trial: report.trial,
            attempt: report.attempt,
            rank: rank as u64,
            host: state.host.clone(),
            dispatched,
            started: report.started,
            finished: report.finished,
            status: report.outcome.status().to_owned(),
            reason: report.outcome.reason(),
        })));
        let outcome = report.outcome;
        self.judge(report.trial, outcome.clone(), (report.started, report.finished), out);
        self.watch_over(rank, &outcome, out);
    }

    /// Decides what an attempt's outcome means for its trial: over, or once more.
    fn judge(&mut self, trial: TrialId, outcome: Outcome, span: (f64, f64), out: &mut Vec<Command>) {
        let Some(open) = self.open.get_mut(&trial) else { return };
        let again = match &outcome {
            Outcome::Ok { .. } | Outcome::Infeasible { .. } => false,
            Outcome::Interrupted { .. } => true,
            Outcome::Failed { class: FailureClass::Infrastructure, .. } => open.lost_ranks < LOST_RANKS,
            Outcome::Failed { .. } => {
                open.own_failures += 1;
                open.own_failures <= self.settings.retries
            }
        };
        if !matches!(outcome, Outcome::Ok { .. }) {
            let then = if again { "; it is tried again" } else { "" };
            let (status, reason) = (outcome.status(), outcome.reason());
            out.push(Command::Notice(format!("trial {trial} {status}: {reason}{then}")));
        }
        if again {
            self.queue.insert(trial);
            return;
        }
        self.open.remove(&trial);
        self.counts.note(&outcome);
        let completed = Completed { trial, outcome: outcome.clone(), started: span.0, finished: span.1 };
        out.push(Command::Record(Record::Completed(completed)));
        out.push(Command::Strategy(Request::Tell { trial, outcome }));
    }

    fn dispatch(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.mode != Mode::Working {
            return;
        }
        while let (Some(&trial), Some(&rank)) = (self.queue.first(), self.idle.first()) {
            let (Some(open), Some(state)) = (self.open.get_mut(&trial), self.ranks.get_mut(&rank))
            else {
                unreachable!("queued trials are open and idle ranks are known");
            };
            self.queue.remove(&trial);
            self.idle.remove(&rank);
            open.attempts += 1;
            let attempt = open.attempts;
            state.running = Some(Running { trial, attempt, dispatched: now });
            let task = Task { trial, attempt, design: open.design.clone() };
            out.push(Command::Evaluate { rank, task });
        }
    }

    /// Keeps `capacity` trials asked for and not ended. How many are asked for depends on nothing
    /// but the number of completions, so that a restart asks at the same places.
    fn ask(&mut self, out: &mut Vec<Command>) {
        if self.mode != Mode::Working {
            return;
        }
        let completed = self.counts.ended();
        while self.asked < self.settings.trials.min(completed + self.settings.capacity) {
            out.push(Command::Strategy(Request::Ask { trial: self.asked, seen: completed }));
            self.asked += 1;
        }
    }

    fn finish_if_over(&mut self, out: &mut Vec<Command>) {
        let running = self.counts().running;
        let ending = if self.counts.ended() >= self.settings.trials {
            Ending::Complete
        } else if self.mode == Mode::Over {
            return;
        } else if let (Mode::Draining(reason), 0) = (&self.mode, running) {
            Ending::Early(reason.clone())
        } else {
            return;
        };
        self.mode = Mode::Over;
        out.push(Command::Finish(ending));
    }
}
