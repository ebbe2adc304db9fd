//! Who is better than whom.

use std::cmp::Ordering;

/// Whether `a` is nowhere worse than `b` and somewhere better.
pub fn dominates(a: &[f64], b: &[f64]) -> bool {
    let mut better = false;
    for (x, y) in a.iter().zip(b) {
        if x > y {
            return false;
        }
        better |= x < y;
    }
    better
}

/// Indices of the points that no other point dominates, in rising order; of equal points the first.
pub fn non_dominated(points: &[Vec<f64>]) -> Vec<usize> {
    let mut front: Vec<usize> = Vec::new();
    for k in lexicographic_order(points) {
        let covered = |&i: &usize| weakly_dominates(&points[i], &points[k]);
        if !front.iter().rev().any(covered) {
            front.push(k);
        }
    }
    front.sort_unstable();
    front
}

/// Whether `a` is nowhere worse than `b`.
pub(super) fn weakly_dominates(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(x, y)| x <= y)
}

/// Indices such that a point comes after every point that dominates it; equal points keep their
/// order.
pub(super) fn lexicographic_order(points: &[Vec<f64>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|&a, &b| lexicographic(&points[a], &points[b]));
    order
}

/// Order by the first coordinate that differs. Zero and minus zero are equal here, as they are to
/// [`dominates`].
pub(super) fn lexicographic(a: &[f64], b: &[f64]) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dominance_is_strict_and_partial() {
        assert!(dominates(&[1.0, 2.0], &[1.0, 3.0]));
        assert!(!dominates(&[1.0, 2.0], &[1.0, 2.0]));
        assert!(!dominates(&[1.0, 3.0], &[2.0, 2.0]));
        assert!(dominates(&[0.0, 1.0], &[-0.0, 2.0]));
    }

    #[test]
    fn signed_zeros_do_not_hide_a_dominated_point() {
        assert_eq!(non_dominated(&[vec![-0.0, 2.0], vec![0.0, 1.0]]), [1]);
    }

    proptest! {
        /// A coarse grid makes ties and duplicates common.
        #[test]
        fn non_dominated_agrees_with_the_definition(
            points in proptest::collection::vec(proptest::collection::vec(0..4_i32, 3), 0..30)
        ) {
            let points: Vec<Vec<f64>> =
                points.iter().map(|p| p.iter().map(|x| f64::from(*x)).collect()).collect();
            let expected: Vec<usize> = (0..points.len())
                .filter(|&k| !points.iter().any(|p| dominates(p, &points[k])))
                .filter(|&k| !points[..k].contains(&points[k]))
                .collect();
            prop_assert_eq!(non_dominated(&points), expected);
        }
    }
}
