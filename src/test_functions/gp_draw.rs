//! Draws of Gaussian processes: neutral ground, where no formula favours a method's trick.
//!
//! Every objective is an independent draw with mean 0 and variance 1 on `[0, 1]^d`:
//!
//! | name | kernel, r² = Σ_j (x_j - x'_j)² / l_j² |
//! |---|---|
//! | `gp-rbf` | exp(-r²/2) |
//! | `gp-matern52` | (1 + √5 r + 5r²/3) exp(-√5 r) |
//! | `gp-rq` | 1 / (1 + r²/2): rational quadratic, exponent 1 |
//!
//! A draw is a sum of 1,024 random Fourier features (Rahimi and Recht, NeurIPS 2007):
//! `f(x) = 1024^-½ Σ_i a_i cos(ω_i·x) + b_i sin(ω_i·x)`, a and b normal, ω_i from the kernel's
//! spectrum: normal with scales `1/l_j` for rbf, times `√(5/χ²_5)` for matern52 (a t distribution with
//! 5 degrees of freedom), times the root of an exponential variable for rq. Over all draws mean and
//! covariance are exactly those of the kernel.
//!
//! **Lengths** grow with `√d`, as in arXiv 2402.02229, where it keeps problems of any dimension about
//! equally hard: distances in the box grow alike. Every objective has lengths of its own,
//! `l_j ∝ exp(N(0, 1/2))`, scaled to `Σ_j 1/l_j² = 1/λ²` (all equal, `l = λ√d`). Two random points of
//! the box then have `E r² = 1/(6λ²)`, and an rbf draw has a share `T^p e^-T / p!` of its variance in
//! terms of degree p, where `T = 1/(12λ²)`, whatever d is (of its expansion at the centre):
//!
//! | name | λ | constant, linear, quadratic, higher |
//! |---|---|---|
//! | `-long` | 0.5 | 0.72, 0.24, 0.04, 0.00 |
//! | plain | 0.3 | 0.40, 0.37, 0.17, 0.07 |
//! | `-short` | 0.2 | 0.12, 0.26, 0.27, 0.35 |
//!
//! A plain draw in 10 to 30 parameters can thus be learned in part from 100 trials: neither trivial
//! nor hopeless.
//!
//! The reference point is the 0.9 quantile of each objective over 512 scrambled Sobol points: a
//! random design is below it in most objectives, so the raw hypervolume grows from the first trials
//! on. The maximal hypervolume is not known.

use super::{Entry, Make, MaxHypervolume, Size, TestFunction};
use crate::doe::Sobol;
use crate::rng;
use ndarray::{Array1, Array2, ArrayView1};
use rand::{Rng, RngExt};
use rand_distr::{ChiSquared, Distribution, Exp1, StandardNormal};

const SOURCE: &str = "random Fourier features: Rahimi, Recht (NeurIPS 2007); lengths: arXiv 2402.02229";

const FEATURES: usize = 1024;
/// Sobol points behind the reference point, and the quantile of their values.
const SAMPLE: u64 = 512;
const QUANTILE: f64 = 0.9;
/// Standard deviation of the logarithm of lengths.
const LENGTH_SPREAD: f64 = 0.5;

const LONG: f64 = 0.5;
const PLAIN: f64 = 0.3;
const SHORT: f64 = 0.2;

/// All of them, for the table of all test functions.
pub const ENTRIES: &[Entry] = &[
    entry("gp-rbf", |d, m, seed| make("gp-rbf", Kernel::Rbf, PLAIN, d, m, seed)),
    entry("gp-rbf-short", |d, m, seed| make("gp-rbf-short", Kernel::Rbf, SHORT, d, m, seed)),
    entry("gp-rbf-long", |d, m, seed| make("gp-rbf-long", Kernel::Rbf, LONG, d, m, seed)),
    entry("gp-matern52", |d, m, seed| make("gp-matern52", Kernel::Matern52, PLAIN, d, m, seed)),
    entry("gp-matern52-short", |d, m, seed| {
        make("gp-matern52-short", Kernel::Matern52, SHORT, d, m, seed)
    }),
    entry("gp-matern52-long", |d, m, seed| make("gp-matern52-long", Kernel::Matern52, LONG, d, m, seed)),
    entry("gp-rq", |d, m, seed| make("gp-rq", Kernel::Rq, PLAIN, d, m, seed)),
    entry("gp-rq-short", |d, m, seed| make("gp-rq-short", Kernel::Rq, SHORT, d, m, seed)),
    entry("gp-rq-long", |d, m, seed| make("gp-rq-long", Kernel::Rq, LONG, d, m, seed)),
];

