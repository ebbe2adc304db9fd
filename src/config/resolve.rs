//! From the study as written to the study as meant: checks, units, defaults.

use super::document::Table;
use super::error::{Problems, suggestion};
use super::geometry::DETECTOR_PATH;
use super::parameters::{check_name, is_name};
use super::parts::{self, Parts};
use super::resolved::{Checkpoint, Evaluator, Limits, Study};
use super::section::Section;
use super::{container, geometry_table, queues, strategy};
use crate::problem::Problem;
use std::path::{Path, PathBuf};

const TABLES: [&str; 15] = [
    "study",
    "parameter",
    "geometry",
    "objective",
    "metric",
    "constraint",
    "outcome_constraint",
    "strategy",
    "evaluator",
    "stage",
    "container",
    "checkpoint",
    "limits",
    "pilot",
    "overflow",
];
/// Seconds between snapshots, and seconds kept back for the last one.
const CHECKPOINT_EVERY_S: f64 = 60.0;
const MARGIN_S: f64 = 60.0;
/// Seconds after which a rank that says nothing counts as lost: a file system may hang for a while.
pub(super) const SILENCE_S: f64 = 300.0;

/// The study that a document means; `file` is where it was read from. `None` if there is any problem.
pub fn resolve(document: &Table, file: &Path, problems: &Problems) -> Option<Study> {
    for (key, node) in document {
        if !TABLES.contains(&key.as_str()) {
            let hint = suggestion(key, &TABLES, "tables");
            problems.add(&node.place, format!("there is no table [{key}]{hint}"));
        }
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let head = study(document, file, problems);
    let parts = parts::read(document, folder, problems);
    let strategy = strategy::read(document, parts.as_ref(), folder, problems);
    let runs = parts
        .as_ref()
        .is_none_or(|p| !matches!(p.evaluator, Evaluator::Builtin(_) | Evaluator::Outside));
    let container = container::container(document, folder, runs, problems);
    let parameters = parts.as_ref().map(|p| &*p.space.parameters);
    let environment = std::env::var_os(DETECTOR_PATH).map(PathBuf::from);
    let geometry = geometry_table::read(document, folder, parameters, environment, problems);
    if let (Some(geometry), Some(parts)) = (&geometry, &parts) {
        geometry_table::fits(document, geometry.as_ref(), &parts.evaluator, problems);
    }
    let checkpoint = checkpoint(document, problems);
    let limits = limits(document, problems);
    let pilot = queues::pilot(document, folder, problems);
    let overflow = queues::overflow(document, problems);
    let (name, seed, output) = head?;
    let Parts { space, objectives, metrics, outcome_constraints, evaluator } = parts?;
    let problem = Problem { space, objectives, metrics, outcome_constraints };
    let (strategy, container, checkpoint, limits) = (strategy?, container?, checkpoint?, limits?);
    let geometry = geometry?;
    let study = Study {
        name,
        seed,
        output,
        problem,
        geometry,
        strategy,
        evaluator,
        container,
        checkpoint,
        limits,
        pilot: pilot?,
        overflow: overflow?,
    };
    problems.is_empty().then_some(study)
}

fn study(document: &Table, file: &Path, problems: &Problems) -> Option<(String, u64, PathBuf)> {
    let section = Section::of(document, "study", problems);
    section.only(&["name", "seed", "output"]);
    let name = if section.has("name") {
        check_name(&section, "name").map(str::to_owned)
    } else {
        let stem = file.file_stem().and_then(|s| s.to_str()).filter(|s| is_name(s));
        if stem.is_none() {
            section.need("name", None::<()>, "\"dtlz2\"");
        }
        stem.map(str::to_owned)
    };
    let seed = if section.has("seed") { section.count("seed", 0) } else { Some(0) };
    let output = if section.has("output") {
        section.text("output").map(PathBuf::from)
    } else {
        name.as_ref().map(|name| Path::new("runs").join(name))
    };
    Some((name?, seed?, output?))
}

fn checkpoint(document: &Table, problems: &Problems) -> Option<Checkpoint> {
    let section = Section::of(document, "checkpoint", problems);
    section.only(&["every"]);
    let every_s =
        if section.has("every") { section.positive_seconds("every") } else { Some(CHECKPOINT_EVERY_S) };
    Some(Checkpoint { every_s: every_s? })
}

fn limits(document: &Table, problems: &Problems) -> Option<Limits> {
    let section = Section::of(document, "limits", problems);
    section.only(&["time", "margin", "silence", "disk", "share"]);
    let time_limit_s = section.positive_seconds("time");
    let margin_s = if section.has("margin") { section.seconds("margin") } else { Some(MARGIN_S) };
    let silence_s =
        if section.has("silence") { section.positive_seconds("silence") } else { Some(SILENCE_S) };
    let disk_bytes = section.bytes("disk");
    if let (Some(time), Some(margin)) = (time_limit_s, margin_s)
        && margin >= time
    {
        section.problem("margin", "leaves nothing of limits.time; it must be shorter");
    }
    let share = if section.has("share") { section.positive("share") } else { Some(1.0) };
    let (margin_s, silence_s, share) = (margin_s?, silence_s?, share?);
    Some(Limits { time_limit_s, margin_s, silence_s, disk_bytes, share })
}
