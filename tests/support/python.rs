//! h5py, as another program that reads `history.h5`.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const REQUIRED: &str = "PARETORANK_REQUIRE_H5PY";

/// The interpreter.
pub fn python() -> String {
    std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// Whether Python has h5py; if not, says so, or fails where somebody asked for it.
fn has_h5py() -> bool {
    let python = python();
    let has =
        Command::new(&python).args(["-c", "import h5py"]).output().is_ok_and(|o| o.status.success());
    if !has {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set and {python} lacks h5py");
        println!("SKIPPED: {python} lacks h5py; set {REQUIRED}=1 to make this an error");
    }
    has
}

/// What a script prints as JSON that finds the open file as `f`; `None`, with a word about it, where
/// Python has no h5py and nobody asked for it.
pub fn h5py(history: &Path, script: &str) -> Option<serde_json::Value> {
    if !has_h5py() {
        return None;
    }
    let script = format!("import h5py, json, sys\nf = h5py.File(sys.argv[1])\n{script}");
    let ran = Command::new(python()).args(["-c", &script]).arg(history).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

/// h5py that reads one snapshot after the other.
#[allow(dead_code, reason = "only some tests read many")]
pub struct Reader {
    python: Child,
}

#[allow(dead_code, reason = "only some tests read many")]
impl Reader {
    const SCRIPT: &str = r#"
import h5py, sys
import numpy as np
for line in sys.stdin:
    with h5py.File(line.rstrip("\n")) as f:
        done, status = list(f["completions"][:]), list(f["trials/status"].asstr()[:])
        assert len(set(done)) == len(done), done
        assert list(f["trials/id"][:]) == list(range(len(status)))
        assert all(status[k] != "pending" for k in done), (done, status)
        y = f["trials/objectives"][:]
        assert (np.isfinite(y).all(axis=1) == [s == "ok" for s in status]).all(), (y, status)
        print(len(done), flush=True)
"#;

    /// `None`, with a word about it, where Python has no h5py and nobody asked for it.
    pub fn start() -> Option<Self> {
        let mut command = Command::new(python());
        command.args(["-c", Self::SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        has_h5py().then(|| Self { python: command.spawn().unwrap() })
    }

    /// How many trials have ended in a snapshot, which must be one without gap or repetition.
    pub fn completions(&mut self, history: &Path) -> u64 {
        writeln!(self.python.stdin.as_mut().unwrap(), "{}", history.display()).unwrap();
        let mut line = String::new();
        BufReader::new(self.python.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line.trim().parse().unwrap_or_else(|_| panic!("h5py does not read {}", history.display()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.python.kill();
        let _ = self.python.wait();
    }
}
