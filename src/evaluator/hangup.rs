//! Whether a payload failed by itself or was ended with the whole job.
//!
//! Slurm sends TERM to all processes of a job at once when it cancels it, queues it again or loses a node
//! of it: to ranks and payloads alike. A payload that ends so says nothing about its design, and must not
//! count as failed, although it may be gone before rank 0 has told anybody to stop. Nor does it count as ok:
//! perhaps only a program that it had started is gone, and it went on with half of what that was to write.

use crate::problem::{FailureClass, TaskOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Time between the first and the last process of a node to get one signal from Slurm.
const SPREAD: Duration = Duration::from_millis(300);
/// What ends so long after the signal ends by itself: rank 0 would have ended the run.
const MEMORY: Duration = Duration::from_secs(10);

/// Hears whether the job was asked to end.
#[derive(Debug, Default)]
pub(super) struct Hangup {
    /// TERM or INT came to this process since the last look.
    came: Arc<AtomicBool>,
    last: Option<Instant>,
}

impl Hangup {
    pub(super) fn new(came: Arc<AtomicBool>) -> Self {
        Self { came, last: None }
    }

    /// Whether the job was asked to end so lately that nothing should be started any more. Other nodes may
    /// hear of it later, rank 0's among them.
    pub(super) fn is_near(&mut self, now: Instant) -> bool {
        if self.came.swap(false, Ordering::Relaxed) {
            self.last = Some(now);
        }
        self.last.is_some_and(|last| now.saturating_duration_since(last) < MEMORY)
    }

    /// What the outcome of what ended at `ended` comes to; back as an error if it is too early to tell.
    pub(super) fn judge(
        &mut self,
        outcome: TaskOutcome,
        ended: Instant,
        now: Instant,
    ) -> Result<TaskOutcome, TaskOutcome> {
        if self.is_near(now) {
            let reason = "with the whole job, by TERM or INT".to_owned();
            return Ok(TaskOutcome::Interrupted { reason });
        }
        match outcome {
            TaskOutcome::Failed { class: FailureClass::Signal, .. }
                if now.saturating_duration_since(ended) < SPREAD =>
            {
                Err(outcome)
            }
            _ => Ok(outcome),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(class: FailureClass) -> TaskOutcome {
        TaskOutcome::Failed { class, reason: "why".into() }
    }

    #[test]
    fn a_signal_that_only_the_payload_got_is_told_a_little_later() {
        let (mut hangup, ended) = (Hangup::default(), Instant::now());
        let end = failed(FailureClass::Signal);
        assert_eq!(hangup.judge(end.clone(), ended, ended), Err(end.clone()));
        assert_eq!(hangup.judge(end.clone(), ended, ended + SPREAD), Ok(end));
    }

    #[test]
    fn other_ends_are_told_at_once() {
        let (mut hangup, ended) = (Hangup::default(), Instant::now());
        for end in [failed(FailureClass::Exit), TaskOutcome::Ok(vec![])] {
            assert_eq!(hangup.judge(end.clone(), ended, ended), Ok(end));
        }
    }

    #[test]
    fn what_ends_with_the_job_is_interrupted_whoever_got_the_signal_first() {
        let came: Arc<AtomicBool> = Arc::default();
        let (mut hangup, ended) = (Hangup::new(Arc::clone(&came)), Instant::now());
        let interrupted = Ok("interrupted");
        let status = |judged: Result<TaskOutcome, TaskOutcome>| judged.map(|outcome| outcome.status());
        let end = failed(FailureClass::Signal);
        assert_eq!(hangup.judge(end.clone(), ended, ended), Err(end.clone()));
        came.store(true, Ordering::Relaxed);
        assert_eq!(status(hangup.judge(end, ended, ended + SPREAD / 2)), interrupted);
        let exit = failed(FailureClass::Exit);
        let later = ended + SPREAD;
        assert_eq!(status(hangup.judge(exit.clone(), later, later)), interrupted);
        let long = ended + 2 * MEMORY;
        assert_eq!(hangup.judge(exit.clone(), long, long), Ok(exit), "else it could fail for ever");
        assert!(hangup.is_near(later) && !hangup.is_near(long));
        assert_eq!(status(hangup.judge(TaskOutcome::Ok(vec![]), later, later)), interrupted);
    }
}
