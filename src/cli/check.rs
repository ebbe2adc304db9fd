//! `paretorank check`: what was understood.

use super::run::StudyArgs;
use super::{complain, write_out};
use crate::config;
use crate::exec;
use crate::exit::Exit;

/// Arguments of `paretorank check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    study: StudyArgs,
}

/// Reads and prints the study.
pub fn run(args: &Args) -> Exit {
    let overrides = match args.study.overrides() {
        Ok(overrides) => overrides,
        Err(reason) => {
            complain(&reason);
            return Exit::Usage;
        }
    };
    match config::read(&args.study.study, &overrides) {
        Ok((study, _)) => {
            let mut page = config::describe(&study);
            let here = exec::check(&study);
            if let Ok(rows) = &here
                && !rows.is_empty()
            {
                page += "\ncontainer on this machine\n";
                page.extend(rows.iter().map(|(name, value)| format!("  {name:<12} {value}\n")));
            }
            let written = write_out(None, page.as_bytes());
            match here {
                Ok(_) => written,
                Err(reason) => {
                    complain(&reason);
                    Exit::BadStudy
                }
            }
        }
        Err(error) => {
            complain(&error);
            Exit::BadStudy
        }
    }
}
