//! The seven DTLZ functions, for any number of objectives.

use super::quadrature::integral_of_running_minimum;
use super::{Distance, Entry, Make, MaxHypervolume, Size, TestFunction};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

/// Where the formulas come from; the numbering is that of this chapter.
pub const SOURCE: &str = "Deb, Thiele, Laumanns, Zitzler: Scalable test problems for evolutionary \
                          multiobjective optimization (2005), doi 10.1007/1-84628-137-7_6";

/// The seven, for the table of all test functions.
pub const ENTRIES: &[Entry] = &[
    entry("dtlz1", |d, m| make(Kind::Dtlz1, d, m)),
    entry("dtlz2", |d, m| make(Kind::Dtlz2, d, m)),
    entry("dtlz3", |d, m| make(Kind::Dtlz3, d, m)),
    entry("dtlz4", |d, m| make(Kind::Dtlz4, d, m)),
    entry("dtlz5", |d, m| make(Kind::Dtlz5, d, m)),
    entry("dtlz6", |d, m| make(Kind::Dtlz6, d, m)),
    entry("dtlz7", |d, m| make(Kind::Dtlz7, d, m)),
];

const fn entry(
    name: &'static str,
    make: fn(usize, usize) -> (Box<dyn TestFunction>, Distance),
) -> Entry {
    Entry {
        name,
        source: SOURCE,
        parameters: Size::AtLeastObjectives { usual: 20 },
        objectives: Size::AtLeast { least: 2, usual: 3 },
        make: Make::WithDistance(make),
    }
}

/// DTLZ2, for what is built on it.
pub fn dtlz2(dimension: usize, objectives: usize) -> (Box<dyn TestFunction>, Distance) {
    make(Kind::Dtlz2, dimension, objectives)
}

fn make(kind: Kind, dimension: usize, objectives: usize) -> (Box<dyn TestFunction>, Distance) {
    let function = Dtlz { kind, dimension, objectives };
    let distance = Distance { first: objectives - 1, optimum: function.distance_optimum() };
    (Box::new(function), distance)
}

/// How far a reference point lies beyond the far corner of the front.
const BEYOND: f64 = 1.1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dtlz1,
    Dtlz2,
    Dtlz3,
    Dtlz4,
    Dtlz5,
    Dtlz6,
    Dtlz7,
}

/// One of them: M - 1 position variables, then d - M + 1 distance variables, all in `[0, 1]`.
#[derive(Debug)]
struct Dtlz {
    kind: Kind,
    dimension: usize,
    objectives: usize,
}

impl Dtlz {
    /// Where in `[0, 1]` every distance variable is best.
    fn distance_optimum(&self) -> f64 {
        match self.kind {
            Kind::Dtlz6 | Kind::Dtlz7 => 0.0,
            _ => 0.5,
        }
    }

    /// The function called g: how far from the front; 0 on it (1 for DTLZ7).
    fn distance(&self, tail: &[f64]) -> f64 {
        match self.kind {
            Kind::Dtlz1 | Kind::Dtlz3 => {
                let wave = |x: f64| (x - 0.5).powi(2) - (20.0 * PI * (x - 0.5)).cos();
                100.0 * (tail.len() as f64 + tail.iter().map(|x| wave(*x)).sum::<f64>())
            }
            Kind::Dtlz2 | Kind::Dtlz4 | Kind::Dtlz5 => tail.iter().map(|x| (x - 0.5).powi(2)).sum(),
            Kind::Dtlz6 => tail.iter().map(|x| x.powf(0.1)).sum(),
            Kind::Dtlz7 => 1.0 + 9.0 * tail.iter().sum::<f64>() / tail.len() as f64,
        }
    }

    /// Angles of the spherical functions, each in `[0, π/2]`.
    fn angles(&self, head: &[f64], g: f64) -> Vec<f64> {
        let angle = |(i, x): (usize, &f64)| match self.kind {
            Kind::Dtlz4 => x.powi(100) * FRAC_PI_2,
            Kind::Dtlz5 | Kind::Dtlz6 if i > 0 => FRAC_PI_4 / (1.0 + g) * (1.0 + 2.0 * g * x),
            _ => x * FRAC_PI_2,
        };
        head.iter().enumerate().map(angle).collect()
    }

    /// Far corner of the box around the front.
    fn corner(&self) -> Vec<f64> {
        let m = self.objectives;
        match self.kind {
            Kind::Dtlz1 => vec![0.5; m],
            Kind::Dtlz7 => {
                let mut corner = vec![1.0; m];
                corner[m - 1] = 2.0 * m as f64;
                corner
            }
            _ => vec![1.0; m],
        }
    }
}

