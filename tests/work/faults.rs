//! Pilots and servers that are killed, answers that are lost, servers that lie.

use crate::scene::{Scene, last};
use crate::support::process::Running;
use crate::support::queue::Queue;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What stands between a server and those who talk to it, and hears the first lines of requests.
pub struct Proxy {
    pub url: String,
    mind: Arc<Mutex<Mind>>,
}

#[derive(Default)]
struct Mind {
    heard: Vec<String>,
    /// The answer to the next request that begins so never arrives.
    swallows: Option<&'static str>,
    /// What is given for each source.
    lie: Option<Vec<u8>>,
}

impl Proxy {
    pub fn to(address: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (mind, address): (Arc<Mutex<Mind>>, _) = (Arc::default(), address.to_owned());
        let minds = Arc::clone(&mind);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // While the server is away, so is this.
                let Ok(server) = TcpStream::connect(&address) else { continue };
                let mind = Arc::clone(&minds);
                thread::spawn(move || pass(&client, &server, &mind));
            }
        });
        Self { url, mind }
    }

    pub fn heard(&self) -> Vec<String> {
        self.mind.lock().unwrap().heard.clone()
    }

    fn swallow(&self, what: &'static str) {
        self.mind.lock().unwrap().swallows = Some(what);
    }

    fn lie(&self, body: Option<&[u8]>) {
        self.mind.lock().unwrap().lie = body.map(<[u8]>::to_owned);
    }
}

/// Passes a connection on, both ways, until one side has enough.
fn pass(client: &TcpStream, server: &TcpStream, mind: &Mutex<Mind>) {
    let is_swallowed = AtomicBool::new(false);
    let end = || {
        let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to, mut bytes) = (server, client, [0; 1 << 16]);
            while let Ok(count @ 1..) = from.read(&mut bytes)
                && !is_swallowed.load(Ordering::SeqCst)
                && to.write_all(&bytes[..count]).is_ok()
            {}
            end();
        });
        let (mut from, mut to, mut bytes) = (client, server, [0; 1 << 16]);
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            let text = String::from_utf8_lossy(&bytes[..count]);
            let line = text.lines().next().unwrap_or_default().to_owned();
            if line.ends_with(" HTTP/1.1") {
                let mut mind = mind.lock().unwrap();
                let swallows = mind.swallows.take_if(|what| line.starts_with(*what));
                is_swallowed.store(swallows.is_some(), Ordering::SeqCst);
                mind.heard.push(line.clone());
                if let Some(lie) = mind.lie.as_ref().filter(|_| line.starts_with("GET /cache/source/")) {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", lie.len());
                    let _ = from.write_all(&[head.as_bytes(), lie].concat());
                    break;
                }
            }
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        end();
    });
}

fn scene() -> Scene {
    Scene::with(include_str!("faults.py"))
}

fn squares(count: u64) -> Value {
    (0..count).map(|n| n * n).collect()
}

/// Waits until some calls have ended, and some not.
fn in_the_middle(running: &mut Running, queue: &Queue) {
    running.watch("some calls end", || queue.states().get("finished").is_some_and(|count| *count >= 3));
    assert!(queue.states().len() > 1, "all calls have ended: {:?}", queue.states());
}

mod on_mpi {
    use super::*;

    #[test]
    fn a_killed_pilot_loses_no_call_and_the_next_one_has_the_source() {
        let scene = scene();
        let queue = scene.queue("2s");
        let proxy = Proxy::to(&queue.address());
        let mut study = scene.study(&proxy.url, &["16", "0.3", "100", "9", "60"]);
        let pilot = scene.ranks(&proxy.url, "pilot", &[]);
        in_the_middle(&mut study, &queue);
        pilot.kill();
        let _next = scene.ranks(&proxy.url, "pilot", &["--patience", "1h"]);
        assert_eq!(last(&study.wait().expect(0).out), squares(16));
        assert_eq!(queue.states()["finished"], 16);
        let fetched = proxy.heard().iter().filter(|line| line.starts_with("GET /cache/source/")).count();
        assert_eq!(fetched, 1, "what the first pilot had unpacked is whole");
    }

