//! The C library moocore, through its Python package, timed by a Python process of our own.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
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
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Moocore {
    /// Looks for a Python with moocore: `$PARETORANK_PYTHON`, `target/moocore`, `python3`. If there is
    /// none, says how to get one.
    pub fn find() -> Option<Self> {
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/moocore");
        let candidates = [
            std::env::var("PARETORANK_PYTHON").ok(),
            Some(format!("{own}/bin/python")),
            Some("python3".to_owned()),
        ];
        let found = candidates.into_iter().flatten().find_map(|python| Self::start(&python));
        if found.is_none() {
            println!(
                "no Python here has moocore, which this could be set against. To get one:\n  \
                 python3 -m venv {own} && {own}/bin/pip install moocore"
            );
        }
        found
    }

    fn start(python: &str) -> Option<Self> {
        let mut command = Command::new(python);
        command.args(["-c", PROGRAM]).stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (requests, answers) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        let mut this = Self { child, requests, answers };
        let version = this.answer()?;
        println!("moocore {version} of {python}");
        Some(this)
    }

    /// The sum of what a function of moocore returns for these points.
    pub fn result(&mut self, function: &str, points: &[Vec<f64>], reference: &[f64]) -> f64 {
        let request = json!({"function": function, "points": points, "reference": reference});
        self.ask(&request).as_f64().expect("moocore answers with a number")
    }

    /// How long the last function takes, called so many times.
    pub fn repeat(&mut self, times: u64) -> Duration {
        Duration::from_nanos(
            self.ask(&json!({"times": times})).as_u64().expect("moocore answers with a time"),
        )
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests, "{request}").expect("moocore listens");
        self.answer().expect("moocore answers")
    }

    fn answer(&mut self) -> Option<Value> {
        let mut line = String::new();
        self.answers.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }
}

impl Drop for Moocore {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
