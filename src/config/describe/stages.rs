//! Stages in words: how many tasks of what size a trial has, what they wait for, and where what is
//! measured comes from.

use super::Page;
use super::evaluator;
use crate::config::pipeline::{Combine, Keep, Pipeline, Scratch, Seeds, Source, Stage};
use crate::config::resolved::Study;
use crate::config::units::{amount, duration};

pub fn pipeline(page: &mut Page, study: &Study, pipeline: &Pipeline) {
    let stages = &pipeline.stages;
    let tasks: u64 = stages.iter().map(Stage::tasks).sum();
    let events: u64 = stages.iter().map(simulated).sum();
    let events = if events > 0 { format!(", {events} events",) } else { String::new() };
    page.title(&format!("stages ({}; {tasks} tasks{events} per trial)", stages.len()));
    let head = ["name", "each needs", "tasks", "events per task", "cores", "memory", "timeout", "gates"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for stage in stages {
        let joined = |k: &usize| match stage.joined(&stages[*k]) {
            1 => stages[*k].name.clone(),
            n => format!("{n} {}", stages[*k].name),
        };
        let needs: Vec<String> = stage.needs.iter().map(joined).collect();
        rows.push(vec![
            stage.name.clone(),
            super::or_dash(&needs.join(", ")),
            stage.tasks().to_string(),
            events_per_task(stage),
            stage.cores.to_string(),
            stage.memory_bytes.map_or("-".into(), amount),
            stage.command.timeout_s.map_or("none".into(), duration),
            super::or_dash(&gates(pipeline, stage).join(", ")),
        ]);
    }
    page.table(&rows);
    page.title("measured");
    let objectives = study.problem.objectives.iter().map(|o| &o.name).zip(&pipeline.objectives);
    let metrics = study.problem.metrics.iter().map(|m| &m.name).zip(&pipeline.metrics);
    let row =
        |(name, source): (&String, &Option<Source>)| vec![name.clone(), origin(name, source, stages)];
    page.table(&objectives.chain(metrics).map(row).collect::<Vec<_>>());
    for stage in stages {
        self::stage(page, stage);
    }
}

/// Events of all keys, if they are the stage's own and not taken over.
fn simulated(stage: &Stage) -> u64 {
    let own = stage.events.filter(|_| stage.by.iter().all(|axis| axis != Stage::CHUNK));
    own.map_or(0, |events| stage.tasks() / events.chunks() * events.total)
}

fn events_per_task(stage: &Stage) -> String {
    match stage.events {
        None => "-".into(),
        Some(events) => match events.total % events.per_job {
            0 => events.per_job.to_string(),
            last => format!("{}, the last {last}", events.per_job),
        },
    }
}

/// Names of the gates that a stage waits for, needed or not.
fn gates<'p>(pipeline: &'p Pipeline, stage: &Stage) -> Vec<&'p str> {
    let position = pipeline.stages.iter().position(|other| other.name == stage.name);
    let gates = position.map_or(vec![], |k| pipeline.gates_before(k));
    gates.iter().map(|k| &*pipeline.stages[*k].name).collect()
}

fn origin(name: &str, source: &Option<Source>, stages: &[Stage]) -> String {
    let Some(source) = source else {
        let may = stages.iter().filter(|stage| stage.is_single() && stage.may_measure(name));
        let may: Vec<&str> = may.map(|stage| &*stage.name).collect();
        return format!("{name}, of stage {}", may.join(" or "));
    };
    let stage = &stages[source.stage];
    let mut text = match source.combine {
        None => source.value.clone(),
        Some(Combine::Harmonic) => format!("harmonic mean of {}", source.value),
        Some(Combine::Mean) if !source.weights.is_empty() => {
            format!("weighted mean of {}", source.value)
        }
        Some(how) => format!("{} of {}", how.name(), source.value),
    };
    if !source.weights.is_empty() {
        let weights: Vec<String> = source.weights.iter().map(f64::to_string).collect();
        text += &format!(", weights {}", weights.join(", "));
    }
    text += &format!(", of stage {}", stage.name);
    for (axis, labels) in &source.only {
        text += &format!(", {axis} {}", labels.join(" or "));
    }
    text
}

fn stage(page: &mut Page, stage: &Stage) {
    page.title(&format!("stage {}", stage.name));
    for axis in &stage.axes {
        let labels: Vec<&str> = axis.values.iter().map(|value| &*value.label).collect();
        let taken = if stage.by.contains(&axis.name) { " (of what it needs)" } else { "" };
        page.row("axis", format!("{}: {}{taken}", axis.name, labels.join(", ")));
    }
    if let Some(events) = stage.events {
        page.row("events", format!("{} per key, {} chunks", events.total, events.chunks()));
    }
    if stage.gate {
        page.row("gate", "other stages wait for it");
    }
    if stage.at_least < 1.0 {
        page.row("at least", format!("{} of its tasks have to be ok", stage.at_least));
    }
    page.row(
        "seeds",
        match stage.seeds {
            Seeds::Trial => "others in every trial",
            Seeds::Common => "the same in every trial",
        },
    );
    page.row(
        "keep",
        match stage.keep {
            Keep::All => "every file",
            Keep::Results => "every file but the outputs, once the trial has ended",
            Keep::Failed => "files of tasks that are not ok, once the trial has ended",
        },
    );
    if stage.scratch == Scratch::Local {
        page.row("scratch", "works in the node's scratch directory");
    }
    if stage.reuse {
        page.row("reuse", "what a task with the same command, parameters, inputs and events has done");
    }
    if !stage.container {
        page.row("container", "not in the container");
    }
    evaluator::command_rows(page, &stage.command);
}
