//! Stopping rules in the state machine.

use super::*;
use crate::config::{Failures, Rule, Stalled};

/// Runs trials with these outcomes one after the other on two ranks, so that one is always running
/// while another ends; the records, and how it ended.
fn play(stop: Stop, outcomes: &[TaskOutcome]) -> (Vec<Record>, Option<Ending>) {
    let settings = settings_of(outcomes.len() as u64, 3, 0);
    let (mut c, commands) = Coordinator::resume(settings, judge(stop), &History::default());
    let mut commands = std::collections::VecDeque::from(commands);
    commands.extend(c.on(0.0, ready(1)));
    commands.extend(c.on(0.0, ready(2)));
    let (mut records, mut running) = (vec![], std::collections::VecDeque::new());
    loop {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Strategy(Request::Ask { trial, .. }) => {
                    commands.extend(c.on(trial as f64, proposed(trial)));
                }
                Command::Evaluate { rank, task } => running.push_back((rank, task)),
                Command::Record(record) => records.push(record),
                Command::Finish(ending) => {
                    assert!(running.is_empty(), "what runs is waited for");
                    return (records, Some(ending));
                }
                _ => {}
            }
        }
        let Some((rank, task)) = running.pop_front() else { return (records, None) };
        let outcome = outcomes[task.trial as usize].clone();
        commands.extend(c.on(task.trial as f64, done(rank, task.trial, task.attempt, outcome)));
    }
}

fn stopped(ending: &Option<Ending>) -> Option<(Rule, u64)> {
    match ending {
        Some(Ending::Stopped(stopped)) => Some((stopped.rule, stopped.completed)),
        _ => None,
    }
}

#[test]
fn a_rule_that_holds_drains_what_runs_and_is_recorded() {
    let outcomes: Vec<TaskOutcome> = (0..20).map(|k| value(0.9 - 0.04 * f64::from(k))).collect();
    let stop = Stop { hypervolume: Some(0.5), ..Stop::default() };
    let (records, ending) = play(stop.clone(), &outcomes);
    // 1 - (0.9 - 0.04 k) >= 0.5 from k = 10 on, the eleventh trial.
    assert_eq!(stopped(&ending), Some((Rule::Hypervolume, 11)));
    let ended = records.iter().filter(|r| matches!(r, Record::Completed(_))).count();
    assert_eq!(ended, 12, "the one that was running ended and counts");
    let mut history = History::default();
    records.into_iter().for_each(|record| history.apply(record).unwrap());
    let [stop_record] = &history.stops[..] else { panic!("{:?}", history.stops) };
    assert_eq!(stop_record.setting, "hypervolume = 0.5");
    assert_eq!(stop_record.reason, "the hypervolume is 0.500000 after 11 trials");

    let none = play(Stop { hypervolume: Some(0.95), ..Stop::default() }, &outcomes).1;
    assert_eq!(none, Some(Ending::Complete));
}

#[test]
fn failures_end_the_run_and_the_last_trial_needs_no_rule() {
    let outcomes: Vec<TaskOutcome> =
        (0..12).map(|k| if k % 3 == 0 { ok() } else { failed(FailureClass::Exit) }).collect();
    let rule = |share, of| Stop { failures: Some(Failures { share, of }), ..Stop::default() };
    assert_eq!(stopped(&play(rule(0.5, 6), &outcomes).1), Some((Rule::Failures, 6)));
    assert_eq!(play(rule(0.7, 6), &outcomes).1, Some(Ending::Complete));
    assert_eq!(play(rule(0.5, 12), &outcomes).1, Some(Ending::Complete));
}

#[test]
fn a_stall_is_looked_for_after_the_initial_trials() {
    let outcomes: Vec<TaskOutcome> = [0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.1].map(value).to_vec();
    let rule = |trials, gain| Stop { stalled: Some(Stalled { trials, gain }), ..Stop::default() };
    assert_eq!(stopped(&play(rule(1, 0.01), &outcomes).1), Some((Rule::Stalled, 3)));
    assert_eq!(stopped(&play(rule(2, 0.01), &outcomes).1), Some((Rule::Stalled, 6)));
    // From 0.5 to 0.6: a gain of a sixth.
    assert_eq!(stopped(&play(rule(2, 0.17), &outcomes).1), Some((Rule::Stalled, 4)));
    assert_eq!(play(rule(2, 0.16), &outcomes[..5]).1, Some(Ending::Complete));
}
