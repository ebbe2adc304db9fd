//! Car side impact: mass, force on the pelvis, mean velocity of the B-pillar, and the sum of what ten
//! limits on the dummy's and the car's response are exceeded by, for the thickness of seven parts.
//!
//! Response surfaces of a crash simulation; RE41 in the suite of Tanabe and Ishibuchi.

use super::quadratic::Quadratic;
use super::{Entry, Make, MaxHypervolume, Size, TestFunction};

const SOURCE: &str = "Jain, Deb: An evolutionary many-objective optimization algorithm using \
                      reference-point based nondominated sorting approach, part II (2014), doi \
                      10.1109/TEVC.2013.2281534; RE41 of Tanabe, Ishibuchi (2020), doi \
                      10.1016/j.asoc.2020.106078";

/// Thickness in mm of B-pillar inner, B-pillar reinforcement, floor side, cross members, door beam,
/// door beltline, roof rail.
const BOUNDS: [(f64, f64); 7] =
    [(0.5, 1.5), (0.45, 1.35), (0.5, 1.5), (0.5, 1.5), (0.875, 2.625), (0.4, 1.2), (0.4, 1.2)];

const MASS: Quadratic = Quadratic {
    constant: 1.98,
    linear: &[(1, 4.9), (2, 6.67), (3, 6.98), (4, 4.01), (5, 1.78), (6, 1e-5), (7, 2.73)],
    products: &[],
};
/// In kN.
const PUBIC_FORCE: Quadratic =
    Quadratic { constant: 4.72, linear: &[(4, -0.5)], products: &[(2, 3, -0.19)] };
/// At its middle, in mm/ms.
const PILLAR_VELOCITY: Quadratic =
    Quadratic { constant: 10.58, linear: &[(2, -0.67275)], products: &[(1, 2, -0.674)] };
/// In mm/ms.
const DOOR_VELOCITY: Quadratic =
    Quadratic { constant: 16.45, linear: &[], products: &[(3, 7, -0.489), (5, 6, -0.843)] };

/// Responses and their upper limits.
const LIMITED: [(Quadratic, f64); 10] = [
    // Force on the abdomen, kN.
    (Quadratic { constant: 1.16, linear: &[(3, -0.0092928)], products: &[(2, 4, -0.3717)] }, 1.0),
    // Viscous criterion at the upper, middle and lower rib, m/s.
    (
        Quadratic {
            constant: 0.261,
            linear: &[(1, -0.06486), (6, 0.0154464)],
            products: &[(1, 2, -0.0159), (2, 7, -0.019), (3, 5, 0.0144)],
        },
        0.32,
    ),
    (
        Quadratic {
            constant: 0.214,
            linear: &[(1, -0.0587118), (3, 0.030408), (5, 0.00817)],
            products: &[(2, 2, -0.018), (2, 6, 0.03099), (2, 7, -0.018), (5, 6, -0.00364)],
        },
        0.32,
    ),
    (
        Quadratic {
            constant: 0.74,
            linear: &[(2, -0.61), (3, -0.031296), (7, -0.031872)],
            products: &[(2, 2, 0.227)],
        },
        0.32,
    ),
    // Deflection of the upper, middle and lower rib, mm.
    (
        Quadratic {
            constant: 28.98,
            linear: &[(3, 3.818), (6, 1.27296), (7, -2.68065)],
            products: &[(1, 2, -4.2)],
        },
        32.0,
    ),
    (
        Quadratic {
            constant: 35.31728,
            linear: &[(2, -3.795), (3, 2.95), (7, -3.4431)],
            products: &[(1, 2, -5.057)],
        },
        32.0,
    ),
    (Quadratic { constant: 46.36, linear: &[(1, -4.4505), (2, -9.9)], products: &[] }, 32.0),
    (PUBIC_FORCE, 4.0),
    (PILLAR_VELOCITY, 9.9),
    (DOOR_VELOCITY, 15.7),
];

/// For the table of all test functions.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "car-side-impact",
    source: SOURCE,
    parameters: Size::Exactly(BOUNDS.len()),
    objectives: Size::Exactly(4),
    make: Make::AsItIs(|| Box::new(CarSideImpact)),
}];

#[derive(Debug)]
struct CarSideImpact;

impl TestFunction for CarSideImpact {
    fn name(&self) -> &'static str {
        "car-side-impact"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        4
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        BOUNDS.to_vec()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), BOUNDS.len(), "one value per parameter");
        let velocity = 0.5 * (PILLAR_VELOCITY.at(x) + DOOR_VELOCITY.at(x));
        let excess = LIMITED.iter().map(|(response, limit)| (response.at(x) - limit).max(0.0)).sum();
        vec![MASS.at(x), PUBIC_FORCE.at(x), velocity, excess]
    }

    /// That of BoTorch: a tenth of the front's extent beyond the nadir of the front approximated by
    /// Tanabe and Ishibuchi.
    fn reference_point(&self) -> Vec<f64> {
        vec![45.4872, 4.5114, 13.3394, 10.3942]
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        Some(MaxHypervolume {
            value: 484.72654347642793,
            note: "best known: BoTorch's figure for the front approximated by Tanabe and Ishibuchi",
        })
    }
}
