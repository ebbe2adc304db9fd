//! What ranks say to each other: one enum, one version, postcard bytes.

use crate::job::{self, JobId, Order};
use crate::problem::{Design, TaskFacts, TaskOutcome, TrialId};
use serde::{Deserialize, Serialize};

/// Version of [`Message`]; the first two bytes of every encoded message, little endian.
pub const PROTOCOL: u16 = 6;

/// Every message there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// Evaluator to rank 0: here I am, tell me what the study is.
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
    /// Rank 0 to evaluator that has nothing to do: work for this study, resolved, as JSON.
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
    /// Evaluator to rank 0, after a study or a site: that can be done here, give me work.
    Fit,
    /// Evaluator to rank 0, in the same place: it cannot be done here, and why. The rank looks again every
    /// now and then, until it is [`Message::Fit`].
    Unfit(String),
    /// Rank 0 to evaluator that has nothing to do: work for a queue whose jobs run so, as JSON.
    Site(String),
    /// Rank 0 to evaluator: do this job.
    Run(Order),
    /// Rank 0 to evaluator: stop this job. Its end says that it was interrupted, or how it ended if that was
    /// before.
    Halt {
        /// The job.
        id: JobId,
        /// Why, for people.
        reason: String,
    },
    /// Evaluator to rank 0: this job ended.
    Ended(job::End),
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
    /// What more is known of it.
    pub facts: TaskFacts,
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_a_message_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
            let framed = [&PROTOCOL.to_le_bytes()[..], &bytes].concat();
            if let Ok(message) = Message::decode(&framed) {
                prop_assert_eq!(Message::decode(&message.encode()).map(|m| m.encode()), Ok(message.encode()));
            }
            let _ = Message::decode(&bytes);
        }

        #[test]
        fn a_message_with_a_byte_changed_or_cut_off_is_one_or_an_error(at in 0..200_usize, byte: u8, value: f64) {
            let outcome = TaskOutcome::Ok(vec![("f".into(), Measurement::new(1.5, Some(0.1)).unwrap())]);
            let facts = TaskFacts { peak_memory: Some(1 << 40), ..TaskFacts::default() };
            let report =
                Report { trial: 7, task: 1, attempt: 2, outcome, started: value, finished: 2.0, facts };
            let whole = Message::Done(report).encode();
            let at = at % whole.len();
            prop_assert!(Message::decode(&whole[..at]).is_err());
            let mut changed = whole;
            changed[at] = byte;
            if let Ok(Message::Done(Report { outcome: TaskOutcome::Ok(values), .. })) = Message::decode(&changed) {
                prop_assert!(values.iter().all(|(_, m)| m.value().is_finite() && m.sem().is_none_or(|s| s >= 0.0)));
            }
        }
    }

    /// Lengths that no message has are not believed: nothing is allocated for them.
    #[test]
    fn an_absurd_length_is_an_error_at_once() {
        let endless = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F];
        for kind in [0, 1, 2, 4] {
            let bytes = [&PROTOCOL.to_le_bytes()[..], &[kind], &endless, &endless, &endless].concat();
            assert!(Message::decode(&bytes).is_err(), "kind {kind}");
        }
    }

    #[test]
    fn what_is_not_finite_is_no_measurement_whoever_says_it() {
        for bits in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let mut bytes = postcard::to_stdvec(&Measurement::new(1.5, Some(0.1))).unwrap();
            bytes[1..9].copy_from_slice(&bits.to_le_bytes());
            assert!(postcard::from_bytes::<Option<Measurement>>(&bytes).is_err(), "{bits}");
        }
        assert!(serde_json::from_str::<Measurement>("{\"value\": 1, \"sem\": -0.5}").is_err());
        assert!(serde_json::from_str::<Measurement>("{\"value\": 1, \"sem\": 0.5}").is_ok());
    }

    #[test]
    fn messages_survive_the_line_and_other_versions_do_not() {
        let design = vec![Value::Float(0.1), Value::Text("a".into())];
        let inputs = vec![Input { task: 0, attempt: 3 }];
        let task = Task { trial: 7, task: 1, attempt: 2, design, inputs };
        let outcome = TaskOutcome::Ok(vec![("f".into(), Measurement::new(1.5, Some(0.1)).unwrap())]);
        let (started, finished) = (1.0, 2.0);
        let reused = Some("trials/000003/simulation/attempt-1".to_owned());
        let facts = TaskFacts { peak_memory: Some(1 << 40), container_s: Some(0.5), reused };
        let report = Report { trial: 7, task: 1, attempt: 2, outcome, started, finished, facts };
        let cancel = Message::Cancel { trial: 7, task: 1, attempt: 2 };
        let (evaluate, done) = (Message::Evaluate(task), Message::Done(report));
        let id = JobId { job: 1 << 40, attempt: 3 };
        let facts = job::Facts { exit: Some(-1), cpu_s: Some(0.5), ..job::Facts::default() };
        let outcome = TaskOutcome::Interrupted { reason: "halted".into() };
        let ended = Message::Ended(job::End { id, outcome, started, finished, facts });
        let halt = Message::Halt { id, reason: "tobekilled".into() };
        for message in [evaluate, done, cancel, halt, ended, Message::Alive, Message::Leave(75)] {
            let mut bytes = message.encode();
            assert_eq!(Message::decode(&bytes).unwrap(), message);
            bytes[0] ^= 0x40;
            assert!(Message::decode(&bytes).unwrap_err().contains("version"));
        }
        assert!(Message::decode(&[1]).is_err());
    }
}
