//! `paretorank ask`, `tell` and `session`: a study that is steered from outside.

use super::run::StudyArgs;
use super::text::columns;
use super::{complain, exit_for, stops, write_out};
use crate::config::{self, Overrides, Study};
use crate::exit::Exit;
use crate::observe::say;
use crate::slurm::{Allocation, host_name};
use crate::steer::{self, Helm, SteerError};
use crate::store::{self, Origin, Proposed};
use serde_json::{Value as Json, json};
use std::io::Read;
use std::path::{Path, PathBuf};

const TARGET: &str = "Study file (TOML), or the run directory of one";

/// Arguments of `paretorank ask`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("study", |arg| arg.help(TARGET)))]
pub struct AskArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Candidates wanted; fewer are given when fewer trials are left
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// One JSON document instead of a table
    #[arg(long)]
    json: bool,
}

/// Arguments of `paretorank tell`.
#[derive(Debug, clap::Args)]
pub struct TellArgs {
    /// Run directory
    run: PathBuf,
    /// File with the results, or - for standard input: {"trial": 7, "objectives": {"mass": 3.2}},
    /// {"trial": 8, "infeasible": "why"}, {"trial": 9, "failed": "why"}, {"parameters": {…},
    /// "objectives": {…}}; one, several one after the other, or a list of them
    #[arg(long, value_name = "FILE")]
    json: PathBuf,
}

/// Arguments of `paretorank session`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("study", |arg| arg.help(TARGET)))]
pub struct SessionArgs {
    #[command(flatten)]
    study: StudyArgs,
}

/// Prints candidates.
pub fn ask(args: &AskArgs) -> Exit {
    carry_out(|| {
        let mut helm = open(&args.study, String::new())?;
        let asked = helm.ask(args.count).map_err(failed)?;
        let (study, stopped) = (helm.steering().study().clone(), helm.steering().stopped().cloned());
        let mut document = steer::asked(helm.steering(), &asked);
        helm.close().map_err(failed)?;
        let text = if args.json {
            document.insert("run".into(), json!(study.output));
            format!("{:#}\n", Json::from(document))
        } else {
            table(&study, &asked)
        };
        if let Some(stopped) = stopped {
            let (line, how) = (stops::line(&stopped), stops::how_to_go_on(&stopped));
            say(format_args!("the study is complete {line}; {how}"));
        } else if asked.is_empty() {
            let trials = study.strategy.trials;
            say(format_args!("all {trials} trials are asked for; more: --trials N with a larger N"));
        }
        Ok(write_out(None, text.as_bytes()))
    })
}

/// Takes results over.
pub fn tell(args: &TellArgs) -> Exit {
    carry_out(|| {
        let told = read_told(&args.json)?;
        let mut helm = open_run(&args.run, None, String::new())?;
        let told = helm.tell(&told);
        let closed = helm.close();
        let wrong = |e: SteerError| match e {
            SteerError::Told(text) => {
                let place = place(&args.json);
                (Exit::Usage, format!("{place}: {text}; nothing of it was taken over"))
            }
            other => failed(other),
        };
        let receipts = told.map_err(wrong)?;
        closed.map_err(failed)?;
        let answer = json!({ "ok": steer::receipts(&receipts) });
        Ok(write_out(None, format!("{answer}\n").as_bytes()))
    })
}

/// Answers requests on standard input.
pub fn session(args: &SessionArgs) -> Exit {
    carry_out(|| {
        // A requeued job takes over the lock that its earlier life left. `ask` and `tell` must not: in
        // the same job there may be a run on another host.
        let job = Allocation::detect().map(|a| a.job).unwrap_or_default();
        let helm = open(&args.study, job)?;
        let ended =
            steer::session(helm, std::io::BufReader::new(std::io::stdin()), std::io::stdout().lock());
        ended.map(|()| Exit::Complete).map_err(failed)
    })
}

fn carry_out(work: impl FnOnce() -> Result<Exit, (Exit, String)>) -> Exit {
    work().unwrap_or_else(|(exit, reason)| {
        complain(reason);
        exit
    })
}

fn failed(error: SteerError) -> (Exit, String) {
    let exit = match &error {
        SteerError::Proposer(_) => Exit::BadStudy,
        SteerError::History(_) => Exit::Failed,
        SteerError::Told(_) => Exit::Usage,
        SteerError::Store(error) => exit_for(error),
    };
    (exit, error.to_string())
}

/// Opens what the first argument names, a study file or a run directory, as part of a batch job.
fn open(args: &StudyArgs, job: String) -> Result<Helm, (Exit, String)> {
    let overrides = args.overrides().map_err(|e| (Exit::Usage, e))?;
    if args.study.is_dir() {
        let Overrides { output, seed, set, trials } = &overrides;
        if output.is_some() || seed.is_some() || !set.is_empty() {
            let reason = format!(
                "{} is a run directory, whose study only --trials can change; give the study file for the rest",
                args.study.display()
            );
            return Err((Exit::Usage, reason));
        }
        return open_run(&args.study, *trials, job);
    }
    let read = config::read(&args.study, &overrides);
    let (study, text) = read.map_err(|e| (Exit::BadStudy, e.to_string()))?;
    open_study(&study, &text, job)
}

fn open_run(run: &Path, trials: Option<u64>, job: String) -> Result<Helm, (Exit, String)> {
    let stored = store::read(run).map_err(|e| (exit_for(&e), e.to_string()))?;
    let mut study = Study { output: run.to_owned(), ..stored.study };
    study.strategy.trials = trials.unwrap_or(study.strategy.trials);
    open_study(&study, &stored.text, job)
}

fn open_study(study: &Study, text: &str, job: String) -> Result<Helm, (Exit, String)> {
    let origin = Origin { host: host_name(), job };
    let (helm, notices) = Helm::open(study, text, &origin).map_err(failed)?;
    notices.iter().for_each(say);
    Ok(helm)
}

fn place(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

/// One list of everything a file tells: values one after the other, lists among them.
fn read_told(file: &Path) -> Result<Json, (Exit, String)> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text).map(|_| ()),
        _ => std::fs::read_to_string(file).map(|t| text = t),
    };
    let place = place(file);
    read.map_err(|e| (Exit::Usage, format!("failed to read {place}: {e}")))?;
    let mut entries = Vec::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<Json>() {
        match value {
            Ok(Json::Array(list)) => entries.extend(list),
            Ok(one) => entries.push(one),
            Err(e) => {
                let reason = format!(
                    "{place}: no JSON: {e}; JSON has no NaN and no infinity (tell such a trial as failed or \
                     infeasible)"
                );
                return Err((Exit::Usage, reason));
            }
        }
    }
    if entries.is_empty() {
        return Err((Exit::Usage, format!("{place}: no result in it")));
    }
    Ok(Json::Array(entries))
}

/// Trial, origin and parameters in columns.
fn table(study: &Study, asked: &[Proposed]) -> String {
    let titled = |p: &crate::problem::Parameter| match p.unit.as_str() {
        "" => p.name.clone(),
        unit => format!("{} [{unit}]", p.name),
    };
    let mut rows = vec![vec!["trial".to_owned(), "origin".to_owned()]];
    rows[0].extend(study.problem.space.parameters.iter().map(titled));
    for proposed in asked {
        let mut row = vec![proposed.trial.to_string(), proposed.origin.clone()];
        row.extend(proposed.design.iter().map(ToString::to_string));
        rows.push(row);
    }
    columns(&rows)
}
