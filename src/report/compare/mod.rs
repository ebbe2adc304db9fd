//! Runs beside one another: how their hypervolume grew with trials and with time, all below one reference point.
//!
//! Runs whose studies differ in nothing but name, seed and output directory, on as many ranks, are a group;
//! its figures are a median and a spread.

mod agree;
mod groups;
mod spread;
mod written;

pub use agree::Disagreement;
pub use spread::Spread;

use super::Utilisation;
use super::curve::{Curve, ended};
use crate::config::Study;
use crate::problem::Outcome;
use crate::store::{Completed, History};
use groups::Members;

/// A run that is compared.
#[derive(Debug, Clone, Copy)]
pub struct Contender<'a> {
    /// What people call it: its run directory.
    pub name: &'a str,
    /// Its study.
    pub study: &'a Study,
    /// What happened.
    pub history: &'a History,
}

/// Where a run stood when a trial had ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds from the first start of the run, time between sessions included.
    pub seconds: f64,
    /// Of the front so far.
    pub hypervolume: f64,
}

/// How the front of a run grew, and what that took.
#[derive(Debug, Clone, PartialEq)]
pub struct Growth {
    /// The run's name.
    pub name: String,
    /// The study's seed.
    pub seed: u64,
    /// Evaluating ranks of its sessions, the most.
    pub ranks: u64,
    /// After each ended trial, in their order.
    pub steps: Vec<Step>,
    /// How many trials failed.
    pub failed: u64,
    /// Mean seconds per candidate; `None` without any.
    pub generation_s: Option<f64>,
    /// Share of the ranks' time in which they ran attempts; `None` if they had none.
    pub utilisation: Option<f64>,
}

impl Growth {
    fn of(run: &Contender<'_>, reference: &[f64]) -> Self {
        let Contender { name, study, history } = *run;
        let curve = Curve::below(reference.to_vec(), &study.problem, history);
        // What was only ever steered from outside has no session.
        let started = history.sessions.first().map(|session| session.at);
        let began = started.or(history.trials.first().map(|trial| trial.proposed.at)).unwrap_or(0.0);
        let mut last = 0.0_f64;
        let step = |(completed, hypervolume): (&Completed, &f64)| {
            // The ranks' clocks may differ.
            last = last.max(completed.finished - began);
            Step { seconds: last, hypervolume: *hypervolume }
        };
        let steps = ended(history).zip(&curve.hypervolume).map(step).collect();
        let failed = ended(history).filter(|c| matches!(c.outcome, Outcome::Failed { .. })).count();
        let count = history.trials.len();
        let made_s: f64 = history.trials.iter().map(|trial| trial.proposed.generation_s).sum();
        Self {
            name: name.to_owned(),
            seed: study.seed,
            ranks: ranks(history),
            steps,
            failed: failed as u64,
            generation_s: (count > 0).then(|| made_s / count as f64),
            utilisation: Utilisation::of(history).total().efficiency(),
        }
    }

    /// Hypervolume of the final front; 0 before the first trial.
    pub fn last(&self) -> f64 {
        self.steps.last().map_or(0.0, |step| step.hypervolume)
    }

    /// After how many trials, and how many seconds, the hypervolume was as large as this; `None` if never.
    pub fn reached(&self, hypervolume: f64) -> Option<(u64, f64)> {
        let at = self.steps.iter().position(|step| step.hypervolume >= hypervolume)?;
        Some((at as u64 + 1, self.steps[at].seconds))
    }

    /// Hypervolume after so many trials.
    fn after(&self, trials: usize) -> f64 {
        trials.checked_sub(1).map_or(0.0, |at| self.steps[at].hypervolume)
    }

    /// Hypervolume after so many seconds.
    fn at(&self, seconds: f64) -> f64 {
        self.after(self.steps.partition_point(|step| step.seconds <= seconds))
    }
}

/// Most evaluating ranks of a session.
fn ranks(history: &History) -> u64 {
    history.sessions.iter().map(|session| session.evaluators).max().unwrap_or(0)
}

