//! The coordinator's decisions, event by event.

use super::*;
use crate::comm::{Report, Task};
use crate::config::{Failures, Rule, Stalled, Stop};
use crate::problem::{
    FailureClass, Goal, Measurement, Objective, Outcome, Problem, Space, TrialId, Value,
};
use crate::store::{History, Proposed, Record, Start};

fn settings() -> Settings {
    Settings { trials: 4, capacity: 3, retries: 1 }
}

/// No stopping rule.
fn never() -> Judge {
    judge(Stop::default())
}

fn judge(stop: Stop) -> Judge {
    let objective =
        Objective { name: "f".into(), goal: Goal::Minimize, threshold: Some(1.0), unit: String::new() };
    let space = Space { parameters: vec![], constraints: vec![] };
    Judge::with(
        stop,
        Problem { space, objectives: vec![objective], metrics: vec![], outcome_constraints: vec![] },
        2,
    )
}

fn start() -> (Coordinator, Vec<Command>) {
    Coordinator::resume(settings(), never(), &History::default())
}

fn ready(rank: usize) -> Event {
    Event::Ready { rank, host: "node".into() }
}

fn proposed(trial: TrialId) -> Event {
    Event::Proposed(offer(trial, 0, None))
}

fn offer(trial: TrialId, serial: u64, after: Option<u64>) -> Offer {
    let proposed = Proposed {
        trial,
        seen: 0,
        design: vec![Value::Float(trial as f64)],
        origin: "test".into(),
        generation_s: 0.0,
        at: 0.0,
        memory: None,
    };
    Offer { proposed, serial, after }
}

