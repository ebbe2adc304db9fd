//! `paretorank bench scaling`: the whole program on DTLZ2, on more and more of the ranks there are, and the
//! same in synchronous batches as other tools work.

mod delays;
mod picture;
mod points;
mod roster;
mod words;

use super::bench::{as_run, study_of};
use super::run::{on_ranks, perform};
use super::{complain, exit_for, write_out};
use crate::comm::launcher::{self, Launch};
use crate::comm::{self, Transport};
use crate::config::{Builtin, Method, StrategySettings, Study};
use crate::exit::Exit;
use crate::observe::say;
use crate::plot;
use crate::signal::Signals;
use crate::store::replace_file;
use clap::ValueEnum;
use delays::Delays;
use points::{Point, Scaling, Setting, plan};
use roster::{Missing, Roster};
use std::path::{Path, PathBuf};
use words::{Facts, Frame};

/// Trials per rank of the largest number of ranks where nothing is said.
const TRIALS_PER_RANK: u64 = 20;
/// Candidates that lie ready, as in a study.
const READY: u64 = 2;

const AFTER_HELP: &str = "\
Examples:
  mpirun -n 17 paretorank bench scaling --ranks 1,2,4,8,16 --delay 10ms,100ms,1s
  srun --mpi=pmix paretorank bench scaling --per-rank 40 --json
  paretorank bench scaling --ranks 1,2,4 --delay 100ms,sigma=0.5    threads of this machine

Each point is a whole run, with journal and checkpoint, on the first ranks of those there are; the others
wait asleep. On one machine there may be more ranks than cores: an evaluation that sleeps stands for a node
that works.";

/// Arguments of `paretorank bench scaling`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Numbers of evaluating ranks, for example 1,2,4,8,16 [default: powers of two up to all there are, and
    /// all]
    #[arg(long, value_name = "N,...", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..))]
    ranks: Vec<u32>,
    #[arg(long, value_name = "TIME,...", default_value = "100ms", help = delays::HELP)]
    delay: Delays,
    /// Numbers of objectives, for example 3,4,5
    #[arg(long, value_name = "M,...", value_delimiter = ',', default_value = "3")]
    objectives: Vec<usize>,
    /// Numbers of parameters, for example 20,50,100
    #[arg(long, value_name = "D,...", value_delimiter = ',', default_value = "20")]
    parameters: Vec<usize>,
    /// Strong scaling: trials of every point [default: 20 for each of the most ranks]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    trials: Option<u64>,
    /// Weak scaling: trials for each rank
    #[arg(long, value_name = "N", conflicts_with = "trials", value_parser = clap::value_parser!(u64).range(1..))]
    per_rank: Option<u64>,
    /// The baseline: so many trials are asked for together, and nothing new starts before all of them have
    /// ended; 0: none
    #[arg(long, value_name = "N", default_value_t = 5)]
    batch: u64,
    /// Where candidates come from; sobol measures machine and program, mobo the making of candidates, too
    #[arg(long, value_enum, default_value = "sobol")]
    method: Method,
    /// One JSON document instead of the table
    #[arg(long)]
    json: bool,
    /// Write the points as CSV, too
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Draw efficiency and speedup against ranks, too
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Where run directories are for as long as they are needed [default: the directory for temporary files]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
    /// Evaluating threads when there is no MPI launcher [default: as many as the largest of --ranks]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// Runs the benchmark on the ranks there are.
pub fn run(args: &Args) -> Exit {
    let most = args.ranks.iter().max().map(|most| *most as usize);
    let workers = match launcher::detect() {
        Ok(Launch::None) => args.workers.or(most),
        _ => args.workers,
    };
    on_ranks(workers, |transport, signals| lead(transport, signals, args))
}

fn lead(transport: &mut dyn Transport, signals: &mut Signals, args: &Args) -> Exit {
    let present = transport.size() - 1;
    let scratch = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let scratch = scratch.join(format!("paretorank-bench-{}", std::process::id()));
    let settings = match args.settings(present) {
        Ok(settings) => settings,
        Err(reason) => {
            complain(reason);
            return Exit::Usage;
        }
    };
    let mut points = vec![];
    let measured = measure(transport, signals, &settings, &scratch, &mut points);
    if let Err(error) = std::fs::remove_dir_all(&scratch)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        complain(format_args!("failed to remove {}: {error}", scratch.display()));
    }
    let facts = match measured {
        Ok(facts) => facts,
        Err(exit) => return exit,
    };
    let is_complete = points.len() == settings.len();
    let method = args.method.to_possible_value().map_or_else(String::new, |v| v.get_name().to_owned());
    let frame = Frame { facts: facts.0, method, scaling: args.scaling(&settings), is_complete };
    let written = args.write(&points, &frame);
    if facts.1 == Exit::Complete { written } else { facts.1 }
}

