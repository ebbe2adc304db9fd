//! Hypervolume, contributions and growing fronts.
//!
//! `cargo bench --bench hypervolume [-- FILTER]`. With a Python that has moocore its times stand beside
//! ours, and its results are compared with ours.

#[path = "support/moocore.rs"]
mod moocore;
mod support;

use moocore::Moocore;
use paretorank::pareto::{Front, exclusive_contributions, hypervolume};
use support::{Figures, points, repeat};

fn main() {
    let mut figures = Figures::new();
    let mut moocore = match Moocore::find() {
        Ok(moocore) => {
            figures.version("moocore", &moocore.version);
            Some(moocore)
        }
        Err(why) => {
            figures.left_out(&why);
            None
        }
    };
    volumes(&mut figures, &mut moocore);
    contributions(&mut figures, &mut moocore);
    fronts(&mut figures);
    figures.finish(env!("CARGO_CRATE_NAME"));
}

fn volumes(figures: &mut Figures, moocore: &mut Option<Moocore>) {
    let mut group = figures.group("hypervolume");
    for (shape, sizes) in [("sphere", &[10, 100, 1000][..]), ("linear", &[1000])] {
        for (m, n) in (2..=6).flat_map(|m| sizes.iter().map(move |n| (m, *n))) {
            let (points, reference) = match shape {
                "sphere" => (points::sphere(n, m), vec![1.1; m]),
                _ => (points::linear(n, m), vec![0.55; m]),
            };
            let parameters = format!("{shape} M={m} n={n}");
            group.time(&parameters, "paretorank", repeat(|| hypervolume(&points, &reference)));
            if let Some(moocore) = moocore {
                let theirs = moocore.result("hypervolume", &points, &reference);
                assert!((hypervolume(&points, &reference) / theirs - 1.0).abs() < 1e-11);
                group.time(&parameters, "moocore", |times| moocore.repeat(times));
            }
        }
    }
}

fn contributions(figures: &mut Figures, moocore: &mut Option<Moocore>) {
    let mut group = figures.group("contributions");
    for (m, n) in [(2, 1000), (3, 1000), (4, 300), (5, 100)] {
        let (points, reference) = (points::sphere(n, m), vec![1.1; m]);
        let parameters = format!("sphere M={m} n={n}");
        let at_once = repeat(|| exclusive_contributions(&points, &reference));
        group.time(&parameters, "paretorank", at_once);
        if let Some(moocore) = moocore {
            let theirs = moocore.result("hv_contributions", &points, &reference);
            let ours: f64 = exclusive_contributions(&points, &reference).iter().sum();
            assert!((ours / theirs - 1.0).abs() < 1e-9);
            group.time(&parameters, "moocore", |times| moocore.repeat(times));
        }
        let without = |k: usize| {
            let others: Vec<_> = points[..k].iter().chain(&points[k + 1..]).cloned().collect();
            hypervolume(&others, &reference)
        };
        let one_by_one = repeat(|| (0..n).map(without).sum::<f64>());
        group.time(&parameters, "one hypervolume per point", one_by_one);
    }
}

/// A front of n points from the first to the last, per point.
fn fronts(figures: &mut Figures) {
    let mut group = figures.group("a point more");
    for (m, n) in [(2, 1000), (3, 1000), (4, 300), (5, 200), (6, 100)] {
        let (points, reference) = (points::sphere(n, m), vec![1.1; m]);
        let parameters = format!("sphere M={m} n={n}");
        let grow = || {
            let mut front = Front::new(reference.clone());
            points.iter().map(|p| front.insert(p)).sum::<f64>()
        };
        group.time_each(&parameters, "insertion", n as u64, repeat(grow));
        let from_nothing = || (1..=n).map(|k| hypervolume(&points[..k], &reference)).sum::<f64>();
        group.time_each(&parameters, "hypervolume from nothing", n as u64, repeat(from_nothing));
    }
}
