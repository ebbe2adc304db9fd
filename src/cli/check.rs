//! `paretorank check`: what was understood.

use super::run::StudyArgs;
use super::{complain, write_out};
use crate::config::{self, Evaluator};
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
            let written = write_out(None, config::describe(&study).as_bytes());
            if let Evaluator::Command(command) = &study.evaluator
                && let Err(reason) = exec::check_command(command)
            {
                complain(&reason);
                return Exit::BadStudy;
            }
            written
        }
        Err(error) => {
            complain(&error);
            Exit::BadStudy
        }
    }
}
