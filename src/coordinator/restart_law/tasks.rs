//! The law for trials of several tasks: a check, three simulations after it of which two are enough, and
//! an analysis of them.

use super::*;
use crate::config::Retries;
use crate::pipeline::{Graph, Need, Node, Rules};

fn work(study: &Study) -> Arc<Work> {
    let stage = |name: &str, gates: &[usize], at_least| Rules {
        name: name.into(),
        gates: gates.to_vec(),
        at_least,
        need: Need::ONE_CORE,
        retries: Retries::all(1),
    };
    let stages =
        vec![stage("overlap", &[], 1.0), stage("simulation", &[], 0.6), stage("analysis", &[0], 1.0)];
    let node = |stage, key: &str, needs: &[u32]| Node { stage, key: key.into(), needs: needs.to_vec() };
    let mut nodes = vec![node(0, "", &[])];
    nodes.extend(["a", "b", "c"].map(|key| node(1, key, &[0])));
    nodes.push(node(2, "", &[1, 2, 3]));
    let problem = study.problem.clone();
    Arc::new(Work::new(Graph::new(stages, nodes), move |results| {
        let analysis = results.last().and_then(Option::as_ref).ok_or("no analysis")?;
        problem.outcome(analysis)
    }))
}

/// Every sixth trial overlaps, some simulations fail once, one trial's fail for good, and one trial loses
/// one simulation only.
fn perform(task: &Task) -> TaskOutcome {
    let reason = || "test".to_owned();
    let failed = TaskOutcome::Failed { class: FailureClass::Signal, reason: reason() };
    let kind = (task.trial, task.task);
    match task.task {
        0 if task.trial % 6 == 4 => TaskOutcome::Infeasible { reason: reason() },
        0 => TaskOutcome::Ok(vec![]),
        1..=3 if matches!(kind, (7, 1 | 2) | (9, 3)) => failed,
        k @ 1..=3 if task.attempt == 1 && (task.trial + u64::from(k)).is_multiple_of(5) => failed,
        1..=3 => {
            assert_eq!(task.inputs.len(), 1, "the check");
            TaskOutcome::Ok(vec![("photons".into(), Measurement::new(20.0, None).unwrap())])
        }
        _ => {
            let lost = usize::from(task.trial == 9);
            assert_eq!(task.inputs.len(), 3 - lost, "the simulations that are ok");
            let x: Vec<f64> = task.design.iter().filter_map(|v| v.number()).collect();
            let f = [x[0] + x[1] * x[2], 1.0 - x[0] + (x[1] - x[2]).powi(2)];
            let named = f.iter().enumerate();
            let values = named.map(|(k, f)| (format!("f{k}"), Measurement::new(*f, None).unwrap()));
            TaskOutcome::Ok(values.collect())
        }
    }
}

fn ends(history: &History) -> Vec<(TrialId, u32)> {
    let ended = history.attempts.iter().filter(|a| a.status != "interrupted");
    ended.map(|a| (a.trial, a.detail.task)).collect()
}

/// No task ends ok twice, nothing is heard of a trial that has ended but that a task was interrupted.
fn assert_once(records: &[Record]) {
    let mut ok = std::collections::BTreeSet::new();
    let mut over = std::collections::BTreeSet::new();
    for record in records {
        match record {
            Record::Ended(attempt, _, detail) => {
                let task = (attempt.trial, detail.task);
                assert!(!ok.contains(&task), "{task:?} was done again");
                assert!(!over.contains(&attempt.trial) || attempt.status == "interrupted", "{task:?}");
                if attempt.status == "ok" {
                    ok.insert(task);
                }
            }
            Record::Completed(end) => assert!(over.insert(end.trial)),
            _ => {}
        }
    }
    assert_eq!(over.len() as u64, TRIALS);
}

fn lasts(method: Method) {
    lasts_in(&study(method), method);
}

fn lasts_in(study: &Study, method: Method) {
    let parts = (work(study), perform as Evaluate);
    let (records, _) = session_of(study, parts.clone(), History::default(), &[], ON_DEMAND);
    let whole = history_of(&records);
    assert_once(&records);
    assert_follows_from_the_record(study, &whole);
    let count = |status| {
        whole.trials.iter().filter(|t| t.completed.as_ref().unwrap().outcome.status() == status).count()
    };
    assert_eq!((count("infeasible"), count("failed")), (2, 1));
    let last = whole.trials.iter().map(|t| t.proposed.seen).max().unwrap();
    assert!(last > 5, "trials are asked for as ranks need them, not all at once");
    let mut all = 0;
    for cut in 0..=records.len() {
        let before = history_of(&records[..cut]);
        if before.completions.len() as u64 == TRIALS {
            continue;
        }
        let order: Vec<(TrialId, u32)> = ends(&whole)[ends(&before).len()..].to_vec();
        let begun = before.attempts.len();
        let mut both = records[..cut].to_vec();
        let (rest, followed) = session_of(study, parts.clone(), before, &order, ON_DEMAND);
        both.extend(rest);
        assert_once(&both);
        let again = history_of(&both);
        assert_follows_from_the_record(study, &again);
        // As long as tasks end in the same order, the same is proposed.
        all += usize::from(followed == order.len());
        let until = match order.get(followed) {
            None => u64::MAX,
            Some(_) => completions_before(&records, begun + followed),
        };
        let early = |h: &History| -> Vec<_> {
            let known = h.trials.iter().filter(|t| t.proposed.seen < until);
            known.map(|t| (t.proposed.design.clone(), t.proposed.seen)).collect()
        };
        assert_eq!(early(&again), early(&whole), "{method:?}, cut after record {cut}");
    }
    assert!(all > records.len() / 4, "{all} of {} orders can be followed to the end", records.len());
}

/// Trials that had ended when the attempt of this number ended.
fn completions_before(records: &[Record], attempt: usize) -> u64 {
    let (mut attempts, mut ended) = (0, 0);
    for record in records {
        match record {
            Record::Ended(..) if attempts == attempt => return ended,
            Record::Ended(..) => attempts += 1,
            Record::Completed(_) => ended += 1,
            _ => {}
        }
    }
    ended
}

#[test]
fn space_filling() {
    lasts(Method::Sobol);
}

#[test]
fn evolution() {
    lasts(Method::Nsga2);
}

#[test]
fn batches() {
    let mut study = study(Method::Nsga2);
    study.strategy.batch = Some(4);
    lasts_in(&study, Method::Nsga2);
    let parts = (work(&study), perform as Evaluate);
    let (records, _) = session_of(&study, parts, History::default(), &[], ON_DEMAND);
    let history = history_of(&records);
    assert!(history.trials.iter().all(|t| t.proposed.seen == t.proposed.trial / 4 * 4));
}

#[test]
fn models() {
    lasts(Method::Mobo);
}

#[test]
fn candidates_that_lie_ready_follow_from_the_record() {
    let study = study(Method::Nsga2);
    let parts = (work(&study), perform as Evaluate);
    for seed in 0..4 {
        let way = Way { ready: 1 + seed % 3, steps: 5, seed, patience_s: f64::INFINITY };
        let (records, _) = session_of(&study, parts.clone(), History::default(), &[], way);
        assert_once(&records);
        for cut in (seed as usize..records.len()).step_by(5) {
            let before = history_of(&records[..cut]);
            if before.completions.len() as u64 == TRIALS {
                continue;
            }
            let mut both = records[..cut].to_vec();
            let way = Way { seed: seed + 100, ..way };
            both.extend(session_of(&study, parts.clone(), before, &[], way).0);
            assert_once(&both);
            assert_follows_from_the_record(&study, &history_of(&both));
        }
    }
}
