//! `paretorank report`: a run as one page and as pictures.

use super::status::Status;
use super::{complain, refuse, stored, write_out};
use crate::clock::now_s;
use crate::exit::Exit;
use crate::page::{self, Document, Facts};
use crate::report;
use crate::store::{self, Stored};
use std::path::{Path, PathBuf};

/// The page, in the run directory.
const PAGE: &str = "report.html";

/// Arguments of `paretorank report`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run directory
    run: PathBuf,
    /// File to write instead of report.html in the run directory; pictures go beside it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Every figure of the page as one JSON document on standard output; no file is written
    #[arg(long, conflicts_with = "out")]
    json: bool,
}

/// Writes the page and the pictures, and says where they are.
pub fn run(args: &Args) -> Exit {
    let status = match stored(&args.run) {
        Ok(stored) => Status::of(stored, &args.run),
        Err(exit) => return exit,
    };
    let Stored { study, history, .. } = status.stored();
    let document = Document::new(study, history, facts(&status, &args.run));
    if args.json {
        return match serde_json::to_string_pretty(&document) {
            Ok(text) => write_out(None, format!("{text}\n").as_bytes()),
            Err(error) => failed(&error),
        };
    }
    let out = args.out.clone().unwrap_or_else(|| args.run.join(PAGE));
    let page = match page::html(&document) {
        Ok(page) => page,
        Err(error) => return failed(&error),
    };
    let pictures = match page::pictures(study, history) {
        Ok(pictures) => pictures,
        Err(error) => return failed(&error),
    };
    let mut said = format!("report       {} (open it in a browser)\n", out.display());
    let files = pictures.into_iter().map(|(name, text)| (beside(&out, name), text));
    let files: Vec<(PathBuf, String)> = files.collect();
    for (path, text) in files.iter().chain([&(out.clone(), page)]) {
        if let Err(error) = store::replace_file(path, text.as_bytes()) {
            return refuse(&error);
        }
    }
    let names: Vec<String> = files.iter().map(|(path, _)| path.display().to_string()).collect();
    if !names.is_empty() {
        said += &format!("pictures     {}\n", names.join(", "));
    }
    write_out(None, said.as_bytes())
}

fn failed(error: &dyn std::fmt::Display) -> Exit {
    complain(format_args!("failed to make the report: {error}"));
    Exit::Failed
}

/// `report.html` and `front` make `report-front.svg`.
fn beside(page: &Path, name: &str) -> PathBuf {
    let stem = page.file_stem().unwrap_or_default().to_string_lossy();
    page.with_file_name(format!("{stem}-{name}.svg"))
}

fn facts(status: &Status, run: &Path) -> Facts {
    let (stored, standing) = (status.stored(), status.standing());
    let log = |failures: &report::Failures<'_>| {
        let log = status.log(failures.last)?;
        let below = log.strip_prefix(run).unwrap_or(&log);
        Some((failures.class.name().to_owned(), below.display().to_string()))
    };
    Facts {
        state: status.state().to_owned(),
        stopped: standing.stopped.as_ref().map(|s| s.reason.clone()).unwrap_or_default(),
        directory: std::path::absolute(run).unwrap_or_else(|_| run.to_owned()).display().to_string(),
        made: now_s(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        maximum: standing.maximum,
        notices: stored.notices.clone(),
        logs: report::failures(&stored.history).iter().filter_map(log).collect(),
        text: stored.text.clone(),
    }
}