/// Runs of the same study with different seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What tells it from other groups, in the words of the study.
    pub label: String,
    /// Its runs, in the order in which they were named.
    pub runs: Vec<Growth>,
}

/// Median and spread of a group's hypervolume at some point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Trials or seconds.
    pub at: f64,
    /// Hypervolume.
    pub hypervolume: Spread,
}

impl Group {
    /// Median and spread of a figure of its runs; `None` if a run has none.
    pub fn spread(&self, figure: impl Fn(&Growth) -> Option<f64>) -> Option<Spread> {
        Spread::of(&self.runs.iter().map(figure).collect::<Option<Vec<_>>>()?)
    }

    /// The median of a figure of its runs, those without it being beyond all others: `None` if the median is
    /// one of these.
    pub fn median_reached(&self, figure: impl Fn(&Growth) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> =
            self.runs.iter().map(|run| figure(run).unwrap_or(f64::INFINITY)).collect();
        Spread::of(&values).map(|spread| spread.median).filter(|median| median.is_finite())
    }

    /// Hypervolume against trials, as far as the shortest run goes.
    pub fn by_trials(&self) -> Vec<Band> {
        let shortest = self.runs.iter().map(|run| run.steps.len()).min().unwrap_or(0);
        let at = |trials: usize| self.band(trials as f64, |run| run.after(trials));
        (0..=shortest).filter_map(at).collect()
    }

    /// Hypervolume against seconds from the first start, as far as the shortest run goes: at every end of a
    /// trial of any run.
    pub fn by_seconds(&self) -> Vec<Band> {
        let ends = self.runs.iter().map(|run| run.steps.last().map_or(0.0, |step| step.seconds));
        let shortest = ends.fold(f64::INFINITY, f64::min);
        let all = self.runs.iter().flat_map(|run| run.steps.iter().map(|step| step.seconds));
        let mut times: Vec<f64> = all.filter(|s| *s <= shortest).chain([0.0]).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        times.into_iter().filter_map(|seconds| self.band(seconds, |run| run.at(seconds))).collect()
    }

    fn band(&self, at: f64, hypervolume: impl Fn(&Growth) -> f64) -> Option<Band> {
        let hypervolume = self.spread(|run| Some(hypervolume(run)))?;
        Some(Band { at, hypervolume })
    }
}

/// Everything that is told of the runs together.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Reference point, in the objectives' own directions and units.
    pub reference: Vec<f64>,
    /// What hypervolumes are measured in; empty for a pure number.
    pub unit: String,
    /// The hypervolume whose reaching is timed.
    pub wanted: f64,
    /// Keys of the study, and `ranks`, that are not the same in all groups.
    pub differences: Vec<String>,
    /// By group, in the order in which their first runs were named.
    pub groups: Vec<Group>,
}

impl Comparison {
    /// Compares runs; `wanted` says which hypervolume is to be reached, from the best final one.
    ///
    /// # Errors
    /// There are no two runs that can be compared, or what two of them differ in.
    pub fn of(runs: &[Contender<'_>], wanted: impl Fn(f64) -> f64) -> Result<Self, Disagreement> {
        let reference = agree::reference(runs)?;
        let problem = &runs.first().ok_or(Disagreement::Nothing)?.study.problem;
        let (members, differences) = groups::of(runs);
        let group = |Members { label, runs: members }| {
            let runs = members.iter().map(|at| Growth::of(&runs[*at], &reference)).collect();
            Group { label, runs }
        };
        let groups: Vec<Group> = members.into_iter().map(group).collect();
        let finals = groups.iter().flat_map(|group| group.runs.iter().map(Growth::last));
        Ok(Self {
            wanted: wanted(finals.fold(0.0, f64::max)),
            unit: problem.hypervolume_unit(),
            reference: reference
                .iter()
                .zip(&problem.objectives)
                .map(|(r, o)| r * o.goal.sign())
                .collect(),
            differences,
            groups,
        })
    }
}

#[cfg(test)]
mod tests;
