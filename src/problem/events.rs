//! How many events a trial has, where the strategy may choose it.

use serde::{Deserialize, Serialize};

/// The numbers of events that a trial may have, and what they cost. Standard errors fall as 1/√events; a
/// trial costs its events and an overhead (start of the container, geometry, initialisation).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EventRange {
    /// Fewest, at least 1.
    pub lower: i64,
    /// Most, more than `lower`.
    pub upper: i64,
    /// What a trial costs beside its events, in events: 0 or more, finite.
    pub overhead: f64,
}

impl EventRange {
    /// Ratio of neighbouring rungs at most: finer ones would change a standard error by less than it is
    /// known.
    const STEP: f64 = 2.0;

    /// The numbers to choose from, ascending: `lower`, `upper`, and between them a geometric series whose
    /// neighbours are a factor of two apart or less, rounded to whole numbers.
    pub fn rungs(&self) -> Vec<i64> {
        let ratio = self.upper as f64 / self.lower as f64;
        let steps = (ratio.ln() / Self::STEP.ln()).ceil().max(1.0);
        let rung = |k: f64| (self.lower as f64 * ratio.powf(k / steps)).round() as i64;
        let mut rungs: Vec<i64> = (1..steps as u32).map(|k| rung(f64::from(k))).collect();
        rungs.insert(0, self.lower);
        rungs.push(self.upper);
        rungs.dedup();
        rungs
    }

    /// What a trial with so many events costs, in events.
    pub fn cost(&self, events: i64) -> f64 {
        events as f64 + self.overhead
    }

    /// The number to begin with, when nobody knows yet how large errors are: the lowest rung that costs at
    /// least as much as the overhead, or the highest. Information that grows with events as log(1 + a·events)
    /// is then bought at no more than twice the least price, or that of a neighbouring rung, whatever a is.
    pub fn first(&self) -> i64 {
        let worth_it = |events: &i64| *events as f64 >= self.overhead;
        self.rungs().into_iter().find(worth_it).unwrap_or(self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(lower: i64, upper: i64, overhead: f64) -> EventRange {
        EventRange { lower, upper, overhead }
    }

    #[test]
    fn rungs_are_whole_ascending_and_not_far_apart() {
        let rungs = |lower, upper| range(lower, upper, 0.0).rungs();
        assert_eq!(rungs(500, 4000), [500, 1000, 2000, 4000]);
        assert_eq!(rungs(500, 5000), [500, 889, 1581, 2812, 5000]);
        assert_eq!(rungs(1, 3), [1, 2, 3]);
        for (lower, upper) in [(1, 1000), (3, 4), (100, 999_983)] {
            let rungs = rungs(lower, upper);
            assert_eq!((rungs[0], *rungs.last().unwrap()), (lower, upper));
            let near = |w: &[i64]| w[0] < w[1] && w[1] as f64 <= 2.0 * w[0] as f64 + 1.0;
            assert!(rungs.windows(2).all(near), "{rungs:?}");
        }
    }

    /// By trying: whatever an event tells, the first number is at most twice as dear as the best one, and a
    /// rung of slack.
    #[test]
    fn the_first_number_is_never_far_from_the_best_price() {
        for overhead in [0.0, 100.0, 700.0, 3000.0, 1e6] {
            let range = range(250, 8000, overhead);
            let first = range.first();
            for a in [1e-7, 1e-5, 1e-3, 0.1] {
                let price = |events: i64| range.cost(events) / (a * events as f64).ln_1p();
                let best = range.rungs().into_iter().map(price).fold(f64::INFINITY, f64::min);
                assert!(price(first) <= 2.0 * EventRange::STEP * best, "{overhead} {a}: {first}");
            }
        }
        assert_eq!(
            [0.0, 250.0, 700.0, 1e6].map(|o| range(250, 8000, o).first()),
            [250, 250, 1000, 8000]
        );
    }
}
