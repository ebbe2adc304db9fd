//! The report's pictures as SVG, for papers and slides.

use super::designs::Choice;
use super::ranks::{CONTAINER, Ranks};
use crate::config::Study;
use crate::plot::{Axis, Panel, Picture, PlotError, Series, Shape, svg};
use crate::problem::{Objective, Outcome};
use crate::report::{self, Curve, Doing};
use crate::store::History;
use std::collections::BTreeSet;

/// More dominated trials than this are a blot.
const MOST_DOMINATED: usize = 600;

/// Names (`front`, `hypervolume`, `ranks`) and SVG texts of a run's pictures; those for which there is nothing
/// to draw are left out.
///
/// # Errors
/// A picture cannot be drawn.
pub fn pictures(study: &Study, history: &History) -> Result<Vec<(&'static str, String)>, PlotError> {
    let all = [
        ("front", front(study, history)),
        ("hypervolume", hypervolume(study, history)),
        ("ranks", ranks(history)),
    ];
    let drawn = all.into_iter().filter_map(|(name, picture)| Some((name, picture?)));
    drawn.map(|(name, picture)| Ok((name, svg(&picture)?))).collect()
}

fn titled(objective: &Objective) -> String {
    match objective.unit.as_str() {
        "" => objective.name.clone(),
        unit => format!("{} [{unit}]", objective.name),
    }
}

/// Every pair of objectives.
fn front(study: &Study, history: &History) -> Option<Picture> {
    let objectives = &study.problem.objectives;
    let front: BTreeSet<u64> = report::front(&study.problem, history).into_iter().collect();
    let (mut best, mut dominated, mut violating) = (vec![], vec![], vec![]);
    for trial in &history.trials {
        let Some(completed) = &trial.completed else { continue };
        let Outcome::Ok { objectives, .. } = &completed.outcome else { continue };
        let values: Vec<f64> = objectives.iter().map(|m| m.value()).collect();
        match study.problem.acceptable(&completed.outcome) {
            true if front.contains(&completed.trial) => best.push(values),
            true => dominated.push(values),
            false => violating.push(values),
        }
    }
    let nominal = super::designs::choices(study, history, &[]).pop();
    let step = dominated.len().div_ceil(MOST_DOMINATED).max(1);
    let dominated: Vec<Vec<f64>> = dominated.into_iter().step_by(step).collect();
    let of_dominated = match step {
        1 => "dominated".to_owned(),
        step => format!("dominated (one of {step})"),
    };
    if objectives.len() < 2 || best.is_empty() {
        return None;
    }
    let pairs = (0..objectives.len()).flat_map(|y| (0..y).map(move |x| (x, y)));
    let panel = |(i, (x, y)): (usize, (usize, usize))| {
        let of = |values: &[Vec<f64>]| values.iter().map(|v| (v[x], v[y])).collect::<Vec<_>>();
        let name = |text: &str| if i == 0 { text.to_owned() } else { String::new() };
        let mut series = vec![Series::new(name(&of_dominated), 6, Shape::Faint(of(&dominated)))];
        if !violating.is_empty() {
            series.push(Series::new(name("beyond a constraint"), 1, Shape::Faint(of(&violating))));
        }
        series.push(Series::new(name("not dominated"), 0, Shape::Marks(of(&best))));
        if let Some(Choice { measured, .. }) = &nominal {
            let point = vec![(measured[x].0.0, measured[y].0.0)];
            series.push(Series::new(name("nominal"), 3, Shape::Marks(point)));
        }
        let (x, y) = (Axis::linear(titled(&objectives[x])), Axis::linear(titled(&objectives[y])));
        Panel { title: String::new(), x, y, series }
    };
    let panels: Vec<Panel> = pairs.enumerate().map(panel).collect();
    let title = format!("{}: front after {} trials", study.name, history.completions.len());
    Some(Picture { title, columns: panels.len().min(3), panels, panel: (0, 0) })
}

/// Against trials and against time.
fn hypervolume(study: &Study, history: &History) -> Option<Picture> {
    let curve = Curve::of(&study.problem, history)?;
    let begun = super::trials::begun(history);
    let ends = history.completions.iter().filter_map(|id| {
        let completed = history.trials.get(*id as usize)?.completed.as_ref()?;
        Some(completed.finished - begun)
    });
    let steps = |x: Vec<f64>| {
        let points = x.into_iter().zip(curve.hypervolume.iter().copied());
        vec![Series::new("", 0, Shape::Steps(points.collect()))]
    };
    let y = Axis { shows: vec![0.0], ..Axis::linear("hypervolume") };
    let panel = |x: &str, series| Panel {
        title: String::new(),
        x: Axis { shows: vec![0.0], ..Axis::linear(x) },
        y: y.clone(),
        series,
    };
    let trials = (1..=curve.hypervolume.len()).map(|k| k as f64).collect();
    Some(Picture {
        title: format!("{}: hypervolume", study.name),
        panels: vec![
            panel("ended trials", steps(trials)),
            panel("time since the first start [s]", steps(ends.collect())),
        ],
        ..Picture::default()
    })
}

/// What every rank did.
fn ranks(history: &History) -> Option<Picture> {
    let ranks = Ranks::of(history)?;
    let all = [
        ("evaluating", 0, Doing::Busy.name()),
        ("container starting", 5, CONTAINER),
        ("waiting for work", 3, Doing::Waiting.name()),
        ("on the way", 1, Doing::Dispatch.name()),
        ("away", 4, Doing::Away.name()),
        ("nothing left to do", 6, Doing::Tail.name()),
    ];
    let series = all.into_iter().filter_map(|(name, colour, what)| {
        let bars = ranks.bars(what);
        (!bars.is_empty()).then(|| Series::new(name, colour, Shape::Bars(bars)))
    });
    let names = ranks.names();
    let y = Axis {
        ticks: names.iter().map(|(rank, _)| *rank as f64).collect(),
        words: names.iter().map(|(rank, _)| rank.to_string()).collect(),
        ..Axis::linear("rank")
    };
    // Room for the legend behind the last bar.
    let shows = vec![1.25 * ranks.wall_s()];
    let x = Axis { shows, ..Axis::linear("time, without pauses between sessions [s]") };
    let panel = Panel { title: String::new(), x, y, series: series.collect() };
    let height = 140 + 14 * names.len() as u32;
    Some(Picture {
        title: "What the ranks did".into(),
        panels: vec![panel],
        panel: (920, height),
        ..Picture::default()
    })
}
