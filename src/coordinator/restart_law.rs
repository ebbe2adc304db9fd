//! The restart law: whatever was interrupted, and whenever, every proposal follows from the record, and
//! where nothing depends on time, a study that goes on proposes bit for bit what it would have proposed,
//! for the same order of completions.

mod tasks;

use super::*;
use crate::comm::{Report, Task};
use crate::config::{InitialDesign, Method, Study, Surrogate};
use crate::pipeline::Work;
use crate::problem::{Design, FailureClass, Measurement, TaskFacts, TaskOutcome, TrialId, Value};
use crate::rng;
use crate::steer::Steering;
use crate::stopping::Judge;
use crate::store::{History, Record, Session};
use crate::strategy::Proposer;
use rand::RngExt;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const RANKS: usize = 3;
const TRIALS: u64 = 15;
const INITIAL: u64 = 4;

fn study(method: Method) -> Study {
    let text = format!(
        "[study]\nname = \"law\"\nseed = 3\n\
         [strategy]\nmethod = \"{}\"\ninitial = {INITIAL}\ntrials = {TRIALS}\n\
         [evaluator]\nbuiltin = \"dtlz2\"\ndimension = 3\nobjectives = 2\n",
        format!("{method:?}").to_lowercase()
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    crate::config::read(&file, &Default::default()).unwrap().0
}

fn evaluate(trial: TrialId, design: &Design) -> TaskOutcome {
    match trial % 7 {
        3 => return TaskOutcome::Infeasible { reason: "test".into() },
        5 => return TaskOutcome::Failed { class: FailureClass::Exit, reason: "test".into() },
        _ => {}
    }
    let x: Vec<f64> = design.iter().filter_map(|v| v.number()).collect();
    let f = [x[0] + x[1] * x[2], 1.0 - x[0] + (x[1] - x[2]).powi(2)];
    let values = f.iter().enumerate();
    TaskOutcome::Ok(
        values.map(|(k, f)| (format!("f{k}"), Measurement::new(*f, None).unwrap())).collect(),
    )
}

/// How a session goes: candidates ready ahead, and the largest number of them that are made between two
/// completions, where the number is drawn with a seed.
#[derive(Clone, Copy)]
struct Way {
    ready: u64,
    steps: u64,
    seed: u64,
    patience_s: f64,
}

/// So many steps that there is nothing left to do.
const ALL: u64 = u64::MAX;
const ON_DEMAND: Way = Way { ready: 0, steps: ALL, seed: 1, patience_s: f64::INFINITY };

/// How a task of a trial ends, by its position and the attempt.
type Evaluate = fn(&Task) -> TaskOutcome;

/// [`session_of`] with trials of one task, which end in the order of `order` as far as it goes.
fn session(study: &Study, history: History, order: &[TrialId], way: Way) -> Vec<Record> {
    let order: Vec<(TrialId, u32)> = order.iter().map(|trial| (*trial, 0)).collect();
    let work = Arc::new(Work::of(study));
    let (records, followed) =
        session_of(study, (work, |task| evaluate(task.trial, &task.design)), history, &order, way);
    assert_eq!(followed, order.len(), "the trial that ends next is running");
    records
}

/// One session on simulated ranks, from `history` on, in which tasks end in the order of `order` as far
/// as that goes, and then at random; every record it makes, and how far it could follow. A candidate
/// takes a second, an evaluation a hundred.
fn session_of(
    study: &Study,
    (work, evaluate): (Arc<Work>, Evaluate),
    mut history: History,
    order: &[(TrialId, u32)],
    way: Way,
) -> (Vec<Record>, usize) {
    let missing = Default::default();
    let (trials, capacity, ranks) = (TRIALS, RANKS as u64, RANKS);
    let batch = study.strategy.batch;
    let settings =
        Settings { trials, capacity, batch, ranks, queue_from: None, work: work.clone(), missing };
    let begin = Record::Session(Session {
        at: 0.0,
        host: String::new(),
        job: String::new(),
        evaluators: RANKS as u64,
        capacity: RANKS as u64,
        completed_before: history.completions.len() as u64,
    });
    history.apply(begin.clone()).unwrap();
    let mut records = vec![begin];
    let time = Arc::new(AtomicU64::new(0));
    let clock = {
        let time = time.clone();
        Box::new(move || time.fetch_add(1, Ordering::Relaxed) as f64)
    };
    let ahead = Ahead { ready: way.ready, trials: TRIALS, patience_s: way.patience_s };
    let mut desk = Desk::new(Proposer::new(study).unwrap(), ahead, clock);
    let (mut coordinator, commands) = Coordinator::resume(settings, Judge::new(study), &history);
    let mut commands: VecDeque<Command> = commands.into();
    for rank in 1..=RANKS {
        commands.extend(coordinator.on(0.0, Event::Ready { rank, place: Place::default() }));
    }
    let (mut followed, mut follows) = (0, true);
    let mut rng = rng::stream(way.seed, "order", 0);
    let mut running: BTreeMap<(TrialId, u32), (usize, Task)> = BTreeMap::new();
    // Drafts reach the coordinator late: it may have taken older ones by then.
    let mut late: VecDeque<Reply> = VecDeque::new();
    loop {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Strategy(request) => {
                    let since = time.load(Ordering::Relaxed) as f64;
                    desk.hear(request, since).unwrap();
                }
                Command::Record(record) => {
                    if let Record::Completed(end) = &record
                        && work.graph().size() == 1
                        && order.get(followed) == Some(&(end.trial, 0))
                    {
                        // Its attempt had ended before; only that had not been heard.
                        followed += 1;
                    }
                    records.push(record);
                }
                Command::Evaluate { rank, task } => {
                    running.insert((task.trial, task.task), (rank, task));
                }
                Command::Notice(_) | Command::GiveAway { .. } => {}
                Command::Cancel { rank, trial, task, attempt } => {
                    let (on, cancelled) = running.remove(&(trial, task)).expect("it runs");
                    assert_eq!((on, cancelled.attempt), (rank, attempt));
                    let outcome = TaskOutcome::Interrupted { reason: "cancelled".into() };
                    let report = report(cancelled, outcome);
                    commands.extend(coordinator.on(0.0, Event::Done { rank, report }));
                }
                Command::Finish(ending) => {
                    assert_eq!(ending, Ending::Complete);
                    return (records, followed);
                }
            }
        }
        // The desk works for a while; then what it says is heard, also late.
        let steps = match way.steps {
            ALL => 30,
            some => rng.random_range(0..=some),
        };
        for _ in 0..steps {
            late.extend(desk.step().unwrap().into_iter().flatten());
        }
        let heard = if way.steps == ALL { late.len() } else { rng.random_range(0..=late.len()) };
        for reply in late.drain(..heard) {
            match reply {
                Reply::Proposed(offer) => {
                    commands.extend(coordinator.on(0.0, Event::Proposed(offer)));
                }
                Reply::Draft(draft) => {
                    let started = coordinator.on(0.0, Event::Drafted(draft));
                    assert!(started.is_empty(), "a draft starts nothing");
                }
            }
        }
        if !commands.is_empty() || running.is_empty() {
            continue;
        }
        let next = order.get(followed).filter(|next| follows && running.contains_key(next));
        follows = next.is_some();
        followed += usize::from(follows);
        let chosen = next.copied().unwrap_or_else(|| {
            let at = rng.random_range(0..running.len());
            running.keys().copied().nth(at).unwrap()
        });
        let (rank, task) = running.remove(&chosen).expect("it was chosen from what runs");
        let outcome = evaluate(&task);
        let report = report(task, outcome);
        let now = time.fetch_add(100, Ordering::Relaxed) as f64;
        commands.extend(coordinator.on(now, Event::Done { rank, report }));
    }
}

