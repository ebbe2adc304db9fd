//! Scenarios on threads, with real processes.

mod jobs;

use super::*;
use crate::comm::Task;
use crate::comm::local::{LocalTransport, network};
use crate::config::{
    Builtin, Checkpoint, Command, Delay, Evaluator as How, Limits, Method, Noise, ResultFile,
    StrategySettings,
};
use crate::problem::{
    FailureClass, Goal, Measurement, Metric, Objective, Parameter, ParameterKind, Problem, Scale, Space,
    TaskOutcome, TrialId, Value,
};
use crate::test_functions::{MaxHypervolume, TestFunction};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

fn study(output: &Path, evaluator: How) -> Study {
    let range = ParameterKind::Float { lower: 0.0, upper: 9.0, scale: Scale::Linear };
    let parameter = |name: &str| Parameter {
        name: name.to_owned(),
        kind: range.clone(),
        unit: String::new(),
        default: None,
    };
    let objective = |name: &str| Objective {
        name: name.to_owned(),
        goal: Goal::Minimize,
        threshold: None,
        unit: String::new(),
    };
    Study {
        name: "test".into(),
        seed: 11,
        output: output.into(),
        problem: Problem {
            space: Space { parameters: vec![parameter("x"), parameter("y")], constraints: vec![] },
            objectives: vec![objective("sum"), objective("difference")],
            metrics: vec![Metric { name: "mass".into(), unit: "kg".into() }],
            outcome_constraints: vec![],
        },
        geometry: None,
        strategy: StrategySettings {
            method: Method::Sobol,
            model: Default::default(),
            initial: 1,
            initial_design: Default::default(),
            nominal: None,
            points: vec![],
            population: None,
            trials: 1,
            ready: 1,
            in_flight: None,
            batch: None,
            patience_s: 60.0,
            stop: Default::default(),
        },
        evaluator,
        container: None,
        checkpoint: Checkpoint { every_s: 60.0 },
        limits: Limits {
            time_limit_s: None,
            margin_s: 1.0,
            silence_s: 300.0,
            disk_bytes: None,
            share: 1.0,
        },
        pilot: None,
        overflow: None,
    }
}

/// A command that runs a shell script; `$1` is parameter x, `$2` the directory, `$3` the seed.
fn shell(script: &str) -> Command {
    let words = ["sh", "-c", script, "name", "{param.x}", "{trial.dir}", "{trial.seed}"];
    Command {
        result: Some(ResultFile::Json("result.json".into())),
        timeout_s: Some(120.0),
        grace_s: 60.0,
        infeasible_exit_codes: vec![9],
        env: vec![("OWN".into(), "yes".into())],
        ..Command::new(words.map(str::to_owned).to_vec())
    }
}

/// x + y and x - y, constrained by 2 x; x = 7 panics, x = 8 is not a number.
#[derive(Debug)]
struct Toy;

impl TestFunction for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }
    fn source(&self) -> &'static str {
        "this test"
    }
    fn objectives(&self) -> usize {
        2
    }
    fn bounds(&self) -> Vec<(f64, f64)> {
        vec![(0.0, 9.0); 2]
    }
    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        assert!(x[0] != 7.0, "seven is too much");
        vec![x[0] + x[1], if x[0] == 8.0 { f64::NAN } else { x[0] - x[1] }]
    }
    fn constraint_names(&self) -> &'static [&'static str] {
        &["mass"]
    }
    fn constraint_values(&self, x: &[f64]) -> Vec<f64> {
        vec![2.0 * x[0]]
    }
    fn reference_point(&self) -> Vec<f64> {
        vec![10.0; 2]
    }
    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        None
    }
}

fn toy(noise: Option<Noise>, delay: Option<Delay>) -> How {
    let function = "toy".to_owned();
    How::Builtin(Builtin { function, dimension: 2, objectives: 2, variant: None, noise, delay })
}

fn equip(study: &Study) -> Result<Workshop, String> {
    match &study.evaluator {
        How::Builtin(b) if b.function == "toy" => {
            Ok(Workshop::Builtin(Box::new(builtin::Bench::with(Box::new(Toy), study, b))))
        }
        _ => Workshop::new(study),
    }
}

/// Rank 0 of a test with one evaluator that knows its study.
struct Boss {
    line: LocalTransport,
    evaluator: JoinHandle<u8>,
    /// What it said of the study.
    fitness: Message,
}

