//! `paretorank queue submit`, `list`, `show`, `kill` and `retry`, as a user types them.

use super::server::{Server, program, queue};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::Stdio;

/// Standard output of a command that must end well.
fn said(server: &Server, args: &[&str]) -> String {
    let ended = queue(&server.url, args, &[]);
    assert_eq!(ended.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&ended.stderr));
    String::from_utf8(ended.stdout).unwrap()
}

fn refused(server: &Server, args: &[&str]) -> (i32, String) {
    let ended = queue(&server.url, args, &[]);
    (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
}

#[test]
fn jobs_are_submitted_listed_shown_killed_and_retried() {
    let (server, _dir) = Server::new();
    let needs = [
        "--priority",
        "-5",
        "--walltime",
        "90min",
        "--memory",
        "2000",
        "--cores",
        "4",
        "--attempts",
        "2",
        "--container",
        "img.sif",
        "--in",
        "a.txt",
        "--out",
        "out.{i}",
        "--out",
        "log",
    ];
    let submit =
        [&["submit", "--queue", "Q", "--count", "3"], &needs[..], &["sh", "-c", "echo {i} > out.{i}"]]
            .concat();
    assert_eq!(said(&server, &submit), "task 1 in Q: 3 jobs\n");
    assert_eq!(said(&server, &["submit", "--queue", "R", "true", "--json"]), "task 2 in R: 1 job\n");
    let definition = server.get("queue/show?job_id=3")["data"]["definition"].clone();
    for (key, want) in [
        ("transformation", json!("sh")),
        ("jobPars", json!("-c 'echo 2 > out.2'")),
        ("inFiles", json!("a.txt")),
        ("outFiles", json!("out.2,log")),
        ("currentPriority", json!(-5)),
        ("maxWalltime", json!(5400)),
        ("minRamCount", json!(2000)),
        ("coreCount", json!(4)),
        ("resource_type", json!("MCORE")),
        ("container_name", json!("img.sif")),
    ] {
        assert_eq!(definition[key], want, "{key}");
    }
    assert_eq!(
        said(&server, &["show", "4"]).lines().nth(1),
        Some("  true --json"),
        "arguments are the job's"
    );
    server.acquire(&json!({"n_jobs": 1}));
    assert_eq!(said(&server, &["kill", "--task", "1"]), "kill: 3 jobs\n");
    let counts = said(&server, &["list"]);
    let rows: Vec<Vec<&str>> = counts.lines().map(|line| line.split_whitespace().collect()).collect();
    let want = [
        vec!["queue", "activated", "sent", "cancelled", "all"],
        vec!["Q", "0", "1", "2", "3"],
        vec!["R", "1", "0", "0", "1"],
    ];
    assert_eq!(rows, want, "{counts}");
    let filtered = said(&server, &["list", "--json", "--queue", "Q", "--state", "cancelled"]);
    assert_eq!(serde_json::from_str::<Value>(&filtered).unwrap(), json!({"Q": {"cancelled": 2}}));
    assert_eq!(said(&server, &["retry", "2", "3", "1"]), "retry: 2 jobs\n");
    let listed = said(&server, &["list", "--jobs", "--state", "activated", "--task", "1"]);
    let rows: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["job", "task", "queue", "status", "attempt", "priority", "transformation"]);
    assert_eq!(
        rows[1..],
        [["2", "1", "Q", "activated", "2", "-5", "sh"], ["3", "1", "Q", "activated", "2", "-5", "sh"]]
    );
    let shown = said(&server, &["show", "2"]);
    assert!(
        shown.starts_with("job 2 of task 1 in Q: activated, attempt 2\n  sh -c 'echo 1 > out.1'\n"),
        "{shown}"
    );
    assert!(shown.contains("attempt 1  cancelled") && shown.contains("outFiles: out.1,log"), "{shown}");
    let shown: Value = serde_json::from_str(&said(&server, &["show", "--json", "2"])).unwrap();
    assert_eq!(shown["job_id"], 2);
}

