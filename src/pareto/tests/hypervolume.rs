use super::{anywhere, dominated_cells, inclusion_exclusion, on_a_grid, simplex, sphere, weyl};
use crate::pareto::hypervolume;
use proptest::prelude::*;
use std::f64::consts::PI;

#[test]
fn agrees_with_moocore() {
    // moocore 0.3.2: hypervolume(sphere, ref=[1.1] * M), hypervolume(weyl, ref=[0.9] * M).
    let known = [
        (2, 200, 0.4170486112488683, 0.7771119597057996),
        (3, 200, 0.7238526730462452, 0.6394278362109286),
        (4, 200, 0.9039789674995936, 0.4404147753127643),
        (5, 200, 0.9871097170441595, 0.2827351752143438),
        (6, 60, 0.8618738483965402, 0.10048637172583935),
        (7, 60, 0.8942210622160877, 0.05787394734005471),
        (8, 40, 0.8256622983293973, 0.016514703896859086),
    ];
    for (m, n, on_sphere, in_cube) in known {
        assert!((hypervolume(&sphere(n, m), &vec![1.1; m]) - on_sphere).abs() < 1e-12);
        assert!((hypervolume(&weyl(n, m), &vec![0.9; m]) - in_cube).abs() < 1e-12);
    }
}

#[test]
fn two_objectives_are_a_sum_over_sorted_points() {
    let mut points = sphere(500, 2);
    let found = hypervolume(&points, &[1.1, 1.1]);
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let above = |k: usize| if k == 0 { 1.1 } else { points[k - 1][1] };
    let expected: f64 =
        (0..points.len()).map(|k| (1.1 - points[k][0]) * (above(k) - points[k][1])).sum();
    assert!((found - expected).abs() < 1e-13);
}

#[test]
fn staircase_below_a_simplex_has_its_closed_form() {
    // Of the n^M cells those with coordinates that sum to less than n are free: C(n − 1 + M, M).
    let free = |n: usize, m: usize| (1..=m).fold(1, |c, i| c * (n - 1 + i) / i);
    for (m, n) in [(2, 30_usize), (3, 12), (4, 7), (5, 5), (6, 5), (7, 4), (8, 3)] {
        let expected = (n.pow(m as u32) - free(n, m)) as f64;
        assert_eq!(hypervolume(&simplex(n, m), &vec![n as f64; m]), expected, "M = {m}");
    }
}

#[test]
fn fine_points_on_a_sphere_approach_its_closed_form_from_below() {
    // r^M less the ball's share of the orthant, π^{M/2} / (Γ(M/2 + 1) 2^M).
    let arc = (0..=2000).map(|k| (f64::from(k) / 2000.0 * PI / 2.0).sin_cos());
    let circle: Vec<Vec<f64>> = arc.map(|(s, c)| vec![s, c]).collect();
    let balls = [PI / 4.0, PI / 6.0, PI * PI / 32.0, PI * PI / 60.0];
    let least = [0.999, 0.94, 0.85, 0.75];
    for (m, (ball, least)) in (2..).zip(balls.into_iter().zip(least)) {
        let points = if m == 2 { circle.clone() } else { sphere(1000, m) };
        let exact = 1.1_f64.powi(m as i32) - ball;
        let share = hypervolume(&points, &vec![1.1; m]) / exact;
        assert!(share < 1.0 && share > least, "M = {m}: {share}");
    }
}

#[test]
fn points_at_or_beyond_the_reference_add_nothing() {
    assert_eq!(hypervolume(&[vec![1.0, 0.0], vec![2.0, -5.0]], &[1.0, 1.0]), 0.0);
    assert_eq!(hypervolume(&[vec![3.0], vec![1.0]], &[2.5]), 1.5);
    for m in 1..=8 {
        assert_eq!(hypervolume(&[], &vec![1.0; m]), 0.0);
        assert_eq!(hypervolume(&vec![vec![0.5; m]; 3], &vec![1.0; m]), 0.5_f64.powi(m as i32));
    }
}

#[test]
#[should_panic(expected = "one coordinate per objective")]
fn a_point_of_another_length_is_refused() {
    hypervolume(&[vec![0.0; 3]], &[1.0, 1.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn agrees_with_inclusion_and_exclusion((points, m) in anywhere(11)) {
        let reference = vec![1.0; m];
        let expected = inclusion_exclusion(&points, &reference);
        prop_assert!((hypervolume(&points, &reference) - expected).abs() < 1e-11);
    }

    /// Whole numbers have no rounding: the values have to be the same.
    #[test]
    fn ties_agree_with_inclusion_and_exclusion((points, m) in on_a_grid(11)) {
        let reference = vec![4.0; m];
        prop_assert_eq!(hypervolume(&points, &reference), inclusion_exclusion(&points, &reference));
    }

    #[test]
    fn many_ties_are_as_many_cells_as_are_dominated((points, m) in on_a_grid(60)) {
        prop_assert_eq!(hypervolume(&points, &vec![4.0; m]), dominated_cells(&points, 4, m));
    }
}

proptest! {
    #[test]
    fn order_of_points_and_objectives_does_not_matter((mut points, m) in anywhere(60), turn in 0_usize..8) {
        let reference: Vec<f64> = (0..m).map(|i| 1.0 + 0.01 * i as f64).collect();
        let all = hypervolume(&points, &reference);
        points.reverse();
        prop_assert!((hypervolume(&points, &reference) - all).abs() < 1e-12);
        let turned = |x: &[f64]| -> Vec<f64> { (0..m).map(|i| x[(i + turn) % m]).collect() };
        let points: Vec<_> = points.iter().map(|p| turned(p)).collect();
        prop_assert!((hypervolume(&points, &turned(&reference)) - all).abs() < 1e-12);
    }

    #[test]
    fn dominated_points_and_duplicates_add_nothing((mut points, m) in anywhere(40)) {
        let reference = vec![1.0; m];
        let all = hypervolume(&points, &reference);
        let copies = points.clone();
        let worse = |k: usize, m: usize| copies[k][m] + if (k + m).is_multiple_of(3) { 0.01 } else { 0.0 };
        points.extend((0..copies.len()).map(|k| (0..m).map(|i| worse(k, i)).collect()));
        points.extend_from_slice(&copies);
        prop_assert!((hypervolume(&points, &reference) - all).abs() < 1e-12);
    }

    #[test]
    fn more_points_never_dominate_less((points, m) in anywhere(40)) {
        let reference = vec![1.0; m];
        let mut last = 0.0;
        for n in 0..=points.len() {
            let next = hypervolume(&points[..n], &reference);
            prop_assert!(next >= last - 1e-12);
            last = next;
        }
    }

    /// Powers of two change no digit.
    #[test]
    fn scaling_an_objective_scales_the_volume((points, m) in anywhere(40), powers in proptest::collection::vec(-3_i32..4, 8)) {
        let reference = vec![1.0; m];
        let scaled = |x: &[f64]| -> Vec<f64> { x.iter().zip(&powers).map(|(x, e)| x * 2_f64.powi(*e)).collect() };
        let image: Vec<_> = points.iter().map(|p| scaled(p)).collect();
        let factor = 2_f64.powi(powers[..m].iter().sum());
        prop_assert_eq!(hypervolume(&image, &scaled(&reference)), factor * hypervolume(&points, &reference));
    }
}
