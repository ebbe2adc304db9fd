//! Values, fronts and hypervolumes of all test functions against independent answers.

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

/// Made with pymoo 0.6.1.6, `C2DTLZ2(n_var=5, n_obj=M).evaluate(x, return_as_dictionary=True)["G"]`,
/// M = 2, 3, 4 at the x of [`PYMOO`] and at (0.02, 0.03, 0.5, 0.5, 0.45).
const PYMOO_C2: [[f64; 2]; 3] = [
    [0.1419672156466574, 0.011114908097128118],
    [0.17784624355312117, -0.15677970113032547],
    [-0.02645333693259022, 0.26083962895982804],
];

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

#[test]
fn constraint_values_agree_with_pymoo() {
    for (m, want) in (2..).zip(PYMOO_C2) {
        let f = by_name("c2dtlz2", 5, m, None).unwrap();
        let dtlz2 = by_name("dtlz2", 5, m, None).unwrap();
        for (x, want) in [[0.15, 0.35, 0.62, 0.8, 0.05], [0.02, 0.03, 0.5, 0.5, 0.45]].iter().zip(want) {
            assert!(close(&f.constraint_values(x), &[want], 1e-12), "{m}: {want}");
            assert_eq!(f.evaluate(x), dtlz2.evaluate(x));
        }
        assert_eq!((f.constraint_names(), dtlz2.constraint_names()), (&["c1"][..], &[][..]));
    }
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
        for name in names() {
            let objectives = if name.starts_with("zdt") { 2 } else { 4 };
            for shift in [None, Some(1)] {
                let f = by_name(name, 8, objectives, shift).unwrap();
                let scaled = |((l, u), t): ((f64, f64), &f64)| l + t * (u - l);
                let x: Vec<f64> = f.bounds().into_iter().zip(&units).map(scaled).collect();
                let values = [f.evaluate(&x), f.constraint_values(&x)].concat();
                prop_assert!(values.iter().all(|v| v.is_finite()), "{name}");
                prop_assert_eq!(f.constraint_values(&x).len(), f.constraint_names().len());
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
    for name in names() {
        let f = by_name(name, 6, 2, None).unwrap();
        let mut points: Vec<[f64; 2]> = (0..=POINTS)
            .filter_map(|k| {
                let t = f64::from(k) / f64::from(POINTS);
                let t = if *name == "dtlz4" { t.powf(0.01) } else { t };
                let x = on_front(name, &[t], 6);
                let y = f.evaluate(&x);
                f.constraint_values(&x).iter().all(|c| *c <= 0.0).then_some([y[0], y[1]])
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
    for name in names().iter().filter(|n| n.starts_with("dtlz")) {
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
    for name in names() {
        let f = by_name(name, 4, 2, Some(0)).unwrap();
        assert_eq!(f.name(), *name);
        assert_eq!((f.objectives(), f.bounds().len(), f.reference_point().len()), (2, 4, 2));
        assert!(f.source().contains("doi"));
    }
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
}
