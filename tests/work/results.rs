//! What calls give, and how those fail that do not.

use crate::scene::{Scene, last};
use crate::support::python::python;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;

mod on_mpi {
    use super::*;
    use crate::faults::Proxy;

    #[test]
    fn calls_come_back_in_order_whatever_becomes_of_each() {
        let scene = Scene::with(include_str!("results.py"));
        fs::write(scene.path("mine/left-out.dat"), "x").unwrap();
        fs::write(scene.path("mine/.secret"), "x").unwrap();
        let helper =
            "import os\nHERE = os.path.dirname(__file__)\ndef product(x, y):\n    return x * y\n";
        fs::write(scene.path("mine/helper.py"), helper).unwrap();
        let queue = scene.queue("1min");
        let proxy = Proxy::to(&queue.address());
        let mut study = scene.study(&proxy.url, &["first"]);
        study.watch("cancelled calls", || queue.states().get("cancelled") == Some(&4));
        let _pilot = scene.ranks(&proxy.url, "pilot", &["--patience", "1h"]);
        let ended = study.wait().expect(0);
        let said = last(&ended.out);
        let expected: Vec<i64> = (0..12).map(|n| 10 * n).chain([10, 14, 16]).collect();
        assert_eq!(said["f"], json!(expected), "in the order of the arguments");
        assert_eq!(said["lengths"][12], 300_000, "no line for a shell is so long");
        assert_eq!(said["processes"], 15);
        assert_eq!(said["local"], 7);
        assert_eq!((&said["by arguments"], &said["by key"]), (&json!([30, 30]), &json!(30)));
        let here: Vec<&str> =
            said["here"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let here: Vec<&str> = here.into_iter().filter(|name| *name != "__pycache__").collect();
        assert_eq!(here, ["helper.py", "paretorank", "study.py"], "neither hidden nor left out");
        failures(&said["bad"]);
        let says = |value: &Value, kind: &str, words: &str| {
            let text = value["text"].as_str().unwrap();
            assert!(value["kind"] == kind && text.contains(words), "{words:?}: {value}");
        };
        for slow in said["slow"].as_array().unwrap() {
            says(slow, "CancelledError", "");
        }
        says(&said["late"], "TimeoutError", "not ended in time");
        let refused = &said["refused"];
        says(
            &refused["nan"],
            "ValueError",
            "call 1 of evaluate: y is nan, which is no number that JSON has",
        );
        says(&refused["deep"], "TypeError", "call 0 of evaluate: x['a'][1] is of type builtins.object");
        says(&refused["names"], "TypeError", "call 1 of evaluate: missing a required argument: 'x'");
        says(&refused["unknown"], "KeyError", "99");
        says(&refused["long"], "ValueError", "write a file that ranks see");
        let ended = scene.study(&proxy.url, &["again"]).wait().expect(0);
        assert_eq!(last(&ended.out)["f"], said["f"]);
        let asked = |what: &str| proxy.heard().iter().filter(|line| line.starts_with(what)).count();
        assert_eq!(asked("PUT /cache/source/"), 1, "uploaded once, by both runs");
        assert_eq!(asked("GET /cache/source/"), 1, "fetched once, for all ranks and jobs");
    }

    fn failures(bad: &Value) {
        let of = |how: &str, words: &str, exit: Value| {
            let told = &bad[how];
            let text = told["text"].as_str().unwrap_or_else(|| panic!("{how}: {told}"));
            assert!(text.contains(words), "{how}: {words:?} is not in {text}");
            assert_eq!((&told["kind"], &told["exit_code"]), (&json!("WorkError"), &exit), "{how}");
            text.to_owned()
        };
        let text = of("raise", "ValueError: x is out of range, says gr\u{fc}n (exit code 1)", json!(1));
        assert!(
            text.contains("in misbehave\n    raise ValueError(") && !text.contains("run.py"),
            "{text}"
        );
        assert_eq!(bad["raise"]["attempt"], 1, "what raises is not tried again");
        of("set", "the result['values'][1] is of type builtins.set", json!(1));
        of("nan", "the result[1] is nan", json!(1));
        of("long", "and may have 4194304: write a file", json!(1));
        of("exit", "SystemExit: 0", json!(1));
        of("vanish", "it ended without a result", json!(0));
        of("crash", "SIGSEGV", json!(139));
        of("nested", "put that below `if __name__ == \"__main__\":`", json!(1));
        assert_eq!(bad["well"], "well");
    }
}

#[test]
fn the_shipped_example_finds_its_front_and_finds_its_calls_again() {
    let scene = Scene::new();
    let queue = scene.queue("1min");
    let _pilot = scene.threads(&queue.url, "pilot", &["--patience", "1h"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/work/scan.py");
    let run = || {
        crate::support::process::Running::start(&mut scene.python(&script, &queue.url)).wait().expect(0)
    };
    let front = run().out;
    assert_eq!(front.lines().count(), 8, "one for each x, all at y = 0.5: {front}");
    assert!(front.lines().all(|line| line.contains("y = 0.50")), "{front}");
    assert_eq!(run().out, front);
    assert_eq!(queue.states()["finished"], 40, "the second run had its key, and submitted nothing");
}

#[test]
fn what_python_does_by_itself() {
    let scene = Scene::new();
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/work/check.py");
    let mut line = Command::new(python());
    line.arg(check).env("PYTHONPATH", scene.path("module")).current_dir(scene.path("mine"));
    crate::support::process::Running::start(&mut line).wait().expect(0);
}
