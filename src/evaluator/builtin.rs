//! Test functions as evaluators, with noise and a pretended duration.
//!
//! Noise and duration are drawn from streams named by the trial, so a repeated attempt gives the
//! same values.

use crate::comm::Task;
use crate::config::{self, Delay, Noise, Study};
use crate::problem::{FailureClass, Measurement, Outcome, Problem, Space, TaskOutcome, TrialId, Value};
use crate::rng;
use crate::test_functions::TestFunction;
use rand::RngExt;
use rand_distr::StandardNormal;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A test function and what surrounds it.
pub(super) struct Bench {
    function: Box<dyn TestFunction>,
    settings: config::Builtin,
    seed: u64,
    problem: Problem,
}

impl Bench {
    /// The bench of a study.
    ///
    /// # Errors
    /// The function does not exist in that shape, in words.
    pub(super) fn new(study: &Study, settings: &config::Builtin) -> Result<Self, String> {
        let function = settings.test_function().map_err(|e| e.to_string())?;
        Ok(Self::with(function, study, settings))
    }

    /// The bench of a study with this function.
    pub(super) fn with(
        function: Box<dyn TestFunction>,
        study: &Study,
        settings: &config::Builtin,
    ) -> Self {
        Self { function, settings: settings.clone(), seed: study.seed, problem: study.problem.clone() }
    }

    /// The outcome, and when to tell it if not at once. A panic of the function is a failure.
    pub(super) fn evaluate(&self, task: &Task) -> (TaskOutcome, Option<Instant>) {
        let start = Instant::now();
        let values = catch_unwind(AssertUnwindSafe(|| self.values(&task.design)))
            .unwrap_or_else(|payload| Err(format!("panic: {}", text(&*payload))));
        let outcome = values.and_then(|values| self.measured(task, &values));
        let outcome = outcome.map(|outcome| self.problem.by_name(outcome)).unwrap_or_else(|reason| {
            let reason = format!("{}: {reason}", self.settings.function);
            TaskOutcome::Failed { class: FailureClass::Output, reason }
        });
        let delay = self.settings.delay.map(|delay| duration(delay, self.seed, task.trial));
        (outcome, delay.map(|delay| start + delay))
    }

    /// Objectives followed by metrics.
    fn values(&self, design: &[Value]) -> Result<Vec<f64>, String> {
        let arguments = self.problem.space.without_events(design);
        let numbers: Option<Vec<f64>> = arguments.map(Value::number).collect();
        let x = numbers.ok_or("a test function takes numbers only")?;
        let objectives = self.function.evaluate(&x);
        let metrics = self.function.constraint_values(&x);
        let sizes = [
            ("objectives", objectives.len(), self.problem.objectives.len()),
            ("metrics", metrics.len(), self.problem.metrics.len()),
        ];
        match sizes.iter().find(|(_, got, want)| got != want) {
            None => Ok([objectives, metrics].concat()),
            Some((what, got, want)) => Err(format!("{got} {what} instead of {want}")),
        }
    }

    fn measured(&self, task: &Task, values: &[f64]) -> Result<Outcome, String> {
        let noise = self.settings.noise.map(|noise| noise_of(noise, &self.problem.space, &task.design));
        observe(&self.problem, values, noise, self.seed, task.trial)
    }
}

/// The noise of a design's measurement: that of the study is of the most events, and it falls as 1/√events.
pub fn noise_of(noise: Noise, space: &Space, design: &[Value]) -> Noise {
    match (space.events_of(design), space.events()) {
        (Some(events), Some((_, range))) => {
            Noise { sd: noise.sd * (range.upper as f64 / events as f64).sqrt(), ..noise }
        }
        _ => noise,
    }
}