#[test]
fn lines_of_a_file_are_jobs_and_a_key_makes_them_once() {
    let (server, dir) = Server::new();
    let lines = dir.path().join("lines");
    fs::write(&lines, "--seed 1\n\n  \n--seed '2 3'\n").unwrap();
    let lines = lines.to_str().unwrap();
    let submit =
        ["submit", "--queue", "Q", "--json", "--key", "night", "--lines", lines, "sim", "--n", "{i}"];
    let first = said(&server, &submit);
    assert_eq!(first, "{\"job_ids\":[1,2],\"task_id\":1}\n");
    assert_eq!(said(&server, &submit), first);
    let parameters = |id: i64| {
        server.get(&format!("queue/show?job_id={id}"))["data"]["definition"]["jobPars"].clone()
    };
    assert_eq!((parameters(1), parameters(2)), (json!("--n 0 --seed 1"), json!("--n 1 --seed '2 3'")));
    let (code, said) = refused(&server, &["submit", "--queue", "Q", "--key", "night", "sim"]);
    assert!(code == 1 && said.contains("the key \"night\" stands for other jobs"), "{code} {said}");
    let mut piped = program();
    piped.args(["queue", "submit", "--server", &server.url, "--queue", "P", "--lines", "-", "sim"]);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    piped.stdin.take().unwrap().write_all(b"a\nb\nc").unwrap();
    assert_eq!(piped.wait_with_output().unwrap().stdout, b"task 2 in P: 3 jobs\n");
    assert_eq!(server.get("queue/summary?queue=P")["data"], json!({"P": {"activated": 3}}));
}

#[test]
fn what_cannot_be_is_said_with_its_exit_code() {
    let (server, dir) = Server::new();
    let empty = dir.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let (empty, missing) = (empty.to_str().unwrap(), dir.path().join("missing"));
    let wrong: [(&[&str], i32, &str); 11] = [
        (&["show", "7"], 1, "there is no job 7"),
        (&["kill", "7", "8"], 1, "there are no such jobs: 7, 8"),
        (&["kill"], 2, "JOB"),
        (&["list", "--state", "dancing"], 2, "activated"),
        (&["submit", "--queue", "Q"], 2, "TRANSFORMATION"),
        (&["submit", "true"], 2, "--queue"),
        (&["submit", "--queue", "Q", "--count", "0", "true"], 2, "no jobs"),
        (&["submit", "--queue", "Q", "--attempts", "0", "true"], 2, "--attempts"),
        (&["submit", "--queue", "Q", "--lines", empty, "true"], 2, "no jobs"),
        (&["submit", "--queue", "Q", "--lines", missing.to_str().unwrap(), "true"], 74, "missing"),
        (&["submit", "--queue", "Q", "--lines", empty, "--count", "2", "true"], 2, "--count"),
    ];
    for (args, code, why) in wrong {
        let (got, said) = refused(&server, args);
        assert!(got == code && said.contains(why), "{args:?}: {got} {said}");
    }
    // Nobody is at this port any more.
    let (gone, _dir) = Server::new();
    let url = gone.url.clone();
    drop(gone);
    for args in [
        &["list"][..],
        &["submit", "--queue", "Q", "true"],
        &["show", "1"],
        &["kill", "1"],
        &["retry", "1"],
    ] {
        let ended = queue(&url, args, &[]);
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(
            ended.status.code() == Some(79) && said.contains("cannot be reached"),
            "{args:?} {said}"
        );
    }
    assert_eq!(server.get("queue/summary")["data"], json!({}));
}

/// Of `{n}` a help text would make a line break.
#[test]
fn help_shows_how_jobs_are_numbered() {
    let (server, _dir) = Server::new();
    for args in [&["--help"][..], &["submit", "--help"]] {
        let help = said(&server, args);
        assert!(help.contains("--out 'out.{i}' sh -c 'echo {i} > out.{i}'"), "{help}");
    }
}

#[test]
fn long_lists_come_whole() {
    let (server, _dir) = Server::new();
    said(&server, &["submit", "--queue", "Q", "--count", "2500", "true"]);
    let listed = said(&server, &["list", "--jobs"]);
    assert_eq!(listed.lines().count(), 2501, "one head");
    let ids = said(&server, &["list", "--jobs", "--json"]);
    let ids: Vec<i64> = ids
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["job_id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids, (1..=2500).collect::<Vec<_>>());
}
