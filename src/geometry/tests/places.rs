//! Writing a trial's files.

use super::*;
use std::sync::Barrier;

fn made(r: f64, root: &Path, install: &Path) -> Overlay {
    let layout = Layout::read(&geometry(install, vec![radius()]), &space()).unwrap();
    layout.overlay(root.to_str().unwrap(), &space(), &design(r, 0.0))
}

/// Names of what is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn whoever_comes_first_writes_and_the_others_find_it() {
    let (install, run) = (install(), tempfile::tempdir().unwrap());
    let root = run.path().join("geometry");
    let overlay = made(3.5, &root, install.path());
    let barrier = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                assert_eq!(place(&overlay, &root).unwrap(), root.join("top.xml"));
            });
        }
    });
    assert_eq!(names(run.path()), ["geometry"], "nothing half-made is left");
    let rich = fs::read_to_string(root.join("compact/pid/rich.xml")).unwrap();
    assert_eq!(rich, RICH.replace("219.8*cm", "3.5*cm"));
    assert!(root.join("geometry.diff").is_file());
}

#[test]
fn other_contents_are_neither_used_nor_overwritten() {
    let (install, run) = (install(), tempfile::tempdir().unwrap());
    let root = run.path().join("geometry");
    place(&made(3.5, &root, install.path()), &root).unwrap();
    let said = place(&made(4.5, &root, install.path()), &root).unwrap_err();
    assert!(said.contains("compact/pid/rich.xml is not what this trial's parameters"), "{said}");
    let rich = fs::read_to_string(root.join("compact/pid/rich.xml")).unwrap();
    assert!(rich.contains("3.5*cm"));
    fs::remove_file(root.join("top.xml")).unwrap();
    let said = place(&made(3.5, &root, install.path()), &root).unwrap_err();
    assert!(said.contains("cannot read") && said.contains("top.xml"), "{said}");
}

#[test]
fn what_cannot_be_written_is_named() {
    let (install, run) = (install(), tempfile::tempdir().unwrap());
    let file = run.path().join("file");
    fs::write(&file, "").unwrap();
    let root = file.join("geometry");
    let said = place(&made(1.0, &root, install.path()), &root).unwrap_err();
    assert!(said.starts_with("cannot write ") && said.contains("file/"), "{said}");
    assert_eq!(names(run.path()), ["file"]);
}

#[test]
fn the_install_stays_as_it_is() {
    let (install, run) = (install(), tempfile::tempdir().unwrap());
    let root = run.path().join("geometry");
    place(&made(1.0, &root, install.path()), &root).unwrap();
    for (name, text) in [("top.xml", TOP), ("compact/all.xml", ALL), ("compact/pid/rich.xml", RICH)] {
        assert_eq!(fs::read_to_string(install.path().join(name)).unwrap(), text);
    }
    let mut top = names(install.path());
    top.sort();
    assert_eq!(top, ["compact", "materials.xml", "top.xml"]);
}

#[test]
fn what_a_killed_process_left_goes_and_what_others_make_stays() {
    let (install, run) = (install(), tempfile::tempdir().unwrap());
    let root = run.path().join("geometry");
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let making = |host: &str, pid: u32| format!("geometry.making-{host}-{pid}-0");
    let left = making(&host, gone.id());
    let alive = making(&host, std::os::unix::process::parent_id());
    let elsewhere = making(&format!("{host}-{}", gone.id()), 1);
    for name in [&left, &alive, &elsewhere] {
        fs::create_dir(run.path().join(name)).unwrap();
    }
    place(&made(1.0, &root, install.path()), &root).unwrap();
    let mut found = names(run.path());
    found.sort_unstable();
    let mut expected = vec!["geometry".to_owned(), alive, elsewhere];
    expected.sort_unstable();
    assert_eq!(found, expected);
}
