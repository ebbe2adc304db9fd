use super::{anywhere, on_a_grid, simplex, sphere};
use crate::pareto::{exclusive_contributions, hypervolume};
use proptest::prelude::*;

/// What is lost without each point, by two hypervolumes.
fn losses(points: &[Vec<f64>], reference: &[f64]) -> Vec<f64> {
    let all = hypervolume(points, reference);
    let without = |k: usize| {
        let mut others = points.to_vec();
        others.remove(k);
        all - hypervolume(&others, reference)
    };
    (0..points.len()).map(without).collect()
}

#[test]
fn agrees_with_moocore() {
    // moocore 0.3.2: c = hv_contributions(sphere, ref=[1.1] * M); c[0], c.min(), c.sum().
    let known = [
        (2, 50, 0.00028754098285065885, 1.4536158842911927e-07, 0.01411886456777752),
        (3, 50, 0.0010998675143591206, 6.6594457754572935e-06, 0.09858031844728797),
        (4, 50, 0.0003321675012506464, 5.469516844436306e-06, 0.15419046948569448),
        (5, 50, 0.0004670506652308948, 1.6633107975394523e-05, 0.17952334037294082),
        (6, 40, 0.000602862475489796, 4.0075892608015806e-05, 0.21252056838897715),
        (7, 30, 0.00398361093785915, 6.393169144680577e-05, 0.23580069381098812),
        (8, 30, 0.0035054281745451332, 0.0006969872567451629, 0.25882027100288074),
    ];
    for (m, n, first, least, sum) in known {
        let found = exclusive_contributions(&sphere(n, m), &vec![1.1; m]);
        assert!((found[0] - first).abs() < 1e-12, "M = {m}");
        assert!((found.iter().copied().fold(f64::MAX, f64::min) - least).abs() < 1e-12, "M = {m}");
        assert!((found.iter().sum::<f64>() - sum).abs() < 1e-12, "M = {m}");
    }
}

#[test]
fn neighbours_decide_in_two_objectives() {
    let mut points = sphere(300, 2);
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let found = exclusive_contributions(&points, &[1.1, 1.1]);
    for k in 0..points.len() {
        let right = points.get(k + 1).map_or(1.1, |p| p[0]);
        let top = if k == 0 { 1.1 } else { points[k - 1][1] };
        let expected = (right - points[k][0]) * (top - points[k][1]);
        assert!((found[k] - expected).abs() < 1e-15);
    }
}

#[test]
fn a_point_of_a_simplex_has_one_cell_for_itself() {
    // The cell at the point; one step further in any coordinate another point dominates too.
    for (m, n) in [(2, 20), (3, 9), (4, 6), (5, 5), (6, 4), (7, 4), (8, 3)] {
        let points = simplex(n, m);
        let found = exclusive_contributions(&points, &vec![n as f64; m]);
        for (point, found) in points.iter().zip(found) {
            let edge = point.contains(&(n as f64));
            assert_eq!(found, if edge { 0.0 } else { 1.0 }, "{point:?}");
        }
    }
}

#[test]
fn losses_on_spheres_are_found() {
    for (m, n) in [(2, 200), (3, 200), (4, 150), (5, 80)] {
        let (points, reference) = (sphere(n, m), vec![1.1; m]);
        for (a, b) in
            exclusive_contributions(&points, &reference).iter().zip(losses(&points, &reference))
        {
            assert!((a - b).abs() < 1e-12);
        }
    }
}

#[test]
fn equal_points_have_nothing_alone() {
    for m in 1..=8 {
        let points = vec![vec![0.5; m], vec![0.5; m], vec![0.75; m]];
        assert_eq!(exclusive_contributions(&points, &vec![1.0; m]), [0.0; 3]);
        assert_eq!(exclusive_contributions(&points[1..], &vec![1.0; m])[1], 0.0);
        assert!(exclusive_contributions(&[], &vec![1.0; m]).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn contribution_is_the_loss_without_the_point((points, m) in anywhere(20)) {
        let reference = vec![0.95; m];
        let found = exclusive_contributions(&points, &reference);
        for (found, lost) in found.iter().zip(losses(&points, &reference)) {
            prop_assert!((found - lost).abs() < 1e-12);
        }
    }

    /// Whole numbers have no rounding: the values have to be the same.
    #[test]
    fn ties_lose_whole_cells((points, m) in on_a_grid(30)) {
        let reference = vec![4.0; m];
        prop_assert_eq!(exclusive_contributions(&points, &reference), losses(&points, &reference));
    }
}
