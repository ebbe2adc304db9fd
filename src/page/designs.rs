//! The designs that a person would look at first, beside the nominal one.

use super::rounded::Rounded;
use crate::config::Study;
use crate::problem::{Objective, Outcome, TrialId, Value};
use crate::recommend::Recommended;
use crate::store::History;
use serde::Serialize;

/// A value and its standard error, where that is known.
type Measured = (f64, Option<f64>);

/// A design of the front, or the nominal one.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// The trial.
    pub trial: TrialId,
    /// What it is best at: names of objectives, `compromise`, `nominal`; none for others of the front.
    pub roles: Vec<String>,
    /// Every parameter's value, as text.
    pub values: Vec<String>,
    /// Measured objectives, with standard errors where known.
    pub measured: Vec<(Rounded, Option<Rounded>)>,
    /// What the model makes of all trials together: means and standard deviations; empty without a model.
    pub predicted: Vec<(Rounded, Rounded)>,
    /// By objective: per cent by which it is better than the nominal design, negative where worse; `None` where
    /// there is no nominal value, or it is 0.
    pub better: Vec<Option<Rounded>>,
}

/// The nominal design first, if it was evaluated, then the front: the best compromise, the best in each
/// objective, and all others by trial.
pub fn choices(study: &Study, history: &History, front: &[Recommended]) -> Vec<Choice> {
    let objectives = &study.problem.objectives;
    let nominal = nominal(study, history);
    let values = |trial: TrialId| -> Vec<String> {
        let trial = history.trials.get(trial as usize);
        trial.map_or(vec![], |t| t.proposed.design.iter().map(Value::to_string).collect())
    };
    let reference =
        nominal.as_ref().map(|(_, measured)| measured.iter().map(|m| m.0).collect::<Vec<_>>());
    let better = |measured: &[Measured]| {
        let one = |k: usize| {
            let nominal = reference.as_ref()?[k];
            per_cent(&objectives[k], measured[k].0, nominal).map(Rounded)
        };
        (0..objectives.len()).map(one).collect()
    };
    let rounded = |measured: &[Measured]| -> Vec<(Rounded, Option<Rounded>)> {
        measured.iter().map(|(value, sem)| (Rounded(*value), sem.map(Rounded))).collect()
    };
    let nominal = nominal.as_ref().map(|(trial, measured)| Choice {
        trial: *trial,
        roles: vec!["nominal".into()],
        values: values(*trial),
        measured: rounded(measured),
        predicted: vec![],
        better: vec![None; objectives.len()],
    });
    let means: Vec<Vec<f64>> = front.iter().map(|r| turned(objectives, r)).collect();
    let compromise = compromise(&means);
    let best = |k: usize| (0..means.len()).min_by(|a, b| means[*a][k].total_cmp(&means[*b][k]));
    let best: Vec<Option<usize>> = (0..objectives.len()).map(best).collect();
    let mut of_front: Vec<Choice> = front
        .iter()
        .enumerate()
        .map(|(i, r)| {
            let measured: Vec<_> = r.measured.iter().map(|m| (m.value(), m.sem())).collect();
            let of_objective =
                |(k, b): (usize, &Option<usize>)| (*b == Some(i)).then(|| objectives[k].name.clone());
            let mut roles: Vec<String> = best.iter().enumerate().filter_map(of_objective).collect();
            if compromise == Some(i) {
                roles.insert(0, "compromise".into());
            }
            let predicted = r.predicted.iter();
            Choice {
                trial: r.trial,
                roles,
                values: values(r.trial),
                better: better(&measured),
                measured: rounded(&measured),
                predicted: predicted
                    .map(|m| (Rounded(m.value()), Rounded(m.sem().unwrap_or(f64::NAN))))
                    .collect(),
            }
        })
        .collect();
    of_front.sort_by_key(|choice| {
        let rank = match choice.roles.first().map(String::as_str) {
            Some("compromise") => 0,
            Some(_) => 1,
            None => 2,
        };
        (rank, choice.trial)
    });
    joined(nominal, of_front)
}

/// The nominal design and the front; where it is one of the front, it is there once.
fn joined(nominal: Option<Choice>, mut front: Vec<Choice>) -> Vec<Choice> {
    let Some(mut first) = nominal else { return front };
    if let Some(at) = front.iter().position(|choice| choice.trial == first.trial) {
        let same = front.remove(at);
        first.roles.extend(same.roles);
        first.predicted = same.predicted;
    }
    front.insert(0, first);
    front
}

