//! Puts together what the other benches have measured: `target/bench/table.md` and `table.json`. `make bench`
//! runs them first.

mod support;

use paretorank::comm;
use paretorank::machine::Machine;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use support::table::{Part, Table, compare, markdown, processor};

fn main() -> ExitCode {
    match table() {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("no table: {why}");
            ExitCode::FAILURE
        }
    }
}

fn table() -> Result<String, String> {
    let parts = parts(&support::parts())?;
    let rows: Vec<_> = parts.iter().flat_map(|part| part.rows.clone()).collect();
    if rows.is_empty() {
        return Err("nothing was measured; `make bench` measures".to_owned());
    }
    let versions: BTreeMap<_, _> = parts.iter().flat_map(|part| part.versions.clone()).collect();
    let left_out = parts.into_iter().flat_map(|part| part.left_out).collect();
    let table = Table { head: head(versions), rows: compare(&rows), left_out };
    let text = markdown(&table);
    let json = serde_json::to_string_pretty(&table).map_err(|e| e.to_string())?;
    for (name, content) in [("table.md", &text), ("table.json", &json)] {
        let path = support::target().join("bench").join(name);
        fs::write(&path, content).map_err(|e| format!("failed to write {}: {e}", path.display()))?;
    }
    Ok(text)
}

/// What the benches have left, in the order of their names.
fn parts(folder: &Path) -> Result<Vec<Part>, String> {
    let failed =
        |path: &Path, why: &dyn std::fmt::Display| format!("failed to read {}: {why}", path.display());
    let entries = fs::read_dir(folder).map_err(|e| failed(folder, &e))?;
    let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read(path).map_err(|e| failed(path, &e))?;
        serde_json::from_slice(&text).map_err(|e| failed(path, &e))
    };
    paths.iter().map(read).collect()
}

/// When and where, and what versions.
fn head(others: BTreeMap<String, String>) -> Vec<(String, String)> {
    let (major, minor, patch) = hdf5::library_version();
    let machine = Machine::here();
    let memory = machine.memory.map_or("unknown".to_owned(), |bytes| format!("{} GiB", bytes >> 30));
    let kernel = rustix::system::uname();
    let own = [
        ("date", said("date", &["--utc", "+%Y-%m-%d %H:%M UTC"])),
        ("commit", commit()),
        ("processor", processor(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())),
        ("cores", machine.cores.to_string()),
        ("memory", memory),
        (
            "kernel",
            format!("{} {}", kernel.sysname().to_string_lossy(), kernel.release().to_string_lossy()),
        ),
        ("load before (1, 5, 15 minutes)", load()),
        ("rustc", said("rustc", &["--version"])),
        ("OpenBLAS", said("pkg-config", &["--modversion", "openblas"])),
        ("HDF5", format!("{major}.{minor}.{patch}")),
        ("MPI", comm::mpi_version()),
    ];
    let own = own.into_iter().map(|(what, is)| (what.to_owned(), is));
    own.chain(others).collect()
}

/// What a program prints.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let output = output.ok().filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.unwrap_or_else(|| "unknown".to_owned())
}

fn commit() -> String {
    let commit = said("git", &["rev-parse", "--short", "HEAD"]);
    let changed = !said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
    if changed { format!("{commit}, changed") } else { commit }
}

/// The three averages before the first bench, as `make bench` kept them.
fn load() -> String {
    let kept = fs::read_to_string(support::target().join("bench/load")).unwrap_or_default();
    let averages: Vec<&str> = kept.split_whitespace().take(3).collect();
    if averages.is_empty() { "unknown".to_owned() } else { averages.join(", ") }
}
