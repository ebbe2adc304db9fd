//! Packed sources at the server, and jobs that name them without the Python module.

use crate::scene::Scene;
use crate::support::queue::Queue;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use tar::{Builder, EntryType, Header};

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// HTTP status and text of the answer.
fn ask(queue: &Queue, method: &str, sum: &str, body: &[u8]) -> (u16, Vec<u8>) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let url = format!("{}/cache/source/{sum}", queue.url);
    let request = ureq::http::Request::builder().method(method).uri(url);
    let answer = match method {
        "GET" | "HEAD" => config.new_agent().run(request.body(()).unwrap()),
        _ => config.new_agent().run(request.body(body).unwrap()),
    };
    let mut answer = answer.unwrap();
    (answer.status().as_u16(), answer.body_mut().with_config().limit(1 << 30).read_to_vec().unwrap())
}

fn says(answer: &(u16, Vec<u8>), status: u16, words: &str) {
    let text = String::from_utf8_lossy(&answer.1);
    assert!(answer.0 == status && text.contains(words), "not {status} {words:?}: {} {text}", answer.0);
}

#[test]
fn a_source_is_kept_under_its_own_hash_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let mut queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let (bytes, folder) = (vec![7; 1 << 20], dir.path().join("queue/sources"));
    let name = sum(&bytes);
    says(&ask(&queue, "HEAD", &name, &[]), 404, "");
    says(&ask(&queue, "GET", &name, &[]), 404, "there is no such source: upload it first");
    says(
        &ask(&queue, "PUT", &name, b"another"),
        400,
        &format!("the body's SHA-256 is {}", sum(b"another")),
    );
    for wrong in ["x", "..%2f..%2fetc", &name.to_uppercase(), &"z".repeat(64)] {
        says(&ask(&queue, "PUT", wrong, &bytes), 400, "is no SHA-256: 64 digits of 0-9 and a-f");
        says(&ask(&queue, "GET", wrong, &[]), 400, "is no SHA-256");
    }
    says(&ask(&queue, "DELETE", &name, &[]), 405, "");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing of this is on disk");
    for method in ["PUT", "PUT", "POST"] {
        says(&ask(&queue, method, &name, &bytes), 200, "");
    }
    // Killed when the answer is there, and while another one was being written.
    queue.kill();
    let begun = folder.join(format!(".{}.0", sum(b"begun")));
    fs::write(&begun, "beg").unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    assert!(!begun.exists());
    says(&ask(&queue, "HEAD", &name, &[]), 200, "");
    assert_eq!(ask(&queue, "GET", &name, &[]), (200, bytes.clone()));
    fs::write(folder.join(&name), "spoilt").unwrap();
    says(&ask(&queue, "GET", &name, &[]), 404, "was damaged on disk: upload it again");
    says(&ask(&queue, "HEAD", &name, &[]), 404, "");
    says(&ask(&queue, "PUT", &name, &bytes), 200, "");
    assert_eq!(ask(&queue, "GET", &name, &[]).1, bytes);
}

#[test]
fn only_those_who_may_submit_have_to_do_with_sources() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let tokens = dir.path().join("tokens");
    fs::write(&tokens, "user eic user-0123456789abcdef\n").unwrap();
    fs::set_permissions(&tokens, fs::Permissions::from_mode(0o600)).unwrap();
    let more = ["--tokens", tokens.to_str().unwrap()];
    let queue = Queue::with(&dir.path().join("queue"), "127.0.0.1:0", &more);
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let url = format!("{}/cache/source/{}", queue.url, sum(b"bytes"));
    let put = |token: Option<&str>| {
        let mut request = agent.put(&url);
        if let Some(token) = token {
            request =
                request.header("Authorization", format!("Bearer {token}")).header("Origin", "eic:user");
        }
        request.send(&b"bytes"[..]).unwrap().status().as_u16()
    };
    assert_eq!((put(None), put(Some("another-0123456789abcdef"))), (403, 403));
    assert_eq!(agent.get(&url).call().unwrap().status().as_u16(), 403);
    assert_eq!(names(&dir.path().join("queue/sources")).len(), 0);
    assert_eq!(put(Some("user-0123456789abcdef")), 200);
}

