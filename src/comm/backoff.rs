//! How long to pause between two looks at the line: hardly at all while messages fly, ever longer
//! while nothing comes.

use std::thread;
use std::time::{Duration, Instant};

/// A look costs a few microseconds: once per millisecond is below 5 % of a core.
const LONGEST: Duration = Duration::from_millis(1);
/// So long after the last message, the processor is offered to others but not given up.
const EAGER: Duration = Duration::from_micros(100);
/// Later each pause is this part of the silence so far: a reply after t is noticed within 1.25 t.
const PART: u32 = 4;

/// Time since something happened.
#[derive(Debug)]
pub(super) struct Backoff {
    last: Instant,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// Something happened.
    pub(super) fn active(&mut self) {
        self.last = Instant::now();
    }

    /// Pauses this thread; `unpark` ends the pause.
    pub(super) fn pause(&self, at_most: Duration) {
        match pause_after(self.last.elapsed()).min(at_most) {
            Duration::ZERO => thread::yield_now(),
            pause => thread::park_timeout(pause),
        }
    }
}

fn pause_after(silence: Duration) -> Duration {
    if silence < EAGER { Duration::ZERO } else { (silence / PART).min(LONGEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_millisecond() {
        let us = Duration::from_micros;
        assert_eq!(pause_after(us(0)), Duration::ZERO);
        assert_eq!(pause_after(us(99)), Duration::ZERO);
        assert_eq!(pause_after(us(400)), us(100));
        assert_eq!(pause_after(us(3_999)), us(3_999) / 4);
        assert_eq!(pause_after(Duration::from_secs(3600)), us(1000));
    }

    #[test]
    fn a_silent_second_costs_about_a_thousand_looks() {
        let (mut silence, mut looks) = (EAGER, 0);
        while silence < Duration::from_secs(1) {
            silence += pause_after(silence);
            looks += 1;
        }
        assert!((990..1030).contains(&looks), "{looks}");
    }
}
