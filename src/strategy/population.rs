//! A steady-state population: a fold over ended trials in the order in which they ended.

use super::{Ledger, Observed};

/// Places among the ledger's ended trials; each newcomer makes the worst member leave.
#[derive(Debug, Clone)]
pub(super) struct Population {
    size: usize,
    members: Vec<usize>,
    seen: usize,
}

impl Population {
    pub(super) fn new(size: usize) -> Self {
        Self { size, members: Vec::new(), seen: 0 }
    }

    /// Lets in what has ended since. Failed and interrupted trials say nothing and stay out. Beyond
    /// the size infeasible members leave first, the oldest at the head; without any, the one of the
    /// feasible members (at least two) whose position `worst` names.
    pub(super) fn absorb(&mut self, ledger: &Ledger, mut worst: impl FnMut(&[&Observed]) -> usize) {
        let observed = ledger.observed();
        for k in self.seen..observed.len() {
            if observed[k].objectives.is_none() && !observed[k].infeasible {
                continue;
            }
            self.members.push(k);
            if self.members.len() > self.size {
                let infeasible = self.members.iter().position(|m| observed[*m].infeasible);
                let leaver = infeasible.unwrap_or_else(|| {
                    let members: Vec<&Observed> = self.members.iter().map(|m| &observed[*m]).collect();
                    worst(&members)
                });
                self.members.remove(leaver);
            }
        }
        self.seen = observed.len();
    }

    /// Members with values, then infeasible ones, each in the order in which they ended.
    pub(super) fn members<'a>(&self, ledger: &'a Ledger) -> Vec<&'a Observed> {
        let mut members: Vec<&Observed> = self.members.iter().map(|m| &ledger.observed()[*m]).collect();
        members.sort_by_key(|o| o.infeasible);
        members
    }
}

/// Objective vectors of the members that have them.
pub(super) fn values(members: &[&Observed]) -> Vec<Vec<f64>> {
    members.iter().filter_map(|o| o.objectives.clone()).collect()
}
