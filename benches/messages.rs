//! What ranks say to each other: bytes made and read, and a task there and its result back, between threads,
//! over MPI, and over MPI without this program. `cargo bench --bench messages [-- FILTER]`; it starts mpirun.

#[cfg(feature = "mpi")]
#[path = "support/line.rs"]
mod line;
mod support;

use paretorank::comm::{Message, Report, Task, Transport, dismiss, local};
use paretorank::problem::{TaskFacts, TaskOutcome};
use std::time::{Duration, Instant};
use support::{Figures, problem, repeat};

const PARAMETERS: usize = 100;
const OBJECTIVES: usize = 5;
const LOOK: Duration = Duration::from_millis(1);

fn main() {
    #[cfg(feature = "mpi")]
    if line::is_rank() {
        return line::rank();
    }
    let mut figures = Figures::new();
    let (task, report) = messages();
    let mut group = figures.group("message");
    for (name, message) in
        [(format!("Evaluate d={PARAMETERS}"), &task), (format!("Done M={OBJECTIVES}"), &report)]
    {
        let bytes = message.encode();
        let parameters = format!("{name}, {} bytes", bytes.len());
        group.time(&parameters, "encode", repeat(|| message.encode()));
        group.time(&parameters, "decode", repeat(|| Message::decode(&bytes).expect("a message")));
    }
    drop(group);
    let parameters = format!("Evaluate d={PARAMETERS}, Done M={OBJECTIVES}");
    #[cfg(feature = "mpi")]
    line::time(&mut figures, &parameters);
    #[cfg(not(feature = "mpi"))]
    figures.left_out("MPI: this bench was built without it");
    threads(&mut figures, &parameters, &task);
    figures.finish(env!("CARGO_CRATE_NAME"));
}

/// A task and its result.
fn messages() -> (Message, Message) {
    let study = problem::study(OBJECTIVES, PARAMETERS);
    let (design, outcome) = problem::trials(&study, 1, true).remove(0);
    let outcome: TaskOutcome = study.problem.by_name(outcome);
    let task = Task { trial: 1000, task: 0, attempt: 1, design, inputs: vec![] };
    let report = Report {
        trial: 1000,
        task: 0,
        attempt: 1,
        outcome,
        started: 1.79e9,
        finished: 1.79e9 + 0.1,
        facts: TaskFacts::default(),
    };
    (Message::Evaluate(task), Message::Done(report))
}

fn threads(figures: &mut Figures, parameters: &str, task: &Message) {
    let mut ends = local::network(2).into_iter();
    let (Some(mut zero), Some(mut one)) = (ends.next(), ends.next()) else { return };
    let echo = std::thread::spawn(move || answer(&mut one));
    let mut group = figures.group("round trip");
    group.time(parameters, "between threads", |times| round_trips(&mut zero, task, times));
    dismiss(&mut zero, 0);
    echo.join().expect("the other rank leaves");
}

/// Rank 0: so many tasks one after the other, each given once the last one's result is there.
fn round_trips(transport: &mut dyn Transport, task: &Message, times: u64) -> Duration {
    let begun = Instant::now();
    for _ in 0..times {
        transport.send(1, task).expect("rank 1 is there");
        let answer = received(transport);
        assert!(matches!(answer, Message::Done(_)));
    }
    begun.elapsed()
}

/// Rank 1: answers every task with a result until it is told to leave.
fn answer(transport: &mut dyn Transport) {
    let (_, report) = messages();
    while !matches!(received(transport), Message::Leave(_)) {
        transport.send(0, &report).expect("rank 0 is there");
    }
}

fn received(transport: &mut dyn Transport) -> Message {
    loop {
        match transport.try_receive().expect("whole messages") {
            Some((_, message)) => return message,
            None => transport.wait(LOOK),
        }
    }
}
