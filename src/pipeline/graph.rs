//! What waits for what within a trial: tasks, and the joins between them.
//!
//! A task waits for *joins*: the tasks of one stage that it needs, and all tasks of every gate before
//! its stage. A join is met when all its tasks have ended and enough of them are ok. What nobody needs
//! is joined by the end of the trial. Many tasks wait for the same join (twenty jobs for one check), so
//! that joins stand beside the tasks and not in them.

use crate::config::Retries;
use std::collections::BTreeMap;

/// What a task takes of its host while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// Cores, at least 1.
    pub cores: u32,
    /// Bytes of memory; 0: none is set aside.
    pub memory: u64,
}

impl Need {
    /// What a task takes that asks for nothing.
    pub const ONE_CORE: Need = Need { cores: 1, memory: 0 };
}

/// What tasks of a stage have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Name of the stage.
    pub name: String,
    /// Earlier or later stages that it waits for though it does not need them: they decide about it.
    pub gates: Vec<usize>,
    /// Share of a join of its tasks that must be ok.
    pub at_least: f64,
    /// What each of its tasks takes.
    pub need: Need,
    /// How often they are tried again.
    pub retries: Retries,
}

/// A task of every trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its stage.
    pub stage: usize,
    /// Its key for people and paths; empty if its stage has no axes.
    pub key: String,
    /// The earlier tasks whose outputs it reads.
    pub needs: Vec<u32>,
}

/// Who waits for a join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiter {
    Task(u32),
    End,
}

/// Tasks of one stage that are waited for together.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Join {
    pub(super) size: u32,
    /// How many must be ok.
    pub(super) enough: u32,
    pub(super) waiters: Vec<Waiter>,
}

/// The tasks of a trial and what each waits for; the same for every trial of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    stages: Vec<Rules>,
    nodes: Vec<Node>,
    pub(super) joins: Vec<Join>,
    /// By task: the joins that it is part of, and the number of joins that it waits for.
    pub(super) part_of: Vec<Vec<u32>>,
    pub(super) waits_for: Vec<u32>,
    /// By stage: tasks that wait for nothing.
    first: Vec<u64>,
}

impl Graph {
    /// The graph of these stages and tasks. A task names only earlier ones as what it needs, and no
    /// stage waits for itself, whatever it goes through.
    pub fn new(stages: Vec<Rules>, nodes: Vec<Node>) -> Self {
        let mut of_stage: Vec<Vec<u32>> = vec![vec![]; stages.len()];
        for (task, node) in (0..).zip(&nodes) {
            of_stage[node.stage].push(task);
        }
        let mut joins: BTreeMap<Vec<u32>, Vec<Waiter>> = BTreeMap::new();
        let mut wanted = vec![false; nodes.len()];
        let mut waits_for = vec![0; nodes.len()];
        for (task, node) in (0..).zip(&nodes) {
            let mut needs: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
            for need in &node.needs {
                needs.entry(nodes[*need as usize].stage).or_default().push(*need);
                wanted[*need as usize] = true;
            }
            let gates = stages[node.stage].gates.iter().map(|gate| of_stage[*gate].clone());
            let own: Vec<Vec<u32>> = needs.into_values().chain(gates).collect();
            for join in own.into_iter().filter(|join| !join.is_empty()) {
                let waiters = joins.entry(join).or_default();
                waiters.push(Waiter::Task(task));
                waits_for[task as usize] += 1;
            }
        }
        for tasks in &of_stage {
            let last: Vec<u32> = tasks.iter().copied().filter(|t| !wanted[*t as usize]).collect();
            if !last.is_empty() {
                joins.entry(last).or_default().push(Waiter::End);
            }
        }
        let mut part_of = vec![vec![]; nodes.len()];
        let mut of_graph = vec![];
        for (at, (tasks, waiters)) in (0..).zip(joins) {
            tasks.iter().for_each(|task| part_of[*task as usize].push(at));
            let (first, size) = (tasks[0] as usize, tasks.len());
            let enough = enough(stages[nodes[first].stage].at_least, size);
            of_graph.push(Join { size: size as u32, enough, waiters });
        }
        let mut first = vec![0; stages.len()];
        for (node, _) in nodes.iter().zip(&waits_for).filter(|(_, count)| **count == 0) {
            first[node.stage] += 1;
        }
        Self { stages, nodes, joins: of_graph, part_of, waits_for, first }
    }

    /// A trial of one task.
    pub fn single(need: Need, retries: Retries) -> Self {
        let name = "evaluate".to_owned();
        let stage = Rules { name, gates: vec![], at_least: 1.0, need, retries };
        Self::new(vec![stage], vec![Node { stage: 0, key: String::new(), needs: vec![] }])
    }

    /// Number of tasks.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Every stage, in the order of the study file.
    pub fn stages(&self) -> &[Rules] {
        &self.stages
    }

    /// A task.
    pub fn node(&self, task: u32) -> &Node {
        &self.nodes[task as usize]
    }

    /// The stage of a task.
    pub fn rules(&self, task: u32) -> &Rules {
        &self.stages[self.nodes[task as usize].stage]
    }

    /// By stage: how many of its tasks wait for nothing.
    pub fn first(&self) -> &[u64] {
        &self.first
    }

    /// Whether every trial is one task of one core: then trials may be counted for tasks.
    pub fn is_plain(&self) -> bool {
        self.nodes.len() == 1 && self.rules(0).need == Need::ONE_CORE
    }

    /// What people call a task: `simulation low,pi+`.
    pub fn label(&self, task: u32) -> String {
        let (name, key) = (&self.rules(task).name, &self.node(task).key);
        if key.is_empty() { name.clone() } else { format!("{name} {key}") }
    }
}

/// How many of a join must be ok: one at the least. A share is written in decimals: 0.55 of 100 are 55,
/// though the nearest binary number makes it a little more.
fn enough(share: f64, size: usize) -> u32 {
    (share * size as f64 - 1e-9).ceil().clamp(1.0, size as f64) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_counted_as_it_is_written() {
        for (share, size, want) in
            [(1.0, 20, 20), (0.8, 5, 4), (0.55, 100, 55), (0.7, 10, 7), (0.5, 3, 2), (0.01, 4, 1)]
        {
            assert_eq!(enough(share, size), want, "{share} of {size}");
        }
    }

    #[test]
    fn jobs_that_wait_for_the_same_share_a_join() {
        let node = |stage, needs: &[u32]| Node { stage, key: String::new(), needs: needs.to_vec() };
        let rules = |gates: &[usize]| Rules {
            name: String::new(),
            gates: gates.to_vec(),
            at_least: 1.0,
            need: Need::ONE_CORE,
            retries: Retries::all(0),
        };
        let stages = vec![rules(&[]), rules(&[]), rules(&[0])];
        let nodes = vec![node(0, &[]), node(1, &[0]), node(1, &[0]), node(1, &[0]), node(2, &[1, 2, 3])];
        let graph = Graph::new(stages, nodes);
        assert_eq!((graph.joins.len(), graph.first()), (3, &[1, 0, 0][..]));
        // The check is needed by the jobs and a gate for the last, which waits for them, too.
        assert_eq!(graph.waits_for, [0, 1, 1, 1, 2]);
        assert_eq!(graph.joins[0].waiters.len(), 4);
    }
}
