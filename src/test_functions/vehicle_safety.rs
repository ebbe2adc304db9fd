//! Vehicle safety: mass, acceleration in a full frontal crash, and intrusion into the passenger's
//! space in an offset one, by the thickness (1 to 3 mm) of five reinforcing parts of the front.
//!
//! Response surfaces of a crash simulation; RE34 in the suite of Tanabe and Ishibuchi.

use super::quadratic::Quadratic;
use super::{Entry, Make, MaxHypervolume, Size, TestFunction};

const SOURCE: &str = "Liao, Li, Yang, Zhang, Li: Multiobjective optimization for crash safety design of \
                      vehicles using stepwise regression model (2008), doi 10.1007/s00158-007-0163-x; \
                      RE34 of Tanabe, Ishibuchi (2020), doi 10.1016/j.asoc.2020.106078";

const PARAMETERS: usize = 5;

/// Mass in kg, acceleration, intrusion.
const RESPONSES: [Quadratic; 3] = [
    Quadratic {
        constant: 1640.2823,
        linear: &[(1, 2.3573285), (2, 2.3220035), (3, 4.5688768), (4, 7.7213633), (5, 4.4559504)],
        products: &[],
    },
    Quadratic {
        constant: 6.5856,
        linear: &[(1, 1.15), (2, -1.0427), (3, 0.9738), (4, 0.8364)],
        products: &[
            (1, 1, -0.1106),
            (1, 4, -0.3695),
            (1, 5, 0.0861),
            (2, 4, 0.3628),
            (3, 3, -0.3437),
            (4, 4, 0.1764),
        ],
    },
    Quadratic {
        constant: -0.0551,
        linear: &[(1, 0.0181), (2, 0.1024), (3, 0.0421)],
        products: &[
            (1, 2, -0.0073),
            (2, 2, -0.0241),
            (2, 3, 0.024),
            (2, 4, -0.0118),
            (3, 4, -0.0204),
            (3, 5, -0.008),
            (4, 4, 0.0109),
        ],
    },
];

/// For the table of all test functions.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "vehicle-safety",
    source: SOURCE,
    parameters: Size::Exactly(PARAMETERS),
    objectives: Size::Exactly(RESPONSES.len()),
    make: Make::AsItIs(|| Box::new(VehicleSafety)),
}];

#[derive(Debug)]
struct VehicleSafety;

impl TestFunction for VehicleSafety {
    fn name(&self) -> &'static str {
        "vehicle-safety"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        RESPONSES.len()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        vec![(1.0, 3.0); PARAMETERS]
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert_eq!(x.len(), PARAMETERS, "one value per parameter");
        RESPONSES.iter().map(|response| response.at(x)).collect()
    }

    /// That of BoTorch: 1.1 times the nadir of the front approximated by Tanabe and Ishibuchi.
    fn reference_point(&self) -> Vec<f64> {
        vec![1864.72022, 11.81993945, 0.2903999384]
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        Some(MaxHypervolume {
            value: 246.81607081187002,
            note: "best known: BoTorch's figure for the front approximated by Tanabe and Ishibuchi",
        })
    }
}
