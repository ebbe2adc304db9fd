//! Jobs on a Slurm of several nodes, some of which are lost. `make test-faults` starts one:
//!
//!     PARETORANK_SLURM_NODES=4 tests/slurm/with cargo test --test slurm nodes::
//!
//! Without it nothing is tested, and every test says so; with `PARETORANK_REQUIRE_NODES=1` it fails.

use super::job::Job;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const NODES: usize = 4;
const REQUIRED: &str = "PARETORANK_REQUIRE_NODES";
const FOLDER: &str = "PARETORANK_SLURM_FOLDER";

/// A job whose payloads count themselves.
struct Story {
    job: Job,
    folder: TempDir,
    trials: usize,
}

/// Files that hold the process of each node that was not lost; `None` if there is no Slurm of so many.
fn nodes() -> Option<Vec<PathBuf>> {
    let folder = std::env::var(FOLDER).ok();
    let entries = folder.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap().flatten());
    let mut nodes: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "node"))
        .collect();
    nodes.sort();
    if nodes.len() == NODES {
        return Some(nodes);
    }
    let word = format!("no Slurm of {NODES} nodes ({} in {FOLDER})", nodes.len());
    assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and there is {word}");
    println!("SKIPPED: no lost node was tested, since there is {word}; `make test-faults` does it");
    None
}

/// Kills a node with all its processes, and gives its name.
fn lose(node: &Path) -> String {
    let pid = fs::read_to_string(node).unwrap().trim().parse().unwrap();
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    fs::remove_file(node).unwrap();
    node.file_stem().unwrap().to_str().unwrap().to_owned()
}

impl Story {
    fn begin(trials: usize, launch: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let study = include_str!("nodes.toml").replace("TRIALS", &trials.to_string());
        let study = study.replace("FOLDER", folder.path().to_str().unwrap());
        fs::write(folder.path().join("study.toml"), study).unwrap();
        let shared = [("OMPI_MCA_btl_vader_backing_directory", "/dev/shm")];
        let job = Job::submit_as(folder.path(), launch, &shared, options);
        Self { job, folder, trials }
    }

    /// Lines of a file of the folder that have this text.
    fn lines(&self, file: &str, text: &str) -> usize {
        let all = fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        all.lines().filter(|line| line.contains(text)).count()
    }

    fn began(&self) -> usize {
        self.lines("began", "")
    }

    /// The nodes of a round, once it runs.
    fn round(&self, round: usize) -> String {
        let start = format!(", round {round} of at most");
        self.job.until(&format!("round {round}"), || self.lines("job.log", &start) > 0);
        println!("round {round}");
        let log = self.job.log();
        let line = log.lines().find(|line| line.contains(&start)).unwrap();
        line.split(", ").nth(2).unwrap().strip_prefix("on ").unwrap().to_owned()
    }

    /// Waits until this round is well under way.
    fn under_way(&self) {
        let enough = self.began() + 20;
        self.job.until("more trials", || self.began() >= enough);
    }

    /// Waits until the script queues its job again as this round.
    fn queues(&self, round: usize) {
        let line = format!("queueing round {round}");
        self.job.until(&line, || self.lines("job.log", &line) > 0);
    }

    fn ask(&self, command: &str, options: &[&str]) -> serde_json::Value {
        let mut line = Command::new(env!("CARGO_BIN_EXE_paretorank"));
        line.arg(command).arg(self.folder.path().join("run")).args(options);
        let said = line.output().unwrap();
        let why = String::from_utf8_lossy(&said.stderr);
        assert!(said.status.success(), "{line:?}: {why}\n{}", self.job.log());
        serde_json::from_slice(&said.stdout).unwrap()
    }

    /// Attempts that began and came to nothing, while no round runs.
    fn lost(&self) -> usize {
        let status = self.ask("status", &["--json"]);
        for bad in ["failed", "infeasible"] {
            assert_eq!(status[bad], 0, "{status}\n{}", self.job.log());
        }
        let ok = status["ok"].as_u64().unwrap() as usize;
        let lost = self.began() - ok;
        println!("{ok} trials ended, {lost} attempts came to nothing so far");
        lost
    }

