//! A study as meant: checked, defaults filled in, durations in seconds.

use super::command::Command;
use super::container::Container;
use super::geometry::Geometry;
use super::pipeline::Pipeline;
use super::queues::{Guest, Overflow};
use super::resolve::SILENCE_S;
use super::stop::Stop;
use crate::problem::{Design, Problem};
use crate::test_functions::{TestFunction, TestFunctionError, Variant, by_name};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Everything one optimization needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Name, also the default run directory below `runs/`.
    pub name: String,
    /// Seed of every random stream.
    pub seed: u64,
    /// Run directory.
    pub output: PathBuf,
    /// Parameters, constraints, objectives, metrics.
    pub problem: Problem,
    /// The detector description that trials change, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<Geometry>,
    /// How candidates are made.
    pub strategy: StrategySettings,
    /// How a design is evaluated.
    pub evaluator: Evaluator,
    /// Where commands run; `None`: on the node itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<Container>,
    /// When a checkpoint is written.
    pub checkpoint: Checkpoint,
    /// Time.
    pub limits: Limits,
    /// What ranks do that it cannot use; `None`: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pilot: Option<Guest>,
    /// Where trials go for which there is no rank; `None`: they wait for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overflow: Option<Overflow>,
}

/// Where candidates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Scrambled Sobol points throughout.
    Sobol,
    /// NSGA-II (Deb et al. 2002), steady state.
    Nsga2,
    /// NSGA-III (Deb and Jain 2014), steady state.
    Nsga3,
    /// Gaussian processes and expected hypervolume improvement.
    Mobo,
    /// Latin hypercubes throughout.
    Lhc,
    /// The study's own points and nothing else.
    #[value(skip)]
    List,
}

/// What `mobo` makes of the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Surrogate {
    /// Their weights are pooled, and the likeliest hyperparameters are taken. Averages over draws of them
    /// cost seven times as much and were no better.
    #[default]
    Pooled,
    /// Few of them matter (in the spirit of arXiv 2103.00349), averaged over draws of hyperparameters.
    Sparse,
}

/// How trials are spread before the method begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitialDesign {
    /// Scrambled Sobol points.
    #[default]
    Sobol,
    /// A Latin hypercube.
    Lhc,
}

/// The `[strategy]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrategySettings {
    /// Where candidates come from (`auto` in the file is `mobo`).
    pub method: Method,
    /// What `mobo` makes of the parameters; `default`: run directories from before there was a choice.
    #[serde(default)]
    pub model: Surrogate,
    /// Trials before the method begins, the nominal design and `points` among them.
    pub initial: u64,
    /// How those are spread that are neither the nominal design nor `points`.
    #[serde(default)]
    pub initial_design: InitialDesign,
    /// Whether trial 0 is the nominal design; `None` in run directories of releases that knew none.
    #[serde(default)]
    pub nominal: Option<bool>,
    /// Designs that are tried first (after the nominal one), in this order.
    #[serde(default)]
    pub points: Vec<Design>,
    /// Members of an evolutionary method's population; `None` for other methods.
    #[serde(default)]
    pub population: Option<u64>,
    /// Trials in all.
    pub trials: u64,
    /// Candidates that lie ready for the next free rank, beyond one trial per evaluating rank. They are
    /// made again as results come; 0: each is made when a rank waits for it.
    pub ready: u64,
    /// Upper limit of trials on ranks and candidates that lie ready; `None`: ranks + `ready`.
    pub in_flight: Option<u64>,
    /// Trials that are asked for together, none of the next ones before all of them have ended; `None`:
    /// one for each that ends.
    #[serde(default)]
    pub batch: Option<u64>,
    /// Seconds that a rank may wait for a candidate before it gets one that was made in no time.
    #[serde(default = "default_patience_s")]
    pub patience_s: f64,
    /// When to end before that; `default`: run directories from before there were rules.
    #[serde(default)]
    pub stop: Stop,
}

/// A minute: a candidate takes less than a second, so that only what is wrong with the size of a job makes
/// a rank wait longer, and a candidate made in no time is worth less than the others.
pub(super) fn default_patience_s() -> f64 {
    60.0
}

impl StrategySettings {
    /// Members of a population unless told otherwise: few, since expensive studies have few trials and
    /// selection needs some generations of them. On DTLZ2 with 2 to 5 objectives and 7 to 20 parameters
    /// 20 are as good as 12 or better than 40, 70 and 100 for NSGA-III at 100, 300 and 1,000 trials.
    pub const POPULATION: u64 = 20;

