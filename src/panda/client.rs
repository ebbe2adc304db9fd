//! Requests to a server.

use super::answer::{self, Answer};
use super::auth::{self, Auth, Secret};
use super::definition::{Job, JobError};
use super::error::PandaError;
use super::tls;
use super::update::Update;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Map, Value, json};
use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use ureq::Agent;

/// Most updates in one request.
const BULK: usize = 500;
/// Most bytes of jobs' own reports in one request, unless one alone has more: servers limit the length of bodies.
const BULK_REPORTS: usize = 16 << 20;
/// A body longer than this is compressed, in bytes.
const COMPRESS: usize = 1024;
/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 64 << 20;

/// A generation of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// `/api/v1/MODULE/METHOD`: servers from 0.6 on.
    V1,
    /// `/server/panda/METHOD`: servers before 1.0.
    Classic,
}

/// Where a server is, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its address, for example `https://pandaserver.example.org:25443`.
    pub url: String,
    /// Generation of its interface; `None`: v1 if it has that.
    pub generation: Option<Generation>,
    /// How the pilot proves who it is.
    pub auth: Auth,
    /// Time for a connection.
    pub connect: Duration,
    /// Time for a whole request.
    pub request: Duration,
}

/// What jobs are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The queue.
    pub queue: String,
    /// Label of jobs; `None`: production.
    pub label: Option<String>,
    /// At most so many.
    pub jobs: u32,
    /// This host.
    pub node: String,
    /// Bytes of memory that there are; `None`: any job.
    pub memory: Option<u64>,
    /// Bytes that are free on disk; `None`: any job.
    pub disk: Option<u64>,
    /// Seconds that are left; `None`: no limit.
    pub remaining_s: Option<f64>,
    /// Seconds that a server may wait for jobs to come, if it does that; PanDA's do not.
    pub wait_s: u32,
}

/// A line to a server. May be used by several threads.
#[derive(Debug)]
pub struct Client {
    server: Server,
    generation: Generation,
    line: Mutex<Line>,
    requests: AtomicU64,
}

/// Connections, and when the proxy was written that they were made with.
#[derive(Debug)]
struct Line {
    agent: Agent,
    proxy: Option<SystemTime>,
}

impl Line {
    fn new(server: &Server) -> Result<Self, PandaError> {
        // In this order: what is written in between is read again.
        let proxy = written(server);
        Ok(Self { agent: agent(server)?, proxy })
    }
}

impl Client {
    /// Finds out which generation the server speaks, unless that is said.
    ///
    /// # Errors
    /// It cannot be reached, speaks neither, or the credentials cannot be used.
    pub fn connect(server: Server) -> Result<Self, PandaError> {
        let server = Server { url: server.url.trim_end_matches('/').to_owned(), ..server };
        let line = Mutex::new(Line::new(&server)?);
        let requests = AtomicU64::new(0);
        let generation = server.generation.unwrap_or(Generation::V1);
        let mut client = Self { server, generation, line, requests };
        if client.server.generation.is_none() {
            client.generation = client.detect()?;
        }
        Ok(client)
    }

    fn detect(&self) -> Result<Generation, PandaError> {
        let alive = self.get("/api/v1/system/is_alive", &[]);
        let is_v1 = |text: &String| {
            serde_json::from_str::<Value>(text).is_ok_and(|v| v.get("success") == Some(&json!(true)))
        };
        match alive {
            Ok(text) if is_v1(&text) => return Ok(Generation::V1),
            Err(error @ (PandaError::Unreachable { .. } | PandaError::Credentials(_))) => {
                return Err(error);
            }
            _ => {}
        }
        match self.form("/server/panda/isAlive", &Map::new()) {
            Ok(text) if text.contains("alive=yes") => Ok(Generation::Classic),
            Err(error @ (PandaError::Unreachable { .. } | PandaError::Temporary { .. })) => Err(error),
            _ => Err(PandaError::Invalid {
                url: self.server.url.clone(),
                reason: "neither /api/v1/system/is_alive nor /server/panda/isAlive answers as a PanDA server does"
                    .to_owned(),
            }),
        }
    }

