//! A front that grows point by point, and its hypervolume with it.

use super::hypervolume::lies_inside;
use super::volume::{Volume, insert};

/// The mutually non-dominated points (minimised, M coordinates each) below a reference point.
///
/// A new point adds to the hypervolume its own box less what the others dominate in it already, their
/// limit set (While, Bradstreet and Barone 2012, doi 10.1109/TEVC.2010.2077298): far less to compute
/// than the hypervolume of the whole front. The result is a function of the points and their order
/// alone, bit for bit.
///
/// ```
/// use paretorank::pareto::Front;
///
/// let mut front = Front::new(vec![3.0, 3.0]);
/// assert_eq!(front.insert(&[1.5, 1.5]), 2.25);
/// assert_eq!(front.insert(&[1.0, 1.0]), 1.75);
/// assert_eq!(front.insert(&[1.5, 2.0]), 0.0);
/// assert_eq!(front.points().collect::<Vec<_>>(), [[1.0, 1.0]]);
/// assert_eq!(front.hypervolume(), 4.0);
/// ```
#[derive(Debug, Clone)]
pub struct Front {
    reference: Vec<f64>,
    /// Coordinates of the points, one after another.
    rows: Vec<f64>,
    hypervolume: f64,
    volume: Volume,
}

impl Front {
    /// An empty front below a reference point (length M).
    ///
    /// # Panics
    ///
    /// If there is no objective at all.
    pub fn new(reference: Vec<f64>) -> Self {
        assert!(!reference.is_empty(), "a reference point has one coordinate per objective");
        Self { reference, rows: Vec::new(), hypervolume: 0.0, volume: Volume::default() }
    }

    /// The hypervolume that [`Front::insert`] would gain.
    ///
    /// # Panics
    ///
    /// If the point has not as many coordinates as the reference.
    pub fn gain(&mut self, point: &[f64]) -> f64 {
        if !lies_inside(point, &self.reference) {
            return 0.0;
        }
        self.volume.exclusive(point, &self.rows, &self.reference).unwrap_or(0.0)
    }

    /// Adds a point (length M) and drops those it dominates. Returns the hypervolume gained: 0 for a
    /// point that is not strictly better than the reference in every objective, or that another
    /// dominates or equals; the front stays as it is then.
    ///
    /// O(n M) for n points, and the hypervolume of the limit set.
    ///
    /// # Panics
    ///
    /// If the point has not as many coordinates as the reference.
    pub fn insert(&mut self, point: &[f64]) -> f64 {
        if !lies_inside(point, &self.reference) {
            return 0.0;
        }
        let Some(gain) = self.volume.exclusive(point, &self.rows, &self.reference) else {
            return 0.0;
        };
        insert(&mut self.rows, point);
        self.hypervolume += gain;
        gain
    }

    /// The sum of all gains: the hypervolume of the points, up to rounding. It never falls.
    pub fn hypervolume(&self) -> f64 {
        self.hypervolume
    }

    /// The reference point.
    pub fn reference(&self) -> &[f64] {
        &self.reference
    }

    /// The points, in the order in which they came.
    pub fn points(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.rows.chunks_exact(self.reference.len())
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.rows.len() / self.reference.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
