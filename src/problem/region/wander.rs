//! Hit-and-run: a random walk that fills the allowed floats evenly.

use super::nearest::{Basis, dot};
use super::polytope::{Axis, Slice};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

/// Directions shorter than this after projection are rounding.
const NO_DIRECTION: f64 = 1e-9;

/// Walks `steps` steps through a slice from `z`, a point of it, and returns the free coordinates.
/// The walk's distribution is uniform in the unit cube, that is in the logarithm for axes on a
/// logarithmic scale (Smith 1984, doi 10.1287/opre.32.6.1296; Metropolis steps there).
pub(super) fn wander(
    slice: &Slice,
    axes: &[Axis],
    z: &[f64],
    steps: usize,
    rng: &mut impl Rng,
) -> Vec<f64> {
    let mut at = slice.part(z);
    let axes: Vec<&Axis> = slice.free.iter().map(|k| &axes[*k]).collect();
    let mut basis = Basis::default();
    for face in slice.faces.iter().filter(|f| f.equality) {
        let (_, rest) = basis.split(&face.normal);
        if dot(&rest, &rest).sqrt() > NO_DIRECTION {
            basis.push(&face.normal);
        }
    }
    for step in 0..if at.is_empty() { 0 } else { steps } {
        // Every other step along one axis, which gets out of narrow corners.
        let mut direction = vec![0.0; at.len()];
        let single = rng.random_range(0..at.len());
        if step % 2 == 0 {
            direction[single] = 1.0;
        } else {
            direction.iter_mut().for_each(|x| *x = StandardNormal.sample(rng));
        }
        let (_, direction) = basis.split(&direction);
        if dot(&direction, &direction).sqrt() < NO_DIRECTION {
            continue;
        }
        let (back, ahead) = chord(slice, &at, &direction);
        let along_one_log = step % 2 == 0
            && axes[single].log
            && direction.iter().enumerate().all(|(k, x)| k == single || *x == 0.0);
        if along_one_log {
            let x = |t: f64| axes[single].natural(at[single] + t * direction[single]);
            let (low, high) = (x(back).ln(), x(ahead).ln());
            let x = (low + rng.random::<f64>() * (high - low)).exp();
            at[single] = ((x - axes[single].lower) / axes[single].range()).clamp(0.0, 1.0);
            continue;
        }
        let t = back + rng.random::<f64>() * (ahead - back);
        let proposal: Vec<f64> = at.iter().zip(&direction).map(|(z, d)| z + t * d).collect();
        let log_density = |z: &[f64]| -> f64 {
            let logs = axes.iter().zip(z).filter(|(axis, _)| axis.log);
            -logs.map(|(axis, z)| axis.natural(*z).ln()).sum::<f64>()
        };
        if rng.random::<f64>().ln() < log_density(&proposal) - log_density(&at) {
            at = proposal;
        }
    }
    at
}

/// How far one can go back (at most 0) and ahead (at least 0) inside the slice and the cube.
fn chord(slice: &Slice, at: &[f64], direction: &[f64]) -> (f64, f64) {
    let (mut back, mut ahead) = (f64::NEG_INFINITY, f64::INFINITY);
    let mut limit = |room: f64, speed: f64| {
        let t = room.max(0.0) / speed.abs();
        if speed > 0.0 {
            ahead = ahead.min(t);
        } else if speed < 0.0 {
            back = back.max(-t);
        }
    };
    for face in slice.faces.iter().filter(|f| !f.equality) {
        limit(face.bound - dot(&face.normal, at), dot(&face.normal, direction));
    }
    for (z, d) in at.iter().zip(direction) {
        limit(1.0 - z, *d);
        limit(*z, -d);
    }
    (back, ahead)
}
