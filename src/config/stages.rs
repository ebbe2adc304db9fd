//! The `[[stage]]` tables.

use super::axes::{self, Runs};
use super::command::Command;
use super::command_keys;
use super::document::Table;
use super::error::{Problems, suggestion};
use super::parameters::is_word;
use super::pipeline::{Keep, Scratch, Seeds, Stage};
use super::placeholders::{Scope, StageScope};
use super::reuse;
use super::section::Section;
use crate::problem::Parameter;
use std::path::Path;

const OWN_KEYS: [&str; 14] = [
    "name",
    "needs",
    "foreach",
    "by",
    "events",
    "seeds",
    "gate",
    "at_least",
    "cores",
    "memory",
    "keep",
    "scratch",
    "container",
    "reuse",
];
/// More tasks in a trial are a mistake in `foreach` or `events`.
const MOST_TASKS: u64 = 100_000;

/// A stage's table, with the name and the needs that it says.
struct Head<'a> {
    section: Section<'a>,
    name: Option<String>,
    needs: Vec<String>,
}

/// The stages in an order in which each stands after those it needs, otherwise in that of the file;
/// `None` if one of them is wrong.
pub fn read(
    document: &Table,
    parameters: Option<&[Parameter]>,
    folder: &Path,
    problems: &Problems,
) -> Option<Vec<Stage>> {
    let heads: Vec<Head<'_>> =
        Section::several(document, "stage", problems)?.into_iter().map(head).collect();
    let order = order(&heads);
    let sound = order.is_some();
    // Without an order every table is looked at all the same, for what else is wrong.
    let order = order.unwrap_or_else(|| (0..heads.len()).collect());
    let contained = super::container::is_used(document);
    let mut stages: Vec<Option<Stage>> = vec![];
    for k in &order {
        // Positions among those that are read already.
        let position = |name: &String| {
            order[..stages.len()].iter().position(|j| heads[*j].name.as_ref() == Some(name))
        };
        let needs: Vec<Option<usize>> = heads[*k].needs.iter().map(position).collect();
        let around = Around { before: &stages, needs: &needs, parameters, folder, contained };
        let stage = stage(&heads[*k], &around);
        stages.push(stage);
    }
    if !sound {
        return None;
    }
    let stages: Vec<Stage> = stages.into_iter().collect::<Option<_>>()?;
    let tasks = stages.iter().try_fold(0u64, |sum, stage| {
        let axes = stage.axes.iter().map(|axis| axis.values.len() as u64);
        let tasks = axes.chain([stage.chunks()]).try_fold(1u64, u64::checked_mul)?;
        sum.checked_add(tasks)
    });
    if tasks.is_none_or(|tasks| tasks > MOST_TASKS) {
        let text = format!("the stages have more than {MOST_TASKS} tasks per trial together");
        problems.add(&heads[0].section.place, text);
        return None;
    }
    Some(stages)
}

