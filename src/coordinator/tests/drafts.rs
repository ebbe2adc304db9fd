//! Candidates that lie ready.

use super::*;
use crate::store::Start;

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
    let settings = settings_of(20, 1, 0);
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
