//! What a pilot says to a PanDA server: jobs are asked for, updates are told, in either generation of the
//! interface.
//!
//! - [`Job`]: what a server's flat map of names and values means.
//! - [`Update`]: what it is told about a job, within its limits of types and lengths.
//! - [`Answer`], [`Command`]: what it says to that.
//! - [`Client`]: the requests, over HTTP, with a token or a proxy certificate ([`Auth`]); those to a queue of
//!   our own as well.
//! - [`Outbox`]: the last word about a job lies on disk until the server has it.
//! - [`Retry`], [`Idle`]: how long to wait when nobody answers, or there is no work.
//!
//! The two generations: classic (`/server/panda/METHOD`, forms) and v1 (`/api/v1/MODULE/METHOD`, JSON, which
//! refuses unknown names and wrong types). Both answer JSON as `text/plain`, so that only the body counts.

mod answer;
mod auth;
mod client;
mod definition;
mod error;
mod outbox;
mod own;
mod policy;
mod time;
mod tls;
mod update;

pub use answer::{Answer, Command};
pub use auth::Auth;
pub use client::{Ask, Client, Generation, Server};
pub use definition::{InputFile, Job, JobError, OutputFile};
pub use error::PandaError;
pub use outbox::Outbox;
pub use policy::{Idle, Retry, beat_s};
pub use update::{FileReport, State, Update};
