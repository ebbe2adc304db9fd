//! The thread that tells the server how jobs are.
//!
//! Last words lie on disk before they are sent, and until the server has them. What is due at about the same
//! time goes in one request: thousands of short jobs cost a few requests.

use super::ledger::Ledger;
use crate::job::JobId;
use crate::panda::{Answer, Client, Command as Wish, Outbox, Retry, State, Update, beat_s};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Words are gathered for so long before they are sent.
const GATHER: Duration = Duration::from_millis(500);
/// Signs of life that are due within this time go with those that are due now.
const SOON: Duration = Duration::from_secs(60);

/// Time between two renewals of the token.
const RENEWAL: Duration = Duration::from_secs(3600);
/// Time until what a job prints is shown to somebody who asks for it, in seconds: it may have just begun.
const FIRST_LOOK_S: f64 = 1.0;
/// Bytes of the end of a file that are read to be shown.
const SHOWN: u64 = 8192;

/// What the thread is told.
#[derive(Debug)]
enum Word {
    /// A job was taken or runs.
    Begun(Box<Update>),
    /// A job ended.
    Last(Box<Update>),
    /// The server does not want to hear of a job any more.
    Forget(JobId),
}

/// What the thread hears.
#[derive(Debug)]
pub enum Heard {
    /// The server wants something of a job.
    Wished(JobId, BTreeSet<Wish>),
    /// For the log.
    Notice(String),
    /// Last words cannot be kept on disk.
    Disk(String),
}

/// The thread's other end.
#[derive(Debug)]
pub struct Courier {
    words: Option<Sender<Word>>,
    heard: Receiver<Heard>,
    thread: Option<JoinHandle<usize>>,
}

impl Courier {
    /// Starts the thread; what waits in the outbox is sent first. Jobs work below the directory `site`.
    pub fn start(client: Arc<Client>, outbox: Outbox, ledger: Ledger, site: PathBuf) -> Self {
        let (words, into) = channel();
        let (out, heard) = channel();
        let thread =
            std::thread::spawn(move || Thread::new(client, outbox, ledger, site, out).run(&into));
        Self { words: Some(words), heard, thread: Some(thread) }
    }

    /// Tells that a job was taken, or runs: again and again until it ends.
    pub fn begun(&self, update: Update) {
        self.send(Word::Begun(Box::new(update)));
    }

    /// Tells how a job ended.
    pub fn last(&self, update: Update) {
        self.send(Word::Last(Box::new(update)));
    }

    /// Tells nothing more about a job.
    pub fn forget(&self, id: JobId) {
        self.send(Word::Forget(id));
    }

    fn send(&self, word: Word) {
        if let Some(words) = &self.words {
            // A thread that panicked is found out at the end, by what it did not deliver.
            let _ = words.send(word);
        }
    }

    /// The next thing that was heard, if there is one.
    pub fn try_next(&self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Sends what is left, as long as the server takes it: how many last words stay in the outbox.
    pub fn close(mut self) -> usize {
        self.words = None;
        self.thread.take().map_or(0, |thread| thread.join().unwrap_or(usize::MAX))
    }
}

/// A job that has not ended.
struct Alive {
    update: Update,
    due: Instant,
    is_watched: bool,
}

struct Thread {
    client: Arc<Client>,
    outbox: Outbox,
    ledger: Ledger,
    site: PathBuf,
    alive: BTreeMap<JobId, Alive>,
    out: Sender<Heard>,
    retry: Retry,
    /// Nothing is sent before.
    not_before: Instant,
    /// When a new token is fetched, if there is a key for that.
    renew_at: Instant,
}

impl Thread {
    fn new(
        client: Arc<Client>,
        outbox: Outbox,
        ledger: Ledger,
        site: PathBuf,
        out: Sender<Heard>,
    ) -> Self {
        let (alive, retry, now) = (BTreeMap::new(), Retry::default(), Instant::now());
        let (not_before, renew_at) = (now, now);
        Self { client, outbox, ledger, site, alive, out, retry, not_before, renew_at }
    }

