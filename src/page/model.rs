//! What the model has to say: which parameters matter, how far it can be trusted, what lies around a design.

use super::designs::Choice;
use super::rounded::Rounded;
use super::trials::number;
use crate::config::Study;
use crate::problem::{ParameterKind, Space, TrialId, Value};
use crate::store::History;
use crate::strategy::{Learnt, LeftOut};
use serde::Serialize;

/// Parameters that have slices.
const SLICED: usize = 6;
/// Designs through which there are slices.
const DESIGNS: usize = 10;
/// Points of a slice along a number.
const STEPS: usize = 31;
/// Trials of each objective whose left-out predictions are drawn.
const DRAWN: usize = 600;
/// Trials whose left-out predictions say something together.
const LEAST_JUDGED: usize = 5;
/// Two-sided 95 % of a normal distribution, in standard deviations.
const WIDTH_95: f64 = 1.959_964;

/// The model of a history.
#[derive(Debug, Serialize)]
pub struct Model {
    /// Trials that it has learnt from.
    trials: usize,
    /// By objective and parameter: shares in the process's covariance, sum 1.
    importance: Vec<Vec<Rounded>>,
    /// By objective; none while there are very few trials.
    diagnostics: Vec<Diagnostics>,
    /// Through some of the designs, along the parameters that matter most.
    slices: Vec<Slice>,
}

/// How well each trial's value is predicted by the others.
#[derive(Debug, Serialize)]
pub struct Diagnostics {
    /// Trials.
    count: usize,
    /// Root mean squared error, in the objective's unit.
    rmse: Rounded,
    /// The same as a share of the values' standard deviation: 1 is as good as saying the mean.
    relative: Option<Rounded>,
    /// Share of values within 95 % of what was expected.
    coverage: Rounded,
    /// Spearman's rank correlation; `None` where all are alike.
    rank_correlation: Option<Rounded>,
    /// Some of them: trial, measured, expected, standard deviation of the latter.
    points: Vec<(TrialId, Rounded, Rounded, Rounded)>,
}

/// Along one parameter through one design, all others as they are there.
#[derive(Debug, Serialize)]
pub struct Slice {
    trial: TrialId,
    /// Position of the parameter.
    parameter: usize,
    /// Its values; of a choice positions in the list of its values.
    at: Vec<Rounded>,
    /// By objective: mean and standard deviation at each.
    mean: Vec<Vec<Rounded>>,
    sd: Vec<Vec<Rounded>>,
}

impl Model {
    /// What there is to say of `learnt`; slices go through the first of `choices`.
    pub fn of(study: &Study, history: &History, learnt: &Learnt, choices: &[Choice]) -> Self {
        let importance = importance(&study.problem.space, &learnt.relevance());
        let along = foremost(&importance, SLICED);
        let signs: Vec<f64> = study.problem.objectives.iter().map(|o| o.goal.sign()).collect();
        let left_out = learnt.left_out();
        let diagnostics = left_out.iter().zip(&signs).map(|(all, sign)| Diagnostics::of(all, *sign));
        let slices = choices
            .iter()
            .take(DESIGNS)
            .flat_map(|choice| along.iter().map(|parameter| (choice.trial, *parameter)));
        Self {
            trials: learnt.trials(),
            // Of fewer trials no figure means anything.
            diagnostics: diagnostics.filter(|d| d.count >= LEAST_JUDGED).collect(),
            slices: cut(study, history, learnt, &slices.collect::<Vec<_>>()),
            importance: importance
                .into_iter()
                .map(|shares| shares.into_iter().map(Rounded).collect())
                .collect(),
        }
    }
}

/// Shares of parameters from shares of coordinates: those of a choice's values belong together.
pub fn importance(space: &Space, relevance: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let widths: Vec<usize> = space.widths();
    let of_objective = |shares: &Vec<f64>| {
        let mut rest = shares.as_slice();
        let own = widths.iter().map(|width| {
            let (own, others) = rest.split_at(*width);
            rest = others;
            own.iter().sum()
        });
        own.collect()
    };
    relevance.iter().map(of_objective).collect()
}

/// The `most` parameters with the largest share in any objective, the largest first; those without any share are
/// never among them.
pub fn foremost(importance: &[Vec<f64>], most: usize) -> Vec<usize> {
    let count = importance.first().map_or(0, Vec::len);
    let largest = |j: usize| importance.iter().map(|shares| shares[j]).fold(0.0, f64::max);
    let mut order: Vec<usize> = (0..count).filter(|j| largest(*j) > 0.0).collect();
    order.sort_by(|a, b| largest(*b).total_cmp(&largest(*a)));
    order.truncate(most);
    order
}

