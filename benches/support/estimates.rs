//! What criterion leaves in `target/criterion`: an estimate per benchmark.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// A median and the interval in which it lies with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub median: f64,
    pub low: f64,
    pub high: f64,
}

impl Estimate {
    /// Of what is the same every time.
    pub fn exactly(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }

    /// Of one of `n` things that were measured together.
    pub fn over(self, n: u64) -> Self {
        let of = |value: f64| value / n as f64;
        Self { median: of(self.median), low: of(self.low), high: of(self.high) }
    }
}

/// `benchmark.json`, as far as it matters here.
#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

/// `estimates.json`, likewise; in nanoseconds.
#[derive(Deserialize)]
struct Estimates {
    median: Statistic,
}

#[derive(Deserialize)]
struct Statistic {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// The last estimates in seconds, by criterion's names, of all benchmarks below `folder`.
pub fn all(folder: &Path) -> std::io::Result<BTreeMap<String, Estimate>> {
    let mut found = BTreeMap::new();
    collect(folder, &mut found)?;
    Ok(found)
}

fn collect(folder: &Path, found: &mut BTreeMap<String, Estimate>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && path.ends_with("new") {
            let benchmark: Benchmark =
                serde_json::from_slice(&std::fs::read(path.join("benchmark.json"))?)?;
            let estimates: Estimates =
                serde_json::from_slice(&std::fs::read(path.join("estimates.json"))?)?;
            found.insert(benchmark.full_id, seconds(&estimates.median));
        } else if path.is_dir() {
            collect(&path, found)?;
        }
    }
    Ok(())
}

fn seconds(of: &Statistic) -> Estimate {
    let Interval { lower_bound, upper_bound } = of.confidence_interval;
    Estimate { median: 1e-9 * of.point_estimate, low: 1e-9 * lower_bound, high: 1e-9 * upper_bound }
}