/// What is seen of a trial's true `values` (objectives, then metrics) under a study's noise and seed.
///
/// # Errors
/// A value is not finite, or an outcome constraint cannot be judged, in words.
pub fn observe(
    problem: &Problem,
    values: &[f64],
    noise: Option<Noise>,
    seed: u64,
    trial: TrialId,
) -> Result<Outcome, String> {
    let mut draws = rng::stream(seed, "noise", trial);
    let count = problem.objectives.len();
    let seen = |(k, value): (usize, &f64)| {
        let (value, sem) = match noise {
            None => (*value, None),
            Some(n) => {
                let z: f64 = draws.sample(StandardNormal);
                (value + n.sd * z, n.known.then_some(n.sd))
            }
        };
        Measurement::new(value, sem).ok_or_else(|| match k.checked_sub(count) {
            None => format!("objective {k} is {value}"),
            Some(k) => format!("metric {k} is {value}"),
        })
    };
    let mut objectives = values.iter().enumerate().map(seen).collect::<Result<Vec<_>, String>>()?;
    let metrics = objectives.split_off(count.min(objectives.len())).into_iter().map(Some).collect();
    problem.measured(objectives, metrics)
}

/// How long this trial pretends to take; heavy tails end at a year, the reach of clocks is longer.
fn duration(delay: Delay, seed: u64, trial: TrialId) -> Duration {
    const YEAR: f64 = 365.25 * 86_400.0;
    let mut rng = rng::stream(seed, "delay", trial);
    let seconds = match delay {
        Delay::Constant { seconds } => seconds,
        Delay::LogNormal { median_s, sigma } => {
            let z: f64 = rng.sample(StandardNormal);
            median_s * (sigma * z).exp()
        }
        // In (0, 1]: zero has no power.
        Delay::HeavyTail { least_s, alpha } => least_s * (1.0 - rng.random::<f64>()).powf(-1.0 / alpha),
    };
    Duration::from_secs_f64(seconds.clamp(0.0, YEAR))
}

fn text(payload: &(dyn Any + Send)) -> &str {
    let owned = payload.downcast_ref::<String>().map(String::as_str);
    owned.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{EventRange, Parameter, ParameterKind};
    use statrs::distribution::{ContinuousCDF, LogNormal, Pareto};

    /// Largest distance between the empirical and the true distribution function.
    fn distance(delay: Delay, cdf: impl Fn(f64) -> f64) -> f64 {
        let n = 4000;
        let mut drawn: Vec<f64> = (0..n).map(|t| duration(delay, 5, t).as_secs_f64()).collect();
        drawn.sort_by(f64::total_cmp);
        let step = 1.0 / n as f64;
        let gap = |(k, x): (usize, &f64)| (cdf(*x) - (k as f64 + 0.5) * step).abs();
        drawn.iter().enumerate().map(gap).fold(0.0, f64::max)
    }

    /// Kolmogorov and Smirnov: 1.63/√n is exceeded by one sample in a hundred.
    const KS_4000: f64 = 0.0258;

    #[test]
    fn a_quarter_of_the_events_doubles_the_noise() {
        let range = EventRange { lower: 500, upper: 2000, overhead: 0.0 };
        let of = |kind| Parameter { name: "n".into(), kind, unit: String::new(), default: None };
        let space = |kind| Space { parameters: vec![of(kind)], constraints: vec![] };
        let noise = Noise { sd: 0.1, known: true };
        let at =
            |events| noise_of(noise, &space(ParameterKind::Events(range)), &[Value::Integer(events)]);
        assert_eq!((at(500).sd, at(2000).sd), (0.2, 0.1));
        let fixed = ParameterKind::Fixed { value: Value::Integer(500) };
        assert_eq!(noise_of(noise, &space(fixed), &[Value::Integer(500)]), noise);
    }

    #[test]
    fn durations_follow_their_distributions() {
        let normal = LogNormal::new(3.0_f64.ln(), 0.5).unwrap();
        let delay = Delay::LogNormal { median_s: 3.0, sigma: 0.5 };
        assert!(distance(delay, |x| normal.cdf(x)) < KS_4000);
        let pareto = Pareto::new(2.0, 1.5).unwrap();
        let delay = Delay::HeavyTail { least_s: 2.0, alpha: 1.5 };
        assert!(distance(delay, |x| pareto.cdf(x)) < KS_4000);
        let constant = duration(Delay::Constant { seconds: 0.25 }, 1, 1);
        assert_eq!(constant, Duration::from_millis(250));
    }

    #[test]
    fn a_duration_belongs_to_the_trial() {
        let delay = Delay::LogNormal { median_s: 1.0, sigma: 1.0 };
        assert_eq!(duration(delay, 1, 2), duration(delay, 1, 2));
        assert_ne!(duration(delay, 1, 2), duration(delay, 1, 3));
    }
}
