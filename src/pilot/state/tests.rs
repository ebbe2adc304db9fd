use super::*;
use crate::hosts::Place;
use proptest::prelude::*;

fn settings(ranks: usize) -> Settings {
    let (most, end, patience_s) = (None, None, None);
    let (usual_s, wait_s, ask_wait_s) = (60.0, 10.0, 50.0);
    Settings { ranks, is_guest: false, batch: 500, ask_wait_s, most, usual_s, end, wait_s, patience_s }
}

fn place(cores: u32) -> Place {
    Place { host: "h".into(), cpus: (0..cores).collect(), cores, memory: Some(8 << 30) }
}

fn order(job: i64) -> Order {
    Order {
        id: JobId { job, attempt: 1 },
        program: "true".into(),
        arguments: String::new(),
        source: None,
        env: vec![],
        image: None,
        cores: 1,
        memory: None,
        timeout_s: None,
        inputs: vec![],
        outputs: vec![],
        log: None,
    }
}

fn ok(job: i64) -> End {
    unrun(JobId { job, attempt: 1 }, TaskOutcome::Ok(vec![]), 0.0, 2.0)
}

/// A pilot with so many ranks, all of one host with as many cores, and what it said at last.
fn ready(settings: Settings) -> (Pilot, Vec<Command>) {
    let ranks = settings.ranks;
    let mut pilot = Pilot::new(settings, 0.0);
    let mut said = vec![];
    for rank in 1..=ranks {
        said = pilot.on(0.0, Event::Ready { rank, place: place(ranks as u32) });
    }
    (pilot, said)
}

fn started(commands: &[Command]) -> Vec<(Rank, i64)> {
    let run = |command: &Command| match command {
        Command::Run { rank, order } => Some((*rank, order.id.job)),
        _ => None,
    };
    commands.iter().filter_map(run).collect()
}

fn told(commands: &[Command]) -> Vec<(i64, Said)> {
    let tell = |command: &Command| match command {
        Command::Tell { order, said, .. } => Some((order.id.job, *said)),
        _ => None,
    };
    commands.iter().filter_map(tell).collect()
}

fn asked(commands: &[Command]) -> Option<u32> {
    commands.iter().find_map(|command| match command {
        Command::Fetch { jobs, .. } => Some(*jobs),
        _ => None,
    })
}

fn finished(commands: &[Command]) -> Option<&Ending> {
    commands.iter().find_map(|command| match command {
        Command::Finish(ending) => Some(ending),
        _ => None,
    })
}

#[test]
fn jobs_go_to_idle_ranks_and_the_next_one_at_once() {
    let (mut pilot, _) = ready(settings(2));
    let said = pilot.on(1.0, Event::Fetched((1..=3).map(order).collect()));
    assert_eq!(started(&said), [(1, 1), (2, 2)]);
    let said = pilot.on(2.0, Event::Ended { rank: 2, end: ok(2) });
    assert_eq!((told(&said), started(&said)), (vec![(2, Said::Itself)], vec![(2, 3)]));
    assert_eq!(pilot.counts(), (3, 2, 1));
}

#[test]
fn more_short_jobs_are_asked_for_than_long_ones() {
    let (mut pilot, said) = ready(settings(4));
    assert_eq!(asked(&said), None, "the first rank asked already");
    assert!(pilot.is_fetching);
    let said = pilot.on(1.0, Event::Fetched((1..=4).map(order).collect()));
    assert_eq!(asked(&said), None, "no rank is idle, and these may take for ever");
    let short = End { started: 0.0, finished: 0.1, ..ok(1) };
    let said = pilot.on(1.1, Event::Ended { rank: 1, end: short });
    assert_eq!(asked(&said), Some(201), "one idle, and 5 s of 4 ranks' work at 0.1 s");
    let (mut pilot, _) = ready(Settings { most: Some(7), ..settings(4) });
    let said = pilot.on(1.0, Event::Fetched((1..=4).map(order).collect()));
    assert_eq!(asked(&said), None);
    let short = End { started: 0.0, finished: 0.1, ..ok(1) };
    assert_eq!(
        asked(&pilot.on(1.1, Event::Ended { rank: 1, end: short })),
        Some(3),
        "no more than --jobs"
    );
}

#[test]
fn nothing_is_begun_that_cannot_end_before_the_allocation() {
    let (mut pilot, _) = ready(Settings { end: Some(100.0), ..settings(2) });
    let long = Order { timeout_s: Some(90.0), ..order(1) };
    let said = pilot.on(20.0, Event::Fetched(vec![long, order(2)]));
    assert_eq!((told(&said), started(&said)), (vec![(1, Said::NotBegun)], vec![(1, 2)]));
    assert_eq!(asked(&pilot.on(41.0, Event::Tick)), None, "less is left than a usual job takes");
    let said = pilot.on(100.0, Event::Tick);
    assert!(matches!(&said[..], [Command::Halt { rank: 1, .. }]), "{said:?}");
    let outcome = TaskOutcome::Interrupted { reason: "r".into() };
    let said = pilot.on(101.0, Event::Ended { rank: 1, end: End { outcome, ..ok(2) } });
    assert_eq!(told(&said), [(2, Said::TimeLimit)]);
    assert_eq!(finished(&said), None, "a request is under way");
    assert_eq!(finished(&pilot.on(108.0, Event::Tick)), Some(&Ending::TimeLimit));
}

