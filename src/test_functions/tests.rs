//! Values, fronts and hypervolumes of all test functions against independent answers.

use super::Variant::{Heterogeneous, Rotated, Shifted};
use super::shifted::places;
use super::*;
use crate::rng;
use proptest::prelude::*;
use rand::RngExt;

/// Made with pymoo 0.6.2, `get_problem(name, n_var=5, n_obj=M).evaluate(x)`, x = (0.15, 0.35, 0.62,
/// 0.8, 0.05); for zdt4 x = (0.15, -1.3, 0.4, 2.25, -4.1).
#[rustfmt::skip]
const PYMOO: &[(&str, &[f64])] = &[
    ("dtlz1", &[37.72787254218789, 213.79127773906472]),
    ("dtlz1", &[7.895692889765762, 14.663429652422131, 127.83502773906473]),
    ("dtlz2", &[1.2926685721766713, 0.31034226671004067]),
    ("dtlz2", &[1.0835268067394175, 0.6639860811406588, 0.3050897460232828]),
    ("dtlz3", &[489.1393122749457, 117.43195910827033]),
    ("dtlz3", &[249.37806015232033, 152.81907180614925, 70.21763426841346]),
    ("dtlz5", &[1.2926685721766713, 0.31034226671004067]),
    ("dtlz5", &[0.9469031363957763, 0.8475153728135503, 0.3050897460232828]),
    ("dtlz6", &[4.446383914810552, 1.0674823326615055]),
    ("dtlz6", &[2.9188179651353936, 2.0571753256095797, 0.8573020083381547]),
    ("dtlz7", &[0.15, 11.891846748910728]),
    ("dtlz7", &[0.15, 0.35, 18.636598811674812]),
    ("zdt1", &[0.15, 4.220786067372522]),
    ("zdt2", &[0.15, 5.09058390578999]),
    ("zdt3", &[0.15, 4.3707860673725225]),
    ("zdt4", &[0.15, 73.24192454828572]),
    ("zdt6", &[0.9995221214960975, 8.272666216255235]),
];

/// Functions with distance variables.
fn with_known_fronts() -> impl Iterator<Item = &'static Entry> {
    entries().filter(|e| matches!(e.make, Make::WithDistance(_)))
}

/// Made with BoTorch 0.18.1: at the shares of the ranges below,
/// `Problem().evaluate_true(torch.tensor([x], dtype=torch.double))`.
#[rustfmt::skip]
const BOTORCH: &[(&str, [&[f64]; 5])] = &[
    ("vehicle-safety", [
        &[1684.3660796000001, 10.168904, 0.09430000000000001],
        &[1683.1333450000002, 9.626600000000002, 0.12329999999999995],
        &[1682.5652601600002, 9.571745, 0.10112200000000003],
        &[1661.7078224999998, 8.304599999999999, 0.0708],
        &[1704.5588675, 10.551600000000002, 0.10239999999999988],
    ]),
    ("car-side-impact", [
        &[29.6744056, 3.92848, 12.219901499999999, 0.0],
        &[29.17200800000001, 4.0489999999999995, 12.1232625, 1.048499999999997],
        &[28.496507199999996, 4.266545, 12.249787125000001, 3.4164755049999984],
        &[15.576004000000003, 4.42725, 13.091381250000001, 9.4940193],
        &[42.768012, 3.58525, 10.61064375, 0.0],
    ]),
    ("penicillin", [
        &[-10.527554546965282, 48.23653684488324, 309.0],
        &[-10.988702173357101, 47.04080286015856, 314.0],
        &[-9.996780961971721, 45.43289627261736, 322.0],
        &[-10.251304077208367, 41.5381543328245, 395.0],
        &[-10.896614736017792, 40.73202282395603, 293.0],
    ]),
];
const SHARES: [[f64; 7]; 5] = [
    [0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8],
    [0.5; 7],
    [0.95, 0.05, 0.6, 0.2, 0.85, 0.4, 0.15],
    [0.0; 7],
    [1.0; 7],
];

#[test]
fn values_agree_with_botorch() {
    for (name, wanted) in BOTORCH {
        let entry = entry(name).unwrap();
        let f = by_name(name, entry.parameters.usual(), entry.objectives.usual(), None).unwrap();
        for (shares, want) in SHARES.iter().zip(wanted) {
            let x: Vec<f64> =
                f.bounds().iter().zip(shares).map(|((l, u), share)| l + share * (u - l)).collect();
            let got = f.evaluate(&x);
            assert!(close(&got, want, 1e-10), "{name}: {got:?} {want:?}");
        }
    }
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
}

#[test]
fn values_agree_with_pymoo() {
    for (name, want) in PYMOO {
        let x = match *name {
            "zdt4" => [0.15, -1.3, 0.4, 2.25, -4.1],
            _ => [0.15, 0.35, 0.62, 0.8, 0.05],
        };
        let got = by_name(name, 5, want.len(), None).unwrap().evaluate(&x);
        assert!(close(&got, want, 1e-12), "{name}: {got:?} {want:?}");
    }
}

