//! The study file: as written ([`raw`]) and as meant ([`Study`]).

mod resolved;

pub use resolved::{
    Builtin, Checkpoint, Command, Delay, Evaluator, Limits, Method, Noise, StrategySettings, Study,
};
