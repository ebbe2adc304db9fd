//! Fronts and crowding, as NSGA-II ranks points (Deb et al. 2002, doi 10.1109/4235.996017).

use super::dominance::{dominates, lexicographic_order};

/// Indices by front: the first holds the points no point dominates, the next those only dominated
/// by the first, and so on; equal points share a front. Indices rise within a front.
///
/// Efficient non-dominated sort with binary search (Zhang et al. 2015, doi
/// 10.1109/TEVC.2014.2308305): in lexicographic order a point can be dominated only by earlier ones,
/// and the fronts that hold a dominator of it are the leading ones.
pub fn non_dominated_sort(points: &[Vec<f64>]) -> Vec<Vec<usize>> {
    let mut fronts: Vec<Vec<usize>> = Vec::new();
    for k in lexicographic_order(points) {
        let place = fronts
            .partition_point(|front| front.iter().rev().any(|&i| dominates(&points[i], &points[k])));
        if place == fronts.len() {
            fronts.push(Vec::new());
        }
        fronts[place].push(k);
    }
    for front in &mut fronts {
        front.sort_unstable();
    }
    fronts
}

/// How far each point's neighbours lie apart, summed over the objectives as shares of their range;
/// infinite at the ends of an objective with any range. `points` are one front.
pub fn crowding_distance(points: &[Vec<f64>]) -> Vec<f64> {
    let mut distance = vec![0.0; points.len()];
    let objectives = points.first().map_or(0, Vec::len);
    let columns = (0..objectives).map(|m| points.iter().map(|p| p[m]).collect::<Vec<f64>>());
    let mut order: Vec<usize> = (0..points.len()).collect();
    for column in columns {
        let value = |k: usize| column[k];
        order.sort_by(|&a, &b| value(a).total_cmp(&value(b)));
        let (first, last) = (order[0], order[order.len() - 1]);
        let range = value(last) - value(first);
        if range <= 0.0 {
            continue;
        }
        distance[first] = f64::INFINITY;
        distance[last] = f64::INFINITY;
        for three in order.windows(3) {
            distance[three[1]] += (value(three[2]) - value(three[0])) / range;
        }
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::super::dominance::non_dominated;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn crowding_of_three_points_by_hand() {
        let points = vec![vec![0.0, 4.0], vec![1.0, 1.0], vec![4.0, 0.0], vec![2.0, 0.5]];
        let distance = crowding_distance(&points);
        assert_eq!(distance[0], f64::INFINITY);
        assert_eq!(distance[2], f64::INFINITY);
        assert!((distance[1] - (2.0 / 4.0 + 3.5 / 4.0)).abs() < 1e-15);
        assert!((distance[3] - (3.0 / 4.0 + 1.0 / 4.0)).abs() < 1e-15);
        assert_eq!(crowding_distance(&[vec![1.0, 2.0], vec![1.0, 2.0]]), [0.0, 0.0]);
    }

    proptest! {
        #[test]
        fn fronts_peel_off_one_by_one(
            points in proptest::collection::vec(proptest::collection::vec(0..5_i32, 3), 0..40)
        ) {
            let points: Vec<Vec<f64>> =
                points.iter().map(|p| p.iter().map(|x| f64::from(*x)).collect()).collect();
            let mut left: Vec<usize> = (0..points.len()).collect();
            for front in non_dominated_sort(&points) {
                let free = |k: &usize| !left.iter().any(|&i| dominates(&points[i], &points[*k]));
                let expected: Vec<usize> = left.iter().copied().filter(free).collect();
                prop_assert_eq!(&front, &expected);
                left.retain(|k| !front.contains(k));
            }
            prop_assert!(left.is_empty());
        }

        #[test]
        fn the_first_front_holds_the_non_dominated_points(
            points in proptest::collection::vec(proptest::collection::vec(0.0..1.0_f64, 4), 1..40)
        ) {
            prop_assert_eq!(&non_dominated_sort(&points)[0], &non_dominated(&points));
        }
    }
}
