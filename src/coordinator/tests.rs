//! The coordinator's decisions, event by event.

mod batches;
mod drafts;
mod graphs;
mod lending;
mod rules;

use super::*;
use crate::comm::{Report, Task};
use crate::config::{Retries, Stop};
use crate::pipeline::{Need, Work};
use crate::problem::{
    FailureClass, Goal, Measurement, Objective, Problem, Space, TaskFacts, TaskOutcome, TrialId, Value,
};
use crate::stopping::Judge;
use crate::store::{History, Proposed, Record};
use std::sync::Arc;

fn settings() -> Settings {
    settings_of(4, 3, 1)
}

fn settings_of(trials: u64, capacity: u64, retries: u32) -> Settings {
    let work = Work::single(problem(), Need::ONE_CORE, Retries::all(retries));
    let (work, missing) = (Arc::new(work), Default::default());
    Settings { trials, capacity, batch: None, ranks: usize::MAX, queue_from: None, work, missing }
}

/// No stopping rule.
fn never() -> Judge {
    judge(Stop::default())
}

fn problem() -> Problem {
    let objective =
        Objective { name: "f".into(), goal: Goal::Minimize, threshold: Some(1.0), unit: String::new() };
    let space = Space { parameters: vec![], constraints: vec![] };
    Problem { space, objectives: vec![objective], metrics: vec![], outcome_constraints: vec![] }
}

fn judge(stop: Stop) -> Judge {
    Judge::with(stop, problem(), 2)
}

fn start() -> (Coordinator, Vec<Command>) {
    Coordinator::resume(settings(), never(), &History::default())
}

