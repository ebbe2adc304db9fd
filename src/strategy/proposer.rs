//! The front of all strategies: every candidate allowed, new, and named after where it comes from.

use super::distinct::{Taken, every_design};
use super::{Ledger, Mobo, Nsga2, Nsga3, Spread, Strategy, StrategyError, Timings};
use crate::config::{Method, StrategySettings, Study};
use crate::doe::Sobol;
use crate::problem::{Design, EmptyRegion, Outcome, Region, Space, TrialId, Value};
use crate::rng;
use rand::RngExt;

/// Perturbations tried when a candidate is taken already; their radius grows to the whole cube.
const PERTURBATIONS: i32 = 32;
/// Radius of the first perturbation in the unit cube: less is no new information.
const FIRST_RADIUS: f64 = 1e-3;
/// Space-filling points tried after that where designs cannot be counted.
const POINTS: u64 = 64;
/// Spaces of up to so many designs are searched through instead.
const COUNTABLE: u64 = 65_536;

/// Origin of the nominal design.
const NOMINAL: &str = "nominal";

/// A design to evaluate.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The design: within bounds, allowed by every constraint.
    pub design: Design,
    /// Where it comes from: `nominal` or `list` for designs that the study names itself; `sobol` or
    /// `lhc` in the initial design; the method's name; `sobol (METHOD: REASON)` while the method
    /// cannot propose; `nsga2 (METHOD: REASON)` for a quick one, see [`Proposer::ask_quickly`]; with
    /// `(repeat: REASON)` after it if no new design was found, and `(most events: REASON)` if the method
    /// cannot tell how many the trial is worth.
    pub origin: String,
    /// The method's memory after this proposal, if it differs from that before.
    pub memory: Option<Vec<u8>>,
}

/// Why there can be no candidates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProposerError {
    /// The constraints leave nothing.
    #[error(transparent)]
    EmptyRegion(#[from] EmptyRegion),
}

/// Asks the study's method for candidates and tells it what became of them.
///
/// First come the designs that the study names itself, exactly as they are: the nominal one and its
/// list, less those that are taken already. The other ones of the first `initial` trials are
/// space-filling points (scrambled Sobol, or a Latin hypercube); so are later ones as long as no trial
/// has values or the method cannot propose. Every candidate is moved to the nearest allowed design; if
/// that design has ended or is pending, a perturbed one is taken, then any new space-filling one or,
/// in a space of at most 65,536 designs, any that is left. Only if all that fails a design is
/// repeated, and the origin says so.
///
/// The restart law: proposals are a function of the study and of the order of [`ask`](Self::ask)s
/// and [`tell`](Self::tell)s, where [`adopt`](Self::adopt) counts as the ask that gave the design and
/// [`withdraw`](Self::withdraw) leaves no trace of those that it takes back.
pub struct Proposer {
    seed: u64,
    initial: u64,
    region: Region,
    ledger: Ledger,
    taken: Taken,
    /// Designs that the study names itself, with their origins, in their order.
    given: Vec<(Design, &'static str)>,
    /// How many of them are known to have been tried.
    tried: usize,
    spread: Spread,
    /// `None`: space-filling points throughout.
    method: Option<Box<dyn Strategy>>,
    memory: Vec<u8>,
    /// Makes candidates in no time where the method is a slow one.
    quick: Option<Nsga2>,
}

/// In the origin of a quick candidate: why there was no time for a better one.
pub const WAITED: &str = "a rank has waited";

impl Proposer {
    /// A proposer that knows no trial yet.
    ///
    /// # Errors
    /// No design satisfies the constraints.
    pub fn new(study: &Study) -> Result<Self, ProposerError> {
        let (problem, seed) = (&study.problem, study.seed);
        let size = population(study);
        let region = Region::new(&study.problem.space)?;
        let method: Option<Box<dyn Strategy>> = match study.strategy.method {
            // A list that is used up, with more trials asked for all the same, is gone on with evenly.
            Method::Sobol | Method::Lhc | Method::List => None,
            Method::Nsga2 => Some(Box::new(Nsga2::new(problem, size, seed))),
            Method::Nsga3 => Some(Box::new(Nsga3::new(problem, size, seed))),
            Method::Mobo => {
                Some(Box::new(Mobo::new(problem, region.clone(), seed, study.strategy.model)))
            }
        };
        Ok(Self::with(study, region, method))
    }

