//! What people and other programs read of a run, live and afterwards: files, and answers of commands.

mod compare;
mod export;
mod metrics;
mod status;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other tests need more of it")]
mod support;
