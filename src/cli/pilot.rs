//! `paretorank pilot`: the ranks of an allocation run jobs of a PanDA queue.

use super::complain;
use super::queue_work::{self, Started, Work};
use super::run::on_ranks;
use crate::clock::now_s;
use crate::comm::Transport;
use crate::config::{Engine, KeptJobs, Site};
use crate::exit::Exit;
use crate::observe::say;
use crate::panda::Generation;
use crate::pilot::{Ended, Ending, Settings};
use crate::signal::Signals;
use crate::slurm::Allocation;
use crate::tenancy::House;
use std::path::{Path, PathBuf};
use std::time::Duration;

const AFTER_HELP: &str = "\
A pilot for the jobs of one queue, on threads of this machine, and on 64 ranks of an allocation:
  paretorank pilot --server http://127.0.0.1:25080 --queue Q --workers 4
  srun paretorank pilot --server https://pandaserver.example.org:25443 --queue Q

Who it is: an OIDC token in the file that PANDA_AUTH_TOKEN names, with PANDA_AUTH_ORIGIN=VO:production; or a
proxy certificate that X509_USER_PROXY names; or nothing, for a server that asks nobody.
Exit codes: 0 as many jobs as --jobs have ended; 75 stopped by a signal; 79 server unreachable; 81 time limit;
82 no work for --patience.";

/// Arguments of `paretorank pilot`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    /// Address of the server
    #[arg(long, value_name = "URL")]
    server: String,
    /// Name of the queue
    #[arg(long, value_name = "NAME")]
    queue: String,
    /// Generation of the server's interface [default: v1 if it has that]
    #[arg(long, value_enum)]
    api: Option<Api>,
    /// Label of jobs, for example managed, user or unified [default: the server's]
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Directory of the pilot, which every node sees: jobs work below it, and what the server has not yet
    /// heard lies there
    #[arg(long, value_name = "DIR", default_value = "pilot")]
    dir: PathBuf,
    /// Folder of input files [default: DIR/inputs]
    #[arg(long, value_name = "DIR")]
    inputs: Option<PathBuf>,
    /// Folder for output files, a folder per job in it [default: DIR/outputs]
    #[arg(long, value_name = "DIR")]
    outputs: Option<PathBuf>,
    /// Jobs whose working directory stays
    #[arg(long, value_enum, default_value = "failed")]
    keep: KeptJobs,
    /// Most jobs in one request
    #[arg(long, value_name = "N", default_value_t = 500)]
    batch: u32,
    /// End when so many jobs have ended [default: go on]
    #[arg(long, value_name = "N")]
    jobs: Option<u64>,
    /// End when there was no work for so long [default: wait for it]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    patience: Option<Duration>,
    /// Time that a job takes which does not say how long it may; what does not fit before the end is not begun
    #[arg(long, value_name = "DURATION", default_value = "10 min", value_parser = humantime::parse_duration)]
    usual: Duration,
    /// Time between TERM and KILL of a job
    #[arg(long, value_name = "DURATION", default_value = "10 s", value_parser = humantime::parse_duration)]
    grace: Duration,
    /// Time from now after which it must be over [default: the end of the batch job]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    time_limit: Option<Duration>,
    /// Time before that at which jobs are stopped
    #[arg(long, value_name = "DURATION", default_value = "60 s", value_parser = humantime::parse_duration)]
    margin: Duration,
    /// A rank that says nothing for so long is lost
    #[arg(long, value_name = "DURATION", default_value = "5 min", value_parser = humantime::parse_duration)]
    silence: Duration,
    /// Host path that jobs in containers see, SOURCE[:TARGET][:ro]; may be repeated
    #[arg(long, value_name = "PATH")]
    bind: Vec<String>,
    /// Evaluating threads when there is no MPI launcher [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// Seconds that a server may wait for work before it says that there is none.
const ASK_WAIT_S: f64 = 5.0;

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Api {
    V1,
    Classic,
}

/// Runs jobs of a queue on the ranks there are.
pub fn run(args: &Args) -> Exit {
    on_ranks(args.workers, |transport, signals| {
        lead(transport, signals, args).unwrap_or_else(|(exit, reason)| {
            complain(&reason);
            exit
        })
    })
}