    /// The generation that is spoken.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Asks for jobs; none if there is no work, or no such queue, which servers do not tell apart.
    ///
    /// # Errors
    /// See [`PandaError`]. A definition that is no job is an error in its place.
    pub fn acquire(&self, ask: &Ask) -> Result<Vec<Result<Job, JobError>>, PandaError> {
        let mebibytes = |bytes: u64| json!(bytes >> 20);
        // Floats are refused.
        let seconds = |s: f64| json!(s.max(0.0).floor() as i64);
        let fields = [
            ("site_name", "siteName", Some(json!(ask.queue))),
            ("prod_source_label", "prodSourceLabel", ask.label.as_ref().map(|label| json!(label))),
            ("n_jobs", "nJobs", Some(json!(ask.jobs))),
            ("node", "node", Some(json!(ask.node))),
            ("computing_element", "computingElement", Some(json!(ask.queue))),
            ("memory", "mem", ask.memory.map(mebibytes)),
            ("disk_space", "diskSpace", ask.disk.map(mebibytes)),
            ("remaining_time", "remaining_time", ask.remaining_s.map(seconds)),
            ("timeout", "timeout", (ask.wait_s > 0).then(|| json!(ask.wait_s))),
        ];
        let is_v1 = self.generation == Generation::V1;
        let named = fields.into_iter().filter_map(|(v1, classic, value)| {
            Some(((if is_v1 { v1 } else { classic }).to_owned(), value?))
        });
        let arguments: Map<String, Value> = named.collect();
        let jobs = match self.generation {
            Generation::V1 => {
                let path = "/api/v1/pilot/acquire_jobs";
                let text = self.post(path, &Value::Object(arguments))?;
                answer::v1(&self.url(path), &text)?.map(|data| data["jobs"].clone())
            }
            Generation::Classic => {
                let path = "/server/panda/getJob";
                let text = self.form(path, &arguments)?;
                answer::classic(&self.url(path), &text)?.map(|fields| match fields.get("jobs") {
                    // In a query string it is one JSON text.
                    Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
                    Some(jobs) => jobs.clone(),
                    None => Value::Array(vec![Value::Object(fields)]),
                })
            }
        };
        let Some(jobs) = jobs else { return Ok(vec![]) };
        let Value::Array(jobs) = jobs else {
            let reason =
                format!("the answer has no list of jobs: {:?}", answer::shown(&jobs.to_string()));
            return Err(PandaError::Invalid { url: self.server.url.clone(), reason });
        };
        let nothing = Map::new();
        Ok(jobs.iter().map(|job| Job::from_definition(job.as_object().unwrap_or(&nothing))).collect())
    }

    /// Tells updates, in as few requests as that takes; an answer for each.
    ///
    /// # Errors
    /// See [`PandaError`]: the updates of the request that failed, and those after it, are not known to have
    /// arrived. Telling one again does no harm.
    pub fn update(&self, updates: &[Update]) -> Result<Vec<Answer>, PandaError> {
        let mut answers = Vec::with_capacity(updates.len());
        for chunk in batches(updates) {
            let list = |fields: fn(&Update) -> Map<String, Value>| -> Value {
                chunk.iter().map(|update| Value::Object(fields(update))).collect()
            };
            answers.extend(match self.generation {
                Generation::V1 => {
                    let path = "/api/v1/pilot/update_jobs_bulk";
                    let text = self.post(path, &json!({ "job_list": list(Update::v1) }))?;
                    answer::bulk_v1(&self.url(path), &text, chunk.len())?
                }
                Generation::Classic => {
                    let path = "/server/panda/updateJobsInBulk";
                    let mut arguments = Map::new();
                    arguments.insert("jobList".into(), json!(list(Update::classic).to_string()));
                    let text = self.form(path, &arguments)?;
                    answer::bulk_classic(&self.url(path), &text, chunk.len())?
                }
            });
        }
        Ok(answers)
    }

