//! NSGA-III (Deb and Jain 2014, doi 10.1109/TEVC.2013.2281535), steady state like
//! [`Nsga2`](super::Nsga2).

use super::directions::directions;
use super::domination::violations;
use super::niching::Niching;
use super::population::{Population, values};
use super::variation::Variation;
use super::{Ledger, Strategy, StrategyError};
use crate::problem::{Problem, TrialId};
use crate::rng;
use rand::RngExt;

/// Fronts, then the emptiest reference direction; members that violate outcome constraints behind all
/// that do not (Jain and Deb 2014, doi 10.1109/TEVC.2013.2281534), infeasible members after all others.
///
/// The directions are the finest set of Das and Dennis with at most as many as the population has
/// members, but at least one per objective; the population grows to that if it is smaller. Everything
/// is a function of the ledger, which may only grow between two proposals; there is
/// nothing to remember.
#[derive(Debug, Clone)]
pub struct Nsga3 {
    seed: u64,
    variation: Variation,
    population: Population,
    niching: Niching,
}

impl Nsga3 {
    /// With a population of `size`.
    pub fn new(problem: &Problem, size: usize, seed: u64) -> Self {
        let directions = directions(problem.objectives.len(), size);
        let size = directions.len().max(size);
        Self {
            seed,
            variation: Variation::new(&problem.space),
            population: Population::new(size),
            niching: Niching::new(directions),
        }
    }
}

impl Strategy for Nsga3 {
    fn name(&self) -> &'static str {
        "nsga3"
    }

    fn propose(&mut self, trial: TrialId, ledger: &Ledger) -> Result<Vec<f64>, StrategyError> {
        self.population.absorb(ledger, |members| {
            let violations = violations(members);
            let most = (0..members.len()).max_by(|a, b| violations[*a].total_cmp(&violations[*b]));
            if let Some(most) = most.filter(|k| violations[*k] > 0.0) {
                return most;
            }
            let newcomer = members.iter().map(|o| o.trial).next_back().unwrap_or_default();
            let mut rng = rng::stream(self.seed, "nsga3 niching", newcomer);
            self.niching.worst(&values(members), &mut rng)
        });
        let members = self.population.members(ledger);
        if members.iter().all(|o| o.infeasible) {
            return Err(StrategyError::NoValues);
        }
        // Survival alone selects; of two drawn parents only constraints tell.
        let violations = violations(&members);
        let mut rng = rng::stream(self.seed, "nsga3", trial);
        let mut tournament = || {
            let [a, b] = [0; 2].map(|_: i32| rng.random_range(0..members.len()));
            &members[if violations[b] < violations[a] { b } else { a }].unit
        };
        let (one, other) = (tournament(), tournament());
        Ok(self.variation.child(one, other, &mut rng))
    }
}
