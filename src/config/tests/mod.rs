//! Whole study files: what is understood, what is refused and with which words.

mod container;
mod function;
mod geometry;
mod points;
mod queues;
mod refused;
mod reuse;
mod sessions;
mod stages;
mod stages_refused;
mod understood;

use super::*;

/// A study of a command with every kind of parameter.
const COMMAND: &str = r#"[study]
name = "beam"

[[parameter]]
name = "h"
kind = "float"
lower = 1.0
upper = 9.0
default = 3
scale = "log"
unit = "mm"

[[parameter]]
name = "n"
kind = "int"
lower = 0
upper = 5.0
default = 0

[[parameter]]
name = "gas"
kind = "choice"
values = ["C2F6", "argon", 3]
default = "argon"

[[parameter]]
name = "length"
kind = "fixed"
value = 2.5

[[objective]]
name = "mass"
goal = "minimize"
threshold = 7
unit = "kg"

[[objective]]
name = "gain"
goal = "maximize"

[[metric]]
name = "stress"
unit = "MPa"

[[constraint]]
text = "h + 2*n <= 2*length"

[[outcome_constraint]]
text = "stress <= 120"

[[outcome_constraint]]
text = "gain - mass >= 1e2"

[evaluator]
command = ["python3", "-c", "pass", "{param.h}", "{trial.id}", "{\"json\": 1}"]
timeout = "10 min"
exit_codes = { 9 = "infeasible", 3 = "infeasible" }
env = { A = "b" }

[limits]
time = "2 h"
"#;

const BUILTIN: &str = r#"[evaluator]
builtin = "dtlz2"
dimension = 5
objectives = 3
"#;

fn study(text: &str) -> Study {
    understand(text, Path::new("study.toml"), &Overrides::default()).unwrap()
}

/// The message for a text, as people see it.
fn refusal(text: &str, overrides: &Overrides) -> String {
    let file = PathBuf::from("study.toml");
    let problems = understand(text, &file, overrides).unwrap_err();
    ConfigError::Invalid { file, problems }.to_string()
}

/// `text` with the only `old` in it replaced.
fn with(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "{old:?} once");
    text.replace(old, new)
}

fn set(key: &str, value: &str) -> Overrides {
    Overrides { set: vec![(key.into(), value.into())], ..Overrides::default() }
}
