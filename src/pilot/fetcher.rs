//! The thread that takes jobs from the server, and fetches what they run.

use super::cache::Cache;
use super::events::Event;
use super::order::Places;
use crate::job::{JobId, Order};
use crate::panda::{Ask, Client, Idle, Job, PandaError, Retry};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

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

/// A request for jobs.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// At most so many.
    pub jobs: u32,
    /// Seconds that are left; `None`: no limit.
    pub remaining_s: Option<f64>,
    /// Seconds that the server may wait for some.
    pub wait_s: u32,
}

/// A server that took this part of the time that it might wait has waited, and may be asked again at once.
const WAITED: f64 = 0.9;

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
            let cache = Cache::new(Arc::clone(&client), &places.directory);
            Thread { client, ask, places, cache, out }.run(&into);
        });
        Self { requests, found }
    }

    /// Asks for jobs.
    pub fn request(&self, request: Request) {
        // A thread that has gone has said why.
        let _ = self.requests.send(request);
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
    cache: Cache,
    out: Sender<Fetched>,
}

impl Thread {
    fn run(mut self, requests: &Receiver<Request>) {
        let (mut idle, mut retry) = (Idle::default(), Retry::default());
        while let Ok(Request { jobs, remaining_s, wait_s }) = requests.recv() {
            let ask = Ask { jobs, remaining_s, wait_s, ..self.ask.clone() };
            let begin = Instant::now();
            let event = match self.client.acquire(&ask) {
                Ok(found) if found.is_empty() => {
                    retry.succeeded();
                    let waited =
                        wait_s > 0 && begin.elapsed().as_secs_f64() >= WAITED * f64::from(wait_s);
                    let wait_s = if waited { 0.0 } else { idle.none(rand::random()) };
                    Event::NotFetched { wait_s, reason: None }
                }
                Ok(found) => {
                    retry.succeeded();
                    idle.some();
                    self.cache.forget_troubles();
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
        let missing = |why| (Some(job.id), job.attempt, 1149, why);
        let is_address = ["http://", "https://"].iter().any(|way| job.transformation.starts_with(way));
        let program = match is_address {
            true => self.cache.program(&job.transformation).map_err(missing)?,
            false => PathBuf::from(&job.transformation),
        };
        let source = job.source.as_deref().map(|sum| self.cache.source(sum)).transpose();
        let source = source.map_err(missing)?;
        if let Some(guid) = job.log.as_ref().and_then(|log| log.guid.clone()) {
            self.say(Fetched::LogGuid(JobId { job: job.id, attempt: job.attempt }, guid));
        }
        Ok(self.places.order(job, &program, source))
    }
}
