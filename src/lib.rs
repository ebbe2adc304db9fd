//! paretorank finds the best designs of expensive detectors on supercomputers.
//!
//! One Slurm allocation, one MPI program: rank 0 optimizes and coordinates, every other rank
//! evaluates. Read the modules in the order in which they build on each other: [`problem`],
//! [`pareto`], [`test_functions`], [`strategy`], [`comm`], [`store`], [`coordinator`], [`steer`].
//!
//! The optimizer alone, asked and told by hand:
//!
//! ```
//! use paretorank::problem::{Measurement, Outcome, Space};
//! use paretorank::{config, strategy::Proposer, test_functions};
//!
//! let (study, _) = config::read("configs/dtlz2.toml".as_ref(), &Default::default())?;
//! let dtlz2 = test_functions::by_name("dtlz2", 20, 3, None)?;
//! let mut proposer = Proposer::new(&study)?;
//! for trial in 0..12 {
//!     let candidate = proposer.ask(trial); // several may be pending before the first is told
//!     let values = dtlz2.evaluate(&Space::numbers(&candidate.design));
//!     let objectives = values.iter().filter_map(|v| Measurement::new(*v, None)).collect();
//!     proposer.tell(trial, &Outcome::Ok { objectives, metrics: vec![] });
//! }
//! assert_eq!(proposer.ask(12).origin, "mobo");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod acquisition;
pub mod cli;
pub mod clock;
pub mod comm;
pub mod config;
pub mod coordinator;
pub mod doe;
pub mod evaluator;
pub mod exec;
pub mod exit;
pub mod geometry;
pub mod gp;
pub mod hosts;
pub mod import;
pub mod job;
pub mod machine;
pub mod observe;
pub mod optimize;
pub mod overflow;
pub mod page;
pub mod panda;
pub mod pareto;
pub mod pilot;
pub mod pipeline;
pub mod plot;
pub mod problem;
pub mod queue;
pub mod recommend;
pub mod replay;
pub mod report;
pub mod rng;
pub mod signal;
pub mod simulation;
pub mod slurm;
pub mod steer;
pub mod stopping;
pub mod store;
pub mod strategy;
pub mod tenancy;
pub mod test_functions;
pub mod xml;