#[test]
fn a_source_that_is_too_long_is_refused_with_the_limit() {
    let dir = tempfile::tempdir().unwrap();
    let queue = Queue::start(&dir.path().join("queue"), "127.0.0.1:0");
    let most = vec![0; 64 << 20];
    says(&ask(&queue, "PUT", &sum(&most), &most), 200, "");
    // With a length that is said before, and without: in pieces.
    for (length, word) in
        [("Content-Length: 67108865\r\n", ""), ("Transfer-Encoding: chunked\r\n", "4000001\r\n")]
    {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(queue.address()).unwrap();
        let head =
            format!("PUT /cache/source/{} HTTP/1.1\r\nHost: q\r\n{length}\r\n{word}", "0".repeat(64));
        stream.write_all(head.as_bytes()).unwrap();
        if !word.is_empty() {
            // It may have had enough before the end.
            let _ = stream.write_all(&most).and_then(|()| stream.write_all(b"0\r\n0\r\n\r\n"));
        }
        let mut said = [0; 4096];
        let count = stream.read(&mut said).unwrap();
        says(&(413, said[..count].to_vec()), 413, "HTTP/1.1 413");
        says(&(413, said[..count].to_vec()), 413, "a packed source may have 64 MiB");
    }
}

/// An archive of one entry with a name and kind that no honest program writes.
fn hostile(name: &str, kind: EntryType, link: &str) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o777);
    header.set_size(0);
    header.set_cksum();
    let mut tar = Builder::new(GzEncoder::new(vec![], Compression::fast()));
    tar.append(&header, &[][..]).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn archives_that_lead_elsewhere_harm_only_their_own_jobs() {
    let scene = Scene::new();
    let queue = Queue::start(&scene.path("queue"), "127.0.0.1:0");
    let outside = scene.path("outside").to_str().unwrap().to_owned();
    let archives = [
        hostile("../../outside", EntryType::Regular, ""),
        hostile(&outside, EntryType::Regular, ""),
        hostile("link", EntryType::Symlink, "/etc"),
        b"no archive".to_vec(),
    ];
    let mut jobs = vec![];
    for bytes in &archives {
        says(&ask(&queue, "PUT", &sum(bytes), bytes), 200, "");
        jobs.push(json!({"transformation": "true", "packedSource": sum(bytes), "max_attempt": 1}));
    }
    jobs.push(json!({"transformation": "true", "packedSource": "0".repeat(64), "max_attempt": 1}));
    jobs.push(json!({"transformation": "true", "packedSource": "../../etc", "max_attempt": 1}));
    let honest = {
        let mut tar = Builder::new(GzEncoder::new(vec![], Compression::fast()));
        let text = b"#!/bin/sh\nread line < $PARETORANK_SOURCE/data\ntest \"$line\" = 7\n";
        for (name, mode, text) in [("bin/check", 0o700, &text[..]), ("data", 0o600, b"7\n")] {
            let mut header = Header::new_ustar();
            header.set_mode(mode);
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, name, text).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    };
    says(&ask(&queue, "PUT", &sum(&honest), &honest), 200, "");
    jobs.push(json!({"transformation": "bin/check", "packedSource": sum(&honest)}));
    let body = json!({"queue": "work", "jobs": jobs}).to_string();
    ureq::post(format!("{}/api/v1/queue/submit", queue.url)).send(body).unwrap();
    scene.threads(&queue.url, "pilot", &["--patience", "1s"]).wait().expect(82);
    queue.wait_finished(1);
    let results = queue.get("results?task_id=1&after=0&wait=10")["data"].clone();
    let of = |job: i64| {
        results.as_array().unwrap().iter().find(|r| r["job_id"] == job).unwrap()["report"].clone()
    };
    let whys = [
        "leads out",
        "leads out",
        "is neither a file nor a folder",
        "no archive",
        "upload it first",
        "no SHA-256",
    ];
    for (job, why) in (1..).zip(whys) {
        let report = of(job);
        let code = if job == 6 { 1008 } else { 1149 };
        assert_eq!(report["pilot_error_code"], code, "{report}");
        assert!(report["pilot_error_diag"].as_str().unwrap().contains(why), "{why}: {report}");
    }
    assert_eq!(of(7)["pilot_error_code"], 0);
    assert_eq!(names(&scene.path("pilot/sources")), [sum(&honest)]);
    assert_eq!(names(&scene.path("")), ["mine", "module", "pilot", "queue"]);
}