impl Diagnostics {
    /// Of one objective, whose values are turned back by `sign`.
    fn of(all: &[LeftOut], sign: f64) -> Self {
        let n = all.len().max(1) as f64;
        let error = |l: &LeftOut| l.value - l.expected.0;
        let mean = all.iter().map(|l| l.value).sum::<f64>() / n;
        let variance = all.iter().map(|l| (l.value - mean).powi(2)).sum::<f64>() / n;
        let rmse = (all.iter().map(|l| error(l).powi(2)).sum::<f64>() / n).sqrt();
        let within = all.iter().filter(|l| error(l).abs() <= WIDTH_95 * l.expected.1).count();
        let step = all.len().div_ceil(DRAWN).max(1);
        let point = |l: &LeftOut| {
            let (mean, sd) = l.expected;
            (l.trial, Rounded(sign * l.value), Rounded(sign * mean), Rounded(sd))
        };
        let (values, expected): (Vec<f64>, Vec<f64>) =
            all.iter().map(|l| (l.value, l.expected.0)).unzip();
        Self {
            count: all.len(),
            rmse: Rounded(rmse),
            relative: (variance > 0.0).then(|| Rounded(rmse / variance.sqrt())),
            coverage: Rounded(within as f64 / n),
            rank_correlation: rank_correlation(&values, &expected).map(Rounded),
            points: all.iter().step_by(step).map(point).collect(),
        }
    }
}

/// Spearman's: the correlation of the ranks; `None` if either is constant.
fn rank_correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (a, b) = (ranks(a), ranks(b));
    let centre = (a.len() as f64 - 1.0) / 2.0;
    let product = |x: &[f64], y: &[f64]| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - centre) * (y - centre)).sum()
    };
    let scale = (product(&a, &a) * product(&b, &b)).sqrt();
    (scale > 0.0).then(|| product(&a, &b) / scale)
}

/// Ranks from 0; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|a, b| values[*a] == values[*b]) {
        let shared = from as f64 + (equal.len() as f64 - 1.0) / 2.0;
        equal.iter().for_each(|i| ranks[*i] = shared);
        from += equal.len();
    }
    ranks
}

/// All slices at once: one prediction at many points.
fn cut(study: &Study, history: &History, learnt: &Learnt, wanted: &[(TrialId, usize)]) -> Vec<Slice> {
    let problem = &study.problem;
    let mut points = vec![];
    let mut cuts = vec![];
    for (trial, parameter) in wanted {
        let Some(trial) = history.trials.get(*trial as usize) else { continue };
        let kind = &problem.space.parameters[*parameter].kind;
        let values = along(&problem.space, kind, *parameter);
        let from = points.len();
        points.extend(values.iter().map(|value| {
            let mut design = trial.proposed.design.clone();
            design[*parameter] = value.clone();
            problem.space.encode(&design)
        }));
        let at: Vec<Rounded> =
            values.iter().filter_map(|value| number(kind, value)).map(Rounded).collect();
        cuts.push((trial.proposed.trial, *parameter, at, from..points.len()));
    }
    let predicted = learnt.predict(&points);
    let slice =
        |(trial, parameter, at, range): (TrialId, usize, Vec<Rounded>, std::ops::Range<usize>)| {
            let there = &predicted[range];
            let sign = |k: usize| problem.objectives[k].goal.sign();
            let column = |k: usize, of: &dyn Fn((f64, f64)) -> f64| -> Vec<Rounded> {
                there.iter().map(|each| Rounded(of(each[k]))).collect()
            };
            let objectives = 0..problem.objectives.len();
            Slice {
                trial,
                parameter,
                at,
                mean: objectives.clone().map(|k| column(k, &|(mean, _)| sign(k) * mean)).collect(),
                sd: objectives.map(|k| column(k, &|(_, sd)| sd)).collect(),
            }
        };
    cuts.into_iter().map(slice).collect()
}

/// Values from one end of a parameter to the other, all different.
fn along(space: &Space, kind: &ParameterKind, at: usize) -> Vec<Value> {
    if let ParameterKind::Choice { values } = kind {
        return values.clone();
    }
    let before: usize = space.widths()[..at].iter().sum();
    let mut unit = vec![0.5; space.dimension()];
    let mut value = |k: usize| {
        unit[before] = k as f64 / (STEPS - 1) as f64;
        space.decode(&unit).swap_remove(at)
    };
    let mut values: Vec<Value> = (0..STEPS).map(&mut value).collect();
    values.dedup();
    values
}

#[cfg(test)]
mod tests;
