//! Areas and volumes by sweeping: hypervolume in two and three objectives.

/// A growing staircase: the mutually non-dominated points of a plane in rising x, falling y, and the
/// area they dominate up to `reference`.
struct Staircase {
    steps: Vec<[f64; 2]>,
    reference: [f64; 2],
    area: f64,
}

impl Staircase {
    fn new(reference: [f64; 2]) -> Self {
        Self { steps: Vec::new(), reference, area: 0.0 }
    }

    /// Adds a point strictly better than the reference.
    fn insert(&mut self, [x, y]: [f64; 2]) {
        let at = self.steps.partition_point(|s| s[0] <= x);
        let ceiling = if at > 0 { self.steps[at - 1][1] } else { self.reference[1] };
        if ceiling <= y {
            return;
        }
        // Step by step to the right: the new area lies under `roof` and above y.
        let (mut left, mut roof, mut end) = (x, ceiling, at);
        while end < self.steps.len() && self.steps[end][1] >= y {
            self.area += (self.steps[end][0] - left) * (roof - y);
            [left, roof] = self.steps[end];
            end += 1;
        }
        let right = self.steps.get(end).map_or(self.reference[0], |s| s[0]);
        self.area += (right - left) * (roof - y);
        let start = if at > 0 && self.steps[at - 1][0] == x { at - 1 } else { at };
        self.steps.splice(start..end, [[x, y]]);
    }
}

/// Area dominated by points strictly better than `reference`, in any order.
pub(super) fn area(points: impl Iterator<Item = [f64; 2]>, reference: [f64; 2]) -> f64 {
    let mut staircase = Staircase::new(reference);
    points.for_each(|p| staircase.insert(p));
    staircase.area
}

/// Volume dominated by points strictly better than `reference`, given in rising third coordinate.
pub(super) fn volume(points: impl Iterator<Item = [f64; 3]>, reference: [f64; 3]) -> f64 {
    let mut staircase = Staircase::new([reference[0], reference[1]]);
    let mut volume = 0.0;
    let mut floor = reference[2];
    for [x, y, z] in points {
        volume += staircase.area * (z - floor);
        floor = z;
        staircase.insert([x, y]);
    }
    volume + staircase.area * (reference[2] - floor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_coordinates_and_duplicates_count_once() {
        let points = [[1.0, 2.0], [1.0, 1.0], [2.0, 1.0], [1.0, 1.0], [0.0, 2.5], [1.0, 2.9]];
        assert_eq!(area(points.into_iter(), [3.0, 3.0]), 4.0 + 0.5);
        let stacked = [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0], [0.0, 0.0, 1.0]];
        assert_eq!(volume(stacked.into_iter(), [2.0, 2.0, 2.0]), 1.0 + 4.0);
    }

    proptest! {
        /// On a grid of whole numbers the area is the number of dominated unit cells.
        #[test]
        fn area_counts_dominated_cells(
            points in proptest::collection::vec((0..8_i32, 0..8_i32), 0..20)
        ) {
            let cells = (0..8).flat_map(|i| (0..8).map(move |j| (i, j)));
            let covered = |&(i, j): &(i32, i32)| points.iter().any(|&(x, y)| x <= i && y <= j);
            let expected = cells.filter(covered).count() as f64;
            let floats = points.iter().map(|&(x, y)| [f64::from(x), f64::from(y)]);
            prop_assert_eq!(area(floats, [8.0, 8.0]), expected);
        }
    }
}