    /// States of jobs as the server knows them, in their order.
    ///
    /// # Errors
    /// See [`PandaError`].
    pub fn statuses(&self, jobs: &[i64]) -> Result<Vec<String>, PandaError> {
        let told = match self.generation {
            Generation::V1 => {
                let path = "/api/v1/pilot/get_job_status";
                let query: Vec<_> = jobs.iter().map(|job| ("job_ids", job.to_string())).collect();
                let data = answer::v1(&self.url(path), &self.get(path, &query)?)?.unwrap_or_default();
                let status = |job: &Value| Some(job.get("status")?.as_str()?.to_owned());
                data.as_array().into_iter().flatten().filter_map(status).collect::<Vec<_>>()
            }
            Generation::Classic => {
                let path = "/server/panda/getStatus";
                let ids: Vec<String> = jobs.iter().map(i64::to_string).collect();
                let arguments = Map::from_iter([("ids".to_owned(), json!(ids.join(" ")))]);
                let fields = answer::classic(&self.url(path), &self.form(path, &arguments)?)?;
                let text = fields.unwrap_or_default().get("status").cloned().unwrap_or_default();
                text.as_str().unwrap_or_default().split('+').map(str::to_owned).collect()
            }
        };
        if told.len() == jobs.len() {
            return Ok(told);
        }
        let reason = format!("{} states were asked for, and {} came", jobs.len(), told.len());
        Err(PandaError::Invalid { url: self.server.url.clone(), reason })
    }

    /// Has the token renewed, if there is a key for that; whether it was.
    ///
    /// # Errors
    /// The server gives none, or it cannot be written.
    pub fn renew_token(&self) -> Result<bool, PandaError> {
        let Some((key, file)) = self.server.auth.renewal()? else { return Ok(false) };
        let query = [("client_name", "pilot_server".to_owned()), ("token_key", key.0)];
        let token = match self.generation {
            Generation::V1 => {
                let path = "/api/v1/creds/get_access_token";
                let data = answer::v1(&self.url(path), &self.get(path, &query)?)?.unwrap_or_default();
                data.get("user_proxy").and_then(Value::as_str).map(str::to_owned)
            }
            Generation::Classic => {
                let path = "/server/panda/get_access_token";
                let fields = answer::classic(&self.url(path), &self.get(path, &query)?)?;
                fields.and_then(|fields| Some(fields.get("userProxy")?.as_str()?.to_owned()))
            }
        };
        let token = token.filter(|token| !token.is_empty()).ok_or_else(|| PandaError::Invalid {
            url: self.server.url.clone(),
            reason: "the answer has no new token".to_owned(),
        })?;
        auth::replace(file, &token).map(|()| true)
    }

