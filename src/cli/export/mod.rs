//! `paretorank export`: a run's history for other programs, its designs for people.

mod designs;

use super::{complain, stored, write_out};
use crate::exit::Exit;
use crate::observe::say;
use crate::recommend::recommend;
use crate::report;
use crate::store::Stored;
use std::path::PathBuf;

const FORMATS_HELP: &str = "\
CSV: a row per trial in the order of their numbers: trial, status, reason, origin, created,
started, finished (seconds since 1970), generation_s, evaluation_s, ended (position in the order
of completions, from 1), hypervolume (of the front after it ended), front (1 if it is acceptable
and nothing dominates it), acceptable, then a column per parameter, objective, objective's
standard error (NAME_sem) and metric, headed `name [unit]`, and `violation of TEXT` per outcome
constraint. What is not known is empty.
JSON: study, seed, reference_point, hypervolume, trials [the same by name; parameters,
objectives {value, sem}, metrics and violations as objects].
Ax: ax.storage.json_store.load.load_experiment(FILE) reads it (Ax 1.3.1); ok trials are
COMPLETED, infeasible ABANDONED, failed FAILED, open ones RUNNING while somebody works there,
else CANDIDATE.
Designs: a text per design: `## FILE`, path of the element, attribute and value where [geometry]
edits it; `## command` and the options that hold parameters; `## parameters` and `name = value
unit` for all others.";

/// Arguments of `paretorank export`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = FORMATS_HELP)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One row per trial, comma-separated [default]
    #[arg(long, group = "format")]
    csv: bool,
    /// One JSON document
    #[arg(long, group = "format")]
    json: bool,
    /// The best designs (those that `paretorank front` lists) as values to be pasted into files, command lines,
    /// notes
    #[arg(long, group = "format")]
    designs: bool,
    /// With --designs: this trial's in place of the best
    #[arg(long, value_name = "N", requires = "designs")]
    trial: Option<u64>,
    /// An experiment of Ax, as its load_experiment reads it
    #[arg(long, group = "format")]
    ax: bool,
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
    let made = if args.json {
        Ok(format!("{:#}\n", report::json(&stored.study, &stored.history)).into_bytes())
    } else if args.ax {
        let (experiment, lost) = report::ax(&stored.study, &stored.history, stored.live);
        lost.iter().for_each(|what| complain(format_args!("for Ax: {what}")));
        serde_json::to_string_pretty(&experiment)
            .map(|text| format!("{text}\n").into_bytes())
            .map_err(|error| (Exit::Failed, format!("failed to make JSON: {error}")))
    } else if args.designs {
        designs(&stored, args.trial)
    } else {
        let mut bytes = Vec::new();
        report::csv(&stored.study, &stored.history, &mut bytes)
            .map(|()| bytes)
            .map_err(|error| (Exit::Failed, format!("failed to make CSV: {error}")))
    };
    match made {
        Ok(bytes) => write_out(args.out.as_deref(), &bytes),
        Err((exit, reason)) => {
            complain(reason);
            exit
        }
    }
}

/// The texts of the recommended designs, or that of a trial.
fn designs(stored: &Stored, trial: Option<u64>) -> Result<Vec<u8>, (Exit, String)> {
    let Stored { study, history, .. } = stored;
    let trials = match trial {
        Some(trial) => vec![trial],
        None => recommend(study, history)
            .map_err(|error| (Exit::Failed, format!("nothing can be recommended yet: {error}")))?
            .iter()
            .map(|recommended| recommended.trial)
            .collect(),
    };
    let text = |trial: &u64| {
        let found = history.trials.get(*trial as usize);
        let found = found.ok_or_else(|| {
            let known = match history.trials.len() {
                0 => "it has none yet".to_owned(),
                n => format!("it has 0 to {}", n - 1),
            };
            (Exit::Usage, format!("the run has no trial {trial}; {known}"))
        })?;
        Ok(designs::text(study, found))
    };
    let texts: Vec<String> = trials.iter().map(text).collect::<Result<_, (Exit, String)>>()?;
    Ok(texts.join("\n").into_bytes())
}