impl Boss {
    fn of(study: &Study) -> Self {
        Self::that_says(&Message::Study(serde_json::to_string(study).unwrap()))
    }

    fn that_says(first: &Message) -> Self {
        let mut ranks = network(2);
        let mut other = ranks.pop().unwrap();
        let evaluator = thread::spawn(move || serve_with(&mut other, Hangup::default(), equip).unwrap());
        let mut boss = Self { line: ranks.pop().unwrap(), evaluator, fitness: Message::Fit };
        let Message::Hello { host, pid, .. } = boss.hear() else { panic!("hello comes first") };
        assert_eq!((host, pid), (slurm::host_name(), std::process::id()));
        boss.say(first);
        boss.fitness = boss.hear();
        boss
    }

    fn say(&mut self, message: &Message) {
        self.line.send(1, message).unwrap();
    }

    fn hear(&mut self) -> Message {
        loop {
            match self.line.try_receive().unwrap() {
                Some((1, message)) => return message,
                Some(_) => panic!("there is one evaluator"),
                None => self.line.wait(Duration::from_secs(1)),
            }
        }
    }

    fn give(&mut self, trial: TrialId, x: f64) {
        let design = vec![Value::Float(x), Value::Float(1.0)];
        self.say(&Message::Evaluate(Task { trial, task: 0, attempt: 1, design, inputs: vec![] }));
    }

    fn report(&mut self) -> Report {
        match self.hear() {
            Message::Done(report) => report,
            other => panic!("{other:?}"),
        }
    }

    fn end(&mut self) -> job::End {
        match self.hear() {
            Message::Ended(end) => end,
            other => panic!("{other:?}"),
        }
    }

    fn outcome(&mut self, x: f64) -> TaskOutcome {
        self.give(0, x);
        self.report().outcome
    }

    fn dismiss(mut self, code: u8) {
        self.say(&Message::Leave(code));
        assert_eq!(self.evaluator.join().unwrap(), code);
    }
}

/// The outcome of one trial by a shell script, and the attempt's directory.
fn run(command: Command) -> (TaskOutcome, PathBuf, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut boss = Boss::of(&study(dir.path(), How::Command(command)));
    let outcome = boss.outcome(2.5);
    boss.dismiss(0);
    (outcome, dir.path().join("trials/000000/attempt-1"), dir)
}

fn ok(values: [(f64, Option<f64>); 2], mass: Option<f64>) -> TaskOutcome {
    let named = ["sum", "difference"].into_iter().zip(values).chain(mass.map(|m| ("mass", (m, None))));
    TaskOutcome::Ok(
        named.map(|(name, (v, sem))| (name.to_owned(), Measurement::new(v, sem).unwrap())).collect(),
    )
}

fn failure(outcome: &TaskOutcome) -> (FailureClass, &str) {
    match outcome {
        TaskOutcome::Failed { class, reason } => (*class, reason),
        other => panic!("{other:?}"),
    }
}

fn wait_for(path: &Path) {
    while !path.exists() {
        thread::sleep(Duration::from_millis(2));
    }
}

/// Processes whose command line holds the text.
fn processes_with(text: &str) -> usize {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let lines = entries.filter_map(|e| fs::read(e.path().join("cmdline")).ok());
    lines.filter(|line| String::from_utf8_lossy(line).contains(text)).count()
}

#[test]
fn a_good_command_leaves_everything_in_its_directory() {
    let script = r#"
        echo to-stdout; echo to-stderr >&2; pwd > where
        cat > result.json <<END
{"sum": {"value": $1, "sem": 0.5}, "difference": 1, "mass": 4}
END"#;
    let (outcome, dir, _run) = run(shell(script));
    assert_eq!(outcome, ok([(2.5, Some(0.5)), (1.0, None)], Some(4.0)));
    let file = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    assert_eq!(file("stdout"), "to-stdout\n");
    assert_eq!(file("stderr"), "to-stderr\n");
    let place = PathBuf::from(file("where").trim());
    assert_eq!(place.canonicalize().unwrap(), dir.canonicalize().unwrap());
    let parameters: serde_json::Value = serde_json::from_str(&file("parameters.json")).unwrap();
    assert_eq!(parameters, serde_json::json!({"x": 2.5, "y": 1.0}));
    assert!(file("command").starts_with("sh -c '\n") && file("command").contains(" name 2.5 /"));
}

