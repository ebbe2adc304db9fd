//! A history as HDF5.

use super::tables::{self, SECONDS, TIME, Table, axis, list, missing, number, text};
use super::{Content, Curve, FORMAT, FORMAT_VERSION, PENDING, image};
use crate::problem::{Goal, Outcome, Parameter, ParameterKind, Value};
use crate::store::record::{Completed, Start, Trial};
use hdf5::{File, Group, Result};
use std::collections::HashMap;

/// The bytes of an HDF5 file with this content.
pub(super) fn encode(content: &Content) -> Result<Vec<u8>> {
    let mut image = image::write(|file| {
        root(file, content)?;
        trials(&file.create_group("trials")?, content)?;
        tasks(&file.create_group("tasks")?, content)?;
        sessions(&file.create_group("sessions")?, content)?;
        values(&file.create_group("values")?, content)?;
        asks(&file.create_group("asks")?, content)?;
        stops(&file.create_group("stops")?, content)?;
        strategy(&file.create_group("strategy")?, content)?;
        completions(file, content)
    })?;
    if tables::terminate(&mut image) == 0 {
        return Err(hdf5::Error::Internal("the axes are not where they are expected".into()));
    }
    Ok(image)
}

fn root(file: &File, content: &Content) -> Result<()> {
    let (major, minor, patch) = hdf5::library_version();
    text(file, "format", FORMAT)?;
    number(file, "format_version", &FORMAT_VERSION)?;
    text(file, "writer_version", env!("CARGO_PKG_VERSION"))?;
    text(file, "mpi_version", content.mpi_version)?;
    text(file, "hdf5_version", &format!("{major}.{minor}.{patch}"))?;
    number(file, "seed", &content.study.seed)?;
    text(file, "study", content.text)?;
    text(file, "resolved", content.resolved)?;
    text(file, "host", content.host)?;
    text(file, "job", content.job)?;
    number(file, "records", &content.history.records)
}

fn trials(group: &Group, content: &Content) -> Result<()> {
    let trials = &content.history.trials;
    let ends = || trials.iter().map(|t| t.completed.as_ref());
    let ids: Vec<u64> = trials.iter().map(|t| t.proposed.trial).collect();
    let table = Table::new(group, "id", &ids, "trial, from 0 in the order of proposal")?;

    table.texts(
        "status",
        ends().map(|c| c.map_or(PENDING, |c| c.outcome.status())),
        "ok, infeasible, failed, interrupted, or pending",
    )?;
    table.texts("failure", ends().map(|c| c.map_or("", failure)), "class of a failure")?;
    table.texts("reason", ends().map(|c| c.map_or("", reason)), "why not ok")?;
    table.texts("origin", trials.iter().map(|t| t.proposed.origin.as_str()), "what proposed it")?;
    let seen: Vec<u64> = trials.iter().map(|t| t.proposed.seen).collect();
    table.column("seen", &seen, "", "completions known when it was proposed")?;

    let of_proposal = |f: fn(&Trial) -> f64| trials.iter().map(f).collect::<Vec<f64>>();
    let of_end = |f: fn(&Completed) -> f64| ends().map(|c| c.map_or(f64::NAN, f)).collect::<Vec<f64>>();
    table.column("created", &of_proposal(|t| t.proposed.at), TIME, "proposal")?;
    table.column(
        "generation_s",
        &of_proposal(|t| t.proposed.generation_s),
        SECONDS,
        "time to propose",
    )?;
    table.gappy("started", &of_end(|c| c.started), TIME, "start of the last attempt")?;
    table.gappy("finished", &of_end(|c| c.finished), TIME, "end")?;
    let spent = of_end(|c| c.finished - c.started);
    table.gappy("evaluation_s", &spent, SECONDS, "duration of the last attempt")?;

    acceptable(&table, content)?;
    parameters(&table, content)?;
    measurements(&table, content)
}

fn acceptable(table: &Table, content: &Content) -> Result<()> {
    let problem = &content.study.problem;
    let ends = content.history.trials.iter().map(|t| t.completed.as_ref());
    let flags: Vec<i8> =
        ends.map(|c| c.is_some_and(|c| problem.acceptable(&c.outcome)).into()).collect();
    let about = "1: ok and every outcome constraint is satisfied, 0: not, or not ok";
    let set = table.column("acceptable", &flags, "", about)?;
    let texts = problem.outcome_constraints.iter().map(|c| c.text.as_str());
    list(&set, "outcome_constraints", &tables::texts(texts)?)
}

