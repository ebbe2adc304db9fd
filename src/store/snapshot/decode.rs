//! A history from HDF5.

use super::{FORMAT, FORMAT_VERSION, PENDING, image};
use crate::config::{Rule, Study};
use crate::problem::{FailureClass, Measurement, Outcome, Parameter, ParameterKind, Value};
use crate::store::record::{
    Asked, Attempt, Completed, Detail, History, Proposed, Session, Start, Stopped, Trial,
};
use hdf5::types::VarLenUnicode;
use hdf5::{Dataset, File, Group, H5Type, Location};

/// Why a whole file cannot be read.
pub(super) enum Refusal {
    /// By the library.
    Hdf5(hdf5::Error),
    /// Its content makes no sense.
    Content(String),
    /// It is of this newer version.
    Newer(u32),
}

impl From<hdf5::Error> for Refusal {
    fn from(error: hdf5::Error) -> Self {
        Refusal::Hdf5(error)
    }
}

type Result<T> = std::result::Result<T, Refusal>;

/// What a snapshot's reader gives back.
pub(super) struct Decoded {
    pub(super) study: Study,
    pub(super) history: History,
}

/// Study and history in the bytes of an HDF5 file.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded> {
    image::read(bytes, |file| Ok(content(file)))?
}

fn content(file: &File) -> Result<Decoded> {
    if text(file, "format").ok().as_deref() != Some(FORMAT) {
        return refuse(format!("the attribute format is not {FORMAT:?}"));
    }
    let version: u32 = number(file, "format_version")?;
    if version > FORMAT_VERSION {
        return Err(Refusal::Newer(version));
    }
    let study: Study = serde_json::from_str(&text(file, "resolved")?)
        .map_err(|e| Refusal::Content(format!("the attribute resolved: {e}")))?;
    let history = History {
        trials: trials(&file.group("trials")?, &file.group("strategy")?, &study)?,
        completions: column(file, "completions")?,
        attempts: attempts(file, version)?,
        sessions: sessions(&file.group("sessions")?)?,
        stops: if version < 2 { vec![] } else { stops(&file.group("stops")?)? },
        asks: if version < 3 { vec![] } else { asks(&file.group("asks")?)? },
        records: number(file, "records")?,
    };
    let parts = history.trials.len() + history.completions.len();
    let parts = parts + history.attempts.len() + history.sessions.len() + history.stops.len();
    let parts = parts + history.asks.len();
    if history.records != parts as u64 {
        return refuse(format!("{parts} records where {} were written", history.records));
    }
    Ok(Decoded { study, history })
}

fn trials(group: &Group, strategy: &Group, study: &Study) -> Result<Vec<Trial>> {
    let ids: Vec<u64> = column(group, "id")?;
    let n = ids.len();
    let mut ends = ends(group, study, n)?.into_iter();
    let mut designs = designs(group, &study.problem.space.parameters, n)?.into_iter();
    let mut memories = memories(strategy)?.into_iter().peekable();
    let mut origins = sized(texts(group, "origin")?, n)?.into_iter();
    let seen: Vec<u64> = sized(column(group, "seen")?, n)?;
    let generation_s: Vec<f64> = sized(column(group, "generation_s")?, n)?;
    let created: Vec<f64> = sized(column(group, "created")?, n)?;
    let trials = ids.into_iter().enumerate().map(|(row, trial)| {
        if trial != row as u64 {
            return refuse(format!("trial {trial} in row {row}"));
        }
        let lacking = || Refusal::Content(format!("trial {trial} is incomplete"));
        let proposed = Proposed {
            trial,
            seen: seen[row],
            design: designs.next().ok_or_else(lacking)?,
            origin: origins.next().ok_or_else(lacking)?,
            generation_s: generation_s[row],
            at: created[row],
            memory: memories.next_if(|(id, _)| *id == trial).map(|(_, memory)| memory),
        };
        Ok(Trial { proposed, completed: ends.next().ok_or_else(lacking)? })
    });
    trials.collect()
}

fn designs(group: &Group, parameters: &[Parameter], n: usize) -> Result<Vec<Vec<Value>>> {
    let values: Vec<f64> = sized(column(group, "parameters")?, n * parameters.len())?;
    let is_whole =
        |p: &&Parameter| matches!(p.kind, ParameterKind::Integer { .. } | ParameterKind::Events(_));
    let whole = parameters.iter().filter(is_whole).count();
    let integers = if whole == 0 { vec![] } else { sized(column(group, "integers")?, n * whole)? };
    let mut integers = integers.into_iter();
    let value = |parameter: &Parameter, x: f64| match &parameter.kind {
        ParameterKind::Float { .. } => Some(Value::Float(x)),
        ParameterKind::Integer { .. } | ParameterKind::Events(_) => integers.next().map(Value::Integer),
        ParameterKind::Choice { values } => values.get(x as usize).cloned(),
        ParameterKind::Fixed { value } => Some(value.clone()),
    };
    let unknown = || Refusal::Content("a choice that the study does not have".into());
    let names = (0..n).flat_map(|_| parameters);
    let flat: Option<Vec<Value>> = names
        .zip(values)
        .map({
            let mut value = value;
            move |(p, x)| value(p, x)
        })
        .collect();
    let mut flat = flat.ok_or_else(unknown)?.into_iter();
    Ok((0..n).map(|_| flat.by_ref().take(parameters.len()).collect()).collect())
}

