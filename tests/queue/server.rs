//! A real server, and requests to it.

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_paretorank");

pub struct Server {
    child: Child,
    pub url: String,
}

impl Server {
    /// A server on any port that nobody is asked by, and its directory.
    pub fn new() -> (Self, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        (Self::start(dir.path(), "127.0.0.1:0", &[]), dir)
    }

    pub fn start(dir: &Path, listen: &str, more: &[&str]) -> Self {
        let mut command = program();
        command.args(["queue", "serve"]).arg(dir).args(["--listen", listen]).args(more);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    pub fn kill(&mut self) {
        // Of one that is dead already there is nothing to kill.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// What a call of v1 is answered.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        post(&self.url, path, body).unwrap()
    }

    pub fn get(&self, path: &str) -> Value {
        let (_, text) = self.say(&Request::get(&format!("/api/v1/{path}")));
        serde_json::from_str(&text).unwrap()
    }

    /// Adds jobs to queue Q.
    pub fn submit(&self, jobs: &Value) -> Value {
        let answer = self.post("queue/submit", &json!({"queue": "Q", "jobs": jobs}));
        assert_eq!(answer["success"], true, "{answer}");
        answer["data"]["job_ids"].clone()
    }

    /// Numbers of the jobs that a pilot of queue Q gets which asks for 100 and for this.
    pub fn acquire(&self, more: &Value) -> Vec<i64> {
        let mut ask = json!({"site_name": "Q", "n_jobs": 100});
        ask.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("pilot/acquire_jobs", &ask);
        let jobs = answer["data"]["jobs"].as_array().cloned().unwrap_or_default();
        jobs.iter().map(|job| job["PandaID"].as_i64().unwrap()).collect()
    }

    pub fn state(&self, id: i64) -> String {
        self.get(&format!("queue/show?job_id={id}"))["data"]["status"].as_str().unwrap().to_owned()
    }

    pub fn wait_state(&self, id: i64, want: &str) {
        let since = Instant::now();
        while self.state(id) != want {
            assert!(
                since.elapsed() < Duration::from_secs(30),
                "job {id} is {}, not {want}",
                self.state(id)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Status and text of the answer to any request; its type must be text.
    pub fn say(&self, request: &Request) -> (u16, String) {
        let mut headers: Vec<_> = request.headers.iter().map(|(name, value)| (*name, *value)).collect();
        let body = match request.gzip {
            true => {
                headers.push(("Content-Encoding", "gzip"));
                let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
                gzip.write_all(request.body.as_bytes()).unwrap();
                gzip.finish().unwrap()
            }
            false => request.body.clone().into_bytes(),
        };
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let url = format!("{}{}", self.url, request.path);
        let answer = if request.is_get {
            let call =
                headers.iter().fold(agent.get(url), |call, (name, value)| call.header(*name, *value));
            call.call()
        } else {
            let call =
                headers.iter().fold(agent.post(url), |call, (name, value)| call.header(*name, *value));
            call.send(&body[..])
        };
        let mut answer = answer.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/plain", "{}", request.path);
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request as it goes over the line.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub path: String,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: String,
    pub gzip: bool,
    pub is_get: bool,
}

impl Request {
    pub fn get(path: &str) -> Self {
        Self { path: path.to_owned(), is_get: true, ..Self::default() }
    }

    pub fn post(path: &str, body: &str) -> Self {
        Self { path: path.to_owned(), body: body.to_owned(), ..Self::default() }
    }

    pub fn with(mut self, headers: &[(&'static str, &'static str)]) -> Self {
        self.headers.extend(headers);
        self
    }
}

/// What a call of v1 is answered, if it is.
pub fn post(url: &str, path: &str, body: &Value) -> Option<Value> {
    let answer = ureq::post(format!("{url}/api/v1/{path}")).send(body.to_string()).ok()?;
    serde_json::from_str(&answer.into_body().read_to_string().ok()?).ok()
}

/// The program, to which the tester's own credentials are unknown.
pub fn program() -> Command {
    let mut command = Command::new(PROGRAM);
    for name in ["TOKEN", "ORIGIN", "DIR", "TOKEN_KEY"] {
        command.env_remove(format!("PANDA_AUTH_{name}")).env_remove(format!("OIDC_AUTH_{name}"));
    }
    command.env_remove("X509_USER_PROXY").env_remove("PARETORANK_QUEUE");
    command
}

/// `paretorank queue …` with the server told by its variable.
pub fn queue(url: &str, args: &[&str], env: &[(&str, &str)]) -> Output {
    let mut command = program();
    command.arg("queue").args(args).env("PARETORANK_QUEUE", url).envs(env.iter().copied());
    command.stdin(Stdio::null()).output().unwrap()
}

/// A file that only its owner may read.
pub fn secret(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}
