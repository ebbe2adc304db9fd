//! Ranks that a study shares with others.

use super::*;

fn given(commands: &[Command]) -> Vec<usize> {
    let give = |command: &Command| match command {
        Command::GiveAway { rank } => Some(*rank),
        _ => None,
    };
    commands.iter().filter_map(give).collect()
}

fn evaluated(commands: &[Command]) -> Vec<(usize, TrialId)> {
    let run = |command: &Command| match command {
        Command::Evaluate { rank, task } => Some((*rank, task.trial)),
        _ => None,
    };
    commands.iter().filter_map(run).collect()
}

fn done(rank: usize, trial: TrialId) -> Event {
    let (outcome, facts) = (ok(), TaskFacts::default());
    let report = Report { trial, task: 0, attempt: 1, outcome, started: 1.0, finished: 2.0, facts };
    Event::Done { rank, report }
}

#[test]
fn a_study_of_four_trials_wants_three_ranks_and_fewer_at_its_end() {
    let (mut study, _) = start();
    assert_eq!(study.wants(), 3, "its capacity");
    for rank in 1..=3 {
        study.on(0.0, ready(rank));
    }
    for trial in 0..3 {
        study.on(0.0, proposed(trial));
    }
    study.on(1.0, done(1, 0));
    assert_eq!(study.wants(), 3, "three are left");
    study.on(1.0, proposed(3));
    study.on(2.0, done(2, 1));
    assert_eq!(study.wants(), 2);
    let said = study.on(2.0, Event::Owe { ranks: 2 });
    assert_eq!(given(&said), [2], "the idle one at once");
    let said = study.on(3.0, done(3, 2));
    assert_eq!(given(&said), [3], "another when it is idle");
    let said = study.on(4.0, Event::Drain { reason: "test".into() });
    assert_eq!((given(&said), study.wants()), (vec![], 1));
}

#[test]
fn a_rank_that_is_owed_gets_no_more_trials_and_one_that_comes_back_does() {
    let (mut study, _) = start();
    study.on(0.0, ready(1));
    study.on(0.0, proposed(0));
    study.on(0.0, proposed(1));
    let said = study.on(1.0, Event::Owe { ranks: 1 });
    assert!(given(&said).is_empty());
    let said = study.on(2.0, done(1, 0));
    assert_eq!((given(&said), evaluated(&said)), (vec![1], vec![]));
    let said = study.on(3.0, Event::Elsewhere { host: "node".into(), ranks: 1 });
    assert!(!said.iter().any(|c| matches!(c, Command::Finish(_))), "its ranks are not lost: {said:?}");
    study.on(3.0, Event::Owe { ranks: 0 });
    assert_eq!(evaluated(&study.on(4.0, ready(1))), [(1, 1)]);
}

#[test]
fn a_study_whose_ranks_are_lost_while_others_have_them_is_at_its_end() {
    let (mut study, _) = start();
    study.on(0.0, ready(1));
    study.on(0.0, Event::Elsewhere { host: "node".into(), ranks: 1 });
    let said = study.on(1.0, Event::Lost { rank: 1, reason: "gone".into() });
    assert!(!said.iter().any(|c| matches!(c, Command::Finish(_))), "others have one: {said:?}");
    let said = study.on(2.0, Event::Elsewhere { host: "node".into(), ranks: 0 });
    assert!(matches!(said.last(), Some(Command::Finish(Ending::Failed(_)))), "{said:?}");
}
