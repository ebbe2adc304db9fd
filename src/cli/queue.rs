//! `paretorank queue`: the queue of jobs.

mod ask;
mod job;
mod look;
mod serve;
mod submit;

use super::{complain, queue_work::exit_for};
use crate::exit::Exit;
use crate::panda::{Auth, Client, Generation, PandaError, Server};
use std::time::Duration;

const AFTER_HELP: &str = "\
A queue, 100 jobs for it, how they stand, and ranks that run them:
  paretorank queue serve runs/queue &
  paretorank queue submit --queue Q --count 100 --out 'out.{i}' sh -c 'echo {i} > out.{i}'
  paretorank queue list
  mpirun -n 5 paretorank pilot --server http://127.0.0.1:25080 --queue Q --jobs 100

Who asks, where the server wants to know: a token in the file that PANDA_AUTH_TOKEN names, with
PANDA_AUTH_ORIGIN=VO.
Exit codes: 0 done; 1 refused, or there is no such job; 2 wrong usage; 79 server unreachable.";

/// Arguments of `paretorank queue`.
#[derive(Debug, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Serve a queue that pilots of PanDA take jobs from (both generations), until TERM or INT
    Serve(serve::Args),
    /// Add jobs
    Submit(submit::Args),
    /// Count jobs by queue and state, or list them
    List(look::ListArgs),
    /// Tell everything about jobs: definition, what was reported, history
    Show(look::ShowArgs),
    /// End jobs: what waits is cancelled, what runs is told to stop
    Kill(ask::Args),
    /// Give jobs that failed or were killed another attempt
    Retry(ask::Args),
}

/// Which server, and how its answer is printed.
#[derive(Debug, clap::Args)]
struct Line {
    /// Address of the server
    #[arg(long, value_name = "URL", env = "PARETORANK_QUEUE", default_value = "http://127.0.0.1:25080")]
    server: String,
    /// JSON instead of text
    #[arg(long)]
    json: bool,
}

/// Why a command ends otherwise than well.
type Failed = (Exit, String);

impl Line {
    fn client(&self) -> Result<Client, Failed> {
        let auth = Auth::of_user(&|name| std::env::var(name).ok()).map_err(told)?;
        let (connect, request) = (Duration::from_secs(20), Duration::from_secs(120));
        let (url, generation) = (self.server.clone(), Some(Generation::V1));
        Client::connect(Server { url, generation, auth, connect, request }).map_err(told)
    }
}

/// What to say about an error, and the exit code.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn told(error: PandaError) -> Failed {
    (exit_for(&error), error.to_string())
}

fn counted(jobs: usize) -> String {
    if jobs == 1 { "1 job".to_owned() } else { format!("{jobs} jobs") }
}

/// Does what the subcommand says.
pub fn run(args: Args) -> Exit {
    let done = match args.command {
        Command::Serve(args) => return serve::run(args),
        Command::Submit(args) => submit::run(&args),
        Command::List(args) => look::list(&args),
        Command::Show(args) => look::show(&args),
        Command::Kill(args) => ask::run("kill", &args),
        Command::Retry(args) => ask::run("retry", &args),
    };
    done.unwrap_or_else(|(exit, why)| {
        complain(why);
        exit
    })
}
