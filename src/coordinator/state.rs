//! The coordinator as a pure state machine.

use super::events::{Command, Ending, Event, Settings};
use super::ranks::Ranks;
use super::strategist::{Offer, Request};
use crate::comm::Rank;
use crate::config::Rule;
use crate::pipeline::{Graph, Progress, State};
use crate::problem::{Counts, Design, TaskCounts, TrialId};
use crate::stopping::Judge;
use crate::store::{Proposed, Record};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A trial that has not ended.
#[derive(Debug, Clone)]
pub(super) struct Open {
    pub design: Design,
    /// Completions that its proposal knew.
    pub seen: u64,
    pub progress: Progress,
    /// By task.
    pub tries: Vec<Tries>,
    /// When the first attempt of all began, once one has ended; seconds since 1970.
    pub started: f64,
}

/// What became of the attempts at a task.
#[derive(Debug, Clone, Default)]
pub(super) struct Tries {
    pub attempts: u32,
    pub own_failures: u32,
    /// Failures through no fault of the task.
    pub faults: u32,
    /// Ranks on which it had one, with what each had done well until then.
    pub faulty: BTreeMap<Rank, u64>,
    pub lost_ranks: u32,
    /// Where it failed last.
    pub avoid: Option<Rank>,
}

impl Open {
    pub fn new(graph: &Graph, design: Design, seen: u64) -> Self {
        let tries = vec![Tries::default(); graph.size()];
        Self { design, seen, progress: Progress::new(graph), tries, started: f64::INFINITY }
    }

