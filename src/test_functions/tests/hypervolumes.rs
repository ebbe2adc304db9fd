//! Maximal hypervolumes against dense fronts, Monte Carlo and published numbers.

use super::*;
use crate::rng;
use rand::RngExt;

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
    for Entry { name, .. } in with_distance() {
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
    for Entry { name, .. } in with_distance().filter(|e| e.name.starts_with("dtlz")) {
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
