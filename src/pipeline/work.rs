//! What every trial of a study consists of, and how its tasks' values become its outcome.

use super::graph::{Graph, Need, Retries};
use crate::config::{Evaluator, Study};
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
            Evaluator::Command(command) => command.retries,
            Evaluator::Builtin(_) | Evaluator::Outside => 0,
        };
        Self::single(study.problem.clone(), Need::ONE_CORE, Retries::uniform(retries))
    }

    /// Work of one task that measures what the problem is about.
    pub fn single(problem: Problem, need: Need, retries: Retries) -> Self {
        let conclude = move |results: &[Option<Values>]| match results {
            [Some(values)] => problem.outcome(values),
            _ => Err("a trial of one task has no result of it".to_owned()),
        };
        Self::new(Graph::single(need, retries), conclude)
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
