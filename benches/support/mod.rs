//! Times of one run, set against each other: on a shared machine only ratios mean anything.
//!
//! Every bench writes what it has measured to `target/bench/parts`; the bench `table` makes the table of it.

// A bench uses what it needs of this.
#![allow(dead_code)]

pub mod child;
pub mod estimates;
pub mod points;
pub mod problem;
pub mod table;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode};
use estimates::Estimate;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use table::{Part, Row, Unit};

/// Criterion's benchmarks, and what is to be said of them in the table.
pub struct Figures {
    criterion: Criterion,
    part: Part,
}

impl Figures {
    /// Nothing measured yet; the command line is criterion's.
    pub fn new() -> Self {
        let criterion = Criterion::default().output_directory(&target().join("criterion"));
        Self { criterion: criterion.configure_from_args(), part: Part::default() }
    }

    /// A group whose benchmarks take half a second or little more each.
    pub fn group(&mut self, name: &'static str) -> Group<'_> {
        let mut group = self.criterion.benchmark_group(name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_millis(500));
        Group { group, name, rows: &mut self.part.rows }
    }

    /// A size on disk, which is the same every time.
    pub fn bytes(&mut self, benchmark: &str, parameters: &str, contender: &str, bytes: u64) {
        let of = [benchmark, parameters, contender];
        self.part.rows.push(Row::new(of, Unit::Bytes, Estimate::exactly(bytes as f64)));
    }

    /// Notes the version of something that was measured.
    pub fn version(&mut self, of: &str, version: &str) {
        self.part.versions.insert(of.to_owned(), version.to_owned());
    }

    /// Says, now and in the table, what could not be measured and why.
    pub fn left_out(&mut self, why: &str) {
        println!("{why}");
        self.part.left_out.push(why.to_owned());
    }

    /// Prints how the contenders of each benchmark compare, and writes this bench's part of the table.
    pub fn finish(mut self, bench: &str) {
        self.criterion.final_summary();
        if !is_measuring() {
            return;
        }
        let estimates = estimates::all(&target().join("criterion")).expect("criterion's files");
        for row in self.part.rows.iter_mut().filter(|row| row.unit == Unit::Seconds) {
            let found = estimates.get(&row.id()).expect("criterion wrote an estimate");
            row.estimate = found.over(row.each);
        }
        for line in table::ratios(&self.part.rows) {
            println!("{line}");
        }
        let path = parts().join(format!("{bench}.json"));
        std::fs::create_dir_all(parts()).expect("target can be written to");
        let text = serde_json::to_string_pretty(&self.part).expect("a part is JSON");
        std::fs::write(&path, text).expect("target can be written to");
    }
}

/// Benchmarks of one name.
pub struct Group<'a> {
    group: BenchmarkGroup<'a, WallTime>,
    name: &'static str,
    rows: &'a mut Vec<Row>,
}

impl Group<'_> {
    /// Times `run`, which does something so many times and says how long that took, as `contender`. The
    /// first contender with the same parameters is the one that the others are set against.
    pub fn time(&mut self, parameters: &str, contender: &str, run: impl FnMut(u64) -> Duration) {
        self.time_each(parameters, contender, 1, run);
    }

    /// The same of something that is done `each` times whenever `run` does it once.
    pub fn time_each(
        &mut self,
        parameters: &str,
        contender: &str,
        each: u64,
        mut run: impl FnMut(u64) -> Duration,
    ) {
        // A filter on the command line may leave it out.
        let mut was_run = false;
        self.group.bench_function(BenchmarkId::new(parameters, contender), |bencher| {
            bencher.iter_custom(|times| {
                was_run = true;
                run(times)
            });
        });
        if was_run {
            let of = [self.name, parameters, contender];
            self.rows.push(Row { each, ..Row::new(of, Unit::Seconds, Estimate::exactly(0.0)) });
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

/// How long something takes that makes itself ready every time: the sum of what it says.
pub fn each_time(mut function: impl FnMut() -> Duration) -> impl FnMut(u64) -> Duration {
    move |times| (0..times).map(|_| function()).sum()
}

/// Cargo's target directory.
pub fn target() -> PathBuf {
    let below = Path::new(env!("CARGO_TARGET_TMPDIR"));
    below.parent().unwrap_or(below).to_owned()
}

/// Where benches leave their parts of the table.
pub fn parts() -> PathBuf {
    target().join("bench/parts")
}

/// Criterion measures for `cargo bench`; with `--test`, or without `--bench`, it tries everything once.
fn is_measuring() -> bool {
    let said = |word: &str| std::env::args().any(|arg| arg == word);
    said("--bench") && !["--test", "--list", "--profile-time"].into_iter().any(said)
}
