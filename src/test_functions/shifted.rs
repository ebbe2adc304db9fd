//! Test functions whose optimum lies where a seed says.
//!
//! A method that likes the centre of the box (most have a reason to try it early) finds the optimum
//! of DTLZ2 by accident. Shifted functions take that accident away: every distance variable passes
//! through a map of its interval onto itself that sends a drawn place in `[0.1, 0.9]` to the original
//! optimum. The map is onto, so the attainable values, the front and its hypervolume stay the same.
//!
//! - Optimum inside the interval (DTLZ1 to 5, ZDT4): the map is increasing and linear on either side
//!   of the drawn place.
//! - Optimum at the lower end (DTLZ6, DTLZ7, the other ZDT): no increasing map moves an end inside, so
//!   the variable becomes its distance from the drawn place, divided by the largest such distance.

use super::{MaxHypervolume, TestFunction};
use crate::rng;
use rand::RngExt;

/// A test function with moved distance variables.
#[derive(Debug)]
pub struct Shifted {
    inner: Box<dyn TestFunction>,
    first_distance: usize,
    optimum: f64,
    places: Vec<f64>,
}

impl Shifted {
    /// `inner` with every parameter from `first_distance` on moved; `optimum` is where their best
    /// value lies in the unit interval, either 0 or inside.
    pub fn new(inner: Box<dyn TestFunction>, first_distance: usize, optimum: f64, seed: u64) -> Self {
        let mut draws = rng::stream(seed, "shift", 0);
        let count = inner.bounds().len() - first_distance;
        let places = (0..count).map(|_| 0.1 + 0.8 * draws.random::<f64>()).collect();
        Self { inner, first_distance, optimum, places }
    }

    /// The place in the inner function's unit interval for `u` in ours.
    fn inner_unit(&self, u: f64, place: f64) -> f64 {
        if self.optimum == 0.0 {
            (u - place).abs() / place.max(1.0 - place)
        } else if u <= place {
            self.optimum * u / place
        } else {
            self.optimum + (1.0 - self.optimum) * (u - place) / (1.0 - place)
        }
    }

    /// The inner function's parameters for ours.
    fn moved(&self, x: &[f64]) -> Vec<f64> {
        let mut moved = x.to_vec();
        let distance = moved.iter_mut().zip(self.bounds()).skip(self.first_distance);
        for ((value, (lower, upper)), place) in distance.zip(&self.places) {
            let unit = (*value - lower) / (upper - lower);
            *value = lower + (upper - lower) * self.inner_unit(unit, *place).clamp(0.0, 1.0);
        }
        moved
    }
}

impl TestFunction for Shifted {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn source(&self) -> &'static str {
        self.inner.source()
    }

    fn objectives(&self) -> usize {
        self.inner.objectives()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        self.inner.bounds()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        self.inner.evaluate(&self.moved(x))
    }

    fn constraint_names(&self) -> &'static [&'static str] {
        self.inner.constraint_names()
    }

    fn constraint_values(&self, x: &[f64]) -> Vec<f64> {
        self.inner.constraint_values(&self.moved(x))
    }

    fn reference_point(&self) -> Vec<f64> {
        self.inner.reference_point()
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        self.inner.max_hypervolume()
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_name;
    use super::*;

    fn maps(name: &str, optimum: f64) -> Shifted {
        let inner = by_name(name, 30, 2, None).unwrap();
        Shifted::new(inner, 1, optimum, 7)
    }

    #[test]
    fn places_lie_inside_and_differ_by_seed_and_variable() {
        let first = maps("dtlz2", 0.5);
        assert!(first.places.iter().all(|p| (0.1..=0.9).contains(p)));
        assert!(first.places.windows(2).all(|p| p[0] != p[1]));
        let other = Shifted::new(by_name("dtlz2", 30, 2, None).unwrap(), 1, 0.5, 8);
        assert_ne!(first.places, other.places);
    }

    #[test]
    fn maps_are_onto_and_send_the_place_to_the_optimum() {
        for optimum in [0.5, 0.0] {
            let shifted = maps("dtlz2", optimum);
            for &place in &shifted.places {
                let image: Vec<f64> =
                    (0..=1000).map(|k| shifted.inner_unit(f64::from(k) / 1000.0, place)).collect();
                let least = image.iter().copied().fold(f64::INFINITY, f64::min);
                let most = image.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                assert!(least.abs() < 2e-3 && (most - 1.0).abs() < 1e-12, "{least} {most}");
                // Continuous: no step is longer than the steepest slope, 10, allows.
                assert!(image.windows(2).all(|w| (w[1] - w[0]).abs() < 0.0101));
                assert!((shifted.inner_unit(place, place) - optimum).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn only_the_moved_optimum_reaches_the_front() {
        for name in ["dtlz2", "c2dtlz2", "zdt4", "zdt1", "dtlz7"] {
            let plain = by_name(name, 5, 2, None).unwrap();
            let optimum = if matches!(name, "dtlz2" | "c2dtlz2" | "zdt4") { 0.5 } else { 0.0 };
            let shifted = Shifted::new(by_name(name, 5, 2, None).unwrap(), 1, optimum, 3);
            let natural = |units: &[f64]| -> Vec<f64> {
                plain.bounds().iter().zip(units).map(|((l, u), t)| l + t * (u - l)).collect()
            };
            let old_optimum = natural(&[0.3, optimum, optimum, optimum, optimum]);
            let mut units = vec![0.3];
            units.extend(&shifted.places);
            let want = plain.evaluate(&old_optimum);
            let got = shifted.evaluate(&natural(&units));
            for (a, b) in want.iter().zip(&got) {
                assert!((a - b).abs() < 1e-9, "{name}: {want:?} {got:?}");
            }
            let want = plain.constraint_values(&old_optimum);
            let got = shifted.constraint_values(&natural(&units));
            assert!(want.iter().zip(&got).all(|(a, b)| (a - b).abs() < 1e-9), "{name}");
            assert!(
                shifted.evaluate(&old_optimum)[1] > plain.evaluate(&old_optimum)[1] + 1e-3,
                "{name}"
            );
        }
    }
}
