//! A candidate of `mobo`, from the question to the design, with n trials told: as most are, and as those are
//! that a fit of the hyperparameters comes before. `cargo bench --bench candidate [-- FILTER]`.

mod support;

use paretorank::problem::{Design, Outcome, TrialId};
use paretorank::strategy::Proposer;
use std::hint::black_box;
use std::time::{Duration, Instant};
use support::{Figures, each_time, problem};

/// Fits are measured up to so many numbers in the data: larger ones take seconds each.
const MOST_FITTED: usize = 10_000;

fn main() {
    let mut figures = Figures::new();
    let mut group = figures.group("candidate");
    for m in [3, 4, 5] {
        for d in [20, 50, 100] {
            for n in [25, 100, 400] {
                let mut asked = Asked::new(m, d, n);
                let parameters = format!("M={m} d={d} n={n}");
                group.time(&parameters, "no fit due", each_time(|| asked.time(false)));
                if d * n <= MOST_FITTED {
                    group.time(&parameters, "fit due", each_time(|| asked.time(true)));
                }
            }
        }
    }
    drop(group);
    figures.finish(env!("CARGO_CRATE_NAME"));
}

/// A proposer that is asked for the same candidate again and again.
struct Asked {
    proposer: Proposer,
    trial: TrialId,
    /// Of a fit to nine tenths of the trials: the next is due.
    old: Vec<u8>,
    /// Of a fit to all trials.
    new: Vec<u8>,
}

impl Asked {
    fn new(m: usize, d: usize, n: usize) -> Self {
        let study = problem::study(m, d);
        let mut proposer = Proposer::new(&study).expect("DTLZ2 has no constraints");
        let trials = problem::trials(&study, n, true);
        let tell = |proposer: &mut Proposer, from: usize, to: usize| {
            for (k, (design, outcome)) in trials.iter().enumerate().take(to).skip(from) {
                told(proposer, k as TrialId, design, outcome);
            }
        };
        let most = n * 9 / 10;
        tell(&mut proposer, 0, most);
        let old = fitted(&mut proposer, most as TrialId);
        tell(&mut proposer, most, n);
        let new = fitted(&mut proposer, n as TrialId);
        assert_ne!(old, new, "a tenth more trials make a fit due");
        Self { proposer, trial: n as TrialId, old, new }
    }

    /// Asks, and takes back the question.
    fn time(&mut self, is_fit_due: bool) -> Duration {
        let memory = if is_fit_due { &self.old } else { &self.new };
        if self.proposer.memory() != memory {
            // Of the untimed question below the last one may have left the other memory.
            self.proposer.withdraw(&[], memory).expect("its own memory");
        }
        let begun = Instant::now();
        let candidate = black_box(self.proposer.ask(self.trial));
        let took = begun.elapsed();
        assert!(candidate.origin.starts_with("mobo"), "{}", candidate.origin);
        assert_eq!(candidate.memory.is_some(), is_fit_due, "a fit changes the memory");
        self.proposer.withdraw(&[self.trial], memory).expect("its own memory");
        took
    }
}

fn told(proposer: &mut Proposer, trial: TrialId, design: &Design, outcome: &Outcome) {
    proposer.adopt(trial, design, None).expect("a design of the study");
    proposer.tell(trial, outcome);
}

/// The memory after a candidate that is taken back: its hyperparameters stay.
fn fitted(proposer: &mut Proposer, trial: TrialId) -> Vec<u8> {
    proposer.ask(trial);
    let memory = proposer.memory().to_vec();
    proposer.withdraw(&[trial], &memory).expect("its own memory");
    memory
}
