//! The loops in which the time goes, over one coordinate of many points.
//!
//! Compiled for several instruction sets, of which the processor's best is chosen at run time. Each
//! element is computed alike in all of them, and sums run in eight lanes in any: results do not
//! depend on the choice.

use multiversion::multiversion;

const LANES: usize = 8;

/// acc_i += Σ_k weight_k r_k, r = u / (1 + u), u = scale_k (x_k − column_k,i)², for two coordinates:
/// division is what costs, and both share one.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn add_saturations(
    columns: [&[f64]; 2],
    x: [f64; 2],
    scale: [f64; 2],
    weight: [f64; 2],
    acc: &mut [f64],
) {
    let [a, b] = columns;
    for ((a, b), acc) in a.iter().zip(b).zip(acc) {
        let u = scale[0] * (x[0] - a) * (x[0] - a);
        let v = scale[1] * (x[1] - b) * (x[1] - b);
        let (p, q) = (1.0 + u, 1.0 + v);
        *acc += (weight[0] * u * q + weight[1] * v * p) / (p * q);
    }
}

/// acc_i += scale (x − column_i)².
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn add_squares(column: &[f64], x: f64, scale: f64, acc: &mut [f64]) {
    for (c, acc) in column.iter().zip(acc) {
        *acc += scale * (x - c) * (x - c);
    }
}

/// (Σ_i c_i r_i, Σ_i c_i r_i (1 − r_i)).
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn saturation_sums(column: &[f64], x: f64, scale: f64, c: &[f64]) -> (f64, f64) {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let mut term = |lane: usize, point: f64, c: f64| {
        let u = scale * (x - point) * (x - point);
        let rest = 1.0 / (1.0 + u);
        let t = c * u * rest;
        first[lane] += t;
        second[lane] += t * rest;
    };
    let (points, cs) = (column.chunks_exact(LANES), c.chunks_exact(LANES));
    let tail = points.remainder().iter().zip(cs.remainder()).enumerate();
    tail.for_each(|(lane, (p, c))| term(lane, *p, *c));
    for (points, cs) in points.zip(cs) {
        for lane in 0..LANES {
            term(lane, points[lane], cs[lane]);
        }
    }
    (total(&first), total(&second))
}

/// Σ_i c_i u_i.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn square_sum(column: &[f64], x: f64, scale: f64, c: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let mut term = |lane: usize, point: f64, c: f64| {
        sums[lane] += c * scale * (x - point) * (x - point);
    };
    let (points, cs) = (column.chunks_exact(LANES), c.chunks_exact(LANES));
    let tail = points.remainder().iter().zip(cs.remainder()).enumerate();
    tail.for_each(|(lane, (p, c))| term(lane, *p, *c));
    for (points, cs) in points.zip(cs) {
        for lane in 0..LANES {
            term(lane, points[lane], cs[lane]);
        }
    }
    total(&sums)
}

/// Σ_i a_i s_i and Σ_i b_i s_i with s = (x − column_i) (1 − r_i)².
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn saturation_slopes(column: &[f64], x: f64, scale: f64, a: &[f64], b: &[f64]) -> (f64, f64) {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let mut term = |lane: usize, point: f64, a: f64, b: f64| {
        let rest = 1.0 / (1.0 + scale * (x - point) * (x - point));
        let slope = (x - point) * rest * rest;
        first[lane] += a * slope;
        second[lane] += b * slope;
    };
    let (points, a8, b8) = (column.chunks_exact(LANES), a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail = points.remainder().iter().zip(a8.remainder()).zip(b8.remainder()).enumerate();
    tail.for_each(|(lane, ((p, a), b))| term(lane, *p, *a, *b));
    for ((points, a), b) in points.zip(a8).zip(b8) {
        for lane in 0..LANES {
            term(lane, points[lane], a[lane], b[lane]);
        }
    }
    (total(&first), total(&second))
}

/// The same with s = x − column_i.
#[multiversion(targets("x86_64+avx512f+avx512dq+avx512vl", "x86_64+avx2", "aarch64+neon"))]
pub fn difference_slopes(column: &[f64], x: f64, a: &[f64], b: &[f64]) -> (f64, f64) {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    let mut term = |lane: usize, point: f64, a: f64, b: f64| {
        first[lane] += a * (x - point);
        second[lane] += b * (x - point);
    };
    let (points, a8, b8) = (column.chunks_exact(LANES), a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail = points.remainder().iter().zip(a8.remainder()).zip(b8.remainder()).enumerate();
    tail.for_each(|(lane, ((p, a), b))| term(lane, *p, *a, *b));
    for ((points, a), b) in points.zip(a8).zip(b8) {
        for lane in 0..LANES {
            term(lane, points[lane], a[lane], b[lane]);
        }
    }
    (total(&first), total(&second))
}

#[inline]
fn total(lanes: &[f64; LANES]) -> f64 {
    lanes.iter().sum()
}