    /// Whether any of its tasks was ever started.
    pub fn begun(&self) -> bool {
        self.tries.iter().any(|tries| tries.attempts > 0)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mode {
    Working,
    /// Nothing new is started; what runs is waited for, and then this is the end.
    Draining(Ending),
    Over,
}

/// A task that waits for a rank: the oldest trial goes first, within it the order of the plan.
pub(super) type Queued = (TrialId, u32);

/// Rank 0's decisions.
#[derive(Debug, Clone)]
pub struct Coordinator {
    pub(super) settings: Settings,
    pub(super) stopping: Judge,
    /// Trials asked for: the next one has this number.
    pub(super) asked: u64,
    /// Most trials that were asked for and had not ended at a time in this session.
    pub(super) widest: u64,
    /// Trials ended so far.
    pub(super) counts: Counts,
    pub(super) open: BTreeMap<TrialId, Open>,
    /// Those of them of which a task was ever started.
    pub(super) begun: u64,
    /// Tasks that are ready and wait for a rank.
    pub(super) queue: BTreeSet<Queued>,
    /// Tasks that will be tried again at this time; the bits of seconds since 1970 are in its order.
    pub(super) later: BTreeSet<(u64, Queued)>,
    /// By stage: tasks of open trials that run or are ready, those of trials that are only asked for
    /// included.
    pub(super) load: Vec<u64>,
    /// Candidates for the trials from `asked` on.
    pub(super) drafts: VecDeque<Offer>,
    /// Serial of the proposal for the trial before `asked`; `None` until it is there.
    pub(super) last: Option<u64>,
    pub(super) ranks: Ranks,
    /// Ranks that have ever said that they are there, and can evaluate.
    pub(super) arrived: BTreeSet<Rank>,
    /// Ranks that cannot.
    pub(super) unfit: BTreeSet<Rank>,
    /// Ranks of the run that others have, by host.
    pub(super) elsewhere: BTreeMap<String, usize>,
    /// Ranks that others are to have as soon as they are idle.
    pub(super) owed: usize,
    /// By stage: why no more tasks are started.
    pub(super) late: BTreeMap<usize, String>,
    pub(super) mode: Mode,
}

impl Coordinator {
    pub(super) fn empty(settings: Settings, stopping: Judge) -> Self {
        Self {
            load: vec![0; settings.work.graph().stages().len()],
            stopping,
            asked: 0,
            widest: 0,
            counts: Counts::default(),
            open: BTreeMap::new(),
            begun: 0,
            queue: BTreeSet::new(),
            later: BTreeSet::new(),
            drafts: VecDeque::new(),
            last: None,
            ranks: Ranks::new(settings.queue_from),
            settings,
            arrived: BTreeSet::new(),
            unfit: BTreeSet::new(),
            elsewhere: BTreeMap::new(),
            owed: 0,
            late: BTreeMap::new(),
            mode: Mode::Working,
        }
    }

    /// How many trials, tasks and ranks are where.
    pub fn counts(&self) -> Counts {
        let (ranks, running) = (self.ranks.count() as u64, self.ranks.running() as u64);
        let (queue, drafts) = (self.queue.len() as u64, self.drafts.len() as u64);
        if self.settings.work.graph().size() == 1 {
            return Counts { running, ready: queue + drafts, ranks, ..self.counts };
        }
        let ready = self.open.len() as u64 - self.begun + drafts;
        let tasks = Some(TaskCounts { begun: self.begun, ready: queue });
        Counts { running, ready, ranks, tasks, ..self.counts }
    }

    /// When something is to be done without further news, in seconds since 1970: [`Event::Tick`] then.
    pub fn wake_at(&self) -> Option<f64> {
        let later = self.later.first().map(|(at, _)| f64::from_bits(*at));
        later.into_iter().chain(self.ranks.wake_at()).min_by(f64::total_cmp)
    }

    /// Takes an event at the time `now` (seconds since 1970) and says what is to be done, in order.
    pub fn on(&mut self, now: f64, event: Event) -> Vec<Command> {
        let mut out = Vec::new();
        if self.mode == Mode::Over {
            return out;
        }
        match event {
            Event::Ready { rank, place } => {
                if self.ranks.knows(rank) {
                    self.lost(now, rank, "it begins anew", &mut out);
                }
                self.ranks.add(rank, &place, now);
                self.note_elsewhere(&place.host);
                self.arrived.insert(rank);
                self.unfit.remove(&rank);
                self.finish_if_too_small(&mut out);
            }
            Event::Unfit { rank, host, reason } => self.unfit(rank, &host, &reason, &mut out),
            Event::Lost { rank, reason } => self.lost(now, rank, &reason, &mut out),
            Event::Proposed(offer) => self.proposed(offer, &mut out),
            Event::Drafted(draft) => self.drafted(draft),
            Event::Done { rank, report } => self.done(now, rank, report, &mut out),
            Event::Owe { ranks } => self.owed = ranks,
            Event::Elsewhere { host, ranks } => {
                self.elsewhere.insert(host.clone(), ranks);
                self.note_elsewhere(&host);
                if self.mode == Mode::Working {
                    self.finish_if_alone("it was lost while others had it", &mut out);
                }
            }
            Event::Tick => {}
            Event::Late { stage, reason } => {
                let name = &self.settings.work.graph().stages()[stage].name;
                out.push(Command::Notice(format!("no more tasks of the stage {name}: {reason}")));
                if self.late.is_empty() {
                    out.push(Command::Strategy(Request::Draft(false)));
                }
                self.late.insert(stage, reason);
            }
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
        self.give_away(&mut out);
        self.dispatch(now, &mut out);
        self.finish_if_over(&mut out);
        out
    }

    fn note_elsewhere(&mut self, host: &str) {
        self.ranks.set_elsewhere(host, self.elsewhere.get(host).copied().unwrap_or(0));
    }

    /// Begins to drain where a stopping rule holds. The last trial's end needs no rule.
    fn stop_by_rule(&mut self, now: f64, out: &mut Vec<Command>) {
        if self.mode != Mode::Working || self.counts.ended() >= self.settings.trials {
            return;
        }
        let Some(stopped) = self.stopping.verdict(now, self.widest) else { return };
        let (rule, reason, running) = (stopped.rule.name(), &stopped.reason, self.ranks.running());
        let end = if stopped.rule == Rule::Failures { "the run stops" } else { "the study is complete" };
        let what = if self.settings.work.graph().size() == 1 { "trials" } else { "tasks" };
        out.push(Command::Notice(format!(
            "strategy.stop.{rule}: {reason}; {end} when what runs has ended ({running} {what})"
        )));
        out.push(Command::Record(Record::Stopped(stopped.clone())));
        out.push(Command::Strategy(Request::Draft(false)));
        self.mode = Mode::Draining(Ending::Stopped(stopped));
    }

    pub(super) fn proposed(&mut self, offer: Offer, out: &mut Vec<Command>) {
        let Offer { proposed, serial, .. } = offer;
        if proposed.trial + 1 == self.asked {
            self.last = Some(serial);
        }
        let Proposed { trial, seen, design, .. } = &proposed;
        let open = Open::new(self.settings.work.graph(), design.clone(), *seen);
        self.queue.extend(open.progress.ready().map(|task| (*trial, task)));
        self.open.insert(*trial, open);
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

    fn finish_if_over(&mut self, out: &mut Vec<Command>) {
        let all = self.counts.ended() >= self.settings.trials;
        let ending = match &self.mode {
            Mode::Over => return,
            Mode::Draining(Ending::Early(_)) if all => Ending::Complete,
            Mode::Draining(ending) if self.ranks.running() == 0 => ending.clone(),
            Mode::Working if all => Ending::Complete,
            Mode::Working if self.ranks.running() == 0 && !self.may_start_more() => {
                let Some(reason) = self.late.values().next() else { return };
                Ending::Early(reason.clone())
            }
            _ => return,
        };
        self.mode = Mode::Over;
        out.push(Command::Finish(ending));
    }

    /// Whether time is left for a task that waits.
    fn may_start_more(&self) -> bool {
        let graph = self.settings.work.graph();
        let startable = |(_, task): &Queued| !self.late.contains_key(&graph.node(*task).stage);
        let later = self.later.iter().map(|(_, queued)| queued).filter(|queued| self.waits(queued));
        self.queue.iter().chain(later).any(startable)
    }

    /// Whether a task still waits for its turn: its trial may have ended without it.
    pub(super) fn waits(&self, (trial, task): &Queued) -> bool {
        self.open.get(trial).is_some_and(|open| open.progress.state(*task) == State::Ready)
    }
}
