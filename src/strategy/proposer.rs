//! Temporary: replaced at merge.
#![allow(missing_docs)]
use super::{Ledger, Mobo, Strategy, StrategyError};
use crate::config::{Method, Study};
use crate::problem::{Design, EmptyRegion, Outcome, Region, TrialId};
use rand::RngExt;
pub struct Candidate {
    pub design: Design,
    pub origin: String,
    pub memory: Option<Vec<u8>>,
}
pub struct Proposer {
    ledger: Ledger,
    region: Region,
    mobo: Mobo,
    initial: u64,
    seed: u64,
    method: Method,
    last: Vec<u8>,
}
impl Proposer {
    pub fn new(study: &Study) -> Result<Self, EmptyRegion> {
        let region = Region::new(&study.problem.space)?;
        let mobo = Mobo::new(&study.problem, region.clone(), study.seed);
        Ok(Self {
            ledger: Ledger::new(study.problem.clone()),
            region,
            last: mobo.memory(),
            mobo,
            initial: study.strategy.initial,
            seed: study.seed,
            method: study.strategy.method,
        })
    }
    pub fn ask(&mut self, trial: TrialId) -> Candidate {
        let mut origin = "sobol".to_owned();
        let mut unit = None;
        if trial >= self.initial && self.method == Method::Mobo {
            unit = self.mobo.propose(trial, &self.ledger).ok();
            if unit.is_some() {
                origin = "mobo".into();
            }
        }
        let unit = unit.unwrap_or_else(|| {
            let mut rng = crate::rng::stream(self.seed, "tmp", trial);
            let u: Vec<f64> =
                (0..self.ledger.problem().space.dimension()).map(|_| rng.random()).collect();
            self.region.project(&u)
        });
        let design = self.ledger.problem().space.decode(&unit);
        self.ledger.propose(trial, &design);
        let memory = self.mobo.memory();
        let memory = (memory != self.last).then(|| {
            self.last = memory.clone();
            memory
        });
        Candidate { design, origin, memory }
    }
    pub fn tell(&mut self, trial: TrialId, outcome: &Outcome) {
        self.ledger.tell(trial, outcome);
    }
    pub fn adopt(
        &mut self,
        trial: TrialId,
        design: &Design,
        memory: Option<&[u8]>,
    ) -> Result<(), StrategyError> {
        self.ledger.propose(trial, design);
        if let Some(m) = memory {
            self.mobo.recall(m)?;
            self.last = m.to_vec();
        }
        Ok(())
    }
}
