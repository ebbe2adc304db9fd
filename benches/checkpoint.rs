//! A run directory of n trials: journal and snapshot written, and read at a restart, beside plain files of as
//! many bytes. `cargo bench --bench checkpoint [-- FILTER]`.

mod support;

use paretorank::config::Study;
use paretorank::store::{Origin, Record, Store, Writer, read};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use support::{Figures, each_time, problem, repeat};

const OBJECTIVES: usize = 5;
const PARAMETERS: usize = 100;
/// No snapshots but those that are waited for.
const NEVER: Duration = Duration::from_secs(1 << 30);
const SNAPSHOTS: [&str; 2] = ["history.h5", "history.previous.h5"];

fn main() {
    let mut figures = Figures::new();
    let study = problem::study(OBJECTIVES, PARAMETERS);
    for n in [100, 1000, 10_000] {
        checkpoint(&mut figures, &study, n);
    }
    figures.finish(env!("CARGO_CRATE_NAME"));
}

fn checkpoint(figures: &mut Figures, study: &Study, n: usize) {
    let parameters = format!("n={n} M={OBJECTIVES} d={PARAMETERS}");
    // Sobol points have no hypervolume here, which is not what is measured.
    let records = problem::records(study, n, false);
    let folder = tempfile::tempdir_in(support::target()).expect("a directory");
    let run = folder.path().join("run");
    // A whole run directory, and one that was left before its first snapshot.
    write(&run, study, &records);
    let only_journal = folder.path().join("only-journal");
    write(&only_journal, study, &records);
    without_snapshots(&only_journal);
    let size = |name: &str| fs::metadata(run.join(name)).expect("a file").len();
    let (journal, snapshot) = (size("journal"), size("history.h5"));

    let mut group = figures.group("journal");
    let fresh = folder.path().join("fresh");
    let written = || {
        let took = write(&fresh, study, &records);
        fs::remove_dir_all(&fresh).expect("it can be removed");
        took
    };
    group.time(&parameters, "written and synced", each_time(written));
    let plain = folder.path().join("plain");
    group.time(&parameters, "as many bytes", repeat(|| write_plain(&plain, journal)));

    drop(group);
    let mut group = figures.group("snapshot");
    group.time(
        &parameters,
        "written, synced, read back",
        each_time(|| take_snapshot(&only_journal, study)),
    );
    group.time(
        &parameters,
        "as many bytes, without reading back",
        repeat(|| write_plain(&plain, snapshot)),
    );

    drop(group);
    let mut group = figures.group("restart");
    let restart = |dir: &Path| {
        let begun = Instant::now();
        let opened = open(dir, study);
        let took = begun.elapsed();
        assert_eq!(opened.history.trials.len(), n);
        took
    };
    group.time(&parameters, "with snapshot", each_time(|| restart(&run)));
    group.time(&parameters, "from the journal alone", each_time(|| restart(&only_journal)));
    group.time(&parameters, "read beside a run", repeat(|| read(&run).expect("a run directory")));
    let bare = || ["journal", "history.h5"].map(|name| fs::read(run.join(name)).expect("a file"));
    group.time(&parameters, "the bytes of both files", repeat(bare));

    drop(group);
    let numbers = (n * (OBJECTIVES + PARAMETERS) * size_of::<f64>()) as u64;
    figures.bytes("size", &parameters, "parameters and objectives", numbers);
    figures.bytes("size", &parameters, "journal", journal);
    figures.bytes("size", &parameters, "history.h5", snapshot);
}

fn open(dir: &Path, study: &Study) -> paretorank::store::Opened {
    Store::open(dir, study, "", &Origin::default()).expect("a run directory")
}

/// Writes a run; the time in which its records came to the journal.
fn write(dir: &Path, study: &Study, records: &[Record]) -> Duration {
    let writer = Writer::spawn(open(dir, study).store, NEVER);
    wait_for_snapshot(&writer);
    let (count, records) = (records.len() as u64, records.to_vec());
    let begun = Instant::now();
    writer.record(records);
    writer.wait_for(count).expect("the disk takes them");
    let took = begun.elapsed();
    writer.finish().expect("the disk takes them");
    took
}

/// Opens a run that has no snapshot: one is written at once. The directory is left as it was.
fn take_snapshot(dir: &Path, study: &Study) -> Duration {
    let writer = Writer::spawn(open(dir, study).store, NEVER);
    wait_for_snapshot(&writer);
    let took = Duration::from_secs_f64(writer.snapshots().seconds);
    writer.finish().expect("the disk takes it");
    without_snapshots(dir);
    took
}

fn wait_for_snapshot(writer: &Writer) {
    while writer.snapshots().count == 0 {
        assert_eq!(writer.failure().map(|e| e.to_string()), None);
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn without_snapshots(dir: &Path) {
    for name in SNAPSHOTS {
        // The first of them may be the only one.
        let _ = fs::remove_file(dir.join(name));
    }
}

fn write_plain(path: &Path, bytes: u64) {
    let mut file = File::create(path).expect("a file");
    file.write_all(&vec![7; bytes as usize]).expect("the disk takes them");
    file.sync_all().expect("the disk takes them");
}