    fn with(study: &Study, region: Region, method: Option<Box<dyn Strategy>>) -> Self {
        let memory = method.as_ref().map_or_else(Vec::new, |m| m.memory());
        let nominal = (study.strategy.nominal == Some(true)).then(|| study.problem.space.nominal().ok());
        let nominal = nominal.flatten().into_iter().map(|design| (design, NOMINAL));
        let list = study.strategy.points.iter().map(|design| (design.clone(), "list"));
        let given: Vec<_> = nominal.chain(list).collect();
        Self {
            seed: study.seed,
            initial: study.strategy.initial,
            spread: Spread::new(&region, study.seed, &study.strategy, given.len() as u64),
            given,
            tried: 0,
            region,
            ledger: Ledger::new(study.problem.clone()),
            taken: Taken::default(),
            quick: (study.strategy.method == Method::Mobo)
                .then(|| Nsga2::new(&study.problem, population(study), study.seed)),
            method,
            memory,
        }
    }

    /// The candidate for a trial, from now on pending.
    pub fn ask(&mut self, trial: TrialId) -> Candidate {
        if let Some((design, origin)) = self.next_given(trial) {
            return self.proposed(trial, design, origin.to_owned());
        }
        let (wish, origin, chosen) = self.wish(trial);
        self.candidate(trial, &wish, origin, chosen)
    }

    /// A candidate that costs next to nothing, for when there is no time to wait for a better one and
    /// `why` says so: a child of the best trials so far, as NSGA-II makes them, or a space-filling
    /// point before there are any. For the methods that are quick themselves, and where the study names
    /// the next design itself, it is what [`ask`](Self::ask) gives.
    pub fn ask_quickly(&mut self, trial: TrialId, why: &str) -> Candidate {
        let results = self.depends_on_results(trial);
        let given = self.next_given(trial).is_some();
        let (Some(quick), Some(method), false) = (&mut self.quick, &self.method, given) else {
            return self.ask(trial);
        };
        let child = if results { quick.propose(trial, &self.ledger).ok() } else { None };
        let (wish, maker) = match child {
            Some(wish) => (wish, "nsga2"),
            None => (self.spread.point(trial), self.spread.name()),
        };
        let origin = format!("{maker} ({}: {why})", method.name());
        self.candidate(trial, &wish, origin, false)
    }

    /// Whether the results of other trials have a say in the candidate for a trial: not in a
    /// space-filling one.
    pub fn depends_on_results(&self, trial: TrialId) -> bool {
        self.method.is_some() && trial >= self.initial
    }

    /// The method's state as of now, to be given back to [`withdraw`](Self::withdraw).
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// Takes back the last asks, those for `trials`, before which the method's state was `memory`: as
    /// if they had not been made.
    ///
    /// # Errors
    /// The memory is not one of the study's method.
    pub fn withdraw(&mut self, trials: &[TrialId], memory: &[u8]) -> Result<(), StrategyError> {
        for trial in trials.iter().rev() {
            if let Some(unit) = self.ledger.withdraw(*trial) {
                self.taken.remove(&unit);
            }
        }
        // The study's own designs among them are to be tried again.
        self.tried = 0;
        if memory != self.memory
            && let Some(method) = &mut self.method
        {
            method.recall(memory)?;
            self.memory = memory.to_vec();
        }
        Ok(())
    }

    /// `chosen`: the wish is the method's own.
    fn candidate(
        &mut self,
        trial: TrialId,
        wish: &[f64],
        mut origin: String,
        chosen: bool,
    ) -> Candidate {
        let (mut design, repeat) = self.nearest_new(trial, wish);
        if let Some(why) = repeat {
            origin += &format!(" (repeat: {why})");
        }
        if let Some((at, range)) = self.region.space().events() {
            let unit = self.region.space().encode(&design);
            let events = match &mut self.method {
                Some(method) if chosen => method.events(&unit, &self.ledger, &range),
                _ => Ok(range.first()),
            };
            design[at] = Value::Integer(events.unwrap_or_else(|why| {
                origin += &format!(" (most events: {why})");
                range.upper
            }));
        }
        self.proposed(trial, design, origin)
    }

    fn proposed(&mut self, trial: TrialId, design: Design, origin: String) -> Candidate {
        self.note(trial, &design);
        let memory = self.method.as_ref().map_or_else(Vec::new, |m| m.memory());
        let changed = (memory != self.memory).then(|| memory.clone());
        self.memory = memory;
        Candidate { design, origin, memory: changed }
    }

    /// How a trial ended; trials that were neither asked for nor adopted are ignored.
    pub fn tell(&mut self, trial: TrialId, outcome: &Outcome) {
        self.ledger.tell(trial, outcome);
    }

