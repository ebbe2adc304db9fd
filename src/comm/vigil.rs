//! Which ranks still speak: every rank says something now and then, and one that does not counts as lost.

use super::Rank;
use std::ops::RangeInclusive;

/// Longest time between two looks that counts, in seconds: a listener that was held up heard nobody, and that
/// is not their silence. A wall clock that was set counts no more than that either.
const HELD_UP_S: f64 = 1.0;
/// Looks at all ranks in the time that makes one silent.
const LOOKS: f64 = 20.0;

/// What one rank knows of the silence of others. Knows no clock: who uses it says what time it is.
#[derive(Debug)]
pub struct Vigil {
    /// Seconds of silence after which a rank counts as lost.
    limit_s: f64,
    /// Seconds that somebody listened.
    listened_s: f64,
    /// When it last was so, on the caller's clock.
    at: f64,
    /// When all ranks are looked at again, in seconds listened.
    next: f64,
    /// The first of the ranks.
    first: Rank,
    signs: Vec<Sign>,
}

/// A rank's last sign of life.
#[derive(Debug, Clone, Copy)]
struct Sign {
    /// In seconds listened.
    heard: f64,
    silent: bool,
}

impl Vigil {
    /// All of `ranks` were there at the time `now`, in seconds.
    pub fn new(limit_s: f64, ranks: RangeInclusive<Rank>, now: f64) -> Self {
        let first = *ranks.start();
        let signs = ranks.map(|_| Sign { heard: 0.0, silent: false }).collect();
        Self { limit_s, listened_s: 0.0, at: now, next: limit_s / LOOKS, first, signs }
    }

    /// A rank has said something. Whether it had counted as lost: it is back.
    pub fn heard(&mut self, rank: Rank) -> bool {
        let place = rank.checked_sub(self.first);
        let Some(sign) = place.and_then(|place| self.signs.get_mut(place)) else { return false };
        sign.heard = self.listened_s;
        std::mem::replace(&mut sign.silent, false)
    }

    /// Everything that was there at the time `now` has been taken: ranks that count as lost from here on.
    pub fn listened(&mut self, now: f64) -> Vec<Rank> {
        self.listened_s += (now - self.at).clamp(0.0, HELD_UP_S);
        self.at = now;
        if self.listened_s < self.next {
            return vec![];
        }
        self.next = self.listened_s + self.limit_s / LOOKS;
        let (listened_s, limit_s) = (self.listened_s, self.limit_s);
        let mut lost = Vec::new();
        for (place, sign) in self.signs.iter_mut().enumerate() {
            if !sign.silent && listened_s - sign.heard > limit_s {
                sign.silent = true;
                lost.push(self.first + place);
            }
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Listens every tenth of a second from `from` on; ranks of `speaking` are heard every time.
    fn listen(vigil: &mut Vigil, from: f64, seconds: f64, speaking: &[Rank]) -> Vec<(f64, Rank)> {
        let mut lost = Vec::new();
        for k in 1..=(10.0 * seconds).round() as usize {
            let now = from + k as f64 / 10.0;
            for rank in speaking {
                assert!(!vigil.heard(*rank));
            }
            lost.extend(vigil.listened(now).into_iter().map(|rank| (now - from, rank)));
        }
        lost
    }

    #[test]
    fn a_silent_rank_is_noticed_once_and_within_a_twentieth_of_the_limit() {
        let mut vigil = Vigil::new(10.0, 1..=3, 1e9);
        let lost = listen(&mut vigil, 1e9, 30.0, &[1, 3]);
        assert!(matches!(lost[..], [(at, 2)] if at > 10.0 && at < 10.8), "{lost:?}");
        assert!(vigil.heard(2), "it is back");
        assert!(!vigil.heard(2), "and is not back again");
        let lost = listen(&mut vigil, 1e9 + 30.0, 20.0, &[1, 3]);
        assert!(matches!(lost[..], [(at, 2)] if at > 10.0 && at < 10.8), "{lost:?}");
    }

    #[test]
    fn time_in_which_nobody_listened_and_a_clock_that_was_set_are_no_silence() {
        let mut vigil = Vigil::new(10.0, 0..=0, 0.0);
        assert_eq!(listen(&mut vigil, 0.0, 5.0, &[]), []);
        // An hour's suspension, then the clock is set back by two.
        assert!(vigil.listened(3605.0).is_empty() && vigil.listened(-3600.0).is_empty());
        let lost = listen(&mut vigil, -3600.0, 10.0, &[]);
        assert!(matches!(lost[..], [(at, 0)] if (4.0..4.8).contains(&at)), "{lost:?}");
    }

    #[test]
    fn ranks_that_are_not_there_are_never_lost() {
        let mut vigil = Vigil::new(1.0, 2..=3, 0.0);
        let lost = listen(&mut vigil, 0.0, 5.0, &[]);
        assert_eq!(lost.into_iter().map(|(_, rank)| rank).collect::<Vec<_>>(), [2, 3]);
        assert!(!vigil.heard(0) && !vigil.heard(4));
    }
}
