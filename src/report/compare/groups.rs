//! Which runs differ in nothing but their seed, and what tells the others apart.

use super::{Contender, ranks};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};

/// Keys that do not tell groups apart.
const LEFT_OUT: [&str; 3] = ["name", "seed", "output"];

/// What people think of first.
const FIRST: [&str; 2] = ["strategy.method", "ranks"];

/// Runs that are one group.
pub(super) struct Members {
    /// What tells it from the others.
    pub(super) label: String,
    /// Positions among the runs.
    pub(super) runs: Vec<usize>,
}

/// The groups, in the order of their first members, and the keys that they differ in.
pub(super) fn of(runs: &[Contender<'_>]) -> (Vec<Members>, Vec<String>) {
    let settings: Vec<Settings> = runs.iter().map(settings).collect();
    let mut groups: Vec<Vec<usize>> = vec![];
    for (at, own) in settings.iter().enumerate() {
        match groups.iter_mut().find(|members| settings[members[0]] == *own) {
            Some(members) => members.push(at),
            None => groups.push(vec![at]),
        }
    }
    let firsts: Vec<&Settings> = groups.iter().map(|members| &settings[members[0]]).collect();
    let keys = differences(&firsts);
    let telling = telling(&keys, &firsts);
    let label = |own: &Settings, name: &str| {
        let word = |key: &&String| {
            let value = own.get(*key).map_or("none", String::as_str);
            format!("{}={value}", key.rsplit('.').next().unwrap_or(key))
        };
        match telling.is_empty() {
            true => name.to_owned(),
            false => telling.iter().map(word).collect::<Vec<_>>().join(" "),
        }
    };
    let named = groups.into_iter().zip(&firsts).map(|(members, own)| {
        let label = label(own, &runs[members[0]].study.name);
        Members { label, runs: members }
    });
    (named.collect(), keys)
}

/// Keys with values that are not everywhere the same; what people think of first comes first.
fn differences(all: &[&Settings]) -> Vec<String> {
    let keys: BTreeSet<&String> = all.iter().flat_map(|own| own.keys()).collect();
    let differs = |key: &&String| all.iter().any(|own| own.get(*key) != all[0].get(*key));
    let mut keys: Vec<String> = keys.into_iter().filter(differs).cloned().collect();
    keys.sort_by_key(|key| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    keys
}

/// Enough of the keys to tell every group from every other: in their order, those that tell more apart than
/// the ones before them do.
fn telling<'a>(keys: &'a [String], all: &[&Settings]) -> Vec<&'a String> {
    let apart = |chosen: &[&String]| {
        let values = |own: &&Settings| -> Vec<Option<String>> {
            chosen.iter().map(|key| own.get(*key).cloned()).collect()
        };
        all.iter().map(values).collect::<BTreeSet<_>>().len()
    };
    let mut chosen: Vec<&String> = vec![];
    for key in keys {
        let more = [&chosen[..], &[key]].concat();
        if apart(&more) > apart(&chosen) {
            chosen = more;
        }
    }
    chosen
}

/// Key by key.
type Settings = BTreeMap<String, String>;

/// Everything that a run was asked for, key by key, and on how many ranks it was done.
fn settings(run: &Contender<'_>) -> Settings {
    let mut found = BTreeMap::from([("ranks".to_owned(), ranks(run.history).to_string())]);
    // A study is always JSON: that is how its run directory has it.
    let study = serde_json::to_value(run.study).unwrap_or_default();
    flatten("", &study, &mut found);
    found.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    found
}

fn flatten(path: &str, value: &Json, found: &mut Settings) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Json::Object(fields) => fields.iter().for_each(|(key, v)| flatten(&below(key), v, found)),
        Json::Array(items) => {
            items.iter().enumerate().for_each(|(k, v)| flatten(&below(&k.to_string()), v, found));
        }
        Json::String(text) => {
            found.insert(path.to_owned(), text.clone());
        }
        other => {
            found.insert(path.to_owned(), other.to_string());
        }
    }
}
