//! Which rank works for whom: decisions without I/O.

use crate::comm::Rank;
use std::collections::BTreeMap;

/// Where a rank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stay {
    /// It has not said hello yet, or is lost.
    Away,
    /// It waits for a tenant.
    Free,
    /// It was told for whom it is to work, and has not answered yet.
    Entering(usize),
    /// It works for this tenant.
    At(usize),
    /// It cannot work for this tenant.
    Unfit(usize),
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    /// A free rank is to work for a tenant.
    Enter {
        /// The rank.
        rank: Rank,
        /// The tenant.
        tenant: usize,
    },
    /// A tenant is to give so many ranks back; replaces what it was told before.
    Owe {
        /// The tenant.
        tenant: usize,
        /// How many.
        ranks: usize,
    },
}

/// All ranks.
#[derive(Debug, Clone)]
pub struct Floor {
    stays: BTreeMap<Rank, Stay>,
    /// By tenant: ranks that it was told to give back and has not yet.
    owed: Vec<usize>,
}

impl Floor {
    /// Ranks 1 to `ranks`, none of which has said that it is there; `tenants` share them.
    pub fn new(ranks: usize, tenants: usize) -> Self {
        Self { stays: (1..=ranks).map(|rank| (rank, Stay::Away)).collect(), owed: vec![0; tenants] }
    }

    fn set(&mut self, rank: Rank, stay: Stay) {
        if let Some(place) = self.stays.get_mut(&rank) {
            *place = stay;
        }
    }

    fn stay(&self, rank: Rank) -> Stay {
        self.stays.get(&rank).copied().unwrap_or(Stay::Away)
    }

    /// A rank is there and works for nobody.
    pub fn arrived(&mut self, rank: Rank) {
        self.set(rank, Stay::Free);
    }

    /// A rank says that it can work for whom it was told to; who that is.
    pub fn is_fit(&mut self, rank: Rank) -> Option<usize> {
        let (Stay::Entering(tenant) | Stay::Unfit(tenant)) = self.stay(rank) else { return None };
        self.set(rank, Stay::At(tenant));
        Some(tenant)
    }

    /// A rank says that it cannot; who that was.
    pub fn is_unfit(&mut self, rank: Rank) -> Option<usize> {
        let (Stay::Entering(tenant) | Stay::Unfit(tenant)) = self.stay(rank) else { return None };
        self.set(rank, Stay::Unfit(tenant));
        Some(tenant)
    }

    /// A rank is lost, or begins anew; for whom it was.
    pub fn lost(&mut self, rank: Rank) -> Option<usize> {
        let before = self.stay(rank);
        self.set(rank, Stay::Away);
        match before {
            Stay::Away | Stay::Free => None,
            Stay::Entering(tenant) | Stay::At(tenant) | Stay::Unfit(tenant) => Some(tenant),
        }
    }

    /// A tenant gives an idle rank back.
    pub fn given(&mut self, tenant: usize, rank: Rank) {
        if self.stay(rank) == Stay::At(tenant) {
            self.set(rank, Stay::Free);
            self.owed[tenant] = self.owed[tenant].saturating_sub(1);
        }
    }

    /// Whom a rank works for.
    pub fn tenant_of(&self, rank: Rank) -> Option<usize> {
        match self.stay(rank) {
            Stay::At(tenant) => Some(tenant),
            _ => None,
        }
    }

    /// Every rank that has to do with a tenant which is over: it is to begin anew.
    pub fn clear(&mut self, tenant: usize) -> Vec<Rank> {
        let of_it = |stay: &Stay| matches!(stay, Stay::Entering(t) | Stay::At(t) | Stay::Unfit(t) if *t == tenant);
        let mut ranks = vec![];
        for (rank, stay) in self.stays.iter_mut().filter(|(_, stay)| of_it(stay)) {
            *stay = Stay::Away;
            ranks.push(*rank);
        }
        self.owed[tenant] = 0;
        ranks
    }

