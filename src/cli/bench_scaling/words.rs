//! Points as a table for people, as CSV and as JSON.

use super::points::{Point, Row, Scaling, Setting};
use crate::hosts::Hosts;
use crate::report::RankTime;
use serde_json::{Value, json};
use std::fmt::Write;

/// Where it was measured.
#[derive(Debug)]
pub struct Facts {
    /// Hosts with the processors that the ranks may use there.
    pub hosts: Vec<(String, u64)>,
    /// Evaluating ranks that there are.
    pub ranks: usize,
    /// Whether they are threads of one process.
    pub is_threads: bool,
    pub mpi: String,
}

impl Facts {
    pub fn of((hosts, is_threads): (Hosts, bool), ranks: usize, mpi: String) -> Self {
        let hosts = hosts.processors().map(|(name, cores)| (name.to_owned(), cores)).collect();
        Self { hosts, ranks, is_threads, mpi }
    }

    fn cores(&self) -> u64 {
        self.hosts.iter().map(|(_, cores)| cores).sum()
    }

    /// What stands for what, where there are more ranks than cores; rank 0 is not counted.
    pub fn oversubscribed(&self, most: usize) -> Option<String> {
        let cores = self.cores();
        (most as u64 > cores).then(|| {
            format!(
                "{most} evaluating ranks on {cores} cores: each stands for a node; its evaluation sleeps, so that \
                 the cores are free for what is measured, the program itself"
            )
        })
    }

    fn json(&self) -> Value {
        let Self { hosts, ranks, is_threads, mpi } = self;
        let host = |(name, cores): &(String, u64)| json!({ "name": name, "cores": cores });
        json!({
            "hosts": hosts.iter().map(host).collect::<Vec<_>>(), "cores": self.cores(),
            "evaluating_ranks": ranks, "ranks_are": if *is_threads { "threads" } else { "processes" },
            "mpi": mpi,
        })
    }

    fn line(&self) -> String {
        let ranks = if self.is_threads { "threads".to_owned() } else { self.mpi.clone() };
        let (hosts, cores) = (self.hosts.len(), self.cores());
        format!("paretorank {}, {ranks}, hosts: {hosts}, cores: {cores}", env!("CARGO_PKG_VERSION"))
    }
}

/// What is said beside the points.
#[derive(Debug)]
pub struct Frame {
    pub facts: Facts,
    /// The strategy's name.
    pub method: String,
    pub scaling: Scaling,
    /// Whether all points that were asked for are there.
    pub is_complete: bool,
}

const LEGEND: &str = "\
efficiency: busy time of the ranks, as a share of ranks x time from the first start to the last end; the rest
of it, in % too: waiting for a candidate; dispatch, from rank 0's word to the start; away, from a rank's
result until rank 0 knew it; tail, with nothing more to do, as all the time of ranks that a batch leaves over.
speedup: trials per second against the asynchronous run on the fewest ranks. evaluation: mean, as measured.
";

/// The table.
pub fn table(points: &[Point], frame: &Frame) -> String {
    let scaling = match frame.scaling {
        Scaling::Trials(_) => "strong scaling (the same trials for all numbers of ranks)".to_owned(),
        Scaling::PerRank(n) => format!("weak scaling ({n} trials for each rank)"),
    };
    let mut text = format!("{}\nmethod {}, {scaling}\n", frame.facts.line(), frame.method);
    let most = points.iter().map(|point| point.setting.ranks).max().unwrap_or(0);
    if let Some(line) = frame.facts.oversubscribed(most) {
        text += &format!("{line}\n");
    }
    let mut before: Option<&Setting> = None;
    for point in points {
        let problem = point.setting.problem();
        if before.is_none_or(|before| before.problem() != problem) {
            text += &format!(
                "\n{problem}\n{:<14}{:>6}{:>8}{:>10}{:>11}{:>9}{:>12} |{:>8}{:>9}{:>6}{:>6} |{:>11}\n",
                "mode",
                "ranks",
                "trials",
                "wall",
                "trials/s",
                "speedup",
                "efficiency",
                "waiting",
                "dispatch",
                "away",
                "tail",
                "evaluation"
            );
        }
        before = Some(&point.setting);
        text += &line(point, points);
    }
    if !frame.is_complete {
        text += "\nended early: these are not all points that were asked for\n";
    }
    text + "\n" + LEGEND
}

