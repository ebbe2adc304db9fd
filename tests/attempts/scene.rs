//! One stage in a run directory of its own.

use paretorank::config::{self, Command, Evaluator, Pipeline, Stage, Study};
use paretorank::exec::{Assignment, Bench, End, Started};
use paretorank::problem::{FailureClass, TaskOutcome, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// No attempt of a test takes so long, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(120);

const STUDY: &str = r#"
[[parameter]]
name = "x"
kind = "float"
lower = 0.0
upper = 1.0
[[objective]]
name = "f"
goal = "minimize"
[strategy]
method = "sobol"
trials = 1
[evaluator]
command = ["true"]
"#;

pub struct Scene {
    dir: tempfile::TempDir,
    pub study: Study,
}

/// A stage that runs this shell script; its `$1` is the attempt's directory, so that every process with
/// it in its command line can be found.
pub fn shell(script: &str) -> Stage {
    let argv = ["/bin/sh", "-c", script, "sh", "{task.dir}"];
    stage("stage", Command::new(argv.map(str::to_owned).to_vec()))
}

/// A stage of one task.
pub fn stage(name: &str, command: Command) -> Stage {
    Stage {
        name: name.into(),
        needs: vec![],
        axes: vec![],
        by: vec![],
        events: None,
        seeds: config::Seeds::Trial,
        gate: false,
        at_least: 1.0,
        command: Command { grace_s: 0.3, ..command },
        cores: 1,
        memory_bytes: None,
        keep: config::Keep::All,
        scratch: config::Scratch::Shared,
        container: false,
        reuse: false,
    }
}

impl Scene {
    pub fn of(stages: Vec<Stage>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("study.toml");
        fs::write(&file, STUDY).unwrap();
        let (mut study, _) = config::read(&file, &Default::default()).unwrap();
        study.output = dir.path().join("run");
        fs::create_dir(&study.output).unwrap();
        let mut scene = Self { dir, study };
        scene.set_stages(stages);
        scene
    }

    pub fn set_stages(&mut self, stages: Vec<Stage>) {
        let (objectives, metrics) = (vec![None], vec![]);
        self.study.evaluator = Evaluator::Pipeline(Pipeline { stages, objectives, metrics });
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The directory of a task's first attempt.
    pub fn attempt(&self, below: &str) -> PathBuf {
        self.study.output.join("trials/000007").join(below).join("attempt-1")
    }

    /// Runs a task of trial 7 to its end, after which none of its processes may be left.
    pub fn run(&self, task: u32, inputs: &[(u32, u32)]) -> End {
        let bench = Rc::new(Bench::new(&self.study).unwrap());
        let design = vec![Value::Float(0.25)];
        let assignment = Assignment { trial: 7, task, attempt: 1, design: &design, inputs };
        let mut payload = match bench.start(assignment) {
            Started::Runs(payload) => payload,
            Started::Ended(end) => return end,
        };
        let since = Instant::now();
        let end = loop {
            if let Some(end) = payload.poll() {
                break end;
            }
            assert!(since.elapsed() < DEADLINE, "the attempt hangs");
            sleep(Duration::from_millis(2));
        };
        self.assert_no_process();
        end
    }

    fn assert_no_process(&self) {
        let place = self.dir.path().to_str().unwrap();
        let pids = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
        let has_it = |pid: &PathBuf, file: &str| {
            let text = fs::read(pid.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(place)
        };
        let left: Vec<PathBuf> = pids.filter(|pid| has_it(pid, "cmdline")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Runs one stage that fails; the reason, what else is known, and the attempt's directory.
pub fn failing(stage: Stage, class: FailureClass) -> (String, End, Scene) {
    let scene = Scene::of(vec![stage]);
    let end = scene.run(0, &[]);
    let reason = reason(&end, class);
    (reason, end, scene)
}

/// The reason of a failure of this class.
pub fn reason(end: &End, wanted: FailureClass) -> String {
    match &end.outcome {
        TaskOutcome::Failed { class, reason } if *class == wanted => reason.clone(),
        other => panic!("{other:?}"),
    }
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}
