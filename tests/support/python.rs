//! h5py, as another program that reads `history.h5`.

use std::path::Path;
use std::process::Command;

const REQUIRED: &str = "PARETORANK_REQUIRE_H5PY";

/// What a script prints as JSON that finds the open file as `f`; `None`, with a word about it, where
/// Python has no h5py and nobody asked for it.
pub fn h5py(history: &Path, script: &str) -> Option<serde_json::Value> {
    let python = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
    let run = |script: &str| Command::new(&python).args(["-c", script]).arg(history).output();
    if !run("import h5py").is_ok_and(|o| o.status.success()) {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {python} lacks h5py");
        println!("SKIPPED: {python} lacks h5py; set {REQUIRED}=1 to make this an error");
        return None;
    }
    let script = format!("import h5py, json, sys\nf = h5py.File(sys.argv[1])\n{script}");
    let ran = run(&script).unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}