    /// Decides anew, from how many ranks every tenant can use and its share.
    pub fn settle(&mut self, wants: &[usize], shares: &[f64]) -> Vec<Move> {
        let mut held = vec![0_usize; wants.len()];
        let (mut free, mut unfit, mut there) = (vec![], vec![], 0);
        for (rank, stay) in &self.stays {
            match stay {
                Stay::Away => continue,
                Stay::Free => free.push(*rank),
                Stay::Entering(tenant) | Stay::At(tenant) => held[*tenant] += 1,
                // Nobody has more because of what is missing on some.
                Stay::Unfit(tenant) => {
                    held[*tenant] += 1;
                    unfit.push((*rank, *tenant));
                }
            }
            there += 1;
        }
        let targets = targets(wants, shares, there);
        let mut moves = vec![];
        let free = free.into_iter().map(|rank| (rank, None));
        for (rank, before) in free.chain(unfit.into_iter().map(|(rank, tenant)| (rank, Some(tenant)))) {
            // One that is unfit goes where it is wanted only if it is one too many.
            if before.is_some_and(|tenant| held[tenant] <= targets[tenant]) {
                continue;
            }
            let lacks = |tenant: &usize| targets[*tenant].saturating_sub(held[*tenant]);
            // The first of those that lack most.
            let Some(tenant) = (0..wants.len()).rev().max_by_key(lacks).filter(|t| lacks(t) > 0) else {
                break;
            };
            if let Some(before) = before {
                held[before] -= 1;
            }
            held[tenant] += 1;
            self.set(rank, Stay::Entering(tenant));
            moves.push(Move::Enter { rank, tenant });
        }
        let mut lack: usize = targets.iter().zip(&held).map(|(t, h)| t.saturating_sub(*h)).sum();
        // Guests, who come last, give first.
        for tenant in (0..wants.len()).rev() {
            let ranks = held[tenant].saturating_sub(targets[tenant]).min(lack);
            lack -= ranks;
            if std::mem::replace(&mut self.owed[tenant], ranks) != ranks {
                moves.push(Move::Owe { tenant, ranks });
            }
        }
        moves
    }
}

