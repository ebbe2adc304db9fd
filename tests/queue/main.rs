//! The job queue over real sockets: what it answers in both generations, to whom, and what a killed server
//! remembers.

mod exchanges;
mod selection;
mod server;
