//! `paretorank replay`: every proposal of a run once more.

use super::{complain, stored, write_out};
use crate::exit::Exit;
use crate::observe::say;
use crate::replay::{Parted, replay};
use serde_json::json;
use std::path::PathBuf;

/// Trials between two words of progress.
const WORD: u64 = 500;

/// Arguments of `paretorank replay`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// One JSON document instead of sentences
    #[arg(long)]
    json: bool,
}

/// Derives every proposal anew and says where the record and that part: 0 if nowhere, else 1.
pub fn run(args: &Args) -> Exit {
    let stored = match stored(&args.run) {
        Ok(stored) => stored,
        Err(exit) => return exit,
    };
    let trials = stored.history.trials.len();
    let mut progress = |same: u64| {
        if same > 0 && same.is_multiple_of(WORD) {
            say(format_args!("{same} of {trials} proposals come out the same"));
        }
    };
    let replayed = match replay(&stored.study, &stored.history, &mut progress) {
        Ok(replayed) => replayed,
        Err(error) => {
            complain(error);
            return Exit::Failed;
        }
    };
    let text = if args.json {
        let parted = replayed.parted.as_ref().map(|p| {
            let values: Vec<_> = p
                .values
                .iter()
                .map(|(name, then, now)| json!({ "parameter": name, "recorded": then, "now": now }))
                .collect();
            json!({ "trial": p.trial, "seen": p.seen, "origins": p.origins, "values": values })
        });
        format!("{}\n", json!({ "same": replayed.same, "told": replayed.told, "parted": parted }))
    } else {
        match &replayed.parted {
            None => format!("all {trials} proposals come out the same{}\n", told(replayed.told)),
            Some(parted) => sentences(parted),
        }
    };
    let written = write_out(None, text.as_bytes());
    if replayed.parted.is_some() { Exit::Failed } else { written }
}

fn told(count: u64) -> String {
    if count == 0 { String::new() } else { format!(", {count} of them as somebody told them") }
}

fn sentences(parted: &Parted) -> String {
    let Parted { trial, seen, origins: [then, now], values } = parted;
    let mut text = format!(
        "trial {trial} is the first to come out differently; it knew {seen} results\n  origin: {then} recorded, \
         {now} now\n"
    );
    for (name, then, now) in values {
        text += &format!("  {name}: {then} recorded, {now} now\n");
    }
    if parted.relative().is_some_and(|relative| relative < 1e-6) {
        text += "only last digits differ: another processor, BLAS library or version of this program\n";
    }
    text
}
