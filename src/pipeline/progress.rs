//! How far an open trial is: which tasks may start, and what a task's end means for the trial.

use super::graph::{Graph, Waiter};
use crate::problem::Values;

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// What it waits for has not ended.
    Waiting,
    /// It may start.
    Ready,
    /// It was started.
    Running,
    /// It ended ok.
    Ok,
    /// It failed for good, or cannot be done any more because of others that did.
    Lost,
}

/// What the end of a task means for its trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The trial goes on; these tasks may start now, in the order of the plan.
    GoOn(Vec<u32>),
    /// The trial cannot be completed any more.
    Doomed,
    /// Every task has ended, and enough of them are ok.
    Complete,
}

/// A task's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The attempt that ended ok.
    pub attempt: u32,
    /// What it measured.
    pub values: Values,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Count {
    /// Tasks of the join that have not ended.
    open: u32,
    ok: u32,
    lost: bool,
}

/// The tasks of one open trial. It hears of nothing more once a verdict has ended the trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    states: Vec<State>,
    /// By task: joins that it still waits for.
    unmet: Vec<u32>,
    joins: Vec<Count>,
    /// Joins that the end of the trial waits for.
    ends: u32,
    done: Vec<Option<Done>>,
}

impl Progress {
    /// A trial of which nothing has been done.
    pub fn new(graph: &Graph) -> Self {
        let state = |unmet: &u32| if *unmet == 0 { State::Ready } else { State::Waiting };
        let end = |waiters: &[Waiter]| waiters.contains(&Waiter::End);
        Self {
            states: graph.waits_for.iter().map(state).collect(),
            unmet: graph.waits_for.clone(),
            joins: graph.joins.iter().map(|j| Count { open: j.size, ok: 0, lost: false }).collect(),
            ends: graph.joins.iter().filter(|j| end(&j.waiters)).count() as u32,
            done: vec![None; graph.size()],
        }
    }

    /// Where a task is.
    pub fn state(&self, task: u32) -> State {
        self.states[task as usize]
    }

    /// Tasks that may start, in the order of the plan.
    pub fn ready(&self) -> impl Iterator<Item = u32> {
        (0..).zip(&self.states).filter(|(_, state)| **state == State::Ready).map(|(task, _)| task)
    }

    /// Tasks that run or may start.
    pub fn active(&self) -> impl Iterator<Item = u32> {
        let active = |state: &State| matches!(state, State::Ready | State::Running);
        (0..).zip(&self.states).filter(move |(_, state)| active(state)).map(|(task, _)| task)
    }

    /// Results by task, for the conclusion.
    pub fn results(&mut self) -> Vec<Option<Values>> {
        self.done.iter_mut().map(|done| done.take().map(|done| done.values)).collect()
    }

    /// The ok attempts whose outputs a task may read: (task, attempt) in the order of the plan.
    pub fn inputs(&self, graph: &Graph, task: u32) -> Vec<(u32, u32)> {
        let ok = |need: &u32| Some((*need, self.done[*need as usize].as_ref()?.attempt));
        graph.node(task).needs.iter().filter_map(ok).collect()
    }

    /// A task that is ready was started.
    pub fn start(&mut self, task: u32) {
        debug_assert_eq!(self.states[task as usize], State::Ready);
        self.states[task as usize] = State::Running;
    }

    /// A task that was started has to be done once more.
    pub fn again(&mut self, task: u32) {
        debug_assert_eq!(self.states[task as usize], State::Running);
        self.states[task as usize] = State::Ready;
    }

    /// A task ended ok, in this session or an earlier one.
    pub fn ok(&mut self, graph: &Graph, task: u32, done: Done) -> Verdict {
        self.done[task as usize] = Some(done);
        self.end(graph, task, State::Ok)
    }

    /// A task failed and is not tried again.
    pub fn lost(&mut self, graph: &Graph, task: u32) -> Verdict {
        self.end(graph, task, State::Lost)
    }

    fn end(&mut self, graph: &Graph, task: u32, state: State) -> Verdict {
        let mut ready = vec![];
        let verdict = self.spread(graph, (task, state), &mut ready);
        match verdict {
            Some(over) => {
                // What nobody has heard of never became ready.
                ready.iter().for_each(|task| self.states[*task as usize] = State::Waiting);
                over
            }
            None => {
                ready.sort_unstable();
                Verdict::GoOn(ready)
            }
        }
    }

    /// Follows an end through the joins. A task that is ready has nothing left to wait for, so that no
    /// other one's loss reaches it.
    fn spread(&mut self, graph: &Graph, first: (u32, State), ready: &mut Vec<u32>) -> Option<Verdict> {
        let mut ended = vec![first];
        while let Some((task, state)) = ended.pop() {
            if matches!(self.states[task as usize], State::Ok | State::Lost) {
                continue;
            }
            self.states[task as usize] = state;
            for at in &graph.part_of[task as usize] {
                let (count, join) = (&mut self.joins[*at as usize], &graph.joins[*at as usize]);
                count.open -= 1;
                count.ok += u32::from(state == State::Ok);
                if count.lost {
                    continue;
                }
                if count.ok + count.open < join.enough {
                    count.lost = true;
                    for waiter in &join.waiters {
                        match waiter {
                            Waiter::End => return Some(Verdict::Doomed),
                            Waiter::Task(waiting) => ended.push((*waiting, State::Lost)),
                        }
                    }
                } else if count.open == 0 {
                    self.met(&join.waiters, ready);
                }
            }
        }
        (self.ends == 0).then_some(Verdict::Complete)
    }

    fn met(&mut self, waiters: &[Waiter], ready: &mut Vec<u32>) {
        for waiter in waiters {
            match waiter {
                Waiter::End => self.ends -= 1,
                Waiter::Task(task) => {
                    let at = *task as usize;
                    self.unmet[at] -= 1;
                    if self.unmet[at] == 0 && self.states[at] == State::Waiting {
                        self.states[at] = State::Ready;
                        ready.push(*task);
                    }
                }
            }
        }
    }
}
