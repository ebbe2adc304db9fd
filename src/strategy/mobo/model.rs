//! All processes together, and what they believe about trials that have no values (yet).

use super::events::{Doubt, variance_of_one};
use super::process::{self, Known, MOST_FITTED, Process};
use super::quantity::{Quantity, chosen};
use crate::config::Surrogate;
use crate::gp::{NotPositive, Posterior, Scaling};
use crate::pareto;
use crate::strategy::{Ledger, Observed, StrategyError};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Hyperparameters are fitted again when the trials learnt from have grown by this share; in between
/// the last ones serve.
const REFIT_GROWTH: f64 = 0.08;
/// The form of each process is chosen again when they have grown by this factor.
const JUDGE_GROWTH: f64 = 1.3;
/// Pending trials beyond so many only count by where their objectives are believed to lie: each
/// narrows the processes at the price of one more row.
pub const MOST_BELIEVED: usize = 256;
/// How many failed trials, the latest ones, keep candidates away.
const MOST_FAILED: usize = 64;
/// Weight of the cube's centre, in trials, in the centre of good designs.
const CENTRE_WEIGHT: f64 = 10.0;

/// Hyperparameters and when they were fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Ended trials then.
    seen: usize,
    /// Trials learnt from then.
    trials: usize,
    /// The same when the forms were last chosen.
    judged: usize,
    /// In the order of [`Quantity::all`].
    pub(super) hypers: Vec<Known>,
}

/// Every process, conditioned on what was observed and on its own belief about what is pending.
#[derive(Debug)]
pub struct Model {
    pub processes: Vec<Process>,
    /// Number of objectives: theirs are the first processes.
    objectives: usize,
    /// Ended trials that it knows.
    seen: usize,
    /// Points that are believed in, and the standardised objectives believed of them.
    believed: Vec<(Vec<f64>, Vec<f64>)>,
    /// The first so many of them are in the processes.
    rows: usize,
}

impl From<NotPositive> for StrategyError {
    fn from(error: NotPositive) -> Self {
        StrategyError::Numerics(error.to_string())
    }
}

impl Fitted {
    /// Whether so much has come since, or something never seen before, that it is time for a fit.
    pub fn is_due(&self, ledger: &Ledger) -> bool {
        let new = ledger.observed()[self.seen..].iter().filter(|o| tells(o)).count();
        new as f64 >= REFIT_GROWTH * self.trials as f64
            || Quantity::all(ledger).len() != self.hypers.len()
    }

    /// Whether it was made with this ledger, as far as numbers tell.
    pub fn fits(&self, ledger: &Ledger) -> bool {
        self.seen <= ledger.observed().len() && self.hypers.len() <= Quantity::all(ledger).len()
    }

    /// Positions of the trials that a model of these hyperparameters has learnt from once it knows all of
    /// `ledger`, in its order.
    pub(super) fn rows(&self, ledger: &Ledger) -> Vec<usize> {
        let (old, new) = ledger.observed().split_at(self.seen);
        let new = (self.seen..).zip(new).filter(|(_, trial)| tells(trial)).map(|(i, _)| i);
        chosen(old).into_iter().chain(new).collect()
    }

    /// How values were standardised at the fit, whose trials were the first of `ledger`.
    pub(super) fn scalings(&self, ledger: &Ledger) -> Vec<Scaling> {
        let trials = &ledger.observed()[..self.seen];
        let rows = chosen(trials);
        let scaling = |quantity: Quantity| quantity.data(rows.iter().map(|i| &trials[*i])).1;
        Quantity::all(ledger).into_iter().map(scaling).collect()
    }

    /// Takes the hyperparameters for those of a fit to the trials of `ledger`.
    pub(super) fn renew(&mut self, ledger: &Ledger) {
        let rows = chosen(ledger.observed()).len();
        (self.seen, self.trials, self.judged) = (ledger.observed().len(), rows, rows);
    }

    /// Fits or draws all hyperparameters, starting from the last fit where there is one. Draws are those
    /// of `seed` and of how many trials have ended.
    pub fn new(
        ledger: &Ledger,
        last: Option<&Fitted>,
        form: Surrogate,
        seed: u64,
    ) -> Result<Self, StrategyError> {
        Self::to_at_most(MOST_FITTED, ledger, last, form, seed)
    }

