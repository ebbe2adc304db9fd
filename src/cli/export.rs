//! `paretorank export`: a run's history for other programs.

use super::{complain, stored, write_out};
use crate::exit::Exit;
use crate::observe::say;
use crate::report;
use std::path::PathBuf;

/// Arguments of `paretorank export`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One row per trial, comma-separated [default]
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// One JSON document
    #[arg(long)]
    json: bool,
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Writes the history.
pub fn run(args: Args) -> Exit {
    let stored = match stored(&args.run) {
        Ok(stored) => stored,
        Err(exit) => return exit,
    };
    for notice in &stored.notices {
        say(notice);
    }
    let bytes = if args.json {
        format!("{:#}\n", report::json(&stored.study, &stored.history)).into_bytes()
    } else {
        let mut bytes = Vec::new();
        if let Err(error) = report::csv(&stored.study, &stored.history, &mut bytes) {
            complain(format_args!("failed to make CSV: {error}"));
            return Exit::Failed;
        }
        bytes
    };
    write_out(args.out.as_deref(), &bytes)
}