#[test]
fn payloads_see_their_own_environment_and_default_signals() {
    let script = r#"
        printf '{"sum": %s, "difference": %s}' "$PARETORANK_SEED" "$PARETORANK_TRIAL" > result.json
        test "$3" = "$PARETORANK_SEED" && env > environment; grep SigIgn /proc/self/status > signals"#;
    signal::ignore().unwrap();
    let (outcome, dir, _run) = run(shell(script));
    let TaskOutcome::Ok(values) = outcome else { panic!("{outcome:?}") };
    assert_eq!((values[1].0.as_str(), values[1].1.value()), ("difference", 0.0));
    let environment = fs::read_to_string(dir.join("environment")).unwrap();
    let has = |line: &str| environment.lines().any(|l| l == line);
    assert!(has("OWN=yes") && has("OMP_NUM_THREADS=1"));
    let signals = fs::read_to_string(dir.join("signals")).unwrap();
    let ignored = u64::from_str_radix(signals.split_whitespace().last().unwrap(), 16).unwrap();
    let bit = |signal: i32| 1_u64 << (signal - 1);
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
    assert_eq!(ignored & (bit(SIGTERM) | bit(SIGINT) | bit(SIGUSR1)), 0);
}

#[test]
fn templates_are_rendered_and_keep_their_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let source = tempfile::tempdir().unwrap();
    let template = source.path().join("job.sh");
    let text = "#!/bin/sh\nprintf '{\"sum\": {{x}}, \"difference\": {{y}}}' > result.json\n";
    fs::write(&template, text).unwrap();
    fs::set_permissions(&template, fs::Permissions::from_mode(0o755)).unwrap();
    let argv = vec!["{trial.dir}/job.sh".to_owned()];
    let templates = vec![template];
    let (outcome, ..) = run(Command { argv, templates, ..shell("") });
    assert_eq!(outcome, ok([(2.5, None), (1.0, None)], None));
}

#[test]
fn exit_codes_and_signals_are_told_with_the_tail_of_the_output() {
    let (outcome, ..) = run(shell("echo mirror hits the vessel; exit 9"));
    let reason = "mirror hits the vessel".to_owned();
    assert_eq!(outcome, TaskOutcome::Infeasible { reason });

    let (outcome, dir, _run) = run(shell("for i in 1 2 3 4; do echo line $i >&2; done; exit 3"));
    let (class, reason) = failure(&outcome);
    assert_eq!(class, FailureClass::Exit);
    let told = "exit code 3; last lines: line 2 | line 3 | line 4; whole output: ";
    assert!(reason.starts_with(told), "{reason}");
    assert!(reason.contains(dir.to_str().unwrap()), "{reason}");

    let (outcome, ..) = run(shell("kill -SEGV $$"));
    let (class, reason) = failure(&outcome);
    assert_eq!(class, FailureClass::Signal);
    assert!(reason.contains("signal 11 (SIGSEGV"), "{reason}");
}