fn ends(group: &Group, study: &Study, n: usize) -> Result<Vec<Option<Completed>>> {
    let (m, k) = (study.problem.objectives.len(), study.problem.metrics.len());
    let status = sized(texts(group, "status")?, n)?;
    let failure = sized(texts(group, "failure")?, n)?;
    let reason = sized(texts(group, "reason")?, n)?;
    let started: Vec<f64> = sized(column(group, "started")?, n)?;
    let finished: Vec<f64> = sized(column(group, "finished")?, n)?;
    let objectives = measurements(group, ["objectives", "sem"], n * m)?;
    let metrics = measurements(group, ["metrics", "metrics_sem"], n * k)?;
    let end = |row: usize| {
        let reason = reason[row].clone();
        let outcome = match status[row].as_str() {
            PENDING => return Ok(None),
            "ok" => {
                let own: Option<Vec<Measurement>> = objectives[row * m..][..m].iter().copied().collect();
                let lacking = || Refusal::Content(format!("trial {row} is ok without a value"));
                let metrics = metrics[row * k..][..k].to_vec();
                Outcome::Ok { objectives: own.ok_or_else(lacking)?, metrics }
            }
            "infeasible" => Outcome::Infeasible { reason },
            "failed" => Outcome::Failed { class: class(&failure[row])?, reason },
            "interrupted" => Outcome::Interrupted { reason },
            other => return refuse(format!("trial {row} has the status {other:?}")),
        };
        let (started, finished) = (started[row], finished[row]);
        Ok(Some(Completed { trial: row as u64, outcome, started, finished }))
    };
    (0..n).map(end).collect()
}

fn measurements(group: &Group, names: [&str; 2], n: usize) -> Result<Vec<Option<Measurement>>> {
    let values: Vec<f64> = sized(column(group, names[0])?, n)?;
    let sems: Vec<f64> = sized(column(group, names[1])?, n)?;
    let known = |sem: f64| Some(sem).filter(|s| !s.is_nan());
    Ok(values.into_iter().zip(sems).map(|(y, sem)| Measurement::new(y, known(sem))).collect())
}

fn class(name: &str) -> Result<FailureClass> {
    let found = FailureClass::ALL.into_iter().find(|class| class.name() == name);
    found.ok_or_else(|| Refusal::Content(format!("unknown class of failure {name:?}")))
}

fn memories(group: &Group) -> Result<Vec<(u64, Vec<u8>)>> {
    let trials: Vec<u64> = column(group, "trial")?;
    let lengths: Vec<u64> = sized(column(group, "length")?, trials.len())?;
    let bytes: Vec<u8> = column(group, "memory")?;
    if lengths.iter().sum::<u64>() != bytes.len() as u64 {
        return refuse("the strategy's memory has another length than its parts".into());
    }
    let mut rest = bytes.as_slice();
    let cut = |length: u64| {
        let (own, others) = rest.split_at(length as usize);
        rest = others;
        own.to_vec()
    };
    Ok(trials.into_iter().zip(lengths.into_iter().map(cut)).collect())
}

fn attempts(file: &File, version: u32) -> Result<Vec<Attempt>> {
    let group = &file.group("tasks")?;
    let trial: Vec<u64> = column(group, "trial")?;
    let n = trial.len();
    let attempt: Vec<u32> = sized(column(group, "attempt")?, n)?;
    let rank: Vec<u64> = sized(column(group, "rank")?, n)?;
    let host = sized(texts(group, "host")?, n)?;
    let dispatched: Vec<f64> = sized(column(group, "dispatched")?, n)?;
    let started: Vec<f64> = sized(column(group, "started")?, n)?;
    let finished: Vec<f64> = sized(column(group, "finished")?, n)?;
    let status = sized(texts(group, "status")?, n)?;
    let reason = sized(texts(group, "reason")?, n)?;
    let (waited, stale): (Vec<f64>, Vec<f64>) = match version {
        1 => (vec![f64::NAN; n], vec![f64::NAN; n]),
        _ => (sized(column(group, "waited")?, n)?, sized(column(group, "stale")?, n)?),
    };
    let start = |k: usize| Start { waited_s: waited[k], stale: stale[k] as u64 };
    let mut details = match version {
        1 | 2 => vec![Detail::default(); n],
        _ => details(group, &file.group("values")?, n, version)?,
    };
    let row = |k: usize| Attempt {
        start: (!stale[k].is_nan()).then(|| start(k)),
        detail: std::mem::take(&mut details[k]),
        trial: trial[k],
        attempt: attempt[k],
        rank: rank[k],
        host: host[k].clone(),
        dispatched: dispatched[k],
        started: started[k],
        finished: finished[k],
        status: status[k].clone(),
        reason: reason[k].clone(),
    };
    Ok((0..n).map(row).collect())
}

