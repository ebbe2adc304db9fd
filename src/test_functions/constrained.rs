//! C2-DTLZ2: DTLZ2 with a constraint that leaves patches of its front.

use super::dtlz::dtlz2;
use super::{Distance, Entry, Make, MaxHypervolume, Size, TestFunction};

/// Where the constraint comes from; its radius for two objectives is that of pymoo, because with the
/// paper's (0.5) it would leave the whole front.
pub const SOURCE: &str = "Jain, Deb: An evolutionary many-objective optimization algorithm using \
                          reference-point based nondominated sorting approach, part II (2014), doi \
                          10.1109/TEVC.2013.2281534";

/// The one, for the table of all test functions.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "c2dtlz2",
    source: SOURCE,
    parameters: Size::AtLeastObjectives { usual: 20 },
    objectives: Size::AtLeast { least: 2, usual: 3 },
    make: Make::WithDistance(make),
}];

fn make(dimension: usize, objectives: usize) -> (Box<dyn TestFunction>, Distance) {
    let (inner, distance) = dtlz2(dimension, objectives);
    let radius = match objectives {
        2 => 0.2,
        3 => 0.4,
        _ => 0.5,
    };
    (Box::new(C2Dtlz2 { inner, radius }), distance)
}

/// A point is acceptable if it lies in one of the M + 1 balls around the corners of the front and
/// around its centre.
#[derive(Debug)]
struct C2Dtlz2 {
    inner: Box<dyn TestFunction>,
    radius: f64,
}

impl TestFunction for C2Dtlz2 {
    fn name(&self) -> &'static str {
        "c2dtlz2"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        self.inner.objectives()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        self.inner.bounds()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        self.inner.evaluate(x)
    }

    fn constraint_names(&self) -> &'static [&'static str] {
        &["c1"]
    }

    /// Squared distance from the nearest of the centres, less the squared radius.
    fn constraint_values(&self, x: &[f64]) -> Vec<f64> {
        let f = self.inner.evaluate(x);
        let middle = (f.len() as f64).sqrt().recip();
        let from_middle: f64 = f.iter().map(|f| (f - middle).powi(2)).sum();
        let square: f64 = f.iter().map(|f| f * f).sum();
        let from_corner = |f: &f64| square - 2.0 * f + 1.0;
        let nearest = f.iter().map(from_corner).fold(from_middle, f64::min);
        vec![nearest - self.radius * self.radius]
    }

    fn reference_point(&self) -> Vec<f64> {
        self.inner.reference_point()
    }

    /// The front is that of DTLZ2 inside the balls: moving a point of a ball straight towards the
    /// origin as far as the unit sphere brings it nearer to the ball's centre, which lies there.
    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        let [r, _] = self.reference_point()[..] else { return None };
        // Half the angle that a ball cuts out of the arc.
        let half = 2.0 * (self.radius / 2.0).asin();
        let middle = std::f64::consts::FRAC_PI_4;
        // Below the arc between the angles a < b from the first axis; f1 = cos, f2 = sin.
        let below = |a: f64, b: f64| {
            let up_to = |t: f64| (t.cos() * t.sin() + (std::f64::consts::FRAC_PI_2 - t)) / 2.0;
            up_to(a) - up_to(b)
        };
        let arcs = [(0.0, half), (middle - half, middle + half), (2.0 * middle - half, 2.0 * middle)];
        let under_arcs: f64 = arcs.iter().map(|(a, b)| below(*a, *b)).sum();
        // Between two arcs the lower end of the left one counts on.
        let steps: f64 =
            arcs.windows(2).map(|w| (w[0].1.cos() - w[1].0.cos()).abs() * w[1].0.sin()).sum();
        let value = r * r - under_arcs - steps;
        Some(MaxHypervolume { value, note: "exact: the box less what lies below three arcs" })
    }
}
