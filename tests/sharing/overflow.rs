//! `[overflow]`: tasks for which there is no rank, done by pilots elsewhere.

use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::{Running, mpirun};
use super::{run, study, trials};
use std::fs;
use std::path::Path;
use std::process::Command;

fn table(queue: &Queue, more: &str) -> String {
    format!("[overflow]\nserver = \"{}\"\nqueue = \"Q\"\n{more}", queue.url)
}

/// Parameters and objectives of all trials, in their order.
fn measured(run: &Path) -> Vec<String> {
    let csv = Command::new(PROGRAM).arg("export").arg(run).output().unwrap();
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let is_value = |name: &str| {
        name.strip_prefix(['x', 'f'])
            .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let is_meant = |name: &str| name == "trial" || is_value(name);
    let columns: Vec<usize> = (0..names.len()).filter(|k| is_meant(names[*k])).collect();
    assert!(columns.len() >= 10, "{names:?}");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        columns.iter().map(|k| cells[*k]).collect::<Vec<_>>().join(",")
    };
    let mut rows: Vec<String> = csv.lines().skip(1).map(row).collect();
    rows.sort();
    rows
}

#[test]
fn an_allocation_elsewhere_does_trials_of_a_study() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file = study(dir.path(), "wide", 40, "\"200 ms\"", &table(&queue, "tasks = 4\n"));
    let helper = pilot(mpirun(4, PROGRAM), &queue.url, &dir.path().join("pilot"), &[]);
    let helper = Running::start(&mut { helper });
    Running::start(&mut run(2, &[&file])).wait().expect(0).says(&["40/40 trials"]);
    let run = dir.path().join("runs/wide");
    let mut ids: Vec<u64> = trials(&run).into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..40), "each once");
    let states = queue.states();
    assert!(states.get("finished").is_some_and(|count| *count >= 10), "{states:?}");
    // The same study without the queue measures the same.
    let narrow = study(dir.path(), "narrow", 40, "\"1 ms\"", "");
    Running::start(&mut super::run(3, &[&narrow])).wait().expect(0);
    assert_eq!(measured(&run), measured(&dir.path().join("runs/narrow")));
    assert_eq!(states.get("activated"), None, "nothing is left behind: {states:?}");
    helper.signal(rustix::process::Signal::USR1);
    helper.wait().expect(75);
}

#[test]
fn a_pilot_that_is_killed_costs_only_what_it_had_of_a_study() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "3s");
    let file = study(dir.path(), "robbed", 30, "\"300 ms\"", &table(&queue, "tasks = 3\n"));
    let mut line = pilot(mpirun(4, PROGRAM), &queue.url, &dir.path().join("pilot"), &[]);
    let helper = Running::start(&mut line);
    let mut running = Running::start(&mut run(2, &[&file]));
    running.watch("it has done some", || queue.states().get("finished").copied() >= Some(3));
    helper.kill();
    running.wait().expect(0).says(&["30/30 trials: ok 30"]);
    let mut ids: Vec<u64> =
        trials(&dir.path().join("runs/robbed")).into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    assert!(ids.into_iter().eq(0..30), "each once");
}

/// Two stages, whose files the ranks of both allocations see.
const STAGES: &str = r#"
[[stage]]
name = "simulate"
command = ["sh", "-c", "echo $0 > hits.txt; sleep 0.2", "{param.x}"]
outputs = ["hits.txt"]
foreach = { run = [1, 2, 3] }

[[stage]]
name = "analyse"
needs = ["simulate"]
command = ["sh", "-c", 'for f in "$@"; do n=$((n + $(cat $f))); done; echo "{\"f\": $n}" > result.json', "sh", "{in.simulate}"]
result = "result.json"
"#;

