//! Hypervolume in three objectives that grows point by point, and with it hypervolume in four.

use super::staircase::Staircase;

/// Points looked at together where most are expected to be of no interest.
const BLOCK: usize = 8;

/// What a growing set of points dominates in three objectives.
///
/// The points are mutually non-dominated, in rising z. A new point's gain is found by one upward
/// sweep over its own box, as in HV4D+ (Guerreiro and Fonseca 2018, doi 10.1109/TEVC.2017.2729550),
/// with one difference: instead of keeping links from every point to its neighbours in the plane, two
/// passes over contiguous columns find the neighbours anew.
#[derive(Debug, Clone, Default)]
pub(super) struct Solid {
    x: Vec<f64>,
    y: Vec<f64>,
    z: Vec<f64>,
    /// What the points met so far dominate in the new point's quadrant of the plane.
    plane: Staircase,
    dropped: Vec<usize>,
}

impl Solid {
    /// Volume dominated by points in four objectives that are strictly better than `end`; sorts
    /// them. O(n²), besides keeping the staircase of each box.
    pub(super) fn volume(&mut self, points: &mut [[f64; 4]], end: [f64; 4]) -> f64 {
        points.sort_unstable_by(|a, b| a[3].total_cmp(&b[3]));
        let Some(&[.., first]) = points.first() else { return 0.0 };
        let base = [end[0], end[1], end[2]];
        let (lowest, others) = points.split_at_mut(points.partition_point(|p| p[3] <= first));
        let mut volume = self.fill(lowest, base) * (end[3] - first);
        for &[x, y, z, w] in &*others {
            volume += self.add([x, y, z], base) * (end[3] - w);
        }
        volume
    }

    /// Begins anew with the first three coordinates of some points, which it sorts; returns the volume.
    fn fill(&mut self, points: &mut [[f64; 4]], end: [f64; 3]) -> f64 {
        self.x.clear();
        self.y.clear();
        self.z.clear();
        // Ties in an order in which points come after those that dominate them.
        points.sort_unstable_by(|a, b| {
            a[2].total_cmp(&b[2]).then(a[0].total_cmp(&b[0])).then(a[1].total_cmp(&b[1]))
        });
        self.plane.reset([end[0], end[1]]);
        let mut volume = 0.0;
        for &[x, y, z, _] in &*points {
            let area = self.plane.cover([x, y]);
            if area > 0.0 {
                volume += area * (end[2] - z);
                self.x.push(x);
                self.y.push(y);
                self.z.push(z);
            }
        }
        volume
    }

    /// Adds a point strictly better than `end`; returns the volume it adds, 0 if it is covered. O(n),
    /// besides keeping the staircase of its box.
    fn add(&mut self, [x, y, z]: [f64; 3], end: [f64; 3]) -> f64 {
        let at = self.z.partition_point(|other| *other < z);
        // Where the quadrant of the plane is cut off by points below that share a side with it.
        let (mut right, mut top) = (end[0], end[1]);
        for (&a, &b) in self.x[..at].iter().zip(&self.y[..at]) {
            let side = if b <= y { a } else { f64::INFINITY };
            right = if side < right { side } else { right };
            let side = if a <= x { b } else { f64::INFINITY };
            top = if side < top { side } else { top };
        }
        if right <= x {
            return 0.0;
        }
        self.plane.reset([right, top]);
        let mut area = (right - x) * (top - y);
        let mut k = 0;
        while let Some(next) = self.next_within(k..at, right, top) {
            area -= self.plane.cover([self.x[next], self.y[next]]);
            k = next + 1;
        }
        self.dropped.clear();
        let (mut volume, mut floor, mut k) = (0.0, z, at);
        let ceiling = loop {
            let Some(next) = self.next_within(k..self.z.len(), right, top) else { break end[2] };
            let (a, b, c) = (self.x[next], self.y[next], self.z[next]);
            if a >= x && b >= y {
                self.dropped.push(next);
            }
            if a <= x && b <= y {
                if c <= z {
                    return 0.0;
                }
                break c;
            }
            volume += area * (c - floor);
            floor = c;
            area -= self.plane.cover([a.max(x), b.max(y)]);
            if a <= x {
                top = b;
            } else if b <= y {
                right = a;
            }
            k = next + 1;
        };
        self.replace(at, [x, y, z]);
        volume + area * (ceiling - floor)
    }

    /// The first of a range of points with x and y below bounds.
    #[inline]
    fn next_within(&self, range: std::ops::Range<usize>, right: f64, top: f64) -> Option<usize> {
        let (mut k, end) = (range.start, range.end);
        let (xs, ys) = (&self.x[..end], &self.y[..end]);
        while k + BLOCK <= end {
            let (x, y) = (&xs[k..k + BLOCK], &ys[k..k + BLOCK]);
            let hits = (0..BLOCK).fold(0, |hits, i| hits | (u32::from(x[i] < right && y[i] < top) << i));
            if hits != 0 {
                return Some(k + hits.trailing_zeros() as usize);
            }
            k += BLOCK;
        }
        (k..end).find(|&i| xs[i] < right && ys[i] < top)
    }

    /// Puts a point in at an index, and takes out those it dominates, which follow.
    fn replace(&mut self, at: usize, point: [f64; 3]) {
        for (column, value) in [&mut self.x, &mut self.y, &mut self.z].into_iter().zip(point) {
            let Some((&first, others)) = self.dropped.split_first() else {
                column.insert(at, value);
                continue;
            };
            column.copy_within(at..first, at + 1);
            column[at] = value;
            let mut to = first + 1;
            for (i, gone) in others.iter().enumerate() {
                let from = if i == 0 { first } else { others[i - 1] } + 1;
                column.copy_within(from..*gone, to);
                to += gone - from;
            }
            if let Some(last) = others.last() {
                column.copy_within(last + 1.., to);
                column.truncate(column.len() - others.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pareto::{dominates, non_dominated};
    use proptest::prelude::*;

    proptest! {
        /// Enough points for several blocks, on a grid coarse enough for ties.
        #[test]
        fn points_come_and_go_as_the_staircase_has_it(
            points in proptest::collection::vec([0..12_i32, 0..12, 0..12], 0..80)
        ) {
            let points: Vec<[f64; 3]> = points.iter().map(|p| p.map(f64::from)).collect();
            let mut solid = Solid::default();
            let mut found = 0.0;
            for (n, point) in points.iter().enumerate() {
                let gain = solid.add(*point, [12.0; 3]);
                let old = |p: &[f64; 3]| p == point || dominates(p, point);
                prop_assert_eq!(gain == 0.0, points[..n].iter().any(old));
                found += gain;
                let mut known = points[..=n].to_vec();
                prop_assert_eq!(found, Staircase::default().volume(&mut known, [12.0; 3]));
            }
            let rows: Vec<Vec<f64>> = points.iter().map(|p| p.to_vec()).collect();
            let mut expected: Vec<[f64; 3]> = non_dominated(&rows).into_iter().map(|k| points[k]).collect();
            let kept = solid.x.iter().zip(&solid.y).zip(&solid.z);
            let mut kept: Vec<[f64; 3]> = kept.map(|((x, y), z)| [*x, *y, *z]).collect();
            prop_assert!(kept.is_sorted_by(|a, b| a[2] <= b[2]));
            kept.sort_by(|a, b| a.partial_cmp(b).unwrap());
            expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
            prop_assert_eq!(kept, expected);
        }
    }
}
