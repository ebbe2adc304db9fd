//! The tasks of a trial.

use super::seeds::Seeder;
use super::split::{Chunk, split};
use crate::config::{AxisValue, Evaluator, Pipeline, Stage, Study};
use std::path::PathBuf;

/// The tasks of every trial of a study; a task is known by its position in `tasks`.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Stage by stage, in a stage by key (the last axis fastest), in a key by chunk. What a task needs
    /// stands before it.
    pub tasks: Vec<TaskSpec>,
    /// Their seeds.
    pub seeds: Seeder,
    /// Per stage: the gates that it waits for though it does not need them, ascending.
    pub gates: Vec<Vec<usize>>,
}

/// One stage for one key of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSpec {
    /// Position of its stage, 0 in a study without stages.
    pub stage: usize,
    /// For every axis of the stage which of its values.
    pub key: Vec<usize>,
    /// Its events, if the stage has any.
    pub chunk: Option<Chunk>,
    /// Positions of the tasks that it joins, ascending.
    pub needs: Vec<u32>,
}

impl TaskSpec {
    /// Names of the axes and the task's values on them.
    pub fn values<'a>(&self, stage: &'a Stage) -> impl Iterator<Item = (&'a str, &'a AxisValue)> {
        let pair = |(axis, k): (&'a crate::config::Axis, &usize)| (&*axis.name, &axis.values[*k]);
        stage.axes.iter().zip(&self.key).map(pair).collect::<Vec<_>>().into_iter()
    }

    /// Labels of its key and its chunk, in order.
    pub fn labels(&self, stage: &Stage) -> Vec<String> {
        let labels = self.values(stage).map(|(_, value)| value.label.clone());
        labels.chain(self.chunk.map(|chunk| chunk.index.to_string())).collect()
    }

    /// What it has on an axis or on that of chunks; `None` if the stage does not run over it.
    pub fn label(&self, stage: &Stage, axis: &str) -> Option<String> {
        if axis == Stage::CHUNK {
            return self.chunk.map(|chunk| chunk.index.to_string());
        }
        self.values(stage).find(|(name, _)| *name == axis).map(|(_, value)| value.label.clone())
    }

    /// What it is called, for example `simulation pi+,low,3`.
    pub fn name(&self, stage: &Stage) -> String {
        let labels = self.labels(stage);
        if labels.is_empty() {
            stage.name.clone()
        } else {
            format!("{} {}", stage.name, labels.join(","))
        }
    }

    /// Where its attempts are below the directory of the trial: STAGE/KEY, or STAGE without a key.
    /// Different tasks have different directories, and none leads out of the trial's.
    pub fn directory(&self, stage: &Stage) -> PathBuf {
        let labels: Vec<String> = self.labels(stage).iter().map(|label| safe(label)).collect();
        let path = PathBuf::from(safe(&stage.name));
        if labels.is_empty() { path } else { path.join(labels.join(",")) }
    }
}

/// A label as part of a file name: letters, digits and `_ + - = @ .` stay (a dot not at the beginning),
/// every other byte becomes `%` and two hexadecimal digits.
fn safe(label: &str) -> String {
    let mut text = String::new();
    for (k, byte) in label.bytes().enumerate() {
        let stays = byte.is_ascii_alphanumeric() || b"_+-=@".contains(&byte) || byte == b'.' && k > 0;
        if stays {
            text.push(char::from(byte));
        } else {
            text += &format!("%{byte:02X}");
        }
    }
    text
}

impl Plan {
    /// The plan of a study; one task without stages.
    pub fn of(study: &Study) -> Self {
        let Evaluator::Pipeline(pipeline) = &study.evaluator else {
            let only = TaskSpec { stage: 0, key: vec![], chunk: None, needs: vec![] };
            let seeds = Seeder::new(study, std::iter::once(0));
            return Self { tasks: vec![only], seeds, gates: vec![vec![]] };
        };
        let mut tasks: Vec<TaskSpec> = vec![];
        let mut spans = vec![];
        for (position, stage) in pipeline.stages.iter().enumerate() {
            let begin = tasks.len();
            for key in keys(stage) {
                let chunks: Vec<Option<Chunk>> = match stage.events {
                    Some(events) => split(events).map(Some).collect(),
                    None => vec![None],
                };
                for chunk in chunks {
                    let mut task = TaskSpec { stage: position, key: key.clone(), chunk, needs: vec![] };
                    for need in &stage.needs {
                        let span: std::ops::Range<usize> = std::ops::Range::clone(&spans[*need]);
                        let joins = |k: &usize| agree(&task, stage, &tasks[*k], &pipeline.stages[*need]);
                        let joined: Vec<u32> = span.filter(joins).map(|k| k as u32).collect();
                        task.needs.extend(joined);
                    }
                    tasks.push(task);
                }
            }
            spans.push(begin..tasks.len());
        }
        let seeds = Seeder::new(study, tasks.iter().map(|task| task.stage));
        Self { tasks, seeds, gates: gates(pipeline) }
    }

    /// Positions of a stage's tasks.
    pub fn of_stage(&self, stage: usize) -> impl Iterator<Item = u32> {
        let tasks = self.tasks.iter().enumerate().filter(move |(_, task)| task.stage == stage);
        tasks.map(|(k, _)| k as u32)
    }
}

/// Every combination of the values of a stage's axes, the last axis fastest; one empty key without axes.
fn keys(stage: &Stage) -> Vec<Vec<usize>> {
    stage.axes.iter().fold(vec![vec![]], |keys: Vec<Vec<usize>>, axis| {
        let longer = |key: &Vec<usize>| {
            let key = key.clone();
            (0..axis.values.len()).map(move |k| [&key[..], &[k]].concat()).collect::<Vec<_>>()
        };
        keys.iter().flat_map(longer).collect()
    })
}

/// Whether a task joins one of a stage that it needs: they have the same value on every axis that the
/// task's stage has taken over. All other axes of the need are joined.
fn agree(task: &TaskSpec, stage: &Stage, other: &TaskSpec, need: &Stage) -> bool {
    stage.by.iter().all(|axis| match other.label(need, axis) {
        Some(label) => task.label(stage, axis).as_ref() == Some(&label),
        None => true,
    })
}

/// Gates that each stage waits for without needing them itself.
fn gates(pipeline: &Pipeline) -> Vec<Vec<usize>> {
    let of = |k: usize| -> Vec<usize> {
        let needs = &pipeline.stages[k].needs;
        pipeline.gates_before(k).into_iter().filter(|gate| !needs.contains(gate)).collect()
    };
    (0..pipeline.stages.len()).map(of).collect()
}