    fn run(mut self, words: &Receiver<Word>) -> usize {
        loop {
            let first = match words.recv_timeout(self.pause()) {
                Ok(word) => Some(word),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let begin = Instant::now();
            let mut heard: Vec<Word> = first.into_iter().collect();
            while let Some(left) = GATHER.checked_sub(begin.elapsed()).filter(|_| !heard.is_empty())
                && let Ok(word) = words.recv_timeout(left)
            {
                heard.push(word);
            }
            self.take(heard);
            self.renew_token();
            if Instant::now() >= self.not_before {
                self.deliver();
            }
        }
        self.take(words.try_iter().collect());
        if !self.outbox.is_empty() {
            self.alive.clear();
            self.deliver();
        }
        self.ledger.close();
        self.outbox.len()
    }

    /// Fetches a new token at the start and every hour, long before the one there is expires.
    fn renew_token(&mut self) {
        if Instant::now() < self.renew_at {
            return;
        }
        self.renew_at = Instant::now() + RENEWAL;
        if let Err(error) = self.client.renew_token() {
            self.say(Heard::Notice(format!("the token stays as it is: {error}")));
        }
    }

    fn pause(&self) -> Duration {
        let now = Instant::now();
        let due = self.alive.values().map(|alive| alive.due).min();
        let due = if self.outbox.is_empty() { due } else { Some(now) };
        let longest = Duration::from_secs(60).min(self.renew_at.saturating_duration_since(now));
        due.map_or(longest, |due| due.max(self.not_before).saturating_duration_since(now).min(longest))
    }

    fn take(&mut self, words: Vec<Word>) {
        let (mut last, mut taken, mut settled) = (vec![], vec![], vec![]);
        for word in words {
            match word {
                Word::Begun(update) => {
                    let id = JobId { job: update.job, attempt: update.attempt };
                    taken.push(id);
                    let is_watched = self.alive.get(&id).is_some_and(|alive| alive.is_watched);
                    self.alive.insert(id, Alive { update: *update, due: Instant::now(), is_watched });
                }
                Word::Last(update) => {
                    let id = JobId { job: update.job, attempt: update.attempt };
                    self.alive.remove(&id);
                    settled.push(id);
                    last.push(*update);
                }
                Word::Forget(id) => {
                    self.alive.remove(&id);
                    settled.push(id);
                }
            }
        }
        // What was said of a job lies in the outbox before the ledger knows it no more.
        let put = if last.is_empty() { Ok(()) } else { self.outbox.put(&last) };
        if let Err(e) = put.and_then(|()| self.ledger.note(&taken, &settled)) {
            self.say(Heard::Disk(e.to_string()));
        }
    }

    /// Sends last words and what is due.
    fn deliver(&mut self) {
        let now = Instant::now();
        let mut updates: Vec<Update> = self.outbox.pending().cloned().collect();
        if self.alive.values().any(|alive| alive.due <= now) {
            let soon = self.alive.iter().filter(|(_, alive)| alive.due <= now + SOON);
            updates.extend(soon.map(|(id, alive)| {
                let shown = || end_of(&id.folder(&self.site).join("stdout"));
                let stdout = alive.is_watched.then(shown).flatten();
                Update { stdout, ..alive.update.clone() }
            }));
        }
        if updates.is_empty() {
            return;
        }
        match self.client.update(&updates) {
            Ok(answers) => {
                self.retry.succeeded();
                for (update, answer) in updates.iter().zip(answers) {
                    self.answered(update, answer);
                }
            }
            Err(error) => {
                let wait_s = self.retry.failed(rand::random());
                self.not_before = Instant::now() + Duration::from_secs_f64(wait_s);
                let count = updates.len();
                self.say(Heard::Notice(format!(
                    "{count} updates wait to be told again in {wait_s:.0} s: {error}"
                )));
                if !error.may_pass()
                    && let Err(error) = self.client.renew_token()
                {
                    self.say(Heard::Notice(error.to_string()));
                }
            }
        }
    }

    fn answered(&mut self, update: &Update, answer: Answer) {
        let id = JobId { job: update.job, attempt: update.attempt };
        if update.state.is_final() {
            match answer {
                Answer::Accepted(_) => {}
                Answer::Later(why) => return self.say(Heard::Notice(format!("job {id}: {why}"))),
                // Telling it again would be refused again.
                Answer::Rejected(why) => {
                    self.say(Heard::Notice(format!(
                        "the server does not take how job {id} ended: {why}"
                    )));
                }
            }
            if let Err(e) = self.outbox.settled(id.job, id.attempt) {
                self.say(Heard::Notice(format!("job {id} will be told once more: {e}")));
            }
            return;
        }
        let wishes = match answer {
            Answer::Accepted(wishes) => wishes,
            Answer::Later(why) | Answer::Rejected(why) => {
                self.say(Heard::Notice(format!("job {id}: {why}")));
                BTreeSet::new()
            }
        };
        if let Some(alive) = self.alive.get_mut(&id) {
            let was_watched = alive.is_watched;
            alive.is_watched |= wishes.contains(&Wish::Debug);
            alive.is_watched &= !wishes.contains(&Wish::DebugOff);
            // Who wants to see something wants to see it now.
            let wait_s = match alive.is_watched && !was_watched {
                true => FIRST_LOOK_S,
                false => beat_s(alive.is_watched, rand::random()),
            };
            alive.due = Instant::now() + Duration::from_secs_f64(wait_s);
        }
        if !wishes.is_empty() {
            self.say(Heard::Wished(id, wishes));
        }
    }

    fn say(&self, heard: Heard) {
        // Nobody listens any more at the end.
        let _ = self.out.send(heard);
    }
}

/// The end of a text file; `None` as long as there is none.
fn end_of(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(SHOWN))).ok()?;
    let mut bytes = vec![];
    file.take(SHOWN).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What is told of a job that was taken, or runs on `host`.
pub(super) fn begun(id: JobId, host: Option<String>, cores: u32) -> Update {
    let state = if host.is_some() { State::Running } else { State::Starting };
    Update { node: host, cores: Some(cores), ..Update::new(id.job, id.attempt, state) }
}