fn parameters(table: &Table, content: &Content) -> Result<()> {
    let all = &content.study.problem.space.parameters;
    let designs = || content.history.trials.iter().map(|t| &t.proposed.design);
    let axis = parameter_axis(table.group, "parameter", all.iter(), "parameter")?;
    let values: Vec<f64> =
        designs().flat_map(|d| all.iter().zip(d).map(|(p, v)| coordinate(&p.kind, v))).collect();
    let set = table.matrix(
        "parameters",
        &values,
        (&axis, all.len()),
        "designs; words and choices as their index in the attribute values",
    )?;
    list(&set, "names", &tables::texts(all.iter().map(|p| p.name.as_str()))?)?;
    list(&set, "units", &tables::texts(all.iter().map(|p| p.unit.as_str()))?)?;
    let choices: Vec<String> = all.iter().map(|p| choices(&p.kind)).collect();
    list(&set, "values", &tables::texts(choices.iter().map(String::as_str))?)?;

    let whole: Vec<usize> = (0..all.len()).filter(|j| is_integer(&all[*j])).collect();
    if whole.is_empty() {
        return Ok(());
    }
    let names = whole.iter().map(|j| &all[*j]);
    let axis = parameter_axis(table.group, "integer", names, "integer parameter")?;
    let exact = designs().flat_map(|d| {
        whole.iter().map(|j| if let Value::Integer(i) = d[*j] { i } else { unreachable!("checked") })
    });
    let exact: Vec<i64> = exact.collect();
    let about = "integer parameters exactly, also beyond 2^53";
    table.matrix("integers", &exact, (&axis, whole.len()), about)?;
    Ok(())
}

fn parameter_axis<'p>(
    group: &Group,
    name: &str,
    of: impl Iterator<Item = &'p Parameter>,
    about: &str,
) -> Result<String> {
    axis(group, name, &tables::texts(of.map(|p| p.name.as_str()))?, about)
}

fn measurements(table: &Table, content: &Content) -> Result<()> {
    let problem = &content.study.problem;
    let (m, k) = (problem.objectives.len(), problem.metrics.len());
    let mut values = [vec![], vec![], vec![], vec![]];
    let [objectives, sems, metrics, metric_sems] = &mut values;
    for trial in &content.history.trials {
        match trial.completed.as_ref().map(|c| &c.outcome) {
            Some(Outcome::Ok { objectives: ys, metrics: zs }) => {
                objectives.extend(ys.iter().map(|y| y.value()));
                sems.extend(ys.iter().map(|y| y.sem().unwrap_or(f64::NAN)));
                metrics.extend(zs.iter().map(|z| z.map_or(f64::NAN, |z| z.value())));
                metric_sems.extend(zs.iter().map(|z| z.and_then(|z| z.sem()).unwrap_or(f64::NAN)));
            }
            _ => {
                objectives.resize(objectives.len() + m, f64::NAN);
                sems.resize(sems.len() + m, f64::NAN);
                metrics.resize(metrics.len() + k, f64::NAN);
                metric_sems.resize(metric_sems.len() + k, f64::NAN);
            }
        }
    }
    let names: Vec<&str> = problem.objectives.iter().map(|o| o.name.as_str()).collect();
    let units: Vec<&str> = problem.objectives.iter().map(|o| o.unit.as_str()).collect();
    let goal = |g: Goal| if g == Goal::Minimize { "minimize" } else { "maximize" };
    let goals: Vec<&str> = problem.objectives.iter().map(|o| goal(o.goal)).collect();
    let threshold = |t: Option<f64>| t.unwrap_or(f64::NAN);
    let thresholds: Vec<f64> = problem.objectives.iter().map(|o| threshold(o.threshold)).collect();
    let objective = axis(table.group, "objective", &tables::texts(names.iter().copied())?, "objective")?;
    let about = ["objective values; NaN: the trial has none", "their standard errors; NaN: unknown"];
    for ((name, values), about) in
        [("objectives", &values[0]), ("sem", &values[1])].into_iter().zip(about)
    {
        let set = table.matrix(name, values, (&objective, m), about)?;
        missing(&set)?;
        list(&set, "names", &tables::texts(names.iter().copied())?)?;
        list(&set, "units", &tables::texts(units.iter().copied())?)?;
        list(&set, "goal", &tables::texts(goals.iter().copied())?)?;
        list(&set, "threshold", &thresholds)?;
    }

    let names: Vec<&str> = problem.metrics.iter().map(|o| o.name.as_str()).collect();
    let units: Vec<&str> = problem.metrics.iter().map(|o| o.unit.as_str()).collect();
    let metric = axis(table.group, "metric", &tables::texts(names.iter().copied())?, "metric")?;
    let about = ["metric values; NaN: not given", "their standard errors; NaN: unknown"];
    for ((name, values), about) in
        [("metrics", &values[2]), ("metrics_sem", &values[3])].into_iter().zip(about)
    {
        let set = table.matrix(name, values, (&metric, k), about)?;
        missing(&set)?;
        list(&set, "names", &tables::texts(names.iter().copied())?)?;
        list(&set, "units", &tables::texts(units.iter().copied())?)?;
    }
    Ok(())
}

