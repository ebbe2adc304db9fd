//! `paretorank import`: a study of another tool as a study file.

use super::{complain, write_out};
use crate::exit::Exit;
use crate::import::{self, Imported, Options, Source};
use std::path::PathBuf;

/// Arguments of `paretorank import`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// AID2E configurations: the one with the parameters, and those with settings and objectives if there
    /// are any
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    aid2e: Vec<PathBuf>,
    /// Write the study file here instead of to standard output; a file that is there is not overwritten
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// File of the detector description, below the install, of parameters that name none
    #[arg(long, value_name = "FILE")]
    compact: Option<String>,
    /// Top file of the detector description [default: epic_craterlake.xml]
    #[arg(long, value_name = "FILE")]
    top: Option<String>,
}

/// Reads the files, writes the study, and says what was not understood.
pub fn run(args: Args) -> Exit {
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        complain(format_args!("{} is there already; give another name, or remove it", out.display()));
        return Exit::Usage;
    }
    let mut files = vec![];
    for path in args.aid2e {
        let name = path.display().to_string();
        match std::fs::read_to_string(&path) {
            Ok(text) => files.push(Source { name, text }),
            Err(error) => {
                complain(format_args!("failed to read {name}: {error}"));
                return Exit::Storage;
            }
        }
    }
    let options = Options { compact: args.compact, top: args.top };
    match import::aid2e(&files, &options) {
        Ok(Imported { study, notes }) => {
            for note in notes {
                complain(format_args!("warning: {note}"));
            }
            write_out(args.out.as_deref(), study.as_bytes())
        }
        Err(wrong) => {
            complain(wrong);
            Exit::BadStudy
        }
    }
}
