//! The `[overflow]` table of a study, and `paretorank task`, which its jobs run.

use super::complain;
use crate::comm::Task;
use crate::config::{Evaluator, Overflow as Table, Study};
use crate::evaluator;
use crate::exit::Exit;
use crate::job::REPORT;
use crate::overflow::{Overflow, order};
use crate::panda::{Auth, Client, Generation, Server};
use crate::pipeline::Work;
use crate::signal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Most bytes of a packed study: a command line takes 128 KiB, and a design is in it, too.
const LONGEST: usize = 96 << 10;
/// Longest time to connect, and to wait for an answer: that of a request for results among them.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(30));

/// The ranks that the queue of `table` stands for; the first of them is `first`.
pub fn start(table: &Table, study: &Study, first: usize) -> Result<Overflow, (Exit, String)> {
    let auth = Auth::of_user(&|name| std::env::var(name).ok());
    let auth = auth.map_err(|e| (Exit::Usage, e.to_string()))?;
    let (connect, request) = PATIENCE;
    let generation = Some(Generation::V1);
    let client =
        Client::connect(Server { url: table.server.clone(), generation, auth, connect, request });
    let client = client.map_err(|e| (Exit::Usage, e.to_string()))?;
    let program = match &table.program {
        Some(program) => program.clone(),
        None => {
            let here = std::env::current_exe();
            let here =
                here.map_err(|e| (Exit::Failed, format!("cannot tell where this program is: {e}")))?;
            here.to_string_lossy().into_owned()
        }
    };
    let absolute = std::path::absolute(&study.output);
    let output = absolute.map_err(|e| (Exit::Usage, format!("{}: {e}", study.output.display())))?;
    let record = output.join("overflow.json");
    let mut study = Study { output, ..study.clone() };
    // Designs come with their tasks.
    study.strategy.points.clear();
    let text = serde_json::to_string(&study).map_err(|e| (Exit::Failed, e.to_string()))?;
    let task = Task { trial: 0, task: 0, attempt: 1, design: vec![], inputs: vec![] };
    let length = order::write(&text, &task).len();
    if length > LONGEST {
        let reason = format!(
            "[overflow]: the study takes {length} bytes, packed, on the command line of its jobs, and {LONGEST} \
             are the most; shorten it, or do without this table"
        );
        return Err((Exit::BadStudy, reason));
    }
    let cores =
        Work::of(&study).graph().stages().iter().map(|stage| stage.need.cores).max().unwrap_or(1);
    Overflow::start(table, Arc::new(client), first, cores, text, program, &record)
        .map_err(|e| (Exit::Storage, format!("{}: {e}", record.display())))
}

/// Arguments of `paretorank task`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The study and one of its tasks, as the coordinator wrote them
    #[arg(long, value_name = "WORD")]
    order: String,
}

/// Does one task of a study, and leaves its report in the working directory.
pub fn run(args: &Args) -> Exit {
    let told_to_stop = match signal::ignore() {
        Ok(told) => told,
        Err(error) => {
            complain(format_args!("cannot install signal handlers: {error}"));
            return Exit::Failed;
        }
    };
    let read = order::read(&args.order).and_then(|(text, task)| {
        let study: Study = serde_json::from_str(&text).map_err(|e| e.to_string())?;
        Ok((study, task))
    });
    let (study, task) = match read {
        Ok(read) => read,
        Err(why) => {
            complain(format_args!("--order is no task of a study: {why}"));
            return Exit::Usage;
        }
    };
    if !matches!(study.evaluator, Evaluator::Builtin(_)) && !study.output.is_dir() {
        complain(format_args!(
            "the run directory {} is not here: tasks with files need it on a file system that both see",
            study.output.display()
        ));
        return Exit::Failed;
    }
    let report = evaluator::alone(&study, &task, &told_to_stop);
    let text = serde_json::to_vec(&report).unwrap_or_default();
    let place = PathBuf::from(REPORT);
    match std::fs::write(&place, text) {
        Ok(()) => Exit::Complete,
        Err(error) => {
            complain(format_args!("failed to write {}: {error}", place.display()));
            Exit::Storage
        }
    }
}
