//! The two threads that talk to the queue: one tells, one listens. Neither holds up the coordinator.

use super::slots::{Job, Key};
use crate::panda::{Client, PandaError, Retry};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Longest time that a request for results waits, in seconds.
const LISTEN_S: u64 = 15;
/// A job is tried once: what comes after a failure is the coordinator's to say.
const ATTEMPTS: u32 = 1;

/// A queue, as far as this module needs one.
pub trait Office: Send + Sync {
    /// What a method of the module `queue` knows.
    ///
    /// # Errors
    /// See [`PandaError`].
    fn knows(&self, method: &str, query: &[(&str, String)]) -> Result<Value, PandaError>;

    /// Has a method of the module `queue` do something.
    ///
    /// # Errors
    /// See [`PandaError`].
    fn does(&self, method: &str, arguments: &Value) -> Result<Value, PandaError>;
}

impl Office for Client {
    fn knows(&self, method: &str, query: &[(&str, String)]) -> Result<Value, PandaError> {
        self.queue_knows(method, query)
    }

    fn does(&self, method: &str, arguments: &Value) -> Result<Value, PandaError> {
        self.queue_does(method, arguments)
    }
}

/// What is to be told.
#[derive(Debug)]
pub(super) enum Word {
    Submit { key: Key, program: String, line: String },
    Withdraw(Vec<Key>),
    Kill(Key),
}

/// What was heard.
#[derive(Debug)]
pub(super) enum Heard {
    Withdrawn(Vec<Key>),
    Ended(Job),
    Notice(String),
}

/// The threads' other end.
pub(super) struct Line {
    words: Sender<Word>,
    heard: Receiver<Heard>,
    is_closed: Arc<AtomicBool>,
    teller: JoinHandle<()>,
}

impl Line {
    /// Starts the threads. The jobs of a session are one task of the queue, whose number is in the file `record`
    /// before the first of them is submitted.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn start(office: Arc<dyn Office>, queue: String, record: &Path) -> io::Result<Self> {
        let before = read(record)?;
        let (words, into) = channel();
        let (out, heard) = channel();
        let is_closed = Arc::new(AtomicBool::new(false));
        // Numbers that a queue gives by itself are small.
        let task = (1 << 40) + i64::from(rand::random::<u32>());
        write(record, &before.iter().copied().chain([task]).collect::<Vec<_>>())?;
        let teller = Teller {
            office: Arc::clone(&office),
            queue,
            task,
            before,
            record: record.to_owned(),
            ids: BTreeMap::new(),
            pending: VecDeque::new(),
            retry: Retry::default(),
            out: out.clone(),
        };
        let teller = std::thread::spawn(move || teller.run(&into));
        let closed = Arc::clone(&is_closed);
        std::thread::spawn(move || listen(&*office, task, &closed, &out));
        Ok(Self { words, heard, is_closed, teller })
    }

    pub fn say(&self, word: Word) {
        // A thread that has gone has said why.
        let _ = self.words.send(word);
    }

    pub fn try_next(&self) -> Option<Heard> {
        self.heard.try_recv().ok()
    }

    /// Takes out what is left, if the queue can be reached now; the next session does it otherwise.
    pub fn close(self) {
        let Self { words, is_closed, teller, .. } = self;
        is_closed.store(true, Ordering::Relaxed);
        drop(words);
        // One that panicked leaves its record.
        let _ = teller.join();
    }
}

struct Teller {
    office: Arc<dyn Office>,
    queue: String,
    task: i64,
    /// Tasks of earlier sessions that may have jobs in the queue.
    before: Vec<i64>,
    record: PathBuf,
    /// The queue's numbers of jobs.
    ids: BTreeMap<Key, i64>,
    pending: VecDeque<Word>,
    retry: Retry,
    out: Sender<Heard>,
}

