//! Both forms against each other, against Monte Carlo and against finite differences.

use super::super::{Boxes, Improvement};
use super::*;
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

fn unit_directions(m: usize, count: usize) -> Vec<Vec<f64>> {
    let mut rng = crate::rng::stream(9, "test directions", m as u64);
    let draw = |_| {
        let v: Vec<f64> = (0..m).map(|_| f64::abs(StandardNormal.sample(&mut rng))).collect();
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        v.iter().map(|x| x / norm).collect()
    };
    (0..count).map(draw).collect()
}

/// Points near a sphere about the origin, in [0, 1]^M.
fn front(m: usize, count: usize) -> Vec<Vec<f64>> {
    unit_directions(m, count)
}

fn hypervolume_gain(front: &[Vec<f64>], reference: &[f64], new: &[f64], samples: usize) -> f64 {
    // Share of a uniform sample in [new, reference] that no front point dominates.
    if new.iter().zip(reference).any(|(n, r)| n >= r) {
        return 0.0;
    }
    let mut rng = crate::rng::stream(3, "test gain", 0);
    let volume: f64 = new.iter().zip(reference).map(|(n, r)| r - n).product();
    let free = (0..samples).filter(|_| {
        let at: Vec<f64> =
            new.iter().zip(reference).map(|(n, r)| n + (r - n) * rng.random::<f64>()).collect();
        !front.iter().any(|p| p.iter().zip(&at).all(|(p, a)| p <= a))
    });
    volume * free.count() as f64 / samples as f64
}

#[test]
fn boxes_hold_the_gain_of_a_certain_point() {
    for m in 1..=3 {
        let (front, reference) = (front(m, 12), vec![1.1; m]);
        let boxes = Boxes::new(&front, &reference);
        let new = vec![0.45; m];
        let found = boxes.log_value(&new, &vec![1e-9; m]).exp();
        let expected = hypervolume_gain(&front, &reference, &new, 200_000);
        assert!((found - expected).abs() < 0.01 * expected, "M = {m}: {found} against {expected}");
    }
}

#[test]
fn boxes_agree_with_monte_carlo() {
    for m in 1..=3 {
        let (front, reference) = (front(m, 10), vec![1.1; m]);
        let boxes = Boxes::new(&front, &reference);
        let (mean, sd) = (vec![0.7; m], vec![0.15; m]);
        let found = boxes.log_value(&mean, &sd).exp();
        let mut rng = crate::rng::stream(5, "test normal", m as u64);
        let gains: Vec<f64> = (0..40_000)
            .map(|_| {
                let y: Vec<f64> = mean
                    .iter()
                    .zip(&sd)
                    .map(|(m, s)| m + s * Distribution::<f64>::sample(&StandardNormal, &mut rng))
                    .collect();
                // The gain of one draw is what the boxes hold at its certain place: checked above.
                boxes.log_value(&y, &vec![1e-9; m]).exp()
            })
            .collect();
        let n = gains.len() as f64;
        let average = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|g| (g - average).powi(2)).sum::<f64>() / n;
        let error = (variance / n).sqrt();
        assert!((found - average).abs() < 4.0 * error, "M = {m}: {found} against {average} ± {error}");
    }
}

#[test]
fn directions_order_points_as_boxes_do() {
    for m in 2..=3 {
        let (front, reference) = (front(m, 10), vec![1.1; m]);
        let boxes = Boxes::new(&front, &reference);
        let directions = Directions::new(&front, &reference, unit_directions(m, 20_000));
        let mut offsets = Vec::new();
        for (level, spread) in [(0.5, 0.1), (0.65, 0.2), (0.8, 0.05), (1.0, 0.3), (1.3, 0.2)] {
            let mean: Vec<f64> = (0..m).map(|k| level + 0.05 * k as f64).collect();
            let sd = vec![spread; m];
            let exact = boxes.log_value(&mean, &sd);
            let approximate = directions.log_value(&mean, &sd);
            offsets.push(approximate - exact);
        }
        // Both are logarithms up to a constant: M π^{M/2} / (Γ(M/2 + 1) 2^M) over the dimension.
        let volume: f64 = [0.0, 0.0, std::f64::consts::FRAC_PI_4, std::f64::consts::PI / 6.0][m];
        let constant = -(volume * m as f64).ln();
        let close = offsets.iter().all(|o| (o - constant).abs() < 0.1);
        assert!(close, "M = {m}: {offsets:?} against {constant}");
    }
}

#[test]
fn the_rough_value_is_that_of_every_other_direction() {
    let (front, reference, all) = (front(4, 8), vec![1.1; 4], unit_directions(4, 33));
    let half = all.iter().step_by(2).cloned().collect();
    let (mean, sd) = ([0.5, 0.6, 0.7, 0.8], [0.2; 4]);
    let rough = Directions::new(&front, &reference, all).rough_log_value(&mean, &sd);
    let value = Directions::new(&front, &reference, half).log_value(&mean, &sd);
    assert!((rough - value).abs() < 1e-12, "{rough} against {value}");
}

#[test]
fn gradients_agree_with_central_differences() {
    for m in [1, 2, 3, 5, 8] {
        let (front, reference) = (front(m, 8), vec![1.1; m]);
        let mut forms = vec![];
        if m <= 3 {
            forms.push(Improvement::Boxes(Boxes::new(&front, &reference)));
        }
        if m >= 2 {
            let directions = unit_directions(m, 16);
            forms.push(Improvement::Directions(Directions::new(&front, &reference, directions.clone())));
            forms.push(Improvement::Directions(Directions::new(&[], &reference, directions)));
        }
        for form in &forms {
            for (level, spread) in [(0.5, 0.2), (0.9, 0.05), (2.0, 0.1), (6.0, 0.05)] {
                let mean: Vec<f64> = (0..m).map(|k| level + 0.07 * k as f64).collect();
                let sd: Vec<f64> = (0..m).map(|k| spread * (1.0 + 0.2 * k as f64)).collect();
                let (mut dm, mut ds) = (vec![0.0; m], vec![0.0; m]);
                let value = form.log_value_with_gradient(&mean, &sd, &mut dm, &mut ds);
                assert!(value.is_finite());
                assert!((value - form.log_value(&mean, &sd)).abs() < 1e-10);
                let at = |mean: &[f64], sd: &[f64]| form.log_value(mean, sd);
                for k in 0..m {
                    for (kind, found) in [("mean", dm[k]), ("sd", ds[k])] {
                        let step = 1e-6 * sd[k].min(1.0);
                        let moved = |sign: f64| {
                            let (mut mean, mut sd) = (mean.clone(), sd.clone());
                            let moving = if kind == "mean" { &mut mean } else { &mut sd };
                            moving[k] += sign * step;
                            at(&mean, &sd)
                        };
                        let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
                        let error = (slope - found).abs() / slope.abs().max(1.0);
                        assert!(
                            error < 2e-5,
                            "M = {m}, level {level}, {kind} {k}: {slope} against {found}, {form:?}"
                        );
                    }
                }
            }
        }
    }
}
