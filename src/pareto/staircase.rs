//! Areas and volumes by sweeping: hypervolume in two and three objectives.

/// What a growing set of points dominates in the plane, up to an end point.
///
/// `steps` are the mutually non-dominated points in rising x and falling y, between two guards:
/// (−∞, top) and (right, −∞).
#[derive(Debug, Clone, Default)]
pub(super) struct Staircase {
    steps: Vec<[f64; 2]>,
}

impl Staircase {
    /// Begins anew: nothing is dominated, and `end` = (right, top) bounds what will be.
    pub(super) fn reset(&mut self, [right, top]: [f64; 2]) {
        self.steps.clear();
        self.steps.extend([[f64::NEG_INFINITY, top], [right, f64::NEG_INFINITY]]);
    }

    /// Adds a point strictly better than the end point; returns the area it adds.
    ///
    /// O(log s) for s steps, besides those it removes and moving the rest in memory.
    #[inline]
    pub(super) fn cover(&mut self, [x, y]: [f64; 2]) -> f64 {
        let steps = &mut self.steps;
        let at = steps.partition_point(|s| s[0] <= x);
        let [before, ceiling] = steps[at - 1];
        if ceiling <= y {
            return 0.0;
        }
        // Step by step to the right: the new area lies under `roof` and above y.
        let (mut left, mut roof, mut end, mut area) = (x, ceiling, at, 0.0);
        while steps[end][1] >= y {
            area += (steps[end][0] - left) * (roof - y);
            [left, roof] = steps[end];
            end += 1;
        }
        area += (steps[end][0] - left) * (roof - y);
        let start = if before == x { at - 1 } else { at };
        if start == end {
            steps.insert(start, [x, y]);
        } else {
            steps[start] = [x, y];
            if end > start + 1 {
                steps.copy_within(end.., start + 1);
                steps.truncate(steps.len() - (end - start - 1));
            }
        }
        area
    }

    /// Area dominated by points strictly better than `end`; sorts them.
    pub(super) fn area(&mut self, points: &mut [[f64; 2]], end: [f64; 2]) -> f64 {
        points.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
        self.reset(end);
        points.iter().map(|p| self.cover(*p)).sum()
    }

    /// Volume dominated by points strictly better than `end`; sorts them. O(n log n).
    pub(super) fn volume(&mut self, points: &mut [[f64; 3]], end: [f64; 3]) -> f64 {
        points.sort_unstable_by(|a, b| a[2].total_cmp(&b[2]));
        self.reset([end[0], end[1]]);
        points.iter().map(|&[x, y, z]| self.cover([x, y]) * (end[2] - z)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_coordinates_and_duplicates_count_once() {
        let mut points = [[1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [1.0, 1.0], [0.0, 2.5], [1.0, 2.9]];
        assert_eq!(Staircase::default().area(&mut points, [3.0, 3.0]), 4.0 + 0.5);
        let mut stacked = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]];
        assert_eq!(Staircase::default().volume(&mut stacked, [2.0, 2.0, 2.0]), 1.0 + 4.0);
    }

    proptest! {
        /// On a grid of whole numbers the area is the number of dominated unit cells, in any order.
        #[test]
        fn area_counts_dominated_cells(
            points in proptest::collection::vec((0..8_i32, 0..8_i32), 0..20)
        ) {
            let mut staircase = Staircase::default();
            staircase.reset([8.0, 8.0]);
            let mut found = 0.0;
            for n in 0..points.len() {
                let (x, y) = points[n];
                found += staircase.cover([f64::from(x), f64::from(y)]);
                let cells = (0..8).flat_map(|i| (0..8).map(move |j| (i, j)));
                let covered = |&(i, j): &(i32, i32)| points[..=n].iter().any(|&(x, y)| x <= i && y <= j);
                prop_assert_eq!(found, cells.filter(covered).count() as f64);
            }
        }
    }
}
