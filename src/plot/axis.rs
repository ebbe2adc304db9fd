//! Axes: what they are called, how far they go, where their ticks are.

use super::Shape;
use plotters::coord::combinators::IntoLogRange;
use plotters::coord::combinators::LogCoord;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use std::ops::Range;

/// Room beyond the outermost points, as a share of what they span.
const MARGIN: f64 = 0.04;

/// An axis as it is asked for.
#[derive(Debug, Clone, Default)]
pub struct Axis {
    /// What it is, with its unit.
    pub label: String,
    /// Whether equal ratios take equal room.
    pub log: bool,
    /// Values that must be in sight.
    pub shows: Vec<f64>,
    /// Where ticks are; empty: where it is convenient.
    pub ticks: Vec<f64>,
    /// Words for the ticks, one each; empty: numbers.
    pub words: Vec<String>,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    /// A logarithmic one.
    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), log: true, ..Self::default() }
    }

    /// Whether a value has a place on it.
    pub(super) fn takes(&self, value: f64) -> bool {
        value.is_finite() && (!self.log || value > 0.0)
    }

    /// The axis for values in sight.
    pub(super) fn over(&self, values: impl Iterator<Item = f64>) -> Scale {
        let all = values.chain(self.shows.iter().copied()).filter(|v| self.takes(*v));
        let (mut from, mut to) =
            all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        if from > to {
            (from, to) = if self.log { (1.0, 10.0) } else { (0.0, 1.0) };
        }
        let coordinate = if self.log {
            let room = (to / from).powf(MARGIN).max(1.0 + MARGIN);
            Coordinate::Log(LogCoord::from((from / room..to * room).log_scale()))
        } else {
            // Values that are all alike get a range about them.
            let least = MARGIN * from.abs().max(to.abs()).max(f64::MIN_POSITIVE);
            let room = (MARGIN * (to - from)).max(if to > from { 0.0 } else { least });
            // Nothing is below 0 where values begin there.
            let from = if from == 0.0 { 0.0 } else { from - room };
            Coordinate::Linear(RangedCoordf64::from(from..to + room))
        };
        Scale { coordinate, ticks: self.ticks.clone(), words: self.words.clone() }
    }
}

/// An axis with its range.
pub(super) struct Scale {
    coordinate: Coordinate,
    ticks: Vec<f64>,
    words: Vec<String>,
}

enum Coordinate {
    Linear(RangedCoordf64),
    Log(LogCoord<f64>),
}

impl Scale {
    /// Which share of the way along the axis a value has its place at.
    pub(super) fn share(&self, value: f64) -> f64 {
        const LONG: i32 = 10_000;
        f64::from(self.map(&value, (0, LONG))) / f64::from(LONG)
    }
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        match &self.coordinate {
            Coordinate::Linear(c) => c.map(value, limit),
            Coordinate::Log(c) => c.map(value, limit),
        }
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match &self.coordinate {
            _ if !self.ticks.is_empty() => self.ticks.clone(),
            Coordinate::Linear(c) => c.key_points(hint),
            Coordinate::Log(c) => c.key_points(hint),
        }
    }

    fn range(&self) -> Range<f64> {
        match &self.coordinate {
            Coordinate::Linear(c) => c.range(),
            Coordinate::Log(c) => c.range(),
        }
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        let at = self.ticks.iter().position(|tick| tick == value);
        at.and_then(|at| self.words.get(at).cloned()).unwrap_or_else(|| number(*value))
    }
}

/// A tick's number: as short as it can be.
fn number(value: f64) -> String {
    // Ticks are computed: 0.30000000000000004.
    let rounded: f64 = format!("{value:.6e}").parse().unwrap_or(value);
    match rounded.abs() {
        0.0 => "0".to_owned(),
        1e-3..1e6 => rounded.to_string(),
        _ => format!("{rounded:e}"),
    }
}

impl Shape {
    /// Every x and y that is to be in sight.
    pub(super) fn extent(&self) -> Vec<(f64, f64)> {
        match self {
            Shape::Line(points)
            | Shape::Marked(points)
            | Shape::Dashed(points)
            | Shape::Steps(points)
            | Shape::Marks(points)
            | Shape::Faint(points) => points.clone(),
            Shape::Band(edges) => {
                edges.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]).collect()
            }
            Shape::Bars(bars) => {
                bars.iter().flat_map(|(from, to, y)| [(*from, y - 0.5), (*to, y + 0.5)]).collect()
            }
        }
    }
}
