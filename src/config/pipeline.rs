//! A trial's stages as meant, and where its objectives and metrics come from.

use super::command::{Command, ResultFile};
use crate::problem::{Column, Value};
use serde::{Deserialize, Serialize};

/// The stages of a trial, and the sources of what it measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// At least one; every stage stands after those it needs.
    pub stages: Vec<Stage>,
    /// One per objective; `None`: the value of the objective's own name in the result of the only stage
    /// without axes that has it.
    pub objectives: Vec<Option<Source>>,
    /// The same, one per metric.
    pub metrics: Vec<Option<Source>>,
}

impl Pipeline {
    /// Gates that a stage waits for, needed or not, ascending. What leads to a gate waits only for what
    /// it needs, else two gates would wait for each other; every other stage waits for all gates.
    pub fn gates_before(&self, stage: usize) -> Vec<usize> {
        let gate = |k: &usize| self.stages[*k].gate;
        let gates: Vec<usize> = (0..self.stages.len()).filter(gate).collect();
        let leads_to = |to: usize| to == stage || self.ancestors(to).contains(&stage);
        if gates.iter().any(|gate| leads_to(*gate)) {
            let needed = self.ancestors(stage);
            return gates.into_iter().filter(|gate| needed.contains(gate)).collect();
        }
        gates
    }

    /// Stages that a stage needs, directly or not.
    fn ancestors(&self, stage: usize) -> std::collections::BTreeSet<usize> {
        let needs = &self.stages[stage].needs;
        needs.iter().flat_map(|need| self.ancestors(*need).into_iter().chain([*need])).collect()
    }
}

/// One step of every trial: as many tasks as its axes have combinations, times its chunks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Name.
    pub name: String,
    /// Positions of the stages that it needs, ascending, all before its own.
    pub needs: Vec<usize>,
    /// What it runs over: first those taken over from `needs`, then its own.
    pub axes: Vec<Axis>,
    /// Names of the axes (and `chunk`) that are taken over from `needs`.
    pub by: Vec<String>,
    /// Events of each key, in chunks; taken over from `needs` if `by` has `chunk`.
    pub events: Option<Events>,
    /// Whether every trial has its own seeds.
    pub seeds: Seeds,
    /// Whether stages wait for it that do not need it.
    pub gate: bool,
    /// Share of its tasks in a join that has to be ok, above 0 and at most 1.
    pub at_least: f64,
    /// What a task runs.
    pub command: Command,
    /// Cores of a task, at least 1.
    pub cores: u32,
    /// Bytes of memory of a task; `None`: not known.
    pub memory_bytes: Option<u64>,
    /// Which files stay when the trial has ended.
    pub keep: Keep,
    /// Where a task works.
    pub scratch: Scratch,
    /// Whether a task runs in the study's container, if there is one.
    pub container: bool,
    /// Whether a task takes over what another one has done that would do the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reuse: bool,
}

impl Stage {
    /// The name of the axis of chunks, in `by`, in `where` and in inputs.
    pub const CHUNK: &str = "chunk";

    /// The axis of that name; chunks are none.
    pub fn axis(&self, name: &str) -> Option<&Axis> {
        self.axes.iter().find(|axis| axis.name == name)
    }

    /// Number of chunks of each key, 1 without events.
    pub fn chunks(&self) -> u64 {
        self.events.map_or(1, |events| events.chunks())
    }

    /// Whether it has neither axes nor events, so that a trial has one task of it.
    pub fn is_single(&self) -> bool {
        self.axes.is_empty() && self.events.is_none()
    }

    /// Whether its result can hold a value of that name: a JSON file any, a text its columns.
    pub fn may_measure(&self, name: &str) -> bool {
        match &self.command.result {
            None => false,
            Some(ResultFile::Json(_)) => true,
            Some(ResultFile::Table { columns, .. }) => columns.contains(&Column::Value(name.to_owned())),
        }
    }

