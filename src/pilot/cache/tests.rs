use super::*;
use crate::panda::{Auth, Generation, Server};
use flate2::{Compression, write::GzEncoder};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;

/// A server that gives the same answer to whatever is asked, and remembers what that was.
struct Fixed {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fixed {
    fn new(status: u16, body: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (into, body) = (Arc::clone(&asked), body.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines =
                    BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                into.lock().unwrap().push(lines.next().unwrap_or_default());
                lines.find(String::is_empty);
                let head = format!(
                    "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                // Whoever has heard enough goes away.
                let _ = stream.write_all(&[head.as_bytes(), &body].concat());
            }
        });
        Self { url, asked }
    }

    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn cache(&self, directory: &Path) -> Cache {
        let (connect, request) = (Duration::from_secs(5), Duration::from_secs(5));
        let generation = Some(Generation::V1);
        let server = Server { url: self.url.clone(), generation, auth: Auth::None, connect, request };
        Cache::new(Arc::new(Client::connect(server).unwrap()), directory)
    }
}

fn packed(text: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(vec![], Compression::fast()));
    for n in 0..50 {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(text.len() as u64);
        tar.append_data(&mut header, format!("a/{n}.py"), text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_source_is_fetched_once_however_many_jobs_want_it() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = packed("x = 1");
    let server = Fixed::new(200, &bytes);
    let mut cache = server.cache(dir.path());
    let folder = cache.source(&hex(&[&bytes])).unwrap();
    for _ in 0..3 {
        assert_eq!(cache.source(&hex(&[&bytes])).as_ref(), Ok(&folder));
    }
    // The next pilot of the directory finds it.
    assert_eq!(server.cache(dir.path()).source(&hex(&[&bytes])).as_ref(), Ok(&folder));
    assert_eq!(
        *server.asked.lock().unwrap(),
        [format!("GET /cache/source/{} HTTP/1.1", hex(&[&bytes]))]
    );
    assert_eq!(fs::read_to_string(folder.join("a/49.py")).unwrap(), "x = 1");
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(cache.source(&hex(&[&bytes])), Ok(folder), "what somebody removed comes again");
}

#[test]
fn pilots_of_one_directory_that_want_it_at_a_time_agree() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = packed("y = 2");
    let server = Fixed::new(200, &bytes);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| server.cache(dir.path()).source(&hex(&[&bytes])).unwrap());
        }
    });
    assert_eq!(names(&dir.path().join("sources")), [hex(&[&bytes])], "and leave nothing beside it");
}

#[test]
fn what_a_killed_pilot_began_is_not_taken_for_a_source_and_goes_when_it_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = packed("z = 3");
    let above = dir.path().join("sources");
    let [old, new] = ["old", "new"].map(|end| above.join(format!(".{}.{end}", hex(&[&bytes]))));
    for begun in [&old, &new] {
        fs::create_dir_all(begun.join("a")).unwrap();
    }
    let long_ago = std::time::SystemTime::now() - STALE - Duration::from_secs(60);
    File::open(&old).unwrap().set_modified(long_ago).unwrap();
    let folder = Fixed::new(200, &bytes).cache(dir.path()).source(&hex(&[&bytes])).unwrap();
    assert_eq!(fs::read_to_string(folder.join("a/0.py")).unwrap(), "z = 3");
    assert!(!old.exists() && new.exists(), "another pilot may be at work on the new one");
}

#[test]
fn a_server_that_gives_something_else_harms_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (wanted, other) = (packed("x = 1"), packed("x = 2"));
    let server = Fixed::new(200, &other);
    let mut cache = server.cache(dir.path());
    let why = cache.source(&hex(&[&wanted])).unwrap_err();
    assert!(why.contains("the server gave something else, with the SHA-256"), "{why}");
    let trash = b"no archive".as_slice();
    let unpacked = Fixed::new(200, trash).cache(dir.path()).source(&hex(&[trash])).unwrap_err();
    assert!(unpacked.contains("it is no archive that can be unpacked"), "{unpacked}");
    assert!(names(&dir.path().join("sources")).is_empty());
    assert_eq!(cache.source(&hex(&[&wanted])), Err(why));
    assert_eq!(server.count(), 1, "one try for all jobs of a time");
    cache.forget_troubles();
    assert!(cache.source(&hex(&[&wanted])).is_err());
    assert_eq!(server.count(), 2, "and another one for the next");
}

#[test]
fn only_what_may_pass_is_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let (missing, busy) = (Fixed::new(404, b"ERROR : no"), Fixed::new(503, b"later"));
    assert!(missing.cache(dir.path()).source(&"0".repeat(64)).is_err());
    assert!(missing.cache(dir.path()).program(&format!("{}/run.sh", missing.url)).is_err());
    assert_eq!(missing.count(), 2);
    assert!(busy.cache(dir.path()).source(&"0".repeat(64)).unwrap_err().contains("503"));
    assert_eq!(busy.count(), 1 + PAUSES_S.len());
}

#[test]
fn an_executable_lies_in_a_folder_of_its_own_by_a_plain_name() {
    let dir = tempfile::tempdir().unwrap();
    let server = Fixed::new(200, b"#!/bin/sh\n");
    let mut cache = server.cache(dir.path());
    for (address, name) in
        [("trf/run.sh", "run.sh"), ("trf/r%20u$n", "r20un"), ("..", "run"), ("", "run")]
    {
        let url = format!("{}/{address}", server.url);
        let path = cache.program(&url).unwrap();
        let sum = hex(&[format!("{name}/#!/bin/sh\n").as_bytes()]);
        assert_eq!(path, dir.path().join("transformations").join(sum).join(name));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(cache.program(&url), Ok(path));
    }
    assert_eq!(server.count(), 4);
}
