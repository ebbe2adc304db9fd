//! Hypervolume, contributions and growing fronts; ratios within this run are printed at the end.
//!
//! `cargo bench --bench hypervolume [-- FILTER]`. With a Python that has moocore its times stand beside
//! ours, and its results are compared with ours.

#[path = "support/moocore.rs"]
mod moocore;
mod support;

use criterion::Criterion;
use moocore::Moocore;
use paretorank::pareto::{Front, exclusive_contributions, hypervolume};
use support::{Figures, points, repeat, short};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let figures = Figures::default();
    let mut moocore = Moocore::find();
    volumes(&mut criterion, &figures, &mut moocore);
    contributions(&mut criterion, &figures, &mut moocore);
    fronts(&mut criterion, &figures);
    criterion.final_summary();
    figures.print_ratios();
}

fn volumes(criterion: &mut Criterion, figures: &Figures, moocore: &mut Option<Moocore>) {
    let mut group = short(criterion, "hypervolume");
    for shape in ["sphere", "linear"] {
        for (m, n) in (3..=6).flat_map(|m| [(m, 100), (m, 1000)]) {
            let (points, reference) = match shape {
                "sphere" => (points::sphere(n, m), vec![1.1; m]),
                _ => (points::linear(n, m), vec![0.55; m]),
            };
            let name = format!("hypervolume {shape} M={m} n={n}");
            figures.time(&mut group, (&name, "paretorank"), repeat(|| hypervolume(&points, &reference)));
            if let Some(moocore) = moocore {
                let theirs = moocore.result("hypervolume", &points, &reference);
                assert!((hypervolume(&points, &reference) / theirs - 1.0).abs() < 1e-11);
                figures.time(&mut group, (&name, "moocore"), |times| moocore.repeat(times));
            }
        }
    }
}

fn contributions(criterion: &mut Criterion, figures: &Figures, moocore: &mut Option<Moocore>) {
    let mut group = short(criterion, "contributions");
    for (m, n) in [(2, 1000), (3, 1000), (4, 300), (5, 100)] {
        let (points, reference) = (points::sphere(n, m), vec![1.1; m]);
        let name = format!("contributions sphere M={m} n={n}");
        let at_once = repeat(|| exclusive_contributions(&points, &reference));
        figures.time(&mut group, (&name, "paretorank"), at_once);
        if let Some(moocore) = moocore {
            let theirs = moocore.result("hv_contributions", &points, &reference);
            let ours: f64 = exclusive_contributions(&points, &reference).iter().sum();
            assert!((ours / theirs - 1.0).abs() < 1e-9);
            figures.time(&mut group, (&name, "moocore"), |times| moocore.repeat(times));
        }
        let without = |k: usize| {
            let others: Vec<_> = points[..k].iter().chain(&points[k + 1..]).cloned().collect();
            hypervolume(&others, &reference)
        };
        let one_by_one = repeat(|| (0..n).map(without).sum::<f64>());
        figures.time(&mut group, (&name, "one hypervolume per point"), one_by_one);
    }
}

fn fronts(criterion: &mut Criterion, figures: &Figures) {
    let mut group = short(criterion, "front");
    for (m, n) in [(2, 1000), (3, 1000), (4, 300), (5, 200)] {
        let (points, reference) = (points::sphere(n, m), vec![1.1; m]);
        let name = format!("curve sphere M={m} n={n}");
        let grow = || {
            let mut front = Front::new(reference.clone());
            points.iter().map(|p| front.insert(p)).sum::<f64>()
        };
        figures.time(&mut group, (&name, "insertion"), repeat(grow));
        let from_nothing = || (1..=n).map(|k| hypervolume(&points[..k], &reference)).sum::<f64>();
        figures.time(&mut group, (&name, "from nothing"), repeat(from_nothing));
    }
}