#[test]
fn dtlz4_is_dtlz2_with_position_variables_to_the_hundredth_power() {
    let x = [0.994f64, 0.998, 0.62, 0.8, 0.05];
    let powered = [x[0].powi(100), x[1].powi(100), x[2], x[3], x[4]];
    let got = by_name("dtlz4", 5, 3, None).unwrap().evaluate(&x);
    let want = by_name("dtlz2", 5, 3, None).unwrap().evaluate(&powered);
    assert!(close(&got, &want, 1e-14), "{got:?} {want:?}");
}

/// The best distance variables, with `head` in front.
fn on_front(name: &str, head: &[f64], dimension: usize) -> Vec<f64> {
    let best = if matches!(name, "dtlz1" | "dtlz2" | "dtlz3" | "dtlz4" | "dtlz5") { 0.5 } else { 0.0 };
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
        for entry in with_known_fronts() {
            let objectives = if entry.name.starts_with("zdt") { 2 } else { 4 };
            for variant in [None, Some(Shifted(1)), Some(Heterogeneous(1)), Some(Rotated(1))] {
                let name = entry.name;
                let f = by_name(name, 8, objectives, variant).unwrap();
                let scaled = |((l, u), t): ((f64, f64), &f64)| l + t * (u - l);
                let x: Vec<f64> = f.bounds().into_iter().zip(&units).map(scaled).collect();
                prop_assert!(f.evaluate(&x).iter().all(|v| v.is_finite()), "{name}");
            }
        }
    }
}

/// Area dominated by points of two objectives.
fn area(points: &mut [[f64; 2]], reference: [f64; 2]) -> f64 {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut lowest = reference[1];
    let mut area = 0.0;
    for p in points.iter().filter(|p| p[0] < reference[0]) {
        if p[1] < lowest {
            area += (reference[0] - p[0]) * (lowest - p[1]);
            lowest = p[1];
        }
    }
    area
}

#[test]
fn hypervolumes_of_two_objectives_agree_with_dense_fronts() {
    const POINTS: u32 = 40_000;
    for Entry { name, .. } in with_known_fronts() {
        let f = by_name(name, 6, 2, None).unwrap();
        let mut points: Vec<[f64; 2]> = (0..=POINTS)
            .map(|k| {
                let t = f64::from(k) / f64::from(POINTS);
                let t = if *name == "dtlz4" { t.powf(0.01) } else { t };
                let y = f.evaluate(&on_front(name, &[t], 6));
                [y[0], y[1]]
            })
            .collect();
        let r = f.reference_point();
        let sampled = area(&mut points, [r[0], r[1]]);
        let known = f.max_hypervolume().unwrap().value;
        assert!(sampled <= known + 1e-7, "{name}: {sampled} of {known}");
        assert!(sampled >= known * (1.0 - 3e-4), "{name}: {sampled} of {known}");
    }
}

/// Volume dominated by points of three objectives, in slices of the third.
fn volume(points: &mut [[f64; 3]], reference: [f64; 3]) -> f64 {
    points.sort_by(|a, b| a[2].total_cmp(&b[2]));
    let mut volume = 0.0;
    for k in 0..points.len() {
        let top = points.get(k + 1).map_or(reference[2], |p| p[2].min(reference[2]));
        if top > points[k][2] {
            let mut below: Vec<[f64; 2]> = points[..=k].iter().map(|p| [p[0], p[1]]).collect();
            volume += area(&mut below, [reference[0], reference[1]]) * (top - points[k][2]);
        }
    }
    volume
}

#[test]
fn hypervolumes_of_three_objectives_agree_with_dense_fronts() {
    const EDGE: u32 = 50;
    for Entry { name, .. } in with_known_fronts().filter(|e| e.name.starts_with("dtlz")) {
        let f = by_name(name, 6, 3, None).unwrap();
        let place = |k: u32| {
            let t = f64::from(k) / f64::from(EDGE);
            if *name == "dtlz4" { t.powf(0.01) } else { t }
        };
        let mut points = vec![];
        for i in 0..=EDGE {
            for j in 0..=EDGE {
                let y = f.evaluate(&on_front(name, &[place(i), place(j)], 6));
                points.push([y[0], y[1], y[2]]);
            }
        }
        let r = f.reference_point();
        let sampled = volume(&mut points, [r[0], r[1], r[2]]);
        let known = f.max_hypervolume().unwrap().value;
        assert!(sampled <= known + 1e-9, "{name}: {sampled} of {known}");
        assert!(sampled >= known * 0.96, "{name}: {sampled} of {known}");
    }
}

