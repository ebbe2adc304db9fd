//! `paretorank bench tasks`: what a task costs beside its own work, from rank 0's word to the payload's
//! first instruction, and from its last to rank 0's ear.

use super::bench::study_of;
use super::run::on_ranks;
use super::{complain, write_out};
use crate::clock::now_s;
use crate::comm::{Message, Task, Transport};
use crate::config::{
    Builtin, Command, Container, Engine, Evaluator, Image, Method, ResultFile, Staging, Study,
};
use crate::exit::Exit;
use crate::problem::{TaskOutcome, Value};
use std::time::Duration;

/// A payload that says when it ran, and nothing else; what it prints is its result.
const PAYLOAD: [&str; 2] = ["date", r#"+{"f0": %s.%N, "f1": 0}"#];
/// Tasks of each rank that do not count: the first ones find nothing in any cache.
const WARM_UP: u64 = 2;

/// Arguments of `paretorank bench tasks`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tasks in all
    #[arg(long, default_value_t = 200)]
    tasks: u64,
    /// Run the tasks in a container of this engine (auto, apptainer, charliecloud, podman, …)
    #[arg(long, value_name = "ENGINE", requires = "image")]
    container: Option<String>,
    /// Image of the container
    #[arg(long, value_name = "IMAGE", requires = "container")]
    image: Option<String>,
    /// Evaluating threads when there is no MPI launcher [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Figures as JSON, with the times of every task
    #[arg(long)]
    json: bool,
}

/// Runs the benchmark on the ranks there are.
pub fn run(args: &Args) -> Exit {
    on_ranks(args.workers, |transport, _| {
        let measured = study(args).and_then(|study| {
            let times = measure(transport, &study, args.tasks);
            let removed = std::fs::remove_dir_all(&study.output);
            let times = times?;
            removed.map_err(|e| format!("failed to remove {}: {e}", study.output.display()))?;
            Ok(times)
        });
        match measured {
            Ok(times) => write_out(None, shown(&times, transport.size() - 1, args).as_bytes()),
            Err(reason) => {
                complain(&reason);
                Exit::Failed
            }
        }
    })
}

/// A study whose only task is the payload.
fn study(args: &Args) -> Result<Study, String> {
    let builtin = Builtin {
        function: "dtlz2".to_owned(),
        dimension: 2,
        objectives: 2,
        variant: None,
        noise: None,
        delay: None,
    };
    let mut study = study_of(builtin, Method::Sobol, 1, 1).map_err(|e| e.to_string())?;
    study.output = std::env::temp_dir().join(format!("paretorank-bench-{}", std::process::id()));
    study.evaluator = Evaluator::Command(Command {
        result: Some(ResultFile::Json("stdout".into())),
        ..Command::new(PAYLOAD.map(str::to_owned).to_vec())
    });
    if let (Some(engine), Some(image)) = (&args.container, &args.image) {
        study.container = Some(container(engine, image)?);
    }
    std::fs::create_dir_all(&study.output)
        .map_err(|e| format!("failed to make {}: {e}", study.output.display()))?;
    Ok(study)
}

fn container(engine: &str, image: &str) -> Result<Container, String> {
    let engine: Engine =
        serde_json::from_value(engine.into()).map_err(|e| format!("--container {engine}: {e}"))?;
    let path = std::path::absolute(image).map_err(|e| format!("--image {image}: {e}"))?;
    let image = if path.exists() { Image::Path(path) } else { Image::Name(image.to_owned()) };
    Ok(Container {
        engine,
        image: Some(image),
        binds: vec![],
        env: vec![],
        prologue: None,
        options: vec![],
        stage: Staging::None,
    })
}

/// Seconds of one task.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// From rank 0's word to the payload.
    start: f64,
    /// From the payload to rank 0's ear.
    end: f64,
}

/// Keeps every rank busy with one task at a time.
fn measure(transport: &mut dyn Transport, study: &Study, tasks: u64) -> Result<Vec<Times>, String> {
    let text = serde_json::to_string(study).map_err(|e| e.to_string())?;
    let ranks = transport.size() - 1;
    let warm_up = WARM_UP * ranks as u64;
    let (mut given, mut sent) = (0, vec![0.0; ranks + 1]);
    let mut times = vec![];
    while (times.len() as u64) < warm_up + tasks {
        let (rank, message) = loop {
            match transport.try_receive().map_err(|e| e.to_string())? {
                Some(received) => break received,
                None => transport.wait(Duration::from_millis(1)),
            }
        };
        let heard = now_s();
        match message {
            Message::Hello { .. } => {
                transport.send(rank, &Message::Study(text.clone())).map_err(|e| e.to_string())?;
                continue;
            }
            Message::Fit => {}
            Message::Unfit(reason) => return Err(format!("rank {rank} cannot run tasks: {reason}")),
            Message::Done(report) => match report.outcome {
                TaskOutcome::Ok(values) => {
                    let ran = values.first().map_or(f64::NAN, |(_, value)| value.value());
                    times.push(Times { start: ran - sent[rank], end: heard - ran });
                }
                other => return Err(format!("a task was {}: {}", other.status(), other.reason())),
            },
            other => return Err(format!("rank {rank} sent {other:?}")),
        }
        if given < warm_up + tasks {
            let design = vec![Value::Float(0.5); study.problem.space.parameters.len()];
            let task = Task { trial: given, task: 0, attempt: 1, design, inputs: vec![] };
            given += 1;
            sent[rank] = now_s();
            transport.send(rank, &Message::Evaluate(task)).map_err(|e| e.to_string())?;
        }
    }
    Ok(times.split_off(warm_up as usize))
}

fn shown(times: &[Times], ranks: usize, args: &Args) -> String {
    let sorted = |of: fn(&Times) -> f64| {
        let mut all: Vec<f64> = times.iter().map(|t| 1e3 * of(t)).collect();
        all.sort_by(f64::total_cmp);
        all
    };
    let (start, end, both) = (sorted(|t| t.start), sorted(|t| t.end), sorted(|t| t.start + t.end));
    let inside = match (&args.container, &args.image) {
        (Some(engine), Some(image)) => format!("in {image} by {engine}"),
        _ => "without container".to_owned(),
    };
    if args.json {
        let figures = |all: &[f64]| serde_json::json!({ "median": at(all, 0.5), "p99": at(all, 0.99) });
        let all: Vec<[f64; 2]> = times.iter().map(|t| [1e3 * t.start, 1e3 * t.end]).collect();
        let json = serde_json::json!({
            "tasks": times.len(), "ranks": ranks, "container": args.container, "image": args.image,
            "start_ms": figures(&start), "end_ms": figures(&end), "both_ms": figures(&both),
            "start_end_ms": all,
        });
        return format!("{json:#}\n");
    }
    format!(
        "{} tasks on {ranks} ranks, {inside}: from rank 0 to the payload {:.2} ms median, {:.2} ms at 99 %; \
         from the payload to rank 0 {:.2} ms median, {:.2} ms at 99 %; both {:.2} ms median\n",
        times.len(),
        at(&start, 0.5),
        at(&start, 0.99),
        at(&end, 0.5),
        at(&end, 0.99),
        at(&both, 0.5)
    )
}

/// The value below which this share of sorted values lies; NaN of none.
fn at(sorted: &[f64], share: f64) -> f64 {
    let position = (share * sorted.len() as f64) as usize;
    sorted.get(position.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
