//! Values, fronts and hypervolumes of all test functions against independent answers.

mod hypervolumes;
mod values;
mod variants;

use super::Variant::{Heterogeneous, Rotated, Shifted};
use super::*;
use proptest::prelude::*;

/// Functions with distance variables.
fn with_distance() -> impl Iterator<Item = &'static Entry> {
    entries().filter(|e| matches!(e.make, Make::WithDistance(_)))
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
}

/// The best distance variables, with `head` in front.
fn on_front(name: &str, head: &[f64], dimension: usize) -> Vec<f64> {
    let middle = ["dtlz1", "dtlz2", "dtlz3", "dtlz4", "dtlz5", "c2dtlz2"];
    let best = if middle.contains(&name) { 0.5 } else { 0.0 };
    let mut x = vec![best; dimension];
    x[..head.len()].copy_from_slice(head);
    x
}

proptest! {
    #[test]
    fn fronts_of_dtlz_obey_their_equation(head in prop::collection::vec(0.0..=1.0f64, 4)) {
        for name in ["dtlz1", "dtlz2", "dtlz3", "dtlz4"] {
            let f = by_name(name, 9, 5, None).unwrap().evaluate(&on_front(name, &head, 9));
            let (sum, want) = match name {
                "dtlz1" => (f.iter().sum::<f64>(), 0.5),
                _ => (f.iter().map(|f| f * f).sum::<f64>(), 1.0),
            };
            prop_assert!((sum - want).abs() < 1e-12, "{name}: {f:?}");
        }
        for name in ["dtlz5", "dtlz6"] {
            let f = by_name(name, 9, 3, None).unwrap().evaluate(&on_front(name, &head[..2], 9));
            prop_assert!((f[0] - f[1]).abs() < 1e-12);
            prop_assert!((2.0 * f[0] * f[0] + f[2] * f[2] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn values_inside_the_box_are_finite_shifted_or_not(units in prop::collection::vec(0.0..=1.0f64, 8)) {
        for entry in with_distance() {
            let objectives = if entry.name.starts_with("zdt") { 2 } else { 4 };
            for variant in [None, Some(Shifted(1)), Some(Heterogeneous(1)), Some(Rotated(1))] {
                let name = entry.name;
                let f = by_name(name, 8, objectives, variant).unwrap();
                let scaled = |((l, u), t): ((f64, f64), &f64)| l + t * (u - l);
                let x: Vec<f64> = f.bounds().into_iter().zip(&units).map(scaled).collect();
                let values = [f.evaluate(&x), f.constraint_values(&x)].concat();
                prop_assert!(values.iter().all(|v| v.is_finite()), "{name}");
                prop_assert_eq!(f.constraint_values(&x).len(), f.constraint_names().len());
            }
        }
    }
}

#[test]
fn every_name_is_known_and_says_what_it_is() {
    for entry in entries() {
        let (d, m) = (entry.parameters.usual(), entry.objectives.usual());
        let f = by_name(entry.name, d, m, None).unwrap();
        assert_eq!((f.name(), f.source()), (entry.name, entry.source));
        assert_eq!((f.objectives(), f.bounds().len(), f.reference_point().len()), (m, d, m));
        assert!(
            ["doi", "arXiv", "https"].iter().any(|word| f.source().contains(word)),
            "{}",
            f.source()
        );
    }
    let mut sorted = names();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), names().len(), "no name twice");
}

#[test]
fn impossible_requests_are_refused() {
    let refusal = |name, d, m| by_name(name, d, m, None).unwrap_err().to_string();
    assert!(refusal("dtlz9", 5, 2).starts_with("no test function \"dtlz9\"; known are dtlz1, dtlz2"));
    assert_eq!(
        refusal("dtlz2", 2, 3),
        "dtlz2 needs at least 2 objectives and at least as many parameters as objectives, not 3 \
         objectives and 2 parameters"
    );
    assert!(refusal("dtlz2", 5, 1).contains("at least 2 objectives"));
    assert!(refusal("zdt1", 5, 3).starts_with("zdt1 needs exactly 2 objectives"));
    assert!(refusal("zdt1", 1, 2).contains("at least 2 parameters"));
    assert!(
        refusal("gp-rq", 501, 2).starts_with("gp-rq needs 2 to 10 objectives and 1 to 500 parameters")
    );
    assert_eq!(
        refusal("vehicle-safety", 6, 3),
        "vehicle-safety needs exactly 3 objectives and exactly 5 parameters, not 3 objectives and 6 \
         parameters"
    );
    let refusal = |name, d, m, v| by_name(name, d, m, Some(v)).unwrap_err().to_string();
    assert!(refusal("penicillin", 7, 3, Shifted(1)).contains("neither shifted, heterogeneous nor"));
    assert!(refusal("gp-rq", 5, 2, Rotated(1)).contains("neither heterogeneous nor rotated"));
    assert_eq!(
        refusal("dtlz2", 1002, 2, Rotated(1)),
        "dtlz2 can be rotated with at most 1000 distance variables, not 1001"
    );
}
