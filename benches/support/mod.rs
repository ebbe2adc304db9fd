//! Times of one run, set against each other: on a shared machine only ratios mean anything.

pub mod points;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Criterion's benchmarks, and the least time of each for the ratios at the end.
#[derive(Default)]
pub struct Figures(RefCell<BTreeMap<String, Vec<(String, f64)>>>);

impl Figures {
    /// Times `run`, which does something so many times and says how long that took, as `contender`
    /// in the benchmark `name`.
    pub fn time(
        &self,
        group: &mut BenchmarkGroup<'_, WallTime>,
        (name, contender): (&str, &str),
        mut run: impl FnMut(u64) -> Duration,
    ) {
        let mut least = f64::INFINITY;
        group.bench_function(format!("{name}/{contender}"), |bencher| {
            bencher.iter_custom(|times| {
                let took = run(times);
                least = least.min(took.as_secs_f64() / times as f64);
                took
            });
        });
        // A filter on the command line may have left it out.
        if least.is_finite() {
            let mut all = self.0.borrow_mut();
            all.entry(name.to_owned()).or_default().push((contender.to_owned(), least));
        }
    }

    /// Prints the time of the first contender of each benchmark, and how the others compare.
    pub fn print_ratios(&self) {
        for (name, contenders) in &*self.0.borrow() {
            let Some(((ours, ours_s), others)) = contenders.split_first() else { continue };
            print!("{name}: {ours} takes {:.3} ms", 1e3 * ours_s);
            for (other, s) in others {
                print!("; {other} {:.2} times as long", s / ours_s);
            }
            println!();
        }
    }
}

/// How long a function takes, called so many times.
pub fn repeat<T>(mut function: impl FnMut() -> T) -> impl FnMut(u64) -> Duration {
    move |times| {
        let begun = Instant::now();
        for _ in 0..times {
            black_box(function());
        }
        begun.elapsed()
    }
}

/// A group whose benchmarks take a second or little more each.
pub fn short<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    group
}