fn ok() -> Outcome {
    let objectives = Measurement::new(1.0, None).into_iter().collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

fn failed(class: FailureClass) -> Outcome {
    Outcome::Failed { class, reason: "test".into() }
}

fn done(rank: usize, trial: TrialId, attempt: u32, outcome: Outcome) -> Event {
    Event::Done { rank, report: Report { trial, attempt, outcome, started: 1.0, finished: 2.0 } }
}

/// (rank, trial, attempt) of every task among the commands.
fn tasks(commands: &[Command]) -> Vec<(usize, TrialId, u32)> {
    let task = |c: &Command| match c {
        Command::Evaluate { rank, task: Task { trial, attempt, .. } } => Some((*rank, *trial, *attempt)),
        _ => None,
    };
    commands.iter().filter_map(task).collect()
}

fn asks(commands: &[Command]) -> Vec<(TrialId, u64)> {
    let ask = |c: &Command| match c {
        Command::Strategy(Request::Ask { trial, seen }) => Some((*trial, *seen)),
        _ => None,
    };
    commands.iter().filter_map(ask).collect()
}

fn ending(commands: &[Command]) -> Option<&Ending> {
    commands.iter().find_map(|c| match c {
        Command::Finish(ending) => Some(ending),
        _ => None,
    })
}

fn completed(commands: &[Command]) -> Vec<(TrialId, &'static str)> {
    let end = |c: &Command| match c {
        Command::Record(Record::Completed(c)) => Some((c.trial, c.outcome.status())),
        _ => None,
    };
    commands.iter().filter_map(end).collect()
}

/// A coordinator with ranks 1 and 2, three proposals, and trials 0 and 1 running.
fn busy() -> Coordinator {
    let (mut c, _) = start();
    for event in [ready(1), ready(2), proposed(0), proposed(1), proposed(2)] {
        c.on(0.0, event);
    }
    c
}

#[test]
fn asks_for_its_capacity_and_for_one_more_at_each_completion() {
    let (mut c, _) = start();
    assert_eq!(asks(&c.on(0.0, ready(1))), [(0, 0), (1, 0), (2, 0)]);
    let mut c = busy();
    let commands = c.on(1.0, done(1, 0, 1, ok()));
    assert_eq!(asks(&commands), [(3, 1)]);
    assert_eq!(asks(&c.on(1.0, done(2, 1, 1, ok()))), [], "there are four trials in all");
}

#[test]
fn the_oldest_trial_goes_to_the_first_free_rank() {
    let (mut c, _) = start();
    assert!(tasks(&c.on(0.0, ready(2))).is_empty());
    assert_eq!(tasks(&c.on(0.0, proposed(0))), [(2, 0, 1)]);
    assert!(tasks(&c.on(0.0, proposed(1))).is_empty());
    assert!(tasks(&c.on(0.0, proposed(2))).is_empty());
    assert_eq!(tasks(&c.on(0.0, ready(1))), [(1, 1, 1)]);
    assert_eq!(tasks(&c.on(0.0, done(2, 0, 1, ok()))), [(2, 2, 1)]);
}

#[test]
fn a_failure_is_tried_again_as_often_as_its_class_allows() {
    let mut c = busy();
    let again = c.on(0.0, done(1, 0, 1, failed(FailureClass::Exit)));
    assert_eq!((tasks(&again), completed(&again)), (vec![(1, 0, 2)], vec![]));
    let over = c.on(0.0, done(1, 0, 2, failed(FailureClass::Exit)));
    assert_eq!(completed(&over), [(0, "failed")]);

    let mut c = busy();
    let again = c.on(0.0, done(1, 0, 1, Outcome::Interrupted { reason: "test".into() }));
    assert_eq!((tasks(&again), completed(&again)), (vec![(1, 0, 2)], vec![]));
    let infeasible = c.on(0.0, done(1, 0, 2, Outcome::Infeasible { reason: "test".into() }));
    assert_eq!(completed(&infeasible), [(0, "infeasible")]);
}

#[test]
fn a_rank_that_cannot_evaluate_gets_no_more_and_its_trial_goes_elsewhere() {
    let fault = |rank, trial, attempt| done(rank, trial, attempt, failed(FailureClass::Infrastructure));
    let mut c = busy();
    for attempt in 1..=2 {
        let again = c.on(0.0, fault(1, 0, attempt));
        assert_eq!((tasks(&again), completed(&again)), (vec![(1, 0, attempt + 1)], vec![]));
    }
    let aside = c.on(0.0, fault(1, 0, 3));
    assert_eq!((tasks(&aside), completed(&aside), c.counts().ranks), (vec![], vec![], 1));
    assert_eq!(tasks(&c.on(0.0, fault(2, 1, 1))), [(2, 0, 4)], "the oldest trial first");
    assert_eq!(tasks(&c.on(0.0, done(2, 0, 4, ok()))), [(2, 1, 2)]);
    for attempt in 2..=3 {
        let again = c.on(0.0, fault(2, 1, attempt));
        assert_eq!(tasks(&again), [(2, 1, attempt + 1)], "a success in between ends the row");
    }
    let over = c.on(0.0, fault(2, 1, 4));
    assert!(matches!(ending(&over), Some(Ending::Failed(_))));
    assert_eq!((c.counts().ok, c.counts().failed), (1, 0));
}

#[test]
fn a_lost_ranks_trial_goes_elsewhere_and_the_last_ranks_loss_ends_the_run() {
    let mut c = busy();
    c.on(0.0, Event::Lost { rank: 1, reason: "test".into() });
    assert_eq!(tasks(&c.on(0.0, done(2, 1, 1, ok()))), [(2, 0, 2)], "trial 0 is older than trial 2");
    let commands = c.on(0.0, Event::Lost { rank: 2, reason: "test".into() });
    assert!(matches!(ending(&commands), Some(Ending::Failed(_))));
    assert!(c.on(0.0, ready(3)).is_empty(), "nothing follows the end");
}

#[test]
fn reports_that_nobody_waits_for_are_named_and_change_nothing() {
    let mut c = busy();
    for stray in [done(1, 1, 1, ok()), done(1, 0, 2, ok()), done(2, 0, 1, ok())] {
        let commands = c.on(0.0, stray);
        assert!(matches!(&commands[..], [Command::Notice(_)]), "{commands:?}");
    }
    assert!(c.on(0.0, done(7, 0, 1, ok())).is_empty());
    assert_eq!(c.counts().ended(), 0);
}

#[test]
fn draining_starts_nothing_and_ends_with_what_runs() {
    let mut c = busy();
    c.on(0.0, Event::Drain { reason: "test".into() });
    let first = c.on(0.0, done(1, 0, 1, ok()));
    assert!(tasks(&first).is_empty() && asks(&first).is_empty() && ending(&first).is_none());
    let last = c.on(0.0, done(2, 1, 1, ok()));
    assert_eq!(ending(&last), Some(&Ending::Early("test".into())));
}

#[test]
fn stopping_ends_at_once_and_the_last_completion_ends_it_all() {
    let mut c = busy();
    let commands = c.on(0.0, Event::Stop { reason: "test".into() });
    assert_eq!(ending(&commands), Some(&Ending::Early("test".into())));

    let mut c = busy();
    c.on(0.0, proposed(3));
    for (rank, trial) in [(1, 0), (2, 1), (1, 2)] {
        assert_eq!(ending(&c.on(0.0, done(rank, trial, 1, ok()))), None);
    }
    assert_eq!(ending(&c.on(0.0, done(2, 3, 1, ok()))), Some(&Ending::Complete));
    assert_eq!(c.counts().ok, 4);
}

#[test]
fn ten_thousand_ranks_are_kept_busy() {
    let settings = Settings { trials: 30_000, capacity: 10_100, retries: 0 };
    let (mut c, mut commands) = Coordinator::resume(settings, never(), &History::default());
    for rank in 1..=10_000 {
        commands.extend(c.on(0.0, ready(rank)));
    }
    let mut ended = false;
    while !ended {
        let mut next = Vec::new();
        for command in std::mem::take(&mut commands) {
            next.extend(match command {
                Command::Strategy(Request::Ask { trial, .. }) => c.on(0.0, proposed(trial)),
                Command::Evaluate { rank, task } => {
                    c.on(0.0, done(rank, task.trial, task.attempt, ok()))
                }
                Command::Finish(ending) => {
                    assert_eq!(ending, Ending::Complete);
                    ended = true;
                    vec![]
                }
                _ => vec![],
            });
        }
        assert!(ended || !next.is_empty(), "it stalls at {:?}", c.counts());
        commands = next;
    }
    assert_eq!(c.counts().ok, 30_000);
}

fn value(y: f64) -> Outcome {
    Outcome::Ok { objectives: Measurement::new(y, None).into_iter().collect(), metrics: vec![] }
}

/// Runs trials with these outcomes one after the other on two ranks, so that one is always running
/// while another ends; the records, and how it ended.
fn play(stop: Stop, outcomes: &[Outcome]) -> (Vec<Record>, Option<Ending>) {
    let settings = Settings { trials: outcomes.len() as u64, capacity: 3, retries: 0 };
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
    let outcomes: Vec<Outcome> = (0..20).map(|k| value(0.9 - 0.04 * f64::from(k))).collect();
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
    let outcomes: Vec<Outcome> =
        (0..12).map(|k| if k % 3 == 0 { ok() } else { failed(FailureClass::Exit) }).collect();
    let rule = |share, of| Stop { failures: Some(Failures { share, of }), ..Stop::default() };
    assert_eq!(stopped(&play(rule(0.5, 6), &outcomes).1), Some((Rule::Failures, 6)));
    assert_eq!(play(rule(0.7, 6), &outcomes).1, Some(Ending::Complete));
    assert_eq!(play(rule(0.5, 12), &outcomes).1, Some(Ending::Complete));
}

#[test]
fn a_stall_is_looked_for_after_the_initial_trials() {
    let outcomes: Vec<Outcome> = [0.5, 0.5, 0.5, 0.4, 0.4, 0.4, 0.4, 0.1].map(value).to_vec();
    let rule = |trials, gain| Stop { stalled: Some(Stalled { trials, gain }), ..Stop::default() };
    assert_eq!(stopped(&play(rule(1, 0.01), &outcomes).1), Some((Rule::Stalled, 3)));
    assert_eq!(stopped(&play(rule(2, 0.01), &outcomes).1), Some((Rule::Stalled, 6)));
    // From 0.5 to 0.6: a gain of a sixth.
    assert_eq!(stopped(&play(rule(2, 0.17), &outcomes).1), Some((Rule::Stalled, 4)));
    assert_eq!(play(rule(2, 0.16), &outcomes[..5]).1, Some(Ending::Complete));
}

fn draft(trial: TrialId, serial: u64, after: Option<u64>) -> Event {
    Event::Drafted(offer(trial, serial, after))
}

/// Serial of every draft that was taken.
fn taken(commands: &[Command]) -> Vec<u64> {
    let take = |c: &Command| match c {
        Command::Strategy(Request::Take(offer)) => Some(offer.serial),
        _ => None,
    };
    commands.iter().filter_map(take).collect()
}

/// One rank that runs trial 0 of twenty.
fn one_rank() -> Coordinator {
    let settings = Settings { trials: 20, capacity: 1, retries: 0 };
    let (mut c, _) = Coordinator::resume(settings, never(), &History::default());
    c.on(0.0, ready(1));
    assert_eq!(tasks(&c.on(0.0, Event::Proposed(offer(0, 1, None)))), [(1, 0, 1)]);
    c
}

#[test]
fn a_free_rank_gets_the_newest_draft_at_once_and_it_is_recorded_then() {
    let mut c = one_rank();
    for event in [draft(1, 2, None), draft(2, 3, Some(2)), draft(1, 4, None)] {
        assert_eq!(c.on(1.0, event), []);
    }
    assert_eq!(c.counts().ready, 1, "what was made after the replaced one is void");
    let commands = c.on(2.0, done(1, 0, 1, ok()));
    assert_eq!(
        (taken(&commands), asks(&commands), tasks(&commands)),
        (vec![4], vec![], vec![(1, 1, 1)])
    );
    let recorded =
        commands.iter().any(|c| matches!(c, Command::Record(Record::Proposed(p)) if p.trial == 1));
    assert!(recorded);
    let commands = c.on(3.0, done(1, 1, 1, ok()));
    assert_eq!((taken(&commands), asks(&commands)), (vec![], vec![(2, 2)]), "nothing lies ready");
    assert!(commands.iter().any(|c| match c {
        Command::Record(Record::Attempted(_, start)) => *start == Start { waited_s: 0.0, stale: 1 },
        _ => false,
    }));
    assert_eq!(tasks(&c.on(5.5, proposed(2))), [(1, 2, 1)]);
    let commands = c.on(6.0, done(1, 2, 1, ok()));
    assert!(commands.iter().any(|c| match c {
        // The proposals of these tests know nothing.
        Command::Record(Record::Attempted(_, start)) => *start == Start { waited_s: 2.5, stale: 2 },
        _ => false,
    }));
}

#[test]
fn drafts_that_suppose_another_trial_before_them_are_of_no_use() {
    let mut c = one_rank();
    c.on(0.0, draft(1, 2, None));
    assert_eq!(taken(&c.on(0.0, done(1, 0, 1, ok()))), [2]);
    c.on(0.0, draft(1, 3, None));
    c.on(0.0, draft(2, 4, Some(3)));
    assert_eq!(c.counts().ready, 0, "trial 1 was taken as draft 2");
    c.on(0.0, draft(2, 5, Some(2)));
    assert_eq!(c.counts().ready, 1);
    // The strategy answers with what it has offered, and offers the rest again.
    let mut c = one_rank();
    assert_eq!(asks(&c.on(0.0, done(1, 0, 1, ok()))), [(1, 1)]);
    for (event, ready) in [
        (draft(1, 2, None), 0),
        (draft(2, 3, Some(2)), 0),
        (Event::Proposed(offer(1, 2, None)), 0),
        (draft(2, 3, Some(2)), 1),
    ] {
        c.on(0.0, event);
        assert_eq!(c.counts().ready, ready);
    }
}
