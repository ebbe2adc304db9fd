//! Seeds of tasks: 31 bits and never 0, which programs take for "seed me from the clock".

use crate::config::{Evaluator, Seeds, Study};
use crate::problem::TrialId;
use crate::rng;
use rand::Rng;

/// Half of the seeds are for trials, the other half for those that all trials have in common; the first
/// of each half is left out (it would be 0).
const HALF: u32 = 1 << 30;
const USABLE: u64 = HALF as u64 - 1;
/// Four rounds make a Feistel network with good round functions a pseudorandom permutation (Luby and
/// Rackoff 1988); two more cost nothing.
const ROUNDS: usize = 6;

/// The seeds of a study's tasks.
///
/// The numbers trial · tasks + task, all different, go through a permutation that the study's seed
/// chooses: so no two tasks of a trial have the same seed, nor two of different trials until there are
/// 2^30 tasks. Every attempt at a task has the task's seed.
#[derive(Debug, Clone)]
pub struct Seeder {
    keys: [u32; ROUNDS],
    /// Whether all trials have a task's seed in common.
    common: Vec<bool>,
}

impl Seeder {
    /// Of a study; `stages` are those of its tasks in their order.
    pub(super) fn new(study: &Study, stages: impl Iterator<Item = usize>) -> Self {
        let mut stream = rng::stream(study.seed, "tasks", 0);
        let keys = std::array::from_fn(|_| stream.next_u32());
        let is_common = |stage: usize| match &study.evaluator {
            Evaluator::Pipeline(pipeline) => pipeline.stages[stage].seeds == Seeds::Common,
            _ => false,
        };
        Self { keys, common: stages.map(is_common).collect() }
    }

    /// The seed of a task (its position in the plan) in a trial: 1 to 2^31 - 1.
    ///
    /// # Panics
    /// There is no such task.
    pub fn seed(&self, trial: TrialId, task: u32) -> u32 {
        let tasks = self.common.len() as u64;
        if self.common[task as usize] {
            return HALF + self.permuted(u64::from(task));
        }
        let number = (u128::from(trial) * u128::from(tasks) + u128::from(task)) % u128::from(USABLE);
        self.permuted(number as u64)
    }

    /// A permutation of 1 to 2^30 - 1, of a number below 2^30 - 1: what leads out of the range is led on
    /// until it is back in it.
    fn permuted(&self, number: u64) -> u32 {
        let mut x = number as u32 + 1;
        loop {
            x = self.mixed(x);
            if x != 0 {
                return x;
            }
        }
    }

    /// A permutation of the numbers of 30 bits.
    fn mixed(&self, x: u32) -> u32 {
        const MASK: u32 = (1 << 15) - 1;
        let (mut left, mut right) = (x >> 15, x & MASK);
        for key in self.keys {
            (left, right) = (right, left ^ (finalized(right ^ key) & MASK));
        }
        left << 15 | right
    }
}

/// The finalizer of MurmurHash3 (Appleby 2011): every bit depends on every other.
fn finalized(mut x: u32) -> u32 {
    x ^= x >> 16;
    x = x.wrapping_mul(0x85eb_ca6b);
    x ^= x >> 13;
    x = x.wrapping_mul(0xc2b2_ae35);
    x ^ x >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn seeder(seed: u64, common: &[bool]) -> Seeder {
        let mut stream = rng::stream(seed, "tasks", 0);
        Seeder { keys: std::array::from_fn(|_| stream.next_u32()), common: common.to_vec() }
    }

    #[test]
    fn the_finalizer_agrees_with_a_known_value() {
        // fmix32(1), known from implementations of MurmurHash3.
        assert_eq!((finalized(0), finalized(1)), (0, 0x514e_28b7));
    }

    #[test]
    fn no_seed_comes_twice_and_none_is_zero() {
        let seeder = seeder(7, &[false, true, false, true, false]);
        let mut seen = BTreeSet::new();
        for trial in 0..20_000 {
            for task in [0, 2, 4] {
                let seed = seeder.seed(trial, task);
                assert!(seed > 0 && seed < HALF && seen.insert(seed), "{trial} {task}");
            }
        }
        for task in [1, 3] {
            let seed = seeder.seed(0, task);
            assert!(seed > HALF && seed < 1 << 31 && seen.insert(seed));
            assert_eq!(seed, seeder.seed(12_345, task), "common to all trials");
        }
    }

    #[test]
    fn a_permutation_leaves_nothing_out() {
        let seeder = seeder(1, &[false]);
        let mut hit = vec![false; HALF as usize >> 6];
        // One of 64 numbers, told apart by their six highest bits, is a sample that a cycle would show.
        for x in (0..HALF).step_by(64) {
            let y = seeder.mixed(x);
            assert!(y < HALF);
            hit[(y >> 6) as usize] = true;
        }
        // Were they thrown at random, 1/e of the cells would stay empty; 0.63 are hit.
        let share = hit.iter().filter(|h| **h).count() as f64 / hit.len() as f64;
        assert!((share - 0.632).abs() < 0.01, "{share}");
    }

    #[test]
    fn the_ends_of_the_range_and_beyond_have_seeds() {
        let seeder = seeder(3, &[false, false]);
        for trial in [0, u64::from(HALF), u64::MAX] {
            assert_ne!(seeder.seed(trial, 0), seeder.seed(trial, 1));
        }
        assert_ne!(seeder.seed(0, 0), self::seeder(4, &[false, false]).seed(0, 0));
    }
}
