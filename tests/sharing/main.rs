//! Ranks and who they work for: a study and the jobs of a queue, several studies, several allocations.

mod gaps;
mod overflow;
mod side_by_side;
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use support::PROGRAM;
use support::process::mpirun;
use support::queue;

/// A study of DTLZ2, written into `dir`.
fn study(dir: &Path, name: &str, trials: u64, delay: &str, more: &str) -> PathBuf {
    let file = dir.join(format!("{name}.toml"));
    let output = dir.join("runs").join(name);
    let text = format!(
        "[study]\noutput = \"{}\"\n[strategy]\nmethod = \"sobol\"\ntrials = {trials}\n\
         [evaluator]\nbuiltin = \"dtlz2\"\ndimension = 7\nobjectives = 2\ndelay = {delay}\n{more}",
        output.display()
    );
    fs::write(&file, text).unwrap();
    file
}

/// `paretorank run` on `ranks` ranks, rank 0 included.
fn run(ranks: usize, studies: &[&Path]) -> std::process::Command {
    let mut command = mpirun(ranks, PROGRAM);
    command.arg("run").args(studies);
    command
}

/// The numbers of the trials that a run directory has as ok, in the order of their ends, and who ran them.
fn trials(run: &Path) -> Vec<(u64, String)> {
    let csv = std::process::Command::new(PROGRAM).arg("export").arg(run).arg("--json").output().unwrap();
    assert!(csv.status.success(), "{}", String::from_utf8_lossy(&csv.stderr));
    let json: serde_json::Value = serde_json::from_slice(&csv.stdout).unwrap();
    let trial = |trial: &serde_json::Value| {
        (trial["trial"].as_u64().unwrap(), trial["status"].as_str().unwrap().to_owned())
    };
    json["trials"].as_array().unwrap().iter().map(trial).collect()
}
