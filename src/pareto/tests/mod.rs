//! Oracles and point sets for what has to do with hypervolume.

mod contribution;
mod front;
mod hypervolume;

use proptest::prelude::*;

/// Sum over all non-empty subsets, alternating in sign, of the volume their boxes share.
fn inclusion_exclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside: Vec<&Vec<f64>> =
        points.iter().filter(|p| p.iter().zip(reference).all(|(x, r)| x < r)).collect();
    (1_u32..1 << inside.len())
        .map(|subset| {
            let members = (0..inside.len()).filter(|k| subset >> k & 1 == 1);
            let side =
                |m: usize| reference[m] - members.clone().map(|k| inside[k][m]).fold(f64::MIN, f64::max);
            let shared: f64 = (0..reference.len()).map(side).product();
            if subset.count_ones() % 2 == 1 { shared } else { -shared }
        })
        .sum()
}

/// How many of the unit cells of the cube from 0 to `side` are dominated, for whole coordinates.
fn dominated_cells(points: &[Vec<f64>], side: usize, objectives: usize) -> f64 {
    let all = side.pow(objectives as u32);
    let covered = |cell: &usize| {
        let corner = |m: usize| (cell / side.pow(m as u32) % side) as f64;
        points.iter().any(|p| p.iter().enumerate().all(|(m, x)| *x <= corner(m)))
    };
    (0..all).filter(covered).count() as f64
}

/// Point k, objective m: the fractional part of (k + 1) √p for the m-th prime p.
fn weyl(n: usize, objectives: usize) -> Vec<Vec<f64>> {
    let primes = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0];
    let point = |k: usize| primes[..objectives].iter().map(move |p| (k as f64 * p.sqrt()).fract());
    (1..=n).map(|k| point(k).collect()).collect()
}

/// The same directions, on the unit sphere.
fn sphere(n: usize, objectives: usize) -> Vec<Vec<f64>> {
    let mut points = weyl(n, objectives);
    for point in &mut points {
        point.iter_mut().for_each(|x| *x += 0.01);
        let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt();
        point.iter_mut().for_each(|x| *x /= norm);
    }
    points
}

/// All points with whole coordinates that sum to n.
fn simplex(n: usize, objectives: usize) -> Vec<Vec<f64>> {
    if objectives == 1 {
        return vec![vec![n as f64]];
    }
    let mut points = Vec::new();
    for first in 0..=n {
        for mut rest in simplex(n - first, objectives - 1) {
            rest.insert(0, first as f64);
            points.push(rest);
        }
    }
    points
}

/// Up to `most` points with whole coordinates from 0 to 4, as many ties as can be; a reference of 4
/// leaves some on its edge.
fn on_a_grid(most: usize) -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
    points_of((0_i32..=4).prop_map(f64::from).boxed(), most)
}

/// Up to `most` points about the unit cube, some coordinates in sevenths.
fn anywhere(most: usize) -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
    let sevenths = (-1_i32..=8).prop_map(|k| f64::from(k) / 7.0);
    points_of(prop_oneof![-0.1..1.2_f64, sevenths].boxed(), most)
}

fn points_of(
    coordinate: BoxedStrategy<f64>,
    most: usize,
) -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
    (1_usize..=8).prop_flat_map(move |m| {
        let point = proptest::collection::vec(coordinate.clone(), m);
        (proptest::collection::vec(point, 0..=most), Just(m))
    })
}
