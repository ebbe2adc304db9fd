//! Ranks that others are to have.

use super::events::{Command, Said};
use super::state::{Pilot, Post};
use crate::comm::Rank;

impl Pilot {
    /// Gives ranks back that others are to have: idle ones at once, then, after a while, those whose jobs began
    /// last.
    pub(super) fn give_ranks_back(&mut self, now: f64, out: &mut Vec<Command>) {
        while self.owed > 0
            && let Some(rank) = self.hosts.last_idle_below(Rank::MAX)
            && let Some(post) = self.posts.remove(&rank)
        {
            self.owed -= 1;
            self.hosts.remove(post.id, rank);
            out.push(Command::GiveBack { rank });
        }
        if now - self.owed_since < self.settings.wait_s {
            return;
        }
        let running = |post: &Post, said: Said| post.running.as_ref().is_some_and(|r| r.said == said);
        let leaving = self.posts.values().filter(|post| running(post, Said::Preempted)).count();
        for _ in leaving..self.owed {
            let rest = self.posts.iter_mut().filter(|(_, post)| running(post, Said::Itself));
            let rest = rest.filter_map(|(rank, post)| Some((*rank, post.running.as_mut()?)));
            let Some((rank, last)) = rest.max_by(|a, b| a.1.began.total_cmp(&b.1.began)) else { return };
            last.said = Said::Preempted;
            let reason = "the study wants its rank back".to_owned();
            out.push(Command::Halt { rank, id: last.order.id, reason });
        }
    }
}