/// The trial of the nominal design and what was measured, if it is ok.
fn nominal(study: &Study, history: &History) -> Option<(TrialId, Vec<Measured>)> {
    let space = &study.problem.space;
    let design = space.nominal().ok()?;
    let same = |t: &&crate::store::Trial| space.same(&t.proposed.design, &design);
    let ok = history.trials.iter().filter(same).find_map(|t| match &t.completed.as_ref()?.outcome {
        Outcome::Ok { objectives, .. } => Some((t.proposed.trial, objectives)),
        _ => None,
    });
    ok.map(|(trial, measured)| (trial, measured.iter().map(|m| (m.value(), m.sem())).collect()))
}

/// By how much a value is better than another, in per cent of the other's size; `None` if that is 0.
fn per_cent(objective: &Objective, value: f64, nominal: f64) -> Option<f64> {
    let gain = objective.goal.sign() * (nominal - value);
    (nominal != 0.0).then(|| 100.0 * gain / nominal.abs())
}

/// What the model believes of the objectives, turned so that smaller is better.
fn turned(objectives: &[Objective], recommended: &Recommended) -> Vec<f64> {
    objectives.iter().zip(&recommended.predicted).map(|(o, m)| o.goal.sign() * m.value()).collect()
}

/// The point that is furthest from bad in everything: whose worst objective is best, each measured from the best
/// value there is and by what the points span in it (an achievement function after Wierzbicki 1980); `None` if
/// there is no point.
fn compromise(points: &[Vec<f64>]) -> Option<usize> {
    let count = points.first()?.len();
    let edge = |k: usize, f: fn(f64, f64) -> f64, start: f64| points.iter().map(|p| p[k]).fold(start, f);
    let best: Vec<f64> = (0..count).map(|k| edge(k, f64::min, f64::INFINITY)).collect();
    let worst: Vec<f64> = (0..count).map(|k| edge(k, f64::max, f64::NEG_INFINITY)).collect();
    let distance = |p: &Vec<f64>| -> f64 {
        let part = |k: usize| match worst[k] > best[k] {
            true => (p[k] - best[k]) / (worst[k] - best[k]),
            false => 0.0,
        };
        (0..count).map(part).fold(0.0, f64::max)
    };
    (0..points.len()).min_by(|a, b| distance(&points[*a]).total_cmp(&distance(&points[*b])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Goal;

    fn objective(goal: Goal) -> Objective {
        Objective { name: "f".into(), goal, threshold: None, unit: String::new() }
    }

    #[test]
    fn better_is_better_in_the_objectives_own_direction() {
        let (least, most) = (objective(Goal::Minimize), objective(Goal::Maximize));
        assert_eq!(per_cent(&least, 3.0, 4.0), Some(25.0));
        assert_eq!(per_cent(&most, 3.0, 4.0), Some(-25.0));
        assert_eq!(per_cent(&most, -3.0, -4.0), Some(25.0));
        assert_eq!(per_cent(&least, -5.0, -4.0), Some(25.0));
        assert_eq!(per_cent(&least, 1.0, 0.0), None);
    }

    #[test]
    fn a_nominal_design_on_the_front_is_there_once() {
        let choice = |trial, roles: &[&str]| Choice {
            trial,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            values: vec![],
            measured: vec![],
            predicted: vec![(Rounded(trial as f64), Rounded(1.0))],
            better: vec![],
        };
        let all = joined(Some(choice(3, &["nominal"])), vec![choice(2, &[]), choice(3, &["mass"])]);
        let told: Vec<_> = all.iter().map(|c| (c.trial, c.roles.join(", "))).collect();
        assert_eq!(told, [(3, "nominal, mass".into()), (2, String::new())]);
        assert_eq!(all[0].predicted, [(Rounded(3.0), Rounded(1.0))]);
        let apart = joined(Some(choice(0, &["nominal"])), vec![choice(2, &[])]);
        assert_eq!(apart.iter().map(|c| c.trial).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(joined(None, vec![choice(2, &[])]).len(), 1);
    }

    #[test]
    fn the_compromise_is_in_the_middle_whatever_the_units() {
        let points = |unit: f64| vec![vec![0.0, unit], vec![0.2, 0.3 * unit], vec![1.0, 0.0]];
        assert_eq!(compromise(&points(1.0)), Some(1));
        assert_eq!(compromise(&points(1e6)), Some(1));
        // On a sphere about the ideal point all are as far from it.
        let sphere = [[1.0, 0.0, 0.0], [0.0, 0.8, 0.6], [0.6, 0.55, 0.58], [0.0, 0.0, 1.0]];
        assert_eq!(compromise(&sphere.map(Vec::from)), Some(2));
        assert_eq!(compromise(&[vec![2.0, 2.0]]), Some(0));
        assert_eq!(compromise(&[]), None);
    }
}
