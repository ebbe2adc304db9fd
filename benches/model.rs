//! What a candidate of the model phase is made of: fit, conditioning, prediction, acquisition; ratios within
//! this run are printed at the end. `cargo bench --bench model [-- FILTER]`.

mod support;

use criterion::Criterion;
use paretorank::acquisition::{Boxes, Directions, MOST_BOX_OBJECTIVES};
use paretorank::gp::{Data, Family, Hyper, Posterior, fit};
use std::hint::black_box;
use std::time::{Duration, Instant};
use support::{Figures, points, repeat, short};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let figures = Figures::default();
    processes(&mut criterion, &figures);
    acquisition(&mut criterion, &figures);
    criterion.final_summary();
    figures.print_ratios();
}

/// Against conditioning a process anew, which is the least that a fit could be.
fn processes(criterion: &mut Criterion, figures: &Figures) {
    let mut group = short(criterion, "process");
    for (d, n) in [(20, 100), (100, 100), (20, 400)] {
        let x = points::sphere(n + 1, d);
        let rows: Vec<&[f64]> = x[..n].iter().map(Vec::as_slice).collect();
        let value = |x: &[f64]| (6.0 * x[0]).sin() + x.iter().sum::<f64>();
        let y: Vec<f64> = rows.iter().map(|x| value(x)).collect();
        let (data, _) = Data::new(&rows, &y, &vec![None; n]);
        let start = Hyper::initial(Family::Rational, d);
        let posterior = Posterior::new(&data, &start).expect("the covariance is positive");
        let name = format!("process d={d} n={n}");
        let mut time = |what: &str, run: &mut dyn FnMut(u64) -> Duration| {
            figures.time(&mut group, (&name, what), run);
        };
        time("conditioning", &mut repeat(|| Posterior::new(&data, &start)));
        time("one more observation", &mut |times| {
            let mut copies = vec![posterior.clone(); times as usize];
            let begun = Instant::now();
            copies.iter_mut().for_each(|p| p.observe(&x[n], 0.1, None));
            begun.elapsed()
        });
        time("fit", &mut repeat(|| fit(&data, &start)));
        time(
            "100 predictions, one by one",
            &mut repeat(|| x[..100].iter().map(|x| posterior.predict(black_box(x)).mean).sum::<f64>()),
        );
        let many = x[..100].to_vec();
        time("100 predictions at once", &mut repeat(|| posterior.predict_all(black_box(&many))));
        let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
        time(
            "prediction with gradient",
            &mut repeat(|| posterior.predict_with_gradient(black_box(&x[0]), &mut dmean, &mut dsd)),
        );
    }
}

/// Exact boxes against directions.
fn acquisition(criterion: &mut Criterion, figures: &Figures) {
    let mut group = short(criterion, "acquisition");
    let (n, directions) = (50, 256);
    for m in [2, 3, 5] {
        let (front, reference) = (points::linear(n, m), vec![0.55; m]);
        let (mean, sd) = (vec![0.4 / m as f64; m], vec![0.05; m]);
        let (mut dmean, mut dsd) = (vec![0.0; m], vec![0.0; m]);
        let name = format!("improvement with gradient M={m} front={n}");
        let approximate = Directions::new(&front, &reference, points::sphere(directions, m));
        let run = || approximate.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd);
        figures.time(&mut group, (&name, &format!("{directions} directions")), repeat(run));
        if m <= MOST_BOX_OBJECTIVES {
            let exact = Boxes::new(&front, &reference);
            let run = || exact.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd);
            figures.time(&mut group, (&name, &format!("{} boxes", exact.len())), repeat(run));
        }
    }
}
