//! When how many jobs are asked for.

use super::events::Command;
use super::state::{Mode, Pilot};

/// Jobs are taken for so many seconds of work beyond what is idle: a job that waits here is one that no other
/// pilot can have.
const AHEAD_S: f64 = 5.0;

impl Pilot {
    /// Asks for jobs before ranks have none: for what is idle, and for a few seconds of short ones.
    pub(super) fn fetch(&mut self, now: f64, out: &mut Vec<Command>) {
        let is_late = self.left_s(now).is_some_and(|left| left < self.settings.usual_s);
        let open = self.settings.most.map_or(u64::MAX, |most| most.saturating_sub(self.taken));
        if self.mode != Mode::Working
            || self.is_fetching
            || now < self.fetch_at
            || is_late
            || open == 0
            || self.posts.is_empty()
        {
            return;
        }
        let ranks = self.posts.len() as f64;
        // Before any has ended they are taken for long ones.
        let ahead = self.mean_s.map_or(0.0, |mean| ranks * AHEAD_S / mean.max(1e-3)).floor();
        let wanted = self.hosts.idle() as f64 + ahead;
        let waiting = self.waiting.len() as f64;
        if waiting < (wanted / 2.0).max(self.hosts.idle() as f64) {
            let jobs = (wanted - waiting).min(f64::from(self.settings.batch)).min(open as f64) as u32;
            self.is_fetching = true;
            let wait_s = self.may_wait_s(now);
            out.push(Command::Fetch { jobs: jobs.max(1), remaining_s: self.left_s(now), wait_s });
        }
    }

    /// Seconds that a request may wait for jobs: no longer than until it would be over without any.
    fn may_wait_s(&self, now: f64) -> u32 {
        let idle_s =
            if self.running() == 0 && self.waiting.is_empty() { now - self.idle_since } else { 0.0 };
        let patience_s = self.settings.patience_s.map(|most| most - idle_s);
        let left_s = self.left_s(now).map(|left| left - self.settings.usual_s);
        let least = |a: f64, b: Option<f64>| b.map_or(a, |b| a.min(b));
        least(least(self.settings.ask_wait_s, patience_s), left_s).max(0.0) as u32
    }
}