    /// Number of tasks of `need`, one of the stages that it needs, that each of its tasks joins.
    pub fn joined(&self, need: &Stage) -> u64 {
        let taken = |axis: &&String| need.axis(axis).map(|axis| axis.values.len() as u64);
        let chunks = if self.by.iter().any(|axis| axis == Self::CHUNK) { need.chunks() } else { 1 };
        need.tasks() / self.by.iter().filter_map(|axis| taken(&axis)).product::<u64>() / chunks
    }

    /// Number of tasks in a trial.
    pub fn tasks(&self) -> u64 {
        self.axes.iter().map(|axis| axis.values.len() as u64).product::<u64>() * self.chunks()
    }
}

/// A named list of values that a stage runs over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Name: letters, digits, `_` and `-`.
    pub name: String,
    /// At least one; their labels differ.
    pub values: Vec<AxisValue>,
}

/// One value of an axis.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AxisValue {
    /// What it is called: the text of a scalar, the `name` of a point or else its index.
    pub label: String,
    /// Fields of a point by name, which travel together; empty for a scalar.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<(String, Field)>,
}

impl AxisValue {
    /// What `{key.AXIS}` (path empty), `{key.AXIS.FIELD}` and `{key.AXIS.FIELD.0}` stand for: the path
    /// is what follows the axis, without the dot. `None` if there is nothing there or if it is a list.
    pub fn text(&self, path: &str) -> Option<String> {
        if path.is_empty() {
            return Some(self.label.clone());
        }
        let (field, at) = match path.split_once('.') {
            Some((field, at)) => (field, Some(at.parse::<usize>().ok()?)),
            None => (path, None),
        };
        let (_, value) = self.fields.iter().find(|(name, _)| name == field)?;
        match (value, at) {
            (Field::One(value), None) => Some(value.to_string()),
            (Field::List(values), Some(at)) => values.get(at).map(Value::to_string),
            _ => None,
        }
    }
}

/// A field of a point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Field {
    /// A number or a text.
    One(Value),
    /// Several of them.
    List(Vec<Value>),
}

/// How the events of one key are cut into chunks: all of `per_job`, the last of what remains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// Events of one key, at least 1.
    pub total: u64,
    /// Events of a chunk, at least 1 and at most `total`.
    pub per_job: u64,
}

impl Events {
    /// Number of chunks.
    pub fn chunks(&self) -> u64 {
        self.total.div_ceil(self.per_job)
    }
}

/// Whose seeds a stage has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seeds {
    /// Its own in every trial.
    Trial,
    /// The same in every trial: common random numbers.
    Common,
}

/// Which files of a task stay when its trial has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// All.
    All,
    /// All but the outputs.
    Results,
    /// Those of tasks that are not ok.
    Failed,
}

/// Where a task works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scratch {
    /// In its attempt's directory.
    Shared,
    /// In the node's scratch directory; outputs and result are copied back.
    Local,
}

/// Where the value of an objective or metric comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Position of the stage.
    pub stage: usize,
    /// Name of the value in its result.
    pub value: String,
    /// Axes and the labels that count; all of an axis that is not there.
    #[serde(rename = "where")]
    pub only: Vec<(String, Vec<String>)>,
    /// How several values become one; `None`: there is one.
    pub combine: Option<Combine>,
    /// Weights of the tasks in their order; empty: all the same.
    pub weights: Vec<f64>,
}

/// How several values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Combine {
    /// `Σ w·x / Σ w`.
    Mean,
    /// `Σ w·x`.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// `Σ w / Σ (w/x)`, of values above 0.
    Harmonic,
}

impl Combine {
    /// The word in files and messages.
    pub fn name(self) -> &'static str {
        match self {
            Combine::Mean => "mean",
            Combine::Sum => "sum",
            Combine::Min => "min",
            Combine::Max => "max",
            Combine::Harmonic => "harmonic",
        }
    }
}
