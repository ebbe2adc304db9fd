//! Trials that are random graphs of tasks, on random hosts, with random ends and losses. What is asked of
//! the coordinator is said once more here, in a model that knows only what the commands say.

use super::*;
use crate::comm::Input;
use crate::config::Failures;
use crate::pipeline::{Graph, Node, Rules};
use crate::rng;
use proptest::prelude::*;
use rand::{Rng, RngExt};
use std::collections::{BTreeMap, BTreeSet};

const TRIALS: u64 = 6;

/// Stages with gates among those before, and tasks that need some of those before.
fn graph(rng: &mut impl Rng) -> (Vec<Rules>, Vec<Node>) {
    let (mut stages, mut nodes) = (vec![], Vec::<Node>::new());
    for stage in 0..rng.random_range(1..=4_usize) {
        let before = nodes.len() as u32;
        stages.push(Rules {
            name: format!("s{stage}"),
            gates: (0..stage).filter(|_| rng.random_bool(0.2)).collect(),
            at_least: if rng.random_bool(0.5) { 1.0 } else { 0.5 },
            need: Need { cores: rng.random_range(1..=4), memory: rng.random_range(0..=3) },
            retries: Retries::all(rng.random_range(0..=2)),
        });
        for _ in 0..rng.random_range(1..=4) {
            let share = rng.random_range(0.0..1.0);
            let needs = (0..before).filter(|_| rng.random_bool(share)).collect();
            nodes.push(Node { stage, key: nodes.len().to_string(), needs });
        }
    }
    (stages, nodes)
}

/// What is known from outside.
struct Model {
    stages: Vec<Rules>,
    nodes: Vec<Node>,
    places: BTreeMap<usize, Place>,
    /// By rank: trial, task, attempt.
    running: BTreeMap<usize, (TrialId, u32, u32)>,
    ok: BTreeMap<(TrialId, u32), u32>,
    /// Tasks that others did not wait for any longer.
    sealed: BTreeSet<(TrialId, u32)>,
    over: BTreeMap<TrialId, &'static str>,
    cancelled: BTreeSet<usize>,
    proposed: BTreeSet<TrialId>,
}

impl Model {
    /// The tasks of each stage that a task waits for.
    fn waits(&self, task: u32) -> Vec<Vec<u32>> {
        let node = &self.nodes[task as usize];
        let stage_of = |t: u32| self.nodes[t as usize].stage;
        let needed = (0..self.stages.len())
            .map(|s| node.needs.iter().copied().filter(|t| stage_of(*t) == s).collect());
        let all =
            |gate: &usize| (0..self.nodes.len() as u32).filter(|t| stage_of(*t) == *gate).collect();
        needed
            .chain(self.stages[node.stage].gates.iter().map(all))
            .filter(|w: &Vec<u32>| !w.is_empty())
            .collect()
    }

    fn enough(&self, trial: TrialId, join: &[u32]) -> bool {
        let ok = join.iter().filter(|t| self.ok.contains_key(&(trial, **t))).count();
        let half = self.stages[self.nodes[join[0] as usize].stage].at_least == 0.5;
        ok >= if half { join.len().div_ceil(2) } else { join.len() }
    }

    fn started(&mut self, rank: usize, given: &Task) {
        let Task { trial, task, attempt, .. } = *given;
        assert!(self.proposed.contains(&trial) && !self.over.contains_key(&trial));
        assert!(!self.ok.contains_key(&(trial, task)) && !self.sealed.contains(&(trial, task)));
        assert!(self.running.values().all(|(t, k, _)| (*t, *k) != (trial, task)));
        for join in self.waits(task) {
            assert!(self.enough(trial, &join), "task {task} waits for {join:?}");
            assert!(self.running.values().all(|(t, k, _)| *t != trial || !join.contains(k)));
            self.sealed.extend(join.iter().map(|t| (trial, *t)));
        }
        let inputs = self.nodes[task as usize].needs.iter();
        let inputs =
            inputs.filter_map(|t| Some(Input { task: *t, attempt: *self.ok.get(&(trial, *t))? }));
        assert_eq!(given.inputs, inputs.collect::<Vec<_>>());
        assert!(self.running.insert(rank, (trial, task, attempt)).is_none(), "rank {rank} is busy");
        let host = &self.places[&rank].host;
        let there = self.places.iter().filter(|(_, p)| p.host == *host);
        let (ranks, place) = (there.clone().count(), there.clone().next().unwrap().1);
        let needs = there.filter_map(|(rank, _)| {
            let (_, task, _) = self.running.get(rank)?;
            Some(self.stages[self.nodes[*task as usize].stage].need)
        });
        let (cores, memory) = needs.fold((0, 0), |(c, m), n| (c + n.cores as usize, m + n.memory));
        assert!(cores <= place.cpus.len().max(ranks), "{cores} cores on {host}");
        assert!(place.memory.is_none_or(|m| memory <= m), "{memory} bytes on {host}");
    }