/// One line of the table.
fn line(point: &Point, all: &[Point]) -> String {
    let time = point.total();
    let share = |s: f64| 100.0 * s / time.allocated_s();
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = writeln!(
        text,
        "{:<14}{:>6}{:>8}{:>8.2} s{:>11.1}{:>9.2}{:>10.2} % |{:>8.2}{:>9.2}{:>6.2}{:>6.2} |{:>8.2} ms",
        point.setting.mode(),
        point.setting.ranks,
        point.ended,
        point.wall_s,
        point.trials_per_s(),
        point.speedup(all),
        100.0 * point.efficiency(),
        share(time.waiting_s),
        share(time.dispatch_s),
        share(time.away_s),
        share(time.tail_s),
        1e3 * point.evaluation_s
    );
    text
}

/// A line while it works.
pub fn progress(point: &Point, (number, of): (usize, usize)) -> String {
    let Point { setting, .. } = point;
    format!(
        "[{number}/{of}] {}, {}, {} ranks: {:.1} trials per second, efficiency {:.2} %",
        setting.problem(),
        setting.mode(),
        setting.ranks,
        point.trials_per_s(),
        100.0 * point.efficiency()
    )
}

/// One row per point.
///
/// # Errors
/// None that memory cannot make.
pub fn csv(points: &[Point]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(vec![]);
    points.iter().try_for_each(|point| writer.serialize(Row::of(point, points)))?;
    writer.into_inner().map_err(|e| e.into_error().into())
}

/// Everything, with the time of each rank.
pub fn json(points: &[Point], frame: &Frame) -> Value {
    let rank = |(rank, time): (&u64, &RankTime)| {
        let RankTime { busy_s, waiting_s, dispatch_s, away_s, tail_s } = *time;
        json!({
            "rank": rank, "busy_s": busy_s, "waiting_s": waiting_s, "dispatch_s": dispatch_s,
            "away_s": away_s, "tail_s": tail_s,
        })
    };
    let point = |point: &Point| {
        let mut json = json!(Row::of(point, points));
        json["by_rank"] = point.by_rank.iter().map(rank).collect();
        json
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "machine": frame.facts.json(),
        "method": frame.method,
        "scaling": frame.scaling,
        "complete": frame.is_complete,
        "points": points.iter().map(point).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::points::tests::{point, setting};
    use super::*;

    fn frame(cores: u64) -> Frame {
        let hosts = vec![("node".to_owned(), cores)];
        let facts = Facts { hosts, ranks: 4, is_threads: false, mpi: "Some MPI".into() };
        let (method, scaling) = ("sobol".into(), Scaling::Trials(8));
        Frame { facts, method, scaling, is_complete: true }
    }

    #[test]
    fn the_table_has_a_line_for_each_point_and_says_what_stands_for_what() {
        let points = [point(setting(2, None)), point(setting(4, None)), point(setting(4, Some(5)))];
        let text = table(&points, &frame(2));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("Some MPI, hosts: 1, cores: 2"), "{text}");
        assert_eq!(lines[1], "method sobol, strong scaling (the same trials for all numbers of ranks)");
        assert!(lines[2].starts_with("4 evaluating ranks on 2 cores: each stands for a node"), "{text}");
        assert_eq!(lines[4], "DTLZ2, M = 3, d = 20, evaluations of 100 ms");
        assert_eq!(
            lines[6].split_whitespace().collect::<Vec<_>>().join(" "),
            "asynchronous 2 8 9.50 s 0.8 2.00 84.21 % | 9.47 3.16 3.16 0.00 | 2000.00 ms"
        );
        assert!(lines[8].starts_with("batches of 5       4       8"), "{text}");
        assert_eq!(lines[5].len(), lines[6].len(), "{text}");
        let early = table(&points, &Frame { is_complete: false, ..frame(4) });
        assert!(!early.contains("stands for a node") && early.contains("ended early"), "{early}");
        assert!(!text.contains("ended early"));
    }

    #[test]
    fn files_have_every_figure_of_a_point() {
        let points = [point(setting(2, None)), point(setting(4, Some(5)))];
        let json = json(&points, &frame(2));
        assert_eq!(json["machine"]["cores"], 2);
        assert_eq!(json["scaling"], json!({ "trials": 8 }));
        assert_eq!(json["points"][1]["by_rank"].as_array().unwrap().len(), 4);
        let text = String::from_utf8(csv(&points).unwrap()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().unwrap().clone();
        for (record, point) in reader.records().zip(json["points"].as_array().unwrap()) {
            let mut keys: Vec<&String> = point.as_object().unwrap().keys().collect();
            keys.retain(|key| *key != "by_rank");
            assert_eq!(keys.len(), names.len());
            for (name, cell) in names.iter().zip(&record.unwrap()) {
                match &point[name] {
                    Value::String(text) => assert_eq!(cell, text),
                    Value::Null => assert_eq!((name, cell), ("batch", "")),
                    Value::Number(n) => assert_eq!(cell.parse::<f64>().ok(), n.as_f64(), "{name}"),
                    other => panic!("{name}: {other}"),
                }
            }
        }
    }
}
