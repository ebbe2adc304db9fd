//! Maximizing the acquisition: many raw points, a few climbs.

use super::acquire::Acquire;
use super::model::MOST_BELIEVED;
use crate::optimize::minimize;
use crate::problem::{Region, Space};
use crate::strategy::StrategyError;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

/// Raw points: half of them anywhere, half near non-dominated trials.
const RAW: usize = 256;
/// Iterations of one climb.
const ITERATIONS: u64 = 40;
/// Turns between floats and the rest, and neighbours gone to in one of them.
const TURNS: usize = 4;
const STEPS: usize = 30;
/// Coordinates moved at once near a non-dominated trial, on average.
const MOVED: f64 = 20.0;

/// The best point found, within the region and snapped. With very many trials `pending` it is the best
/// of the raw points: a batch of thousands is spread by what is believed of it, not by climbs.
///
/// # Errors
/// The acquisition is finite nowhere.
pub fn maximize(
    acquire: &Acquire,
    (region, space): (&Region, &Space),
    pending: usize,
    rng: &mut ChaCha8Rng,
) -> Result<Vec<f64>, StrategyError> {
    let mut raw: Vec<Vec<f64>> = (0..RAW).map(|i| raw_point(i, acquire, region, rng)).collect();
    if space.is_mixed() {
        // What lies between integers, or is a bit of every choice, is no design.
        raw.iter_mut().for_each(|x| *x = space.snap(x));
    }
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
    let climb = |i: &usize| match space.is_mixed() {
        true => alternate(acquire, region, space, &raw[*i]),
        false => climb(acquire, region, &raw[*i], None),
    };
    let climbed: Vec<Vec<f64>> = starts.par_iter().map(climb).collect();
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

/// Climbs over the floats, then over the integers and choices from neighbour to neighbour, in turns until
/// neither helps: the acquisition is met only where designs are (Garrido-Merchán and Hernández-Lobato 2020,
/// arXiv 1805.03463; in turns as Wan et al. 2021, arXiv 2102.07188).
fn alternate(acquire: &Acquire, region: &Region, space: &Space, start: &[f64]) -> Vec<f64> {
    let floats = space.floats();
    let mut here = region.project(start);
    let mut value = acquire.value(&here);
    for _ in 0..TURNS {
        if floats.contains(&true) {
            let there = region.project(&climb(acquire, region, &here, Some(&floats)));
            let reached = acquire.value(&there);
            if reached > value {
                (here, value) = (there, reached);
            }
        }
        let Some((there, reached)) = walk(acquire, region, space, &here, value) else { break };
        (here, value) = (there, reached);
    }
    here
}

/// Goes to the best neighbour as long as there is a better one; `None` if the first has none.
fn walk(
    acquire: &Acquire,
    region: &Region,
    space: &Space,
    start: &[f64],
    value: f64,
) -> Option<(Vec<f64>, f64)> {
    let (mut here, mut value) = (start.to_vec(), value);
    for step in 0..STEPS {
        let mut neighbours = space.neighbours(&here);
        if region.is_constrained() {
            neighbours.iter_mut().for_each(|x| *x = region.project(x));
        }
        let rough = acquire.rough_values(&neighbours);
        let best = (0..neighbours.len())
            .filter(|i| rough[*i].is_finite())
            .reduce(|a, b| if rough[b] > rough[a] { b } else { a });
        let there = best.map(|i| (acquire.value(&neighbours[i]), i)).filter(|(there, _)| *there > value);
        match there {
            Some((reached, i)) => (here, value) = (neighbours.swap_remove(i), reached),
            None if step == 0 => return None,
            None => break,
        }
    }
    Some((here, value))
}

/// Climbs from a point: by quasi-Newton steps in the cube, or along projected gradients where linear
/// constraints cut it. Coordinates that are not `free` stay.
fn climb(acquire: &Acquire, region: &Region, start: &[f64], free: Option<&[bool]>) -> Vec<f64> {
    if region.is_constrained() {
        return climb_projected(acquire, region, start, free);
    }
    let d = start.len();
    let bound = |at: f64| -> Vec<f64> {
        let of = |j: usize| if free.is_none_or(|free| free[j]) { at } else { start[j] };
        (0..d).map(of).collect()
    };
    let cost = |x: &[f64], gradient: &mut [f64]| {
        let value = acquire.value_with_gradient(x, gradient);
        gradient.iter_mut().for_each(|g| *g = -*g);
        -value
    };
    let found = minimize(cost, start, &bound(0.0), &bound(1.0), ITERATIONS);
    found.map_or_else(|_| start.to_vec(), |minimum| minimum.x)
}

fn climb_projected(
    acquire: &Acquire,
    region: &Region,
    start: &[f64],
    free: Option<&[bool]>,
) -> Vec<f64> {
    let value_at = |x: &[f64], gradient: &mut [f64]| {
        let value = acquire.value_with_gradient(x, gradient);
        let held = |j: &usize| free.is_some_and(|free| !free[*j]);
        (0..x.len()).filter(held).for_each(|j| gradient[j] = 0.0);
        value
    };
    let mut gradient = vec![0.0; start.len()];
    let mut here = start.to_vec();
    let mut value = value_at(&here, &mut gradient);
    let mut step = 0.1;
    for _ in 0..ITERATIONS {
        let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        if !value.is_finite() || !norm.is_finite() || norm == 0.0 || step < 1e-6 {
            break;
        }
        let ahead: Vec<f64> = here.iter().zip(&gradient).map(|(x, g)| x + step * g / norm).collect();
        let there = region.project(&ahead);
        let mut slope = vec![0.0; there.len()];
        let reached = value_at(&there, &mut slope);
        if reached > value {
            (here, value, gradient) = (there, reached, slope);
            step *= 1.5;
        } else {
            step *= 0.4;
        }
    }
    here
}
