//! The thread that takes jobs from the server, and fetches what they run.

use super::events::Event;
use super::order::Places;
use crate::job::{JobId, Order};
use crate::panda::{Ask, Client, Idle, Job, PandaError, Retry};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

/// Longest executable that is fetched, in bytes.
const LONGEST: u64 = 1 << 30;

/// What the thread finds out.
#[derive(Debug)]
pub enum Fetched {
    /// For the pilot.
    Event(Event),
    /// Jobs that cannot be run, with the documented error code and why.
    Broken(Vec<(JobId, i32, String)>),
    /// A log's identifier, which the server wants back.
    LogGuid(JobId, String),
}

/// A request: at most so many jobs, and the seconds that are left.
type Request = (u32, Option<f64>);

/// The thread's other end. The thread ends with it, after the request that is under way.
#[derive(Debug)]
pub struct Fetcher {
    requests: Sender<Request>,
    found: Receiver<Fetched>,
}

impl Fetcher {
    /// Starts the thread. `ask` is what every request has in common.
    pub fn start(client: Arc<Client>, ask: Ask, places: Places) -> Self {
        let (requests, into) = channel();
        let (out, found) = channel();
        std::thread::spawn(move || {
            let transformations = BTreeMap::new();
            Thread { client, ask, places, transformations, out }.run(&into);
        });
        Self { requests, found }
    }

    /// Asks for jobs.
    pub fn request(&self, jobs: u32, remaining_s: Option<f64>) {
        // A thread that has gone has said why.
        let _ = self.requests.send((jobs, remaining_s));
    }

    /// The next thing that was found, if there is one.
    pub fn try_next(&self) -> Option<Fetched> {
        self.found.try_recv().ok()
    }
}

struct Thread {
    client: Arc<Client>,
    ask: Ask,
    places: Places,
    /// By address: where it lies.
    transformations: BTreeMap<String, PathBuf>,
    out: Sender<Fetched>,
}

impl Thread {
    fn run(mut self, requests: &Receiver<Request>) {
        let (mut idle, mut retry) = (Idle::default(), Retry::default());
        while let Ok((jobs, remaining_s)) = requests.recv() {
            let ask = Ask { jobs, remaining_s, ..self.ask.clone() };
            let event = match self.client.acquire(&ask) {
                Ok(found) if found.is_empty() => {
                    retry.succeeded();
                    Event::NotFetched { wait_s: idle.none(rand::random()), reason: None }
                }
                Ok(found) => {
                    retry.succeeded();
                    idle.some();
                    let mut orders = vec![];
                    let mut broken = vec![];
                    for job in found {
                        match job
                            .map_err(|e| (e.job, e.attempt, 1008, e.why))
                            .and_then(|job| self.order(&job))
                        {
                            Ok(order) => orders.push(order),
                            Err((Some(job), attempt, code, why)) => {
                                broken.push((JobId { job, attempt }, code, why));
                            }
                            Err((None, _, _, why)) => tracing::warn!("a job without a number: {why}"),
                        }
                    }
                    self.say(Fetched::Broken(broken));
                    Event::Fetched(orders)
                }
                Err(error) => {
                    let reason = error.to_string();
                    match self.is_hopeless(&error) {
                        true => Event::Refused { reason },
                        false => {
                            let wait_s = retry.failed(rand::random());
                            Event::NotFetched { wait_s, reason: Some(reason) }
                        }
                    }
                }
            };
            self.say(Fetched::Event(event));
        }
    }

    /// Whether nothing changes by asking again. What is no answer of such a server (a proxy's page, half a text)
    /// may be one the next time.
    fn is_hopeless(&self, error: &PandaError) -> bool {
        let refuses = matches!(error, PandaError::Refused { .. } | PandaError::Credentials(_));
        refuses && !matches!(self.client.renew_token(), Ok(true))
    }

    fn say(&self, found: Fetched) {
        // Nobody listens any more at the end.
        let _ = self.out.send(found);
    }

    fn order(&mut self, job: &Job) -> Result<Order, (Option<i64>, i64, i32, String)> {
        let program = match job.transformation.starts_with("http://")
            || job.transformation.starts_with("https://")
        {
            true => self
                .transformation(&job.transformation)
                .map_err(|why| (Some(job.id), job.attempt, 1149, why))?,
            false => job.transformation.clone(),
        };
        if let Some(guid) = job.log.as_ref().and_then(|log| log.guid.clone()) {
            self.say(Fetched::LogGuid(JobId { job: job.id, attempt: job.attempt }, guid));
        }
        Ok(self.places.order(job, program))
    }

    /// Fetches an executable, once for all jobs that run it.
    fn transformation(&mut self, url: &str) -> Result<String, String> {
        if let Some(path) = self.transformations.get(url).filter(|path| path.exists()) {
            return Ok(path.to_string_lossy().into_owned());
        }
        let told = |e: &dyn std::fmt::Display| format!("cannot fetch {url}: {e}");
        let mut answer = ureq::get(url).call().map_err(|e| told(&e))?;
        let bytes =
            answer.body_mut().with_config().limit(LONGEST).read_to_vec().map_err(|e| told(&e))?;
        let sum: String = Sha256::digest(url).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let name = url.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("run");
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).collect();
        let folder = self.places.directory.join("transformations").join(sum);
        let (path, beside) = (folder.join(&name), folder.join(format!(".{name}.part")));
        let written = fs::create_dir_all(&folder).and_then(|()| {
            let mut file = fs::File::create(&beside)?;
            file.write_all(&bytes)?;
            file.set_permissions(fs::Permissions::from_mode(0o755))?;
            fs::rename(&beside, &path)
        });
        written.map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        self.transformations.insert(url.to_owned(), path.clone());
        Ok(path.to_string_lossy().into_owned())
    }
}
