//! Latin hypercubes that can be gone on with.

use crate::rng;
use rand::RngExt;
use rand::seq::SliceRandom;

/// Points at most before the next, independent hypercube begins: 2^16 points of 100 coordinates take
/// 52 MB.
const LARGEST: u64 = 1 << 16;

/// A Latin hypercube (McKay, Beckman and Conover 1979, doi 10.2307/1268522) that doubles: of its
/// first `size` points each has a stratum of its own, of width 1/`size`, in every coordinate; so have
/// the first 2 `size`, 4 `size`, … points, whose later half fills the halves of strata that the
/// earlier left empty (nested designs as in Qian 2009, doi 10.1093/biomet/asp045). Within its stratum
/// a point is uniform.
///
/// Before it would have more than 65,536 points the next, independent one of `size` points begins.
#[derive(Debug, Clone)]
pub struct LatinHypercube {
    seed: u64,
    name: &'static str,
    dimension: usize,
    size: u64,
    /// Points of one hypercube: `size` doubled as often as it may.
    length: u64,
    /// The hypercube at hand and its points so far.
    number: u64,
    points: Vec<Vec<f64>>,
}

impl LatinHypercube {
    /// The hypercubes `name` of a study's seed in `dimension` coordinates; the first `size` points
    /// (1 to 65,536) are a whole one.
    pub fn new(seed: u64, name: &'static str, dimension: usize, size: u64) -> Self {
        let size = size.clamp(1, LARGEST);
        let mut length = size;
        while 2 * length <= LARGEST {
            length *= 2;
        }
        Self { seed, name, dimension, size, length, number: 0, points: Vec::new() }
    }

    /// Point `index`, every coordinate strictly between 0 and 1.
    pub fn point(&mut self, index: u64) -> Vec<f64> {
        let (number, within) = (index / self.length, (index % self.length) as usize);
        if number != self.number {
            self.number = number;
            self.points.clear();
        }
        while self.points.len() <= within {
            self.extend();
        }
        self.points[within].clone()
    }

    /// One point for each stratum that has none: all, or after a doubling half of them.
    fn extend(&mut self) {
        let before = self.points.len();
        let strata = if before == 0 { self.size as usize } else { 2 * before };
        let level = (strata as u64 / self.size).ilog2();
        let name = format!("{} {level}", self.name);
        let mut rng = rng::stream(self.seed, &name, self.number);
        let mut fresh = vec![Vec::with_capacity(self.dimension); strata - before];
        for j in 0..self.dimension {
            let mut taken = vec![false; strata];
            for point in &self.points {
                taken[stratum(point[j], strata)] = true;
            }
            let mut free: Vec<usize> = (0..strata).filter(|k| !taken[*k]).collect();
            free.shuffle(&mut rng);
            for (point, k) in fresh.iter_mut().zip(free) {
                // Away from both ends of the stratum: rounding must not carry it into the next.
                let within = 1e-6 + 0.999_998 * rng.random::<f64>();
                point.push((k as f64 + within) / strata as f64);
            }
        }
        self.points.extend(fresh);
    }
}

fn stratum(u: f64, strata: usize) -> usize {
    ((u * strata as f64) as usize).min(strata - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_latin(points: &[Vec<f64>]) -> bool {
        let n = points.len();
        (0..points[0].len()).all(|j| {
            let mut hit = vec![false; n];
            points.iter().for_each(|p| hit[stratum(p[j], n)] = true);
            hit.iter().all(|h| *h)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn every_doubling_has_one_point_in_each_stratum(
            seed in any::<u64>(), dimension in 1..30_usize, size in 1..40_u64, doublings in 0..4_u32,
        ) {
            let mut cube = LatinHypercube::new(seed, "lhc", dimension, size);
            let count = size << doublings;
            let points: Vec<Vec<f64>> = (0..count).map(|k| cube.point(k)).collect();
            for part in 0..=doublings {
                prop_assert!(is_latin(&points[..(size << part) as usize]));
            }
            prop_assert!(points.iter().flatten().all(|u| *u > 0.0 && *u < 1.0));
        }
    }

    #[test]
    fn points_depend_on_seed_name_and_index_whatever_was_asked_before() {
        let cube = |seed, name| LatinHypercube::new(seed, name, 3, 10);
        let last = cube(1, "a").length - 1;
        let mut one = cube(1, "a");
        let late: Vec<_> = [last + 1, 7, last, 0].map(|k| one.point(k)).to_vec();
        let fresh: Vec<_> = [last + 1, 7, last, 0].map(|k| cube(1, "a").point(k)).to_vec();
        assert_eq!(late, fresh);
        assert_ne!(cube(1, "a").point(0), cube(2, "a").point(0));
        assert_ne!(cube(1, "a").point(0), cube(1, "b").point(0));
        assert_ne!(late[0], late[3], "the second hypercube is another one");
    }

    #[test]
    fn a_sum_of_coordinates_is_integrated_far_better_than_by_random_points() {
        // Main effects are what a Latin hypercube is exact in (Stein 1987): ∫ Σ u_j² = d/3. 64 random
        // points err by √(4/45 · 5/64) = 0.083 in 5 dimensions.
        let mut cube = LatinHypercube::new(3, "lhc", 5, 64);
        let f = |p: Vec<f64>| p.iter().map(|u| u * u).sum::<f64>();
        let mean = (0..64).map(|k| f(cube.point(k))).sum::<f64>() / 64.0;
        assert!((mean - 5.0 / 3.0).abs() < 0.01, "{mean}");
    }
}