/// Measures point by point; where it was measured, and why no further.
fn measure(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    settings: &[(Setting, Study)],
    scratch: &Path,
    points: &mut Vec<Point>,
) -> Result<(Facts, Exit), Exit> {
    let ranks = transport.size() - 1;
    let mut roster = Roster::muster(transport, signals).map_err(missing)?;
    let facts = Facts::of(roster.hosts(), ranks, comm::mpi_version());
    for (k, (setting, study)) in settings.iter().enumerate() {
        let study = Study { output: scratch.join(format!("point-{}", k + 1)), ..study.clone() };
        let exit = point(&mut roster, signals, *setting, study, points);
        if exit != Exit::Complete {
            return Ok((facts, exit));
        }
        if let Some(point) = points.last() {
            say(words::progress(point, (k + 1, settings.len())));
        }
        if k + 1 < settings.len()
            && let Err(why) = roster.recall(setting.ranks, signals)
        {
            return Ok((facts, missing(why)));
        }
    }
    Ok((facts, Exit::Complete))
}

/// One run.
fn point(
    roster: &mut Roster<'_>,
    signals: &mut Signals,
    setting: Setting,
    study: Study,
    points: &mut Vec<Point>,
) -> Exit {
    let output = study.output.clone();
    let mut exit = Exit::Complete;
    let mut crew = roster.first(setting.ranks);
    let wrong = perform(&mut crew, signals, &as_run(), vec![(study, String::new())], &mut |closed| {
        exit = closed.exit;
        let history = closed.history.filter(|_| closed.exit == Exit::Complete);
        match history.and_then(|history| Point::of(setting, &history)) {
            Some(point) => points.push(point),
            None if exit == Exit::Complete => {
                complain("the evaluations took no time at all: there is nothing to measure");
                exit = Exit::Failed;
            }
            None => {}
        }
    });
    // It goes at once: there may be many.
    if let Err(error) = std::fs::remove_dir_all(&output) {
        complain(format_args!("failed to remove {}: {error}", output.display()));
    }
    wrong.unwrap_or(exit)
}

fn missing(why: Missing) -> Exit {
    match why {
        Missing::Stopped => Exit::StoppedEarly,
        Missing::Silent(reason) => {
            complain(reason);
            Exit::Failed
        }
    }
}

impl Args {
    /// All runs with their studies, on the ranks there are.
    fn settings(&self, present: usize) -> Result<Vec<(Setting, Study)>, String> {
        let ranks = self.ranks_of(present)?;
        let most = ranks.iter().copied().max().unwrap_or(1) as u64;
        let scaling = match (self.per_rank, self.trials) {
            (Some(trials), _) => Scaling::PerRank(trials),
            (None, trials) => Scaling::Trials(trials.unwrap_or(TRIALS_PER_RANK * most)),
        };
        let batch = Some(self.batch).filter(|batch| *batch > 0);
        let sizes = (&*self.objectives, &*self.parameters);
        let settings = plan(sizes, &self.delay.0, &ranks, batch, scaling);
        settings.into_iter().map(|setting| Ok((setting, self.study(setting)?))).collect()
    }

    fn ranks_of(&self, present: usize) -> Result<Vec<usize>, String> {
        if present == 0 {
            return Err("no rank to evaluate: rank 0 only coordinates; start 2 ranks or more (mpirun -n 2 ...), \
                        or say --workers N for threads"
                .to_owned());
        }
        if self.ranks.is_empty() {
            let mut ranks: Vec<usize> =
                std::iter::successors(Some(1), |n| Some(2 * n)).take_while(|n| *n < present).collect();
            ranks.push(present);
            return Ok(ranks);
        }
        let ranks: Vec<usize> = self.ranks.iter().map(|ranks| *ranks as usize).collect();
        match ranks.iter().find(|ranks| **ranks > present) {
            Some(ranks) => Err(format!(
                "--ranks {ranks}: there are {present} evaluating ranks (rank 0 only coordinates); start {} \
                 ranks (mpirun -n {} ...), or ask for fewer",
                ranks + 1,
                ranks + 1
            )),
            None => Ok(ranks),
        }
    }