    /// The bytes that the server keeps at `path`, not more than `longest`.
    ///
    /// # Errors
    /// See [`PandaError`].
    pub fn bytes(&self, path: &str, longest: u64) -> Result<Vec<u8>, PandaError> {
        let mut request = self.agent().get(self.url(path));
        for (name, Secret(value)) in self.server.auth.headers()? {
            request = request.header(name, value);
        }
        self.finish_bytes(path, request.call(), longest)
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.url)
    }

    /// What speaks to the server, with the proxy as it is now: others renew it.
    fn agent(&self) -> Agent {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if written(&self.server) != line.proxy {
            match Line::new(&self.server) {
                Ok(renewed) => *line = renewed,
                // The one before may still do.
                Err(error) => tracing::warn!("{error}"),
            }
        }
        line.agent.clone()
    }

    pub(super) fn get(&self, path: &str, query: &[(&str, String)]) -> Result<String, PandaError> {
        let mut request = self.agent().get(self.url(path)).header("Accept", "application/json");
        for (name, value) in query {
            request = request.query(name, value);
        }
        for (name, Secret(value)) in self.server.auth.headers()? {
            request = request.header(name, value);
        }
        self.finish(path, request.call())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<String, PandaError> {
        let bytes = body.to_string().into_bytes();
        let mut request = self.agent().post(self.url(path)).header("Accept", "application/json");
        request = request.header("Content-Type", "application/json");
        for (name, Secret(value)) in self.server.auth.headers()? {
            request = request.header(name, value);
        }
        let sent = match compressed(&bytes) {
            Some(bytes) => request.header("Content-Encoding", "gzip").send(&bytes[..]),
            None => request.send(&bytes[..]),
        };
        self.finish(path, sent)
    }

    fn form(&self, path: &str, arguments: &Map<String, Value>) -> Result<String, PandaError> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(arguments.iter().map(|(name, value)| (name, text(value))));
        let mut request = self.agent().post(self.url(path)).header("Accept", "application/json");
        request = request.header("Content-Type", "application/x-www-form-urlencoded");
        for (name, Secret(value)) in self.server.auth.headers()? {
            request = request.header(name, value);
        }
        self.finish(path, request.send(form.finish()))
    }

    /// Why no answer came: a server that does not take a certificate does not speak HTTP.
    fn unanswered(&self, url: &str, reason: &str) -> PandaError {
        let reason = match &self.server.auth {
            Auth::Proxy { file, .. } if reason.contains("fatal alert") => {
                let is_old = reason.contains("CertificateExpired");
                let why = if is_old { "it has expired" } else { reason };
                format!("it does not take the proxy {}: {why}; renew the proxy", file.display())
            }
            _ => reason.to_owned(),
        };
        PandaError::Unreachable { url: url.to_owned(), reason }
    }

    fn finish(
        &self,
        path: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<String, PandaError> {
        let bytes = self.finish_bytes(path, sent, LONGEST_ANSWER)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn finish_bytes(
        &self,
        path: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
        longest: u64,
    ) -> Result<Vec<u8>, PandaError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let url = self.url(path);
        let read = sent.and_then(|mut response| {
            let body = response.body_mut().with_config().limit(longest).read_to_vec()?;
            Ok((response.status().as_u16(), body))
        });
        let (status, bytes) = read.map_err(|e| match e {
            ureq::Error::BodyExceedsLimit(_) => {
                PandaError::Invalid { url: url.clone(), reason: e.to_string() }
            }
            _ => self.unanswered(&url, &e.to_string()),
        })?;
        if !(200..300).contains(&status) {
            answer::body(&url, status, &String::from_utf8_lossy(&bytes))?;
        }
        Ok(bytes)
    }
}

/// Updates by request, in their order.
fn batches(updates: &[Update]) -> impl Iterator<Item = &[Update]> {
    let mut left = updates;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |update: &&Update| {
            let is_first = bytes == 0;
            bytes += update.report.as_ref().map_or(0, String::len);
            is_first || bytes <= BULK_REPORTS
        };
        let count = left.iter().take(BULK).take_while(fits).count();
        let (batch, rest) = left.split_at(count);
        left = rest;
        (count > 0).then_some(batch)
    })
}

/// The body in gzip, if it is worth it.
fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() <= COMPRESS {
        return None;
    }
    let mut gzip = GzEncoder::new(vec![], Compression::fast());
    gzip.write_all(bytes).ok()?;
    gzip.finish().ok()
}

/// When the proxy was written, if there is one.
fn written(server: &Server) -> Option<SystemTime> {
    let Auth::Proxy { file, .. } = &server.auth else { return None };
    fs::metadata(file).ok()?.modified().ok()
}

fn agent(server: &Server) -> Result<Agent, PandaError> {
    let mut config = Agent::config_builder()
        .http_status_as_error(false)
        .user_agent(format!("paretorank/{}", env!("CARGO_PKG_VERSION")))
        .timeout_connect(Some(server.connect))
        .timeout_global(Some(server.request));
    if let Auth::Proxy { file, authorities } = &server.auth {
        config = config.tls_config(tls::config(file, authorities.as_deref())?);
    }
    Ok(config.build().new_agent())
}

#[cfg(test)]
mod tests;