    /// Takes over the proposal of an earlier session with the memory that came with it: pending
    /// again.
    ///
    /// # Errors
    /// The design is not one of this study, or the memory not one of its method. Nothing is adopted
    /// then.
    pub fn adopt(
        &mut self,
        trial: TrialId,
        design: &Design,
        memory: Option<&[u8]>,
    ) -> Result<(), StrategyError> {
        let misfit = |what: &str| Err(StrategyError::Memory(format!("trial {trial}: {what}")));
        if !self.region.space().in_bounds(design) {
            return misfit("the design does not fit the parameters of this study");
        }
        match (memory, &mut self.method) {
            (None, _) => {}
            (Some(bytes), Some(method)) => {
                method.recall(bytes)?;
                self.memory = bytes.to_vec();
            }
            (Some(_), None) => return misfit("space-filling points have no memory"),
        }
        self.note(trial, design);
        Ok(())
    }

    /// Wall time that the method has spent so far.
    pub fn timings(&self) -> Timings {
        self.method.as_ref().map_or_else(Timings::default, |m| m.timings())
    }

    fn note(&mut self, trial: TrialId, design: &Design) {
        self.taken.insert(self.region.space().encode(design));
        self.ledger.propose(trial, design);
    }

    /// The next design of the study's own that nobody has tried. The nominal one is trial 0 or none;
    /// for the list numbers decide nothing, so that trials that were told without having been asked
    /// for push none of it out.
    fn next_given(&mut self, trial: TrialId) -> Option<(Design, &'static str)> {
        while let Some((design, origin)) = self.given.get(self.tried) {
            if self.is_new(design) && (trial == 0 || *origin != NOMINAL) {
                return Some((design.clone(), *origin));
            }
            self.tried += 1;
        }
        None
    }

    /// A point of the unit cube, allowed or not, new or not, its origin, and whether it is the method's own.
    fn wish(&mut self, trial: TrialId) -> (Vec<f64>, String, bool) {
        let Some(method) = self.method.as_mut().filter(|_| trial >= self.initial) else {
            return (self.spread.point(trial), self.spread.name().to_owned(), false);
        };
        let wish = if self.ledger.ok().next().is_none() {
            Err(StrategyError::NoValues)
        } else {
            method.propose(trial, &self.ledger)
        };
        let dimension = self.region.space().dimension();
        let is_point = |p: &[f64]| p.len() == dimension && p.iter().all(|u| u.is_finite());
        let why = match wish {
            Ok(point) if is_point(&point) => {
                let makeshift = method.makeshift().map(|what| format!(" ({what})")).unwrap_or_default();
                return (point, method.name().to_owned() + &makeshift, true);
            }
            Ok(_) => "numerics: not a point of the unit cube".to_owned(),
            Err(e) => e.to_string(),
        };
        let origin = format!("{} ({}: {why})", self.spread.name(), method.name());
        (self.spread.point(trial), origin, false)
    }

    /// The allowed design nearest to a wish if it is new, or else another; with the reason if that
    /// is a repeat.
    fn nearest_new(&self, trial: TrialId, wish: &[f64]) -> (Design, Option<&'static str>) {
        let nearest = self.allowed(wish);
        if self.is_new(&nearest) {
            return (nearest, None);
        }
        let centre = self.region.space().encode(&nearest);
        let mut rng = rng::stream(self.seed, "distinct", trial);
        let growth = FIRST_RADIUS.recip().powf(f64::from(PERTURBATIONS - 1).recip());
        let perturbed = (0..PERTURBATIONS).map(|k| {
            let radius = FIRST_RADIUS * growth.powi(k);
            let move_by = |u: &f64| u + radius * (2.0 * rng.random::<f64>() - 1.0);
            centre.iter().map(move_by).collect::<Vec<f64>>()
        });
        let space = self.region.space();
        if let Some(new) = { perturbed }.map(|u| self.allowed(&u)).find(|d| self.is_new(d)) {
            return (new, None);
        }
        if let Some(mut all) = every_design(space, COUNTABLE, rng.random()) {
            return match all.find(|design| space.allows(design) && self.is_new(design)) {
                Some(new) => (new, None),
                None => (nearest, Some("every design has been proposed")),
            };
        }
        let sobol = Sobol::new(self.seed, "distinct sobol", centre.len());
        let first = trial.wrapping_mul(POINTS);
        let mut anywhere = (0..POINTS).map(|k| sobol.point(first.wrapping_add(k)));
        match anywhere.find_map(|u| Some(self.allowed(&u)).filter(|d| self.is_new(d))) {
            Some(new) => (new, None),
            None => (nearest, Some("no new design was found")),
        }
    }

    fn allowed(&self, unit: &[f64]) -> Design {
        let space: &Space = self.region.space();
        space.decode(&self.region.project(unit))
    }

    fn is_new(&self, design: &Design) -> bool {
        !self.taken.contains(&self.region.space().encode(design))
    }
}

/// Members of a population.
fn population(study: &Study) -> usize {
    let size = study.strategy.population.unwrap_or(StrategySettings::POPULATION);
    usize::try_from(size).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
