//! Points as a picture: efficiency and speedup against ranks.

use super::delays::shown;
use super::points::{Point, Setting};
use crate::plot::{Axis, Panel, Picture, Series, Shape};

/// Two panels; a colour for each problem and delay, dashed lines for batches.
pub fn picture(points: &[Point]) -> Picture {
    let mut ranks: Vec<f64> = points.iter().map(|point| point.setting.ranks as f64).collect();
    ranks.sort_by(f64::total_cmp);
    ranks.dedup();
    let x = Axis { ticks: ranks.clone(), ..Axis::log("evaluating ranks") };
    let lines = |y: fn(&Point, &[Point]) -> f64| -> Vec<Series> {
        let lines = lines_of(points).into_iter();
        let series = lines.map(|(name, colour, own)| {
            let line: Vec<(f64, f64)> =
                own.iter().map(|point| (point.setting.ranks as f64, y(point, points))).collect();
            let is_batch = own.first().is_some_and(|point| point.setting.batch.is_some());
            Series::new(name, colour, if is_batch { Shape::Dashed(line) } else { Shape::Marked(line) })
        });
        series.collect()
    };
    let efficiency = Panel {
        title: "Busy share of the ranks' time".into(),
        x: x.clone(),
        y: Axis { shows: vec![0.0, 100.0], ..Axis::linear("efficiency in %") },
        series: lines(|point, _| 100.0 * point.efficiency()),
    };
    let ideal: Vec<(f64, f64)> = ranks.iter().map(|n| (*n, *n)).collect();
    let mut series = lines(|point, all| point.speedup(all));
    series.push(Series::new("one for each rank", 6, Shape::Line(ideal)));
    let y = Axis { ticks: ranks, ..Axis::log("speedup") };
    let speedup = Panel { title: "Trials per second".into(), x, y, series };
    Picture { panels: vec![efficiency, speedup], ..Picture::default() }
}

/// Points of one problem, delay and mode, with what tells them from the others.
fn lines_of(points: &[Point]) -> Vec<(String, usize, Vec<&Point>)> {
    let problem = |s: &Setting| (s.objectives, s.parameters);
    let is_same = |point: &Point| point.setting.objectives == points[0].setting.objectives;
    let is_one = points.iter().all(|p| problem(&p.setting) == problem(&points[0].setting));
    let mut problems: Vec<String> = vec![];
    let mut lines: Vec<(String, usize, Vec<&Point>)> = vec![];
    for point in points {
        let Setting { objectives, parameters, delay, .. } = point.setting;
        let size = match (is_one, points.iter().all(is_same)) {
            (true, _) => String::new(),
            (false, true) => format!("d = {parameters}, "),
            (false, false) => format!("M = {objectives}, d = {parameters}, "),
        };
        let of = format!("{size}{}", shown(delay));
        let colour = problems.iter().position(|known| *known == of).unwrap_or_else(|| {
            problems.push(of.clone());
            problems.len() - 1
        });
        let name = format!("{of}, {}", point.setting.mode());
        match lines.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., own)) => own.push(point),
            None => lines.push((name, colour, vec![point])),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::points::tests::{point, setting};
    use super::*;
    use crate::config::Delay;

    #[test]
    fn a_line_for_each_delay_and_mode() {
        let long = |mut setting: Setting| {
            setting.delay = Delay::Constant { seconds: 1.0 };
            setting
        };
        let settings = [setting(2, None), setting(4, None), setting(2, Some(5)), setting(4, Some(5))];
        let points: Vec<Point> = settings.into_iter().chain(settings.map(long)).map(point).collect();
        let picture = picture(&points);
        let names = |k: usize| -> Vec<&str> {
            picture.panels[k].series.iter().map(|series| &*series.name).collect()
        };
        let lines =
            ["100 ms, asynchronous", "100 ms, batches of 5", "1 s, asynchronous", "1 s, batches of 5"];
        assert_eq!(names(0), lines);
        assert_eq!(names(1), [&lines[..], &["one for each rank"]].concat());
        let colours: Vec<usize> = picture.panels[0].series.iter().map(|series| series.colour).collect();
        assert_eq!(colours, [0, 0, 1, 1]);
        assert_eq!(picture.panels[0].x.ticks, [2.0, 4.0]);
        let Shape::Marked(line) = &picture.panels[1].series[0].shape else { panic!("asynchronous") };
        assert_eq!((line.len(), line[0]), (2, (2.0, 2.0)));
        assert!(matches!(picture.panels[0].series[1].shape, Shape::Dashed(_)));
        assert!(crate::plot::svg(&picture).unwrap().contains("evaluating ranks"));
    }
}
