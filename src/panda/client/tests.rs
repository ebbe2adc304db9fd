//! Requests over real sockets, to servers that say what real ones were heard to say.

use super::*;
use crate::panda::{Command, State};
use flate2::read::GzDecoder;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it arrived.
#[derive(Debug, Clone)]
struct Heard {
    /// Method and target.
    line: String,
    headers: Vec<String>,
    body: String,
}

impl Heard {
    fn has(&self, header: &str) -> bool {
        self.headers.iter().any(|line| line.eq_ignore_ascii_case(header))
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that gives these answers in their order: status and body.
struct Scripted {
    url: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Scripted {
    fn new(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let (into, answers): (_, Vec<_>) = (
            Arc::clone(&heard),
            answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect(),
        );
        thread::spawn(move || {
            for (status, body) in answers {
                let (stream, _) = listener.accept().unwrap();
                let request = hear(&stream);
                into.lock().unwrap().push(request);
                // As real servers do: JSON, and text/plain above it.
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                (&stream).write_all((head + &body).as_bytes()).unwrap();
            }
        });
        Self { url, heard }
    }

    fn heard(&self, which: usize) -> Heard {
        self.heard.lock().unwrap()[which].clone()
    }
}

fn hear(stream: &TcpStream) -> Heard {
    let mut reader = BufReader::new(stream);
    let mut lines = vec![];
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let value = |name: &str| {
        let found = lines.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    };
    let mut bytes = vec![0; value("content-length").parse().unwrap_or(0)];
    reader.read_exact(&mut bytes).unwrap();
    let mut body = String::new();
    match value("content-encoding").as_str() {
        "gzip" => GzDecoder::new(&bytes[..]).read_to_string(&mut body).map(|_| ()).unwrap(),
        _ => body = String::from_utf8(bytes).unwrap(),
    }
    Heard { line: lines.remove(0).replace(" HTTP/1.1", ""), headers: lines, body }
}

fn server(url: &str, generation: Option<Generation>, auth: Auth) -> Server {
    let (connect, request) = (Duration::from_secs(5), Duration::from_secs(20));
    Server { url: url.to_owned(), generation, auth, connect, request }
}

fn client(scripted: &Scripted, generation: Generation) -> Client {
    Client::connect(server(&scripted.url, Some(generation), Auth::None)).unwrap()
}

fn ask() -> Ask {
    let node = "n1".to_owned();
    let (memory, disk, remaining_s) = (Some(5 << 30), None, Some(99.9));
    Ask { queue: "Q".into(), label: None, jobs: 50, node, memory, disk, remaining_s, wait_s: 0 }
}

const ALIVE: &str = r#"{"success": true, "message": "", "data": null}"#;

#[test]
fn the_generation_is_found_out() {
    let new = Scripted::new(&[(200, ALIVE)]);
    let found = Client::connect(server(&new.url, None, Auth::None)).unwrap();
    assert_eq!((found.generation(), found.requests()), (Generation::V1, 1));
    assert_eq!(new.heard(0).line, "GET /api/v1/system/is_alive");
    let old = Scripted::new(&[(404, "not found"), (200, "alive=yes")]);
    let found = Client::connect(server(&format!("{}/", old.url), None, Auth::None)).unwrap();
    assert_eq!(found.generation(), Generation::Classic);
    assert_eq!(old.heard(1).line, "POST /server/panda/isAlive");
    let other = Scripted::new(&[(200, "<html>"), (404, "")]);
    let error = Client::connect(server(&other.url, None, Auth::None)).unwrap_err();
    assert!(error.to_string().contains("neither"), "{error}");
    let nobody = Client::connect(server("http://127.0.0.1:1", None, Auth::None)).unwrap_err();
    assert!(matches!(nobody, PandaError::Unreachable { .. }) && nobody.may_pass());
}

#[test]
fn v1_jobs_are_asked_for_with_the_types_that_it_checks() {
    let jobs = r#"{"success": true, "message": "", "data": {"StatusCode": 0, "jobs": [
        {"PandaID": 3, "attemptNr": 1, "transformation": "/bin/true"}, {"PandaID": 4}]}}"#;
    let none = r#"{"success": false, "message": "No jobs in PanDA", "data": null}"#;
    let scripted = Scripted::new(&[(200, jobs), (200, none)]);
    let client = client(&scripted, Generation::V1);
    let got = client.acquire(&ask()).unwrap();
    assert_eq!(got[0].as_ref().unwrap().id, 3);
    assert_eq!(got[1].as_ref().unwrap_err().to_string(), "job 4: transformation is missing");
    let heard = scripted.heard(0);
    assert_eq!(heard.line, "POST /api/v1/pilot/acquire_jobs");
    assert!(heard.has("content-type: application/json") && heard.has("accept: application/json"));
    let expected = json!({
        "site_name": "Q", "n_jobs": 50, "node": "n1", "computing_element": "Q", "memory": 5120,
        "remaining_time": 99,
    });
    assert_eq!(heard.json(), expected, "nothing unknown, no floats");
    assert_eq!(client.acquire(&ask()).unwrap(), []);
}

#[test]
fn classic_jobs_come_in_three_shapes() {
    let alone = "StatusCode=0&PandaID=3&transformation=http%3A%2F%2Fhost%2Feval.sh&jobPars=--seed+3";
    let list = r#"{"StatusCode": 0, "jobs": [{"PandaID": "4", "transformation": "x"}]}"#;
    let text = "StatusCode=0&jobs=%5B%7B%22PandaID%22%3A+5%2C+%22transformation%22%3A+%22x%22%7D%5D";
    let scripted = Scripted::new(&[(200, alone), (200, list), (200, text), (200, "StatusCode=20")]);
    let client = client(&scripted, Generation::Classic);
    for id in [3, 4, 5] {
        assert_eq!(client.acquire(&ask()).unwrap()[0].as_ref().unwrap().id, id);
    }
    assert_eq!(client.acquire(&ask()).unwrap(), []);
    let heard = scripted.heard(0);
    assert_eq!(heard.line, "POST /server/panda/getJob");
    assert!(heard.body.contains("siteName=Q") && heard.body.contains("mem=5120"), "{}", heard.body);
}