fn details(group: &Group, values: &Group, n: usize, version: u32) -> Result<Vec<Detail>> {
    let task: Vec<u32> = sized(column(group, "task")?, n)?;
    let mut stage = sized(texts(group, "stage")?, n)?;
    let mut key = sized(texts(group, "key")?, n)?;
    let peak: Vec<f64> = sized(column(group, "peak_memory")?, n)?;
    let container: Vec<f64> = match version {
        ..4 => vec![f64::NAN; n],
        _ => sized(column(group, "container")?, n)?,
    };
    let detail = |k: usize| Detail {
        task: task[k],
        stage: std::mem::take(&mut stage[k]),
        key: std::mem::take(&mut key[k]),
        peak_memory: (!peak[k].is_nan()).then_some(peak[k] as u64),
        values: vec![],
        container_s: (!container[k].is_nan()).then_some(container[k]),
    };
    let mut details: Vec<Detail> = (0..n).map(detail).collect();
    let names = texts(values, "names")?;
    let rows: Vec<u64> = column(values, "task_row")?;
    let places: Vec<u32> = sized(column(values, "name")?, rows.len())?;
    let measured = measurements(values, ["value", "sem"], rows.len())?;
    for ((row, place), measured) in rows.into_iter().zip(places).zip(measured) {
        let named = names.get(place as usize).zip(measured);
        let detail = details.get_mut(row as usize);
        let (Some(detail), Some((name, measured))) = (detail, named) else {
            return refuse(format!("a value of row {row} of tasks has no row, no name or is none"));
        };
        detail.values.push((name.clone(), measured));
    }
    Ok(details)
}

fn asks(group: &Group) -> Result<Vec<Asked>> {
    let trial: Vec<u64> = column(group, "trial")?;
    let seen: Vec<u64> = sized(column(group, "seen")?, trial.len())?;
    Ok(trial.into_iter().zip(seen).map(|(trial, seen)| Asked { trial, seen }).collect())
}

fn sessions(group: &Group) -> Result<Vec<Session>> {
    let at: Vec<f64> = column(group, "at")?;
    let n = at.len();
    let host = sized(texts(group, "host")?, n)?;
    let job = sized(texts(group, "job")?, n)?;
    let evaluators: Vec<u64> = sized(column(group, "evaluators")?, n)?;
    let capacity: Vec<u64> = sized(column(group, "capacity")?, n)?;
    let completed_before: Vec<u64> = sized(column(group, "completed_before")?, n)?;
    let row = |k: usize| Session {
        at: at[k],
        host: host[k].clone(),
        job: job[k].clone(),
        evaluators: evaluators[k],
        capacity: capacity[k],
        completed_before: completed_before[k],
    };
    Ok((0..n).map(row).collect())
}

fn stops(group: &Group) -> Result<Vec<Stopped>> {
    let at: Vec<f64> = column(group, "at")?;
    let n = at.len();
    let completed: Vec<u64> = sized(column(group, "completed")?, n)?;
    let rule = sized(texts(group, "rule")?, n)?;
    let setting = sized(texts(group, "setting")?, n)?;
    let reason = sized(texts(group, "reason")?, n)?;
    let row = |k: usize| {
        let known = Rule::ALL.into_iter().find(|known| known.name() == rule[k]);
        let unknown = || Refusal::Content(format!("unknown stopping rule {:?}", rule[k]));
        Ok(Stopped {
            at: at[k],
            completed: completed[k],
            rule: known.ok_or_else(unknown)?,
            setting: setting[k].clone(),
            reason: reason[k].clone(),
        })
    };
    (0..n).map(row).collect()
}

fn refuse<T>(reason: String) -> Result<T> {
    Err(Refusal::Content(reason))
}

fn sized<T>(values: Vec<T>, want: usize) -> Result<Vec<T>> {
    let got = values.len();
    if got == want { Ok(values) } else { refuse(format!("a column of {got} values instead of {want}")) }
}

fn column<T: H5Type>(group: &Group, name: &str) -> Result<Vec<T>> {
    let set: Dataset = group.dataset(name)?;
    // HDF5 has nothing to say about the memory of an empty selection.
    Ok(if set.size() == 0 { vec![] } else { set.read_raw()? })
}

fn texts(group: &Group, name: &str) -> Result<Vec<String>> {
    let texts: Vec<VarLenUnicode> = column(group, name)?;
    Ok(texts.iter().map(|t| t.as_str().to_owned()).collect())
}

fn number<T: H5Type>(at: &Location, name: &str) -> Result<T> {
    Ok(at.attr(name)?.read_scalar()?)
}

fn text(at: &Location, name: &str) -> Result<String> {
    Ok(number::<VarLenUnicode>(at, name)?.as_str().to_owned())
}
