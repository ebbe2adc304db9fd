//! Pilots under mpirun.

mod killed;
mod signals;
mod stopped;

use super::queue::{Queue, pilot};
use super::support::PROGRAM;
use super::support::process::{Running, descendants, mpirun};
use rustix::process::Pid;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Rank 0 and two that run jobs.
fn three(queue: &Queue, dir: &Path, more: &[&str]) -> Command {
    pilot(mpirun(3, PROGRAM), &queue.url, dir, more)
}

/// The process of a rank.
fn rank(running: &Running, rank: usize) -> Pid {
    let want = format!("OMPI_COMM_WORLD_RANK={rank}");
    let is_it = |pid: &i32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        let told = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        name.trim() == "paretorank" && told.split(|b| *b == 0).any(|line| line == want.as_bytes())
    };
    let found = descendants(running.tree()[0]).into_iter().find(is_it);
    Pid::from_raw(found.unwrap()).unwrap()
}

/// Numbers of the jobs that have begun, as they wrote them.
fn begun(log: &Path) -> Vec<i64> {
    let text = fs::read_to_string(log).unwrap_or_default();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

#[test]
fn ranks_under_mpirun_drain_a_queue_with_few_requests() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let out = "-c 'cat in.txt > out.txt; echo \"{\\\"x\\\": 1}\" > jobReport.json'";
    let with_files = json!({
        "transformation": "sh", "jobPars": out, "inFiles": "in.txt", "outFiles": "out.txt,log.tgz",
        "logFile": "log.tgz", "logGUID": "the-guid",
    });
    let pilot_dir = dir.path().join("pilot");
    fs::create_dir_all(pilot_dir.join("inputs")).unwrap();
    fs::write(pilot_dir.join("inputs/in.txt"), "Wikipedia").unwrap();
    let failing = json!({"transformation": "sh", "jobPars": "-c 'exit 3'"});
    queue.submit(&[vec![with_files, failing], vec![json!({"transformation": "true"}); 200]].concat());
    let mut line = pilot(mpirun(5, PROGRAM), &queue.url, &pilot_dir, &["--patience", "2s"]);
    let ended = Running::start(&mut line).wait();
    let ended = ended.expect(82);
    assert!(ended.err.contains("202 jobs in"), "{ended}");
    let per_job = ended.err.split(", 0.0").nth(1);
    assert!(per_job.is_some_and(|text| text.contains("per job")), "below 0.1 requests: {}", ended.err);
    queue.wait_finished(201);
    let results = queue.get("results?task_id=1&after=0&limit=1000")["data"].clone();
    let of = |job: i64| results.as_array().unwrap().iter().find(|r| r["job_id"] == job).unwrap().clone();
    assert_eq!(of(1)["status"], "finished");
    assert_eq!(of(1)["meta_data"], "{\"x\": 1}\n", "what a job leaves in jobReport.json");
    assert!(of(1)["report"]["node"].is_string());
    assert_eq!(fs::read_to_string(pilot_dir.join("outputs/1/out.txt")).unwrap(), "Wikipedia");
    assert!(pilot_dir.join("outputs/1/log.tgz").exists());
    assert_eq!((&of(2)["status"], &of(2)["report"]["trans_exit_code"]), (&json!("failed"), &json!(3)));
    assert_eq!(of(2)["report"]["pilot_error_code"], 1305);
    assert_eq!(fs::read_dir(pilot_dir.join("outbox")).unwrap().count(), 0);
}