#[test]
fn updates_go_in_bulk_and_long_ones_compressed() {
    let one = r#"{"success": true, "message": "", "data": {"StatusCode": 0, "command": "NULL"}}"#;
    let bulk = |count: usize| {
        format!(r#"{{"success": true, "message": "", "data": [{}]}}"#, vec![one; count].join(","))
    };
    let scripted = Scripted::new(&[(200, &bulk(500)), (200, &bulk(1))]);
    let client = client(&scripted, Generation::V1);
    let updates: Vec<Update> = (0..501).map(|job| Update::new(job, 1, State::Starting)).collect();
    let answers = client.update(&updates).unwrap();
    assert_eq!(answers, vec![Answer::Accepted(BTreeSet::new()); 501]);
    assert_eq!(client.requests(), 2);
    let (long, short) = (scripted.heard(0), scripted.heard(1));
    assert_eq!(long.line, "POST /api/v1/pilot/update_jobs_bulk");
    assert!(long.has("content-encoding: gzip") && !short.has("content-encoding: gzip"));
    let list = short.json();
    assert_eq!(list, json!({"job_list": [{"job_id": 500, "attempt_nr": 1, "job_status": "starting"}]}));
}

#[test]
fn classic_updates_are_one_json_text_in_a_form() {
    let answer = r#"[true, ["StatusCode=0&command=NULL", "StatusCode=0&command=tobekilled"]]"#;
    let status = "StatusCode=0&status=running%2Bnotfound&attemptNr=1%2B0";
    let scripted = Scripted::new(&[(200, answer), (200, status)]);
    let client = client(&scripted, Generation::Classic);
    let updates = [1, 2].map(|job| Update::new(job, 1, State::Running));
    let answers = client.update(&updates).unwrap();
    assert_eq!(answers[1], Answer::Accepted(BTreeSet::from([Command::Kill])));
    let heard = scripted.heard(0);
    let list =
        form_urlencoded::parse(heard.body.as_bytes()).find(|(name, _)| name == "jobList").unwrap().1;
    let list: Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list[1], json!({"jobId": 2, "attemptNr": 1, "state": "running"}));
    assert_eq!(client.statuses(&[1, 2]).unwrap(), ["running", "notfound"]);
    assert_eq!(scripted.heard(1).body, "ids=1+2");
}

#[test]
fn states_are_asked_for_by_repeated_names() {
    let answer = r#"{"success": true, "message": "", "data": [
        {"job_id": 1, "status": "holding", "attempt_number": 1},
        {"job_id": 2, "status": "not found", "attempt_number": 0}]}"#;
    let scripted = Scripted::new(&[(200, answer), (200, answer)]);
    let client = client(&scripted, Generation::V1);
    assert_eq!(client.statuses(&[1, 2]).unwrap(), ["holding", "not found"]);
    assert_eq!(scripted.heard(0).line, "GET /api/v1/pilot/get_job_status?job_ids=1&job_ids=2");
    assert!(client.statuses(&[1]).unwrap_err().to_string().contains("1 states"));
}

#[test]
fn a_token_goes_with_every_request_and_is_renewed_by_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let (token, key) = (dir.path().join("token"), dir.path().join("key"));
    fs::write(&token, "old").unwrap();
    fs::write(&key, "the-key").unwrap();
    let renewed = r#"{"success": true, "message": "", "data": {"StatusCode": 0, "user_proxy": "new"}}"#;
    let denied = "ERROR : token expired";
    let scripted = Scripted::new(&[(403, denied), (200, renewed), (200, ALIVE)]);
    let auth = Auth::token(token.clone(), "eic:production".into(), Some(key)).unwrap();
    let client = Client::connect(server(&scripted.url, Some(Generation::V1), auth)).unwrap();
    let error = client.acquire(&ask()).unwrap_err();
    assert!(!error.may_pass() && error.to_string().contains("renew the token file"), "{error}");
    assert!(client.renew_token().unwrap());
    let _ = client.update(&[Update::new(1, 1, State::Running)]);
    let line = "GET /api/v1/creds/get_access_token?client_name=pilot_server&token_key=the-key";
    assert_eq!(scripted.heard(1).line, line);
    for (request, bearer) in [(0, "old"), (2, "new")] {
        let heard = scripted.heard(request);
        assert!(heard.has(&format!("authorization: Bearer {bearer}")), "{heard:?}");
        assert!(heard.has("origin: eic:production"));
    }
    assert_eq!(fs::read_to_string(&token).unwrap(), "new");
    assert!(!format!("{client:?}").contains("the-key"));
}

#[test]
fn an_answer_that_breaks_off_or_never_comes_may_be_asked_for_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        hear(&stream);
        (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"succ").unwrap();
        drop(stream);
        // The second connection hears nothing.
        let _silent = listener.accept().unwrap();
        thread::sleep(Duration::from_secs(30));
    });
    let request = Duration::from_millis(300);
    let server = Server { request, ..server(&url, Some(Generation::V1), Auth::None) };
    let client = Client::connect(server).unwrap();
    for _ in 0..2 {
        let error = client.acquire(&ask()).unwrap_err();
        assert!(matches!(error, PandaError::Unreachable { .. }), "{error}");
    }
}