    /// Trials before the method begins where nothing is said: 10, or twice the `objectives` if that is
    /// more.
    /// Enough for a first model, which spends further ones better. Not from the number of trials: a run
    /// may be continued with more of them, and its beginning stays as it is.
    pub fn default_initial(objectives: usize) -> u64 {
        (2 * objectives as u64).max(10)
    }
}

/// How a design is evaluated.
#[expect(clippy::large_enum_variant, reason = "there is one in a study")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evaluator {
    /// A test function of this program.
    Builtin(Builtin),
    /// One command per trial.
    Command(Command),
    /// None of this program's: results are told from outside.
    Outside,
    /// A graph of tasks per trial.
    Pipeline(Pipeline),
}

/// A test function as evaluator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Builtin {
    /// Name in `test_functions`, for example `dtlz2`.
    pub function: String,
    /// Number of parameters.
    pub dimension: usize,
    /// Number of objectives.
    pub objectives: usize,
    /// What a seed makes of it; in JSON under the key `shift`, `heterogeneous` or `rotated`.
    #[serde(flatten, with = "seeds")]
    pub variant: Option<Variant>,
    /// Noise added to every objective and metric.
    pub noise: Option<Noise>,
    /// How long an evaluation pretends to take.
    pub delay: Option<Delay>,
}

impl Builtin {
    /// The function itself.
    ///
    /// # Errors
    /// There is no such function, or not in this shape.
    pub fn test_function(&self) -> Result<Box<dyn TestFunction>, TestFunctionError> {
        by_name(&self.function, self.dimension, self.objectives, self.variant)
    }
}

/// A variant as one of three keys; run directories from before there were three have `shift` only.
mod seeds {
    use super::{Deserialize, Serialize, Variant};
    use serde::{Deserializer, Serializer, de::Error};

    #[derive(Default, Serialize, Deserialize)]
    struct Seeds {
        shift: Option<u64>,
        heterogeneous: Option<u64>,
        rotated: Option<u64>,
    }

    pub fn serialize<S: Serializer>(variant: &Option<Variant>, to: S) -> Result<S::Ok, S::Error> {
        let seeds = match *variant {
            None => Seeds::default(),
            Some(Variant::Shifted(seed)) => Seeds { shift: Some(seed), ..Seeds::default() },
            Some(Variant::Heterogeneous(seed)) => {
                Seeds { heterogeneous: Some(seed), ..Seeds::default() }
            }
            Some(Variant::Rotated(seed)) => Seeds { rotated: Some(seed), ..Seeds::default() },
        };
        seeds.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Variant>, D::Error> {
        match Seeds::deserialize(from)? {
            Seeds { shift, heterogeneous: None, rotated: None } => Ok(shift.map(Variant::Shifted)),
            Seeds { shift: None, heterogeneous, rotated: None } => {
                Ok(heterogeneous.map(Variant::Heterogeneous))
            }
            Seeds { shift: None, heterogeneous: None, rotated } => Ok(rotated.map(Variant::Rotated)),
            _ => Err(D::Error::custom("only one of shift, heterogeneous and rotated can be")),
        }
    }
}

/// Normal noise on test functions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Standard deviation, same for every objective and metric.
    pub sd: f64,
    /// Whether the evaluator tells it as the sem.
    pub known: bool,
}

/// How long an evaluation pretends to take, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delay {
    /// Always the same.
    Constant {
        /// Seconds.
        seconds: f64,
    },
    /// `median · exp(sigma · N(0, 1))`.
    LogNormal {
        /// Median in seconds.
        median_s: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Pareto: `least · U^(-1/alpha)`, alpha > 1.
    HeavyTail {
        /// Least value in seconds.
        least_s: f64,
        /// Tail exponent.
        alpha: f64,
    },
}

/// The `[checkpoint]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Seconds between two snapshots of `history.h5` (the journal is written at every result).
    pub every_s: f64,
}

/// The `[limits]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Seconds after start at which the run must be over; `None`: the allocation's end, if any.
    pub time_limit_s: Option<f64>,
    /// Seconds before that end at which evaluations are stopped and the last checkpoint is written.
    pub margin_s: f64,
    /// Seconds after which a rank that says nothing counts as lost.
    #[serde(default = "Limits::silence_s")]
    pub silence_s: f64,
    /// Bytes that have to be free where a task writes before it starts; `None`: not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// Its part of the ranks where several studies share them.
    #[serde(default = "Limits::share")]
    pub share: f64,
}

impl Limits {
    /// Of studies that were stored before there was a share.
    fn share() -> f64 {
        1.0
    }

    /// Of studies that were stored before there was this limit.
    fn silence_s() -> f64 {
        SILENCE_S
    }
}
