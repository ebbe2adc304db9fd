//! The restart law: a study that is interrupted after any record and goes on proposes bit for bit what
//! it would have proposed, for the same order of completions.

use super::*;
use crate::comm::{Report, Task};
use crate::config::{Method, Study};
use crate::problem::{Design, FailureClass, Measurement, Outcome, TrialId};
use crate::store::{History, Proposed, Record, Session};
use crate::strategy::Proposer;
use rand::RngExt;
use std::collections::{BTreeMap, VecDeque};

const RANKS: usize = 3;
const CAPACITY: u64 = 5;
const TRIALS: u64 = 15;

fn study(method: Method) -> Study {
    let text = format!(
        "[study]\nname = \"law\"\nseed = 3\n\
         [strategy]\nmethod = \"{}\"\ninitial = 4\ntrials = {TRIALS}\n\
         [evaluator]\nbuiltin = \"dtlz2\"\ndimension = 3\nobjectives = 2\n",
        format!("{method:?}").to_lowercase()
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("study.toml");
    std::fs::write(&file, text).unwrap();
    crate::config::read(&file, &Default::default()).unwrap().0
}

fn evaluate(trial: TrialId, design: &Design) -> Outcome {
    match trial % 7 {
        3 => return Outcome::Infeasible { reason: "test".into() },
        5 => return Outcome::Failed { class: FailureClass::Exit, reason: "test".into() },
        _ => {}
    }
    let x: Vec<f64> = design.iter().filter_map(|v| v.number()).collect();
    let f = [x[0] + x[1] * x[2], 1.0 - x[0] + (x[1] - x[2]).powi(2)];
    let objectives = f.iter().filter_map(|f| Measurement::new(*f, None)).collect();
    Outcome::Ok { objectives, metrics: vec![] }
}

/// One session on simulated ranks, from `history` on, that completes trials in the order of
/// `order` as far as it goes and then at random; every record it makes.
fn session(study: &Study, mut history: History, order: &[TrialId]) -> Vec<Record> {
    let settings = Settings { trials: TRIALS, capacity: CAPACITY, retries: 0 };
    let begin = Record::Session(Session {
        at: 0.0,
        host: String::new(),
        job: String::new(),
        evaluators: RANKS as u64,
        capacity: CAPACITY,
        completed_before: history.completions.len() as u64,
    });
    history.apply(begin.clone()).unwrap();
    let mut records = vec![begin];
    let mut proposer = Proposer::new(study).unwrap();
    let (mut coordinator, commands) = Coordinator::resume(settings, Judge::new(study), &history);
    let mut commands: VecDeque<Command> = commands.into();
    for rank in 1..=RANKS {
        commands.extend(coordinator.on(0.0, Event::Ready { rank, host: String::new() }));
    }
    let mut order = order.iter().copied().collect::<VecDeque<_>>();
    let mut rng = crate::rng::stream(1, "order", 0);
    let mut running: BTreeMap<TrialId, (usize, Task)> = BTreeMap::new();
    loop {
        while let Some(command) = commands.pop_front() {
            match command {
                Command::Strategy(Request::Tell { trial, outcome }) => proposer.tell(trial, &outcome),
                Command::Strategy(Request::Adopt { trial, design, memory }) => {
                    proposer.adopt(trial, &design, memory.as_deref()).unwrap();
                }
                Command::Strategy(Request::Ask { trial, seen }) => {
                    let candidate = proposer.ask(trial);
                    let proposed = Proposed {
                        trial,
                        seen,
                        design: candidate.design,
                        origin: candidate.origin,
                        generation_s: 0.0,
                        at: 0.0,
                        memory: candidate.memory,
                    };
                    commands.extend(coordinator.on(0.0, Event::Proposed(proposed)));
                }
                Command::Record(record) => records.push(record),
                Command::Evaluate { rank, task } => {
                    running.insert(task.trial, (rank, task));
                }
                Command::Notice(_) => {}
                Command::Finish(ending) => {
                    assert_eq!(ending, Ending::Complete);
                    return records;
                }
            }
        }
        let chosen = order.pop_front().unwrap_or_else(|| {
            let at = rng.random_range(0..running.len());
            running.keys().copied().nth(at).unwrap()
        });
        let (rank, task) = running.remove(&chosen).expect("the trial that ends next is running");
        let outcome = evaluate(task.trial, &task.design);
        let report =
            Report { trial: chosen, attempt: task.attempt, outcome, started: 0.0, finished: 0.0 };
        commands.extend(coordinator.on(0.0, Event::Done { rank, report }));
    }
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

fn holds_for(method: Method) {
    let study = study(method);
    let records = session(&study, History::default(), &[]);
    let whole = history_of(&records);
    assert_eq!(whole.completions.len() as u64, TRIALS);
    for cut in 0..=records.len() {
        let before = history_of(&records[..cut]);
        if before.completions.len() as u64 == TRIALS {
            continue;
        }
        let order = &whole.completions[before.completions.len()..];
        let mut both = records[..cut].to_vec();
        both.extend(session(&study, before, order));
        let again = history_of(&both);
        assert_eq!(again.completions, whole.completions, "{method:?}, cut after record {cut}");
        for (trial, (a, b)) in designs(&again).iter().zip(&designs(&whole)).enumerate() {
            assert_eq!(a, b, "{method:?}, cut after record {cut}, trial {trial}");
        }
    }
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
fn mobo() {
    holds_for(Method::Mobo);
}
