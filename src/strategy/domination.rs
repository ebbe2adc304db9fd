//! Constraint domination (Deb et al. 2002, doi 10.1109/4235.996017, section VI): an acceptable member
//! is better than one that violates outcome constraints, and of two that do the one that violates less.

use super::Observed;
use crate::pareto::non_dominated_sort;

/// Fronts of the places in `members`, all with objective values: first those of the acceptable
/// members, then the others by rising [`violations`], equal ones together.
pub(super) fn constrained_sort(members: &[&Observed]) -> Vec<Vec<usize>> {
    let violations = violations(members);
    let (acceptable, mut others): (Vec<usize>, Vec<usize>) =
        (0..members.len()).partition(|k| violations[*k] == 0.0);
    let points: Vec<Vec<f64>> =
        acceptable.iter().filter_map(|k| members[*k].objectives.clone()).collect();
    let back = |front: Vec<usize>| front.into_iter().map(|i| acceptable[i]).collect();
    let mut fronts: Vec<Vec<usize>> = non_dominated_sort(&points).into_iter().map(back).collect();
    others.sort_by(|a, b| violations[*a].total_cmp(&violations[*b]));
    fronts.extend(others.chunk_by(|a, b| violations[*a] == violations[*b]).map(<[usize]>::to_vec));
    fronts
}

/// How much each member violates: the sum over the outcome constraints of the positive slack as a
/// share of the largest among these members. 0 exactly for acceptable members.
pub(super) fn violations(members: &[&Observed]) -> Vec<f64> {
    let beyond = |o: &&Observed| -> Option<Vec<f64>> {
        Some(o.slacks.as_ref()?.iter().map(|slack| slack.value().max(0.0)).collect())
    };
    let beyond: Vec<Option<Vec<f64>>> = members.iter().map(beyond).collect();
    let largest = |k: usize| beyond.iter().flatten().map(|own| own[k]).fold(0.0, f64::max);
    let count = beyond.iter().flatten().map(Vec::len).next().unwrap_or(0);
    let scales: Vec<f64> = (0..count).map(largest).collect();
    let share = |(own, scale): (&f64, &f64)| if *own > 0.0 { own / scale } else { 0.0 };
    let sum = |own: &Option<Vec<f64>>| match own {
        Some(own) => own.iter().zip(&scales).map(share).sum(),
        // No values at all: behind everybody who has some.
        None => f64::INFINITY,
    };
    beyond.iter().map(sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Measurement;

    /// A member with these objectives and slacks; infeasible without.
    fn member(objectives: &[f64], slacks: &[f64]) -> Observed {
        let slacks: Vec<Measurement> =
            slacks.iter().map(|s| Measurement::new(*s, None).unwrap()).collect();
        let infeasible = objectives.is_empty();
        Observed {
            trial: 0,
            unit: vec![],
            events: None,
            objectives: (!infeasible).then(|| objectives.to_vec()),
            sems: vec![None; objectives.len()],
            acceptable: !infeasible && slacks.iter().all(|s| s.value() <= 0.0),
            slacks: (!infeasible).then_some(slacks),
            infeasible,
        }
    }

    #[test]
    fn fronts_hold_the_acceptable_and_then_the_rest_by_violation() {
        // The second constraint counts in thousands: shares, not amounts, are summed.
        let all = [
            member(&[0.0, 0.0], &[2.0, 0.0]),    // 1 of 1
            member(&[5.0, 5.0], &[-1.0, -9.0]),  // acceptable, dominated
            member(&[1.0, 1.0], &[0.0, 4000.0]), // 1 of 1: equal to the first
            member(&[1.0, 3.0], &[0.0, 0.0]),    // acceptable
            member(&[9.0, 9.0], &[0.5, 1000.0]), // 1/4 + 1/4
            member(&[3.0, 1.0], &[-5.0, -1e9]),  // acceptable
            member(&[9.0, 9.0], &[1.0, 3000.0]), // 1/2 + 3/4
        ];
        let members: Vec<&Observed> = all.iter().collect();
        assert_eq!(violations(&members), [1.0, 0.0, 1.0, 0.0, 0.5, 0.0, 1.25]);
        assert_eq!(constrained_sort(&members), [vec![3, 5], vec![1], vec![4], vec![0, 2], vec![6]]);
    }

    #[test]
    fn without_outcome_constraints_only_infeasible_members_are_told_apart() {
        let (good, none) = (member(&[9.0], &[]), member(&[], &[]));
        assert_eq!(violations(&[&none, &good]), [f64::INFINITY, 0.0]);
        assert_eq!(violations(&[]), [0.0; 0]);
    }
}
