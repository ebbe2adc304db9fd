//! DTLZ2 of which two thirds of the distance variables are integers and choices.

use super::dtlz::dtlz2;
use super::{Domain, Entry, Make, MaxHypervolume, Size, TestFunction};

const SOURCE: &str = "DTLZ2 (Deb, Thiele, Laumanns, Zitzler 2005, doi 10.1007/1-84628-137-7_6) with integers \
                      and unordered choices among its distance variables";

/// Largest integer, and number of choices.
const LARGEST: f64 = 10.0;
const CHOICES: usize = 5;
/// How far off a choice is, in no order of the choices.
const OFF: [f64; CHOICES] = [0.0, 0.45, 0.15, 0.6, 0.3];

/// For the table of all test functions.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "mixed-dtlz2",
    source: SOURCE,
    parameters: Size::AtLeastObjectives { usual: 20 },
    objectives: Size::AtLeast { least: 2, usual: 3 },
    make: Make::Shaped(|d, m| Box::new(Mixed { inner: dtlz2(d, m).0 })),
}];

/// Distance variables, from M - 1 on, take turns: a float, an integer of 0 to 10, a choice of five. Each has
/// its optimum at a place of its own, off the middle, so that the front is that of DTLZ2.
#[derive(Debug)]
struct Mixed {
    inner: Box<dyn TestFunction>,
}

impl Mixed {
    fn domain(&self, j: usize) -> Domain {
        match (j + 1).checked_sub(self.inner.objectives()) {
            Some(place) if place % 3 == 1 => Domain::Integers,
            Some(place) if place % 3 == 2 => Domain::Choices,
            _ => Domain::Continuous,
        }
    }

    /// How far a distance variable is off its optimum.
    fn off(&self, j: usize, x: f64) -> f64 {
        match self.domain(j) {
            Domain::Continuous => x - (0.15 + 0.7 * ((7 * j) % 11) as f64 / 10.0),
            Domain::Integers => (x - (1 + (3 * j) % 9) as f64) / LARGEST,
            Domain::Choices => OFF[(x as usize + CHOICES - (2 * j) % CHOICES) % CHOICES],
        }
    }
}

impl TestFunction for Mixed {
    fn name(&self) -> &'static str {
        "mixed-dtlz2"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        self.inner.objectives()
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        let of = |j: usize| match self.domain(j) {
            Domain::Continuous => (0.0, 1.0),
            Domain::Integers => (0.0, LARGEST),
            Domain::Choices => (0.0, CHOICES as f64 - 1.0),
        };
        (0..self.inner.bounds().len()).map(of).collect()
    }

    fn domains(&self) -> Vec<Domain> {
        (0..self.inner.bounds().len()).map(|j| self.domain(j)).collect()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        let first = self.inner.objectives() - 1;
        let moved = |(j, x): (usize, &f64)| if j < first { *x } else { 0.5 + self.off(j, *x) };
        self.inner.evaluate(&x.iter().enumerate().map(moved).collect::<Vec<_>>())
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
    use super::*;

    #[test]
    fn every_distance_variable_has_one_best_value_and_the_rest_is_worse() {
        let f = super::super::by_name("mixed-dtlz2", 20, 3, None).unwrap();
        let (bounds, domains) = (f.bounds(), f.domains());
        let square = |x: &[f64]| f.evaluate(x).iter().map(|f| f * f).sum::<f64>();
        // Coordinate by coordinate, over all values that it can have: the distance is a sum over them.
        let mut x: Vec<f64> = bounds.iter().map(|(lower, _)| *lower).collect();
        for j in 2..20 {
            let steps = if domains[j] == Domain::Continuous { 2000.0 } else { bounds[j].1 };
            let values = (0..=steps as usize).map(|k| bounds[j].1 * k as f64 / steps);
            let mut valued: Vec<(f64, f64)> = values
                .map(|value| {
                    x[j] = value;
                    (square(&x), value)
                })
                .collect();
            valued.sort_by(|a, b| a.0.total_cmp(&b.0));
            assert!(valued[0].0 < valued[1].0, "{j}");
            x[j] = valued[0].1;
            assert!(x[j] > 0.0 || domains[j] == Domain::Choices, "{j}: off the lower bound");
        }
        assert!((square(&x) - 1.0).abs() < 1e-6, "on the unit sphere: {}", square(&x));
        assert_eq!(domains.iter().filter(|d| **d == Domain::Choices).count(), 6);
    }
}