fn ready(rank: usize) -> Event {
    let (cpus, cores) = ((0..4).collect(), 4);
    Event::Ready { rank, place: Place { host: "node".into(), cpus, cores, memory: None } }
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

fn value(y: f64) -> TaskOutcome {
    TaskOutcome::Ok(vec![("f".into(), Measurement::new(y, None).unwrap())])
}

fn ok() -> TaskOutcome {
    value(1.0)
}

fn failed(class: FailureClass) -> TaskOutcome {
    TaskOutcome::Failed { class, reason: "test".into() }
}

fn done(rank: usize, trial: TrialId, attempt: u32, outcome: TaskOutcome) -> Event {
    let (task, started, finished, facts) = (0, 1.0, 2.0, TaskFacts::default());
    let report = Report { trial, task, attempt, outcome, started, finished, facts };
    Event::Done { rank, report }
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
    let again = c.on(0.0, done(1, 0, 1, TaskOutcome::Interrupted { reason: "test".into() }));
    assert_eq!((tasks(&again), completed(&again)), (vec![(1, 0, 2)], vec![]));
    let infeasible = c.on(0.0, done(1, 0, 2, TaskOutcome::Infeasible { reason: "test".into() }));
    assert_eq!(completed(&infeasible), [(0, "infeasible")]);
}

#[test]
fn a_rank_that_cannot_evaluate_rests_and_then_gets_no_more_and_its_trial_goes_elsewhere() {
    let fault = |rank, trial, attempt| done(rank, trial, attempt, failed(FailureClass::Infrastructure));
    let mut c = busy();
    let again = c.on(0.0, fault(1, 0, 1));
    assert_eq!((tasks(&again), completed(&again)), (vec![(1, 0, 2)], vec![]));
    // From the second failure on the rank rests, and the task has a pause.
    let rests = c.on(10.0, fault(1, 0, 2));
    assert_eq!((tasks(&rests), c.counts().running, c.wake_at()), (vec![], 1, Some(11.0)));
    assert_eq!(c.on(10.9, Event::Tick), []);
    assert_eq!(tasks(&c.on(11.0, Event::Tick)), [(1, 0, 3)]);
    // The others go on meanwhile.
    let rests = c.on(12.0, fault(1, 0, 3));
    assert_eq!((tasks(&rests), c.wake_at()), (vec![], Some(16.0)));
    assert_eq!(tasks(&c.on(13.0, done(2, 1, 1, ok()))), [(2, 2, 1)]);
    // One that does well again has no faults in a row.
    assert_eq!(tasks(&c.on(16.0, Event::Tick)), [(1, 0, 4)]);
    assert_eq!(completed(&c.on(17.0, done(1, 0, 4, ok()))), [(0, "ok")]);
    c.on(18.0, proposed(3));
    c.on(18.0, fault(1, 3, 1));
    assert_eq!(c.wake_at(), None, "the first is borne");
}

#[test]
fn a_rank_that_goes_on_failing_gets_no_more_and_the_last_one_ends_the_run() {
    let fault = |rank, attempt| done(rank, 0, attempt, failed(FailureClass::Infrastructure));
    let mut c = busy();
    c.on(0.0, Event::Lost { rank: 2, reason: "test".into() });
    let (mut now, mut rested) = (0.0, vec![]);
    for attempt in 1..6 {
        let after = c.on(now, fault(1, attempt));
        assert_eq!(ending(&after), None, "{attempt}");
        let mut running = tasks(&after);
        while running.is_empty() {
            let at = c.wake_at().unwrap();
            rested.push(at - now);
            now = at;
            running = tasks(&c.on(now, Event::Tick));
        }
        assert_eq!(running, [(1, 0, attempt + 1)]);
    }
    assert_eq!(rested, [1.0, 4.0, 16.0, 64.0]);
    let over = c.on(now, fault(1, 6));
    assert!(
        matches!(ending(&over), Some(Ending::Failed(why)) if why.contains("no evaluating rank is left"))
    );
    assert_eq!((c.counts().ok, c.counts().failed, c.counts().ranks), (0, 0, 0));
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
fn the_attempt_of_a_lost_rank_is_on_record_and_one_that_begins_anew_has_lost_its_work() {
    for event in [Event::Lost { rank: 1, reason: "test".into() }, ready(1)] {
        let begins_anew = event == ready(1);
        let mut c = busy();
        let commands = c.on(5.0, event);
        let attempt = |command: &'_ Command| match command {
            Command::Record(Record::Attempted(attempt, _)) => Some(attempt.clone()),
            _ => None,
        };
        let attempts: Vec<_> = commands.iter().filter_map(attempt).collect();
        let [lost] = &attempts[..] else { panic!("{commands:?}") };
        assert_eq!((lost.trial, lost.attempt, lost.rank, lost.status.as_str()), (0, 1, 1, "failed"));
        assert_eq!((lost.dispatched, lost.started, lost.finished), (0.0, 0.0, 5.0));
        assert!(lost.reason.starts_with("infrastructure: rank 1 was lost"), "{}", lost.reason);
        let goes_to = if begins_anew { vec![(1, 0, 2)] } else { vec![] };
        assert_eq!((tasks(&commands), c.counts().ranks), (goes_to, 1 + u64::from(begins_anew)));
    }
}

#[test]
fn ranks_that_never_come_up_are_named_and_none_at_all_ends_the_run() {
    let (mut c, _) = start();
    c.on(0.0, ready(2));
    let silent = Event::Lost { rank: 1, reason: "test".into() };
    assert!(
        matches!(&c.on(9.0, silent.clone())[..], [Command::Notice(line)] if line.contains("rank 1"))
    );
    let (mut c, _) = start();
    assert!(matches!(ending(&c.on(9.0, silent)), Some(Ending::Failed(_))));
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
    let settings = settings_of(30_000, 10_100, 0);
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

#[test]
fn ranks_that_cannot_evaluate_are_named_and_get_nothing_until_they_can() {
    let unfit = |rank| Event::Unfit { rank, host: "far".into(), reason: "no mount".into() };
    let notice = |commands: &[Command]| {
        commands.iter().any(|c| matches!(c, Command::Notice(n) if n.contains("rank 2 on far cannot evaluate") && n.contains("no mount")))
    };
    let settings = Settings { ranks: 2, ..settings() };
    let (mut c, _) = Coordinator::resume(settings.clone(), never(), &History::default());
    assert!(notice(&c.on(0.0, unfit(2))));
    c.on(0.0, ready(1));
    let mut given = tasks(&c.on(0.0, proposed(0)));
    given.extend(tasks(&c.on(0.0, proposed(1))));
    assert_eq!(given, [(1, 0, 1)]);
    assert_eq!(tasks(&c.on(5.0, ready(2))), [(2, 1, 1)]);
    // Where none can there is no reason to wait.
    let (mut c, _) = Coordinator::resume(settings, never(), &History::default());
    assert_eq!(ending(&c.on(0.0, unfit(1))), None);
    let Some(Ending::Failed(reason)) = ending(&c.on(0.0, unfit(2))).cloned() else {
        panic!("nobody is left")
    };
    assert!(reason.contains("no evaluating rank is left") && reason.contains("no mount"), "{reason}");
}
