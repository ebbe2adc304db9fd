//! Whether a payload may go on: how long it runs, whether it still says something, how much memory it
//! has, how much room is left. Decisions only; what is to be seen is told.

use std::time::{Duration, Instant, SystemTime};

/// Shortest and longest pause between two looks at a payload's processes and files.
const PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// A look should cost no more than this share of the time until the next one. It is timed by a clock, which
/// runs on while others have the processor: so the longest pause holds whatever a look seems to cost.
const SHARE: u32 = 100;

/// What a payload may.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) timeout: Option<Duration>,
    /// Time without growth of its output.
    pub(super) silence: Option<Duration>,
    /// Bytes of all its processes together.
    pub(super) memory: Option<u64>,
    /// Bytes that must stay free where it writes.
    pub(super) disk: Option<u64>,
}

/// A bound that was crossed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Breach {
    Silent,
    /// It has so many bytes.
    Memory(u64),
    /// So many bytes are left.
    Disk(u64),
}

/// A sign of life: lengths and times of change of what the payload writes. Any difference counts.
pub(super) type Signs = Vec<Option<(u64, SystemTime)>>;

/// What a look showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) signs: Signs,
    pub(super) memory: Option<u64>,
    pub(super) free: Option<u64>,
}

/// What is known of a payload while it runs.
#[derive(Debug)]
pub(super) struct Watch {
    bounds: Bounds,
    since: Instant,
    heard: Instant,
    signs: Signs,
    peak: Option<u64>,
    next: Instant,
}

impl Watch {
    pub(super) fn new(bounds: Bounds, now: Instant) -> Self {
        let (signs, peak) = (vec![], None);
        Self { bounds, since: now, heard: now, signs, peak, next: now + PAUSE.0 }
    }

    /// Most memory seen so far, in bytes.
    pub(super) fn peak(&self) -> Option<u64> {
        self.peak
    }

    /// Memory that the payload had at some time.
    pub(super) fn remember(&mut self, memory: Option<u64>) {
        self.peak = self.peak.max(memory);
    }

    /// Whether it runs longer than it may.
    pub(super) fn is_late(&self, now: Instant) -> bool {
        self.bounds.timeout.is_some_and(|most| now.duration_since(self.since) >= most)
    }

    /// Whether it is time for a look.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now >= self.next
    }

    /// Takes over what a look from `now` on that took `cost` showed, and says what it means.
    pub(super) fn take(&mut self, seen: Seen, now: Instant, cost: Duration) -> Option<Breach> {
        let age = now.duration_since(self.since);
        // Silence must not be overlooked for longer than it is allowed.
        let longest = self.bounds.silence.map_or(PAUSE.1, |most| (most / 4).clamp(PAUSE.0, PAUSE.1));
        self.next = now + (age / 20).max(cost * SHARE).clamp(PAUSE.0, longest);
        self.remember(seen.memory);
        if seen.signs != self.signs {
            self.signs = seen.signs;
            self.heard = now;
        }
        let silent = |most| now.duration_since(self.heard) >= most;
        let too_much = seen.memory.filter(|has| self.bounds.memory.is_some_and(|most| *has > most));
        let too_little = seen.free.filter(|free| self.bounds.disk.is_some_and(|least| *free < least));
        too_much.map(Breach::Memory).or(too_little.map(Breach::Disk)).or(self
            .bounds
            .silence
            .is_some_and(silent)
            .then_some(Breach::Silent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const S: Duration = Duration::from_secs(1);

    fn sign(length: u64) -> Seen {
        Seen { signs: vec![None, Some((length, SystemTime::UNIX_EPOCH))], ..Seen::default() }
    }

    #[test]
    fn silence_counts_from_the_last_change_of_anything() {
        let start = Instant::now();
        let bounds = Bounds { silence: Some(10 * S), ..Bounds::default() };
        let mut watch = Watch::new(bounds, start);
        assert_eq!(watch.take(sign(1), start + 9 * S, MS), None);
        assert_eq!(watch.take(sign(1), start + 18 * S, MS), None);
        assert_eq!(watch.take(sign(0), start + 18 * S, MS), None, "shrinking is a sign of life");
        assert_eq!(watch.take(sign(0), start + 27 * S, MS), None);
        let mut touched = sign(0);
        touched.signs[1] = Some((0, SystemTime::UNIX_EPOCH + S));
        assert_eq!(watch.take(touched, start + 27 * S, MS), None);
        touched = sign(0);
        touched.signs[1] = Some((0, SystemTime::UNIX_EPOCH + S));
        assert_eq!(watch.take(touched, start + 37 * S, MS), Some(Breach::Silent));
        let mut dumb = Watch::new(bounds, start);
        assert_eq!(dumb.take(Seen::default(), start + 10 * S, MS), Some(Breach::Silent));
        let mut free = Watch::new(Bounds::default(), start);
        assert_eq!(free.take(Seen::default(), start + 100_000 * S, MS), None);
    }

    #[test]
    fn memory_and_room_are_held_against_their_bounds() {
        let start = Instant::now();
        let bounds = Bounds { memory: Some(100), disk: Some(50), ..Bounds::default() };
        let mut watch = Watch::new(bounds, start);
        let seen = |memory, free| Seen { memory, free, ..Seen::default() };
        assert_eq!(watch.peak(), None);
        assert_eq!(watch.take(seen(Some(100), Some(50)), start, MS), None);
        assert_eq!(watch.take(seen(Some(7), None), start, MS), None);
        assert_eq!(watch.peak(), Some(100));
        assert_eq!(watch.take(seen(Some(7), Some(49)), start, MS), Some(Breach::Disk(49)));
        assert_eq!(watch.take(seen(Some(101), Some(49)), start, MS), Some(Breach::Memory(101)));
        watch.remember(Some(300));
        watch.remember(None);
        assert_eq!(watch.peak(), Some(300));
    }

    #[test]
    fn looks_become_rarer_and_never_cost_much() {
        let start = Instant::now();
        let mut watch = Watch::new(Bounds { timeout: Some(S), ..Bounds::default() }, start);
        assert!(!watch.is_due(start) && watch.is_due(start + 20 * MS));
        let mut pause = |now, cost| {
            watch.take(Seen::default(), now, cost);
            let mut after = now;
            while !watch.is_due(after) {
                after += MS;
            }
            after - now
        };
        assert_eq!(pause(start, MS / 10), 20 * MS);
        assert_eq!(pause(start + 10 * S, MS), 500 * MS);
        assert_eq!(pause(start + 10_000 * S, MS), S);
        assert_eq!(pause(start, 2 * MS), 200 * MS);
        assert_eq!(pause(start, 50 * MS), S, "a busy machine is no reason to look away");
        assert!(!watch.is_late(start + 999 * MS) && watch.is_late(start + S));
        let bounds = Bounds { silence: Some(S), ..Bounds::default() };
        let mut watch = Watch::new(bounds, start);
        watch.take(Seen::default(), start + 10_000 * S, MS);
        assert!(watch.is_due(start + 10_000 * S + 250 * MS));
    }
}