    /// The same to no more than `most` of the trials.
    pub(super) fn to_at_most(
        most: usize,
        ledger: &Ledger,
        last: Option<&Fitted>,
        form: Surrogate,
        seed: u64,
    ) -> Result<Self, StrategyError> {
        let seen = ledger.observed();
        let rows = chosen(seen);
        let grown = |l: &Fitted| rows.len() as f64 >= JUDGE_GROWTH * l.judged as f64;
        let judge = last.is_none_or(grown);
        let centre = centre(ledger);
        let fit_one = |(at, quantity): (usize, Quantity)| {
            let (data, _) = quantity.data(rows.iter().map(|i| &seen[*i]));
            let warm = last.and_then(|l| l.hypers.get(at));
            let stream =
                |k: usize| crate::rng::stream(seed, &format!("mobo draw {at} {k}"), seen.len() as u64);
            process::learn(form, (&data, most), warm, judge, &centre, stream)
        };
        let quantities = Quantity::all(ledger).into_par_iter().enumerate();
        let hypers = quantities.map(fit_one).collect::<Result<Vec<_>, _>>()?;
        let judged = if judge { rows.len() } else { last.map_or(0, |l| l.judged) };
        Ok(Self { seen: seen.len(), trials: rows.len(), judged, hypers })
    }
}

fn tells(observed: &Observed) -> bool {
    observed.objectives.is_some() || observed.infeasible
}

/// Where good designs are: the mean of the front's part beyond the reference point, drawn a little
/// to the centre of the cube.
fn centre(ledger: &Ledger) -> Vec<f64> {
    let d = ledger.problem().space.dimension();
    let acceptable = ledger.observed().iter().filter(|o| o.acceptable);
    let (units, values): (Vec<&[f64]>, Vec<Vec<f64>>) =
        acceptable.filter_map(|o| o.objectives.clone().map(|y| (o.unit.as_slice(), y))).unzip();
    let thresholds = ledger.problem().minimized_thresholds();
    let Some(reference) = pareto::reference_point(&thresholds, &values) else {
        return vec![0.5; d];
    };
    let counts = |i: &usize| values[*i].iter().zip(&reference).all(|(y, r)| y < r);
    let good: Vec<usize> = pareto::non_dominated(&values).into_iter().filter(counts).collect();
    let mean = |j: usize| {
        let sum: f64 = good.iter().map(|i| units[*i][j]).sum();
        (CENTRE_WEIGHT * 0.5 + sum) / (CENTRE_WEIGHT + good.len() as f64)
    };
    (0..d).map(mean).collect()
}

impl Model {
    /// Conditions the processes on the trials that were known at the fit, and then on those that came
    /// after, one by one: the same arithmetic as in a session that saw them come, so that a restart
    /// arrives at the same bits.
    pub fn new(ledger: &Ledger, fitted: &Fitted) -> Result<Self, StrategyError> {
        let trials = &ledger.observed()[..fitted.seen];
        let rows = chosen(trials);
        let condition = |(quantity, known): (Quantity, &Known)| {
            Process::new(quantity, rows.iter().map(|i| &trials[*i]), known)
        };
        let quantities = Quantity::all(ledger).into_par_iter().zip(&fitted.hypers);
        let processes = quantities.map(condition).collect::<Result<Vec<_>, _>>()?;
        let objectives = ledger.problem().objectives.len();
        Ok(Self { processes, objectives, seen: fitted.seen, believed: vec![], rows: 0 })
    }

    /// Takes in what the ledger has learnt, in O(n²) per trial.
    pub fn update(&mut self, ledger: &Ledger) {
        let new = &ledger.observed()[self.seen..];
        self.seen += new.len();
        if new.iter().any(tells) {
            self.forget();
            self.processes.par_iter_mut().for_each(|p| new.iter().for_each(|trial| p.observe(trial)));
        }
        self.believe(ledger);
    }

    /// Takes back all that is only believed.
    pub fn forget(&mut self) {
        self.believed.clear();
        self.rows = 0;
        self.processes.iter_mut().for_each(Process::forget_beliefs);
    }