#[test]
fn a_result_that_is_none_is_an_output_failure() {
    for (script, told) in [
        (r#"echo '{"sum": NaN, "difference": 1}' > result.json"#, "JSON has no NaN"),
        (r#"echo '{"sum": 1}' > result.json"#, "\"difference\" is missing"),
        (": > result.json", "empty"),
        ("true", "wrote no result"),
    ] {
        let (outcome, ..) = run(shell(script));
        let (class, reason) = failure(&outcome);
        assert_eq!(class, FailureClass::Output);
        assert!(reason.contains(told) && reason.contains("result.json"), "{reason}");
    }
    let script = r#"echo '{"sum": 1, "difference": 1}' > result.json; exit 1"#;
    assert_eq!(failure(&run(shell(script)).0).0, FailureClass::Exit, "not read after a failure");
}

#[test]
fn what_cannot_start_is_not_the_trials_fault() {
    let argv = vec!["no-such-program-here".to_owned()];
    let (outcome, ..) = run(Command { argv, ..shell("") });
    assert_eq!(failure(&outcome).0, FailureClass::Infrastructure);

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("trials"), "in the way").unwrap();
    let mut boss = Boss::of(&study(dir.path(), How::Command(shell("true"))));
    let outcome = boss.outcome(1.0);
    let (class, reason) = failure(&outcome);
    assert_eq!(class, FailureClass::Infrastructure);
    assert!(reason.contains("trials/000000"), "{reason}");
    boss.dismiss(0);
}

#[test]
fn a_timeout_ends_a_payload_that_ignores_term_with_its_grandchild() {
    // The directory's name is in both command lines, so none of them can hide.
    let script = r#"trap '' TERM; sh -c 'trap "" TERM; while :; do sleep 0.1; done' "$2" &
        echo waiting; while :; do sleep 0.1; done"#;
    let command = Command { timeout_s: Some(0.3), grace_s: 0.2, ..shell(script) };
    let (outcome, dir, _run) = run(command);
    let (class, reason) = failure(&outcome);
    assert_eq!(class, FailureClass::Timeout);
    assert!(reason.starts_with("still running after 0.3 s; last lines: waiting"), "{reason}");
    assert_eq!(processes_with(dir.to_str().unwrap()), 0);
}

#[test]
fn cancel_stops_what_runs_and_forgets_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let script = ": > ready; sleep 600; true";
    let mut boss = Boss::of(&study(dir.path(), How::Command(shell(script))));
    boss.give(4, 1.0);
    boss.give(5, 1.0);
    boss.give(6, 1.0);
    wait_for(&dir.path().join("trials/000004/attempt-1/ready"));
    boss.say(&Message::Cancel { trial: 4, task: 0, attempt: 2 });
    boss.say(&Message::Cancel { trial: 5, task: 0, attempt: 1 });
    let interrupted = TaskOutcome::Interrupted { reason: "cancelled".into() };
    let report = boss.report();
    assert_eq!((report.trial, &report.outcome), (5, &interrupted));
    boss.say(&Message::Cancel { trial: 4, task: 0, attempt: 1 });
    let report = boss.report();
    assert_eq!((report.trial, &report.outcome), (4, &interrupted));
    assert!(report.started <= report.finished);
    wait_for(&dir.path().join("trials/000006/attempt-1/ready"));
    assert!(!dir.path().join("trials/000005").exists());
    boss.dismiss(75);
    assert_eq!(processes_with(dir.path().to_str().unwrap()), 0, "leaving stops the payload");
}

#[test]
fn a_rank_that_counted_as_lost_forgets_its_work_and_says_hello_again() {
    let dir = tempfile::tempdir().unwrap();
    let script = ": > ready; test ${1%.*} = 2 || sleep 600; echo '{\"sum\": 1, \"difference\": 1, \"mass\": 1}' > result.json";
    let mut boss = Boss::of(&study(dir.path(), How::Command(shell(script))));
    boss.give(4, 1.0);
    boss.give(5, 1.0);
    wait_for(&dir.path().join("trials/000004/attempt-1/ready"));
    boss.say(&Message::Rejoin);
    boss.give(6, 2.0);
    assert!(matches!(boss.hear(), Message::Hello { .. }), "no report of what others have");
    assert_eq!(boss.report().trial, 6);
    assert!(!dir.path().join("trials/000005").exists());
    boss.dismiss(0);
    assert_eq!(processes_with(dir.path().to_str().unwrap()), 0);
}

#[test]
fn a_rank_says_that_it_is_there_and_leaves_when_rank_0_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let mut study = study(dir.path(), How::Command(shell(": > ready; sleep 600")));
    study.limits.silence_s = 0.5;
    let mut boss = Boss::of(&study);
    boss.give(1, 1.0);
    for _ in 0..20 {
        assert_eq!(boss.hear(), Message::Alive);
        boss.say(&Message::Alive);
    }
    let left = boss.evaluator.join().unwrap();
    assert_eq!(left, Exit::StoppedEarly.code());
    assert_eq!(processes_with(dir.path().to_str().unwrap()), 0);
}

#[test]
fn a_second_leave_does_not_wait_for_the_grace_time() {
    let dir = tempfile::tempdir().unwrap();
    let script = "trap '' TERM; : > ready; while :; do sleep 0.05; done";
    let command = Command { grace_s: 3600.0, timeout_s: None, ..shell(script) };
    let mut boss = Boss::of(&study(dir.path(), How::Command(command)));
    boss.give(1, 1.0);
    wait_for(&dir.path().join("trials/000001/attempt-1/ready"));
    boss.say(&Message::Leave(75));
    boss.dismiss(75);
    assert_eq!(processes_with(dir.path().to_str().unwrap()), 0);
}