fn report(task: Task, outcome: TaskOutcome) -> Report {
    let Task { trial, task, attempt, .. } = task;
    let (started, finished, facts) = (0.0, 0.0, TaskFacts::default());
    Report { trial, task, attempt, outcome, started, finished, facts }
}

fn history_of(records: &[Record]) -> History {
    let mut history = History::default();
    for record in records {
        history.apply(record.clone()).unwrap();
    }
    history
}

fn designs(history: &History) -> Vec<(Design, String)> {
    let design = |t: &crate::store::Trial| (t.proposed.design.clone(), t.proposed.origin.clone());
    history.trials.iter().map(design).collect()
}

/// Made on demand, proposals depend on the order of completions alone.
fn on_demand(study: &Study, method: Method) {
    let records = session(study, History::default(), &[], ON_DEMAND);
    let whole = history_of(&records);
    assert_eq!(whole.completions.len() as u64, TRIALS);
    for cut in 0..=records.len() {
        let before = history_of(&records[..cut]);
        if before.completions.len() as u64 == TRIALS {
            continue;
        }
        let order = &whole.completions[before.completions.len()..];
        let mut both = records[..cut].to_vec();
        both.extend(session(study, before, order, ON_DEMAND));
        let again = history_of(&both);
        assert_eq!(again.completions, whole.completions, "{method:?}, cut after record {cut}");
        for (trial, (a, b)) in designs(&again).iter().zip(&designs(&whole)).enumerate() {
            assert_eq!(a, b, "{method:?}, cut after record {cut}, trial {trial}");
        }
    }
}