/// `first · second · …` for the first objective, one factor fewer and the `last` of the factor left
/// out for each further one: the pattern that all but DTLZ7 share.
fn nested_products(first: &[f64], last: &[f64]) -> Vec<f64> {
    let count = first.len();
    let entry = |m: usize| {
        let product: f64 = first[..count - m].iter().product();
        if m == 0 { product } else { product * last[count - m] }
    };
    (0..=count).map(entry).collect()
}

impl TestFunction for Dtlz {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Dtlz1 => "dtlz1",
            Kind::Dtlz2 => "dtlz2",
            Kind::Dtlz3 => "dtlz3",
            Kind::Dtlz4 => "dtlz4",
            Kind::Dtlz5 => "dtlz5",
            Kind::Dtlz6 => "dtlz6",
            Kind::Dtlz7 => "dtlz7",
        }
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        self.objectives
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        vec![(0.0, 1.0); self.dimension]
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.dimension, "one value per parameter");
        let (head, tail) = x.split_at(self.objectives - 1);
        let g = self.distance(tail);
        match self.kind {
            Kind::Dtlz1 => {
                let rest: Vec<f64> = head.iter().map(|x| 1.0 - x).collect();
                nested_products(head, &rest).iter().map(|p| 0.5 * (1.0 + g) * p).collect()
            }
            Kind::Dtlz7 => {
                let bumps: f64 = head.iter().map(|f| f / (1.0 + g) * (1.0 + (3.0 * PI * f).sin())).sum();
                let mut values = head.to_vec();
                values.push((1.0 + g) * (self.objectives as f64 - bumps));
                values
            }
            _ => {
                let angles = self.angles(head, g);
                let cosines: Vec<f64> = angles.iter().map(|t| t.cos()).collect();
                let sines: Vec<f64> = angles.iter().map(|t| t.sin()).collect();
                nested_products(&cosines, &sines).iter().map(|p| (1.0 + g) * p).collect()
            }
        }
    }

    /// 1.1 times the far corner of the front: 0.55 for DTLZ1, `(1.1, …, 1.1, 2.2 M)` for DTLZ7 and
    /// 1.1 for the others.
    fn reference_point(&self) -> Vec<f64> {
        self.corner().iter().map(|c| BEYOND * c).collect()
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        let m = self.objectives as i32;
        let (value, note) = match self.kind {
            Kind::Dtlz1 => (
                (0.5 * BEYOND).powi(m) - 0.5f64.powi(m) / libm::tgamma(f64::from(m) + 1.0),
                "exact: the box less the simplex below the front",
            ),
            Kind::Dtlz5 | Kind::Dtlz6 if m == 3 => (
                // The front is the arc (c/√2, c/√2, s), c² + s² = 1. At height s its shadow leaves
                // (r - c/√2)² free; integrated over s from 0 to 1, and r² above.
                BEYOND.powi(3) - SQRT_2 * BEYOND * FRAC_PI_4 + 1.0 / 3.0,
                "exact: the front is an arc of 90 degrees",
            ),
            // With more objectives the front is more than the arc the authors had in mind (Huband et
            // al. 2006, doi 10.1109/TEVC.2005.861417), and nobody gives its shape.
            Kind::Dtlz5 | Kind::Dtlz6 if m > 3 => return None,
            Kind::Dtlz7 => {
                // On the front f_M = 2M - Σ q(f_i), q(t) = t (1 + sin 3πt) for t up to 1, hence the
                // hypervolume is a sum of integrals in one variable each.
                let q = |t: f64| t * (1.0 + (3.0 * PI * t).sin());
                let bumps = -integral_of_running_minimum(|t| -q(t.min(1.0)), BEYOND);
                let flat = BEYOND.powi(m - 1) * 2.0 * (BEYOND - 1.0) * f64::from(m);
                (
                    flat + f64::from(m - 1) * BEYOND.powi(m - 2) * bumps,
                    "approximated: trapezoidal rule, relative error below 1e-7",
                )
            }
            _ => {
                let ball = PI.powf(f64::from(m) / 2.0) / libm::tgamma(f64::from(m) / 2.0 + 1.0);
                (
                    BEYOND.powi(m) - ball * 0.5f64.powi(m),
                    "exact: the box less the part of the unit ball below the front",
                )
            }
        };
        Some(MaxHypervolume { value, note })
    }
}