fn tasks(group: &Group, content: &Content) -> Result<()> {
    let attempts = &content.history.attempts;
    let numbers = |f: fn(&crate::store::Attempt) -> u64| attempts.iter().map(f).collect::<Vec<u64>>();
    let times = |f: fn(&crate::store::Attempt) -> f64| attempts.iter().map(f).collect::<Vec<f64>>();
    let rows: Vec<u64> = (0..attempts.len() as u64).collect();
    let table = Table::new(group, "row", &rows, "attempt in the order of ending")?;
    table.column("trial", &numbers(|a| a.trial), "", "trial")?;
    let tries: Vec<u32> = attempts.iter().map(|a| a.attempt).collect();
    table.column("attempt", &tries, "", "number of the attempt at this task, from 1")?;
    table.column("rank", &numbers(|a| a.rank), "", "rank that ran it")?;
    table.texts("host", attempts.iter().map(|a| a.host.as_str()), "its host")?;
    table.column("dispatched", &times(|a| a.dispatched), TIME, "handed to the rank")?;
    table.column("started", &times(|a| a.started), TIME, "start")?;
    table.column("finished", &times(|a| a.finished), TIME, "end")?;
    table.texts("status", attempts.iter().map(|a| a.status.as_str()), "outcome")?;
    table.texts("reason", attempts.iter().map(|a| a.reason.as_str()), "why not ok")?;
    let start = |f: fn(Start) -> f64| -> Vec<f64> {
        attempts.iter().map(|a| a.start.map_or(f64::NAN, f)).collect()
    };
    let about = "time that the rank had nothing to do before; NaN: not known";
    table.gappy("waited", &start(|s| s.waited_s), SECONDS, about)?;
    let about =
        "results that came after the trial was proposed and before it was given out; NaN: not known";
    table.gappy("stale", &start(|s| s.stale as f64), "", about)?;
    let tasks: Vec<u32> = attempts.iter().map(|a| a.detail.task).collect();
    table.column("task", &tasks, "", "position of the task in the plan of a trial")?;
    table.texts("stage", attempts.iter().map(|a| a.detail.stage.as_str()), "stage of the task")?;
    table.texts("key", attempts.iter().map(|a| a.detail.key.as_str()), "key of the task")?;
    let peaks: Vec<f64> =
        attempts.iter().map(|a| a.detail.peak_memory.map_or(f64::NAN, |bytes| bytes as f64)).collect();
    table.gappy("peak_memory", &peaks, "bytes", "most memory at a time; NaN: not measured")?;
    let starts: Vec<f64> = attempts.iter().map(|a| a.detail.container_s.unwrap_or(f64::NAN)).collect();
    let about = "until the container had started and its prologue ended; NaN: there was none";
    table.gappy("container", &starts, SECONDS, about)?;
    Ok(())
}

/// The values of tasks, in the order of the attempts that measured them.
fn values(group: &Group, content: &Content) -> Result<()> {
    let attempts = content.history.attempts.iter();
    let all = (0..).zip(attempts).flat_map(|(row, a)| a.detail.values.iter().map(move |v| (row, v)));
    let (mut rows, mut places, mut values, mut sems) = (Vec::<u64>::new(), vec![], vec![], vec![]);
    let mut names: Vec<&str> = vec![];
    let mut known: HashMap<&str, u32> = HashMap::new();
    for (row, (name, measured)) in all {
        let place = *known.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() as u32 - 1
        });
        rows.push(row);
        places.push(place);
        values.push(measured.value());
        sems.push(measured.sem().unwrap_or(f64::NAN));
    }
    axis(group, "names", &tables::texts(names.into_iter())?, "name of a value")?;
    let numbers: Vec<u64> = (0..rows.len() as u64).collect();
    let table = Table::new(group, "value_row", &numbers, "value of a task")?;
    table.column("task_row", &rows, "", "row of tasks whose attempt measured it")?;
    table.column("name", &places, "", "its name, as the position in names")?;
    table.column("value", &values, "", "the value")?;
    table.gappy("sem", &sems, "", "its standard error; NaN: unknown")?;
    Ok(())
}

fn asks(group: &Group, content: &Content) -> Result<()> {
    let asks = &content.history.asks;
    let rows: Vec<u64> = (0..asks.len() as u64).collect();
    let table = Table::new(group, "ask", &rows, "candidate that was asked for")?;
    let trials: Vec<u64> = asks.iter().map(|a| a.trial).collect();
    table.column("trial", &trials, "", "the trial that it became")?;
    let seen: Vec<u64> = asks.iter().map(|a| a.seen).collect();
    table.column("seen", &seen, "", "trials ended by then")?;
    Ok(())
}

