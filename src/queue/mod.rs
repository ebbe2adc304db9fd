//! A small queue of jobs that speaks the pilot protocol of PanDA (REST v1), for one machine or allocation.
//!
//! [`law`] decides what an event does to a job, [`store`] keeps jobs in one SQLite file, [`http`] answers
//! requests. An answer is given only after its transaction is on disk: a killed server forgets nothing that
//! it has said.

pub mod http;
pub mod job;
pub mod law;
pub mod store;
