//! The thread that writes, so that rank 0 never waits for a disk.

use super::record::{History, Record};
use super::{Store, StoreError};
use crate::clock::now_s;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the end of a run may spend on hypervolumes; the allocation's margin is not for them.
const LAST_HYPERVOLUMES: Duration = Duration::from_secs(5);

/// Between two snapshots lies at least so many times what the last one took: in long histories they would else
/// take ever more of the time, and the journal has everything already.
const SPARSE: u32 = 100;

/// Takes records and writes them: to the journal at once, in groups, and to a snapshot every now and
/// then. Dropped or finished, it writes everything and a last snapshot, and gives the lock back.
#[derive(Debug)]
pub struct Writer {
    dir: PathBuf,
    /// `None` once told to end.
    queue: Option<Sender<Vec<Record>>>,
    thread: Option<JoinHandle<Result<History, StoreError>>>,
    shared: Arc<Shared>,
}

/// What snapshots have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Snapshots {
    /// How many were written.
    pub count: u64,
    /// Seconds that they took in all, on a thread that nobody waits for.
    pub seconds: f64,
    /// When the last one was complete, in seconds since 1970, and how many seconds it took.
    pub last: Option<(f64, f64)>,
    /// When the next one is due, in seconds since 1970; it is left out where there is nothing new.
    pub due: Option<f64>,
}

#[derive(Debug)]
struct Shared {
    durable: AtomicU64,
    snapshots: Mutex<Snapshots>,
    failure: Mutex<Option<StoreError>>,
}

impl Shared {
    fn fail(&self, error: StoreError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Writes a snapshot, unless there is nothing new, and notes what it took.
    fn snapshot(&self, store: &mut Store) -> Result<(), StoreError> {
        let (begin, before) = (Instant::now(), store.in_snapshot);
        store.snapshot()?;
        if store.in_snapshot == before {
            return Ok(());
        }
        let took_s = begin.elapsed().as_secs_f64();
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.count += 1;
        snapshots.seconds += took_s;
        snapshots.last = Some((now_s(), took_s));
        Ok(())
    }

    /// Tells when the next snapshot is due.
    fn due_in(&self, pause: Duration) {
        let mut snapshots = self.snapshots.lock().unwrap_or_else(PoisonError::into_inner);
        snapshots.due = Some(now_s() + pause.as_secs_f64());
    }

    fn failure(&self) -> Option<StoreError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Writer {
    /// Starts writing to `store`, with a snapshot now if there is none, and then every `every`.
    pub fn spawn(store: Store, every: Duration) -> Self {
        let shared = Arc::new(Shared {
            durable: AtomicU64::new(store.history.records),
            snapshots: Mutex::default(),
            failure: Mutex::new(None),
        });
        let (queue, records) = mpsc::channel();
        let dir = store.dir.clone();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || {
            let result = write(store, &records, every, &theirs);
            if let Err(e) = &result {
                theirs.fail(e.clone());
            }
            result
        });
        let started = thread.map_err(StoreError::io("start a thread that writes", &dir));
        if let Err(e) = &started {
            shared.fail(e.clone());
        }
        Self { dir, queue: Some(queue), thread: started.ok(), shared }
    }

    /// Hands records over; returns at once. Records after a failure are not written.
    pub fn record(&self, records: Vec<Record>) {
        if let Some(queue) = &self.queue {
            // Nobody receives after a failure, which `failure` tells.
            let _ = queue.send(records);
        }
    }

    /// Number of records that are on the disk, from the first in the run directory.
    pub fn durable(&self) -> u64 {
        self.shared.durable.load(Ordering::Acquire)
    }

    /// What the snapshots of this session have cost so far.
    pub fn snapshots(&self) -> Snapshots {
        *self.shared.snapshots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns once `records` records, from the first in the run directory, are on the disk; they must
    /// have been handed over.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn wait_for(&self, records: u64) -> Result<(), StoreError> {
        while self.durable() < records {
            if let Some(error) = self.failure() {
                return Err(error);
            }
            // A sync takes a hundred times as long.
            std::thread::sleep(Duration::from_micros(50));
        }
        Ok(())
    }

    /// What went wrong first, if anything.
    pub fn failure(&self) -> Option<StoreError> {
        // In this order: a thread that ended has told its failure before.
        let ended = self.thread.as_ref().is_none_or(JoinHandle::is_finished);
        self.shared.failure().or_else(|| ended.then(|| self.died()))
    }

    fn died(&self) -> StoreError {
        StoreError::WriterDied { path: self.dir.clone() }
    }

    /// Tells the thread to write everything and a last snapshot; whether it has done so. For callers
    /// that have something to watch until [`Writer::finish`] does not block any more.
    pub fn ended(&mut self) -> bool {
        self.queue = None;
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Writes everything and a last snapshot, gives the lock back, and returns the history.
    ///
    /// # Errors
    /// The first failure, whenever it happened.
    pub fn finish(mut self) -> Result<History, StoreError> {
        self.end()
    }

    fn end(&mut self) -> Result<History, StoreError> {
        self.queue = None;
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(self.shared.failure().unwrap_or_else(|| self.died())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.thread.is_some() {
            // Who wants to know calls `finish`.
            let _ = self.end();
        }
    }
}

fn write(
    mut store: Store,
    queue: &Receiver<Vec<Record>>,
    every: Duration,
    shared: &Shared,
) -> Result<History, StoreError> {
    if store.in_snapshot.is_none() {
        shared.snapshot(&mut store)?;
    }
    let (mut last, mut took) = (Instant::now(), Duration::ZERO);
    shared.due_in(every);
    loop {
        // Hypervolumes are worked out one by one while there is nothing else to do.
        let pause = every.max(SPARSE * took);
        let idle = pause.saturating_sub(last.elapsed());
        let wait = if store.is_behind() { Duration::ZERO } else { idle };
        match queue.recv_timeout(wait) {
            Ok(first) => {
                let group = queue.try_iter().fold(first, |mut group, more| {
                    group.extend(more);
                    group
                });
                store.append(group)?;
                shared.durable.store(store.history.records, Ordering::Release);
            }
            Err(RecvTimeoutError::Timeout) => store.catch_up(),
            Err(RecvTimeoutError::Disconnected) => {
                store.finish_hypervolumes(LAST_HYPERVOLUMES);
                shared.snapshot(&mut store)?;
                return Ok(store.close());
            }
        }
        if last.elapsed() >= pause {
            let begin = Instant::now();
            shared.snapshot(&mut store)?;
            (last, took) = (Instant::now(), begin.elapsed());
            shared.due_in(every.max(SPARSE * took));
        }
    }
}
