//! From the results of a trial's tasks to its outcome.

use super::combine::combine;
use super::plan::{Plan, TaskSpec};
use crate::config::{Evaluator, Pipeline, Source, Stage, Study};
use crate::problem::{Measurement, Outcome, Values};

/// Whether so many ok tasks are enough for a join of `all`: a share of `at_least`, and one at the least.
pub fn enough(ok: usize, all: usize, at_least: f64) -> bool {
    // 0.8 of 5 are 4, though 0.8 * 5 could come out a little larger.
    ok > 0 && ok as f64 >= at_least * all as f64 - 1e-9
}

/// The outcome of a trial whose tasks measured this, by their positions in the plan; `None`: the task
/// is not ok, or there was no need to run it.
///
/// # Errors
/// What an objective (or a metric that an outcome constraint needs) lacks, in words: the trial has
/// failed, with the class `output`.
///
/// # Panics
/// There are not as many results as tasks.
pub fn conclude(study: &Study, plan: &Plan, results: &[Option<Values>]) -> Result<Outcome, String> {
    assert_eq!(results.len(), plan.tasks.len(), "one result per task");
    let problem = &study.problem;
    let Evaluator::Pipeline(pipeline) = &study.evaluator else {
        let values = results[0].as_ref().ok_or("the evaluation is not ok")?;
        return problem.outcome(values);
    };
    let find = Find { pipeline, plan, results };
    let objectives = problem.objectives.iter().zip(&pipeline.objectives).map(|(objective, source)| {
        let name = &objective.name;
        find.value(name, source.as_ref()).map_err(|no| match no {
            No::Missing(reason) | No::Undefined(reason) => format!("objective {name:?}: {reason}"),
        })
    });
    let objectives = objectives.collect::<Result<Vec<_>, _>>()?;
    let metrics = problem.metrics.iter().zip(&pipeline.metrics).map(|(metric, source)| {
        match find.value(&metric.name, source.as_ref()) {
            Ok(measurement) => Ok(Some(measurement)),
            // A metric may be left out, as in a study without stages.
            Err(No::Missing(_)) => Ok(None),
            Err(No::Undefined(reason)) => Err(format!("metric {:?}: {reason}", metric.name)),
        }
    });
    problem.measured(objectives, metrics.collect::<Result<_, _>>()?)
}

/// Why a quantity has no value.
enum No {
    /// No task measured it.
    Missing(String),
    /// What was measured cannot be combined.
    Undefined(String),
}

/// Looks for values among results.
struct Find<'a> {
    pipeline: &'a Pipeline,
    plan: &'a Plan,
    results: &'a [Option<Values>],
}

impl Find<'_> {
    fn value(&self, name: &str, source: Option<&Source>) -> Result<Measurement, No> {
        match source {
            Some(source) => self.of_source(source),
            None => self.of_own_name(name),
        }
    }

    /// What stages without axes measured under the quantity's own name.
    fn of_own_name(&self, name: &str) -> Result<Measurement, No> {
        let tasks = self.plan.tasks.iter().zip(self.results);
        let single = |task: &TaskSpec| task.key.is_empty() && task.chunk.is_none();
        let mut found = tasks.filter(|(task, _)| single(task)).filter_map(|(task, values)| {
            let (_, measurement) = values.as_ref()?.iter().find(|(known, _)| known == name)?;
            Some((&self.pipeline.stages[task.stage].name, *measurement))
        });
        let Some((first, measurement)) = found.next() else {
            return Err(No::Missing(format!("no stage without axes has {name:?} in its result")));
        };
        match found.next() {
            None => Ok(measurement),
            Some((second, _)) => Err(No::Undefined(format!(
                "the stages {first:?} and {second:?} both have it in their results; say which with from = \
                 {{ stage = {first:?} }}"
            ))),
        }
    }

    fn of_source(&self, source: &Source) -> Result<Measurement, No> {
        let stage = &self.pipeline.stages[source.stage];
        let tasks = selected(self.plan, stage, source);
        let of = |task: u32| self.results[task as usize].as_ref();
        let ok = tasks.iter().filter(|task| of(**task).is_some()).count();
        if !enough(ok, tasks.len(), stage.at_least) {
            let (all, name) = (tasks.len(), &stage.name);
            return Err(No::Missing(format!("only {ok} of {all} tasks of stage {name:?} are ok")));
        }
        let mut values = vec![];
        for (k, task) in tasks.iter().enumerate() {
            let Some(result) = of(*task) else { continue };
            let Some((_, measurement)) = result.iter().find(|(known, _)| *known == source.value) else {
                let name = self.plan.tasks[*task as usize].name(stage);
                let known: Vec<&str> = result.iter().map(|(known, _)| &**known).collect();
                let known = if known.is_empty() { "nothing".to_owned() } else { known.join(", ") };
                let reason =
                    format!("the result of task {name:?} has no {:?}, but {known}", source.value);
                return Err(No::Missing(reason));
            };
            values.push((source.weights.get(k).copied().unwrap_or(1.0), *measurement));
        }
        match (source.combine, &values[..]) {
            (None, [(_, only)]) => Ok(*only),
            (Some(how), values) => combine(how, values).map_err(No::Undefined),
            (None, values) => Err(No::Undefined(format!(
                "{} tasks have a value, and none says how to combine them",
                values.len()
            ))),
        }
    }
}

/// Positions of the tasks whose values a source takes, in the plan's order; `stage` is the source's.
pub fn selected(plan: &Plan, stage: &Stage, source: &Source) -> Vec<u32> {
    let matches = |task: &TaskSpec| {
        source
            .only
            .iter()
            .all(|(axis, labels)| task.label(stage, axis).is_some_and(|label| labels.contains(&label)))
    };
    plan.of_stage(source.stage).filter(|task| matches(&plan.tasks[*task as usize])).collect()
}