/// Every proposal is that of a proposer that knows the proposals before it and the completions that it
/// says it knew. `quick` ones are told by their origin.
fn assert_follows_from_the_record(study: &Study, history: &History) {
    let mut proposer = Proposer::new(study).unwrap();
    let mut told = 0;
    for trial in &history.trials {
        let proposed = &trial.proposed;
        assert!(proposed.seen >= told as u64, "trial {} knew less than one before", proposed.trial);
        while (told as u64) < proposed.seen {
            let id = history.completions[told];
            let completed = history.trials[id as usize].completed.as_ref().unwrap();
            proposer.tell(id, &completed.outcome);
            told += 1;
        }
        let why =
            proposed.origin.split_once("a rank has waited").map(|(_, rest)| rest.trim_end_matches(')'));
        let candidate = match why {
            None => proposer.ask(proposed.trial),
            Some(rest) => proposer.ask_quickly(proposed.trial, &format!("a rank has waited{rest}")),
        };
        let (is, was) = (candidate, proposed);
        assert_eq!((is.design, is.origin), (was.design.clone(), was.origin.clone()), "{}", was.trial);
        assert_eq!(is.memory, was.memory, "{}", was.trial);
    }
}

/// With drafts that are made and made again at any time, withdrawn or not, every proposal follows from
/// the record, also across interruptions.
fn ahead_of_time(study: &Study) {
    for seed in 0..4 {
        let way = Way { ready: 1 + seed % 3, steps: 5, seed, patience_s: f64::INFINITY };
        let records = session(study, History::default(), &[], way);
        assert_follows_from_the_record(study, &history_of(&records));
        for cut in (seed as usize..records.len()).step_by(4) {
            let before = history_of(&records[..cut]);
            if before.completions.len() as u64 == TRIALS {
                continue;
            }
            let mut both = records[..cut].to_vec();
            both.extend(session(study, before, &[], Way { seed: seed + 100, ..way }));
            assert_follows_from_the_record(study, &history_of(&both));
        }
    }
}

fn holds_for(method: Method) {
    holds(method, &study(method));
}

fn holds(method: Method, study: &Study) {
    on_demand(study, method);
    ahead_of_time(study);
}

#[test]
fn sobol() {
    holds_for(Method::Sobol);
}

#[test]
fn nsga2() {
    holds_for(Method::Nsga2);
}

#[test]
fn nsga3() {
    holds_for(Method::Nsga3);
}

#[test]
fn lhc() {
    holds_for(Method::Lhc);
}

#[test]
fn batches_whose_candidates_know_all_of_the_one_before() {
    for method in [Method::Sobol, Method::Nsga2] {
        let mut study = study(method);
        study.strategy.batch = Some(4);
        on_demand(&study, method);
        let history = history_of(&session(&study, History::default(), &[], ON_DEMAND));
        let known: Vec<u64> = history.trials.iter().map(|t| t.proposed.seen).collect();
        assert_eq!(known, [[0; 4], [4; 4], [8; 4], [12; 4]].concat()[..TRIALS as usize]);
    }
}

#[test]
fn a_nominal_design_a_list_and_a_latin_hypercube_before_a_method() {
    let mut study = study(Method::Nsga2);
    for parameter in &mut study.problem.space.parameters {
        parameter.default = Some(Value::Float(0.25));
    }
    study.strategy.nominal = Some(true);
    study.strategy.points = [0.1, 0.9].map(|x| vec![Value::Float(x); 3]).to_vec();
    study.strategy.initial = 8;
    study.strategy.initial_design = InitialDesign::Lhc;
    holds(Method::Nsga2, &study);
    let history = history_of(&session(&study, History::default(), &[], ON_DEMAND));
    let origins: Vec<String> = designs(&history).into_iter().map(|(_, origin)| origin).collect();
    let expected = [&["nominal", "list", "list"][..], &["lhc"; 5], &["nsga2"; 7]].concat();
    assert_eq!(origins, expected);
}

