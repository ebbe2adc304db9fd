//! NSGA-II (Deb et al. 2002, doi 10.1109/4235.996017), steady state: every ended trial enters at
//! once and the worst member leaves, so no rank waits for a generation to end.

use super::domination::constrained_sort;
use super::population::Population;
use super::variation::Variation;
use super::{Ledger, Observed, Strategy, StrategyError};
use crate::pareto::crowding_distance;
use crate::problem::{Problem, TrialId};
use crate::rng;
use rand::RngExt;
use std::cmp::Ordering;

/// Fronts, then crowding; members that violate outcome constraints behind all that do not, infeasible
/// members after all others.
///
/// The population is a function of the ledger, which may only grow between two proposals; there is
/// nothing to remember.
#[derive(Debug, Clone)]
pub struct Nsga2 {
    seed: u64,
    variation: Variation,
    population: Population,
}

impl Nsga2 {
    /// With a population of `size`.
    pub fn new(problem: &Problem, size: usize, seed: u64) -> Self {
        let variation = Variation::new(&problem.space);
        Self { seed, variation, population: Population::new(size) }
    }
}

impl Strategy for Nsga2 {
    fn name(&self) -> &'static str {
        "nsga2"
    }

    fn propose(&mut self, trial: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError> {
        self.population.absorb(ledger, worst);
        let members = self.population.members(ledger);
        let valued = members.partition_point(|o| !o.infeasible);
        if valued == 0 {
            return Err(StrategyError::NoValues);
        }
        let mut grades = grade(&members[..valued]);
        grades.resize(members.len(), Grade { front: usize::MAX, crowding: 0.0 });
        let mut rng = rng::stream(self.seed, "nsga2", trial);
        let mut tournament = || {
            let [a, b] = [0; 2].map(|_: i32| rng.random_range(0..members.len()));
            &members[if grades[b].order(&grades[a]).is_lt() { b } else { a }].unit
        };
        let (one, other) = (tournament(), tournament());
        Ok(self.variation.child(one, other, &mut rng))
    }
}

#[derive(Debug, Clone, Copy)]
struct Grade {
    front: usize,
    crowding: f64,
}

impl Grade {
    /// Less is better.
    fn order(&self, other: &Self) -> Ordering {
        self.front.cmp(&other.front).then(other.crowding.total_cmp(&self.crowding))
    }
}

/// Grades of members that have objective values.
fn grade(members: &[&Observed]) -> Vec<Grade> {
    let mut grades = vec![Grade { front: 0, crowding: 0.0 }; members.len()];
    for (front, places) in constrained_sort(members).into_iter().enumerate() {
        let own: Vec<Vec<f64>> = places.iter().filter_map(|k| members[*k].objectives.clone()).collect();
        for (k, crowding) in places.into_iter().zip(crowding_distance(&own)) {
            grades[k] = Grade { front, crowding };
        }
    }
    grades
}

/// The member to leave; of equals the youngest.
fn worst(members: &[&Observed]) -> usize {
    let grades = grade(members);
    let last = (0..grades.len()).max_by(|a, b| grades[*a].order(&grades[*b]));
    last.expect("a population beyond its size has members")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(y: &[f64]) -> Observed {
        let objectives = Some(y.to_vec());
        Observed {
            trial: 0,
            unit: vec![],
            events: None,
            objectives,
            sems: vec![],
            slacks: Some(vec![]),
            acceptable: true,
            infeasible: false,
        }
    }

    #[test]
    fn the_last_front_goes_first_and_then_the_most_crowded() {
        let all = [[0.0, 4.0], [4.0, 0.0], [5.0, 5.0], [1.0, 2.0], [1.1, 1.9]].map(|y| observed(&y));
        let members: Vec<&Observed> = all.iter().collect();
        assert_eq!(worst(&members), 2);
        // In the front, crowding of (1, 2) is 1.1/4 + 2.1/4, of (1.1, 1.9) it is 3/4 + 2/4.
        let members: Vec<&Observed> = [0, 1, 3, 4].map(|k: usize| &all[k]).to_vec();
        assert_eq!(worst(&members), 2);
    }
}
