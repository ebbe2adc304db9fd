//! The `[strategy]` table.

use super::document::Table;
use super::error::Problems;
use super::parts::Parts;
use super::resolved::{InitialDesign, Method, StrategySettings, Surrogate, default_patience_s};
use super::section::Section;
use super::{points, stop};
use std::path::Path;

/// Trials in all unless told otherwise.
const TRIALS: u64 = 100;
/// One candidate is handed out while the next is already there.
const READY: u64 = 2;

/// How candidates are made; without `parts` (they are wrong) what does not depend on them is checked.
pub fn read(
    document: &Table,
    parts: Option<&Parts>,
    folder: &Path,
    problems: &Problems,
) -> Option<StrategySettings> {
    let objectives = parts.map(|p| &*p.objectives);
    let section = Section::of(document, "strategy", problems);
    section.only(&[
        "method",
        "model",
        "nominal",
        "points",
        "initial",
        "initial_design",
        "population",
        "trials",
        "in_flight",
        "ready",
        "batch",
        "patience",
        "stop",
    ]);
    let methods = [
        ("auto", Method::Mobo),
        ("mobo", Method::Mobo),
        ("nsga2", Method::Nsga2),
        ("nsga3", Method::Nsga3),
        ("sobol", Method::Sobol),
        ("lhc", Method::Lhc),
        ("list", Method::List),
    ];
    let or = |key: &str, least: u64, default: u64| {
        if section.has(key) { section.count(key, least) } else { Some(default) }
    };
    let method =
        if section.has("method") { section.word("method", &methods) } else { Some(Method::Mobo) };
    let initial = or("initial", 1, StrategySettings::default_initial(objectives.map_or(0, <[_]>::len)));
    let trials = or("trials", 1, TRIALS);
    let ready = or("ready", 0, READY);
    let in_flight = section.count("in_flight", 1);
    let batch = batch(&section);
    let stop = stop::read(&section, objectives);
    let patience_s =
        if section.has("patience") { section.seconds("patience") } else { Some(default_patience_s()) };
    let settings = StrategySettings {
        method: method?,
        model: model(&section, method?)?,
        initial: initial?,
        trials: trials?,
        ready: ready?,
        in_flight,
        batch: batch?,
        stop: stop?,
        patience_s: patience_s?,
        initial_design: initial_design(&section, method?)?,
        population: population(&section, method?)?,
        // What `points::first` finds out.
        nominal: None,
        points: vec![],
    };
    if let Some(parts) = parts
        && let Some((at, _)) = parts.space.events()
        && settings.method != Method::Mobo
    {
        let name = &parts.space.parameters[at].name;
        section.problem(
            "method",
            format!(
                "must be \"mobo\": parameter {name} is of kind \"events\", and no other \
            method chooses how many; make it fixed"
            ),
        );
        return None;
    }
    match parts {
        Some(parts) => points::first(&section, folder, &parts.space, settings),
        None => Some(settings),
    }
}

fn initial_design(section: &Section<'_>, method: Method) -> Option<InitialDesign> {
    let words = [("sobol", InitialDesign::Sobol), ("lhc", InitialDesign::Lhc)];
    let of_method = match method {
        Method::Sobol => Some(("sobol", InitialDesign::Sobol)),
        Method::Lhc => Some(("lhc", InitialDesign::Lhc)),
        _ => None,
    };
    if !section.has("initial_design") {
        return Some(of_method.map_or(InitialDesign::Sobol, |(_, design)| design));
    }
    let written = section.word("initial_design", &words)?;
    if let Some((word, design)) = of_method
        && design != written
    {
        let text = format!("cannot differ from method = {word:?}; leave it away");
        section.problem("initial_design", text);
        return None;
    }
    Some(written)
}

fn model(section: &Section<'_>, method: Method) -> Option<Surrogate> {
    if !section.has("model") {
        return Some(Surrogate::default());
    }
    if method != Method::Mobo {
        section.problem("model", "is for the method mobo; leave it away");
        return None;
    }
    let words = [("pooled", Surrogate::Pooled), ("sparse", Surrogate::Sparse)];
    section.word("model", &words)
}

/// What stands beside it would say otherwise how many trials and candidates there are at a time.
fn batch(section: &Section<'_>) -> Option<Option<u64>> {
    if !section.has("batch") {
        return Some(None);
    }
    let beside: Vec<_> = ["in_flight", "ready"].into_iter().filter(|key| section.has(key)).collect();
    for key in &beside {
        let text = "cannot stand beside batch, whose trials are asked for together; leave it away";
        section.problem(key, text.to_owned());
    }
    if beside.is_empty() { section.count("batch", 1).map(Some) } else { None }
}

/// Not from the number of trials: a run may be continued with more of them.
fn population(section: &Section<'_>, method: Method) -> Option<Option<u64>> {
    let evolves = matches!(method, Method::Nsga2 | Method::Nsga3);
    if !section.has("population") {
        return Some(evolves.then_some(StrategySettings::POPULATION));
    }
    if !evolves {
        section.problem("population", "is for the methods nsga2 and nsga3; leave it away");
        return None;
    }
    section.count("population", 4).map(Some)
}
