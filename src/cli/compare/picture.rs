//! Curves of a comparison as a picture.

use crate::plot::{Axis, Panel, Picture, Series, Shape};
use crate::report::{Band, Comparison, Group};

/// Hypervolume against trials and against time: the medians of groups as lines, their spreads as bands.
pub fn of(comparison: &Comparison) -> Picture {
    let label = match comparison.unit.as_str() {
        "" => "hypervolume".to_owned(),
        unit => format!("hypervolume ({unit})"),
    };
    let longest = comparison.groups.iter().flat_map(|group| &group.runs);
    let longest_s = longest.filter_map(|run| run.steps.last()).map(|s| s.seconds).fold(0.0, f64::max);
    let (unit_s, unit) = match longest_s {
        s if s < 600.0 => (1.0, "s"),
        s if s < 36_000.0 => (60.0, "min"),
        _ => (3600.0, "h"),
    };
    let panel = |x: &str, unit: f64, bands: &dyn Fn(&Group) -> Vec<Band>| Panel {
        title: String::new(),
        x: Axis::linear(x),
        y: Axis::linear(label.clone()),
        series: comparison
            .groups
            .iter()
            .enumerate()
            .flat_map(|(k, group)| series(k, group, &bands(group), unit))
            .collect(),
    };
    Picture {
        panels: vec![
            panel("trials", 1.0, &Group::by_trials),
            panel(&format!("time since the first start ({unit})"), unit_s, &Group::by_seconds),
        ],
        ..Picture::default()
    }
}

fn series(colour: usize, group: &Group, bands: &[Band], unit: f64) -> Vec<Series> {
    let median = bands.iter().map(|band| (band.at / unit, band.hypervolume.median)).collect();
    let line = Series::new(group.label.clone(), colour, Shape::Steps(median));
    if group.runs.len() == 1 {
        return vec![line];
    }
    // Edges that keep their height, as the line does.
    let mut edges: Vec<(f64, f64, f64)> = vec![];
    for Band { at, hypervolume } in bands {
        if let Some((_, low, high)) = edges.last().copied() {
            edges.push((at / unit, low, high));
        }
        edges.push((at / unit, hypervolume.low, hypervolume.high));
    }
    vec![Series::new("", colour, Shape::Band(edges)), line]
}
