//! A run directory held for steering.

use super::{Receipt, SteerError, Steering};
use crate::clock::now_s;
use crate::config::Study;
use crate::problem::Outcome;
use crate::store::{History, Opened, Origin, Proposed, Record, Session, Store, Writer};
use serde_json::Value as Json;
use std::path::Path;
use std::time::Duration;

/// A run directory with its lock: every answer is on the disk before it is given.
pub struct Helm {
    steering: Steering,
    writer: Writer,
}

impl Helm {
    /// Opens the run directory of `study`, whose file reads `text`, and creates it if need be; also
    /// says what people should know.
    ///
    /// # Errors
    /// The directory is in use, another study's, or cannot be read or written; or no design satisfies
    /// the constraints.
    pub fn open(study: &Study, text: &str, origin: &Origin) -> Result<(Self, Vec<String>), SteerError> {
        let Opened { store, history, notices } = Store::open(&study.output, study, text, origin)?;
        let session = Session {
            at: now_s(),
            host: origin.host.clone(),
            job: origin.job.clone(),
            evaluators: 0,
            capacity: 0,
            completed_before: 0,
        };
        let steering = Steering::resume(study.clone(), history, session)?;
        let writer = Writer::spawn(store, Duration::from_secs_f64(study.checkpoint.every_s));
        Ok((Self { steering, writer }, notices))
    }

    /// The run directory.
    pub fn dir(&self) -> &Path {
        &self.steering.study().output
    }

    /// The study and what happened to it.
    pub fn steering(&self) -> &Steering {
        &self.steering
    }

    /// The next `count` candidates, or as many as are left.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn ask(&mut self, count: u64) -> Result<Vec<Proposed>, SteerError> {
        let (candidates, records) = self.steering.ask(count, &mut now_s)?;
        self.record(records)?;
        Ok(candidates)
    }

    /// Makes the next candidate while nobody asks: see [`Steering::prepare`].
    pub fn prepare(&mut self) -> bool {
        self.steering.prepare()
    }

    /// Takes results over: one entry, or a list of them.
    ///
    /// # Errors
    /// One of them is wrong, and none of them counts; or they cannot be written.
    pub fn tell(&mut self, told: &Json) -> Result<Vec<Receipt>, SteerError> {
        let entries = match told {
            Json::Array(entries) => &entries[..],
            one => std::slice::from_ref(one),
        };
        let (receipts, records) = self.steering.tell(entries, now_s())?;
        self.record(records)?;
        Ok(receipts)
    }

    fn record(&mut self, records: Vec<Record>) -> Result<(), SteerError> {
        if !records.is_empty() {
            self.writer.record(records);
        }
        Ok(self.writer.wait_for(self.steering.history().records)?)
    }

    /// Writes `history.h5` and gives the lock back.
    ///
    /// # Errors
    /// It cannot be written; what was answered is safe.
    pub fn close(self) -> Result<History, SteerError> {
        Ok(self.writer.finish()?)
    }
}

impl Receipt {
    /// The word for how the trial ended.
    pub fn status(&self) -> &'static str {
        Outcome::status(&self.outcome)
    }
}
