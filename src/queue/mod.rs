//! A small queue of jobs that speaks the pilot protocol of PanDA (both generations), for one machine, an
//! allocation or a site.
//!
//! [`law`] decides what an event does to a job, [`store`] keeps jobs in one SQLite file, [`http`] answers
//! requests of those whom [`tokens`] let in, [`description`] is what pilots are told about queues. An answer is
//! given only after its transaction is on disk: a killed server forgets nothing that it has said.

pub mod description;
pub mod http;
pub mod job;
pub mod law;
pub mod store;
pub mod tokens;
