//! `history.h5` in the hands of others: plain h5py, and xarray.

use super::sample::write;
use std::process::Command;

/// Runs `script` on a snapshot of 40 records (13 trials), if Python has `module`.
fn python(module: &str, script: &str) {
    let program = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&program).args(["-c", &format!("import {module}")]).output();
    if !has.is_ok_and(|o| o.status.success()) {
        let required = format!("PARETORANK_REQUIRE_{}", module.to_uppercase());
        assert!(std::env::var_os(&required).is_none(), "{required} is set and {program} lacks {module}");
        println!("SKIPPED: {program} lacks {module}; set {required}=1 to make this an error");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 40);
    let ran = Command::new(&program).args(["-c", script]).arg(dir.path().join("history.h5")).output();
    let ran = ran.unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{err}");
}

#[test]
fn h5py_finds_values_axes_and_attributes() {
    python("h5py", include_str!("with_h5py.py"));
}

#[test]
fn xarray_finds_labelled_tables() {
    python("h5netcdf", include_str!("with_xarray.py"));
}