const fn entry(name: &'static str, make: fn(usize, usize, u64) -> Box<dyn TestFunction>) -> Entry {
    Entry {
        name,
        source: SOURCE,
        // Features take 8 kB per parameter and objective.
        parameters: Size::Between { least: 1, most: 500, usual: 20 },
        objectives: Size::Between { least: 2, most: 10, usual: 3 },
        make: Make::Drawn(make),
    }
}

#[derive(Debug, Clone, Copy)]
enum Kernel {
    Rbf,
    Matern52,
    Rq,
}

impl Kernel {
    /// What multiplies a normal frequency.
    fn stretch(self, draws: &mut impl Rng) -> f64 {
        match self {
            Self::Rbf => 1.0,
            Self::Matern52 => {
                let chi: f64 = ChiSquared::new(5.0).expect("5 is positive").sample(draws);
                (5.0 / chi).sqrt()
            }
            Self::Rq => draws.sample::<f64, _>(Exp1).sqrt(),
        }
    }
}

/// One draw of one process.
#[derive(Debug)]
struct Draw {
    /// Features × d.
    frequencies: Array2<f64>,
    cosines: Array1<f64>,
    sines: Array1<f64>,
}

impl Draw {
    fn new(kernel: Kernel, lengths: &[f64], draws: &mut impl Rng) -> Self {
        let mut frequencies =
            Array2::from_shape_simple_fn((FEATURES, lengths.len()), || draws.sample(StandardNormal));
        for mut feature in frequencies.rows_mut() {
            let stretch = kernel.stretch(draws);
            feature.iter_mut().zip(lengths).for_each(|(w, l): (&mut f64, _)| *w *= stretch / l);
        }
        let scale = (FEATURES as f64).sqrt().recip();
        let mut amplitudes =
            || Array1::from_shape_simple_fn(FEATURES, || scale * draws.sample::<f64, _>(StandardNormal));
        Self { frequencies, cosines: amplitudes(), sines: amplitudes() }
    }

    fn at(&self, x: ArrayView1<'_, f64>) -> f64 {
        let phases = self.frequencies.dot(&x);
        let waves = phases.iter().zip(&self.cosines).zip(&self.sines);
        waves.map(|((t, a), b)| a * t.cos() + b * t.sin()).sum()
    }
}

/// Lengths with `Σ 1/l² = 1/λ²`.
fn lengths(dimension: usize, lambda: f64, draws: &mut impl Rng) -> Vec<f64> {
    let normal = |_| (LENGTH_SPREAD * draws.sample::<f64, _>(StandardNormal)).exp();
    let raw: Vec<f64> = (0..dimension).map(normal).collect();
    let scale = lambda * raw.iter().map(|l| l.powi(-2)).sum::<f64>().sqrt();
    raw.iter().map(|l| l * scale).collect()
}

#[derive(Debug)]
struct GpDraw {
    name: &'static str,
    dimension: usize,
    draws: Vec<Draw>,
    reference: Vec<f64>,
}

fn make(
    name: &'static str,
    kernel: Kernel,
    lambda: f64,
    dimension: usize,
    objectives: usize,
    seed: u64,
) -> Box<dyn TestFunction> {
    let one = |m: usize| {
        let mut draws = rng::stream(seed, "gp draw", m as u64);
        let lengths = lengths(dimension, lambda, &mut draws);
        Draw::new(kernel, &lengths, &mut draws)
    };
    let draws: Vec<Draw> = (0..objectives).map(one).collect();
    let sobol = Sobol::new(seed, "gp reference", dimension);
    let sample: Vec<Array1<f64>> = (0..SAMPLE).map(|k| sobol.point(k).into()).collect();
    let quantile = |draw: &Draw| {
        let mut values: Vec<f64> = sample.iter().map(|x| draw.at(x.view())).collect();
        values.sort_by(f64::total_cmp);
        values[(QUANTILE * SAMPLE as f64) as usize]
    };
    let reference = draws.iter().map(quantile).collect();
    Box::new(GpDraw { name, dimension, draws, reference })
}

