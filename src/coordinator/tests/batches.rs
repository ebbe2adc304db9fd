//! Trials in batches: the barrier between them.

use super::*;

fn batches_of(batch: u64, trials: u64, capacity: u64) -> Coordinator {
    let settings = Settings { batch: Some(batch), ..settings_of(trials, capacity, 1) };
    Coordinator::resume(settings, never(), &History::default()).0
}

#[test]
fn five_are_asked_for_together_and_nothing_new_before_all_of_them_have_ended() {
    let mut c = batches_of(5, 12, 3);
    let first = c.on(0.0, ready(1));
    assert_eq!(asks(&first), [(0, 0), (1, 0), (2, 0), (3, 0), (4, 0)], "whatever ranks there are");
    c.on(0.0, ready(2));
    (0..5).for_each(|trial| drop(c.on(0.0, proposed(trial))));
    // Two ranks work through the batch.
    assert_eq!(tasks(&c.on(1.0, done(1, 0, 1, ok()))), [(1, 2, 1)]);
    assert_eq!(tasks(&c.on(2.0, done(2, 1, 1, ok()))), [(2, 3, 1)]);
    assert_eq!(tasks(&c.on(3.0, done(1, 2, 1, ok()))), [(1, 4, 1)]);
    let idle = c.on(4.0, done(2, 3, 1, ok()));
    assert_eq!((tasks(&idle), asks(&idle)), (vec![], vec![]), "rank 2 waits for trial 4");
    // Another attempt is nothing new; it goes to another rank.
    let again = c.on(5.0, done(1, 4, 1, failed(FailureClass::Exit)));
    assert_eq!((tasks(&again), asks(&again)), (vec![(2, 4, 2)], vec![]));
    let second = c.on(6.0, done(2, 4, 2, ok()));
    assert_eq!(asks(&second), [(5, 5), (6, 5), (7, 5), (8, 5), (9, 5)]);
    (5..10).for_each(|trial| drop(c.on(6.0, proposed(trial))));
    for (rank, trial) in [(1, 5), (2, 6), (1, 7), (2, 8)] {
        assert_eq!(asks(&c.on(7.0, done(rank, trial, 1, ok()))), []);
    }
    let third = c.on(8.0, done(1, 9, 1, ok()));
    assert_eq!(asks(&third), [(10, 10), (11, 10)], "there are twelve in all");
    (10..12).for_each(|trial| drop(c.on(8.0, proposed(trial))));
    assert_eq!(ending(&c.on(9.0, done(1, 10, 1, ok()))), None);
    assert_eq!(ending(&c.on(9.0, done(2, 11, 1, ok()))), Some(&Ending::Complete));
}

#[test]
fn more_ranks_than_a_batch_has_trials_stay_idle_and_are_not_wanted() {
    let mut c = batches_of(2, 6, 4);
    (1..=4).for_each(|rank| drop(c.on(0.0, ready(rank))));
    (0..2).for_each(|trial| drop(c.on(0.0, proposed(trial))));
    assert_eq!((c.counts().running, c.counts().ranks, c.wants()), (2, 4, 2));
}