#[test]
fn queued_tasks_are_done_in_order() {
    let mut boss = Boss::of(&study(Path::new("unused"), toy(None, None)));
    for trial in 0..100 {
        boss.give(trial, 2.0);
    }
    for trial in 0..100 {
        let report = boss.report();
        assert_eq!((report.trial, report.attempt), (trial, 1));
        assert_eq!(report.outcome, ok([(3.0, None), (1.0, None)], Some(4.0)));
    }
    boss.dismiss(0);
}

#[test]
fn a_panic_or_nan_of_a_function_is_a_failure_and_the_rank_lives_on() {
    let mut boss = Boss::of(&study(Path::new("unused"), toy(None, None)));
    for (x, told) in [(7.0, "toy: panic: seven is too much"), (8.0, "toy: objective 1 is NaN")] {
        let outcome = boss.outcome(x);
        assert_eq!(failure(&outcome), (FailureClass::Output, told));
    }
    assert_eq!(boss.outcome(2.0).status(), "ok");
    boss.dismiss(3);
}

#[test]
fn noise_belongs_to_the_trial_and_is_told_if_known() {
    let noisy = |known| {
        let noise = Some(Noise { sd: 0.25, known });
        let mut boss = Boss::of(&study(Path::new("unused"), toy(noise, None)));
        let outcomes = [boss.outcome(2.0), boss.outcome(2.0)];
        boss.give(1, 2.0);
        let other = boss.report().outcome;
        boss.dismiss(0);
        let measured = |outcome| match outcome {
            TaskOutcome::Ok(values) => values.into_iter().map(|(_, value)| value).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let [first, again] = outcomes.map(measured);
        assert_eq!(first, again);
        let other = measured(other);
        for ((value, other), exact) in first.iter().zip(&other).zip([3.0, 1.0, 4.0]) {
            assert_ne!(value, other);
            let error = value.value() - exact;
            assert!(error != 0.0 && error.abs() < 0.25 * 6.0, "{error}");
            assert_eq!(value.sem(), first[0].sem());
        }
        assert_eq!(first.len(), 3, "objectives and the metric");
        first[0].sem()
    };
    assert_eq!(noisy(true), Some(0.25));
    assert_eq!(noisy(false), None);
}

#[test]
fn a_pretended_duration_is_waited_for_and_can_be_cut_short() {
    let delay = |seconds| Some(Delay::Constant { seconds });
    let mut boss = Boss::of(&study(Path::new("unused"), toy(None, delay(0.05))));
    boss.give(1, 2.0);
    let report = boss.report();
    assert!(report.finished - report.started >= 0.049, "{report:?}");
    boss.dismiss(0);
    let mut boss = Boss::of(&study(Path::new("unused"), toy(None, delay(3600.0))));
    boss.give(1, 2.0);
    boss.say(&Message::Cancel { trial: 1, task: 0, attempt: 1 });
    assert_eq!(boss.report().outcome.status(), "interrupted");
    boss.give(2, 2.0);
    boss.dismiss(75);
}

#[test]
fn a_study_that_cannot_be_read_fails_its_tasks() {
    let unknown = How::Builtin(Builtin {
        function: "nonsense".into(),
        dimension: 2,
        objectives: 2,
        variant: None,
        noise: None,
        delay: None,
    });
    let mut boss = Boss::of(&study(Path::new("unused"), unknown));
    let Message::Unfit(reason) = &boss.fitness else { panic!("{:?}", boss.fitness) };
    assert!(reason.contains("nonsense"), "{reason}");
    let outcome = boss.outcome(1.0);
    assert_eq!(failure(&outcome).0, FailureClass::Infrastructure);
    assert!(outcome.reason().contains("nonsense"));
    boss.say(&Message::Study("{".into()));
    let Message::Unfit(reason) = boss.hear() else { panic!("it cannot be read") };
    assert!(reason.contains("study not read"), "{reason}");
    assert!(boss.outcome(1.0).reason().contains("study not read"));
    boss.dismiss(0);
}

#[test]
fn an_evaluator_leaves_when_rank_0_is_gone() {
    let mut ranks = network(2);
    let mut other = ranks.pop().unwrap();
    drop(ranks);
    assert_eq!(serve(&mut other), Exit::Failed.code());
}
