//! Python functions: a process that outlives its calls, and what becomes of it when one goes wrong.

use crate::scene::{Scene, read, reason, stage};
use paretorank::config::{Command, Function, Pipeline, ResultFile, Source, Stage};
use paretorank::exec::{Assignment, Bench, Payload, Started};
use paretorank::problem::{FailureClass, TaskOutcome, Value};
use std::fs;
use std::path::PathBuf;
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the function does is what its trial's number says.
const MODULE: &str = r#"
import os, subprocess, sys, time
import paretorank
imports = os.path.join(os.path.dirname(__file__), "imports")
with open(imports, "a") as file:
    file.write("x")

class Scalar:
    "As numpy's: no float, but turned into one."
    def __float__(self):
        return 0.5

def inner():
    raise ValueError("no such thing")

def f(parameters, context):
    print("seen:", parameters["x"], context["trial"], os.environ["PARETORANK_TRIAL"])
    assert os.path.samefile(os.getcwd(), context["directory"])
    trial = context["trial"]
    if trial == 1:
        return {"f": {"value": Scalar(), "sem": 0.1}, "more": 3}
    if trial == 2:
        inner()
    if trial == 3:
        raise paretorank.Infeasible("it cannot be")
    if trial == 4:
        return {"f": float("nan")}
    if trial == 5:
        child = subprocess.Popen(["sleep", "600"], start_new_session=True)
        with open("child", "w") as file:
            file.write(str(child.pid))
        os.rename("child", "ready")
        time.sleep(600)
    if trial == 6:
        os._exit(3)
    if trial == 7:
        os.kill(os.getpid(), 11)
    if trial == 8:
        return [1.0]
    if trial == 9:
        return {"g": 1.0}
    sys.stderr.write("well\n")
    return {"f": os.getpid()}
"#;

struct Bed {
    scene: Scene,
    bench: Rc<Bench>,
}

impl Bed {
    fn of(module: &str, timeout_s: Option<f64>) -> Self {
        let interpreter = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut scene = Scene::of(vec![]);
        fs::write(scene.path("module.py"), module).unwrap();
        let folder = scene.path("module.py").parent().unwrap().to_owned();
        let function = Function { folder, module: "module".into(), function: "f".into() };
        let command = Command {
            function: Some(Box::new(function)),
            result: Some(ResultFile::Json("result.json".into())),
            timeout_s,
            ..Command::new(vec![interpreter])
        };
        let stage: Stage = stage("stage", command);
        let value = Source { stage: 0, value: "f".into(), only: vec![], combine: None, weights: vec![] };
        scene.study.evaluator = paretorank::config::Evaluator::Pipeline(Pipeline {
            stages: vec![stage],
            objectives: vec![Some(value)],
            metrics: vec![],
        });
        let bench = Rc::new(Bench::new(&scene.study).unwrap());
        Self { scene, bench }
    }

    fn start(&self, trial: u64) -> Payload {
        let design = vec![Value::Float(0.25)];
        let assignment = Assignment { trial, task: 0, attempt: 1, design: &design, inputs: &[] };
        match self.bench.start(assignment) {
            Started::Runs(payload) => *payload,
            Started::Ended(end) => panic!("{end:?}"),
        }
    }

    fn call(&self, trial: u64) -> TaskOutcome {
        self.end(&mut self.start(trial))
    }

    fn end(&self, payload: &mut Payload) -> TaskOutcome {
        let since = Instant::now();
        loop {
            if let Some(end) = payload.poll() {
                return end.outcome;
            }
            assert!(since.elapsed() < Duration::from_secs(120), "the call hangs");
            sleep(Duration::from_millis(2));
        }
    }

    fn failure(&self, trial: u64, class: FailureClass) -> String {
        reason(&self.call(trial).into(), class)
    }

    /// The value of `f`, which is the worker's process id in most trials.
    fn value(&self, trial: u64) -> f64 {
        match self.call(trial) {
            TaskOutcome::Ok(values) => values[0].1.value(),
            other => panic!("{other:?}"),
        }
    }

    fn attempt(&self, trial: u64) -> PathBuf {
        self.scene.study.output.join(format!("trials/{trial:06}/stage/attempt-1"))
    }

    fn imports(&self) -> usize {
        read(&self.scene.path("imports")).len()
    }
}

