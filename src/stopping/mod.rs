//! When a study ends before its last trial: the rules of `[strategy.stop]`.
//!
//! What is decided is a function of the history alone, its recorded stops included, so that a run that
//! is continued decides as one that was never interrupted. A rule that held stays true as long as the
//! study file says it in the same words ([`Stopped::setting`]), even if the trials that were still
//! running would have changed the picture; another setting is judged anew. The failure rate is
//! different: it ends a run and not the study, so that the session after it begins a new count. Where it
//! is not set, a run still ends when nothing but failures has come of its first trials: that is a mistake
//! in the study, as a rule, and a thousand more would say no more.

use crate::config::{Failures, Rule, Stalled, Stop, Study};
use crate::pareto::Front;
use crate::problem::{Outcome, Problem, TrialId};
use crate::store::{History, Stopped};

/// How many failed trials a reason names.
const NAMED: usize = 3;

/// So many first trials that all failed end a run, or as many as were open at a time if those are more:
/// what fails is often faster than what does not.
const FIRST: u64 = 5;

/// [`Stopped::setting`] of that rule, which is not in the study file.
const NOT_SET: &str = "failures (not set)";

/// Looks at every trial that ends, and says which rule holds.
#[derive(Debug, Clone)]
pub struct Judge {
    stop: Stop,
    problem: Problem,
    initial: u64,
    /// `None` unless a rule asks for it.
    front: Option<Front>,
    /// Hypervolume after each ended trial; empty without a front.
    curve: Vec<f64>,
    ended: u64,
    /// Trials of the count of failures that ended, and whether they failed.
    counted: Vec<(TrialId, bool)>,
    /// Whether one of them did not fail.
    sound: bool,
    /// Whether a trial has ended in this session: only then may failures end it.
    news: bool,
    /// Seconds of work in earlier sessions, and the start of this one.
    worked_s: f64,
    since: Option<f64>,
}

impl Judge {
    /// The judge of a study before its first trial.
    pub fn new(study: &Study) -> Self {
        Self::with(study.strategy.stop.clone(), study.problem.clone(), study.strategy.initial)
    }

    /// The same from its parts; `initial` trials are no measure of a method that comes after them.
    pub fn with(stop: Stop, problem: Problem, initial: u64) -> Self {
        let wanted = stop.hypervolume.is_some() || stop.stalled.is_some();
        let thresholds: Option<Vec<f64>> = problem.minimized_thresholds().into_iter().collect();
        Self {
            front: thresholds.filter(|_| wanted).map(Front::new),
            stop,
            problem,
            initial,
            curve: Vec::new(),
            ended: 0,
            counted: Vec::new(),
            sound: false,
            news: false,
            worked_s: 0.0,
            since: None,
        }
    }

    /// The judge after `history`, whose last session is the current one.
    pub fn after(mut self, history: &History) -> Self {
        let first = first_counted(history);
        for (k, id) in history.completions.iter().enumerate() {
            let trial = history.trials.get(*id as usize);
            if let Some(completed) = trial.and_then(|t| t.completed.as_ref()) {
                self.note(*id, &completed.outcome);
            }
            if (k as u64) < first {
                self.counted.clear();
                self.sound = false;
            }
        }
        self.news = false;
        let (worked_s, since) = working_time(history);
        (self.worked_s, self.since) = (worked_s, since);
        self
    }

    /// Notes the end of a trial.
    pub fn note(&mut self, trial: TrialId, outcome: &Outcome) {
        self.ended += 1;
        self.news = true;
        if let Some(front) = &mut self.front {
            if let Some(point) = self.problem.accepted(outcome) {
                front.insert(&point);
            }
            self.curve.push(front.hypervolume());
        }
        let failed = matches!(outcome, Outcome::Failed { .. });
        self.sound |= !failed;
        if self.stop.failures.is_some() || !self.sound {
            self.counted.push((trial, failed));
        }
    }

    /// The rule that holds at the time `now`, if any; `widest` trials were open at a time.
    pub fn verdict(&self, now: f64, widest: u64) -> Option<Stopped> {
        let worked_s = self.worked_s + self.since.map_or(0.0, |since| (now - since).max(0.0));
        let found = |rule: Rule| match rule {
            Rule::Hypervolume => self.stop.hypervolume.and_then(|wanted| self.reached(wanted)),
            Rule::Stalled => self.stop.stalled.and_then(|rule| self.stalled(rule)),
            Rule::Clock => self.stop.clock_s.filter(|limit| worked_s >= *limit).map(|_| {
                format!("the study has been worked on for {worked_s:.0} s after {} trials", self.ended)
            }),
            Rule::Failures => {
                self.stop.failures.filter(|_| self.news).and_then(|rule| self.failing(rule))
            }
        };
        let stopped =
            |rule, setting, reason| Stopped { at: now, completed: self.ended, rule, setting, reason };
        let set = Rule::ALL.into_iter().find_map(|rule| {
            let (setting, reason) = (self.stop.setting(rule)?, found(rule)?);
            Some(stopped(rule, setting, reason))
        });
        set.or_else(|| {
            let reason = self.all_failed(widest)?;
            Some(stopped(Rule::Failures, NOT_SET.to_owned(), reason))
        })
    }

