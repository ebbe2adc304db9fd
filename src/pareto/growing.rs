//! A front that grows point by point, and the hypervolume that each point adds.
//!
//! A new point adds its exclusive volume: its own box up to the reference point, less what the front
//! covers of that box already, which is the hypervolume of the front's points moved into the box (the
//! "limited set" of While, Bradstreet and Barone, IEEE Trans. Evol. Comput. 16 (2012) 86). This is
//! far cheaper than the hypervolume of the whole front.

use super::{dominates, hypervolume};

/// Non-dominated points that lie better than a reference point everywhere, and their hypervolume.
#[derive(Debug, Clone, PartialEq)]
pub struct GrowingFront {
    reference: Vec<f64>,
    points: Vec<Vec<f64>>,
    hypervolume: f64,
}

impl GrowingFront {
    /// An empty front; `reference` has one coordinate per objective.
    pub fn new(reference: Vec<f64>) -> Self {
        Self { reference, points: Vec::new(), hypervolume: 0.0 }
    }

    /// The reference point.
    pub fn reference(&self) -> &[f64] {
        &self.reference
    }

    /// Hypervolume of the points so far: the sum of what each added. 0 without points.
    pub fn hypervolume(&self) -> f64 {
        self.hypervolume
    }

    /// Adds a point of as many coordinates as the reference point has, all finite. Points that the
    /// front covers, or that are not better than the reference point everywhere, add nothing.
    pub fn add(&mut self, point: Vec<f64>) {
        let counts = point.iter().zip(&self.reference).all(|(x, r)| x < r);
        if !counts || self.points.iter().any(|p| *p == point || dominates(p, &point)) {
            return;
        }
        let own: f64 = point.iter().zip(&self.reference).map(|(x, r)| r - x).product();
        let into_box =
            |p: &Vec<f64>| -> Vec<f64> { p.iter().zip(&point).map(|(a, b)| a.max(*b)).collect() };
        let mut limited: Vec<Vec<f64>> = Vec::new();
        for moved in self.points.iter().map(into_box) {
            let covered = |q: &Vec<f64>| *q == moved || dominates(q, &moved);
            if !limited.iter().any(covered) {
                limited.retain(|q| !dominates(&moved, q));
                limited.push(moved);
            }
        }
        let gain = own - hypervolume(&limited, &self.reference);
        self.points.retain(|p| !dominates(&point, p));
        self.points.push(point);
        // Rounding must not make it fall.
        self.hypervolume += gain.max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_grows_to_the_hypervolume_of_all_points(
            (points, m) in (1_usize..=4).prop_flat_map(|m| {
                let coordinate = (0_i32..12).prop_map(|k| f64::from(k) / 11.0);
                let point = proptest::collection::vec(coordinate, m);
                (proptest::collection::vec(point, 0..20), Just(m))
            })
        ) {
            let mut front = GrowingFront::new(vec![0.95; m]);
            for (k, point) in points.iter().enumerate() {
                front.add(point.clone());
                let whole = hypervolume(&points[..=k], &vec![0.95; m]);
                prop_assert!((front.hypervolume() - whole).abs() < 1e-12, "after point {k}");
            }
        }
    }
}
