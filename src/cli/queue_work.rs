//! What `paretorank pilot` and the `[pilot]` table of a study have in common: a pilot of a queue, ready to work.

use super::complain;
use crate::clock::now_s;
use crate::config::Site;
use crate::exit::Exit;
use crate::job::JobId;
use crate::panda::{Ask, Auth, Client, Generation, Outbox, PandaError, Server, State, Update};
use crate::pilot::{Courier, Drive, Driver, Fetcher, Ledger, Pilot, Places, Settings};
use crate::slurm::{self, Allocation};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time to connect.
const CONNECT: Duration = Duration::from_secs(20);

/// Code of a pilot's error that is none of the others.
const ENDED_SUDDENLY: i32 = 1008;

/// What a pilot works for.
pub struct Work {
    /// Address of the server.
    pub server: String,
    /// Generation of its interface; `None`: asked for now.
    pub generation: Option<Generation>,
    /// Longest time to wait for an answer.
    pub request: Duration,
    /// Name of the queue.
    pub queue: String,
    /// Label of jobs.
    pub label: Option<String>,
    /// Where jobs run.
    pub site: Site,
    /// Where input files are that are named without a path.
    pub inputs: PathBuf,
    /// What it may.
    pub settings: Settings,
}

/// A pilot that was started, with what is known of its jobs.
pub struct Started {
    /// The pilot.
    pub driver: Driver,
    /// Its jobs so far.
    pub tally: Rc<RefCell<Tally>>,
    /// The line to the server.
    pub client: Arc<Client>,
    /// Jobs of an earlier pilot of this directory that the server has not heard of.
    pub left: usize,
}

/// Starts a pilot; `notice` hears lines for people.
pub fn start(
    work: Work,
    allocation: Option<&Allocation>,
    notice: Box<dyn FnMut(&str)>,
) -> Result<Started, (Exit, String)> {
    let Work { server, generation, request, queue, label, site, inputs, settings } = work;
    let auth = Auth::from_environment(&|name| std::env::var(name).ok());
    let auth = auth.map_err(|e| (Exit::Usage, e.to_string()))?;
    let storage = |path: PathBuf| move |e| (Exit::Storage, format!("{}: {e}", path.display()));
    std::fs::create_dir_all(&site.directory).map_err(storage(site.directory.clone()))?;
    let folder = site.directory.join("outbox");
    let (mut outbox, notices) = Outbox::open(&folder).map_err(storage(folder.clone()))?;
    for notice in notices {
        complain(notice);
    }
    let taken = site.directory.join("taken");
    let (ledger, orphans) = Ledger::open(&taken).map_err(storage(taken.clone()))?;
    for orphaned in orphans {
        let known: BTreeSet<_> = outbox.pending().map(|update| (update.job, update.attempt)).collect();
        let jobs = orphaned.jobs.iter().filter(|id| !known.contains(&(id.job, id.attempt)));
        let failed = |id: &JobId| Update {
            pilot_error: Some((ENDED_SUDDENLY, "its pilot ended suddenly".to_owned())),
            ..Update::new(id.job, id.attempt, State::Failed)
        };
        outbox.put(&jobs.map(failed).collect::<Vec<_>>()).map_err(storage(folder.clone()))?;
        orphaned.settled().map_err(storage(taken.clone()))?;
    }
    let left = outbox.len();
    let client = Client::connect(Server { url: server, generation, auth, connect: CONNECT, request });
    let client = Arc::new(client.map_err(|e| (exit_for(&e), e.to_string()))?);
    let host = slurm::host_name();
    let ask = Ask {
        queue: queue.clone(),
        label,
        jobs: 1,
        node: host.clone(),
        memory: None,
        disk: None,
        remaining_s: None,
        wait_s: 0,
    };
    let places = Places { directory: site.directory.clone(), inputs };
    let tally = Rc::new(RefCell::new(Tally::new()));
    let counts = Rc::clone(&tally);
    let driver = Driver::new(Drive {
        pilot: Pilot::new(settings, now_s()),
        fetcher: Fetcher::start(Arc::clone(&client), ask, places),
        courier: Courier::start(Arc::clone(&client), outbox, ledger, site.directory.clone()),
        site,
        queue,
        name: format!("{host}-{}|slurm|PR|{}", std::process::id(), env!("CARGO_PKG_VERSION")),
        batch: allocation.and_then(|a| a.job.parse().ok()),
        notice,
        on_end: Box::new(move |end, since_s| counts.borrow_mut().add(end, since_s)),
    });
    Ok(Started { driver, tally, client, left })
}

/// The exit code that a server's trouble deserves.
pub fn exit_for(error: &PandaError) -> Exit {
    match error {
        PandaError::Unreachable { .. } | PandaError::Temporary { .. } => Exit::Unreachable,
        PandaError::Credentials(_) => Exit::Usage,
        PandaError::Refused { .. } | PandaError::Invalid { .. } => Exit::Failed,
    }
}

/// What has become of the jobs.
#[derive(Debug)]
pub struct Tally {
    began: Instant,
    ok: u64,
    failed: u64,
    interrupted: u64,
    run_s: f64,
    since_taken_s: Vec<f64>,
}

impl Tally {
    fn new() -> Self {
        let (ok, failed, interrupted, run_s, since_taken_s) = (0, 0, 0, 0.0, vec![]);
        Self { began: Instant::now(), ok, failed, interrupted, run_s, since_taken_s }
    }

    fn add(&mut self, end: &crate::job::End, since_s: f64) {
        match end.outcome.status() {
            "ok" => self.ok += 1,
            "interrupted" => self.interrupted += 1,
            _ => self.failed += 1,
        }
        self.run_s += (end.finished - end.started).max(0.0);
        self.since_taken_s.push(since_s);
    }

    /// Everything in a line; `requests` were sent to the server.
    pub fn shown(&mut self, requests: u64) -> String {
        let Self { began, ok, failed, interrupted, run_s, since_taken_s } = self;
        let took = began.elapsed();
        let count = since_taken_s.len();
        if count == 0 {
            return format!("no jobs in {:.1} s", took.as_secs_f64());
        }
        since_taken_s.sort_by(f64::total_cmp);
        let n = count as f64;
        format!(
            "{count} jobs in {:.1} s ({ok} ok, {failed} failed, {interrupted} interrupted): {:.0} per second; \
             {:.1} ms each on its rank, {:.0} ms from taken to ended (median); {requests} requests, {:.4} per job",
            took.as_secs_f64(),
            n / took.as_secs_f64(),
            1e3 * *run_s / n,
            1e3 * since_taken_s[count / 2],
            requests as f64 / n
        )
    }
}
