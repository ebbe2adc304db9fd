//! Distance variables whose optimum lies where a seed says.
//!
//! A method that likes the centre of the box (most have a reason to try it early) finds the optimum
//! of DTLZ2 by accident. Shifted functions take that accident away: the optimum of every distance
//! variable moves to a drawn place in `[0.1, 0.9]`. The front and its hypervolume stay the same.
//!
//! - Optimum inside the interval (DTLZ1 to 5, ZDT4): the variable is translated, so that the formula
//!   is the original one, on a box that lies elsewhere.
//! - Optimum at the lower end (DTLZ6, DTLZ7, the other ZDT): formulas do not reach below it, so the
//!   variable becomes its distance from the drawn place, divided by the largest such distance.

use super::moved::Map;
use crate::rng;
use rand::RngExt;

/// The map of every distance variable on its own.
#[derive(Debug)]
pub struct Shifted {
    optimum: f64,
    places: Vec<f64>,
}

/// Where the optimum of each of `count` distance variables lies in its unit interval.
pub fn places(count: usize, seed: u64) -> Vec<f64> {
    let mut draws = rng::stream(seed, "shift", 0);
    (0..count).map(|_| 0.1 + 0.8 * draws.random::<f64>()).collect()
}

impl Shifted {
    /// The map of `count` distance variables that are best at `optimum`, which is 0 or inside `(0, 1)`.
    pub fn new(count: usize, optimum: f64, seed: u64) -> Self {
        Self { optimum, places: places(count, seed) }
    }

    /// The place in the inner function's unit interval for `u` in ours.
    fn inner_unit(&self, u: f64, place: f64) -> f64 {
        if self.optimum == 0.0 {
            ((u - place).abs() / place.max(1.0 - place)).min(1.0)
        } else {
            self.optimum + u - place
        }
    }
}

impl Map for Shifted {
    fn inner_units(&self, units: &[f64]) -> Vec<f64> {
        units.iter().zip(&self.places).map(|(u, place)| self.inner_unit(*u, *place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lie_inside_and_differ_by_seed_and_variable() {
        let first = places(29, 7);
        assert!(first.iter().all(|p| (0.1..=0.9).contains(p)));
        assert!(first.windows(2).all(|p| p[0] != p[1]));
        assert_ne!(first, places(29, 8));
    }

    #[test]
    fn maps_send_the_place_to_the_optimum_and_stay_where_formulas_hold() {
        for optimum in [0.5, 0.0] {
            let shifted = Shifted::new(29, optimum, 7);
            for &place in &shifted.places {
                assert!((shifted.inner_unit(place, place) - optimum).abs() < 1e-12);
                let slope = shifted.inner_unit(1.0, place) - shifted.inner_unit(place, place);
                if optimum == 0.0 {
                    let ends = [0.0, 1.0].map(|u| shifted.inner_unit(u, place));
                    assert!(ends.iter().all(|e| (0.0..=1.0).contains(e)) && ends.contains(&1.0));
                } else {
                    assert!((slope - (1.0 - place)).abs() < 1e-12, "a translation");
                }
            }
        }
    }
}