    fn ended(&mut self, trial: TrialId, status: &'static str) {
        assert!(self.over.insert(trial, status).is_none(), "trial {trial} ended twice");
        let needed = |t: &u32| self.nodes.iter().any(|n| n.needs.contains(t));
        let last = |stage: usize| -> Vec<u32> {
            let own = (0..self.nodes.len() as u32).filter(|t| self.nodes[*t as usize].stage == stage);
            own.filter(|t| !needed(t)).collect()
        };
        let mut lasts = (0..self.stages.len()).map(last).filter(|join| !join.is_empty());
        let complete = lasts.all(|join| self.enough(trial, &join));
        assert!(complete || status != "ok", "trial {trial} ended ok without all of it");
    }

    /// Reads commands; the trials that are asked for.
    fn read(&mut self, commands: Vec<Command>) -> (Vec<TrialId>, Option<Ending>) {
        let (mut asked, mut finish, mut cancelled) = (vec![], None, BTreeSet::new());
        for command in commands {
            match command {
                Command::Evaluate { rank, task } => self.started(rank, &task),
                Command::Cancel { rank, trial, task, attempt } => {
                    assert_eq!(self.running.get(&rank), Some(&(trial, task, attempt)));
                    cancelled.insert(rank);
                }
                Command::Record(Record::Completed(end)) => self.ended(end.trial, end.outcome.status()),
                Command::Strategy(Request::Ask { trial, .. }) => asked.push(trial),
                Command::Finish(ending) => finish = Some(ending),
                _ => {}
            }
        }
        self.cancelled.extend(cancelled);
        for (rank, (trial, ..)) in &self.running {
            assert_eq!(self.over.contains_key(trial), self.cancelled.contains(rank), "rank {rank}");
        }
        (asked, finish)
    }
}

/// A whole study; how its trials ended.
fn play(seed: u64) -> BTreeMap<TrialId, &'static str> {
    play_in(seed, None)
}

