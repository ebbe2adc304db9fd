//! What every trial of a study consists of, and how its tasks' values become its outcome.

use super::conclude::conclude;
use super::graph::{Graph, Need, Node, Rules};
use super::plan::{Plan, TaskSpec};
use crate::config::{Evaluator, Pipeline, Retries, Stage, Study};
use crate::problem::{Outcome, Problem, Values};
use std::fmt;

/// Makes a trial's outcome of the values of its tasks, by their position; `None` for a task that is not
/// ok.
type Conclude = dyn Fn(&[Option<Values>]) -> Result<Outcome, String> + Send + Sync;

/// The work of one trial.
pub struct Work {
    graph: Graph,
    conclude: Box<Conclude>,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("graph", &self.graph).finish_non_exhaustive()
    }
}

impl Work {
    /// The work of a study's trials.
    pub fn of(study: &Study) -> Self {
        let retries = match &study.evaluator {
            Evaluator::Pipeline(pipeline) => return Self::staged(study, pipeline),
            Evaluator::Command(command) => command.retries,
            Evaluator::Builtin(_) | Evaluator::Outside => Retries::all(0),
        };
        Self::single(study.problem.clone(), Need::ONE_CORE, retries)
    }

    /// Work of one task that measures what the problem is about.
    pub fn single(problem: Problem, need: Need, retries: Retries) -> Self {
        let conclude = move |results: &[Option<Values>]| match results {
            [Some(values)] => problem.outcome(values),
            _ => Err("a trial of one task has no result of it".to_owned()),
        };
        Self::new(Graph::single(need, retries), conclude)
    }

    fn staged(study: &Study, pipeline: &Pipeline) -> Self {
        let plan = Plan::of(study);
        let rules = |(stage, gates): (&Stage, &Vec<usize>)| Rules {
            name: stage.name.clone(),
            gates: gates.clone(),
            at_least: stage.at_least,
            need: Need { cores: stage.cores, memory: stage.memory_bytes.unwrap_or(0) },
            retries: stage.command.retries,
        };
        let node = |task: &TaskSpec| Node {
            stage: task.stage,
            key: task.labels(&pipeline.stages[task.stage]).join(","),
            needs: task.needs.clone(),
        };
        let stages = pipeline.stages.iter().zip(&plan.gates).map(rules).collect();
        let graph = Graph::new(stages, plan.tasks.iter().map(node).collect());
        let study = study.clone();
        Self::new(graph, move |results| conclude(&study, &plan, results))
    }

    /// Work from its parts.
    pub fn new(
        graph: Graph,
        conclude: impl Fn(&[Option<Values>]) -> Result<Outcome, String> + Send + Sync + 'static,
    ) -> Self {
        Self { graph, conclude: Box::new(conclude) }
    }

    /// Tasks and what they wait for.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The outcome of a trial whose tasks measured this.
    ///
    /// # Errors
    /// Something that the study needs was not measured, or is no finite number, in words.
    pub fn conclude(&self, results: &[Option<Values>]) -> Result<Outcome, String> {
        (self.conclude)(results)
    }
}
