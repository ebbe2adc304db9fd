//! Fronts to measure on.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// n points drawn uniformly from the positive orthant of the unit sphere, as on DTLZ2's front.
pub fn sphere(n: usize, objectives: usize) -> Vec<Vec<f64>> {
    drawn(
        n,
        objectives,
        |rng| {
            let x: f64 = StandardNormal.sample(rng);
            x.abs()
        },
        |p| p.iter().map(|x| x * x).sum::<f64>().sqrt(),
    )
}

/// n points drawn uniformly from the simplex of non-negative coordinates that sum to ½, as on DTLZ1's
/// front.
pub fn linear(n: usize, objectives: usize) -> Vec<Vec<f64>> {
    drawn(n, objectives, |rng| Exp1.sample(rng), |p| 2.0 * p.iter().sum::<f64>())
}

fn drawn(
    n: usize,
    objectives: usize,
    coordinate: impl Fn(&mut ChaCha8Rng) -> f64,
    length: impl Fn(&[f64]) -> f64,
) -> Vec<Vec<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut point = || {
        let point: Vec<f64> = (0..objectives).map(|_| coordinate(&mut rng)).collect();
        let length = length(&point);
        point.into_iter().map(|x| x / length).collect()
    };
    (0..n).map(|_| point()).collect()
}
