//! Hypervolume: how much of objective space is dominated.
//!
//! One dimension is dropped at a time, as in WFG with slicing (While et al. 2012, doi
//! 10.1109/TEVC.2010.2077298): in rising last coordinate, a point adds a slab from its own last
//! coordinate to the reference, whose base is what the point alone dominates among its
//! predecessors in the other coordinates. That base is a box less the volume of the *limit set*, the
//! predecessors moved to where they overlap the box. Two and three dimensions are swept.

use super::dominance::weakly_dominates;
use super::sweep;

/// Volume of the region dominated by `points` and bounded by `reference` (both in M objectives,
/// M ≥ 1), exact up to rounding. A point that is not strictly better than the reference in every
/// objective adds nothing.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    dominated(&Cloud::sorted(points.iter().map(Vec::as_slice), reference), reference)
}

/// Points of one dimension in one allocation, in rising last coordinate.
pub(super) struct Cloud {
    dimension: usize,
    flat: Vec<f64>,
}

impl Cloud {
    fn new(dimension: usize) -> Self {
        Self { dimension, flat: Vec::new() }
    }

    /// Those of the points that are strictly better than the reference.
    pub(super) fn sorted<'a>(points: impl Iterator<Item = &'a [f64]>, reference: &[f64]) -> Self {
        let last = reference.len() - 1;
        let mut inside: Vec<&[f64]> = points.filter(|p| lies_inside(p, reference)).collect();
        inside.sort_by(|a, b| a[last].total_cmp(&b[last]));
        Self { dimension: reference.len(), flat: inside.concat() }
    }

    fn points(&self) -> impl Iterator<Item = &[f64]> {
        self.flat.chunks_exact(self.dimension)
    }

    /// The parts of the points' boxes within the box of `corner`, where it is not all of that box.
    pub(super) fn limit(&self, corner: &[f64]) -> Option<Self> {
        let mut flat = Vec::with_capacity(self.flat.len());
        for point in self.points() {
            if weakly_dominates(point, corner) {
                return None;
            }
            flat.extend(point.iter().zip(corner).map(|(x, c)| x.max(*c)));
        }
        Some(Self { dimension: self.dimension, flat })
    }

    /// Adds a point and drops those it covers.
    fn insert(&mut self, point: &[f64]) {
        let (d, last) = (self.dimension, self.dimension - 1);
        let mut kept = 0;
        for k in 0..self.flat.len() / d {
            if !weakly_dominates(point, &self.flat[k * d..(k + 1) * d]) {
                self.flat.copy_within(k * d..(k + 1) * d, kept * d);
                kept += 1;
            }
        }
        self.flat.truncate(kept * d);
        let at = self.points().take_while(|q| q[last] <= point[last]).count();
        self.flat.splice(at * d..at * d, point.iter().copied());
    }
}

/// Whether a point is strictly better than the reference everywhere.
pub(super) fn lies_inside(point: &[f64], reference: &[f64]) -> bool {
    point.iter().zip(reference).all(|(x, r)| x < r)
}

/// Volume of the region that a cloud dominates.
pub(super) fn dominated(cloud: &Cloud, reference: &[f64]) -> f64 {
    match *reference {
        [r] => cloud.points().next().map_or(0.0, |p| r - p[0]),
        [r, s] => sweep::area(cloud.points().map(|p| [p[0], p[1]]), [r, s]),
        [r, s, t] => sweep::volume(cloud.points().map(|p| [p[0], p[1], p[2]]), [r, s, t]),
        _ => slabs(cloud, reference),
    }
}

/// Volume that `point` alone dominates, beside a cloud.
pub(super) fn exclusive(point: &[f64], others: &Cloud, reference: &[f64]) -> f64 {
    let Some(limit) = others.limit(point) else {
        return 0.0;
    };
    let inclusive: f64 = point.iter().zip(reference).map(|(x, r)| r - x).product();
    inclusive - dominated(&limit, reference)
}

