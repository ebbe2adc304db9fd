//! What a strategy would reach that knew the objectives: the ceiling of all that choose one trial after the
//! other for its own gain.

use super::measure::{Cost, Run};
use crate::config::Builtin;
use crate::pareto::Front;
use crate::rng;
use crate::test_functions::{self, TestFunctionError};
use rand::RngExt;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Points of the front to choose from.
const POINTS: usize = 20_000;

/// A point and the most that it can add to what is there.
struct Offer {
    gain: f64,
    point: Vec<f64>,
    /// Points chosen when that was computed.
    chosen: usize,
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Offer {}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        self.gain.total_cmp(&other.gain)
    }
}

/// A run whose first `initial` trials are worth nothing and each later one is, of 20,000 points drawn from
/// the true front, the one that adds most to the hypervolume. What a point adds only ever shrinks
/// (Minoux 1978, doi 10.1007/BFb0006528), so that few have to be looked at again.
///
/// # Errors
/// The front of the function is not known by a formula, or it has no such function.
pub fn run(
    builtin: &Builtin,
    seed: u64,
    initial: u64,
    trials: u64,
    batch: u64,
) -> Result<Run, TestFunctionError> {
    let entry = test_functions::entry(&builtin.function)?;
    let function = builtin.test_function()?;
    let mut draws = rng::stream(seed, "perfect", 0);
    let mut front = Front::new(function.reference_point());
    let mut offers = BinaryHeap::with_capacity(POINTS);
    for _ in 0..POINTS {
        let at: Vec<f64> = (0..builtin.objectives).map(|_| draws.random()).collect();
        let Some(point) = entry.front_point(builtin.objectives, &at) else {
            let text = format!("{}: no formula gives points of its front", builtin.function);
            return Err(TestFunctionError::Shape(text));
        };
        offers.push(Offer { gain: front.gain(&point), point, chosen: 0 });
    }
    let mut chosen = 0;
    let (mut ends, mut hypervolume) = (vec![], vec![]);
    for trial in 0..trials {
        while trial >= initial
            && let Some(best) = offers.pop()
        {
            if best.chosen == chosen {
                front.insert(&best.point);
                chosen += 1;
                break;
            }
            offers.push(Offer { gain: front.gain(&best.point), chosen, ..best });
        }
        let done = trial + 1;
        let of_batch = if done <= initial { done } else { done - initial };
        if of_batch.is_multiple_of(batch) || done == initial || done == trials {
            ends.push(done);
            hypervolume.push(front.hypervolume());
        }
    }
    Ok(Run {
        seed,
        trials: ends,
        hypervolume,
        events: None,
        recommended: None,
        max_hypervolume: function.max_hypervolume().map(|m| m.value),
        cost: Cost::default(),
        peak_rss_mb: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pareto::hypervolume;

    fn builtin(function: &str, objectives: usize) -> Builtin {
        let function = function.to_owned();
        Builtin { function, dimension: 12, objectives, variant: None, noise: None, delay: None }
    }

    /// On a straight line from (0, ½) to (½, 0) below (0.55, 0.55) the best single point is the middle one,
    /// and n evenly spread ones take the most that n points can (Auger et al. 2009, doi 10.1145/1527125.1527138).
    #[test]
    fn greedy_points_of_a_line_take_nearly_what_the_best_ones_do() {
        let run = run(&builtin("dtlz1", 2), 1, 3, 12, 1).unwrap();
        assert_eq!(run.trials, (1..=12).collect::<Vec<u64>>());
        assert_eq!(run.hypervolume[2], 0.0);
        assert!((run.hypervolume[3] - 0.09).abs() < 1e-5, "(0.55 - 0.25)² by one point");
        // Nine evenly spread points, with the best margin at both ends.
        let best = (0..2000)
            .map(|k| {
                let (from, to) = (0.0, 0.5);
                let margin = 0.25 * f64::from(k) / 2000.0;
                let at = |i: i32| from + margin + (to - from - 2.0 * margin) * f64::from(i) / 8.0;
                let points: Vec<Vec<f64>> = (0..9).map(|i| vec![at(i), 0.5 - at(i)]).collect();
                hypervolume(&points, &[0.55, 0.55])
            })
            .fold(0.0, f64::max);
        let greedy = *run.hypervolume.last().unwrap();
        assert!(greedy <= best + 1e-9 && greedy > 0.985 * best, "{greedy} of {best}");
    }

    #[test]
    fn the_front_of_a_function_without_a_formula_is_refused() {
        let refused = run(&builtin("penicillin", 3), 1, 3, 12, 1).unwrap_err();
        assert!(refused.to_string().starts_with("penicillin"), "{refused}");
    }

    #[test]
    fn points_of_the_front_add_up_to_the_maximum() {
        for (name, objectives) in [("dtlz1", 3), ("dtlz2", 3), ("dtlz7", 3), ("zdt1", 2), ("zdt3", 2)] {
            let run = run(&builtin(name, objectives), 2, 0, 300, 300).unwrap();
            let share = run.hypervolume[0] / run.max_hypervolume.unwrap();
            assert!((0.95..=1.0).contains(&share), "{name}: {share}");
        }
    }
}
