//! A run on more ranks than there are: events in the order of simulated time for the real [`Coordinator`],
//! whose own time is measured. Ranks, strategy and time are simulated.

use crate::comm::{Rank, Report, Task};
use crate::config::{Retries, Study};
use crate::coordinator::{Command, Coordinator, Ending, Event, Offer, Place, Request, Settings};
use crate::pipeline::{Graph, Need, Node, Rules, Work};
use crate::problem::{Design, Measurement, TaskFacts, TaskOutcome, TrialId, Values};
use crate::rng;
use crate::stopping::Judge;
use crate::store::{History, Proposed};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Instant;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Evaluating ranks.
    pub ranks: usize,
    /// Ranks of each node.
    pub per_node: usize,
    /// Trials in all.
    pub trials: u64,
    /// Median time of a task in seconds; times are log-normal with sigma 1.
    pub median_s: f64,
    /// Seconds that the strategy takes for a candidate.
    pub candidate_s: f64,
    /// Share of the tasks during which the rank is lost.
    pub lost: f64,
    /// Seed of the times.
    pub seed: u64,
}

impl Setting {
    /// Mean time of a task in seconds: of a log-normal with sigma 1.
    pub fn mean_s(&self) -> f64 {
        self.median_s * 0.5_f64.exp()
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Figures {
    /// Events that the coordinator was told.
    pub events: u64,
    /// Commands that it gave.
    pub commands: u64,
    /// Seconds that it took for them.
    pub seconds: f64,
    /// Seconds for an event: the median.
    pub median_s: f64,
    /// The same at 99 %.
    pub late_s: f64,
    /// The longest.
    pub slowest_s: f64,
    /// Most tasks that waited for a rank.
    pub queue: u64,
    /// Most trials that had been asked for without an answer.
    pub asked: u64,
    /// Share of the ranks' time until the last task began in which they ran tasks.
    pub busy: f64,
    /// How often a rank was lost.
    pub lost: u64,
}

/// Something that will happen.
struct Due {
    at: f64,
    /// Of things at the same time the one that was arranged first happens first.
    number: u64,
    what: What,
}

enum What {
    Tell(Event),
    /// A rank ends a task that began then.
    End(Rank, Task, f64),
    /// A rank is lost, and with it what it runs.
    Lost(Rank),
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Due {}
impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.total_cmp(&other.at).then(self.number.cmp(&other.number))
    }
}

struct Simulation<'a> {
    setting: &'a Setting,
    work: Arc<Work>,
    /// What every trial is and measures.
    design: Design,
    objectives: Values,
    coordinator: Coordinator,
    now: f64,
    due: BinaryHeap<Reverse<Due>>,
    arranged: u64,
    /// When the strategy has answered everything that it was asked for.
    strategy_free: f64,
    waiting: u64,
    rng: rand_chacha::ChaCha8Rng,
    times: Vec<f32>,
    figures: Figures,
    /// Begin and end of every attempt, and when the last one began.
    spans: Vec<(f64, f64)>,
    last_start: f64,
    ended: Option<Ending>,
}

/// What a trial of `study` is: a check, so many simulations after it, and an analysis of them; without
/// simulations one task.
pub fn work(study: &Study, simulations: u32) -> Work {
    if simulations == 0 {
        return Work::of(study);
    }
    let stage = |name: &str, gates: &[usize]| Rules {
        name: name.into(),
        gates: gates.to_vec(),
        at_least: 1.0,
        need: Need::ONE_CORE,
        retries: Retries::all(1),
    };
    let stages = vec![stage("check", &[]), stage("simulation", &[0]), stage("analysis", &[0])];
    let node = |stage, needs: Vec<u32>| Node { stage, key: String::new(), needs };
    let first = std::iter::once(node(0, vec![]));
    let middle = (0..simulations).map(|_| node(1, vec![0]));
    let nodes = first.chain(middle).chain([node(2, (1..=simulations).collect())]).collect();
    let problem = study.problem.clone();
    Work::new(Graph::new(stages, nodes), move |results| {
        let analysis = results.last().and_then(Option::as_ref).ok_or("no analysis")?;
        problem.outcome(analysis)
    })
}

/// Runs a study on simulated ranks until it is complete.
///
/// # Errors
/// It ends otherwise, or not at all, in words.
pub fn simulate(study: &Study, work: Arc<Work>, setting: &Setting) -> Result<Figures, String> {
    let capacity = setting.ranks as u64;
    let (trials, ranks, missing) = (setting.trials, setting.ranks, Default::default());
    let batch = study.strategy.batch;
    let settings =
        Settings { trials, capacity, batch, ranks, queue_from: None, work: Arc::clone(&work), missing };
    let (coordinator, commands) = Coordinator::resume(settings, Judge::new(study), &History::default());
    let space = &study.problem.space;
    let value = Measurement::new(0.5, None).ok_or("0.5 is no value")?;
    let mut this = Simulation {
        setting,
        work,
        design: space.decode(&vec![0.5; space.dimension()]),
        objectives: study.problem.objectives.iter().map(|o| (o.name.clone(), value)).collect(),
        coordinator,
        now: 0.0,
        due: BinaryHeap::new(),
        arranged: 0,
        strategy_free: 0.0,
        waiting: 0,
        rng: rng::stream(setting.seed, "simulation", 0),
        times: vec![],
        figures: Figures::default(),
        spans: vec![],
        last_start: 0.0,
        ended: None,
    };
    this.carry_out(commands);
    for rank in 1..=ranks {
        let place = this.place(rank);
        this.arrange(0.0, What::Tell(Event::Ready { rank, place }));
    }
    while this.ended.is_none() {
        this.step()?;
    }
    match this.ended.take() {
        Some(Ending::Complete) => Ok(this.finish()),
        other => Err(format!("the simulated run did not complete: {other:?}")),
    }
}

