//! What ranks say to each other: one enum, one version, postcard bytes.

use crate::problem::{Design, TaskOutcome, TrialId};
use serde::{Deserialize, Serialize};

/// Version of [`Message`]; the first two bytes of every encoded message, little endian.
pub const PROTOCOL: u16 = 3;

/// Every message there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// Evaluator to rank 0: here I am, give me work.
    Hello {
        /// Host name.
        host: String,
        /// Process id.
        pid: u32,
        /// Numbers of the processors that this rank may run on.
        cpus: Vec<u32>,
        /// How many of them it may use at a time: fewer where a quota says so.
        cores: u32,
        /// Bytes of memory that there are for all ranks of the host; `None` if that is not known.
        memory: Option<u64>,
    },
    /// Rank 0 to evaluator: the resolved study as JSON; comes before the first task.
    Study(String),
    /// Rank 0 to evaluator: do this.
    Evaluate(Task),
    /// Rank 0 to evaluator: stop this attempt. Its report says that it was interrupted, or how it
    /// ended if that was before.
    Cancel {
        /// Trial.
        trial: TrialId,
        /// Position of the task in the study's plan.
        task: u32,
        /// Attempt, from 1.
        attempt: u32,
    },
    /// Evaluator to rank 0: this attempt ended.
    Done(Report),
    /// Evaluator to rank 0, if it has nothing else to say, and rank 0's answer: I am still here.
    Alive,
    /// Rank 0 to evaluator: you counted as lost, and others have your work. Stop what runs, forget it, and
    /// say [`Message::Hello`] again.
    Rejoin,
    /// Rank 0 to evaluator: stop what runs, then leave with this exit code.
    Leave(u8),
}

/// One attempt at one task of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Trial.
    pub trial: TrialId,
    /// Position of the task in the study's plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The trial's design.
    pub design: Design,
    /// The attempts whose outputs it may read, in the order of their tasks.
    pub inputs: Vec<Input>,
}

/// An attempt of the same trial that ended ok: where a later task finds what it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Position of its task in the study's plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trial.
    pub trial: TrialId,
    /// Position of the task in the study's plan.
    pub task: u32,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Its outcome.
    pub outcome: TaskOutcome,
    /// Start on the evaluator's clock, seconds since 1970.
    pub started: f64,
    /// End on the evaluator's clock, seconds since 1970.
    pub finished: f64,
    /// Most memory that its processes had at a time, in bytes; `None` if it was not measured.
    pub peak_memory: Option<u64>,
    /// The attempt that did the same before, a path below the run directory; `None` if this one worked.
    pub reused: Option<String>,
}

impl Message {
    /// The bytes on the line.
    pub fn encode(&self) -> Vec<u8> {
        let version = PROTOCOL.to_le_bytes().to_vec();
        postcard::to_extend(self, version).expect("a message always encodes")
    }

    /// Reads bytes from the line.
    ///
    /// # Errors
    /// Another version, or bytes that are no message, in words.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let (version, rest) = bytes.split_first_chunk().ok_or("no version")?;
        match u16::from_le_bytes(*version) {
            PROTOCOL => postcard::from_bytes(rest).map_err(|e| e.to_string()),
            other => Err(format!("version {other}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Measurement, Value};

    #[test]
    fn messages_survive_the_line_and_other_versions_do_not() {
        let design = vec![Value::Float(0.1), Value::Text("a".into())];
        let inputs = vec![Input { task: 0, attempt: 3 }];
        let task = Task { trial: 7, task: 1, attempt: 2, design, inputs };
        let outcome = TaskOutcome::Ok(vec![("f".into(), Measurement::new(1.5, Some(0.1)).unwrap())]);
        let (started, finished) = (1.0, 2.0);
        let peak_memory = Some(1 << 40);
        let reused = Some("trials/000003/simulation/attempt-1".to_owned());
        let report =
            Report { trial: 7, task: 1, attempt: 2, outcome, started, finished, peak_memory, reused };
        let cancel = Message::Cancel { trial: 7, task: 1, attempt: 2 };
        let (evaluate, done) = (Message::Evaluate(task), Message::Done(report));
        for message in [evaluate, done, cancel, Message::Alive, Message::Rejoin, Message::Leave(75)] {
            let mut bytes = message.encode();
            assert_eq!(Message::decode(&bytes).unwrap(), message);
            bytes[0] ^= 0x40;
            assert!(Message::decode(&bytes).unwrap_err().contains("version"));
        }
        assert!(Message::decode(&[1]).is_err());
    }
}