/// Two candidates, one of them told, and a point of one's own, as another session of `history`.
fn steered(study: &Study, history: History) -> Vec<Record> {
    let at = history.completions.len() as f64;
    let (host, job) = (String::new(), String::new());
    let nobody = Session { at: 0.0, host, job, evaluators: 0, capacity: 0, completed_before: 0 };
    let mut steering = Steering::resume(study.clone(), history, nobody).unwrap();
    let (asked, mut records) = steering.ask(2, &mut || 0.0).unwrap();
    let objectives = |y: f64| serde_json::json!({ "f0": y, "f1": 1.0 - y });
    let own = serde_json::json!({ "x0": 0.01 * at, "x1": 0.5, "x2": 0.5 });
    let mut told = vec![serde_json::json!({ "parameters": own, "objectives": objectives(0.3) })];
    if let Some(first) = asked.first() {
        told.push(serde_json::json!({ "trial": first.trial, "objectives": objectives(0.4) }));
    }
    records.extend(steering.tell(&told, 0.0).unwrap().1);
    records
}

#[test]
fn runs_that_were_steered_in_between_keep_the_law() {
    let study = study(Method::Nsga2);
    let first = session(&study, History::default(), &[], ON_DEMAND);
    for begun in (1..first.len()).step_by(7) {
        let mut before = first[..begun].to_vec();
        if history_of(&before).completions.len() as u64 + 3 > TRIALS {
            break;
        }
        before.extend(steered(&study, history_of(&before)));
        let rest = session(&study, history_of(&before), &[], ON_DEMAND);
        let whole = history_of(&[before.clone(), rest.clone()].concat());
        for cut in 0..rest.len() {
            let mut both = [before.clone(), rest[..cut].to_vec()].concat();
            let known = history_of(&both);
            if known.completions.len() as u64 >= TRIALS {
                continue;
            }
            let order = &whole.completions[known.completions.len()..];
            both.extend(session(&study, known, order, ON_DEMAND));
            let again = history_of(&both);
            assert_eq!(again.completions, whole.completions, "{begun}, {cut}");
            assert_eq!(designs(&again), designs(&whole), "{begun}, {cut}");
        }
    }
}

#[test]
fn mobo() {
    holds_for(Method::Mobo);
}

#[test]
fn mobo_with_draws() {
    let mut study = study(Method::Mobo);
    study.strategy.model = Surrogate::Sparse;
    holds(Method::Mobo, &study);
}

/// Results that came between proposal and dispatch, for the trials that depend on results.
fn stale(records: &[Record]) -> Vec<u64> {
    let stale = |r: &Record| match r {
        Record::Attempted(a, start) if a.trial >= INITIAL + RANKS as u64 => Some(start.stale),
        _ => None,
    };
    records.iter().filter_map(stale).collect()
}

#[test]
fn with_time_enough_a_candidate_lacks_only_the_result_that_made_room_for_it() {
    let study = study(Method::Mobo);
    for seed in 0..3 {
        let way = Way { seed, ..ON_DEMAND };
        assert!(stale(&session(&study, History::default(), &[], way)).iter().all(|s| *s == 0));
        let records = session(&study, History::default(), &[], Way { ready: 2, ..way });
        assert_follows_from_the_record(&study, &history_of(&records));
        assert!(stale(&records).iter().all(|s| *s == 1), "{:?}", stale(&records));
    }
}

#[test]
fn ranks_that_have_waited_too_long_get_a_quick_candidate_and_its_origin_says_so() {
    let study = study(Method::Mobo);
    let way = Way { patience_s: -1.0, ..ON_DEMAND };
    let history = history_of(&session(&study, History::default(), &[], way));
    assert_follows_from_the_record(&study, &history);
    let origins: Vec<&str> = history.trials.iter().map(|t| &*t.proposed.origin).collect();
    assert_eq!(origins[0], "sobol (mobo: a rank has waited more than -1 s)");
    assert_eq!(origins[14], "nsga2 (mobo: a rank has waited more than -1 s)");
}