#[test]
fn hypervolumes_of_five_objectives_agree_with_monte_carlo() {
    const DRAWS: u32 = 400_000;
    let mut draws = rng::stream(1, "five objectives", 0);
    let mut above = [0u32; 2];
    for _ in 0..DRAWS {
        let y: [f64; 5] = std::array::from_fn(|_| 1.1 * draws.random::<f64>());
        above[0] += u32::from(y.iter().sum::<f64>() >= 1.0); // DTLZ1, everything doubled
        above[1] += u32::from(y.iter().map(|y| y * y).sum::<f64>() >= 1.0);
    }
    for (name, r, hits) in [("dtlz1", 0.55f64, above[0]), ("dtlz3", 1.1, above[1])] {
        let share = f64::from(hits) / f64::from(DRAWS);
        let error = (share * (1.0 - share) / f64::from(DRAWS)).sqrt();
        let known = by_name(name, 8, 5, None).unwrap().max_hypervolume().unwrap().value;
        assert!((known / r.powi(5) - share).abs() < 4.0 * error, "{name}: {known} {share} {error}");
    }
}

/// The intervals of the first objective that make up the front of ZDT3, as published with it.
const ZDT3_FRONT: [(f64, f64); 5] = [
    (0.0, 0.083_001_534_9),
    (0.182_228_728_0, 0.257_762_363_4),
    (0.409_313_674_8, 0.453_882_104_1),
    (0.618_396_794_4, 0.652_511_703_8),
    (0.823_331_798_3, 0.851_832_865_4),
];

#[test]
fn zdt3_agrees_with_the_integral_over_its_published_intervals() {
    use std::f64::consts::PI;
    let curve = |t: f64| 1.0 - t.sqrt() - t * (10.0 * PI * t).sin();
    let primitive = |t: f64| {
        let w = 10.0 * PI;
        t - 2.0 / 3.0 * t.powf(1.5) + t * (w * t).cos() / w - (w * t).sin() / (w * w)
    };
    let mut below = 0.0;
    for (k, &(start, end)) in ZDT3_FRONT.iter().enumerate() {
        let next = ZDT3_FRONT.get(k + 1).map_or(1.1, |(start, _)| *start);
        below += primitive(end) - primitive(start) + (next - end) * curve(end);
    }
    let known = by_name("zdt3", 30, 2, None).unwrap().max_hypervolume().unwrap().value;
    assert!((known - (1.21 - below)).abs() < 1e-7, "{known} {}", 1.21 - below);
}

#[test]
fn zdt6_begins_at_the_published_least_first_objective() {
    let f = by_name("zdt6", 3, 2, None).unwrap();
    let least = 0.280_775_318_815_4;
    let want = 0.1 * (1.0 - least) + (1.0 - f64::powi(least, 3)) / 3.0 + 0.11;
    assert!((f.max_hypervolume().unwrap().value - want).abs() < 1e-9);
}

#[test]
fn degenerate_fronts_of_many_objectives_have_no_known_hypervolume() {
    assert_eq!(by_name("dtlz5", 9, 4, None).unwrap().max_hypervolume(), None);
    assert_eq!(by_name("dtlz6", 9, 5, None).unwrap().max_hypervolume(), None);
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

/// The best design of a variant whose first parameters are 0.3, from the places of its seed.
fn best_design(f: &dyn TestFunction, first: usize, seed: u64) -> Vec<f64> {
    let (head, tail) = (vec![0.3; first], places(f.bounds().len() - first, seed));
    let units = head.into_iter().chain(tail);
    f.bounds().into_iter().zip(units).map(|((l, u), t)| l + t * (u - l)).collect()
}

#[test]
fn variants_reach_the_front_at_their_own_place_only() {
    for entry in with_known_fronts() {
        let (name, m) = (entry.name, if entry.name.starts_with("zdt") { 2 } else { 3 });
        let plain = by_name(name, 12, m, None).unwrap();
        let old = on_front(name, &vec![0.3; m - 1], 12);
        let want = plain.evaluate(&old);
        for variant in [Shifted(3), Heterogeneous(3), Rotated(3)] {
            let f = by_name(name, 12, m, Some(variant)).unwrap();
            assert_eq!(f.max_hypervolume(), plain.max_hypervolume());
            // The tenth root in DTLZ6 and the fourth in ZDT6 make much of the last digit.
            let tolerance = if matches!(name, "dtlz6" | "zdt6") { 0.02 } else { 1e-9 };
            let best = best_design(&*f, m - 1, 3);
            let got = f.evaluate(&best);
            assert!(close(&got, &want, tolerance), "{name} {variant:?}: {want:?} {got:?}");
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
    let weights = super::heterogeneous::factors(d - 1, seed);
    let mut want = 0.0;
    for (j, c) in places(d - 1, seed).into_iter().enumerate() {
        let u = x[j + 1];
        let deviation = if u < c { 0.5 * (u - c) / c } else { 0.5 * (u - c) / (1.0 - c) };
        want += weights[j] * weights[j] * deviation * deviation;
    }
    assert!((g - want).abs() < 1e-12, "{g} {want}");
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
