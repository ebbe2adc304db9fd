//! The same conversations on threads and on MPI ranks.
//!
//! An MPI test starts this very binary under `mpirun`, with the name of a scenario in the
//! environment; the test `a_rank_under_mpirun` then plays one rank of it.

use paretorank::comm::{Message, Transport, local};
use std::thread;
use std::time::Duration;

type Scenario = fn(&mut dyn Transport);

/// Every scenario ends with all ranks told to leave.
const SCENARIOS: [(&str, Scenario); 4] =
    [("echo", echo), ("flood", flood), ("fan", fan), ("command", command)];

fn receive(line: &mut dyn Transport) -> (usize, Message) {
    loop {
        match line.try_receive().unwrap() {
            Some(found) => return found,
            None => line.wait(Duration::from_millis(100)),
        }
    }
}

fn dismiss(line: &mut dyn Transport, code: u8) {
    for to in 1..line.size() {
        line.send(to, &Message::Leave(code)).unwrap();
    }
}

/// A text of `length` bytes that no cut or swap leaves the same.
fn text(length: usize, salt: usize) -> Message {
    let bytes = (0..length).map(|k| b'a' + ((k / 7 + k / 4096 + salt) % 26) as u8);
    Message::Study(String::from_utf8(bytes.collect()).unwrap())
}

/// Returns everything but `Leave`.
fn mirror(line: &mut dyn Transport) {
    loop {
        match receive(line) {
            (0, Message::Leave(_)) => return,
            (from, message) => line.send(from, &message).unwrap(),
        }
    }
}

/// Messages of every size come back as they were sent.
fn echo(line: &mut dyn Transport) {
    if line.rank() > 0 {
        return mirror(line);
    }
    for length in [0, 1, 100, 4_000, 32_767, 32_768, 70_000, 300_000, 10_000_000] {
        for to in 1..line.size() {
            line.send(to, &text(length, to)).unwrap();
        }
        let mut heard = vec![false; line.size()];
        for _ in 1..line.size() {
            let (from, message) = receive(line);
            assert!(message == text(length, from), "{length} bytes from rank {from} changed");
            assert!(!std::mem::replace(&mut heard[from], true));
        }
    }
    dismiss(line, 0);
}

/// Ten thousand messages leave rank 0 before it receives the first answer; order is kept.
fn flood(line: &mut dyn Transport) {
    if line.rank() > 0 {
        return mirror(line);
    }
    let (others, count) = (line.size() - 1, 10_000);
    let numbered = |trial| Message::Cancel { trial, task: 0, attempt: 1 };
    for k in 0..count {
        line.send(1 + k % others, &numbered(k as u64)).unwrap();
    }
    let mut next: Vec<usize> = (0..=others).map(|rank| rank.wrapping_sub(1)).collect();
    for _ in 0..count {
        let (from, message) = receive(line);
        assert_eq!(message, numbered(next[from] as u64), "from rank {from}");
        next[from] += others;
    }
    dismiss(line, 0);
}

/// Everybody sends to rank 0 at once and does not listen meanwhile.
fn fan(line: &mut dyn Transport) {
    let count = 3_000;
    if line.rank() > 0 {
        let salt = line.rank();
        for k in 0..count {
            line.send(0, &text(k % 3_000, salt)).unwrap();
        }
        assert!(matches!(receive(line), (0, Message::Leave(_))));
        return;
    }
    let mut got = vec![0; line.size()];
    for _ in 0..count * (line.size() - 1) {
        let (from, message) = receive(line);
        assert!(message == text(got[from] % 3_000, from));
        got[from] += 1;
    }
    dismiss(line, 0);
}