/// The same in batches.
fn play_in(seed: u64, batch: Option<u64>) -> BTreeMap<TrialId, &'static str> {
    let mut rng = rng::stream(seed, "graphs", 0);
    let (stages, nodes) = graph(&mut rng);
    let problem = problem();
    let work = Work::new(Graph::new(stages.clone(), nodes.clone()), move |results| {
        assert_eq!(problem.objectives.len(), 1);
        assert!(results.iter().any(Option::is_some));
        problem.outcome(&[("f".to_owned(), Measurement::new(1.0, None).unwrap())])
    });
    // The first host has room for any task, and its first rank is never lost.
    let mut places = BTreeMap::new();
    for host in 0..rng.random_range(1..=3_u32) {
        let (cpus, memory) = match host {
            0 => (4, Some(rng.random_range(3..=8))),
            _ => (rng.random_range(1..=6), rng.random_bool(0.7).then(|| rng.random_range(1..=6))),
        };
        let place = Place { host: format!("h{host}"), cpus: (0..cpus).collect(), cores: cpus, memory };
        for _ in 0..rng.random_range(1..=5) {
            places.insert(places.len() + 1, place.clone());
        }
    }
    let (capacity, missing) = (places.len() as u64, Default::default());
    let settings = Settings {
        trials: TRIALS,
        capacity,
        batch,
        ranks: places.len(),
        queue_from: None,
        work: Arc::new(work),
        missing,
    };
    let set = Stop { failures: Some(Failures { share: 0.9, of: 1000 }), ..Stop::default() };
    let (mut c, commands) = Coordinator::resume(settings, judge(set), &History::default());
    let mut model = Model {
        stages,
        nodes,
        places: places.clone(),
        running: BTreeMap::new(),
        ok: BTreeMap::new(),
        sealed: BTreeSet::new(),
        over: BTreeMap::new(),
        cancelled: BTreeSet::new(),
        proposed: BTreeSet::new(),
    };
    let (mut now, mut asked) = (0.0, model.read(commands).0);
    for (rank, place) in places {
        asked.extend(model.read(c.on(now, Event::Ready { rank, place })).0);
    }
    for _ in 0..10_000 {
        now += 1.0;
        let event = if !asked.is_empty() && rng.random_bool(0.7) {
            let trial = asked.remove(0);
            model.proposed.insert(trial);
            proposed(trial)
        } else if model.running.is_empty() {
            let Some(at) = c.wake_at() else {
                assert!(!asked.is_empty(), "it stalls at {:?}", c.counts());
                continue;
            };
            now = at.max(now);
            Event::Tick
        } else {
            let at = rng.random_range(0..model.running.len());
            let (rank, (trial, task, attempt)) =
                model.running.iter().nth(at).map(|(r, t)| (*r, *t)).unwrap();
            model.running.remove(&rank);
            let unwanted = model.cancelled.remove(&rank);
            let outcome = match rng.random_range(0..100) {
                // The last trial may have failed with it.
                0..5 if rank != 1 => {
                    model.places.remove(&rank);
                    None
                }
                5..8 if rank != 1 => Some(failed(FailureClass::Infrastructure)),
                8..13 => Some(TaskOutcome::Interrupted { reason: "test".into() }),
                13..23 => Some(failed(FailureClass::Exit)),
                23..25 => Some(TaskOutcome::Infeasible { reason: "test".into() }),
                _ => Some(TaskOutcome::Ok(vec![])),
            };
            if matches!(outcome, Some(TaskOutcome::Ok(_))) && !unwanted {
                model.ok.insert((trial, task), attempt);
            }
            let (started, finished, facts) = (now - 1.0, now, TaskFacts::default());
            match outcome {
                None => Event::Lost { rank, reason: "test".into() },
                Some(outcome) => {
                    let report = Report { trial, task, attempt, outcome, started, finished, facts };
                    Event::Done { rank, report }
                }
            }
        };
        let commands = c.on(now, event);
        assert_eq!(c.begun, c.open.values().filter(|open| open.begun()).count() as u64);
        // Ranks with three faults in a row get no more.
        model.places.retain(|rank, _| {
            !commands.iter().any(|c| {
                matches!(c, Command::Notice(n)
            if n.starts_with(&format!("rank {rank} on ")) && n.contains("gets no more"))
            })
        });
        let (asks, end) = model.read(commands);
        if let Some(batch) = batch {
            let ended = model.over.len() as u64;
            assert!(asks.iter().all(|trial| trial / batch == ended / batch), "{asks:?} after {ended}");
            assert!(asks.is_empty() || ended.is_multiple_of(batch), "{asks:?} after {ended}");
        }
        asked.extend(asks);
        if let Some(end) = end {
            assert_eq!(end, Ending::Complete);
            assert_eq!(model.over.len() as u64, TRIALS);
            return model.over;
        }
    }
    panic!("it does not end: {:?}", c.counts());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_trial_ends_once_and_nothing_starts_too_early_or_where_it_does_not_fit(seed: u64) {
        play(seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_batch_begins_before_the_one_before_has_ended(seed: u64, batch in 1_u64..=TRIALS) {
        play_in(seed, Some(batch));
    }
}

/// The last trial fails because its ranks are lost.
#[test]
fn a_lost_rank_may_end_the_study() {
    play(2_308_444_541_273_687_476);
}

#[test]
fn random_graphs_end_in_every_way() {
    let ends: BTreeSet<&str> = (0..50).flat_map(|seed| play(seed).into_values()).collect();
    assert_eq!(ends, BTreeSet::from(["failed", "infeasible", "ok"]));
}
