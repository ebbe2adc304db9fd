//! Penicillin: yield (negative), carbon dioxide and duration of a fed-batch fermentation, simulated in
//! steps of one hour until the vessel is full, the sugar is used up, the yield grows no more, or 2,500
//! hours have passed.
//!
//! The model of Liang and Lai as BoTorch has it: balances of volume, biomass, glucose, penicillin and
//! carbon dioxide with kinetics of Bajpai and Reuss. The end of a run makes the objectives
//! discontinuous.

use super::{Entry, Make, MaxHypervolume, Size, TestFunction};

const SOURCE: &str = "Liang, Lai: Scalable Bayesian optimization accelerates process optimization of \
                      penicillin production (NeurIPS 2021 AI for Science workshop, \
                      https://openreview.net/forum?id=UVdSYXMNdOe)";

/// Volume of the culture (l), biomass (g/l), temperature (K), glucose (g/l), feed (l/h), glucose in the
/// feed (g/l), pH.
const BOUNDS: [(f64, f64); 7] =
    [(60.0, 120.0), (0.05, 18.0), (293.0, 303.0), (0.05, 18.0), (0.01, 0.5), (500.0, 700.0), (5.0, 6.5)];

/// Hours after which a run ends in any case.
const LONGEST: u32 = 2500;
/// Volume in litres at which it ends.
const FULL: f64 = 180.0;
/// Growth of the penicillin concentration per hour below which it ends.
const STAGNATION: f64 = 1e-11;

/// For the table of all test functions.
pub const ENTRIES: &[Entry] = &[Entry {
    name: "penicillin",
    source: SOURCE,
    parameters: Size::Exactly(BOUNDS.len()),
    objectives: Size::Exactly(3),
    make: Make::AsItIs(|| Box::new(Penicillin)),
}];

#[derive(Debug)]
struct Penicillin;

/// What a fermenter holds.
struct Fermenter {
    volume: f64,
    biomass: f64,
    glucose: f64,
    penicillin: f64,
    carbon_dioxide: f64,
}

/// What stays the same during a run.
struct Feed {
    /// Litres per hour, and glucose in them.
    rate: f64,
    glucose: f64,
    /// Share of the volume that evaporates per hour.
    evaporation: f64,
    /// Largest specific growth of the biomass per hour, at this temperature and acidity.
    growth: f64,
}

impl Feed {
    fn new(temperature: f64, rate: f64, glucose: f64, ph: f64) -> Self {
        // Freezing and boiling point, in K.
        let (low, high) = (273.0, 373.0);
        let evaporation = 2.5e-4 * (5.0 * (temperature - high) / (low - high)).exp_m1();
        // Arrhenius in cal/(mol K): growth against decay.
        let arrhenius = |factor: f64, energy: f64| factor * (-energy / (1.9872 * temperature)).exp();
        let by_temperature = arrhenius(7e3, 5100.0) - arrhenius(1e33, 50_000.0);
        let acid = 10.0_f64.powf(-ph);
        let by_acidity = 0.092 / (1.0 + 1e-10 / acid + acid / 7e-5);
        Self { rate, glucose, evaporation, growth: by_acidity * by_temperature }
    }
}

impl Fermenter {
    /// One hour on; returns the change of the penicillin concentration.
    fn step(&mut self, feed: &Feed) -> f64 {
        let Self { volume, biomass, glucose, penicillin, .. } = *self;
        let d_volume = feed.rate - volume * feed.evaporation;
        let dilution = d_volume / volume;
        let growth = feed.growth * glucose / (0.15 * biomass + glucose);
        // Too much glucose inhibits the product.
        let production = 0.005 * glucose / (2e-4 + glucose + glucose * glucose / 0.1);
        let d_biomass = biomass * (growth - dilution);
        let consumption = biomass * (growth / 0.45 + production / 0.9 + 0.014);
        let d_glucose = feed.rate * feed.glucose / volume - glucose * dilution - consumption;
        let d_penicillin = production * biomass - penicillin * (0.04 + dilution);
        self.volume += d_volume;
        self.biomass += d_biomass;
        self.glucose += d_glucose;
        self.penicillin += d_penicillin;
        self.carbon_dioxide += 0.143 * d_biomass + 4e-7 * biomass + 1e-4;
        d_penicillin
    }
}

impl TestFunction for Penicillin {
    fn name(&self) -> &'static str {
        "penicillin"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn objectives(&self) -> usize {
        3
    }

    fn bounds(&self) -> Vec<(f64, f64)> {
        BOUNDS.to_vec()
    }

    fn evaluate(&self, x: &[f64]) -> Vec<f64> {
        let &[volume, biomass, temperature, glucose, rate, feed_glucose, ph] = x else {
            panic!("one value per parameter");
        };
        let feed = Feed::new(temperature, rate, feed_glucose, ph);
        let mut fermenter = Fermenter { volume, biomass, glucose, penicillin: 0.0, carbon_dioxide: 0.0 };
        let mut hours = 0;
        while hours < LONGEST {
            hours += 1;
            let gain = fermenter.step(&feed);
            if fermenter.volume > FULL || fermenter.glucose < 0.0 || gain < STAGNATION {
                break;
            }
        }
        vec![-fermenter.penicillin, fermenter.carbon_dioxide, f64::from(hours)]
    }

    /// That of BoTorch since 0.13.1, inferred from a front that NSGA-II found; before it was
    /// (1.85, 86.93, 514.70), without a maximal hypervolume.
    fn reference_point(&self) -> Vec<f64> {
        vec![25.935, 57.612, 935.5]
    }

    fn max_hypervolume(&self) -> Option<MaxHypervolume> {
        Some(MaxHypervolume {
            value: 2_183_455.909_507_436,
            note: "best known: BoTorch's figure for a front that NSGA-II found",
        })
    }
}
