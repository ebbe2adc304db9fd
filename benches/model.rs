//! What a candidate of the model phase is made of: fit, prediction, acquisition.

use criterion::Criterion;
use paretorank::acquisition::{Boxes, Directions};
use paretorank::gp::{Data, Family, Hyper, Posterior, fit};
use std::hint::black_box;
use std::time::Duration;

#[path = "support/points.rs"]
mod points;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    model(&mut criterion);
    acquisition(&mut criterion);
    criterion.final_summary();
}

fn model(criterion: &mut Criterion) {
    for (d, n) in [(20, 100), (100, 100), (20, 300)] {
        let x = points::sphere(n, d);
        let rows: Vec<&[f64]> = x.iter().map(Vec::as_slice).collect();
        let y: Vec<f64> = x.iter().map(|x| (6.0 * x[0]).sin() + x.iter().sum::<f64>()).collect();
        let (data, _) = Data::new(&rows, &y, &vec![None; n]);
        let start = Hyper::initial(Family::Rational, d);
        criterion.bench_function(&format!("fit d={d} n={n}"), |b| b.iter(|| fit(&data, &start)));
        let posterior = Posterior::new(&data, &start).expect("the covariance is positive");
        let (mut dmean, mut dsd) = (vec![0.0; d], vec![0.0; d]);
        criterion.bench_function(&format!("prediction with gradient d={d} n={n}"), |b| {
            b.iter(|| posterior.predict_with_gradient(black_box(&x[0]), &mut dmean, &mut dsd));
        });
    }
}

fn acquisition(criterion: &mut Criterion) {
    let (n, directions) = (50, 256);
    for m in [3, 5] {
        let (front, reference) = (points::linear(n, m), vec![0.55; m]);
        let (mean, sd) = (vec![0.4 / m as f64; m], vec![0.05; m]);
        let (mut dmean, mut dsd) = (vec![0.0; m], vec![0.0; m]);
        let approximate = Directions::new(&front, &reference, points::sphere(directions, m));
        criterion.bench_function(&format!("{directions} directions M={m} front={n}"), |b| {
            b.iter(|| approximate.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd));
        });
        if m <= paretorank::acquisition::MOST_BOX_OBJECTIVES {
            let exact = Boxes::new(&front, &reference);
            criterion.bench_function(&format!("{} boxes M={m} front={n}", exact.len()), |b| {
                b.iter(|| exact.log_value_with_gradient(black_box(&mean), &sd, &mut dmean, &mut dsd));
            });
        }
    }
}
