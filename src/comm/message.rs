//! What ranks say to each other: one enum, one version, postcard bytes.

use crate::problem::{Design, Outcome, TrialId};
use serde::{Deserialize, Serialize};

/// Version of [`Message`]; the first two bytes of every encoded message, little endian.
pub const PROTOCOL: u16 = 1;

/// Every message there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// Evaluator to rank 0: here I am, give me work.
    Hello {
        /// Host name.
        host: String,
        /// Process id.
        pid: u32,
    },
    /// Rank 0 to evaluator: the resolved study as JSON; comes before the first task.
    Study(String),
    /// Rank 0 to evaluator: evaluate this.
    Evaluate(Task),
    /// Rank 0 to evaluator: stop this attempt, its report is not waited for.
    Cancel {
        /// Trial.
        trial: TrialId,
        /// Attempt, from 1.
        attempt: u32,
    },
    /// Evaluator to rank 0: this attempt ended.
    Done(Report),
    /// Rank 0 to evaluator: stop what runs, then leave with this exit code.
    Leave(u8),
}

/// One attempt at one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Trial.
    pub trial: TrialId,
    /// Attempt, from 1.
    pub attempt: u32,
    /// The design to evaluate.
    pub design: Design,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Trial.
    pub trial: TrialId,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Its outcome.
    pub outcome: Outcome,
    /// Start on the evaluator's clock, seconds since 1970.
    pub started: f64,
    /// End on the evaluator's clock, seconds since 1970.
    pub finished: f64,
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
        let task =
            Task { trial: 7, attempt: 2, design: vec![Value::Float(0.1), Value::Text("a".into())] };
        let objectives = vec![Measurement::new(1.5, Some(0.1)).unwrap()];
        let outcome = Outcome::Ok { objectives, metrics: vec![None] };
        let report = Report { trial: 7, attempt: 2, outcome, started: 1.0, finished: 2.0 };
        for message in [Message::Evaluate(task), Message::Done(report), Message::Leave(75)] {
            let mut bytes = message.encode();
            assert_eq!(Message::decode(&bytes).unwrap(), message);
            bytes[0] ^= 0x40;
            assert!(Message::decode(&bytes).unwrap_err().contains("version"));
        }
        assert!(Message::decode(&[1]).is_err());
    }
}