#[test]
fn tasks_of_stages_are_done_elsewhere_with_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let run_dir = dir.path().join("runs/stages");
    let file = dir.path().join("stages.toml");
    let head = format!(
        "[study]\noutput = \"{}\"\n[strategy]\nmethod = \"sobol\"\ntrials = 6\n[[parameter]]\nname = \"x\"\n\
         kind = \"int\"\nlower = 1\nupper = 90\n[[objective]]\nname = \"f\"\ngoal = \"minimize\"\n",
        run_dir.display()
    );
    fs::write(&file, format!("{head}{STAGES}{}", table(&queue, "tasks = 3\n"))).unwrap();
    let helper = pilot(mpirun(4, PROGRAM), &queue.url, &dir.path().join("pilot"), &[]);
    let helper = Running::start(&mut { helper });
    Running::start(&mut run(2, &[&file])).wait().expect(0).says(&["6/6 trials: ok 6"]);
    assert!(queue.states().get("finished").is_some_and(|count| *count >= 6), "{:?}", queue.states());
    let csv = Command::new(PROGRAM).arg("export").arg(&run_dir).output().unwrap();
    let csv = String::from_utf8_lossy(&csv.stdout).into_owned();
    let names: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let column = |name: &str| names.iter().position(|n| n.split(' ').next() == Some(name)).unwrap();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |name: &str| cells[column(name)].parse::<f64>().unwrap();
        assert_eq!(number("f"), 3.0 * number("x"), "three hits of x each: {line}");
    }
    helper.signal(rustix::process::Signal::USR1);
    helper.wait().expect(75);
}

#[test]
fn what_no_pilot_begins_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file =
        study(dir.path(), "back", 12, "\"50 ms\"", &table(&queue, "tasks = 3\npatience = \"1 h\"\n"));
    Running::start(&mut run(3, &[&file])).wait().expect(0).says(&["12/12 trials"]);
    assert_eq!(trials(&dir.path().join("runs/back")).len(), 12);
    let states = queue.states();
    assert_eq!(states.keys().collect::<Vec<_>>(), ["cancelled"], "{states:?}");
}

#[test]
fn a_study_that_was_killed_takes_its_jobs_out_of_the_queue_when_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "5min");
    let file = study(dir.path(), "killed", 20, "\"100 ms\"", &table(&queue, "tasks = 3\n"));
    let mut running = Running::start(&mut run(2, &[&file]));
    running.watch("jobs wait", || queue.states().get("activated").copied() == Some(3));
    running.kill();
    assert_eq!(queue.states().get("activated").copied(), Some(3));
    // The server is away for a moment, too.
    let address = queue.address();
    queue.kill();
    let mut running = Running::start(&mut run(2, &[&file]));
    running.watch("it says so", || running_says(&dir.path().join("runs/killed/run.log"), "told again"));
    let queue = Queue::patient(&dir.path().join("queue"), &address, "5min");
    running.wait().expect(0).says(&["20/20 trials"]);
    assert_eq!(queue.states().get("activated"), None);
}

fn running_says(log: &Path, words: &str) -> bool {
    fs::read_to_string(log).is_ok_and(|text| text.contains(words))
}

#[test]
fn a_study_that_no_command_line_takes_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    // Names without any pattern, which cannot be packed.
    let mut noise = 1_u64;
    let mut name = || {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("x{:x}", u128::from(noise) * u128::from(noise))
    };
    let parameter = |name: String| {
        format!(
            "[[parameter]]\nname = \"{name}\"\nkind = \"choice\"\nvalues = [\"{name}\", \"other\"]\n"
        )
    };
    let parameters: String = (0..6000).map(|_| parameter(name())).collect();
    let file = dir.path().join("large.toml");
    let text = format!(
        "[study]\noutput = \"{}\"\n[strategy]\nmethod = \"sobol\"\ntrials = 2\n[[objective]]\nname = \"f\"\n\
         goal = \"minimize\"\n[evaluator]\ncommand = [\"true\"]\n{parameters}[overflow]\n\
         server = \"http://127.0.0.1:9\"\nqueue = \"Q\"\ntasks = 1\n",
        dir.path().join("run").display()
    );
    fs::write(&file, text).unwrap();
    Running::start(&mut run(2, &[&file])).wait().expect(78).says(&["[overflow]: the study takes"]);
}

#[test]
fn a_word_that_is_no_task_is_refused() {
    let ended = Command::new(PROGRAM).args(["task", "--order", "nonsense"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("--order is no task of a study"), "{said}");
}
