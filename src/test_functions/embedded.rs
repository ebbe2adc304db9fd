//! Functions of few parameters in boxes of many, in the manner of Eriksson and Jankowiak 2021 (arXiv
//! 2103.00349): all parameters but the first few are without effect.

use super::{Entry, Make, MaxHypervolume, Size, TestFunction};
use std::f64::consts::PI;

const BRANIN_SOURCE: &str = "Branin (1972), constants of Surjanovic, Bingham: Virtual library of simulation \
                             experiments; embedded as in arXiv 2103.00349";
const HARTMANN_SOURCE: &str = "Hartman (1973), six variables, constants of Surjanovic, Bingham: Virtual library \
                               of simulation experiments; embedded as in arXiv 2103.00349";
const CURRIN_SOURCE: &str = "Branin and Currin as in Belakaria, Deshwal, Doppa (2019), arXiv 2009.04595, and \
                             BoTorch; embedded as in arXiv 2103.00349";

/// For the table of all test functions.
pub const ENTRIES: &[Entry] = &[
    Entry {
        name: "embedded-branin",
        source: BRANIN_SOURCE,
        parameters: Size::AtLeast { least: 2, usual: 100 },
        objectives: Size::Exactly(1),
        make: Make::Sized(|d| Box::new(Embedded { kind: Kind::Branin, dimension: d })),
    },
    Entry {
        name: "embedded-hartmann6",
        source: HARTMANN_SOURCE,
        parameters: Size::AtLeast { least: 6, usual: 50 },
        objectives: Size::Exactly(1),
        make: Make::Sized(|d| Box::new(Embedded { kind: Kind::Hartmann, dimension: d })),
    },
    Entry {
        name: "embedded-branin-currin",
        source: CURRIN_SOURCE,
        parameters: Size::AtLeast { least: 2, usual: 50 },
        objectives: Size::Exactly(2),
        make: Make::Sized(|d| Box::new(Embedded { kind: Kind::BraninCurrin, dimension: d })),
    },
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Branin,
    Hartmann,
    BraninCurrin,
}

#[derive(Debug)]
struct Embedded {
    kind: Kind,
    dimension: usize,
}

impl TestFunction for Embedded {
    fn name(&self) -> &'static str {
        match self.kind {
            Kind::Branin => "embedded-branin",
            Kind::Hartmann => "embedded-hartmann6",
            Kind::BraninCurrin => "embedded-branin-currin",
        }
    }

    fn source(&self) -> &'static str {
        match self.kind {
            Kind::Branin => BRANIN_SOURCE,
            Kind::Hartmann => HARTMANN_SOURCE,
            Kind::BraninCurrin => CURRIN_SOURCE,
        }
    }

    fn objectives(&self) -> usize {
        self.reference_point().len()
    }

    /// The unit cube for all, so that what matters does not stand out.
    fn bounds(&self) -> Vec<(f64, f64)> {
        vec![(0.0, 1.0); self.dimension]
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), self.dimension, "one value per parameter");
        match self.kind {
            Kind::Branin => vec![branin(x[0], x[1])],
            Kind::Hartmann => vec![hartmann(&x[..6])],
            Kind::BraninCurrin => vec![branin(x[0], x[1]), currin(x[0], x[1])],
        }
    }

    /// One objective: of no interest is what a few random points are better than. Two: that of BoTorch.
    fn reference_point(&self) -> Vec<f64> {
        match self.kind {
            Kind::Branin => vec![10.0],
            Kind::Hartmann => vec![0.0],
            Kind::BraninCurrin => vec![18.0, 6.0],
        }
    }

    /// One objective: from the reference to the published minimum.
    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        let (value, note) = match self.kind {
            Kind::Branin => (10.0 - 0.397_887_357_729_738, "published minimum 0.397887"),
            Kind::Hartmann => (3.322_368_011_415_512, "published minimum -3.32237"),
            Kind::BraninCurrin => (59.360_118_748_676_46, "BoTorch's figure for a dense front"),
        };
        Some(MaxHypervolume { value, note })
    }
}

/// Branin's function of x1 = 15 a − 5 and x2 = 15 b.
fn branin(a: f64, b: f64) -> f64 {
    let (x1, x2) = (15.0 * a - 5.0, 15.0 * b);
    let bent = x2 - 5.1 / (4.0 * PI * PI) * x1 * x1 + 5.0 / PI * x1 - 6.0;
    bent * bent + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x1.cos() + 10.0
}

/// Currin's exponential function; its factor is 1 in the limit b → 0.
fn currin(a: f64, b: f64) -> f64 {
    let factor = if b > 0.0 { 1.0 - (-0.5 / b).exp() } else { 1.0 };
    let numerator = ((2300.0 * a + 1900.0) * a + 2092.0) * a + 60.0;
    factor * numerator / (((100.0 * a + 500.0) * a + 4.0) * a + 20.0)
}

const ALPHA: [f64; 4] = [1.0, 1.2, 3.0, 3.2];
const A: [[f64; 6]; 4] = [
    [10.0, 3.0, 17.0, 3.5, 1.7, 8.0],
    [0.05, 10.0, 17.0, 0.1, 8.0, 14.0],
    [3.0, 3.5, 1.7, 10.0, 17.0, 8.0],
    [17.0, 8.0, 0.05, 10.0, 0.1, 14.0],
];
const P: [[f64; 6]; 4] = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

fn hartmann(x: &[f64]) -> f64 {
    let bump = |k: usize| {
        let squares = x.iter().enumerate().map(|(j, x)| A[k][j] * (x - P[k][j]).powi(2));
        ALPHA[k] * (-squares.sum::<f64>()).exp()
    };
    -(0..4).map(bump).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(kind: Kind, head: &[f64]) -> Vec<f64> {
        let mut x = vec![0.77; 12];
        x[..head.len()].copy_from_slice(head);
        Embedded { kind, dimension: 12 }.evaluate(&x)
    }

    /// The published minimizers have the published minima, whatever the other parameters are; nothing
    /// near them is better.
    #[test]
    fn minima_are_where_they_are_published() {
        let minimizers = [(-PI, 12.275), (PI, 2.275), (9.42478, 2.475)];
        for (x1, x2) in minimizers {
            let value = at(Kind::Branin, &[(x1 + 5.0) / 15.0, x2 / 15.0])[0];
            assert!((value - 0.397_887_357_729_738).abs() < 1e-9, "{value}");
        }
        let best = [0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573];
        let value = at(Kind::Hartmann, &best)[0];
        assert!((value + 3.322_368_011_415_512).abs() < 1e-9, "{value}");
        for j in 0..6 {
            for step in [-0.01, 0.01] {
                let mut moved = best;
                moved[j] += step;
                assert!(at(Kind::Hartmann, &moved)[0] > value);
            }
        }
    }

    /// At the corner (0, 0) Currin's function is 60 / 20 and Branin's 308.129096 (Surjanovic, Bingham: at
    /// x1 = −5, x2 = 0); at a = 1, b = 1 it is (1 − e^−½) 6352 / 624.
    #[test]
    fn two_objectives_at_corners() {
        let corner = at(Kind::BraninCurrin, &[0.0, 0.0]);
        assert!((corner[1] - 3.0).abs() < 1e-12 && (corner[0] - 308.129_096_01).abs() < 1e-6);
        let other = at(Kind::BraninCurrin, &[1.0, 1.0]);
        assert!((other[1] - (1.0 - (-0.5_f64).exp()) * 6352.0 / 624.0).abs() < 1e-12);
    }
}
