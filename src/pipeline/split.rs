//! Events in chunks.

use crate::config::Events;

/// A part of the events of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Number of the chunk, from 0.
    pub index: u64,
    /// The first of its events, counted from 0 over all chunks.
    pub first: u64,
    /// How many there are, at least 1.
    pub count: u64,
}

/// Chunks that follow one another without a gap: all have `per_job` events, the last one what remains.
pub fn split(events: Events) -> impl Iterator<Item = Chunk> {
    let Events { total, per_job } = events;
    (0..events.chunks()).map(move |index| {
        let first = index * per_job;
        Chunk { index, first, count: per_job.min(total - first) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_chunk_has_what_remains() {
        let counts = |total, per_job| -> Vec<u64> {
            split(Events { total, per_job }).map(|chunk| chunk.count).collect()
        };
        assert_eq!(counts(5000, 1000), [1000; 5]);
        assert_eq!(counts(2500, 1000), [1000, 1000, 500]);
        assert_eq!(counts(7, 7), [7]);
        assert_eq!(counts(1, 1), [1]);
    }

    proptest! {
        #[test]
        fn no_event_is_lost_or_simulated_twice(total in 1u64..20_000, share in 0.0..1.0f64) {
            let per_job = 1 + ((total - 1) as f64 * share) as u64;
            let mut next = 0;
            for (index, chunk) in split(Events { total, per_job }).enumerate() {
                prop_assert_eq!((chunk.index, chunk.first), (index as u64, next));
                prop_assert!(chunk.count > 0 && chunk.count <= per_job);
                next += chunk.count;
            }
            prop_assert_eq!(next, total);
        }
    }
}
