//! What shifts, weights and rotations do to the functions and leave as it is.

use super::super::heterogeneous::factors;
use super::super::shifted::places;
use super::*;

/// The best design of a variant whose first parameters are 0.3, from the places of its seed.
fn best_design(f: &dyn TestFunction, first: usize, seed: u64) -> Vec<f64> {
    let (head, tail) = (vec![0.3; first], places(f.bounds().len() - first, seed));
    let units = head.into_iter().chain(tail);
    f.bounds().into_iter().zip(units).map(|((l, u), t)| l + t * (u - l)).collect()
}

#[test]
fn variants_reach_the_front_at_their_own_place_only() {
    for entry in with_distance() {
        let (name, m) = (entry.name, if entry.name.starts_with("zdt") { 2 } else { 3 });
        let plain = by_name(name, 12, m, None).unwrap();
        let old = on_front(name, &vec![0.3; m - 1], 12);
        let want = plain.evaluate(&old);
        for variant in [Shifted(3), Heterogeneous(3), Rotated(3)] {
            let f = by_name(name, 12, m, Some(variant)).unwrap();
            assert_eq!(f.max_hypervolume(), plain.max_hypervolume());
            assert_eq!(f.constraint_names(), plain.constraint_names());
            // The tenth root in DTLZ6 and the fourth in ZDT6 make much of the last digit.
            let tolerance = if matches!(name, "dtlz6" | "zdt6") { 0.02 } else { 1e-9 };
            let best = best_design(&*f, m - 1, 3);
            let got = f.evaluate(&best);
            assert!(close(&got, &want, tolerance), "{name} {variant:?}: {want:?} {got:?}");
            let constraints = (f.constraint_values(&best), plain.constraint_values(&old));
            assert!(close(&constraints.0, &constraints.1, 1e-9), "{name} {variant:?}");
            let sum = |values: &[f64]| values.iter().sum::<f64>();
            assert!(sum(&f.evaluate(&old)) > sum(&want) + 1e-3, "{name} {variant:?}");
        }
    }
}

proptest! {
    /// Nothing a variant reaches lies below the front of the plain function.
    #[test]
    fn variants_stay_above_the_front(units in prop::collection::vec(0.0..=1.0f64, 8), seed in 0..50u64) {
        for variant in [Shifted(seed), Heterogeneous(seed), Rotated(seed)] {
            let f = |name| by_name(name, 8, 3, Some(variant)).unwrap().evaluate(&units);
            prop_assert!(f("dtlz1").iter().sum::<f64>() >= 0.5 - 1e-9);
            for name in ["dtlz2", "dtlz3", "dtlz4"] {
                prop_assert!(f(name).iter().map(|y| y * y).sum::<f64>() >= 1.0 - 1e-9, "{name}");
            }
        }
    }
}

#[test]
fn heterogeneous_dtlz2_is_the_weighted_sum_of_squares() {
    let (d, m, seed) = (9, 2, 11);
    let f = by_name("dtlz2", d, m, Some(Heterogeneous(seed))).unwrap();
    let x: Vec<f64> = (0..d).map(|j| (0.37 * j as f64 + 0.2).fract()).collect();
    let g = f.evaluate(&x).iter().map(|y| y * y).sum::<f64>().sqrt() - 1.0;
    let weights = factors(d - 1, seed);
    let mut want = 0.0;
    for (j, c) in places(d - 1, seed).into_iter().enumerate() {
        want += weights[j] * weights[j] * (x[j + 1] - c).powi(2);
    }
    assert!((g - want).abs() < 1e-12, "{g} {want}");
}

#[test]
fn rotated_dtlz2_curves_by_the_sum_of_its_weights() {
    // g(c + ε e_k) = ε² Σ_j w_j R_jk², which sums over k to ε² Σ_j w_j: rows of R have length 1, weights
    // mean 1.
    let (d, m, seed, step) = (19, 2, 6, 0.05);
    let f = by_name("dtlz2", d, m, Some(Rotated(seed))).unwrap();
    let best = best_design(&*f, m - 1, seed);
    let g = |k: usize| {
        let mut x = best.clone();
        x[k] += step;
        f.evaluate(&x).iter().map(|y| y * y).sum::<f64>().sqrt() - 1.0
    };
    let sum: f64 = (m - 1..d).map(g).sum();
    assert!((sum - step * step * (d - m + 1) as f64).abs() < 1e-12, "{sum}");
}
