//! Progress in one line: whole in logs, and on a terminal what fits.

use super::estimate::{Left, rough};
use crate::problem::{Counts, TaskCounts};

/// Cells of the bar.
const BAR: usize = 10;

/// What a line tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Figures {
    /// Trials and ranks.
    pub(super) counts: Counts,
    /// Trials in all.
    pub(super) trials: u64,
    /// Ok trials that violate outcome constraints; `None` where there are none.
    pub(super) violating: Option<u64>,
    /// Of the front; `None` before there is one.
    pub(super) hypervolume: Option<f64>,
    /// What that is measured in.
    pub(super) unit: String,
    /// The largest that there is, where that is known.
    pub(super) maximum: Option<f64>,
    /// Seconds for a candidate, of late.
    pub(super) proposal_s: Option<f64>,
    /// Time left, once there is something to tell.
    pub(super) left: Option<Left>,
    /// Seconds until the next checkpoint.
    pub(super) checkpoint_s: Option<f64>,
}

/// Trials that were begun with and have not ended.
pub(super) fn in_flight(counts: &Counts) -> u64 {
    counts.tasks.map_or(counts.running, |tasks| tasks.begun)
}

impl Figures {
    /// Ranks that have nothing to do for want of a candidate.
    fn waiting(&self) -> u64 {
        let Counts { running, ready, ranks, tasks, .. } = self.counts;
        let is_wanted = tasks.is_none() && self.counts.ended() + running < self.trials;
        if is_wanted && ready == 0 { ranks.saturating_sub(running) } else { 0 }
    }

    fn share(&self) -> Option<f64> {
        Some(100.0 * self.hypervolume? / self.maximum?)
    }

    /// Everything, for logs.
    pub(super) fn plain(&self) -> String {
        let Counts { ok, infeasible, failed, running, ready, ranks, tasks } = self.counts;
        let mut text = format!("{}/{} trials: ok {ok}", self.counts.ended(), self.trials);
        if let Some(violating) = self.violating {
            text += &format!(" ({violating} violate outcome constraints)");
        }
        text += &format!(", infeasible {infeasible}, failed {failed}");
        // At the end there is nobody any more.
        if ranks > 0 {
            text += &format!(", {} in flight", in_flight(&self.counts));
        }
        if let Some(hypervolume) = self.hypervolume {
            text += format!(", hypervolume {hypervolume:.4} {}", self.unit).trim_end();
        }
        if let Some(share) = self.share() {
            text += &format!(" ({share:.1} % of max)");
        }
        if ranks > 0 {
            text += &format!(", busy {running}/{ranks} ranks");
            if let Some(TaskCounts { ready, .. }) = tasks {
                text += &format!(", {ready} tasks ready");
            }
            text += &format!(", {ready} candidates ready");
        }
        if self.waiting() > 0 {
            text += &format!(" ({} wait for one)", self.waiting());
        }
        if let Some(seconds) = self.proposal_s {
            text += &format!(", {} per candidate", fine(seconds));
        }
        if let Some(left) = &self.left {
            text += &format!(", {}", left.text());
        }
        if let Some(seconds) = self.checkpoint_s {
            text += &format!(", checkpoint in {}", rough(seconds));
        }
        text
    }

    /// What fits into so many columns of a terminal.
    pub(super) fn live(&self, columns: usize) -> String {
        fit(&self.pieces(), columns)
    }

    fn pieces(&self) -> Vec<Piece> {
        let Counts { ok, infeasible, failed, running, ranks, tasks, .. } = self.counts;
        let (ended, trials) = (self.counts.ended(), self.trials);
        let mut pieces = vec![
            piece(9, bar(ended, trials), Some(String::new())),
            piece(0, format!("{ended}/{trials} trials"), None),
            piece(
                1,
                format!("{ok} ok, {infeasible} infeasible, {failed} failed"),
                Some(format!("{failed} failed")),
            ),
        ];
        if ranks > 0 {
            pieces.push(piece(4, format!("{} in flight", in_flight(&self.counts)), None));
        }
        if let Some(hypervolume) = self.hypervolume {
            let value = format!("{hypervolume:.4} {}", self.unit).trim_end().to_owned();
            let share = self.share().map(|share| format!(" ({share:.1} % of max)")).unwrap_or_default();
            pieces.push(piece(3, format!("hypervolume {value}{share}"), Some(format!("HV {value}"))));
        }
        if ranks > 0 {
            let tasks = tasks.map(|t| format!(", {} tasks ready", t.ready)).unwrap_or_default();
            let waiting = match self.waiting() {
                0 => String::new(),
                n => format!(", {n} wait for a candidate"),
            };
            let short = format!("{running}/{ranks} busy");
            pieces.push(piece(5, format!("{running}/{ranks} ranks busy{tasks}{waiting}"), Some(short)));
        }
        if let Some(seconds) = self.proposal_s {
            let short = format!("{}/cand.", fine(seconds));
            pieces.push(piece(7, format!("{} per candidate", fine(seconds)), Some(short)));
        }
        if let Some(left) = &self.left {
            pieces.push(piece(2, left.text(), Some(left.short())));
        }
        if let Some(seconds) = self.checkpoint_s {
            let short = format!("ckpt {}", rough(seconds));
            pieces.push(piece(6, format!("checkpoint in {}", rough(seconds)), Some(short)));
        }
        pieces
    }
}

