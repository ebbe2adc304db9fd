//! The table of all figures, as Markdown and as JSON.

use super::estimates::Estimate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one bench has measured.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Part {
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
    /// Of other programs that took part.
    pub versions: BTreeMap<String, String>,
    /// What could not be measured, and why.
    pub left_out: Vec<String>,
}

/// What an estimate is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Time.
    Seconds,
    /// Size.
    Bytes,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub benchmark: String,
    pub parameters: String,
    pub contender: String,
    pub unit: Unit,
    /// How many things criterion took for one.
    pub each: u64,
    /// Of one thing.
    #[serde(flatten)]
    pub estimate: Estimate,
}

impl Row {
    /// A row of this benchmark, these parameters and this contender.
    pub fn new([benchmark, parameters, contender]: [&str; 3], unit: Unit, estimate: Estimate) -> Self {
        let (benchmark, parameters) = (benchmark.to_owned(), parameters.to_owned());
        Self { benchmark, parameters, contender: contender.to_owned(), unit, each: 1, estimate }
    }

    /// Criterion's name for it.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.benchmark, self.parameters, self.contender)
    }

    fn is_of(&self, other: &Self) -> bool {
        (&self.benchmark, &self.parameters, self.unit)
            == (&other.benchmark, &other.parameters, other.unit)
    }
}

/// The machine, the versions, and all figures.
#[derive(Debug, Serialize)]
pub struct Table {
    /// What is said before the figures, in this order.
    pub head: Vec<(String, String)>,
    pub rows: Vec<Compared>,
    pub left_out: Vec<String>,
}

/// A figure beside the first of the same benchmark and parameters.
#[derive(Debug, PartialEq, Serialize)]
pub struct Compared {
    #[serde(flatten)]
    pub row: Row,
    /// How many times as long or as large it is; `None` of the first itself.
    pub ratio: Option<f64>,
    /// The first contender.
    pub against: Option<String>,
}

/// Sets every row against the first one of its benchmark and parameters.
pub fn compare(rows: &[Row]) -> Vec<Compared> {
    let compared = |(at, row): (usize, &Row)| {
        let first = rows[..at].iter().find(|first| first.is_of(row));
        Compared {
            row: row.clone(),
            ratio: first.map(|first| row.estimate.median / first.estimate.median),
            against: first.map(|first| first.contender.clone()),
        }
    };
    rows.iter().enumerate().map(compared).collect()
}

/// A line for every benchmark: the time of its first contender, and how the others compare.
pub fn ratios(rows: &[Row]) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for Compared { row, ratio, .. } in compare(rows) {
        match (ratio, lines.last_mut()) {
            (Some(ratio), Some(line)) => {
                *line += &format!("; {} {} times", row.contender, digits(ratio));
            }
            _ => lines.push(format!(
                "{} {}: {} {}",
                row.benchmark,
                row.parameters,
                row.contender,
                amount(row.estimate.median, row.unit)
            )),
        }
    }
    lines
}

/// The table for people.
pub fn markdown(table: &Table) -> String {
    let mut text = String::new();
    for (what, is) in &table.head {
        text += &format!("- {what}: {is}\n");
    }
    for why in &table.left_out {
        text += &format!("- left out: {why}\n");
    }
    text += "\n| benchmark | parameters | what | median | interval | per second | ratio | against |\n\
             |---|---|---|---|---|---|---|---|\n";
    for Compared { row, ratio, against } in &table.rows {
        let Estimate { median, .. } = row.estimate;
        let per_second = match row.unit {
            Unit::Seconds => digits(1.0 / median),
            Unit::Bytes => String::new(),
        };
        let cells = [
            row.benchmark.clone(),
            row.parameters.clone(),
            row.contender.clone(),
            amount(median, row.unit),
            interval(row.estimate),
            per_second,
            ratio.map(digits).unwrap_or_default(),
            against.clone().unwrap_or_default(),
        ];
        text += &format!("| {} |\n", cells.join(" | "));
    }
    text
}

/// How far the median may be off, in per cent of it.
fn interval(of: Estimate) -> String {
    if of.low == of.high {
        return String::new();
    }
    let share = |bound: f64| 100.0 * (bound / of.median - 1.0);
    format!("{:+.0} to {:+.0} %", share(of.low), share(of.high))
}

fn amount(value: f64, unit: Unit) -> String {
    let scales: &[(f64, &str)] = match unit {
        Unit::Seconds => &[(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
        Unit::Bytes => &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "bytes")],
    };
    let last = scales[scales.len() - 1];
    let (scale, name) = scales.iter().find(|(scale, _)| value >= *scale).copied().unwrap_or(last);
    format!("{} {name}", digits(value / scale))
}

/// Three digits, or all before the point in groups of three.
fn digits(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let whole = value.abs().log10().floor() as i32;
    let decimals = usize::try_from((2 - whole).max(0)).unwrap_or(0);
    let text = format!("{value:.decimals$}");
    let (before, after) = text.split_once('.').map_or((text.as_str(), None), |(b, a)| (b, Some(a)));
    let mut grouped = String::new();
    for (k, c) in before.chars().enumerate() {
        if k > 0 && (before.len() - k).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    after.map_or(grouped.clone(), |after| format!("{grouped}.{after}"))
}

/// The processor's name in `/proc/cpuinfo`.
pub fn processor(cpuinfo: &str) -> String {
    let name = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    name.map_or("unknown".to_owned(), |(_, name)| name.trim().to_owned())
}
