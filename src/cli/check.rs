//! `paretorank check`: what was understood.

use super::run::StudyArgs;
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
            eprintln!("paretorank: {reason}");
            return Exit::Usage;
        }
    };
    match config::read(&args.study.study, &overrides) {
        Ok((study, _)) => {
            print!("{}", config::describe(&study));
            if let Evaluator::Command(command) = &study.evaluator
                && let Err(reason) = exec::check_command(command)
            {
                eprintln!("paretorank: {reason}");
                return Exit::BadStudy;
            }
            Exit::Complete
        }
        Err(error) => {
            eprintln!("paretorank: {error}");
            Exit::BadStudy
        }
    }
}
