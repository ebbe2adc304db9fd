//! Space-filling points of a region.

use super::{LatinHypercube, Sobol};
use crate::problem::Region;
use crate::rng;

/// Points looked at to learn how much of the cube is allowed.
const PROBE: u64 = 1024;
/// Of these at least so many must be allowed for the sequence to be used; below that it is a walk.
const ENOUGH: usize = 16;
/// Points in a row that may be skipped.
const SKIPS: u64 = 4096;

/// Evenly spread points of the unit cube, before any constraint.
#[derive(Debug, Clone)]
pub enum Sequence {
    /// Scrambled Sobol points.
    Sobol(Sobol),
    /// Latin hypercubes.
    LatinHypercube(LatinHypercube),
}

impl Sequence {
    fn point(&mut self, index: u64) -> Vec<f64> {
        match self {
            Sequence::Sobol(sobol) => sobol.point(index),
            Sequence::LatinHypercube(cube) => cube.point(index),
        }
    }
}

/// Evenly spread allowed points, numbered from 0: a sequence without the points outside the region.
/// Where less than 1 in 64 points of the cube is allowed (thin regions, equality constraints), point
/// `k` is instead the end of a random walk from the projection of the sequence's point `k`, so that
/// points do not pile up on the region's faces.
///
/// What skipping leaves of a stratification: points that are allowed keep their strata, so that no
/// two of them share one; strata whose points were skipped stay empty. A walk keeps nothing of it.
///
/// A point depends on region, sequence, seed and number only.
#[derive(Debug, Clone)]
pub struct SpaceFilling {
    region: Region,
    seed: u64,
    sequence: Sequence,
    thin: bool,
    /// Sequence index of each point found so far; `None` where too many had to be skipped.
    found: Vec<Option<u64>>,
    next: u64,
}

impl SpaceFilling {
    /// Scrambled Sobol points of a region under a study's seed.
    pub fn sobol(region: &Region, seed: u64) -> Self {
        let sobol = Sobol::new(seed, "sobol", region.space().dimension());
        Self::new(region, seed, Sequence::Sobol(sobol))
    }

    /// Latin hypercubes of a region under a study's seed; the first has `size` points, at least one.
    pub fn latin_hypercube(region: &Region, seed: u64, size: u64) -> Self {
        let cube = LatinHypercube::new(seed, "lhc", region.space().dimension(), size);
        Self::new(region, seed, Sequence::LatinHypercube(cube))
    }

    fn new(region: &Region, seed: u64, mut sequence: Sequence) -> Self {
        let mut allowed = |k: &u64| region.contains(&sequence.point(*k));
        let thin =
            region.is_constrained() && (0..PROBE).filter(&mut allowed).take(ENOUGH).count() < ENOUGH;
        Self { region: region.clone(), seed, sequence, thin, found: Vec::new(), next: 0 }
    }

    /// Point `number`: in the region, not snapped.
    pub fn point(&mut self, number: u64) -> Vec<f64> {
        if self.thin {
            return self.walk(number);
        }
        if !self.region.is_constrained() {
            return self.sequence.point(number);
        }
        while self.found.len() as u64 <= number {
            let mut candidates = self.next..self.next + SKIPS;
            let end = candidates.end;
            let hit = candidates.find(|k| self.region.contains(&self.sequence.point(*k)));
            self.next = hit.map_or(end, |k| k + 1);
            self.found.push(hit);
        }
        match self.found[number as usize] {
            Some(k) => self.sequence.point(k),
            None => self.walk(number),
        }
    }

    fn walk(&mut self, number: u64) -> Vec<f64> {
        let steps = 50 + 10 * self.region.space().dimension();
        let mut rng = rng::stream(self.seed, "walk", number);
        self.region.wander(&self.sequence.point(number), steps, &mut rng)
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
        let mut filling = SpaceFilling::sobol(&region(3, &[]), 5);
        assert_eq!(filling.point(9), Sobol::new(5, "sobol", 3).point(9));
    }

    #[test]
    fn constrained_points_are_the_allowed_ones_in_order_whatever_is_asked_first() {
        let region = region(2, &[(&[(0, 1.0), (1, 1.0)], 0.7)]);
        let sobol = Sobol::new(5, "sobol", 2);
        let expected: Vec<Vec<f64>> =
            (0..200).map(|k| sobol.point(k)).filter(|p| p[0] + p[1] <= 0.7).collect();
        let mut late = SpaceFilling::sobol(&region, 5);
        assert_eq!(late.point(30), expected[30]);
        let mut filling = SpaceFilling::sobol(&region, 5);
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
        let mut filling = SpaceFilling::sobol(&region, 1);
        let points: Vec<Vec<f64>> = (0..400).map(|k| filling.point(k)).collect();
        assert!(points.iter().all(|p| region.contains(p)));
        let mean = points.iter().map(|p| p[0]).sum::<f64>() / 400.0;
        // Standard error 0.5/√(12 · 400) = 0.0072.
        assert!((mean - 0.25).abs() < 0.036, "{mean}");
        let at_an_end = points.iter().filter(|p| p[0] < 0.005 || p[0] > 0.495).count();
        assert!(at_an_end < 24, "{at_an_end}");
    }

    #[test]
    fn allowed_points_of_a_latin_hypercube_keep_strata_of_their_own() {
        let region = region(3, &[(&[(0, 1.0), (1, 1.0)], 0.7)]);
        let mut filling = SpaceFilling::latin_hypercube(&region, 5, 10);
        let points: Vec<Vec<f64>> = (0..30).map(|k| filling.point(k)).collect();
        assert!(points.iter().all(|p| region.contains(p)));
        // A quarter of the cube is allowed: the 30 lie among the first 160 or 320 points.
        let last = filling.found[29].unwrap();
        let strata = [10, 20, 40, 80, 160, 320, 640].into_iter().find(|n| *n > last).unwrap();
        for j in 0..3 {
            let stratum = |p: &Vec<f64>| (p[j] * strata as f64) as u64;
            let mut own: Vec<u64> = points.iter().map(stratum).collect();
            own.sort_unstable();
            own.dedup();
            assert_eq!(own.len(), 30, "coordinate {j}, {strata} strata");
        }
    }
}
