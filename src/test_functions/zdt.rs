//! ZDT1, 2, 3, 4 and 6: two objectives, any number of parameters.

use super::quadrature::integral_of_running_minimum;
use super::{Distance, Entry, Make, MaxHypervolume, Size, TestFunction};
use std::f64::consts::PI;

/// Where the formulas come from.
pub const SOURCE: &str = "Zitzler, Deb, Thiele: Comparison of multiobjective evolutionary \
                          algorithms: empirical results (2000), doi 10.1162/106365600568202";

/// The five, for the table of all test functions.
pub const ENTRIES: &[Entry] = &[
    entry("zdt1", |d, _| make(Kind::Zdt1, d)),
    entry("zdt2", |d, _| make(Kind::Zdt2, d)),
    entry("zdt3", |d, _| make(Kind::Zdt3, d)),
    entry("zdt4", |d, _| make(Kind::Zdt4, d)),
    entry("zdt6", |d, _| make(Kind::Zdt6, d)),
];

const fn entry(
    name: &'static str,
    make: fn(usize, usize) -> (Box<dyn TestFunction>, Distance),
) -> Entry {
    Entry {
        name,
        source: SOURCE,
        parameters: Size::AtLeast { least: 2, usual: 30 },
        objectives: Size::Exactly(2),
        make: Make::WithDistance(make),
    }
}

fn make(kind: Kind, dimension: usize) -> (Box<dyn TestFunction>, Distance) {
    let function = Zdt { kind, dimension };
    let distance = Distance { first: 1, optimum: function.distance_optimum() };
    (Box::new(function), distance)
}

/// Both coordinates of the reference point: a tenth beyond the far corner of the fronts.
const REFERENCE: f64 = 1.1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zdt1,
    Zdt2,
    Zdt3,
    Zdt4,
    Zdt6,
}

/// One of them: a position variable in `[0, 1]`, then d - 1 distance variables.
#[derive(Debug)]
struct Zdt {
    kind: Kind,
    dimension: usize,
}

impl Zdt {
    /// Where in its unit interval every distance variable is best; for ZDT4 that is 0 in `[-5, 5]`.
    fn distance_optimum(&self) -> f64 {
        if self.kind == Kind::Zdt4 { 0.5 } else { 0.0 }
    }

    /// The function called g: how far from the front; 1 on it.
    fn distance(&self, tail: &[f64]) -> f64 {
        let count = tail.len() as f64;
        let mean = tail.iter().sum::<f64>() / count;
        match self.kind {
            Kind::Zdt1 | Kind::Zdt2 | Kind::Zdt3 => 1.0 + 9.0 * mean,
            Kind::Zdt4 => {
                let wave = |y: &f64| y * y - 10.0 * (4.0 * PI * y).cos();
                1.0 + 10.0 * count + tail.iter().map(wave).sum::<f64>()
            }
            Kind::Zdt6 => 1.0 + 9.0 * mean.powf(0.25),
        }
    }
}

/// First objective of ZDT6.
fn zdt6_first(x: f64) -> f64 {
    1.0 - (-4.0 * x).exp() * (6.0 * PI * x).sin().powi(6)
}

/// Second objective of ZDT3 over the first for g = 1; only its falling parts are the front.
fn zdt3_curve(t: f64) -> f64 {
    1.0 - t.sqrt() - t * (10.0 * PI * t).sin()
}

impl TestFunction for Zdt {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Zdt1 => "zdt1",
            Kind::Zdt2 => "zdt2",
            Kind::Zdt3 => "zdt3",
            Kind::Zdt4 => "zdt4",
            Kind::Zdt6 => "zdt6",
        }
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        2
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        let others = if self.kind == Kind::Zdt4 { (-5.0, 5.0) } else { (0.0, 1.0) };
        let mut bounds = vec![others; self.dimension];
        bounds[0] = (0.0, 1.0);
        bounds
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.dimension, "one value per parameter");
        let g = self.distance(&x[1..]);
        let first = if self.kind == Kind::Zdt6 { zdt6_first(x[0]) } else { x[0] };
        let ratio = first / g;
        let shape = match self.kind {
            Kind::Zdt1 | Kind::Zdt4 => 1.0 - ratio.sqrt(),
            Kind::Zdt2 | Kind::Zdt6 => 1.0 - ratio * ratio,
            Kind::Zdt3 => 1.0 - ratio.sqrt() - ratio * (10.0 * PI * first).sin(),
        };
        vec![first, g * shape]
    }

    /// 1.1 in both objectives (for ZDT1, 2 and 4 some authors take 11, where any set looks good).
    fn reference_point(&self) -> Vec<f64> {
        vec![REFERENCE; 2]
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        let r = REFERENCE;
        let (value, note) = match self.kind {
            Kind::Zdt1 | Kind::Zdt4 => (r * r - 1.0 / 3.0, "exact: the area above 1 - √f"),
            Kind::Zdt2 => (r * r - 2.0 / 3.0, "exact: the area above 1 - f²"),
            Kind::Zdt3 => (
                // Nothing is reached beyond f = 1, where the least of the whole curve holds on.
                r * r - integral_of_running_minimum(|t| zdt3_curve(t.min(1.0)), r),
                "approximated: trapezoidal rule, error below 1e-7",
            ),
            Kind::Zdt6 => {
                // The deepest hump of the first objective, tan(6πx) = 9π, is where the front begins.
                let start = zdt6_first((9.0 * PI).atan() / (6.0 * PI));
                let primitive = |t: f64| (r - 1.0) * t + t.powi(3) / 3.0;
                (
                    primitive(1.0) - primitive(start) + r * (r - 1.0),
                    "exact: the area above 1 - f² from the least first objective on",
                )
            }
        };
        Some(MaxHypervolume { value, note })
    }
}
