//! What the processes of a study's objectives have learnt, for people to look at.

use super::Memory;
use super::model::{Fitted, Model};
use super::process::{Known, MOST_FITTED, Process};
use crate::config::Surrogate;
use crate::gp::{Posterior, Prediction, relevance};
use crate::problem::TrialId;
use crate::strategy::{Ledger, Observed, StrategyError};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// A trial, and mean and standard deviation of every objective there.
pub type Smoothed = (TrialId, Vec<(f64, f64)>);

/// A process per objective, conditioned on the trials of a ledger. All values are turned so that smaller is
/// better.
#[derive(Debug)]
pub struct Learnt {
    model: Model,
    fitted: Fitted,
    /// Those with values, in the order of the processes' data.
    trials: Vec<TrialId>,
}

/// A trial's value of one objective, and what all other trials made the process expect there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeftOut {
    /// The trial.
    pub trial: TrialId,
    /// What was measured.
    pub value: f64,
    /// What was expected: mean and standard deviation, the measurement's noise included.
    pub expected: (f64, f64),
}

impl Learnt {
    /// From the trials of `ledger`, with the hyperparameters that the strategy remembered last (`memory`, as
    /// [`Strategy::memory`](crate::strategy::Strategy::memory) gives it) where it is `mobo` and has some, else
    /// fitted anew (draws are those of `seed`).
    ///
    /// # Errors
    /// There are no values, or the processes cannot be fitted.
    pub fn new(
        ledger: &Ledger,
        form: Surrogate,
        seed: u64,
        memory: Option<&[u8]>,
    ) -> Result<Self, StrategyError> {
        if ledger.ok().next().is_none() || ledger.problem().space.dimension() == 0 {
            return Err(StrategyError::NoValues);
        }
        let remembered = memory.and_then(Memory::read).and_then(|memory| memory.fitted);
        let fitted = match remembered.filter(|fitted| fitted.fits(ledger)) {
            Some(fitted) => fitted,
            None => {
                let most = most_fitted(ledger.problem().space.dimension());
                Fitted::to_at_most(most, ledger, None, form, seed)?
            }
        };
        let mut model = Model::new(ledger, &fitted)?;
        model.update(ledger);
        model.forget();
        let observed = ledger.observed();
        let with_values = fitted.rows(ledger).into_iter().filter(|i| observed[*i].objectives.is_some());
        let trials = with_values.map(|i| observed[i].trial).collect();
        Ok(Self { model, fitted, trials })
    }

    /// How many trials they have learnt from: all with values, or of more than a thousand the best, the newest
    /// and some of the others.
    pub fn trials(&self) -> usize {
        self.trials.len()
    }

    /// Mean and standard deviation of every objective at points of the unit cube, noise not included: a list per
    /// point.
    pub fn predict(&self, units: &[Vec<f64>]) -> Vec<Vec<(f64, f64)>> {
        let of_process = |process: &Process| process.smoothed(units);
        let by_objective: Vec<_> = self.model.objectives().par_iter().map(of_process).collect();
        (0..units.len()).map(|i| by_objective.iter().map(|each| each[i]).collect()).collect()
    }

    /// The same at the acceptable trials learnt from, by trial.
    pub fn smoothed(&self, ledger: &Ledger) -> Vec<Smoothed> {
        let known: BTreeSet<TrialId> = self.trials.iter().copied().collect();
        let learnt = |o: &&Observed| o.acceptable && known.contains(&o.trial);
        let acceptable: Vec<&Observed> = ledger.observed().iter().filter(learnt).collect();
        let units: Vec<Vec<f64>> = acceptable.iter().map(|o| o.unit.clone()).collect();
        let of_each = acceptable.iter().zip(self.predict(&units));
        let mut smoothed: Vec<Smoothed> = of_each.map(|(o, each)| (o.trial, each)).collect();
        smoothed.sort_by_key(|(trial, _)| *trial);
        smoothed
    }

    /// By objective: the share of each coordinate of the unit cube in its process, see [`relevance`]; the mean
    /// where there are several views.
    pub fn relevance(&self) -> Vec<Vec<f64>> {
        let objectives = self.model.objectives().len();
        self.fitted.hypers[..objectives].iter().map(of_views).collect()
    }

    /// By objective: every trial learnt from, as the others see it.
    pub fn left_out(&self) -> Vec<Vec<LeftOut>> {
        self.model.objectives().iter().map(|process| left_out(process, &self.trials)).collect()
    }
}

/// Trials that a fit for people looks at: they wait for it. With more coordinates fewer, so that it takes no
/// longer than with twenty: its time grows with trials² × coordinates.
fn most_fitted(coordinates: usize) -> usize {
    let share = (20.0 / coordinates.max(20) as f64).sqrt();
    (share * MOST_FITTED as f64) as usize
}

fn of_views(known: &Known) -> Vec<f64> {
    let views: Vec<Vec<f64>> = known.hypers().iter().map(relevance).collect();
    let count = views.len().max(1) as f64;
    let d = views.first().map_or(0, Vec::len);
    (0..d).map(|j| views.iter().map(|view| view[j]).sum::<f64>() / count).collect()
}

fn left_out(process: &Process, trials: &[TrialId]) -> Vec<LeftOut> {
    let (mean, sd) = (process.scaling.mean, process.scaling.sd);
    let views: Vec<Vec<Prediction>> = process.posteriors.iter().map(Posterior::left_out).collect();
    let count = views.len().max(1) as f64;
    let values = process.posteriors.first().map_or(&[][..], |p| p.observations());
    let each = trials.iter().zip(values).enumerate();
    each.map(|(i, (trial, y))| {
        let centre = views.iter().map(|view| view[i].mean).sum::<f64>() / count;
        let spread = |p: &Prediction| p.sd * p.sd + (p.mean - centre).powi(2);
        let variance = views.iter().map(|view| spread(&view[i])).sum::<f64>() / count;
        let expected = (mean + sd * centre, sd * variance.sqrt());
        LeftOut { trial: *trial, value: mean + sd * y, expected }
    })
    .collect()
}
