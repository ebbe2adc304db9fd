//! `[strategy.stop]`: when a study ends before its last trial.

use super::section::Section;
use super::units::duration;
use crate::problem::Objective;
use serde::{Deserialize, Serialize};

/// The rules that a study may end by; a rule that is `None` never ends it. In the words of
/// `coordinator`'s stopping: a rule is looked at whenever a trial ends, and once it holds nothing new
/// is started, what runs is waited for and counts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stop {
    /// The hypervolume grows no more.
    pub stalled: Option<Stalled>,
    /// Hypervolume, in the product of the objectives' units, that is enough.
    pub hypervolume: Option<f64>,
    /// Too many trials fail.
    pub failures: Option<Failures>,
    /// Seconds of work that the study may take, over all its sessions.
    pub clock_s: Option<f64>,
}

/// The last `trials` ended trials made the hypervolume larger by less than the share `gain` of what
/// it is. Trials that ended among the first `initial` do not count, nor does a front that is empty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Stalled {
    /// Ended trials to look back on.
    pub trials: u64,
    /// Share of the hypervolume that they must have added.
    pub gain: f64,
}

/// Of the last `of` ended trials more than the share `share` failed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Failures {
    /// From 0 (none may fail) to less than 1.
    pub share: f64,
    /// Ended trials to look back on.
    pub of: u64,
}

/// Which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// See [`Stop::hypervolume`].
    Hypervolume,
    /// See [`Stop::stalled`].
    Stalled,
    /// See [`Stop::clock_s`].
    Clock,
    /// See [`Stop::failures`].
    Failures,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 4] = [Rule::Hypervolume, Rule::Stalled, Rule::Clock, Rule::Failures];

    /// Its key in the study file.
    pub fn name(self) -> &'static str {
        match self {
            Rule::Hypervolume => "hypervolume",
            Rule::Stalled => "stalled",
            Rule::Clock => "clock",
            Rule::Failures => "failures",
        }
    }
}

impl Stop {
    /// What a rule is set to, as the study file would say it; `None` if it is not set.
    pub fn setting(&self, rule: Rule) -> Option<String> {
        match rule {
            Rule::Hypervolume => self.hypervolume.map(|h| format!("hypervolume = {h}")),
            Rule::Stalled => {
                self.stalled.map(|s| format!("stalled = {{ trials = {}, gain = {} }}", s.trials, s.gain))
            }
            Rule::Clock => self.clock_s.map(|s| format!("clock = {:?}", duration(s))),
            Rule::Failures => {
                self.failures.map(|f| format!("failures = {{ share = {}, of = {} }}", f.share, f.of))
            }
        }
    }
}

/// Reads the table `stop` of `strategy`; `objectives` are `None` where they are wrong themselves.
pub(super) fn read(strategy: &Section<'_>, objectives: Option<&[Objective]>) -> Option<Stop> {
    if !strategy.has("stop") {
        return Some(Stop::default());
    }
    let section = strategy.inner("stop")?;
    section.only(&Rule::ALL.map(Rule::name));
    let open = objectives.unwrap_or_default().iter().find(|o| o.threshold.is_none());
    for key in ["hypervolume", "stalled"].into_iter().filter(|key| section.has(key)) {
        if let Some(open) = open {
            let name = &open.name;
            section.problem(
                key,
                format!(
                    "needs a threshold for every objective, from which the hypervolume is measured; \
                     {name} has none"
                ),
            );
        }
    }
    let clock_s = optional(&section, "clock", |s| s.positive_seconds("clock"));
    let hypervolume = optional(&section, "hypervolume", |s| s.positive("hypervolume"));
    let stalled = optional(&section, "stalled", |s| stalled(&s.inner("stalled")?));
    let failures = optional(&section, "failures", |s| failures(&s.inner("failures")?));
    Some(Stop { stalled: stalled?, hypervolume: hypervolume?, failures: failures?, clock_s: clock_s? })
}

/// `None` if it is there and wrong.
fn optional<T>(
    section: &Section<'_>,
    key: &str,
    read: impl FnOnce(&Section<'_>) -> Option<T>,
) -> Option<Option<T>> {
    if section.has(key) { read(section).map(Some) } else { Some(None) }
}

fn stalled(section: &Section<'_>) -> Option<Stalled> {
    section.only(&["trials", "gain"]);
    let trials = section.need("trials", section.count("trials", 1), "40");
    let gain = section.need("gain", section.positive("gain"), "0.001");
    Some(Stalled { trials: trials?, gain: gain? })
}

fn failures(section: &Section<'_>) -> Option<Failures> {
    section.only(&["share", "of"]);
    let of = section.need("of", section.count("of", 1), "20");
    let share = section.need("share", section.number("share"), "0.5")?;
    if !(0.0..1.0).contains(&share) {
        section.problem(
            "share",
            format!("must be at least 0 and less than 1 (more than this share fails), not {share}"),
        );
        return None;
    }
    Some(Failures { share, of: of? })
}
