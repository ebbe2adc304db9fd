//! A comparison for other programs: JSON, and curves as CSV.

use super::{Band, Comparison, Group, Growth, Spread};
use serde_json::{Value as Json, json};
use std::io::Write;

impl Comparison {
    /// `{"reference_point", "unit", "wanted", "differences", "groups": [{"group", "trials", "hypervolume", "trials_to",
    /// "seconds_to", "utilisation", "generation_s", "failed", "runs": […], "by_trials": […], "by_seconds": […]}]}`.
    /// A spread is `{"median", "low", "high", "quartiles"}`, low and high being quartiles or the range; null where a
    /// run has none, as `trials_to` where the wanted hypervolume was not reached.
    pub fn json(&self) -> Json {
        json!({
            "reference_point": self.reference,
            "unit": self.unit,
            "wanted": self.wanted,
            "differences": self.differences,
            "groups": self.groups.iter().map(|group| self.group(group)).collect::<Vec<_>>(),
        })
    }

    fn group(&self, group: &Group) -> Json {
        let reached = |run: &Growth| run.reached(self.wanted);
        json!({
            "group": group.label,
            "trials": spread(group.spread(|run| Some(run.steps.len() as f64))),
            "hypervolume": spread(group.spread(|run| Some(run.last()))),
            "trials_to": group.median_reached(|run| reached(run).map(|at| at.0 as f64)),
            "seconds_to": group.median_reached(|run| reached(run).map(|at| at.1)),
            "utilisation": spread(group.spread(|run| run.utilisation)),
            "generation_s": spread(group.spread(|run| run.generation_s)),
            "failed": group.runs.iter().map(|run| run.failed).sum::<u64>(),
            "runs": group.runs.iter().map(|run| json!({
                "run": run.name,
                "seed": run.seed,
                "ranks": run.ranks,
                "trials": run.steps.len(),
                "hypervolume": run.last(),
                "trials_to": reached(run).map(|at| at.0),
                "seconds_to": reached(run).map(|at| at.1),
                "utilisation": run.utilisation,
                "generation_s": run.generation_s,
                "failed": run.failed,
            })).collect::<Vec<_>>(),
            "by_trials": bands("trials", &group.by_trials()),
            "by_seconds": bands("seconds", &group.by_seconds()),
        })
    }

    /// Writes the curves, a row per ended trial of each run: `group, run, seed, trials, seconds, hypervolume`,
    /// seconds from the first start of the run.
    ///
    /// # Errors
    /// `to` cannot be written.
    pub fn csv(&self, to: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(to);
        let hypervolume = match self.unit.as_str() {
            "" => "hypervolume".to_owned(),
            unit => format!("hypervolume [{unit}]"),
        };
        writer.write_record(["group", "run", "seed", "trials", "seconds", &hypervolume])?;
        for group in &self.groups {
            for run in &group.runs {
                for (step, trials) in run.steps.iter().zip(1..) {
                    let (seed, trials) = (run.seed.to_string(), i32::to_string(&trials));
                    let (seconds, hypervolume) =
                        (step.seconds.to_string(), step.hypervolume.to_string());
                    writer.write_record([
                        &group.label,
                        &run.name,
                        &seed,
                        &trials,
                        &seconds,
                        &hypervolume,
                    ])?;
                }
            }
        }
        writer.flush()?;
        Ok(())
    }
}

fn spread(spread: Option<Spread>) -> Json {
    spread.map_or(
        Json::Null,
        |s| json!({ "median": s.median, "low": s.low, "high": s.high, "quartiles": s.quartiles }),
    )
}

fn bands(of: &str, bands: &[Band]) -> Json {
    let one = |band: &Band| {
        let Spread { median, low, high, .. } = band.hypervolume;
        json!({ of: band.at, "median": median, "low": low, "high": high })
    };
    bands.iter().map(one).collect()
}
