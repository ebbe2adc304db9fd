//! The C library moocore, through its Python package, timed by a Python process of our own.

use super::support::child::Child;
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Takes a request a line: what to compute (answered by the result), or how often to compute it again
/// (answered by the nanoseconds that took).
const PROGRAM: &str = r#"
import json, sys, time
import moocore, numpy
print(json.dumps(moocore.__version__), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if "times" in asked:
        begun = time.perf_counter_ns()
        for _ in range(asked["times"]):
            function(points, ref=reference)
        answer = time.perf_counter_ns() - begun
    else:
        function = getattr(moocore, asked["function"])
        points, reference = numpy.array(asked["points"]), numpy.array(asked["reference"])
        answer = numpy.sum(function(points, ref=reference))
    print(json.dumps(answer), flush=True)
"#;

/// A Python process that has moocore.
pub struct Moocore {
    child: Child,
    pub version: String,
}

impl Moocore {
    /// Looks for a Python with moocore: `$PARETORANK_PYTHON`, `target/moocore`, `python3`.
    ///
    /// # Errors
    /// There is none; tells how to get one.
    pub fn find() -> Result<Self, String> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moocore/bin/python");
        let candidates =
            [std::env::var("PARETORANK_PYTHON").ok(), Some(own.to_owned()), Some("python3".to_owned())];
        candidates.into_iter().flatten().find_map(|python| Self::start(&python)).ok_or_else(|| {
            "moocore, which no Python here has. To get one: `python3 -m venv target/moocore && \
             target/moocore/bin/pip install moocore`"
                .to_owned()
        })
    }

    fn start(python: &str) -> Option<Self> {
        let mut child = Child::start(Command::new(python).args(["-c", PROGRAM]).stderr(Stdio::null()))?;
        let version = child.answer()?.as_str()?.to_owned();
        Some(Self { child, version })
    }

    /// The sum of what a function of moocore returns for these points.
    pub fn result(&mut self, function: &str, points: &[Vec<f64>], reference: &[f64]) -> f64 {
        let request = json!({"function": function, "points": points, "reference": reference});
        self.child.ask(&request).as_ref().and_then(Value::as_f64).expect("moocore answers with a number")
    }

    /// How long the last function takes, called so many times.
    pub fn repeat(&mut self, times: u64) -> Duration {
        self.child.repeat(times)
    }
}
