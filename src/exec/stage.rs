//! What the tasks of a study run, one stage after the other.

use super::result::Wanted;
use crate::config::{Command, Evaluator, Keep, Pipeline, Scratch, Seeds, Source, Stage, Study};
use crate::problem::Problem;
use std::path::{Path, PathBuf};

/// The only stage of a study with one command: one core, in the attempt's directory, nothing removed.
pub(super) fn alone(command: Command) -> Stage {
    Stage {
        name: "evaluate".to_owned(),
        needs: vec![],
        axes: vec![],
        by: vec![],
        events: None,
        seeds: Seeds::Trial,
        gate: false,
        at_least: 1.0,
        command,
        cores: 1,
        memory_bytes: None,
        keep: Keep::All,
        scratch: Scratch::Shared,
        container: true,
        reuse: false,
    }
}

/// Files that later tasks read: the outputs of a command, or its result if it has none.
pub(super) fn products(command: &Command) -> Vec<&Path> {
    let outputs = command.outputs.iter().map(PathBuf::as_path);
    let result = command.result.as_ref().map(|result| result.path());
    if command.outputs.is_empty() { result.into_iter().collect() } else { outputs.collect() }
}

/// The stages of a study with what their results must have; `None` if it runs no commands.
pub(super) fn stages(study: &Study) -> Option<Vec<(Stage, Wanted)>> {
    match &study.evaluator {
        Evaluator::Builtin(_) | Evaluator::Outside => None,
        Evaluator::Command(command) => {
            Some(vec![(alone(command.clone()), Wanted::Trial(study.problem.clone()))])
        }
        Evaluator::Pipeline(pipeline) => {
            let stages = pipeline.stages.iter().enumerate();
            Some(stages.map(|(k, stage)| (stage.clone(), wanted(&study.problem, pipeline, k))).collect())
        }
    }
}

/// What the study takes from a stage's results. A value that is taken for some keys only may be missing
/// from the others; one without a source may be in any stage of one task.
fn wanted(problem: &Problem, pipeline: &Pipeline, stage: usize) -> Wanted {
    let objectives = problem.objectives.iter().map(|o| &o.name).zip(&pipeline.objectives);
    let metrics = problem.metrics.iter().map(|m| &m.name).zip(&pipeline.metrics);
    let (mut required, mut optional): (Vec<String>, Vec<String>) = (vec![], vec![]);
    for (name, source) in objectives.chain(metrics) {
        match source {
            Some(Source { stage: of, value, only, .. }) if *of == stage => {
                let names = if only.is_empty() { &mut required } else { &mut optional };
                names.push(value.clone());
            }
            None if pipeline.stages[stage].tasks() == 1 => optional.push(name.clone()),
            _ => {}
        }
    }
    for names in [&mut required, &mut optional] {
        names.sort();
        names.dedup();
    }
    optional.retain(|name| !required.contains(name));
    Wanted::Stage { required, optional }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Axis, AxisValue};
    use crate::problem::{Goal, Metric, Objective, Space};

    #[test]
    fn a_stage_must_have_what_the_study_takes_from_it() {
        let objective = |name: &str| Objective {
            name: name.to_owned(),
            goal: Goal::Maximize,
            threshold: None,
            unit: String::new(),
        };
        let problem = Problem {
            space: Space { parameters: vec![], constraints: vec![] },
            objectives: vec![objective("low"), objective("high"), objective("cost")],
            metrics: vec![Metric { name: "photons".into(), unit: String::new() }],
            outcome_constraints: vec![],
        };
        let source = |value: &str, only: &[(&str, &str)]| {
            let only = only.iter().map(|(a, l)| ((*a).to_owned(), vec![(*l).to_owned()])).collect();
            Some(Source { stage: 0, value: value.into(), only, combine: None, weights: vec![] })
        };
        let value = |label: &str| AxisValue { label: label.into(), fields: vec![] };
        let mut analysis = alone(Command::new(vec![]));
        analysis.axes = vec![Axis { name: "point".into(), values: vec![value("low"), value("high")] }];
        let pipeline = Pipeline {
            stages: vec![analysis, alone(Command::new(vec![]))],
            objectives: vec![
                source("n_sigma", &[("point", "low")]),
                source("n_sigma", &[("point", "high")]),
                None,
            ],
            metrics: vec![source("photons", &[])],
        };
        let names = |stage| match wanted(&problem, &pipeline, stage) {
            Wanted::Stage { required, optional } => (required, optional),
            Wanted::Trial(_) => panic!("there are stages"),
        };
        assert_eq!(names(0), (vec!["photons".to_owned()], vec!["n_sigma".to_owned()]));
        assert_eq!(names(1), (vec![], vec!["cost".to_owned()]));
    }
}