    fn study(&self, setting: Setting) -> Result<Study, String> {
        let Setting { objectives, parameters, delay, batch, trials, .. } = setting;
        let builtin = Builtin {
            function: "dtlz2".to_owned(),
            dimension: parameters,
            objectives,
            variant: None,
            noise: None,
            delay: Some(delay),
        };
        let initial = StrategySettings::default_initial(objectives);
        let mut study = study_of(builtin, self.method, initial, trials).map_err(|e| e.to_string())?;
        study.strategy.batch = batch;
        study.strategy.ready = READY;
        Ok(study)
    }

    fn scaling(&self, settings: &[(Setting, Study)]) -> Scaling {
        let trials = settings.first().map_or(0, |(setting, _)| setting.trials);
        self.per_rank.map_or(Scaling::Trials(trials), Scaling::PerRank)
    }

    /// The table or the document, and the files.
    fn write(&self, points: &[Point], frame: &Frame) -> Exit {
        let text = match self.json {
            true => format!("{:#}\n", words::json(points, frame)),
            false => words::table(points, frame),
        };
        let written = write_out(None, text.as_bytes());
        let csv = self.csv.as_deref().map(|file| match words::csv(points) {
            Ok(bytes) => keep(file, &bytes),
            Err(error) => {
                complain(format_args!("failed to make CSV: {error}"));
                Exit::Failed
            }
        });
        let svg = self.svg.as_deref().map(|file| match plot::svg(&picture::picture(points)) {
            Ok(text) => keep(file, text.as_bytes()),
            Err(error) => {
                complain(&error);
                Exit::Failed
            }
        });
        let mut all = [Some(written), csv, svg].into_iter().flatten();
        all.find(|exit| *exit != Exit::Complete).unwrap_or(Exit::Complete)
    }
}

fn keep(file: &Path, bytes: &[u8]) -> Exit {
    replace_file(file, bytes).map_or_else(
        |error| {
            complain(&error);
            exit_for(&error)
        },
        |()| Exit::Complete,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn args(line: &str) -> Result<Args, clap::Error> {
        Line::try_parse_from(["bench"].into_iter().chain(line.split_whitespace())).map(|l| l.args)
    }

    #[test]
    fn numbers_of_ranks_are_those_asked_for_or_powers_of_two_and_all() {
        for (line, present, want) in [
            ("", 1, vec![1]),
            ("", 8, vec![1, 2, 4, 8]),
            ("", 13, vec![1, 2, 4, 8, 13]),
            ("--ranks 3,1", 3, vec![3, 1]),
        ] {
            assert_eq!(args(line).unwrap().ranks_of(present), Ok(want), "{line} of {present}");
        }
        let refused = |line, present| args(line).unwrap().ranks_of(present).unwrap_err();
        assert_eq!(
            refused("--ranks 2,16", 4),
            "--ranks 16: there are 4 evaluating ranks (rank 0 only coordinates); start 17 ranks (mpirun -n 17 \
             ...), or ask for fewer"
        );
        assert!(refused("", 0).starts_with("no rank to evaluate"));
        assert!(args("--ranks 0").is_err() && args("--delay 5").is_err() && args("--trials 0").is_err());
    }

    #[test]
    fn every_point_is_a_study_as_people_run_them() {
        let settings =
            args("--ranks 1,4 --objectives 3,5 --parameters 20").unwrap().settings(4).unwrap();
        assert_eq!(settings.len(), 8);
        for (setting, study) in &settings {
            assert_eq!((study.strategy.trials, study.strategy.ready), (80, 2), "20 for each of four");
            assert_eq!(study.strategy.batch, setting.batch);
            assert_eq!(study.problem.objectives.len(), setting.objectives);
        }
        let args = args("--per-rank 7 --batch 0 --method mobo").unwrap();
        let settings = args.settings(2).unwrap();
        let trials: Vec<_> = settings.iter().map(|(s, _)| (s.ranks, s.trials, s.batch)).collect();
        assert_eq!(trials, [(1, 7, None), (2, 14, None)]);
        assert_eq!(args.scaling(&settings), Scaling::PerRank(7));
        assert_eq!(settings[0].1.strategy.method, Method::Mobo);
    }
}
