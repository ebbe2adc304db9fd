//! Pilots with a real queue: what they run, whom they obey, and what is left when one of them is killed.

mod away;
mod commands;
mod front;
mod limits;
#[cfg(feature = "mpi")]
mod on_mpi;
mod programs;
#[allow(dead_code)]
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod tokens;

use support::queue;