fn lives(pid: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[test]
fn one_process_does_calls_of_every_outcome() {
    let bed = Bed::of(MODULE, Some(60.0));
    let TaskOutcome::Ok(values) = bed.call(1) else { panic!("it returned") };
    assert_eq!(values.len(), 1);
    assert_eq!((values[0].0.as_str(), values[0].1.value(), values[0].1.sem()), ("f", 0.5, Some(0.1)));
    let raised = bed.failure(2, FailureClass::Exit);
    assert!(raised.starts_with("the function raised ValueError; last lines: "), "{raised}");
    assert!(raised.contains("ValueError: no such thing"), "{raised}");
    let stderr = read(&bed.attempt(2).join("stderr"));
    assert!(stderr.contains("in inner") && !stderr.contains("in call"), "{stderr}");
    assert_eq!(bed.call(3), TaskOutcome::Infeasible { reason: "it cannot be".into() });
    assert!(bed.failure(4, FailureClass::Output).starts_with("'f' is nan; "));
    assert!(bed.failure(8, FailureClass::Output).starts_with("the function returned list, not a dict"));
    assert!(bed.failure(9, FailureClass::Output).contains("\"f\" is missing; the result has g"));
    let pid = bed.value(20).to_string();
    assert_eq!(bed.imports(), 1);
    assert_eq!(read(&bed.attempt(20).join("stdout")), "seen: 0.25 20 20\n");
    assert_eq!(read(&bed.attempt(20).join("stderr")), "well\n");
    assert_eq!(read(&bed.attempt(1).join("stdout")), "seen: 0.25 1 1\n");
    assert!(lives(&pid));
    drop(bed);
    assert!(!lives(&pid), "the process goes with the bench");
}

#[test]
fn a_process_that_dies_is_followed_by_a_new_one() {
    let bed = Bed::of(MODULE, Some(60.0));
    let first = bed.value(20);
    let died = bed.failure(6, FailureClass::Exit);
    assert!(died.starts_with("exit code 3; "), "{died}");
    assert_eq!(read(&bed.attempt(6).join("stdout")), "seen: 0.25 6 6\n");
    let second = bed.value(21);
    let died = bed.failure(7, FailureClass::Signal);
    assert!(died.starts_with("ended by signal 11"), "{died}");
    let third = bed.value(22);
    assert!(first != second && second != third);
    assert_eq!(bed.imports(), 3);
    // One that dies while it waits is nobody's failure.
    let pid = rustix::process::Pid::from_raw(third as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    while lives(&third.to_string()) {
        sleep(Duration::from_millis(1));
    }
    assert!(bed.value(23) != third);
}

#[test]
fn a_call_that_is_late_or_stopped_ends_with_its_process() {
    let bed = Bed::of(MODULE, Some(3.0));
    let late = bed.failure(5, FailureClass::Timeout);
    assert!(late.starts_with("still running after 3 s"), "{late}");
    assert!(!lives(&read(&bed.attempt(5).join("ready"))), "what it started is gone");
    bed.value(20);
    assert_eq!(bed.imports(), 2);
    fs::remove_dir_all(bed.attempt(5)).unwrap();
    let mut payload = bed.start(5);
    while !bed.attempt(5).join("ready").exists() {
        assert_eq!(payload.poll(), None);
        sleep(Duration::from_millis(1));
    }
    payload.stop("cancelled");
    assert_eq!(bed.end(&mut payload), TaskOutcome::Interrupted { reason: "cancelled".into() });
    assert!(!lives(&read(&bed.attempt(5).join("ready"))));
    bed.value(21);
    assert_eq!(bed.imports(), 3);
}

#[test]
fn a_module_that_cannot_be_imported_says_why_each_time() {
    let bed = Bed::of("import no_such_module\n", None);
    for trial in [1, 2] {
        let why = bed.failure(trial, FailureClass::Exit);
        assert!(why.contains("No module named 'no_such_module'"), "{why}");
    }
    let told = paretorank::exec::check(&bed.scene.study).unwrap_err();
    assert!(told.contains("\"module:f\" cannot be had: ModuleNotFoundError"), "{told}");
    let bed = Bed::of("def g(x): pass\n", None);
    let told = paretorank::exec::check(&bed.scene.study).unwrap_err();
    assert!(told.contains("AttributeError: module 'module' has no attribute 'f'"), "{told}");
    assert_eq!(paretorank::exec::check(&Bed::of(MODULE, None).scene.study), Ok(vec![]));
}