/// Real evaluators with real processes, and one of them in the middle of a long one when told to
/// leave.
fn command(line: &mut dyn Transport) {
    if line.rank() > 0 {
        assert_eq!(paretorank::evaluator::serve(line), 75);
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let study = study::shell(
        dir.path(),
        r#"test -z "$OMPI_COMM_WORLD_RANK$PMIX_RANK$PMI_RANK" || exit 1
           test "$1" != 0.0 || sleep 600
           printf '{"y": %s}' "$1" > result.json"#,
    );
    let mut fit = 1;
    while fit < line.size() {
        match receive(line) {
            (from, Message::Hello { .. }) => line.send(from, &Message::Study(study.clone())).unwrap(),
            (_, Message::Fit) => fit += 1,
            other => panic!("{other:?}"),
        }
    }
    let tasks = 3 * (line.size() - 1);
    for k in 1..=tasks {
        line.send(1 + k % (line.size() - 1), &study::task(k as u64, k as f64)).unwrap();
    }
    for _ in 0..tasks {
        let (_, message) = receive(line);
        let Message::Done(report) = message else { panic!("{message:?}") };
        assert_eq!(study::value(&report), report.trial as f64);
    }
    line.send(1, &study::task(0, 0.0)).unwrap();
    let started = dir.path().join("trials/000000/attempt-1/stdout");
    while !started.exists() {
        // Rank 0 must not stop pumping, or what it sent might not leave.
        assert!(line.try_receive().unwrap().is_none());
        line.wait(Duration::from_millis(10));
    }
    dismiss(line, 75);
}

mod study {
    use paretorank::comm::{Message, Report, Task};
    use paretorank::problem::{TaskOutcome, Value};
    use serde_json::json;
    use std::path::Path;

    /// A study whose command is a shell script with the parameter x as `$1`.
    pub fn shell(output: &Path, script: &str) -> String {
        let study = json!({
            "name": "transport", "seed": 1, "output": output,
            "problem": {
                "space": {"parameters": [{
                    "name": "x", "unit": "", "default": null,
                    "kind": {"float": {"lower": 0.0, "upper": 1e3, "scale": "linear"}},
                }]},
                "objectives": [{"name": "y", "goal": "minimize", "threshold": null, "unit": ""}],
            },
            "strategy":
                {"method": "sobol", "initial": 1, "trials": 1, "ready": 1, "in_flight": null},
            "evaluator": {"command": {
                "argv": ["sh", "-c", script, "sh", "{param.x}"], "templates": [],
                "result": "result.json", "timeout_s": null, "grace_s": 30.0, "retries": 0,
                "infeasible_exit_codes": [], "env": [],
            }},
            "checkpoint": {"every_s": 60.0},
            "limits": {"time_limit_s": null, "margin_s": 1.0},
        });
        study.to_string()
    }

    pub fn task(trial: u64, x: f64) -> Message {
        Message::Evaluate(Task {
            trial,
            task: 0,
            attempt: 1,
            design: vec![Value::Float(x)],
            inputs: vec![],
        })
    }

    pub fn value(report: &Report) -> f64 {
        match &report.outcome {
            TaskOutcome::Ok(values) => values[0].1.value(),
            other => panic!("{other:?}"),
        }
    }
}

/// Plays a scenario with a thread per rank.
fn on_threads(scenario: Scenario) {
    for size in [2, 4, 8] {
        let ranks = local::network(size);
        let play = |mut line: local::LocalTransport| thread::spawn(move || scenario(&mut line));
        for rank in ranks.into_iter().map(play).collect::<Vec<_>>() {
            rank.join().unwrap();
        }
    }
}

#[test]
fn scenarios_on_threads() {
    for (_, scenario) in SCENARIOS {
        on_threads(scenario);
    }
}

#[cfg(feature = "mpi")]
mod on_mpi {
    use super::*;
    use paretorank::comm::mpi::MpiTransport;
    use std::io::Read;
    use std::process::{Command, ExitStatus, Stdio};
    use std::time::Instant;

    const SCENARIO: &str = "PARETORANK_TEST_SCENARIO";

    /// Seconds of processor time this process has used.
    fn processor_s() -> f64 {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        // utime and stime are fields 14 and 15, state is field 3; a tick is 1/100 s.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Two seconds without a message cost little, on rank 0 and on the others.
    fn idle(line: &mut dyn Transport) {
        let (start, before) = (Instant::now(), processor_s());
        while start.elapsed() < Duration::from_secs(2) {
            assert!(line.try_receive().unwrap().is_none());
            line.wait(Duration::from_millis(100));
        }
        let share = (processor_s() - before) / start.elapsed().as_secs_f64();
        assert!(share < 0.1, "waiting takes {share} of a core");
        if line.rank() == 0 {
            dismiss(line, 0);
        } else {
            mirror(line);
        }
    }

    /// The last rank panics while all others wait for it.
    fn panic(line: &mut dyn Transport) {
        assert!(line.rank() + 1 < line.size(), "this rank panics, as it should");
        receive(line);
    }

    /// The last rank is stuck and hears nothing any more.
    fn stuck(line: &mut dyn Transport) {
        if line.rank() + 1 == line.size() {
            thread::sleep(Duration::from_secs(600));
        }
        if line.rank() == 0 {
            dismiss(line, 75);
        } else {
            mirror(line);
        }
    }

    /// One rank; an ordinary test run has no scenario in the environment and none to play.
    #[test]
    fn a_rank_under_mpirun() {
        let Ok(name) = std::env::var(SCENARIO) else { return };
        let own: [(&str, Scenario); 3] = [("idle", idle), ("panic", panic), ("stuck", stuck)];
        let (_, scenario) = SCENARIOS.into_iter().chain(own).find(|(n, _)| *n == name).unwrap();
        let mut line = MpiTransport::start().unwrap();
        scenario(&mut line);
        line.finish(1, || false);
    }

    /// How the launch ended and what it printed; a launch that hangs is killed and fails the test.
    fn mpirun(scenario: &str, ranks: usize, variables: &[(&str, &str)]) -> (ExitStatus, String) {
        let mut command = Command::new("mpirun");
        command
            .args(["-n", &ranks.to_string()])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "on_mpi::a_rank_under_mpirun", "--nocapture", "--test-threads=1"])
            .env(SCENARIO, scenario)
            .env("OMPI_ALLOW_RUN_AS_ROOT", "1")
            .env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")
            .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
            .env("OMPI_MCA_hwloc_base_binding_policy", "none")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut launch = command.spawn().unwrap();
        let read = |mut pipe: Box<dyn Read + Send>| {
            thread::spawn(move || {
                let mut bytes = vec![];
                pipe.read_to_end(&mut bytes).map(|_| String::from_utf8_lossy(&bytes).into_owned())
            })
        };
        let out = read(Box::new(launch.stdout.take().unwrap()));
        let err = read(Box::new(launch.stderr.take().unwrap()));
        let deadline = Instant::now() + Duration::from_secs(120);
        let status = loop {
            match launch.try_wait().unwrap() {
                Some(status) => break status,
                None if Instant::now() > deadline => {
                    launch.kill().unwrap();
                    break launch.wait().unwrap();
                }
                None => thread::sleep(Duration::from_millis(20)),
            }
        };
        let said = out.join().unwrap().unwrap() + &err.join().unwrap().unwrap();
        assert!(Instant::now() < deadline, "{scenario} on {ranks} ranks hangs:\n{said}");
        (status, said)
    }

    fn succeeds(scenario: &str, ranks: usize) {
        let (status, said) = mpirun(scenario, ranks, &[]);
        assert!(status.success(), "{scenario} on {ranks} ranks: {status}\n{said}");
        assert_eq!(said.matches("1 passed").count(), ranks, "{said}");
    }

    #[test]
    fn scenarios_on_ranks() {
        for (name, _) in SCENARIOS {
            for ranks in [2, 4, 8] {
                succeeds(name, ranks);
            }
        }
    }

    #[test]
    fn a_waiting_rank_sleeps() {
        succeeds("idle", 2);
    }

    #[test]
    fn a_panic_on_one_rank_ends_the_job() {
        let (status, said) = mpirun("panic", 4, &[]);
        assert_eq!(status.code(), Some(101), "{said}");
        assert!(said.contains("this rank panics, as it should"), "{said}");
    }

    #[test]
    fn a_stuck_rank_does_not_keep_the_job() {
        let (status, said) = mpirun("stuck", 3, &[]);
        assert_eq!(status.code(), Some(75), "{said}");
    }

    #[test]
    fn a_launcher_of_another_mpi_is_found_out() {
        let wrong = [("PMI_SIZE", "4"), ("OMPI_COMM_WORLD_SIZE", "4")];
        let binary = std::env::current_exe().unwrap();
        let out = Command::new(binary)
            .args(["--exact", "on_mpi::a_rank_under_mpirun", "--nocapture"])
            .env(SCENARIO, "echo")
            .envs(wrong)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && said.contains("Strangers"), "{said}");
    }

    #[test]
    fn the_library_has_a_name_on_one_line() {
        let version = paretorank::comm::mpi::version();
        assert!(version.contains("MPI") && !version.contains(['\0', '\n']), "{version:?}");
    }
}
