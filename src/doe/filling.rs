//! Space-filling points of a region.

use super::Sobol;
use crate::problem::Region;
use crate::rng;

/// Points looked at to learn how much of the cube is allowed.
const PROBE: u64 = 1024;
/// Of these at least so many must be allowed for the sequence to be used; below that it is a walk.
const ENOUGH: usize = 16;
/// Points in a row that may be skipped.
const SKIPS: u64 = 4096;

/// Evenly spread allowed points, numbered from 0: the scrambled Sobol sequence without the points
/// outside the region. Where less than 1 in 64 points of the cube is allowed (thin regions, equality
/// constraints), point `k` is instead the end of a random walk from the projection of Sobol point
/// `k`, so that points do not pile up on the region's faces.
///
/// A point depends on region, seed and number only.
#[derive(Debug, Clone)]
pub struct SpaceFilling {
    region: Region,
    seed: u64,
    sobol: Sobol,
    thin: bool,
    /// Sequence index of each point found so far; `None` where too many had to be skipped.
    found: Vec<Option<u64>>,
    next: u64,
}

impl SpaceFilling {
    /// The points of a region under a study's seed.
    pub fn new(region: &Region, seed: u64) -> Self {
        let sobol = Sobol::new(seed, "sobol", region.space().dimension());
        let allowed = |k: &u64| region.contains(&sobol.point(*k));
        let thin = region.is_constrained() && (0..PROBE).filter(allowed).take(ENOUGH).count() < ENOUGH;
        Self { region: region.clone(), seed, sobol, thin, found: Vec::new(), next: 0 }
    }

    /// Point `number`: in the region, not snapped.
    pub fn point(&mut self, number: u64) -> Vec<f64> {
        if self.thin {
            return self.walk(number);
        }
        if !self.region.is_constrained() {
            return self.sobol.point(number);
        }
        while self.found.len() as u64 <= number {
            let candidates = self.next..self.next + SKIPS;
            let allowed = |k: &u64| self.region.contains(&self.sobol.point(*k));
            let hit = candidates.clone().find(allowed);
            self.next = hit.map_or(candidates.end, |k| k + 1);
            self.found.push(hit);
        }
        self.found[number as usize].map_or_else(|| self.walk(number), |k| self.sobol.point(k))
    }

    fn walk(&self, number: u64) -> Vec<f64> {
        let steps = 50 + 10 * self.region.space().dimension();
        let mut rng = rng::stream(self.seed, "walk", number);
        self.region.wander(&self.sobol.point(number), steps, &mut rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{LinearConstraint, Parameter, ParameterKind, Scale, Space};

    fn region(dimension: usize, constraints: &[(&[(usize, f64)], f64)]) -> Region {
        let kind = ParameterKind::Float { lower: 0.0, upper: 1.0, scale: Scale::Linear };
        let parameter =
            |_| Parameter { name: "x".into(), kind: kind.clone(), unit: String::new(), default: None };
        let constraint = |(terms, upper): &(&[(usize, f64)], f64)| LinearConstraint {
            text: String::new(),
            terms: terms.to_vec(),
            upper: *upper,
        };
        Region::new(&Space {
            parameters: (0..dimension).map(parameter).collect(),
            constraints: constraints.iter().map(constraint).collect(),
        })
        .unwrap()
    }

    #[test]
    fn without_constraints_it_is_the_sequence() {
        let mut filling = SpaceFilling::new(&region(3, &[]), 5);
        assert_eq!(filling.point(9), Sobol::new(5, "sobol", 3).point(9));
    }

    #[test]
    fn constrained_points_are_the_allowed_ones_in_order_whatever_is_asked_first() {
        let region = region(2, &[(&[(0, 1.0), (1, 1.0)], 0.7)]);
        let sobol = Sobol::new(5, "sobol", 2);
        let expected: Vec<Vec<f64>> =
            (0..200).map(|k| sobol.point(k)).filter(|p| p[0] + p[1] <= 0.7).collect();
        let mut late = SpaceFilling::new(&region, 5);
        assert_eq!(late.point(30), expected[30]);
        let mut filling = SpaceFilling::new(&region, 5);
        for (k, point) in expected.iter().enumerate() {
            assert_eq!(&filling.point(k as u64), point);
        }
    }

    #[test]
    fn a_thin_region_is_filled_along_its_length() {
        // x + y + z = 1, x = y, within z >= 0: x runs over [0, 1/2] with mean 1/4.
        let line: [(&[(usize, f64)], f64); 4] = [
            (&[(0, 1.0), (1, 1.0), (2, 1.0)], 1.0),
            (&[(0, -1.0), (1, -1.0), (2, -1.0)], -1.0),
            (&[(0, 1.0), (1, -1.0)], 0.0),
            (&[(0, -1.0), (1, 1.0)], 0.0),
        ];
        let region = region(3, &line);
        let mut filling = SpaceFilling::new(&region, 1);
        let points: Vec<Vec<f64>> = (0..400).map(|k| filling.point(k)).collect();
        assert!(points.iter().all(|p| region.contains(p)));
        let mean = points.iter().map(|p| p[0]).sum::<f64>() / 400.0;
        // Standard error 0.5/√(12 · 400) = 0.0072.
        assert!((mean - 0.25).abs() < 0.036, "{mean}");
        let at_an_end = points.iter().filter(|p| p[0] < 0.005 || p[0] > 0.495).count();
        assert!(at_an_end < 24, "{at_an_end}");
    }
}