    #[test]
    fn a_killed_server_loses_no_call() {
        let scene = scene();
        let mut queue = scene.queue("1min");
        let mut study = scene.study(&queue.url, &["16", "0.3", "100", "9", "60"]);
        let _pilot = scene.ranks(&queue.url, "pilot", &["--patience", "1h"]);
        in_the_middle(&mut study, &queue);
        queue.kill();
        let queue = Queue::patient(&scene.path("queue"), &queue.address(), "1min");
        assert_eq!(last(&study.wait().expect(0).out), squares(16));
        assert_eq!(queue.states()["finished"], 16);
    }
}

#[test]
fn a_lost_answer_submits_nothing_twice() {
    let scene = scene();
    let queue = scene.queue("1min");
    let proxy = Proxy::to(&queue.address());
    proxy.swallow("POST /api/v1/queue/submit");
    let study = scene.study(&proxy.url, &["3", "0", "100", "1", "60"]);
    let _pilot = scene.threads(&queue.url, "pilot", &["--patience", "1h"]);
    assert_eq!(last(&study.wait().expect(0).out), squares(3));
    let submitted = proxy.heard().iter().filter(|line| line.contains("queue/submit")).count();
    assert_eq!((submitted, &queue.states()["finished"]), (2, &3));
}

#[test]
fn a_server_that_lies_makes_calls_fail_and_nothing_else() {
    let scene = scene();
    let queue = scene.queue("1min");
    let proxy = Proxy::to(&queue.address());
    let _pilot = scene.threads(&proxy.url, "pilot", &["--patience", "1h"]);
    proxy.lie(Some(b"something else"));
    let said = last(&scene.study(&proxy.url, &["2", "0", "100", "1", "60"]).wait().expect(0).out);
    for call in said.as_array().unwrap() {
        let text = call.as_str().unwrap();
        assert!(text.contains("the server gave something else, with the SHA-256"), "{text}");
    }
    assert_eq!(fs::read_dir(scene.path("pilot/sources")).map_or(0, Iterator::count), 0);
    proxy.lie(None);
    let study = scene.study(&proxy.url, &["2", "0", "100", "1", "60"]);
    assert_eq!(
        last(&study.wait().expect(0).out),
        squares(2),
        "the next jobs are not told the old trouble"
    );
}

#[test]
fn nobody_waits_for_ever() {
    let scene = scene();
    let mut queue = scene.queue("1min");
    let said = |study: Running| last(&study.wait().expect(0).out)[0].as_str().unwrap().to_owned();
    let submitted = |queue: &Queue, patience| {
        let mut study = scene.study(&queue.url, &["1", "600", patience, "1", "60"]);
        study.watch("submission", || queue.states().get("activated") == Some(&1));
        study
    };
    let study = submitted(&queue, "2");
    queue.kill();
    let text = said(study);
    assert!(text.contains("it is not known what became of it: no server for 2 s"), "{text}");
    fs::remove_dir_all(scene.path("queue")).unwrap();
    let mut queue = Queue::patient(&scene.path("queue"), &queue.address(), "1min");
    let study = submitted(&queue, "100");
    queue.kill();
    fs::remove_dir_all(scene.path("queue")).unwrap();
    let queue = Queue::patient(&scene.path("queue"), &queue.address(), "1min");
    let text = said(study);
    assert!(text.contains("there is no job 1"), "{text}");
    let _pilot = scene.threads(&queue.url, "pilot", &["--patience", "1h"]);
    let text = said(scene.study(&queue.url, &["1", "600", "100", "1", "1"]));
    assert!(text.contains("still running after 1 s"), "{text}");
    let ended = scene.study("http://127.0.0.1:9", &["1", "0", "0.5"]).wait().fails();
    assert!(ended.err.contains("Connection refused"), "{ended}");
    assert_eq!(queue.states(), std::collections::BTreeMap::from([("failed".to_owned(), 1)]));
}
