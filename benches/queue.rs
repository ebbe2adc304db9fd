//! Jobs of a queue on ranks, in whole runs of the program: figures, and ratios within this run.
//!
//! `cargo bench --bench queue [-- jobs | gaps | overflow]`
//!
//! - `jobs`: 10,000 jobs that do nothing on 8 ranks, beside as many processes started by `xargs -P 8`.
//! - `gaps`: DTLZ2 with heavy-tailed delays on 8 ranks, with and without a queue's jobs where ranks are left.
//! - `overflow`: a study on 2 ranks, alone and with 6 ranks of another allocation behind a queue.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

const PROGRAM: &str = env!("CARGO_BIN_EXE_paretorank");

fn main() {
    let only: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    for (name, run) in [("jobs", jobs as fn(&Path)), ("gaps", gaps), ("overflow", overflow)] {
        if only.is_empty() || only.iter().any(|word| word == name) {
            let dir = tempfile::tempdir().expect("a directory");
            println!("== {name}");
            run(dir.path());
        }
    }
}

/// A server of `paretorank queue`.
struct Queue {
    child: Child,
    url: String,
}

impl Queue {
    fn start(dir: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["queue", "serve"]).arg(dir.join("queue")).args(["--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("a server");
        let mut url = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut url).expect("its address");
        Self { child, url: url.trim().to_owned() }
    }

    fn submit(&self, count: u64, words: &[&str]) {
        let mut command = Command::new(PROGRAM);
        command.args([
            "queue",
            "submit",
            "--server",
            &self.url,
            "--queue",
            "Q",
            "--count",
            &count.to_string(),
        ]);
        done(command.args(words));
    }

    fn table(&self, name: &str, more: &str) -> String {
        format!("[{name}]\nserver = \"{}\"\nqueue = \"Q\"\n{more}", self.url)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program on so many ranks, rank 0 included.
fn mpirun(ranks: usize) -> Command {
    let mut command = Command::new("mpirun");
    for (name, value) in [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ] {
        command.env(name, value);
    }
    command.args(["-n", &ranks.to_string(), PROGRAM]);
    command
}

/// Standard output and error of a command that ends well, and the seconds that it took.
fn done(command: &mut Command) -> (String, f64) {
    let begin = Instant::now();
    let output = command.output().expect("a program");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {text}");
    (text, begin.elapsed().as_secs_f64())
}

fn jobs(dir: &Path) {
    const JOBS: u64 = 10_000;
    let queue = Queue::start(dir);
    queue.submit(JOBS, &["true"]);
    let mut pilot = mpirun(9);
    pilot.args(["pilot", "--server", &queue.url, "--queue", "Q", "--jobs", &JOBS.to_string(), "--dir"]);
    let (text, took_s) = done(pilot.arg(dir.join("pilot")));
    println!("{}", text.lines().rfind(|line| line.contains("jobs in")).unwrap_or_default());
    let bare = format!("seq {JOBS} | xargs -P 8 -n 1 sh -c 'exec true'");
    let (_, bare_s) = done(Command::new("sh").args(["-c", &bare]));
    println!(
        "{JOBS} shells without a queue: {bare_s:.1} s; the pilot takes {:.2} times as long",
        took_s / bare_s
    );
}

/// A study of DTLZ2, written into `dir`.
fn study(dir: &Path, name: &str, trials: u64, delay: &str, more: &str) -> PathBuf {
    let file = dir.join(format!("{name}.toml"));
    let output = dir.join(name);
    let text = format!(
        "[study]\noutput = \"{}\"\n[strategy]\nmethod = \"nsga2\"\ntrials = {trials}\n[evaluator]\n\
         builtin = \"dtlz2\"\ndimension = 20\nobjectives = 3\ndelay = {delay}\n{more}",
        output.display()
    );
    fs::write(&file, text).expect("a study file");
    file
}

/// Runs a study: seconds from the first start to the last end, seconds that trials were under way, and the
/// share of the largest hypervolume, in per cent, as the summary has it.
fn run(ranks: usize, file: &Path) -> (f64, f64, String) {
    let (text, _) = done(mpirun(ranks).arg("run").arg(file));
    let share = text.lines().find(|line| line.starts_with("hypervolume")).unwrap_or_default().to_owned();
    let history = done(Command::new(PROGRAM).args(["export", "--json"]).arg(file.with_extension(""))).0;
    let history: serde_json::Value = serde_json::from_str(&history).expect("JSON");
    let trials = history["trials"].as_array().expect("trials");
    let at = |trial: &serde_json::Value, key: &str| trial[key].as_f64().expect("a time");
    let begin = trials.iter().map(|t| at(t, "started")).fold(f64::INFINITY, f64::min);
    let end = trials.iter().map(|t| at(t, "finished")).fold(0.0, f64::max);
    let busy = trials.iter().map(|t| at(t, "finished") - at(t, "started")).sum();
    (end - begin, busy, share)
}

fn gaps(dir: &Path) {
    const RANKS: f64 = 8.0;
    let delay = "{ least = \"0.3 s\", alpha = 1.3 }";
    let (alone_s, busy_s, _) = run(9, &study(dir, "alone", 160, delay, ""));
    println!("alone: {alone_s:.1} s, ranks busy {:.1} %", 100.0 * busy_s / (RANKS * alone_s));
    let queue = Queue::start(dir);
    queue.submit(20_000, &["sleep", "0.2"]);
    let file = study(dir, "filled", 160, delay, &queue.table("pilot", "usual = \"1 s\"\n"));
    let (filled_s, busy_s, _) = run(9, &file);
    let log = fs::read_to_string(dir.join("filled/pilot/pilot.log")).expect("its log");
    let line = log.lines().rfind(|line| line.contains("jobs in")).unwrap_or_default();
    let number = |before: &str, after: &str| -> f64 {
        let rest = line.split(before).nth(1).unwrap_or_default();
        rest.split(after).next().and_then(|word| word.trim().parse().ok()).unwrap_or(0.0)
    };
    let jobs_s = number("Z ", " jobs") * number("second; ", " ms") / 1e3;
    println!(
        "with the queue's jobs: {filled_s:.1} s, ranks busy {:.1} % ({line})",
        100.0 * (busy_s + jobs_s) / (RANKS * filled_s)
    );
    println!("the study takes {:.3} times as long", filled_s / alone_s);
}

fn overflow(dir: &Path) {
    let (alone_s, _, share) = run(3, &study(dir, "alone", 200, "\"0.5 s\"", ""));
    println!("on 2 ranks: {alone_s:.1} s; {share}");
    let queue = Queue::start(dir);
    let file = study(dir, "wide", 200, "\"0.5 s\"", &queue.table("overflow", "tasks = 6\n"));
    let mut helper = mpirun(7);
    helper.args(["pilot", "--server", &queue.url, "--queue", "Q", "--dir"]).arg(dir.join("pilot"));
    let mut helper = helper.stderr(Stdio::null()).spawn().expect("a pilot");
    let (wide_s, _, share) = run(3, &file);
    let _ = helper.kill();
    let _ = helper.wait();
    println!("with 6 ranks of another allocation: {wide_s:.1} s; {share}");
    println!("{:.2} times as fast", alone_s / wide_s);
}