    /// Waits for the end of the study and looks at all of it.
    fn completes(&self, sessions: usize) {
        assert_eq!(self.job.end(), ("COMPLETED".into(), "0:0".into()), "{}", self.job.log());
        self.assert_no_process();
        let status = self.ask("status", &["--json"]);
        for (key, value) in [("state", json!("complete")), ("ok", json!(self.trials))] {
            assert_eq!(status[key], value, "{status}");
        }
        assert_eq!(status["sessions"], sessions, "{status}");
        let replay = self.ask("replay", &["--json"]);
        assert_eq!(
            (&replay["same"], &replay["parted"]),
            (&json!(self.trials), &json!(null)),
            "{replay}"
        );
        let python = std::env::var("PARETORANK_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut read = Command::new(python);
        let (trials, sessions) = (self.trials.to_string(), sessions.to_string());
        read.args(["-c", include_str!("nodes.py"), "run", &trials, &sessions, self.job.id()]);
        let read = read.current_dir(self.folder.path()).output().unwrap();
        let why = String::from_utf8_lossy(&read.stderr);
        assert!(read.status.success(), "{why}\n{}", self.job.log());
        println!("attempts by node: {}", String::from_utf8_lossy(&read.stdout).trim());
    }

    /// Of the job nothing is left on any node: script, launcher, ranks, payloads, or what watched them.
    fn assert_no_process(&self) {
        let mark = format!("SLURM_JOB_ID={}", self.job.id());
        let step = format!("slurmstepd: [{}.", self.job.id());
        let of_job = |pid: &Path| {
            let text = |name| fs::read(pid.join(name)).unwrap_or_default();
            let is_at = fs::read_link(pid.join("cwd")).is_ok_and(|d| d.starts_with(self.folder.path()));
            let is_marked = text("environ").split(|byte| *byte == 0).any(|v| v == mark.as_bytes());
            is_at || is_marked || String::from_utf8_lossy(&text("cmdline")).starts_with(&step)
        };
        let left = || {
            let pids = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
            pids.filter(|pid| of_job(pid)).count()
        };
        // Slurm tells the end of a job a moment before its watcher leaves.
        self.job.until("the end of all processes", || left() == 0);
    }
}

#[test]
fn limits_a_lost_node_a_signal_and_a_requeue_cost_only_what_was_under_way() {
    const EVALUATORS: usize = 8;
    let Some(nodes) = nodes() else { return };
    let limit = ["--nodes=3-4", "--ntasks=9", "--time=1", "--signal=B:USR1@25"];
    let story = Story::begin(300, "srun --mpi=pmix", &limit);

    assert!(story.round(1).ends_with("-n[1-4]"), "{}", story.job.log());
    story.queues(2);
    assert_eq!(story.lost(), 0, "the first time limit");
    story.round(2);
    story.queues(3);
    assert_eq!(story.lost(), 0, "the second time limit");

    story.round(3);
    story.job.update("TimeLimit=30");
    story.under_way();
    println!("{} is lost", lose(&nodes[2]));
    story.job.is_queued_again();
    let node = story.lost();
    assert!((1..=EVALUATORS).contains(&node), "{node} attempts came to nothing");
    assert!(story.round(4).ends_with("-n[1-2,4]"), "{}", story.job.log());
    story.under_way();
    story.job.signal(&["--signal=USR1"]);
    story.queues(5);
    assert_eq!(story.lost(), node, "USR1 to ranks and payloads");

    story.round(5);
    story.under_way();
    story.job.requeue();
    story.job.is_queued_again();
    let requeue = story.lost() - node;
    story.round(6);
    story.completes(6);
    assert_eq!(story.lost(), node + requeue, "the last round");
    assert!((1..=EVALUATORS).contains(&requeue), "{requeue} attempts came to nothing");
}

#[test]
fn under_mpirun_a_job_outlives_the_loss_of_a_node_and_of_the_one_it_is_led_from() {
    const EVALUATORS: usize = 5;
    let Some(nodes) = nodes() else { return };
    let options = ["--nodes=2-4", "--ntasks=6", "--time=10"];
    let story = Story::begin(80, "mpirun", &options);

    assert!(story.round(1).ends_with("-n[1-4]"), "{}", story.job.log());
    story.under_way();
    println!("{} is lost", lose(&nodes[1]));
    story.queues(2);
    assert!(story.job.log().contains("a rank or a node was lost"), "{}", story.job.log());
    assert!(story.round(2).ends_with("-n[1,3-4]"), "{}", story.job.log());
    story.under_way();
    println!("{} is lost, with the script and rank 0", lose(&nodes[0]));
    assert!(story.round(3).ends_with("-n[3-4]"), "{}", story.job.log());
    story.completes(3);
    let lost = story.lost();
    assert!((2..=2 * EVALUATORS).contains(&lost), "{lost} attempts came to nothing");
}
