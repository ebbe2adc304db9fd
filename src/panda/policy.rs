//! How long to wait. Numbers between 0 and 1 decide by how much waits differ, so that a thousand pilots
//! that lost one server do not come back at the same moment.

/// First and longest wait after a failure, in seconds.
const RETRY_S: (f64, f64) = (1.0, 120.0);
/// First and longest wait where there is no work, in seconds.
const IDLE_S: (f64, f64) = (1.0, 120.0);
/// Time between two signs of life of a job, in seconds; and where somebody looks at it.
const BEAT_S: (f64, f64) = (300.0, 60.0);
/// By which share a sign of life may come earlier: never later, since servers count.
const EARLIER: f64 = 0.2;

/// Waits after failures in a row: each twice as long as the one before, less up to a half.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retry {
    failures: u32,
}

impl Retry {
    /// A request failed: seconds until the next, for a `random` number from 0 to 1.
    pub fn failed(&mut self, random: f64) -> f64 {
        let wait = doubled(RETRY_S, self.failures);
        self.failures = self.failures.saturating_add(1);
        wait * (1.0 - random / 2.0)
    }

    /// A request succeeded.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

/// Waits while there is no work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Idle {
    empty: u32,
}

impl Idle {
    /// There was no work: seconds until it is asked for again, for a `random` number from 0 to 1.
    pub fn none(&mut self, random: f64) -> f64 {
        let wait = doubled(IDLE_S, self.empty);
        self.empty = self.empty.saturating_add(1);
        wait * (1.0 - random / 2.0)
    }

    /// There was some.
    pub fn some(&mut self) {
        self.empty = 0;
    }
}

/// Seconds until a job's next sign of life, for a `random` number from 0 to 1.
pub fn beat_s(is_watched: bool, random: f64) -> f64 {
    let (usual, watched) = BEAT_S;
    (if is_watched { watched } else { usual }) * (1.0 - EARLIER * random)
}

fn doubled((first, longest): (f64, f64), times: u32) -> f64 {
    (first * 2_f64.powi(times.min(30) as i32)).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_two_minutes_and_begin_anew_after_a_success() {
        let mut retry = Retry::default();
        let waits: Vec<f64> = (0..9).map(|_| retry.failed(0.0)).collect();
        assert_eq!(waits, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 120.0, 120.0]);
        assert_eq!(retry.failures(), 9);
        retry.succeeded();
        assert_eq!(retry.failed(1.0), 0.5);
        let mut idle = Idle::default();
        assert_eq!([idle.none(0.0), idle.none(0.0)], [1.0, 2.0]);
        idle.some();
        assert_eq!(idle.none(0.0), 1.0);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_it_may_be_or_nothing(failures in 0..200_u32, random in 0.0..=1.0) {
            let wait = Retry { failures }.failed(random);
            prop_assert!((0.5..=120.0).contains(&wait));
            let wait = Idle { empty: failures }.none(random);
            prop_assert!((0.5..=120.0).contains(&wait));
            prop_assert!((240.0..=300.0).contains(&beat_s(false, random)));
            prop_assert!((48.0..=60.0).contains(&beat_s(true, random)));
        }
    }
}
