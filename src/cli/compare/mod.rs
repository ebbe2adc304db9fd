//! `paretorank compare`: runs beside one another, for seeds, strategies and numbers of ranks.

mod picture;

use super::text::{columns, short};
use super::{complain, stored, write_out};
use crate::exit::Exit;
use crate::observe::say;
use crate::plot;
use crate::report::{Comparison, Contender, Group, Growth, Spread, time};
use crate::store::Stored;
use std::path::{Path, PathBuf};

const JSON_HELP: &str = "\
All hypervolumes are measured from one reference point: the thresholds of the objectives, or,
for one without, inferred from all runs together. Runs that differ in nothing but name, seed and
output, on as many ranks, are a group, told by its median and, from five runs on, quartiles,
else the range. Curves of a group go as far as its shortest run. Seconds count from the first
start of a run, time between its sessions included.

JSON: reference_point, unit (of hypervolumes), wanted (the hypervolume to be reached),
differences (keys that are not the same in all groups), groups [{group, trials, hypervolume,
utilisation, generation_s {median, low, high, quartiles}, trials_to, seconds_to (median; null:
not reached), failed, runs [{run, seed, ranks, trials, hypervolume, trials_to, seconds_to,
utilisation, generation_s, failed}], by_trials [{trials, median, low, high}], by_seconds
[{seconds, median, low, high}]}].
CSV: group, run, seed, trials, seconds, hypervolume; a row per ended trial.";

/// Arguments of `paretorank compare`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = JSON_HELP)]
pub struct Args {
    /// Run directories, of runs at work too
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Hypervolume whose reaching is timed, or a share of the best final one [default: 90%]
    #[arg(long, value_name = "X", value_parser = Wanted::parse)]
    hypervolume: Option<Wanted>,
    /// One JSON document instead of a table; --help says what is in it
    #[arg(long)]
    json: bool,
    /// File for the curves, a row per ended trial of every run
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// File for a picture of the curves, against trials and against time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// The hypervolume that is to be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wanted {
    /// This one.
    Value(f64),
    /// A share of the best final one.
    Share(f64),
}

impl Wanted {
    fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|x| *x > 0.0 && x.is_finite());
        let found = match text.trim().strip_suffix('%') {
            Some(percent) => number(percent).filter(|p| *p <= 100.0).map(|p| Self::Share(p / 100.0)),
            None => number(text).map(Self::Value),
        };
        found.ok_or_else(|| "write a hypervolume above 0, or a share such as 90%".to_owned())
    }

    fn of(self, best: f64) -> f64 {
        match self {
            Self::Value(value) => value,
            Self::Share(share) => share * best,
        }
    }
}