#[test]
fn what_comes_after_the_word_to_end_is_given_back() {
    let (mut pilot, _) = ready(settings(1));
    let said = pilot.on(1.0, Event::Drain { reason: "enough".into() });
    assert_eq!(finished(&said), None, "a request is under way");
    let said = pilot.on(2.0, Event::Fetched(vec![order(1)]));
    assert_eq!((told(&said), started(&said)), (vec![(1, Said::NotBegun)], vec![]));
    assert_eq!(finished(&said), Some(&Ending::Early("enough".into())));
    let (mut pilot, _) = ready(settings(1));
    assert_eq!(finished(&pilot.on(1.0, Event::Stop { reason: "now".into() })), None);
    assert_eq!(finished(&pilot.on(9.0, Event::Tick)), Some(&Ending::Early("now".into())));
}

#[test]
fn the_server_may_want_jobs_no_more() {
    let (mut pilot, _) = ready(settings(1));
    pilot.on(1.0, Event::Fetched((1..=4).map(order).collect()));
    let wish =
        |job, wish| Event::Wished { id: JobId { job, attempt: 1 }, wishes: BTreeSet::from([wish]) };
    assert_eq!(told(&pilot.on(1.0, wish(2, Wish::Kill))), [(2, Said::Server)]);
    assert_eq!(
        pilot.on(1.0, wish(3, Wish::AlreadyDone)),
        [Command::Forget(JobId { job: 3, attempt: 1 })]
    );
    assert_eq!(pilot.on(1.0, wish(1, Wish::Debug)), []);
    assert_eq!(pilot.on(1.0, wish(1, Wish::SoftKill)), [], "it may end what is under way");
    let said = pilot.on(1.0, wish(1, Wish::AlreadyDone));
    assert!(matches!(&said[..], [Command::Halt { rank: 1, .. }]));
    let said = pilot.on(2.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!((told(&said), started(&said)), (vec![], vec![(1, 4)]), "it is forgotten, not told of");
    let said = pilot.on(2.0, wish(4, Wish::Kill));
    assert!(matches!(&said[..], [Command::Halt { rank: 1, .. }]));
    let outcome = TaskOutcome::Interrupted { reason: "r".into() };
    let said = pilot.on(3.0, Event::Ended { rank: 1, end: End { outcome, ..ok(4) } });
    assert_eq!(told(&said), [(4, Said::Server)]);
}

#[test]
fn large_jobs_wait_for_a_host_and_impossible_ones_are_given_back() {
    let (mut pilot, _) = ready(settings(4));
    let large = Order { cores: 4, ..order(2) };
    let huge = Order { cores: 5, ..order(3) };
    let said = pilot.on(1.0, Event::Fetched(vec![order(1), large, huge, order(4)]));
    assert_eq!((started(&said), told(&said)), (vec![(1, 1)], vec![(3, Said::NotBegun)]));
    let said = pilot.on(2.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!(started(&said), [(1, 2)], "its host was kept for it");
    let said = pilot.on(3.0, Event::Ended { rank: 1, end: ok(2) });
    assert_eq!(started(&said), [(1, 4)]);
}

#[test]
fn a_rank_on_which_nothing_works_gets_no_more() {
    let (mut pilot, _) = ready(settings(2));
    pilot.on(1.0, Event::Fetched((1..=9).map(order).collect()));
    pilot.on(1.0, Event::Ended { rank: 2, end: ok(2) });
    let mut job = 1;
    for n in 1..=FAULTS_IN_A_ROW {
        let outcome = TaskOutcome::Failed { class: FailureClass::Infrastructure, reason: "disk".into() };
        let said = pilot.on(2.0, Event::Ended { rank: 1, end: End { outcome, ..ok(job) } });
        let is_noticed =
            said.iter().any(|c| matches!(c, Command::Notice(line) if line.contains("no more jobs")));
        assert_eq!(is_noticed, n == FAULTS_IN_A_ROW);
        job = started(&said).first().map_or(0, |(_, job)| *job);
    }
    assert_eq!(job, 0);
}

#[test]
fn it_ends_for_want_of_work_or_of_ranks() {
    let (mut pilot, _) = ready(Settings { patience_s: Some(10.0), ..settings(1) });
    pilot.on(1.0, Event::Fetched(vec![order(1)]));
    let end = End { finished: 50.0, ..ok(1) };
    let said = pilot.on(50.0, Event::Ended { rank: 1, end });
    assert_eq!((asked(&said), finished(&said)), (Some(1), None));
    let said = pilot.on(61.0, Event::Tick);
    assert_eq!(finished(&said), None, "a request is under way");
    let said = pilot.on(61.0, Event::NotFetched { wait_s: 5.0, reason: None });
    assert_eq!(finished(&said), Some(&Ending::NoWork));
    let (mut pilot, _) = ready(settings(1));
    let none = |wait_s| Event::NotFetched { wait_s, reason: None };
    assert_eq!(asked(&pilot.on(1.0, none(5.0))), None);
    assert_eq!(asked(&pilot.on(5.9, Event::Tick)), None);
    assert_eq!(asked(&pilot.on(6.0, Event::Tick)), Some(1));
    let mut pilot = Pilot::new(settings(1), 0.0);
    let said = pilot.on(1.0, Event::Unfit { rank: 1, reason: "no directory".into() });
    assert_eq!(finished(&said), Some(&Ending::Failed("no rank can run jobs".into())));
}

#[derive(Debug, Clone)]
enum Move {
    Ready(Rank),
    Lost(Rank),
    Fetch(usize),
    End(Rank),
    Wish(i64, bool),
    Drain,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        2 => (1..4_usize).prop_map(Move::Ready),
        1 => (1..4_usize).prop_map(Move::Lost),
        4 => (0..4_usize).prop_map(Move::Fetch),
        6 => (1..4_usize).prop_map(Move::End),
        2 => (1..30_i64, any::<bool>()).prop_map(|(job, done)| Move::Wish(job, done)),
        1 => Just(Move::Drain),
    ]
}

proptest! {
    /// Whatever happens in whatever order: each job that was taken is told of or forgotten once, no rank has
    /// two, and what is lost is told of.
    #[test]
    fn every_job_ends_once(moves in proptest::collection::vec(moves(), 0..80)) {
        let mut pilot = Pilot::new(settings(3), 0.0);
        let (mut next, mut ended, mut on) = (1, BTreeMap::new(), BTreeMap::new());
        let mut taken = 0;
        for step in moves {
            let event = match step {
                Move::Ready(rank) => {
                    on.remove(&rank);
                    Event::Ready { rank, place: place(3) }
                }
                Move::Lost(rank) => {
                    on.remove(&rank);
                    Event::Lost { rank, reason: "gone".into() }
                }
                Move::Fetch(count) => {
                    let orders: Vec<Order> = (next..next + count as i64).map(order).collect();
                    next += count as i64;
                    Event::Fetched(orders)
                }
                Move::End(rank) => match on.remove(&rank) {
                    Some(job) => Event::Ended { rank, end: ok(job) },
                    // One that nobody gave it.
                    None => Event::Ended { rank, end: ok(999) },
                },
                Move::Wish(job, done) => {
                    let wish = if done { Wish::AlreadyDone } else { Wish::Kill };
                    Event::Wished { id: JobId { job, attempt: 1 }, wishes: BTreeSet::from([wish]) }
                }
                Move::Drain => Event::Drain { reason: "enough".into() },
            };
            let is_fetch = matches!(event, Event::Fetched(_));
            let is_over = pilot.mode == Mode::Over;
            for command in pilot.on(1.0, event) {
                match command {
                    Command::Run { rank, order } => {
                        prop_assert_eq!(on.insert(rank, order.id.job), None);
                    }
                    Command::Tell { order, .. } => *ended.entry(order.id.job).or_insert(0) += 1,
                    Command::Forget(id) => *ended.entry(id.job).or_insert(0) += 1,
                    _ => {}
                }
            }
            if is_fetch && !is_over {
                taken = next - 1;
            }
            prop_assert!(ended.values().all(|times| *times == 1), "{:?}", ended);
            let (_, running, _) = pilot.counts();
            let open = running + pilot.waiting.len();
            prop_assert_eq!(ended.len() + open, taken as usize);
        }
    }
}

fn given_back(commands: &[Command]) -> Vec<Rank> {
    let back = |command: &Command| match command {
        Command::GiveBack { rank } => Some(*rank),
        _ => None,
    };
    commands.iter().filter_map(back).collect()
}

fn halted(commands: &[Command]) -> Vec<Rank> {
    let halt = |command: &Command| match command {
        Command::Halt { rank, .. } => Some(*rank),
        _ => None,
    };
    commands.iter().filter_map(halt).collect()
}

#[test]
fn a_guest_gives_back_idle_ranks_at_once_and_then_those_whose_jobs_began_last() {
    let (mut pilot, _) = ready(Settings { is_guest: true, ..settings(4) });
    pilot.on(1.0, Event::Fetched(vec![order(1)]));
    pilot.on(2.0, Event::NotFetched { wait_s: 0.0, reason: None });
    pilot.on(3.0, Event::Fetched(vec![order(2), order(3)]));
    let said = pilot.on(4.0, Event::Owe { ranks: 3 });
    assert_eq!((given_back(&said), halted(&said)), (vec![4], vec![]));
    let said = pilot.on(5.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!(
        (given_back(&said), started(&said)),
        (vec![1], vec![]),
        "what ends is not followed by others"
    );
    assert!(halted(&pilot.on(13.9, Event::Tick)).is_empty(), "wait is 10 s");
    let said = pilot.on(14.0, Event::Tick);
    assert_eq!(halted(&said).len(), 1, "as many as are owed");
    assert!(halted(&pilot.on(15.0, Event::Tick)).is_empty(), "it was told");
    let rank = halted(&said)[0];
    let outcome = TaskOutcome::Interrupted { reason: "r".into() };
    let id = i64::try_from(rank).unwrap();
    let said = pilot.on(16.0, Event::Ended { rank, end: End { outcome, ..ok(id) } });
    assert_eq!((told(&said), given_back(&said)), (vec![(id, Said::Preempted)], vec![rank]));
    let said = pilot.on(16.0, Event::Owe { ranks: 0 });
    assert_eq!(pilot.wants(), usize::MAX);
    assert!(halted(&said).is_empty() && given_back(&said).is_empty());
}

#[test]
fn a_guest_without_ranks_keeps_no_jobs_from_others() {
    let (mut pilot, _) = ready(Settings { is_guest: true, ..settings(1) });
    pilot.on(1.0, Event::Fetched(vec![order(1), order(2)]));
    let said = pilot.on(2.0, Event::Owe { ranks: 1 });
    assert_eq!(told(&said), []);
    let said = pilot.on(3.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!(given_back(&said), [1]);
    assert_eq!(told(&said), [(1, Said::Itself), (2, Said::NotBegun)]);
}

#[test]
fn a_job_for_which_the_guest_has_no_room_is_not_asked_for_again_at_once() {
    let (mut pilot, said) = ready(Settings { is_guest: true, ..settings(2) });
    assert!(asked(&said).is_some() || asked(&pilot.on(0.5, Event::Tick)).is_some() || pilot.is_fetching);
    let said = pilot.on(1.0, Event::Elsewhere { host: "h".into(), ranks: 2 });
    assert_eq!(told(&said), []);
    let large = Order { cores: 3, ..order(1) };
    let said = pilot.on(2.0, Event::Fetched(vec![large]));
    assert_eq!((told(&said), asked(&said)), (vec![(1, Said::NotBegun)], None));
    assert_eq!(asked(&pilot.on(60.0, Event::Tick)), None);
    assert!(asked(&pilot.on(62.0, Event::Tick)).is_some());
}

#[test]
fn a_request_waits_no_longer_than_until_it_would_be_over() {
    let waits = |settings: Settings, at: f64| {
        let mut pilot = Pilot::new(settings, 0.0);
        let said = pilot.on(at, Event::Ready { rank: 1, place: place(1) });
        said.into_iter()
            .find_map(|c| if let Command::Fetch { wait_s, .. } = c { Some(wait_s) } else { None })
    };
    assert_eq!(waits(settings(1), 1.0), Some(50));
    assert_eq!(waits(Settings { patience_s: Some(30.0), ..settings(1) }, 10.0), Some(20));
    assert_eq!(
        waits(Settings { end: Some(100.0), ..settings(1) }, 10.0),
        Some(30),
        "and a job takes 60 s"
    );
}

#[test]
fn jobs_that_cannot_be_begun_count() {
    let (mut pilot, _) = ready(Settings { most: Some(3), ..settings(1) });
    pilot.on(1.0, Event::Spoilt(2));
    let said = pilot.on(1.0, Event::Fetched(vec![order(1)]));
    assert_eq!(asked(&said), None, "three were to be taken");
    let said = pilot.on(2.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!(finished(&said), Some(&Ending::Complete));
}

#[test]
fn a_refusal_in_mid_run_costs_no_job() {
    let (mut pilot, _) = ready(settings(1));
    pilot.on(1.0, Event::Fetched(vec![order(1), order(2)]));
    let said = pilot.on(2.0, Event::Refused { reason: "expired".into() });
    assert_eq!((told(&said), finished(&said)), (vec![(2, Said::NotBegun)], None));
    pilot.on(2.0, Event::NotFetched { wait_s: 1.0, reason: None });
    let said = pilot.on(3.0, Event::Ended { rank: 1, end: ok(1) });
    assert_eq!(told(&said), [(1, Said::Itself)]);
    assert_eq!(finished(&said), Some(&Ending::Refused("expired".into())));
}
