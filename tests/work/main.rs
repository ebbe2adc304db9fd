//! Python functions as jobs: a real queue, real pilots on real ranks, and real Python.

#[path = "../support/mod.rs"]
#[allow(dead_code)]
mod support;

mod faults;
mod results;
mod scene;
mod sources;
