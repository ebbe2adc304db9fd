//! The coordinator as a pure state machine.

use super::events::{Command, Ending, Event, Settings};
use super::ranks::{Ranks, Running};
use super::stopping::Judge;
use super::strategist::{Offer, Request};
use crate::comm::Task;
use crate::config::Rule;
use crate::problem::{Counts, Design, TrialId};
use crate::store::{Proposed, Record};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A trial that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub design: Design,
    /// Completions that its proposal knew.
    pub seen: u64,
    pub attempts: u32,
    pub own_failures: u32,
    pub lost_ranks: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mode {
    Working,
    /// Nothing new is started; what runs is waited for, and then this is the end.
    Draining(Ending),
    Over,
}

/// Rank 0's decisions.
#[derive(Debug, Clone)]
pub struct Coordinator {
    pub(super) settings: Settings,
    pub(super) stopping: Judge,
    /// Trials asked for: the next one has this number.
    pub(super) asked: u64,
    /// Trials ended so far.
    pub(super) counts: Counts,
    pub(super) open: BTreeMap<TrialId, Open>,
    /// Open trials that wait for a rank; the oldest goes first.
    pub(super) queue: BTreeSet<TrialId>,
    /// Candidates for the trials from `asked` on.
    drafts: VecDeque<Offer>,
    /// Serial of the proposal for the trial before `asked`; `None` until it is there.
    last: Option<u64>,
    pub(super) ranks: Ranks,
    pub(super) mode: Mode,
}

impl Coordinator {
    pub(super) fn empty(settings: Settings, stopping: Judge) -> Self {
        Self {
            settings,
            stopping,
            asked: 0,
            counts: Counts::default(),
            open: BTreeMap::new(),
            queue: BTreeSet::new(),
            drafts: VecDeque::new(),
            last: None,
            ranks: Ranks::default(),
            mode: Mode::Working,
        }
    }

    /// How many trials are where.
    pub fn counts(&self) -> Counts {
        let (ranks, running) = (self.ranks.count() as u64, self.ranks.running() as u64);
        let ready = (self.queue.len() + self.drafts.len()) as u64;
        Counts { running, ready, ranks, ..self.counts }
    }

    /// Takes an event at the time `now` (seconds since 1970) and says what is to be done, in order.
    pub fn on(&mut self, now: f64, event: Event) -> Vec<Command> {
        let mut out = Vec::new();
        if self.mode == Mode::Over {
            return out;
        }
        match event {
            Event::Ready { rank, host } => self.ranks.add(rank, host, now),
            Event::Lost { rank, reason } => self.lost(rank, &reason, &mut out),
            Event::Proposed(offer) => self.proposed(offer, &mut out),
            Event::Drafted(draft) => self.drafted(draft),
            Event::Done { rank, report } => self.done(now, rank, report, &mut out),
            Event::Drain { reason } => {
                if self.mode == Mode::Working {
                    out.push(Command::Notice(format!("draining: {reason}; nothing new is started")));
                    out.push(Command::Strategy(Request::Draft(false)));
                    self.mode = Mode::Draining(Ending::Early(reason));
                }
            }
            Event::Stop { reason } => {
                self.mode = Mode::Over;
                out.push(Command::Finish(Ending::Early(reason)));
                return out;
            }
        }
        self.stop_by_rule(now, &mut out);
        self.ask(&mut out);
        self.dispatch(now, &mut out);
        self.finish_if_over(&mut out);
        out
    }

    /// Begins to drain where a stopping rule holds. The last trial's end needs no rule.
    fn stop_by_rule(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.mode != Mode::Working || self.counts.ended() >= self.settings.trials {
            return;
        }
        let Some(stopped) = self.stopping.verdict(now) else { return };
        let (rule, reason, running) = (stopped.rule.name(), &stopped.reason, self.ranks.running());
        let end = if stopped.rule == Rule::Failures { "the run stops" } else { "the study is complete" };
        out.push(Command::Notice(format!(
            "strategy.stop.{rule}: {reason}; {end} when what runs has ended ({running} trials)"
        )));
        out.push(Command::Record(Record::Stopped(stopped.clone())));
        out.push(Command::Strategy(Request::Draft(false)));
        self.mode = Mode::Draining(Ending::Stopped(stopped));
    }

    fn proposed(&mut self, offer: Offer, out: &mut Vec<Command>) {
        let Offer { proposed, serial, .. } = offer;
        if proposed.trial + 1 == self.asked {
            self.last = Some(serial);
        }
        let Proposed { seen, design, .. } = &proposed;
        let (seen, design) = (*seen, design.clone());
        let open = Open { design, seen, attempts: 0, own_failures: 0, lost_ranks: 0 };
        self.open.insert(proposed.trial, open);
        self.queue.insert(proposed.trial);
        out.push(Command::Record(Record::Proposed(proposed)));
    }

    /// Keeps a candidate for later. Two kinds come too late: one for a trial that a rank has waited for
    /// in the meantime, which the strategy answers; and one that supposes another draft before it than
    /// the one that was taken, or has been replaced.
    fn drafted(&mut self, draft: Offer) {
        let Some(place) = draft.proposed.trial.checked_sub(self.asked) else { return };
        let fits = match ((place as usize).checked_sub(1), draft.after) {
            (None, None) => true,
            (None, after) => after == self.last,
            (Some(before), Some(after)) => self.drafts.get(before).is_some_and(|d| d.serial == after),
            (Some(_), None) => false,
        };
        if fits {
            self.drafts.truncate(place as usize);
            self.drafts.push_back(draft);
        }
    }

    fn dispatch(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.mode != Mode::Working {
            return;
        }
        while self.ranks.any_idle()
            && let Some(trial) = self.queue.pop_first()
        {
            let Some(open) = self.open.get_mut(&trial) else { unreachable!("queued trials are open") };
            open.attempts += 1;
            let design = open.design.clone();
            let task = Task { trial, task: 0, attempt: open.attempts, design, inputs: vec![] };
            let stale = self.counts.ended().saturating_sub(open.seen);
            let running =
                Running { trial, attempt: open.attempts, dispatched: now, stale, waited_s: 0.0 };
            if let Some(rank) = self.ranks.occupy(running) {
                out.push(Command::Evaluate { rank, task });
            }
        }
    }

    /// Keeps `capacity` trials asked for and not ended: takes what lies ready, asks for the rest. How
    /// many there are depends on nothing but the number of completions, so that a restart asks at the
    /// same places.
    fn ask(&mut self, out: &mut Vec<Command>) {
        if self.mode != Mode::Working {
            return;
        }
        let completed = self.counts.ended();
        while self.asked < self.settings.trials.min(completed + self.settings.capacity) {
            let trial = self.asked;
            self.asked += 1;
            self.last = None;
            match self.drafts.pop_front() {
                Some(draft) => {
                    out.push(Command::Strategy(Request::Take(draft.clone())));
                    self.proposed(draft, out);
                }
                None => out.push(Command::Strategy(Request::Ask { trial, seen: completed })),
            }
        }
    }

    fn finish_if_over(&mut self, out: &mut Vec<Command>) {
        let all = self.counts.ended() >= self.settings.trials;
        let ending = match &self.mode {
            Mode::Over => return,
            Mode::Draining(Ending::Early(_)) if all => Ending::Complete,
            Mode::Draining(ending) if self.ranks.running() == 0 => ending.clone(),
            Mode::Working if all => Ending::Complete,
            _ => return,
        };
        self.mode = Mode::Over;
        out.push(Command::Finish(ending));
    }
}
