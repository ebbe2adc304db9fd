//! Directories that may be continued, and those that may not.

use super::sample::{self, NEVER, TEXT, assert_holds, open, origin, record, study, write};
use paretorank::config::Study;
use paretorank::store::{Opened, Origin, Store, StoreError, Writer, read};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn refused(dir: &Path, study: &Study) -> StoreError {
    Store::open(dir, study, TEXT, &origin()).expect_err("is refused")
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("runs/new");
    write(&run, 40);
    let stored = assert_holds(&run, 40);
    assert_eq!((stored.study, stored.text.as_str()), (study(), TEXT));
    assert!(stored.notices.is_empty(), "{:?}", stored.notices);
    assert!(!stored.live && stored.holder.is_none());
    let Opened { store, history, notices } = open(&run);
    assert_eq!(history, sample::history(40));
    assert!(notices.is_empty(), "{notices:?}");
    drop(store);
    assert!(fs::read_dir(&run).unwrap().all(|f| f.unwrap().path().extension() != Some("new".as_ref())));
}

#[test]
fn a_live_run_is_read_but_not_written_by_others() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(open(dir.path()).store, NEVER);
    writer.record(sample::records(10));
    while writer.durable() < 10 {
        assert!(writer.failure().is_none());
        std::thread::yield_now();
    }
    let stored = assert_holds(dir.path(), 10);
    assert!(stored.live);
    assert_eq!(stored.holder.unwrap().job, "4711");
    let error = refused(dir.path(), &study());
    assert!(error.is_usage() && matches!(error, StoreError::Locked { .. }), "{error}");
    assert_eq!(writer.finish().unwrap(), sample::history(10));
    assert!(!assert_holds(dir.path(), 10).live);
}

#[test]
fn other_studies_are_refused_key_by_key_and_more_trials_are_welcome() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 12);
    let mut other = study();
    other.seed = 8;
    other.problem.objectives[1].name = "light".into();
    let error = refused(dir.path(), &other);
    let said = error.to_string();
    assert!(error.is_usage() && said.contains("seed") && said.contains("light"), "{said}");
    assert_holds(dir.path(), 12);

    let mut more = study();
    more.strategy.trials = 1000;
    drop(Store::open(dir.path(), &more, "more", &origin()).unwrap());
    let stored = assert_holds(dir.path(), 12);
    assert_eq!((stored.study, stored.text.as_str()), (more, "more"));
}

#[test]
fn a_mixture_of_two_run_directories_is_refused() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write(a.path(), 12);
    let other = Study { seed: 8, ..study() };
    let Opened { store, .. } = Store::open(b.path(), &other, TEXT, &origin()).unwrap();
    Writer::spawn(store, NEVER).finish().unwrap();
    for name in ["journal", "history.h5"] {
        let kept = fs::read(a.path().join(name)).unwrap();
        fs::copy(b.path().join(name), a.path().join(name)).unwrap();
        let error = refused(a.path(), &study());
        assert!(error.is_usage() && error.to_string().contains(name), "{error}");
        fs::write(a.path().join(name), kept).unwrap();
    }
    assert_holds(a.path(), 12);
}

#[test]
fn a_requeued_job_takes_over_on_another_host() {
    let dir = tempfile::tempdir().unwrap();
    let far = |job: &str| Origin { host: "elsewhere".into(), job: job.into() };
    let first = Store::open(dir.path(), &study(), TEXT, &far("4711")).unwrap().store;
    let lock = fs::read(dir.path().join("lock")).unwrap();
    drop(first);
    fs::write(dir.path().join("lock"), &lock).unwrap();
    let other = Origin { job: "4712".into(), ..origin() };
    let error = Store::open(dir.path(), &study(), TEXT, &other).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("elsewhere"), "{error}");
    let again = Store::open(dir.path(), &study(), TEXT, &origin()).unwrap();
    assert!(again.notices[0].contains("requeued"), "{:?}", again.notices);
}

#[test]
fn foreign_places_are_refused_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("thesis.tex");
    fs::write(&file, "dear").unwrap();
    for (place, word) in [(dir.path(), "thesis.tex"), (&file, "a file"), (&file.join("run"), "a file")] {
        let error = refused(place, &study());
        assert!(error.is_usage() && error.to_string().contains(word), "{error}");
        assert!(read(place).unwrap_err().is_usage());
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_directory_without_permission_is_a_storage_error() {
    if rustix::process::geteuid().is_root() {
        println!("SKIPPED: root may write anywhere");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let error = refused(dir.path(), &study());
    assert!(!error.is_usage() && error.to_string().contains("may write to"), "{error}");
}

#[test]
fn a_record_that_does_not_fit_is_named_and_spoils_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(open(dir.path()).store, NEVER);
    writer.record(vec![record(0), record(1), record(3), record(3)]);
    let error = writer.finish().unwrap_err();
    assert!(error.to_string().contains("trial 0 ended twice"), "{error}");
    let stored = read(dir.path()).unwrap();
    assert_eq!(stored.history.records, 3);
}

#[test]
fn a_writer_that_lost_its_lock_stops() {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::spawn(open(dir.path()).store, NEVER);
    writer.record(sample::records(4));
    while writer.durable() < 4 {
        std::thread::yield_now();
    }
    fs::remove_file(dir.path().join("lock")).unwrap();
    let thief = open(dir.path());
    let error = writer.finish().unwrap_err();
    assert!(matches!(error, StoreError::LockLost { .. }), "{error}");
    assert_eq!(thief.history, sample::history(4));
}
