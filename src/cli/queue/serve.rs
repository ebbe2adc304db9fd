//! `paretorank queue serve`.

use super::super::complain;
use crate::exit::Exit;
use crate::queue::http::{self, Options, ServeError};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Arguments of `paretorank queue serve`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Directory for everything that must survive; made if it is missing. The URL is also written to DIR/url;
    /// what pilots are told about queues may be changed in DIR/queues.toml
    dir: PathBuf,
    /// Address to listen on; port 0 = any free one. Without tokens nobody is asked who they are: only this
    /// machine then
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:25080")]
    listen: SocketAddr,
    /// File with a token per line, ROLE VO TOKEN; ROLE is production (pilots) or user (submit, list, kill).
    /// Its mode must be 600. It is read anew when it changes
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    /// A running job without an update for so long is lost, and tried again while it has attempts left
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = humantime::parse_duration)]
    heartbeat: Duration,
    /// The same for a job that was handed out and never heard of
    #[arg(long, value_name = "TIME", default_value = "30min", value_parser = humantime::parse_duration)]
    dispatch_timeout: Duration,
}

/// Serves.
pub fn run(args: Args) -> Exit {
    let options = Options {
        dir: args.dir,
        listen: args.listen,
        tokens: args.tokens,
        heartbeat: args.heartbeat,
        dispatch_timeout: args.dispatch_timeout,
    };
    let ready = |url: &str| {
        // Whoever started it may not listen; DIR/url says it as well.
        let _ = writeln!(std::io::stdout(), "{url}").and_then(|()| std::io::stdout().flush());
    };
    match http::serve(&options, ready) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            complain(&error);
            match error {
                ServeError::Open(_) | ServeError::File(_) => Exit::Usage,
                ServeError::Store(_) => Exit::Storage,
                ServeError::System(..) => Exit::Failed,
            }
        }
    }
}