    /// Believes in the failed trials first, then in the pending ones, by trial number; points believed
    /// in already stay if they come first again.
    fn believe(&mut self, ledger: &Ledger) {
        let failed: Vec<&Observed> = ledger.observed().iter().filter(|o| !tells(o)).collect();
        let failed = &failed[failed.len().saturating_sub(MOST_FAILED)..];
        let pending = ledger.pending().iter().map(|p| p.unit.as_slice());
        let wanted: Vec<&[f64]> = failed.iter().map(|o| o.unit.as_slice()).chain(pending).collect();
        let known = self.believed.len();
        let again = known <= wanted.len()
            && self.believed.iter().zip(&wanted).all(|((x, _), wanted)| x == wanted);
        if !again {
            self.forget();
        }
        let new = &wanted[self.believed.len()..];
        let narrowing = new.len().min((failed.len() + MOST_BELIEVED).saturating_sub(self.rows));
        let means = |process: &mut Process| -> Vec<f64> {
            let narrowed = new[..narrowing].iter().map(|x| process.believe(x));
            let mut means: Vec<f64> = narrowed.collect();
            // Point by point, so that it makes no difference how many come at once.
            means.extend(process.means(new[narrowing..].iter().copied()));
            means
        };
        let means: Vec<Vec<f64>> = self.processes.par_iter_mut().map(means).collect();
        self.rows += narrowing;
        for (i, x) in new.iter().enumerate() {
            let objectives = means[..self.objectives].iter().map(|of_process| of_process[i]).collect();
            self.believed.push((x.to_vec(), objectives));
        }
    }

    /// How well every quantity is known at a point, whose standard errors the trials tell.
    pub fn doubts(&self, x: &[f64], ledger: &Ledger) -> Vec<Doubt> {
        let doubt = |process: &Process| {
            let per_event =
                variance_of_one(ledger.observed(), |trial| process.quantity.observed(trial)?.1)?;
            let there = process.smoothed(&[x.to_vec()]);
            Some(Doubt { variance: there.first()?.1.powi(2), per_event })
        };
        self.processes.iter().filter_map(doubt).collect()
    }

    /// The largest jitter that a process needed, as a share of its variance.
    pub fn jitter(&self) -> f64 {
        let all = self.processes.iter().flat_map(|p| &p.posteriors);
        all.map(Posterior::jitter).fold(0.0, f64::max)
    }

    /// How many equally likely views there are: in each, every process has its hyperparameters.
    pub fn views(&self) -> usize {
        self.processes.iter().map(|p| p.posteriors.len()).min().unwrap_or(0)
    }

    /// The processes of the objectives.
    pub fn objectives(&self) -> &[Process] {
        &self.processes[..self.objectives]
    }

    /// The processes of everything that has to be right besides.
    pub fn conditions(&self) -> &[Process] {
        &self.processes[self.objectives..]
    }

    /// Unit-cube points and objectives of the acceptable trials. Where a standard error is known, the
    /// value is what the processes make of it: the front of noisy values is that of lucky ones.
    pub fn front_values<'a>(&self, ledger: &'a Ledger) -> (Vec<&'a [f64]>, Vec<Vec<f64>>) {
        let acceptable = ledger.observed().iter().filter(|o| o.acceptable);
        let with_values = acceptable.filter_map(|o| Some((o, o.objectives.clone()?)));
        let (trials, mut values): (Vec<&Observed>, Vec<Vec<f64>>) = with_values.unzip();
        let unsure = |k: usize| {
            let unsure = |i: &usize| trials[*i].sems[k].is_some_and(|s| s > 0.0);
            (0..trials.len()).filter(unsure).collect::<Vec<usize>>()
        };
        let means = |(k, process): (usize, &Process)| {
            let rows = unsure(k);
            let means = process.means(rows.iter().map(|i| trials[*i].unit.as_slice()));
            rows.into_iter().zip(means).collect::<Vec<_>>()
        };
        let smoothed: Vec<Vec<(usize, f64)>> =
            self.objectives().par_iter().enumerate().map(means).collect();
        for (k, (process, of_objective)) in self.objectives().iter().zip(smoothed).enumerate() {
            for (i, mean) in of_objective {
                values[i][k] = process.scaling.mean + process.scaling.sd * mean;
            }
        }
        (trials.iter().map(|o| o.unit.as_slice()).collect(), values)
    }

    /// Standardised objectives believed of failed and pending trials.
    pub fn believed(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.believed.iter().map(|(_, objectives)| objectives.as_slice())
    }
}
