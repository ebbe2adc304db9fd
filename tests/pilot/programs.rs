//! Where the programs of jobs come from: an image, an address.

use super::queue::{Queue, threads};
use super::support::process::Running;
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An image of nothing but this machine's own programs, and a file by which it is known.
fn make_image(at: &Path) {
    for dir in ["dev", "proc", "sys", "tmp", "etc", "usr", "root", "home"] {
        fs::create_dir_all(at.join(dir)).unwrap();
    }
    for file in ["etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf"] {
        fs::write(at.join(file), "").unwrap();
    }
    fs::write(at.join("etc/which"), "of the image\n").unwrap();
    for name in ["bin", "lib", "lib64"] {
        std::os::unix::fs::symlink(format!("usr/{name}"), at.join(name)).unwrap();
    }
}

/// Whether Charliecloud can run an image here; if not, says so, or fails where somebody asked for it.
fn has_containers(image: &Path) -> bool {
    const REQUIRED: &str = "PARETORANK_REQUIRE_CONTAINERS";
    let mut line = Command::new("ch-run");
    let ran = line
        .env("USER", "anybody")
        .arg("--bind=/usr:/usr")
        .arg(image)
        .args(["--", "/bin/true"])
        .output();
    let has = ran.as_ref().is_ok_and(|ran| ran.status.success());
    if !has {
        assert!(std::env::var_os(REQUIRED).is_none(), "{REQUIRED} is set, and ch-run: {ran:?}");
        println!("SKIPPED: no container was run; set {REQUIRED}=1 to make this an error: {ran:?}");
    }
    has
}

#[test]
fn a_job_with_an_image_runs_inside_it_and_one_whose_image_is_not_there_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let image = dir.path().join("image");
    make_image(&image);
    if !has_containers(&image) {
        return;
    }
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
    let script = "-c 'cat /etc/which in.txt > out.txt; echo $PandaID $PWD'";
    let inside = json!({
        "transformation": "/bin/sh", "jobPars": script, "container_name": image, "inFiles": "in.txt",
        "outFiles": "out.txt,log.tgz", "logFile": "log.tgz",
    });
    let exit = json!({"transformation": "/bin/sh", "jobPars": "-c 'exit 7'", "container_name": image});
    let missing = json!({"transformation": "/bin/sh", "container_name": dir.path().join("none")});
    let once = |mut job: serde_json::Value| {
        job["max_attempt"] = json!(1);
        job
    };
    queue.submit(&[once(inside), once(exit), once(missing)]);
    let pilot = dir.path().join("pilot");
    fs::create_dir_all(pilot.join("inputs")).unwrap();
    fs::write(pilot.join("inputs/in.txt"), "given\n").unwrap();
    let more = ["--bind", "/usr", "--jobs", "3", "--keep", "all"];
    let ended = Running::start(&mut threads(&queue, &pilot, &more)).wait().expect(0);
    let ends = queue.ends(3);
    let of = |job: i64| (&ends[&job]["status"], &ends[&job]["report"]);
    assert_eq!(of(1).0, "finished", "{ended}\n{ends:?}");
    assert_eq!(fs::read_to_string(pilot.join("outputs/1/out.txt")).unwrap(), "of the image\ngiven\n");
    let work = pilot.join("jobs/1/attempt-1");
    let said = fs::read_to_string(work.join("stdout")).unwrap();
    assert_eq!(said, format!("1 {}\n", work.display()));
    assert_eq!((of(2).0, &of(2).1["trans_exit_code"]), (&json!("failed"), &json!(7)));
    assert_eq!(of(2).1["pilot_error_code"], 1305);
    assert_eq!(of(3).1["pilot_error_code"], 1360);
    let why = of(3).1["pilot_error_diag"].as_str().unwrap();
    assert!(why.contains(dir.path().join("none").to_str().unwrap()), "{why}");
}

/// How often the script was asked for that is the only thing here.
static ASKED: AtomicUsize = AtomicUsize::new(0);

fn answer(mut line: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(line.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let (status, body) = match first.split(' ').nth(1) {
        Some("/jobs/run.sh?v=1") => {
            ASKED.fetch_add(1, Ordering::Relaxed);
            ("200 OK", "#!/bin/sh\necho \"got $*\" > out.txt\n")
        }
        _ => ("404 Not Found", "#!/bin/sh\necho not a program\n"),
    };
    let length = body.len();
    write!(line, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[test]
fn a_program_is_fetched_once_and_one_that_is_not_there_is_not_run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for line in listener.incoming().flatten() {
            // Who asked hears of it.
            let _ = answer(line);
        }
    });
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::patient(&dir.path().join("queue"), "127.0.0.1:0", "10min");
    let program = |path: &str, words: &str| json!({"transformation": format!("{url}{path}"), "jobPars": words, "max_attempt": 1});
    let mut jobs = vec![program("/gone.sh", ""); 2];
    for words in ["a 'b c'", "d"] {
        let mut job = program("/jobs/run.sh?v=1", words);
        job["outFiles"] = json!("out.txt");
        jobs.push(job);
    }
    queue.submit(&jobs);
    let pilot = dir.path().join("pilot");
    let ended = Running::start(&mut threads(&queue, &pilot, &["--patience", "2s"])).wait().expect(82);
    let ends = queue.ends(4);
    for job in [1, 2] {
        let (status, report) = (&ends[&job]["status"], &ends[&job]["report"]);
        assert_eq!((status, &report["pilot_error_code"]), (&json!("failed"), &json!(1149)), "{ended}");
        let why = report["pilot_error_diag"].as_str().unwrap();
        assert!(why.contains(&format!("{url}/gone.sh")) && why.contains("404"), "{why}");
    }
    for (job, said) in [(3, "got a b c\n"), (4, "got d\n")] {
        assert_eq!(ends[&job]["status"], "finished", "{ended}\n{ends:?}");
        assert_eq!(fs::read_to_string(pilot.join(format!("outputs/{job}/out.txt"))).unwrap(), said);
    }
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}