/// A part of the line: the smaller its number, the longer it stays as the line becomes narrower.
#[derive(Debug)]
struct Piece {
    rank: u8,
    long: String,
    short: Option<String>,
}

fn piece(rank: u8, long: String, short: Option<String>) -> Piece {
    Piece { rank, long, short }
}

/// Shortens the least important pieces first, then leaves them out, until the line fits.
fn fit(pieces: &[Piece], columns: usize) -> String {
    let mut shown: Vec<Option<&str>> = pieces.iter().map(|piece| Some(piece.long.as_str())).collect();
    let mut order: Vec<usize> = (0..pieces.len()).collect();
    order.sort_by_key(|k| std::cmp::Reverse(pieces[*k].rank));
    let line = |shown: &[Option<&str>]| {
        let told = shown.iter().copied().flatten().filter(|text| !text.is_empty());
        told.collect::<Vec<_>>().join("  ")
    };
    let fits = |shown: &[Option<&str>]| line(shown).chars().count() <= columns;
    for k in &order {
        if fits(&shown) {
            break;
        }
        shown[*k] = pieces[*k].short.as_deref().or(shown[*k]);
    }
    for k in &order {
        if fits(&shown) {
            break;
        }
        shown[*k] = None;
    }
    line(&shown)
}

fn bar(ended: u64, trials: u64) -> String {
    let full = (BAR as u64 * ended.min(trials)).checked_div(trials).unwrap_or(0) as usize;
    format!("{}{}", "█".repeat(full), "░".repeat(BAR - full))
}

/// A time of milliseconds to minutes.
fn fine(seconds: f64) -> String {
    match seconds {
        s if s < 0.0095 => format!("{:.1} ms", 1e3 * s),
        s if s < 0.9995 => format!("{:.0} ms", 1e3 * s),
        s if s < 9.95 => format!("{s:.1} s"),
        s => rough(s),
    }
}

#[cfg(test)]
mod tests {
    use super::super::estimate::Last;
    use super::*;

    fn figures() -> Figures {
        let counts =
            Counts { ok: 130, infeasible: 2, failed: 5, running: 8, ready: 2, ranks: 8, tasks: None };
        Figures {
            counts,
            trials: 200,
            violating: None,
            hypervolume: Some(0.701_23),
            unit: String::new(),
            maximum: Some(0.8074),
            proposal_s: Some(0.0123),
            left: Some(Left { seconds: 480.0, last: Last::Trial, sooner: false }),
            checkpoint_s: Some(42.0),
        }
    }

    #[test]
    fn logs_get_everything() {
        assert_eq!(
            figures().plain(),
            "137/200 trials: ok 130, infeasible 2, failed 5, 8 in flight, hypervolume 0.7012 (86.9 % of max), \
             busy 8/8 ranks, 2 candidates ready, 12 ms per candidate, about 8 min left, checkpoint in 42 s"
        );
        let mut hungry =
            Figures { violating: Some(3), unit: "kg·mm".into(), maximum: None, ..figures() };
        hungry.counts = Counts { running: 5, ready: 0, ..hungry.counts };
        assert_eq!(
            hungry.plain(),
            "137/200 trials: ok 130 (3 violate outcome constraints), infeasible 2, failed 5, 5 in flight, \
             hypervolume 0.7012 kg·mm, busy 5/8 ranks, 0 candidates ready (3 wait for one), 12 ms per candidate, \
             about 8 min left, checkpoint in 42 s"
        );
        let counts = Counts { ok: 1, ..Counts::default() };
        let over = Figures { counts, hypervolume: None, proposal_s: None, left: None, ..figures() };
        let over = Figures { checkpoint_s: None, trials: 1, ..over };
        assert_eq!(over.plain(), "1/1 trials: ok 1, infeasible 0, failed 0");
    }

    #[test]
    fn terminals_get_what_fits_and_the_most_important_of_it() {
        let at = |columns| figures().live(columns);
        assert_eq!(
            at(200),
            "██████░░░░  137/200 trials  130 ok, 2 infeasible, 5 failed  8 in flight  hypervolume 0.7012 (86.9 % \
             of max)  8/8 ranks busy  12 ms per candidate  about 8 min left  checkpoint in 42 s"
        );
        assert_eq!(
            at(120),
            "137/200 trials  130 ok, 2 infeasible, 5 failed  8 in flight  HV 0.7012  8/8 busy  12 ms/cand.  ~8 \
             min left  ckpt 42 s"
        );
        assert_eq!(at(80), "137/200 trials  5 failed  8 in flight  HV 0.7012  8/8 busy  ~8 min left");
        assert_eq!(at(30), "137/200 trials  5 failed");
        for columns in 0..200 {
            assert!(at(columns).chars().count() <= columns, "{columns}: {}", at(columns));
        }
    }

    #[test]
    fn pipelines_have_trials_in_flight_and_tasks() {
        let mut figures = figures();
        figures.counts.tasks = Some(TaskCounts { begun: 3, ready: 17 });
        assert!(figures.plain().contains(", 3 in flight,"), "{}", figures.plain());
        assert!(figures.plain().contains("busy 8/8 ranks, 17 tasks ready"), "{}", figures.plain());
    }
}
