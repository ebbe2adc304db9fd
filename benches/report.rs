//! The report of a run of n trials, part by part: its figures (with a fit of the model), the page, the pictures.
//! `cargo bench --bench report [-- FILTER]`.

mod support;

use paretorank::page::{Document, Facts, html, pictures};
use paretorank::store::{History, Origin, Store, Writer, read};
use std::hint::black_box;
use std::time::Duration;
use support::{Figures, problem, repeat};

fn main() {
    let mut figures = Figures::new();
    for (objectives, dimension, n) in [(3, 20, 100), (3, 20, 1000), (5, 100, 1000), (5, 100, 5000)] {
        report(&mut figures, objectives, dimension, n);
    }
    figures.finish(env!("CARGO_CRATE_NAME"));
}

/// Against the reading of a run directory, which comes first in any case.
fn report(figures: &mut Figures, objectives: usize, dimension: usize, n: usize) {
    let parameters = format!("n={n} M={objectives} d={dimension}");
    let study = problem::study(objectives, dimension);
    let mut history = History::default();
    for record in problem::records(&study, n, true) {
        history.apply(record).expect("it follows");
    }
    let folder = tempfile::tempdir_in(support::target()).expect("a directory");
    let run = folder.path().join("run");
    let opened = Store::open(&run, &study, "", &Origin::default()).expect("a run directory");
    let writer = Writer::spawn(opened.store, Duration::from_secs(1 << 30));
    writer.record(problem::records(&study, n, true));
    writer.finish().expect("the disk takes it");
    let document = || Document::new(&study, &history, Facts::default());
    let made = document();
    let mut group = figures.group("report");
    group.time(&parameters, "the run directory read", repeat(|| read(&run).expect("a run directory")));
    group.time(&parameters, "figures", repeat(document));
    group.time(&parameters, "page", repeat(|| html(black_box(&made)).expect("a page")));
    group.time(&parameters, "pictures", repeat(|| pictures(&study, &history).expect("pictures")));
    drop(group);
    let page = html(&made).expect("a page").len() as u64;
    figures.bytes("report size", &parameters, "page", page);
}