impl TestFunction for GpDraw {
    fn name(&self) -> &'static str {
        self.name
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        self.draws.len()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        vec![(0.0, 1.0); self.dimension]
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.dimension, "one value per parameter");
        self.draws.iter().map(|draw| draw.at(ArrayView1::from(x))).collect()
    }

    fn reference_point(&self) -> Vec<f64> {
        self.reference.clone()
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Variant, by_name};
    use super::*;

    /// Covariance of many draws at pairs of points against the kernel, written down here once more.
    #[test]
    fn covariances_are_those_of_the_kernels() {
        const DRAWS: u64 = 2000;
        let lengths: [f64; 3] = [0.4, 0.9, 2.0];
        let points = [[0.1, 0.2, 0.3], [0.5, 0.2, 0.3], [0.2, 0.9, 0.8]].map(Array1::from_iter);
        let r2 = |i: usize, j: usize| -> f64 {
            let term = |k: usize| ((points[i][k] - points[j][k]) / lengths[k]).powi(2);
            (0..3).map(term).sum()
        };
        type Formula = fn(f64) -> f64;
        let kernels: [(Kernel, Formula); 3] = [
            (Kernel::Rbf, |r2| (-r2 / 2.0).exp()),
            (Kernel::Matern52, |r2| {
                let t = (5.0 * r2).sqrt();
                (1.0 + t + t * t / 3.0) * (-t).exp()
            }),
            (Kernel::Rq, |r2| 1.0 / (1.0 + r2 / 2.0)),
        ];
        for (kernel, formula) in kernels {
            let values: Vec<Vec<f64>> = (0..DRAWS)
                .map(|seed| {
                    let draw = Draw::new(kernel, &lengths, &mut rng::stream(seed, "test", 0));
                    points.iter().map(|x| draw.at(x.view())).collect()
                })
                .collect();
            for (i, j) in [(0, 0), (0, 1), (0, 2), (1, 2)] {
                let n = DRAWS as f64;
                let products: Vec<f64> = values.iter().map(|v| v[i] * v[j]).collect();
                let mean = products.iter().sum::<f64>() / n;
                let want = formula(r2(i, j));
                // Of a product of two normal variables the variance is 1 + correlation².
                let error = ((1.0 + want * want) / n).sqrt();
                assert!((mean - want).abs() < 3.5 * error, "{kernel:?} {i} {j}: {mean} {want}");
            }
        }
    }

    #[test]
    fn lengths_differ_and_keep_their_mean_square_reciprocal() {
        let lengths = lengths(30, 0.3, &mut rng::stream(1, "test", 0));
        let sum: f64 = lengths.iter().map(|l| l.powi(-2)).sum();
        assert!((sum - 0.3_f64.powi(-2)).abs() < 1e-10);
        assert!(lengths.windows(2).all(|l| l[0] != l[1]));
    }

    #[test]
    fn a_draw_belongs_to_its_seed() {
        let values = |seed| by_name("gp-rq", 4, 2, seed).unwrap().evaluate(&[0.1, 0.2, 0.3, 0.4]);
        assert_eq!(values(Some(Variant::Shifted(3))), values(Some(Variant::Shifted(3))));
        assert_ne!(values(Some(Variant::Shifted(3))), values(Some(Variant::Shifted(4))));
        assert_eq!(values(None), values(Some(Variant::Shifted(0))));
        let both = values(None);
        assert_ne!(both[0], both[1]);
    }

    #[test]
    fn nine_in_ten_random_designs_lie_below_each_reference_value() {
        let f = by_name("gp-matern52-short", 10, 3, None).unwrap();
        let reference = f.reference_point();
        let mut draws = rng::stream(1, "test", 0);
        let mut below = [0.0; 3];
        for _ in 0..2000 {
            let x: Vec<f64> = (0..10).map(|_| draws.random()).collect();
            let y = f.evaluate(&x);
            (0..3).for_each(|m| below[m] += f64::from(u8::from(y[m] < reference[m])) / 2000.0);
        }
        // The quantile's own error with 512 points is 0.013, less with Sobol's.
        assert!(below.iter().all(|share| (share - 0.9).abs() < 0.05), "{below:?}");
    }
}
