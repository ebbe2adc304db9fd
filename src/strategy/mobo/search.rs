//! Maximizing the acquisition: many raw points, a few climbs.

use super::acquire::Acquire;
use super::model::MOST_BELIEVED;
use crate::optimize::minimize;
use crate::problem::Region;
use crate::strategy::StrategyError;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Raw points: half of them anywhere, half near non-dominated trials.
const RAW: usize = 256;
/// Iterations of one climb.
const ITERATIONS: u64 = 40;
/// Coordinates moved at once near a non-dominated trial, on average.
const MOVED: f64 = 20.0;

/// The best point found, within the region and snapped. With very many trials `pending` it is the best
/// of the raw points: a batch of thousands is spread by what is believed of it, not by climbs.
///
/// # Errors
/// The acquisition is finite nowhere.
pub fn maximize(
    acquire: &Acquire,
    region: &Region,
    pending: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f64>, StrategyError> {
    let raw: Vec<Vec<f64>> = (0..RAW).map(|i| raw_point(i, acquire, region, rng)).collect();
    let values = acquire.rough_values(&raw);
    let mut order: Vec<usize> = (0..RAW).filter(|i| values[*i].is_finite()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let Some(&best) = order.first() else {
        return Err(StrategyError::Numerics("the acquisition is finite nowhere".into()));
    };
    if pending > MOST_BELIEVED {
        return Ok(region.project(&raw[best]));
    }
    let mut starts = vec![best];
    starts.extend(order.iter().find(|i| is_global(**i)));
    starts.push(boltzmann(&order, &values, rng));
    starts.dedup();
    let climbed: Vec<Vec<f64>> = starts.par_iter().map(|i| climb(acquire, region, &raw[*i])).collect();
    let ends = climbed.into_iter().chain([raw[best].clone()]).map(|x| region.project(&x));
    let valued = ends.map(|x| (acquire.value(&x), x)).filter(|(value, _)| value.is_finite());
    // The first of equals: the order is fixed, so that a restart chooses alike.
    valued
        .reduce(|a, b| if b.0 > a.0 { b } else { a })
        .map(|(_, x)| x)
        .ok_or_else(|| StrategyError::Numerics("the acquisition is finite nowhere".into()))
}

fn is_global(i: usize) -> bool {
    i.is_multiple_of(2)
}

fn raw_point(i: usize, acquire: &Acquire, region: &Region, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let d = acquire.dimension();
    let mut x: Vec<f64> = (0..d).map(|_| rng.random()).collect();
    if !is_global(i) && !acquire.front.is_empty() {
        let share = (MOVED / d as f64).min(1.0);
        let near = &acquire.front[rng.random_range(0..acquire.front.len())];
        // Steps of all sizes from 1/300 to half of the cube.
        let step = 10_f64.powf(rng.random_range(-2.5..-0.3));
        for (x, near) in x.iter_mut().zip(near) {
            let to = near + step * (2.0 * *x - 1.0);
            *x = if rng.random_bool(share) { to.clamp(0.0, 1.0) } else { *near };
        }
    }
    if region.is_constrained() { region.project(&x) } else { x }
}

/// One of the finite raw points, drawn with its acquisition as weight.
fn boltzmann(order: &[usize], values: &[f64], rng: &mut ChaCha8Rng) -> usize {
    let weight = |i: &usize| (values[*i] - values[order[0]]).exp();
    let mut left = rng.random::<f64>() * order.iter().map(weight).sum::<f64>();
    for i in order {
        left -= weight(i);
        if left <= 0.0 {
            return *i;
        }
    }
    order[0]
}

/// Climbs from a point: by quasi-Newton steps in the cube, or along projected gradients where linear
/// constraints cut it.
fn climb(acquire: &Acquire, region: &Region, start: &[f64]) -> Vec<f64> {
    if region.is_constrained() {
        return climb_projected(acquire, region, start);
    }
    let d = start.len();
    let cost = |x: &[f64], gradient: &mut [f64]| {
        let value = acquire.value_with_gradient(x, gradient);
        gradient.iter_mut().for_each(|g| *g = -*g);
        -value
    };
    let found = minimize(cost, start, &vec![0.0; d], &vec![1.0; d], ITERATIONS);
    found.map_or_else(|_| start.to_vec(), |minimum| minimum.x)
}

fn climb_projected(acquire: &Acquire, region: &Region, start: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; start.len()];
    let mut here = start.to_vec();
    let mut value = acquire.value_with_gradient(&here, &mut gradient);
    let mut step = 0.1;
    for _ in 0..ITERATIONS {
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        if !value.is_finite() || !norm.is_finite() || norm == 0.0 || step < 1e-6 {
            break;
        }
        let ahead: Vec<f64> = here.iter().zip(&gradient).map(|(x, g)| x + step * g / norm).collect();
        let there = region.project(&ahead);
        let mut slope = vec![0.0; there.len()];
        let reached = acquire.value_with_gradient(&there, &mut slope);
        if reached > value {
            (here, value, gradient) = (there, reached, slope);
            step *= 1.5;
        } else {
            step *= 0.4;
        }
    }
    here
}