/// How many of `ranks` each is to have: studies, one rank after the other to whom it brings least above its
/// share, as far as they can use it; then guests, in their order.
fn targets(wants: &[usize], shares: &[f64], ranks: usize) -> Vec<usize> {
    let mut targets = vec![0; wants.len()];
    let mut left = ranks;
    while left > 0 {
        let after = |tenant: &usize| (targets[*tenant] + 1) as f64 / shares[*tenant];
        let could = |tenant: &usize| shares[*tenant] > 0.0 && targets[*tenant] < wants[*tenant];
        let next = (0..wants.len()).filter(could).min_by(|a, b| after(a).total_cmp(&after(b)));
        let Some(next) = next else { break };
        targets[next] += 1;
        left -= 1;
    }
    for (tenant, target) in targets.iter_mut().enumerate().filter(|(tenant, _)| shares[*tenant] == 0.0) {
        *target = wants[tenant].min(left);
        left -= *target;
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settled(floor: &mut Floor, wants: &[usize], shares: &[f64]) -> Vec<usize> {
        for moved in floor.settle(wants, shares) {
            if let Move::Enter { rank, tenant } = moved {
                assert_eq!(floor.is_fit(rank), Some(tenant));
            }
        }
        (0..wants.len())
            .map(|t| floor.stays.values().filter(|stay| **stay == Stay::At(t)).count())
            .collect()
    }

    fn floor(ranks: usize, tenants: usize) -> Floor {
        let mut floor = Floor::new(ranks, tenants);
        (1..=ranks).for_each(|rank| floor.arrived(rank));
        floor
    }

    #[test]
    fn studies_share_by_their_shares_and_a_guest_has_what_they_leave() {
        let all = usize::MAX;
        assert_eq!(targets(&[all, all, all], &[1.0, 1.0, 0.0], 8), [4, 4, 0]);
        assert_eq!(targets(&[all, all, all], &[3.0, 1.0, 0.0], 8), [6, 2, 0]);
        assert_eq!(targets(&[all, 1, all], &[1.0, 1.0, 0.0], 8), [7, 1, 0], "what one cannot use");
        assert_eq!(targets(&[3, 1, all], &[1.0, 1.0, 0.0], 8), [3, 1, 4]);
        assert_eq!(targets(&[0, 0, 2], &[1.0, 1.0, 0.0], 8), [0, 0, 2]);
        assert_eq!(targets(&[all, all], &[1.0, 1.0], 1), [1, 0], "the first goes first");
    }

    #[test]
    fn a_guest_gives_back_what_the_study_wants_again() {
        let mut floor = floor(4, 2);
        let shares = [1.0, 0.0];
        assert_eq!(settled(&mut floor, &[1, usize::MAX], &shares), [1, 3]);
        assert_eq!(floor.settle(&[3, usize::MAX], &shares), [Move::Owe { tenant: 1, ranks: 2 }]);
        assert_eq!(floor.settle(&[3, usize::MAX], &shares), [], "that is said once");
        floor.given(1, 4);
        assert_eq!(floor.settle(&[3, usize::MAX], &shares), [Move::Enter { rank: 4, tenant: 0 }]);
        assert_eq!(floor.is_fit(4), Some(0));
        // The study does not want the other one any more.
        assert_eq!(floor.settle(&[2, usize::MAX], &shares), [Move::Owe { tenant: 1, ranks: 0 }]);
    }

    #[test]
    fn the_ranks_of_one_that_is_over_go_to_the_others_when_they_say_hello_again() {
        let mut floor = floor(4, 2);
        let shares = [1.0, 1.0];
        assert_eq!(settled(&mut floor, &[4, 4], &shares), [2, 2]);
        let cleared = floor.clear(0);
        assert_eq!(cleared.len(), 2);
        assert_eq!(settled(&mut floor, &[0, 4], &shares), [0, 2]);
        cleared.into_iter().for_each(|rank| floor.arrived(rank));
        assert_eq!(settled(&mut floor, &[0, 4], &shares), [0, 4]);
    }

    #[test]
    fn what_is_missing_on_ranks_of_one_costs_others_nothing() {
        let mut floor = floor(3, 2);
        let enter = |rank, tenant| Move::Enter { rank, tenant };
        let shares = [1.0, 0.0];
        assert_eq!(floor.settle(&[2, 9], &shares), [enter(1, 0), enter(2, 0), enter(3, 1)]);
        assert_eq!((floor.is_unfit(1), floor.is_unfit(3)), (Some(0), Some(1)));
        assert_eq!(floor.tenant_of(1), None);
        assert_eq!(floor.settle(&[2, 9], &shares), [], "each has what it is to have");
        assert_eq!(floor.settle(&[3, 9], &shares), [enter(3, 0)], "a guest keeps nothing that is unfit");
        assert_eq!(floor.is_fit(3), Some(0));
        assert_eq!(floor.is_fit(1), Some(0), "what was missing has come");
    }

    #[test]
    fn a_rank_that_is_lost_counts_for_nobody() {
        let mut floor = floor(3, 2);
        let shares = [1.0, 1.0];
        assert_eq!(settled(&mut floor, &[9, 9], &shares), [2, 1]);
        assert_eq!(floor.lost(3), Some(1));
        assert_eq!((floor.lost(3), floor.is_fit(3), floor.tenant_of(3)), (None, None, None));
        let owe = Move::Owe { tenant: 0, ranks: 1 };
        assert_eq!(floor.settle(&[9, 9], &shares), [owe], "each is to have one of two");
    }

    proptest! {
        /// Nobody has more than it wants, no rank is left over that somebody wants, and no study could have
        /// another rank at the cost of one that is further above its share.
        #[test]
        fn targets_are_fair(
            wants in proptest::collection::vec(0_usize..20, 1..5),
            weights in proptest::collection::vec(1_u32..5, 5),
            ranks in 0_usize..40,
        ) {
            let shares: Vec<f64> = weights[..wants.len()].iter().map(|w| f64::from(*w)).collect();
            let given = targets(&wants, &shares, ranks);
            prop_assert!(given.iter().zip(&wants).all(|(g, w)| g <= w));
            prop_assert_eq!(given.iter().sum::<usize>(), ranks.min(wants.iter().sum()));
            for a in 0..wants.len() {
                for b in (0..wants.len()).filter(|b| given[*b] > 0) {
                    let would_be = (given[a] + 1) as f64 / shares[a];
                    prop_assert!(given[a] == wants[a] || would_be >= given[b] as f64 / shares[b]);
                }
            }
        }
    }
}