fn slabs(cloud: &Cloud, reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    let mut predecessors = Cloud::new(last);
    let mut volume = 0.0;
    for point in cloud.points() {
        let base = exclusive(&point[..last], &predecessors, &reference[..last]);
        if base > 0.0 {
            volume += base * (reference[last] - point[last]);
            predecessors.insert(&point[..last]);
        }
    }
    volume
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::f64::consts::PI;

    /// Sum over all non-empty subsets, alternating in sign, of the volume their boxes share.
    fn inclusion_exclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
        let inside: Vec<&Vec<f64>> = points.iter().filter(|p| lies_inside(p, reference)).collect();
        (1_u32..1 << inside.len())
            .map(|subset| {
                let members = (0..inside.len()).filter(|k| subset >> k & 1 == 1);
                let side = |m: usize| {
                    reference[m] - members.clone().map(|k| inside[k][m]).fold(f64::MIN, f64::max)
                };
                let shared: f64 = (0..reference.len()).map(side).product();
                if subset.count_ones() % 2 == 1 { shared } else { -shared }
            })
            .sum()
    }

    /// Point k, objective m: the fractional part of (k + 1) √p for the m-th prime p.
    pub(crate) fn weyl(n: usize, objectives: usize) -> Vec<Vec<f64>> {
        let primes = [2.0_f64, 3.0, 5.0, 7.0, 11.0, 13.0];
        let point = |k: usize| primes[..objectives].iter().map(move |p| (k as f64 * p.sqrt()).fract());
        (1..=n).map(|k| point(k).collect()).collect()
    }

    /// The same directions, on the unit sphere.
    pub(crate) fn sphere(n: usize, objectives: usize) -> Vec<Vec<f64>> {
        let mut points = weyl(n, objectives);
        for point in &mut points {
            point.iter_mut().for_each(|x| *x += 0.01);
            let norm = point.iter().map(|x| x * x).sum::<f64>().sqrt();
            point.iter_mut().for_each(|x| *x /= norm);
        }
        points
    }

    #[test]
    fn agrees_with_moocore() {
        // moocore 0.3.2: hypervolume(sphere, ref = 1.1), hypervolume(weyl, ref = 0.9).
        let known = [
            (2, 200, 0.4170486112488683, 0.7771119597057996),
            (3, 200, 0.7238526730462452, 0.6394278362109286),
            (4, 200, 0.9039789674995936, 0.4404147753127643),
            (5, 200, 0.9871097170441595, 0.2827351752143438),
            (6, 60, 0.8618738483965402, 0.10048637172583935),
        ];
        for (m, n, on_sphere, in_cube) in known {
            assert!((hypervolume(&sphere(n, m), &vec![1.1; m]) - on_sphere).abs() < 1e-12);
            assert!((hypervolume(&weyl(n, m), &vec![0.9; m]) - in_cube).abs() < 1e-12);
        }
    }

    #[test]
    fn staircase_below_a_simplex_has_its_closed_form() {
        // All (i, j, k)/n with i + j + k = n: the cells of the unit cube with i + j + k < n are free.
        let n = 12_u32;
        let mut points = Vec::new();
        for i in 0..=n {
            for j in 0..=n - i {
                let point = [i, j, n - i - j].map(|x| f64::from(x) / f64::from(n));
                points.push(point.to_vec());
            }
        }
        let free = f64::from(n * (n + 1) * (n + 2) / 6) / f64::from(n).powi(3);
        assert!((hypervolume(&points, &[1.0 + 1e-12; 3]) - (1.0 - free)).abs() < 1e-9);
    }

    #[test]
    fn fine_points_on_a_sphere_approach_its_closed_form_from_below() {
        // r^M less the ball's share of the orthant, π^{M/2} / (Γ(M/2 + 1) 2^M).
        let circle: Vec<Vec<f64>> = (0..=2000)
            .map(|k| (f64::from(k) / 2000.0 * PI / 2.0).sin_cos())
            .map(|(s, c)| vec![s, c])
            .collect();
        let exact = 1.21 - PI / 4.0;
        let found = hypervolume(&circle, &[1.1, 1.1]);
        assert!(found < exact && found > exact - 1e-3);
        let found = hypervolume(&sphere(1500, 3), &[1.1; 3]);
        let exact = 1.331 - PI / 6.0;
        assert!(found < exact && found > 0.95 * exact);
    }

    #[test]
    fn points_at_or_beyond_the_reference_add_nothing() {
        assert_eq!(hypervolume(&[vec![1.0, 0.0], vec![2.0, -5.0]], &[1.0, 1.0]), 0.0);
        assert_eq!(hypervolume(&[vec![3.0], vec![1.0]], &[2.5]), 1.5);
        assert_eq!(hypervolume(&[], &[1.0; 5]), 0.0);
    }

    fn some_points(most: usize) -> impl Strategy<Value = (Vec<Vec<f64>>, usize)> {
        // Sevenths make ties common; the reference 1 leaves some points on its edge.
        (1_usize..=6).prop_flat_map(move |m| {
            let coordinate = prop_oneof![0.0..1.2_f64, (0_i32..8).prop_map(|k| f64::from(k) / 7.0)];
            let points = proptest::collection::vec(proptest::collection::vec(coordinate, m), 0..most);
            (points, Just(m))
        })
    }

    proptest! {
        #[test]
        fn agrees_with_inclusion_and_exclusion((points, m) in some_points(10)) {
            let reference = vec![1.0; m];
            let expected = inclusion_exclusion(&points, &reference);
            prop_assert!((hypervolume(&points, &reference) - expected).abs() < 1e-12);
        }

        #[test]
        fn order_does_not_matter_and_more_points_never_dominate_less(
            (mut points, m) in some_points(30)
        ) {
            let reference = vec![1.0; m];
            let all = hypervolume(&points, &reference);
            points.reverse();
            prop_assert!((hypervolume(&points, &reference) - all).abs() < 1e-12);
            let copy = points.clone();
            points.extend(copy.iter().map(|p| p.iter().map(|x| x + 0.01).collect()));
            prop_assert!((hypervolume(&points, &reference) - all).abs() < 1e-12);
            if let Some(last) = copy.len().checked_sub(1) {
                prop_assert!(hypervolume(&copy[..last], &reference) <= all + 1e-12);
            }
        }
    }
}