    fn all_failed(&self, widest: u64) -> Option<String> {
        let first = self.counted.len() as u64;
        let enough = first >= widest.max(FIRST);
        let holds = self.news && self.stop.failures.is_none() && !self.sound && enough;
        holds.then(|| format!("all of the first {first} trials failed"))
    }

    fn reached(&self, wanted: f64) -> Option<String> {
        let now = *self.curve.last()?;
        (now >= wanted).then(|| format!("the hypervolume is {now:.6} after {} trials", self.ended))
    }

    fn stalled(&self, rule: Stalled) -> Option<String> {
        let before = (self.curve.len() as u64).checked_sub(rule.trials)?;
        if before < self.initial.max(1) {
            return None;
        }
        let (now, then) = (*self.curve.last()?, self.curve[before as usize - 1]);
        let gain = now - then;
        (now > 0.0 && gain < rule.gain * now).then(|| {
            let share = 100.0 * gain / now;
            format!(
                "the last {} of {} trials made the hypervolume larger by {share:.3} %, to {now:.6}",
                rule.trials, self.ended
            )
        })
    }

    fn failing(&self, rule: Failures) -> Option<String> {
        let first = self.counted.len().checked_sub(rule.of as usize)?;
        let failed: Vec<TrialId> =
            self.counted[first..].iter().filter(|(_, failed)| *failed).map(|(id, _)| *id).collect();
        if failed.len() as f64 <= rule.share * rule.of as f64 {
            return None;
        }
        let shown: Vec<String> = failed.iter().rev().take(NAMED).map(ToString::to_string).collect();
        Some(format!(
            "{} of the last {} trials failed, the last of them {}",
            failed.len(),
            rule.of,
            shown.join(", ")
        ))
    }
}

/// The rule by which a study is complete as it stands, if any: one that held and still stands in the
/// study, or one that holds now. The failure rate never completes a study.
pub fn complete_by(study: &Study, history: &History) -> Option<Stopped> {
    let stop = &study.strategy.stop;
    let stands =
        |s: &&Stopped| s.rule != Rule::Failures && stop.setting(s.rule).as_ref() == Some(&s.setting);
    let recorded = history.stops.iter().rfind(stands).cloned();
    if recorded.is_some() || history.completions.len() as u64 >= study.strategy.trials {
        return recorded;
    }
    // Nobody works on it now: the time of its last record is the time to judge by.
    let now = history.sessions.last().map_or(0.0, |s| last_record(history, s.at, f64::INFINITY));
    Judge::new(study).after(history).verdict(now, u64::MAX)
}

/// When the rule `clock` holds if the session goes on until then, in seconds since 1970; `None` without the rule
/// or a session.
pub fn clock_runs_out(study: &Study, history: &History) -> Option<f64> {
    let (worked_s, since) = working_time(history);
    Some(since? + study.strategy.stop.clock_s? - worked_s)
}

/// The last stop if no session has begun after it: why the last session ended.
pub fn last_stop(history: &History) -> Option<&Stopped> {
    let stop = history.stops.last()?;
    let later = history.sessions.iter().any(|s| s.at > stop.at);
    (!later).then_some(stop)
}

/// Whether a stop was by the rule that holds where failures are not set.
pub fn is_unset(stopped: &Stopped) -> bool {
    stopped.setting == NOT_SET
}

/// Position among the completions from which failures are counted.
fn first_counted(history: &History) -> u64 {
    let Some(stop) = history.stops.iter().rfind(|s| s.rule == Rule::Failures) else { return 0 };
    let next = history.sessions.iter().find(|s| s.at > stop.at && s.completed_before >= stop.completed);
    next.map_or(history.completions.len() as u64, |s| s.completed_before)
}

/// Seconds worked in all sessions but the last, each from its start to its last record; and the
/// start of the last.
fn working_time(history: &History) -> (f64, Option<f64>) {
    let sessions = &history.sessions;
    let spans = sessions.windows(2).map(|w| (last_record(history, w[0].at, w[1].at) - w[0].at).max(0.0));
    (spans.sum(), sessions.last().map(|s| s.at))
}

/// Time of the last record of the session that lies between two times.
fn last_record(history: &History, from: f64, until: f64) -> f64 {
    let proposed = history.trials.iter().map(|t| t.proposed.at);
    let ended = history.attempts.iter().map(|a| a.finished);
    let stops = history.stops.iter().map(|s| s.at);
    let times = proposed.chain(ended).chain(stops);
    times.filter(|t| *t < until).fold(from, f64::max)
}

#[cfg(test)]
mod tests;