fn sessions(group: &Group, content: &Content) -> Result<()> {
    let sessions = &content.history.sessions;
    let numbers = |f: fn(&crate::store::Session) -> u64| sessions.iter().map(f).collect::<Vec<u64>>();
    let rows: Vec<u64> = (0..sessions.len() as u64).collect();
    let table = Table::new(group, "row", &rows, "start of the program")?;
    let at: Vec<f64> = sessions.iter().map(|s| s.at).collect();
    table.column("at", &at, TIME, "start")?;
    table.texts("host", sessions.iter().map(|s| s.host.as_str()), "host of rank 0")?;
    table.texts("job", sessions.iter().map(|s| s.job.as_str()), "batch job")?;
    table.column("evaluators", &numbers(|s| s.evaluators), "", "evaluating ranks")?;
    table.column(
        "capacity",
        &numbers(|s| s.capacity),
        "",
        "trials proposed and not ended at any time",
    )?;
    table.column("completed_before", &numbers(|s| s.completed_before), "", "trials ended before it")?;
    Ok(())
}

fn stops(group: &Group, content: &Content) -> Result<()> {
    let stops = &content.history.stops;
    let rows: Vec<u64> = (0..stops.len() as u64).collect();
    let table = Table::new(group, "row", &rows, "stopping rule that held")?;
    table.column("at", &stops.iter().map(|s| s.at).collect::<Vec<f64>>(), TIME, "when")?;
    let completed: Vec<u64> = stops.iter().map(|s| s.completed).collect();
    table.column("completed", &completed, "", "trials ended by then")?;
    table.texts("rule", stops.iter().map(|s| s.rule.name()), "its key in strategy.stop")?;
    table.texts("setting", stops.iter().map(|s| s.setting.as_str()), "key and value")?;
    table.texts("reason", stops.iter().map(|s| s.reason.as_str()), "what was found")?;
    Ok(())
}

fn strategy(group: &Group, content: &Content) -> Result<()> {
    let trials = content.history.trials.iter();
    let memories = trials.filter_map(|t| t.proposed.memory.as_ref().map(|m| (t.proposed.trial, m)));
    let (mut ids, mut lengths, mut bytes) = (Vec::<u64>::new(), Vec::<u64>::new(), Vec::<u8>::new());
    for (trial, memory) in memories {
        ids.push(trial);
        lengths.push(memory.len() as u64);
        bytes.extend(memory);
    }
    let table = Table::new(group, "trial", &ids, "trial after whose proposal the memory changed")?;
    table.column("length", &lengths, "", "length of the memory in bytes")?;
    let table = Table::unlabelled(group, "byte", bytes.len())?;
    table.column("memory", &bytes, "", "the strategy's own bytes, one memory behind the other")?;
    Ok(())
}

fn completions(file: &File, content: &Content) -> Result<()> {
    let history = content.history;
    let about = "trials in the order in which they ended";
    let table = Table::new(file, "completions", &history.completions, about)?;
    let mut values = content.curve.values().to_vec();
    values.resize(history.completions.len(), f64::NAN);
    let about = "hypervolume of the front after this end, smaller is better in every objective; \
                 NaN: not worked out yet";
    let set = table.gappy("hypervolume", &values, "", about)?;
    list(&set, "reference_point", Curve::reference(content.curve).unwrap_or_default())
}

fn failure(completed: &Completed) -> &str {
    match &completed.outcome {
        Outcome::Failed { class, .. } => class.name(),
        _ => "",
    }
}

fn reason(completed: &Completed) -> &str {
    match &completed.outcome {
        Outcome::Ok { .. } => "",
        Outcome::Infeasible { reason }
        | Outcome::Failed { reason, .. }
        | Outcome::Interrupted { reason } => reason,
    }
}

fn is_integer(parameter: &Parameter) -> bool {
    matches!(parameter.kind, ParameterKind::Integer { .. } | ParameterKind::Events(_))
}

fn coordinate(kind: &ParameterKind, value: &Value) -> f64 {
    match kind {
        ParameterKind::Choice { values } => {
            let index = values.iter().position(|v| v == value);
            index.expect("a record is checked before it is folded in") as f64
        }
        _ => value.number().unwrap_or(0.0),
    }
}

/// What the indices of a column stand for, as a JSON list; empty where the column holds numbers.
fn choices(kind: &ParameterKind) -> String {
    let json = |values: &[Value]| serde_json::to_string(values).expect("words and finite numbers");
    match kind {
        ParameterKind::Choice { values } => json(values),
        ParameterKind::Fixed { value: value @ Value::Text(_) } => json(std::slice::from_ref(value)),
        _ => String::new(),
    }
}
