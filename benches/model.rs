//! What a candidate of the model phase is made of: fit, conditioning, prediction, acquisition.
//! `cargo bench --bench model [-- FILTER]`.

mod support;

use paretorank::acquisition::{Boxes, Directions, MOST_BOX_OBJECTIVES};
use paretorank::gp::{Data, Family, Hyper, Posterior, fit};
use std::hint::black_box;
use std::time::Instant;
use support::{Figures, points, repeat};

/// Fits are measured up to so many numbers in the data: larger ones take seconds each.
const MOST_FITTED: usize = 20_000;

fn main() {
    let mut figures = Figures::new();
    for d in [20, 50, 100] {
        for n in [50, 100, 400, 1000] {
            process(&mut figures, d, n);
        }
    }
    acquisition(&mut figures);
    figures.finish(env!("CARGO_CRATE_NAME"));
}

/// Against conditioning a process anew, which is the least that a fit could be.
fn process(figures: &mut Figures, d: usize, n: usize) {
    let mut group = figures.group("process");
    let x = points::sphere(n + 1, d);
    let rows: Vec<&[f64]> = x[..n].iter().map(Vec::as_slice).collect();
    let value = |x: &[f64]| (6.0 * x[0]).sin() + x.iter().sum::<f64>();
    let y: Vec<f64> = rows.iter().map(|x| value(x)).collect();
    let (data, _) = Data::new(&rows, &y, &vec![None; n]);
    let start = Hyper::initial(Family::Rational, d);
    let posterior = Posterior::new(&data, &start).expect("the covariance is positive");
    let parameters = format!("d={d} n={n}");
    group.time(&parameters, "conditioning", repeat(|| Posterior::new(&data, &start)));
    group.time(&parameters, "one more observation", |times| {
        let mut copies = vec![posterior.clone(); times as usize];
        let begun = Instant::now();
        copies.iter_mut().for_each(|p| p.observe(&x[n], 0.1, None));
        begun.elapsed()
    });
    if d * n <= MOST_FITTED {
        group.time(&parameters, "fit", repeat(|| fit(&data, &start)));
    }
    let many = x[..50].to_vec();
    group.time_each(
        &parameters,
        "prediction",
        50,
        repeat(|| many.iter().map(|x| posterior.predict(black_box(x)).mean).sum::<f64>()),
    );
    group.time_each(
        &parameters,
        "prediction, 50 at once",
        50,
        repeat(|| posterior.predict_all(black_box(&many))),
    );
    let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
    group.time(
        &parameters,
        "prediction with gradient",
        repeat(|| posterior.predict_with_gradient(black_box(&x[0]), &mut dmean, &mut dsd)),
    );
}

/// Exact boxes against directions.
fn acquisition(figures: &mut Figures) {
    let mut group = figures.group("improvement with gradient");
    let (n, directions) = (50, 256);
    for m in [2, 3, 5] {
        let (front, reference) = (points::linear(n, m), vec![0.55; m]);
        let (mean, sd) = (vec![0.4 / m as f64; m], vec![0.05; m]);
        let (mut dmean, mut dsd) = (vec![0.0; m], vec![0.0; m]);
        let parameters = format!("M={m} front={n}");
        let approximate = Directions::new(&front, &reference, points::sphere(directions, m));
        let run = || approximate.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd);
        group.time(&parameters, &format!("{directions} directions"), repeat(run));
        if m <= MOST_BOX_OBJECTIVES {
            let exact = Boxes::new(&front, &reference);
            let run = || exact.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd);
            group.time(&parameters, &format!("{} boxes", exact.len()), repeat(run));
        }
    }
}
