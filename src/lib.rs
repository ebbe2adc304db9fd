//! paretorank finds the best designs of expensive detectors on supercomputers.
//!
//! One Slurm allocation, one MPI program: rank 0 optimizes and coordinates, every other rank
//! evaluates. See the modules in the order in which they build on each other:
#![doc = "[`problem`], [`pareto`], [`test_functions`], [`strategy`], [`comm`], [`store`]."]

pub mod acquisition;
pub mod cli;
pub mod comm;
pub mod config;
pub mod coordinator;
pub mod doe;
pub mod evaluator;
pub mod exec;
pub mod exit;
pub mod gp;
pub mod observe;
pub mod optimize;
pub mod pareto;
pub mod problem;
pub mod report;
pub mod rng;
pub mod signal;
pub mod slurm;
pub mod store;
pub mod strategy;
pub mod test_functions;
