//! `paretorank check`: what was understood.

use super::run::StudyArgs;
use super::{check_one, complain, write_out};
use crate::config::{self, Geometry};
use crate::exec;
use crate::exit::Exit;
use crate::geometry::{Found, Layout};
use crate::problem::Space;

/// Arguments of `paretorank check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    study: StudyArgs,
    /// Also run one trial, the nominal design, in a run directory of its own (OUTPUT-one): shows the time
    /// and memory of each stage and what was measured; exit code 1 if the trial is not ok
    #[arg(long)]
    one: bool,
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
            let geometry = study.geometry.as_ref();
            let wrong = geometry.and_then(|g| self::geometry(g, &study.problem.space));
            match here {
                Ok(_) => match wrong {
                    None if args.one && written == Exit::Complete => check_one::run(&args.study, &study),
                    wrong => wrong.unwrap_or(written),
                },
                Err(reason) => {
                    complain(&reason);
                    if study.container.is_some() {
                        complain("without a container: --set 'container.engine=\"none\"'");
                    }
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

/// Looks the edits up in the install and prints what stands there; the exit code if that is not possible.
fn geometry(geometry: &Geometry, space: &Space) -> Option<Exit> {
    match Layout::read(geometry, space) {
        Ok(layout) => {
            let mut page = "\ngeometry as installed here\n".to_owned();
            for found in layout.found() {
                let Found { parameter, file, line, attribute, old } = found;
                page += &format!("  {parameter:<12} {file}:{line}: {attribute} is {old:?}\n");
            }
            page += &format!("  {:<12} {}\n", "per trial", layout.files().join(", "));
            write_out(None, page.as_bytes());
            for warning in layout.warnings() {
                complain(format_args!("warning: {warning}"));
            }
            None
        }
        Err(wrong) => {
            for wrong in wrong {
                complain(wrong);
            }
            Some(Exit::BadStudy)
        }
    }
}
