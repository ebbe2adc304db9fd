use super::{anywhere, on_a_grid, sphere, weyl};
use crate::pareto::{Front, hypervolume, non_dominated};
use proptest::prelude::*;

/// Inserts points one by one, comparing with a computation from nothing after each.
fn grow(points: &[Vec<f64>], reference: &[f64], tolerance: f64) {
    let mut front = Front::new(reference.to_vec());
    let mut before = 0.0;
    for n in 1..=points.len() {
        let gain = front.insert(&points[n - 1]);
        let after = hypervolume(&points[..n], reference);
        assert!((front.hypervolume() - after).abs() <= tolerance * after, "{n}: {after}");
        assert!((gain - (after - before)).abs() <= tolerance * after && gain >= 0.0);
        before = after;
    }
    let inside: Vec<Vec<f64>> =
        points.iter().filter(|p| p.iter().zip(reference).all(|(x, r)| x < r)).cloned().collect();
    let expected: Vec<&[f64]> =
        non_dominated(&inside).into_iter().map(|k| inside[k].as_slice()).collect();
    assert_eq!(front.points().collect::<Vec<_>>(), expected);
    assert_eq!((front.len(), front.is_empty()), (expected.len(), expected.is_empty()));
}

#[test]
fn growing_fronts_keep_their_hypervolume() {
    for (m, n) in [(1, 50), (2, 300), (3, 300), (4, 200), (5, 100), (6, 50)] {
        grow(&sphere(n, m), &vec![1.1; m], 1e-12);
        grow(&weyl(n, m), &vec![0.9; m], 1e-12);
    }
}

#[test]
fn ten_thousand_gains_add_up_to_the_hypervolume() {
    // Points that come ever nearer: nearly all of them gain, and drop others.
    let mut points = sphere(10_000, 3);
    for (k, point) in points.iter_mut().enumerate() {
        point.iter_mut().for_each(|x| *x *= 1.0 + 0.1 * (1.0 - k as f64 / 1e4));
    }
    let mut front = Front::new(vec![1.1; 3]);
    points.iter().for_each(|p| _ = front.insert(p));
    let expected = hypervolume(&points, &[1.1; 3]);
    assert!((front.hypervolume() / expected - 1.0).abs() < 1e-12);
}

#[test]
fn points_that_gain_nothing_leave_the_front_as_it_is() {
    let mut front = Front::new(vec![1.0, 1.0]);
    assert_eq!(front.insert(&[0.5, 1.0]), 0.0);
    assert!(front.is_empty());
    assert_eq!(front.insert(&[0.5, 0.5]), 0.25);
    assert_eq!(front.insert(&[0.5, 0.5]), 0.0);
    assert_eq!(front.insert(&[-1.0, 1.5]), 0.0);
    assert_eq!(front.len(), 1);
}

proptest! {
    #[test]
    fn insertion_agrees_with_a_computation_from_nothing((points, m) in anywhere(30)) {
        grow(&points, &vec![1.0; m], 1e-10);
    }

    /// Whole numbers have no rounding: the values have to be the same.
    #[test]
    fn ties_are_inserted_exactly((points, m) in on_a_grid(30)) {
        grow(&points, &vec![4.0; m], 0.0);
    }
}
