//! The program from outside: on threads and on MPI, with wrong input, damage, full disks, bad
//! evaluators, signals and kills. One clear message, the documented exit code, nothing lost.

#![cfg(feature = "mpi")]

#[path = "../support/mod.rs"]
mod support;

mod commands;
mod damage;
mod directories;
mod disk;
mod evaluators;
mod functions;
mod harness;
mod kills;
mod outcomes;
mod payloads;
mod ranks;
mod restart;
mod signals;
mod silence;
mod soak;
mod stopping;
mod storage;
mod studies;
mod untrusted;