impl Simulation<'_> {
    fn place(&self, rank: Rank) -> Place {
        let within = (rank - 1) % self.setting.per_node;
        let host = format!("node{}", (rank - 1) / self.setting.per_node);
        Place { host, cpus: vec![within as u32], cores: 1, memory: None }
    }

    fn arrange(&mut self, at: f64, what: What) {
        self.arranged += 1;
        self.due.push(Reverse(Due { at, number: self.arranged, what }));
    }

    /// The next thing that happens.
    fn step(&mut self) -> Result<(), String> {
        let wake = self.coordinator.wake_at();
        let next = self.due.peek().map(|Reverse(due)| due.at);
        if let Some(wake) = wake.filter(|wake| next.is_none_or(|next| *wake < next)) {
            self.now = self.now.max(wake);
            self.tell(Event::Tick);
            return Ok(());
        }
        let Some(Reverse(Due { at, what, .. })) = self.due.pop() else {
            return Err("nothing is left to happen in the simulated run".to_owned());
        };
        self.now = at;
        match what {
            What::Tell(event) => {
                self.waiting -= u64::from(matches!(event, Event::Proposed(_)));
                self.tell(event);
            }
            What::End(rank, task, started) => {
                let report = self.report(&task, started);
                self.tell(Event::Done { rank, report });
            }
            What::Lost(rank) => {
                self.figures.lost += 1;
                let place = self.place(rank);
                self.arrange(self.now + self.setting.median_s, What::Tell(Event::Ready { rank, place }));
                self.tell(Event::Lost { rank, reason: "simulated".to_owned() });
            }
        }
        Ok(())
    }

    fn report(&self, task: &Task, started: f64) -> Report {
        let last = task.task as usize + 1 == self.work.graph().size();
        let outcome = TaskOutcome::Ok(if last { self.objectives.clone() } else { vec![] });
        let Task { trial, task, attempt, .. } = *task;
        let (finished, facts) = (self.now, TaskFacts::default());
        Report { trial, task, attempt, outcome, started, finished, facts }
    }

    /// One event, timed as the loop of rank 0 meets it.
    fn tell(&mut self, event: Event) {
        let begin = Instant::now();
        let commands = self.coordinator.on(self.now, event);
        let counts = self.coordinator.counts();
        let took = begin.elapsed().as_secs_f64();
        let figures = &mut self.figures;
        figures.events += 1;
        figures.seconds += took;
        self.times.push(took as f32);
        let queued = counts.tasks.map_or(counts.ready, |tasks| tasks.ready);
        figures.queue = figures.queue.max(queued);
        self.carry_out(commands);
    }

    fn carry_out(&mut self, commands: Vec<Command>) {
        self.figures.commands += commands.len() as u64;
        for command in commands {
            match command {
                Command::Evaluate { rank, task } => self.start(rank, task),
                Command::Strategy(Request::Ask { trial, seen }) => self.ask(trial, seen),
                Command::Finish(ending) => self.ended = Some(ending),
                // Nothing fails here, so that there is nothing to cancel.
                Command::Strategy(_)
                | Command::Record(_)
                | Command::Notice(_)
                | Command::Cancel { .. }
                | Command::GiveAway { .. } => {}
            }
        }
    }

    fn start(&mut self, rank: Rank, task: Task) {
        let z: f64 = StandardNormal.sample(&mut self.rng);
        let length = self.setting.median_s * z.exp();
        self.last_start = self.now;
        let lost = self.rng.random::<f64>() < self.setting.lost;
        let end = self.now + if lost { length * self.rng.random::<f64>() } else { length };
        self.spans.push((self.now, end));
        self.arrange(end, if lost { What::Lost(rank) } else { What::End(rank, task, self.now) });
    }

    /// The strategy answers one after the other.
    fn ask(&mut self, trial: TrialId, seen: u64) {
        self.strategy_free = self.strategy_free.max(self.now) + self.setting.candidate_s;
        self.waiting += 1;
        self.figures.asked = self.figures.asked.max(self.waiting);
        let proposed = Proposed {
            trial,
            seen,
            design: self.design.clone(),
            origin: "simulated".to_owned(),
            generation_s: self.setting.candidate_s,
            at: self.strategy_free,
            memory: None,
        };
        let offer = Offer { proposed, serial: trial, after: None };
        self.arrange(self.strategy_free, What::Tell(Event::Proposed(offer)));
    }

    fn finish(mut self) -> Figures {
        self.times.sort_by(f32::total_cmp);
        let at = |share: f64| {
            f64::from(self.times[((share * self.times.len() as f64) as usize).min(self.times.len() - 1)])
        };
        let (median_s, late_s, slowest_s) = (at(0.5), at(0.99), at(1.0));
        let worked_s: f64 = self.spans.iter().map(|(start, end)| end.min(self.last_start) - start).sum();
        let busy = worked_s / (self.last_start * self.setting.ranks as f64);
        Figures { median_s, late_s, slowest_s, busy, ..self.figures }
    }
}
