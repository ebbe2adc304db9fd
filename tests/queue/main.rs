//! The job queue over real sockets: what it answers in both generations, to whom, and what a killed server
//! remembers.

mod client;
mod commands;
mod envelopes;
mod exchanges;
mod kills;
mod selection;
mod server;
mod tokens;