fn lead(
    transport: &mut dyn Transport,
    signals: &mut Signals,
    args: &Args,
) -> Result<Exit, (Exit, String)> {
    let ranks = transport.size() - 1;
    if ranks == 0 {
        let reason = "no rank to run jobs: rank 0 only coordinates; start 2 ranks or more (mpirun -n 2 …), or \
                      say --workers N for threads";
        return Err((Exit::Usage, reason.to_owned()));
    }
    let dir = std::path::absolute(&args.dir)
        .map_err(|e| (Exit::Usage, format!("--dir {}: {e}", args.dir.display())))?;
    let site = site(args, &dir).map_err(|e| (Exit::Usage, format!("--bind {e}")))?;
    let allocation = Allocation::detect();
    let end = end_of(args, allocation.as_ref());
    let work = Work {
        server: args.server.clone(),
        generation: args.api.map(|api| match api {
            Api::V1 => Generation::V1,
            Api::Classic => Generation::Classic,
        }),
        request: Duration::from_secs(120),
        queue: args.queue.clone(),
        label: args.label.clone(),
        site,
        inputs: args.inputs.clone().unwrap_or_else(|| dir.join("inputs")),
        settings: Settings {
            ranks,
            is_guest: false,
            batch: args.batch.max(1),
            ask_wait_s: ASK_WAIT_S,
            most: args.jobs,
            usual_s: args.usual.as_secs_f64(),
            end,
            wait_s: f64::INFINITY,
            patience_s: args.patience.map(|p| p.as_secs_f64()),
        },
    };
    let Started { mut driver, tally, client, left } =
        queue_work::start(work, allocation.as_ref(), Box::new(|line| say(line)))?;
    say(format_args!(
        "pilot of {} at {}: {ranks} ranks, {}{}",
        args.queue,
        args.server,
        end.map_or("no known end".to_owned(), |end| format!("{:.0} s to go", end - now_s())),
        if left > 0 { format!(", {left} jobs of an earlier pilot to tell of") } else { String::new() }
    ));
    House::new(transport, signals, &[&mut driver]).serve(&mut [&mut driver]);
    let (ended, left) = driver.close();
    say(tally.borrow_mut().shown(client.requests()));
    let folder = dir.join("outbox");
    if left > 0 {
        say(format_args!(
            "the server has not heard of {left} ends of jobs: they are in {}, and the next pilot there tells them",
            folder.display()
        ));
    }
    match ended {
        Some(Ended::Ending(Ending::Complete)) => Ok(Exit::Complete),
        Some(Ended::Ending(Ending::NoWork)) => Ok(Exit::NoWork),
        Some(Ended::Ending(Ending::TimeLimit)) => Ok(Exit::TimeLimit),
        Some(Ended::Ending(Ending::Early(reason))) => {
            say(format_args!("stopped early: {reason}"));
            Ok(Exit::StoppedEarly)
        }
        Some(Ended::Ending(Ending::Refused(reason) | Ending::Failed(reason))) => {
            Err((Exit::Failed, reason))
        }
        Some(Ended::Disk(why)) => Err((Exit::Storage, format!("{}: {why}", folder.display()))),
        None => Err((Exit::Failed, "the pilot was closed before its end".to_owned())),
    }
}

fn site(args: &Args, dir: &Path) -> Result<Site, String> {
    Ok(Site {
        directory: dir.to_owned(),
        outputs: args.outputs.clone().unwrap_or_else(|| dir.join("outputs")),
        keep: args.keep,
        silence_s: args.silence.as_secs_f64(),
        grace_s: u32::try_from(args.grace.as_secs()).unwrap_or(u32::MAX),
        log_limit: 100 << 20,
        container: Site::container(Engine::Auto, &args.bind)?,
    })
}

/// When jobs are stopped, in seconds since 1970.
fn end_of(args: &Args, allocation: Option<&Allocation>) -> Option<f64> {
    let flag = args.time_limit.map(|limit| now_s() + limit.as_secs_f64());
    let end = flag.into_iter().chain(allocation.and_then(|a| a.end)).min_by(f64::total_cmp)?;
    Some(end - args.margin.as_secs_f64())
}
