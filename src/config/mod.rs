//! The study file: as written ([`raw`]) and as meant ([`Study`]).

mod resolved;

pub use resolved::{
    Builtin, Checkpoint, Command, Delay, Evaluator, Limits, Method, Noise, StrategySettings, Study,
};

use serde_json::Value;

/// Keys in which two studies differ such that one's history is of no use to the other.
pub fn differences(old: &Study, new: &Study) -> Vec<String> {
    let json = |s: &Study| serde_json::to_value(s).unwrap_or_default();
    let mut found = Vec::new();
    walk("", &json(old), &json(new), &mut found);
    found
}

fn walk(key: &str, old: &Value, new: &Value, found: &mut Vec<String>) {
    const FREE: [&str; 4] = ["output", "strategy.trials", "strategy.in_flight", "strategy.ready"];
    if old == new || FREE.contains(&key) || key.starts_with("checkpoint") || key.starts_with("limits") {
        return;
    }
    let Some((a, b)) = old.as_object().zip(new.as_object()) else {
        found.push(format!("{key}: stored {old}, now {new}"));
        return;
    };
    for name in a.keys().chain(b.keys().filter(|k| !a.contains_key(*k))) {
        let inner = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
        walk(&inner, a.get(name).unwrap_or(&Value::Null), b.get(name).unwrap_or(&Value::Null), found);
    }
}