/// Prints the comparison, and writes the files that are asked for.
pub fn run(args: &Args) -> Exit {
    let wanted = args.hypervolume.unwrap_or(Wanted::Share(0.9));
    let read: Result<Vec<(String, Stored)>, Exit> =
        args.runs.iter().map(|run| Ok((run.display().to_string(), stored(run)?))).collect();
    let read = match read {
        Ok(read) => read,
        Err(exit) => return exit,
    };
    for (name, notice) in read.iter().flat_map(|(name, s)| s.notices.iter().map(move |n| (name, n))) {
        say(format_args!("{name}: {notice}"));
    }
    let contenders: Vec<Contender<'_>> = read
        .iter()
        .map(|(name, stored)| Contender { name, study: &stored.study, history: &stored.history })
        .collect();
    let comparison = match Comparison::of(&contenders, |best| wanted.of(best)) {
        Ok(comparison) => comparison,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    if let Err(exit) = files(args, &comparison) {
        return exit;
    }
    let text = match args.json {
        true => format!("{:#}\n", comparison.json()),
        false => table(&comparison, wanted),
    };
    write_out(None, text.as_bytes())
}

fn files(args: &Args, comparison: &Comparison) -> Result<(), Exit> {
    let failed = |what: String| {
        complain(what);
        Exit::Failed
    };
    let write = |path: &Path, bytes: &[u8]| match write_out(Some(path), bytes) {
        Exit::Complete => Ok(()),
        exit => Err(exit),
    };
    if let Some(path) = &args.csv {
        let mut bytes = Vec::new();
        comparison.csv(&mut bytes).map_err(|e| failed(format!("failed to make CSV: {e}")))?;
        write(path, &bytes)?;
    }
    if let Some(path) = &args.svg {
        let picture = picture::of(comparison);
        let svg = plot::svg(&picture).map_err(|e| failed(e.to_string()))?;
        write(path, svg.as_bytes())?;
    }
    Ok(())
}

fn table(comparison: &Comparison, wanted: Wanted) -> String {
    let unit = |value: f64| format!("{} {}", short(value), comparison.unit).trim_end().to_owned();
    let reference: Vec<String> = comparison.reference.iter().map(|r| short(*r)).collect();
    let share = match wanted {
        Wanted::Value(_) => String::new(),
        Wanted::Share(share) => format!(", {} % of the best final one", short(100.0 * share)),
    };
    let mut text = format!(
        "reference point {}; to be reached: hypervolume {}{share}\n\n",
        reference.join(", "),
        unit(comparison.wanted)
    );
    let head = [
        "group",
        "runs",
        "trials",
        "hypervolume",
        "trials to it",
        "time to it",
        "ranks busy",
        "per candidate",
        "failed",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(comparison.groups.iter().map(|group| row(group, comparison.wanted)));
    text += &columns(&rows);
    text.push('\n');
    for group in &comparison.groups {
        let names: Vec<&str> = group.runs.iter().map(|run| run.name.as_str()).collect();
        text += &format!("{}: {}\n", group.label, names.join(", "));
    }
    if !comparison.differences.is_empty() {
        text += &format!("groups differ in {}\n", comparison.differences.join(", "));
    }
    text += "Medians; in parentheses the range, of five runs or more the quartiles.\n";
    text
}

fn row(group: &Group, wanted: f64) -> Vec<String> {
    let shown = |spread: Option<Spread>, show: &dyn Fn(f64) -> String| {
        let Some(Spread { median, low, high, .. }) = spread else { return "unknown".to_owned() };
        if low == high {
            show(median)
        } else {
            format!("{} ({} to {})", show(median), show(low), show(high))
        }
    };
    let count = |x: f64| short(x);
    let reached = |figure: &dyn Fn((u64, f64)) -> f64, show: &dyn Fn(f64) -> String| {
        let of = |run: &Growth| run.reached(wanted).map(figure);
        let successes = group.runs.iter().filter(|run| of(run).is_some()).count();
        let some = match successes == group.runs.len() {
            true => String::new(),
            false => format!(" ({successes} of {})", group.runs.len()),
        };
        match group.median_reached(of) {
            Some(_) if successes == group.runs.len() => shown(group.spread(of), show),
            Some(median) => format!("{}{some}", show(median)),
            None if successes == 0 => "not reached".to_owned(),
            None => format!("not reached{some}"),
        }
    };
    vec![
        group.label.clone(),
        group.runs.len().to_string(),
        shown(group.spread(|run| Some(run.steps.len() as f64)), &count),
        shown(group.spread(|run| Some(run.last())), &|x| short(x)),
        reached(&|at| at.0 as f64, &count),
        reached(&|at| at.1, &time),
        shown(group.spread(|run| run.utilisation), &|share| format!("{:.1} %", 100.0 * share)),
        shown(group.spread(|run| run.generation_s), &time),
        group.runs.iter().map(|run| run.failed).sum::<u64>().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn a_hypervolume_is_a_number_or_a_share() {
        assert_eq!(Wanted::parse("0.7"), Ok(Wanted::Value(0.7)));
        assert_eq!(Wanted::parse(" 95 %").map(|w| w.of(2.0)), Ok(1.9));
        for wrong in ["0", "-1", "nan", "much", "120%"] {
            assert!(Wanted::parse(wrong).is_err(), "{wrong}");
        }
    }
}
