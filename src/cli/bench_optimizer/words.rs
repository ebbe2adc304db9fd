//! Runs in words.

use super::measure::Run;
use std::fmt::Write;

/// A run's figures, or the medians of several.
struct Figures {
    /// Number of trials at half, and the hypervolume there.
    half: Option<(u64, f64)>,
    /// The same at the end.
    end: Option<(u64, f64)>,
    max_hypervolume: Option<f64>,
    /// Cost of all trials in events, and the hypervolume of what is recommended then.
    events: Option<f64>,
    recommended: Option<f64>,
    cpu_s: Option<f64>,
    wall_s: Option<f64>,
    fit_s: Option<f64>,
    acquisition_s: Option<f64>,
    peak_rss_mb: Option<f64>,
}

impl Figures {
    fn of(run: &Run) -> Self {
        let last = run.trials.last().copied();
        let at = |k: usize| Some((*run.trials.get(k)?, *run.hypervolume.get(k)?));
        let half = run.trials.iter().position(|t| Some(2 * t) >= last);
        Self {
            half: half.and_then(at).filter(|(trials, _)| Some(*trials) != last),
            end: run.trials.len().checked_sub(1).and_then(at),
            max_hypervolume: run.max_hypervolume,
            events: run.events,
            recommended: run.recommended,
            cpu_s: run.cost.cpu_s_per_candidate,
            wall_s: run.cost.wall_s_per_candidate,
            fit_s: run.cost.fit_s,
            acquisition_s: run.cost.acquisition_s,
            peak_rss_mb: run.peak_rss_mb,
        }
    }

    /// Each figure's median over the runs that have it.
    fn medians(runs: &[Run]) -> Self {
        let all: Vec<Self> = runs.iter().map(Self::of).collect();
        let over = |figure: fn(&Self) -> Option<f64>| median(all.iter().filter_map(figure).collect());
        let first = all.first();
        let trials = |which: fn(&Self) -> Option<(u64, f64)>| first.and_then(which).map(|(t, _)| t);
        Self {
            half: trials(|f| f.half).zip(over(|f| f.half.map(|(_, h)| h))),
            end: trials(|f| f.end).zip(over(|f| f.end.map(|(_, h)| h))),
            max_hypervolume: first.and_then(|f| f.max_hypervolume),
            events: over(|f| f.events),
            recommended: over(|f| f.recommended),
            cpu_s: over(|f| f.cpu_s),
            wall_s: over(|f| f.wall_s),
            fit_s: over(|f| f.fit_s),
            acquisition_s: over(|f| f.acquisition_s),
            peak_rss_mb: over(|f| f.peak_rss_mb),
        }
    }

    fn text(&self) -> String {
        let mut text = String::from("hypervolume ");
        for (k, (trials, hypervolume)) in [self.half, self.end].into_iter().flatten().enumerate() {
            let comma = if k == 0 { "" } else { ", " };
            let share = self.max_hypervolume.map(|m| format!(" ({:.3} of max)", hypervolume / m));
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{comma}{hypervolume:.4}{} after {trials} trials",
                share.unwrap_or_default()
            );
        }
        if let (Some(events), Some(recommended)) = (self.events, self.recommended) {
            let share = self.max_hypervolume.map(|m| format!(" ({:.3} of max)", recommended / m));
            let share = share.unwrap_or_default();
            let _ = write!(text, "; recommended {recommended:.4}{share} for {events:.0} events");
        }
        if let (Some(cpu), Some(wall)) = (self.cpu_s, self.wall_s) {
            let _ = write!(text, "; per candidate {:.1} ms CPU, {:.1} ms wall", 1e3 * cpu, 1e3 * wall);
        }
        if let (Some(fit), Some(acquisition)) = (self.fit_s, self.acquisition_s)
            && fit + acquisition > 0.0
        {
            let _ = write!(text, " (fit {:.1}, acquisition {:.1})", 1e3 * fit, 1e3 * acquisition);
        }
        if let Some(peak) = self.peak_rss_mb {
            let _ = write!(text, "; peak {peak:.0} MB");
        }
        text + "\n"
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().checked_sub(1)? / 2)?, values.get(values.len() / 2)?);
    Some(0.5 * (low + high))
}

/// A seed's line.
pub fn seed(run: &Run) -> String {
    format!("seed {}: {}", run.seed, Figures::of(run).text())
}

/// The last line.
pub fn medians(runs: &[Run]) -> String {
    format!("median: {}", Figures::medians(runs).text())
}

#[cfg(test)]
mod tests {
    use super::super::measure::Cost;
    use super::*;

    fn run(seed: u64, hypervolume: [f64; 3], peak: Option<f64>) -> Run {
        let cost = Cost {
            cpu_s_per_candidate: Some(0.01 * (seed + 1) as f64),
            wall_s_per_candidate: Some(0.02),
            fit_s: Some(0.0125),
            acquisition_s: Some(0.005),
        };
        Run {
            seed,
            trials: vec![5, 10, 12],
            hypervolume: hypervolume.to_vec(),
            events: None,
            recommended: None,
            max_hypervolume: Some(2.0),
            cost,
            peak_rss_mb: peak,
        }
    }

    #[test]
    fn lines_tell_half_end_and_cost() {
        let runs = [run(0, [0.1, 1.0, 1.1], Some(7.0)), run(1, [0.1, 0.5, 1.5], None)];
        assert_eq!(
            seed(&runs[0]),
            "seed 0: hypervolume 1.0000 (0.500 of max) after 10 trials, 1.1000 (0.550 of max) after 12 \
             trials; per candidate 10.0 ms CPU, 20.0 ms wall (fit 12.5, acquisition 5.0); peak 7 MB\n"
        );
        assert_eq!(
            medians(&runs),
            "median: hypervolume 0.7500 (0.375 of max) after 10 trials, 1.3000 (0.650 of max) after 12 \
             trials; per candidate 15.0 ms CPU, 20.0 ms wall (fit 12.5, acquisition 5.0); peak 7 MB\n"
        );
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let mut only = run(3, [0.1, 0.2, 0.3], None);
        only.trials = vec![5];
        only.hypervolume = vec![0.25];
        only.max_hypervolume = None;
        only.cost = Cost::default();
        assert_eq!(seed(&only), "seed 3: hypervolume 0.2500 after 5 trials\n");
    }

    #[test]
    fn medians_are_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
