//! Tasks of a study for which there is no rank, as jobs of a queue: pilots elsewhere do them.
//!
//! To the coordinator the queue looks like further ranks, each good for one task at a time ([`Overflow::ranks`]).
//! What they are given becomes a job that runs `paretorank task`, and the job's report is the task's. A task that
//! no pilot has begun comes back when its patience is over, or as soon as a rank here has nothing else to do.
//! What a session leaves in the queue is taken out at its end, or by the next one: no trial counts twice.

mod line;
mod slots;

pub use line::Office;
pub use slots::{Command, Event, Job, Key, Slots};

use crate::clock::now_s;
use crate::comm::{Message, Rank, Report, Task};
use crate::config::Overflow as Settings;
use crate::hosts::Place;
use line::{Heard, Line, Word};
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

/// The ranks that a queue stands for.
pub struct Overflow {
    slots: Slots,
    line: Line,
    ranks: RangeInclusive<Rank>,
    place: Place,
    /// The study, as it is sent.
    study: String,
    program: String,
    /// Reports for the coordinator.
    reports: Vec<(Rank, Message)>,
    ticked: f64,
}

/// Pause between two looks at what waits, in seconds.
const TICK_S: f64 = 0.25;

impl Overflow {
    /// Begins with ranks from `first` on, where a task takes `cores` cores at most; `study` is the resolved
    /// study as JSON, and `record` the file in the run directory that says which jobs are this study's.
    ///
    /// # Errors
    /// `record` cannot be read or written, or says something else.
    pub fn start(
        settings: &Settings,
        office: Arc<dyn Office>,
        first: Rank,
        cores: u32,
        study: String,
        program: String,
        record: &Path,
    ) -> io::Result<Self> {
        let tasks = settings.tasks as usize;
        let all = u32::try_from(tasks).unwrap_or(u32::MAX).saturating_mul(cores.max(1));
        let host = format!("queue {}", settings.queue);
        Ok(Self {
            slots: Slots::new(settings.patience_s),
            line: Line::start(office, settings.queue.clone(), record)?,
            ranks: first..=first + tasks - 1,
            place: Place { host, cpus: (0..all).collect(), cores: all, memory: None },
            study,
            program,
            reports: vec![],
            ticked: 0.0,
        })
    }

    /// Its ranks, and where they are.
    pub fn ranks(&self) -> (RangeInclusive<Rank>, &Place) {
        (self.ranks.clone(), &self.place)
    }

    /// Takes a message for one of its ranks.
    pub fn take(&mut self, rank: Rank, message: Message) {
        let now = now_s();
        let commands = match message {
            Message::Evaluate(task) => self.slots.on(now, Event::Given { rank, task: Box::new(task) }),
            Message::Cancel { trial, task, attempt } => {
                self.slots.on(now, Event::Cancelled { rank, key: Key { trial, task, attempt } })
            }
            _ => vec![],
        };
        self.carry_out(commands);
    }

    /// What its ranks report since it was asked last; `is_wanted`: a rank here has nothing else to do than what
    /// waits in the queue. Lines for people go to `notice`.
    pub fn turn(&mut self, is_wanted: bool, notice: &mut dyn FnMut(&str)) -> Vec<(Rank, Message)> {
        while let Some(heard) = self.line.try_next() {
            let commands = match heard {
                Heard::Notice(line) => {
                    notice(&line);
                    continue;
                }
                Heard::Withdrawn(keys) => self.slots.on(now_s(), Event::Withdrawn { keys }),
                Heard::Ended(job) => self.slots.on(now_s(), Event::Ended(job)),
            };
            self.carry_out(commands);
        }
        let now = now_s();
        if now - self.ticked >= TICK_S {
            self.ticked = now;
            let commands = self.slots.on(now, Event::Tick { is_wanted });
            self.carry_out(commands);
        }
        std::mem::take(&mut self.reports)
    }

    /// Takes out of the queue what is still there.
    pub fn close(self) {
        self.line.close();
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::Submit { key, task } => {
                    let order = order::write(&self.study, &task);
                    self.line.say(Word::Submit {
                        key,
                        line: format!("task --order {order}"),
                        program: self.program.clone(),
                    });
                }
                Command::Withdraw { keys } => self.line.say(Word::Withdraw(keys)),
                Command::Kill { key } => self.line.say(Word::Kill(key)),
                Command::Report { rank, report } => {
                    self.reports.push((rank, Message::Done(*report)));
                }
            }
        }
    }
}

/// What a job is told: the study and one of its tasks, in one word for a command line.
pub mod order {
    use super::Task;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use flate2::Compression;
    use flate2::read::GzDecoder;
    use flate2::write::GzEncoder;
    use std::io::{Read, Write};

    /// Longest text that is read, in bytes.
    const LONGEST: u64 = 64 << 20;

    /// The word for `task` of `study`, the resolved study as JSON.
    pub fn write(study: &str, task: &Task) -> String {
        let mut zipped = GzEncoder::new(vec![], Compression::best());
        let text = serde_json::to_vec(&(study, task)).unwrap_or_default();
        // A vector takes everything.
        let _ = zipped.write_all(&text);
        URL_SAFE_NO_PAD.encode(zipped.finish().unwrap_or_default())
    }

    /// The study and the task of a word.
    ///
    /// # Errors
    /// It is no such word, in words.
    pub fn read(word: &str) -> Result<(String, Task), String> {
        let zipped = URL_SAFE_NO_PAD.decode(word).map_err(|e| e.to_string())?;
        let mut text = vec![];
        GzDecoder::new(&*zipped).take(LONGEST).read_to_end(&mut text).map_err(|e| e.to_string())?;
        serde_json::from_slice(&text).map_err(|e| e.to_string())
    }
}

/// What a job's report says of its task.
pub fn read_report(text: &str) -> Option<Report> {
    serde_json::from_str(text).ok()
}
