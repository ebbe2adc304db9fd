//! Two ranks of this bench under mpirun: with the program's transport, and with bare sends and receives.

use super::support::Figures;
use super::support::child::Child;
use super::{answer, messages, round_trips};
use mpi::traits::{Communicator, Destination, Source};
use paretorank::comm::{Transport, dismiss, mpi::MpiTransport};
use serde_json::Value;
use std::io::BufRead;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The first argument of a rank: what it is part of.
const PROGRAM: &str = "--as-rank-with-transport";
const BARE: &str = "--as-rank-without";

/// Tags of bare messages.
const ROUND: i32 = 1;
const END: i32 = 2;

/// Measures both.
pub fn time(figures: &mut Figures, parameters: &str) {
    for (what, name) in [(PROGRAM, "over MPI"), (BARE, "bare MPI, as many bytes")] {
        let Some(mut ranks) = start(what) else {
            figures.left_out(&format!("{name}: mpirun does not start two ranks of this bench"));
            continue;
        };
        figures.group("round trip").time(parameters, name, |times| ranks.repeat(times));
    }
}

fn start(what: &str) -> Option<Child> {
    let mut command = Command::new("mpirun");
    for (name, value) in [
        ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
        ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1"),
        ("OMPI_MCA_rmaps_base_oversubscribe", "1"),
        ("OMPI_MCA_hwloc_base_binding_policy", "none"),
    ] {
        command.env(name, value);
    }
    let command = command.args(["-n", "2"]).arg(std::env::current_exe().ok()?).arg(what);
    let mut ranks = Child::start(command.stderr(Stdio::null()))?;
    // A first answer says that both are there.
    (ranks.answer()? == "ready").then_some(ranks)
}

/// Whether this process is one of the two.
pub fn is_rank() -> bool {
    std::env::args().nth(1).is_some_and(|arg| arg == PROGRAM || arg == BARE)
}

/// Is one of the two.
pub fn rank() {
    if std::env::args().any(|arg| arg == BARE) { bare() } else { with_transport() }
}

fn with_transport() {
    let mut transport = MpiTransport::start().expect("MPI starts");
    if transport.rank() == 0 {
        let (task, _) = messages();
        serve(|times| round_trips(&mut transport, &task, times));
        dismiss(&mut transport, 0);
    } else {
        answer(&mut transport);
    }
    transport.finish(1, || false);
}

fn bare() {
    let universe = mpi::initialize().expect("MPI starts");
    let world = universe.world();
    let (task, report) = messages();
    let (there, back) = (task.encode(), report.encode());
    if world.rank() == 0 {
        let one = world.process_at_rank(1);
        serve(|times| {
            let begun = Instant::now();
            for _ in 0..times {
                one.send_with_tag(&there[..], ROUND);
                one.receive_vec::<u8>();
            }
            begun.elapsed()
        });
        one.send_with_tag(&there[..], END);
    } else {
        let zero = world.process_at_rank(0);
        while zero.receive_vec::<u8>().1.tag() == ROUND {
            zero.send(&back[..]);
        }
    }
}

/// Answers how often with how long, until nothing more is asked.
fn serve(mut run: impl FnMut(u64) -> Duration) {
    // So that the other one is there too.
    run(1);
    println!("\"ready\"");
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let asked: Value = serde_json::from_str(&line).expect("a request");
        let times = asked["times"].as_u64().expect("how often");
        println!("{}", run(times).as_nanos());
    }
}
