//! The Geant4 program of `configs/drich` keeps what its study files and the README say of it.

use std::path::Path;
use std::process::Command;

const REQUIRED: &str = "PARETORANK_REQUIRE_GEANT4";

/// Its own checks: ray tracing against Fermat's principle and against rays traced forwards, angles of
/// simulated light, errors of Gaussian samples, events that do not depend on chunks, designs that cannot be.
#[test]
fn the_shipped_rich_agrees_with_independent_computations() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/drich/drich.py");
    let python = std::env::var("PARETORANK_GEANT4").unwrap_or_else(|_| "python3".into());
    // Found, not imported: without its data sets, which `drich.py` does without, it would ask for them.
    let found =
        "from importlib.util import find_spec as f; exit(not (f('geant4_pybind') and f('numpy')))";
    let looked = Command::new(&python).args(["-c", found]).status();
    let there = looked.is_ok_and(|status| status.success());
    if !there {
        assert!(
            std::env::var_os(REQUIRED).is_none(),
            "{REQUIRED} is set and {python} lacks geant4_pybind"
        );
        println!("SKIPPED: {python} lacks geant4_pybind; set {REQUIRED}=1 to make this an error");
        return;
    }
    let ran = Command::new(&python).arg(&program).arg("self-test").output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{told}");
    assert!(told.contains("\nOK\n"), "{told}");
}