impl Teller {
    fn run(mut self, words: &Receiver<Word>) {
        let mut pause = Duration::ZERO;
        loop {
            match words.recv_timeout(pause) {
                Ok(word) => self.hear(word),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            words.try_iter().for_each(|word| self.hear(word));
            pause = match self.tell() {
                Ok(()) => {
                    self.retry.succeeded();
                    Duration::from_secs(60)
                }
                Err(error) => {
                    let wait_s = self.retry.failed(rand::random());
                    self.say(Heard::Notice(format!("overflow: told again in {wait_s:.0} s: {error}")));
                    Duration::from_secs_f64(wait_s)
                }
            };
        }
        self.before.push(self.task);
        // What is left is on record.
        let _ = self.forget_earlier();
    }

    fn say(&self, heard: Heard) {
        // Nobody listens any more at the end.
        let _ = self.out.send(heard);
    }

    /// What was not yet told is taken back without a word to the queue.
    fn hear(&mut self, word: Word) {
        let Word::Withdraw(keys) = &word else { return self.pending.push_back(word) };
        let waits = |pending: &Word| matches!(pending, Word::Submit { key, .. } if keys.contains(key));
        // The first may have been told, and only its answer been lost.
        let untold = self.pending.iter().skip(1).filter(|pending| waits(pending));
        let back: Vec<Key> = untold
            .filter_map(|pending| match pending {
                Word::Submit { key, .. } => Some(*key),
                _ => None,
            })
            .collect();
        self.pending
            .retain(|pending| !matches!(pending, Word::Submit { key, .. } if back.contains(key)));
        if !back.is_empty() {
            self.say(Heard::Withdrawn(back));
        }
        self.pending.push_back(word);
    }

    fn tell(&mut self) -> Result<(), PandaError> {
        self.forget_earlier()?;
        while let Some(word) = self.pending.front() {
            match word {
                Word::Submit { key, program, line } => {
                    let (key, job) = (*key, self.job(*key, program, line));
                    let submission = format!("{}.{key}", self.task);
                    let order = json!({"queue": self.queue, "jobs": [job], "key": submission, "task_id": self.task});
                    let done = self.office.does("submit", &order)?;
                    if let Some(id) = done["job_ids"][0].as_i64() {
                        self.ids.insert(key, id);
                    }
                }
                Word::Withdraw(keys) => {
                    let of_key = |key: &Key| Some((*self.ids.get(key)?, *key));
                    let ids: BTreeMap<i64, Key> = keys.iter().filter_map(of_key).collect();
                    if !ids.is_empty() {
                        let done = self
                            .office
                            .does("withdraw", &json!({"job_ids": ids.keys().collect::<Vec<_>>()}))?;
                        let back =
                            done["job_ids"].as_array().into_iter().flatten().filter_map(Value::as_i64);
                        self.say(Heard::Withdrawn(
                            back.filter_map(|id| ids.get(&id).copied()).collect(),
                        ));
                    }
                }
                Word::Kill(key) => {
                    if let Some(id) = self.ids.get(key) {
                        self.office.does("kill", &json!({"job_ids": [id]}))?;
                    }
                }
            }
            self.pending.pop_front();
        }
        Ok(())
    }

    fn job(&self, key: Key, program: &str, line: &str) -> Value {
        json!({
            "transformation": program,
            "jobPars": line,
            "jobName": format!("{}.{key}", self.task),
            "max_attempt": ATTEMPTS,
        })
    }

    /// Ends what earlier sessions have left.
    fn forget_earlier(&mut self) -> Result<(), PandaError> {
        while let Some(task) = self.before.last() {
            self.office.does("kill", &json!({"task_id": task}))?;
            self.before.pop();
            // A record that is too long costs a request.
            let _ =
                write(&self.record, &self.before.iter().copied().chain([self.task]).collect::<Vec<_>>());
        }
        Ok(())
    }
}

/// Hears of the ends of jobs until the line is closed.
fn listen(office: &dyn Office, task: i64, is_closed: &AtomicBool, out: &Sender<Heard>) {
    let (mut after, mut retry) = (0, Retry::default());
    while !is_closed.load(Ordering::Relaxed) {
        let query = [
            ("task_id", task.to_string()),
            ("after", after.to_string()),
            ("wait", LISTEN_S.to_string()),
        ];
        match office.knows("results", &query) {
            Ok(results) => {
                retry.succeeded();
                for result in results.as_array().into_iter().flatten() {
                    after = after.max(result["seq"].as_i64().unwrap_or(0));
                    if let Some(job) = ended(result)
                        && out.send(Heard::Ended(job)).is_err()
                    {
                        return;
                    }
                }
            }
            // The other thread says so, too.
            Err(_) => std::thread::sleep(Duration::from_secs_f64(retry.failed(rand::random()))),
        }
    }
}

fn ended(result: &Value) -> Option<Job> {
    let name = result["name"].as_str()?;
    let key = name.split_once('.')?.1.parse().ok()?;
    let text = |key: &str| result[key].as_str().unwrap_or_default();
    let report = super::read_report(text("meta_data"));
    let why =
        format!("{} {}", text("state"), result["error"].as_str().unwrap_or_default()).trim().to_owned();
    Some(Job { key, id: result["job_id"].as_i64()?, report, why })
}

fn read(record: &Path) -> io::Result<Vec<i64>> {
    let wrong = |e| io::Error::new(io::ErrorKind::InvalidData, format!("it is no list of numbers: {e}"));
    match std::fs::read(record) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(wrong),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        Err(e) => Err(e),
    }
}

fn write(record: &Path, tasks: &[i64]) -> io::Result<()> {
    let beside = record.with_extension("part");
    std::fs::write(&beside, json!(tasks).to_string())?;
    std::fs::rename(beside, record)
}