fn head(section: Section<'_>) -> Head<'_> {
    let known: Vec<&str> = OWN_KEYS.iter().chain(command_keys::keys(&section)).copied().collect();
    section.only(&known);
    let name = section.need("name", section.text("name"), "\"simulation\"").filter(|name| {
        let sound = is_word(name);
        if !sound {
            let rule = "a stage's name consists of letters, digits and _ - after a first letter or _";
            section.problem("name", format!("cannot be {name:?}: {rule}"));
        }
        sound
    });
    let name = name.map(str::to_owned);
    let needs = if section.has("needs") { section.texts("needs").unwrap_or_default() } else { vec![] };
    Head { section, name, needs }
}

/// Positions of the tables, each after those it needs. Reports names that come twice, needs that do not
/// exist, and circles.
fn order(heads: &[Head<'_>]) -> Option<Vec<usize>> {
    let names: Vec<&str> = heads.iter().filter_map(|head| head.name.as_deref()).collect();
    let mut sound = names.len() == heads.len();
    for (k, head) in heads.iter().enumerate() {
        let Head { section, name, needs } = head;
        if name.is_some() && heads[..k].iter().any(|other| other.name == *name) {
            section.problem("name", format!("{:?} is taken by a stage already", names_of(name)));
            sound = false;
        }
        for (j, need) in needs.iter().enumerate() {
            if name.as_ref() == Some(need) {
                section.problem("needs", format!("has {need:?}, the stage itself"));
                sound = false;
            } else if !names.contains(&&**need) {
                let others: Vec<&str> =
                    names.iter().copied().filter(|other| Some(*other) != name.as_deref()).collect();
                let hint = suggestion(need, &others, "stages");
                section.problem("needs", format!("has {need:?}, and there is no such stage{hint}"));
                sound = false;
            } else if needs[..j].contains(need) {
                section.problem("needs", format!("has {need:?} twice"));
                sound = false;
            }
        }
    }
    if !sound {
        return None;
    }
    let mut order: Vec<usize> = vec![];
    let placed =
        |order: &[usize], need: &String| order.iter().any(|k| heads[*k].name.as_ref() == Some(need));
    while order.len() < heads.len() {
        let free =
            |k: &usize| !order.contains(k) && heads[*k].needs.iter().all(|need| placed(&order, need));
        let Some(next) = (0..heads.len()).find(free) else {
            circle(heads, &order);
            return None;
        };
        order.push(next);
    }
    Some(order)
}

fn names_of(name: &Option<String>) -> &str {
    name.as_deref().unwrap_or_default()
}

/// Reports one circle among the stages that are not in `order`: each of them needs another one.
fn circle(heads: &[Head<'_>], order: &[usize]) {
    let left: Vec<usize> = (0..heads.len()).filter(|k| !order.contains(k)).collect();
    let next = |k: usize| {
        let needs =
            |j: &&usize| heads[k].needs.iter().any(|need| heads[**j].name.as_ref() == Some(need));
        left.iter().find(needs).copied()
    };
    let mut path = vec![];
    let mut at = left.first().copied();
    while let Some(k) = at {
        if let Some(begin) = path.iter().position(|j| *j == k) {
            let names: Vec<&str> =
                path[begin..].iter().chain([&k]).map(|j| names_of(&heads[*j].name)).collect();
            let text = format!("goes round in a circle: {}", names.join(" needs "));
            heads[k].section.problem("needs", text);
            return;
        }
        path.push(k);
        at = next(k);
    }
}

/// What a stage's table is read against.
struct Around<'a> {
    /// The stages read before; `None` where one is wrong.
    before: &'a [Option<Stage>],
    /// Positions of the needs among them, in the order written.
    needs: &'a [Option<usize>],
    parameters: Option<&'a [Parameter]>,
    folder: &'a Path,
    /// Whether the study has a container.
    contained: bool,
}

fn stage(head: &Head<'_>, around: &Around<'_>) -> Option<Stage> {
    let section = &head.section;
    let need = |position: &Option<usize>| position.and_then(|k| around.before[k].as_ref());
    let needs: Option<Vec<&Stage>> = around.needs.iter().map(need).collect();
    let runs = axes::read(section, needs.as_deref());
    let flag =
        |key: &str, default: bool| if section.has(key) { section.flag(key) } else { Some(default) };
    let seeds = word(section, "seeds", &[("trial", Seeds::Trial), ("common", Seeds::Common)]);
    let keep = [("all", Keep::All), ("results", Keep::Results), ("failed", Keep::Failed)];
    let keep = word(section, "keep", &keep);
    let scratch = word(section, "scratch", &[("shared", Scratch::Shared), ("local", Scratch::Local)]);
    let (gate, container) = (flag("gate", false), flag("container", true));
    let reuse = flag("reuse", false);
    // Else no two trials would do the same.
    let seeds = if reuse == Some(true) && !section.has("seeds") { Some(Seeds::Common) } else { seeds };
    let (at_least, cores) = (at_least(section), cores(section));
    let memory_bytes = section.bytes("memory");
    // The command is checked against what is understood of the rest.
    let axes_known = runs.is_some();
    let Runs { axes, by, events } = runs.unwrap_or(Runs { axes: vec![], by: vec![], events: None });
    let mut positions: Vec<usize> = around.needs.iter().copied().flatten().collect();
    positions.sort_unstable();
    let stage = Stage {
        name: head.name.clone().unwrap_or_default(),
        needs: positions,
        axes,
        by,
        events,
        seeds: seeds.unwrap_or(Seeds::Trial),
        gate: gate.unwrap_or(false),
        at_least: at_least.unwrap_or(1.0),
        command: Command::new(vec![]),
        cores: cores.unwrap_or(1),
        memory_bytes,
        keep: keep.unwrap_or(Keep::All),
        scratch: scratch.unwrap_or(Scratch::Shared),
        container: container.unwrap_or(true),
        reuse: reuse.unwrap_or(false),
    };
    let needs = head.needs.iter().zip(around.needs).map(|(name, position)| (&**name, need(position)));
    let scope = Scope {
        parameters: around.parameters,
        in_container: around.contained && stage.container,
        stage: Some(StageScope { stage: &stage, axes_known, needs: needs.collect() }),
    };
    let command = command_keys::read(section, &scope, around.folder, None);
    let words = seeds.is_some() && keep.is_some() && scratch.is_some();
    let flags = gate.is_some() && container.is_some() && reuse.is_some();
    let numbers =
        at_least.is_some() && cores.is_some() && (memory_bytes.is_some() || !section.has("memory"));
    let sound = axes_known && head.name.is_some() && words && flags && numbers;
    let stage = Stage { command: command.filter(|_| sound)?, ..stage };
    let fits = !stage.reuse || reuse::fits(section, &stage, &needs_of(around));
    fits.then_some(stage)
}

fn needs_of<'a>(around: &Around<'a>) -> Vec<&'a Stage> {
    around.needs.iter().filter_map(|k| around.before[(*k)?].as_ref()).collect()
}

/// One of several words, the first of which is the default.
fn word<T: Copy>(section: &Section<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
    if section.has(key) { section.word(key, words) } else { words.first().map(|(_, meaning)| *meaning) }
}

fn at_least(section: &Section<'_>) -> Option<f64> {
    if !section.has("at_least") {
        return Some(1.0);
    }
    let share = section.number("at_least")?;
    let sound = share > 0.0 && share <= 1.0;
    if !sound {
        section.problem("at_least", format!("must be a share above 0 and at most 1, not {share}"));
    }
    sound.then_some(share)
}

fn cores(section: &Section<'_>) -> Option<u32> {
    if !section.has("cores") {
        return Some(1);
    }
    let cores = u32::try_from(section.count("cores", 1)?).ok();
    if cores.is_none() {
        section.problem("cores", "is too large");
    }
    cores
}
