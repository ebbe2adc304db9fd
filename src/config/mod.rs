//! The study file: as written (a TOML document whose values know their lines), and as meant
//! ([`Study`]). Checks and units lie between the two, in `resolve`.
//!
//! ```toml
//! [study]                      # all optional
//! name = "dtlz2"               # default: the file's name without its ending
//! seed = 0                     # of every random stream
//! output = "runs/dtlz2"        # run directory, from the current directory; default runs/NAME
//!
//! [[parameter]]                # one per parameter; not needed with a test function
//! name = "x"                   # all names differ: parameters, objectives and metrics
//! kind = "float"               # float, int: lower, upper, scale = "linear" or "log", default
//! lower = 0.0                  # choice: values = [...], default
//! upper = 1.0                  # fixed: value = ...
//! unit = "mm"
//!
//! [[parameter]]                # of mobo alone, at most one: the number of events, chosen for each trial
//! name = "events"              # from lower, upper and numbers between them, by what they tell and cost;
//! kind = "events"              # results need their sem, which falls as 1/√events
//! lower = 500
//! upper = 5000
//! overhead = 800               # what a trial costs beside its events, in events
//!
//! # in a detector description its value stands here; several edits are a list of such tables
//! edit = { file = "compact/pid/drich.xml", xpath = ".//detector/mirror/[@radius]", attribute = "radius" }
//!                              # index = 1: component of 1,2,3; format = "%.3f"; value = "{x}*cm" is the
//!                              # text, with any parameters; expression = "replace" if one stands there
//!
//! [geometry]                   # the detector description that edits are made in
//! install = "/opt/detector/share/epic"  # default: environment variable DETECTOR_PATH; only read
//! top = "epic_craterlake.xml"  # includes the others; {geometry} in commands is the trial's own
//!
//! [[objective]]                # one per objective; not needed with a test function
//! name = "cost"
//! goal = "minimize"            # or "maximize"
//! threshold = 10.0             # worse values are of no interest (reference point); optional
//! unit = "EUR"
//!
//! [[metric]]                   # recorded, not optimized; only constrained test functions have any
//! name = "mass"
//!
//! [[constraint]]               # linear in float, int and fixed parameters
//! text = "x + 2*y <= 3"
//!
//! [[outcome_constraint]]       # linear in objectives and metrics; a trial that violates it is
//! text = "mass <= 12"          # measured and learned from, but never on the front; a constrained
//!                              # test function brings its own unless there are such tables
//!
//! [strategy]
//! method = "auto"              # mobo (which auto means), nsga2, nsga3, sobol, lhc, list
//! model = "pooled"             # of mobo; "sparse": few of many parameters matter (slower)
//! nominal = true               # trial 0 is the nominal design; default: if all have a default
//! points = "points.csv"        # tried next, in this order; method "list" has nothing else
//! initial = 10                 # trials before the method begins, those above among them;
//!                              # default 10, or twice the objectives if more
//! initial_design = "sobol"     # or "lhc": how the rest of them is spread
//! population = 20              # of nsga2 and nsga3
//! trials = 100                 # in all
//! ready = 2                    # candidates that lie ready beyond one per rank; 0: made on demand
//! patience = "1 min"           # after which a waiting rank gets a quick one
//! in_flight = 8                # at most so many at once; default: ranks + ready
//! batch = 5                    # or: five are asked for together, and no more before all have ended, as
//!                              # other tools do; only to compare with them
//!
//! [strategy.stop]              # when to end before the last trial; every rule is optional
//! hypervolume = 0.7            # so much is enough; needs every threshold
//! stalled = { trials = 40, gain = 0.001 }  # 40 trials made it larger by less than 0.1 %
//! clock = "10 h"               # work in all, over all sessions
//! failures = { share = 0.5, of = 20 }      # more than half of the last 20 trials failed
//!
//! [evaluator]                  # a test function ...
//! builtin = "dtlz2"
//! dimension = 20               # default: as many as there are [[parameter]] tables, or the only possible
//! objectives = 3               # default: as many as there are [[objective]] tables, the only possible, or 2
//! shift = 1                    # seed that moves the optimum; default: not moved. Of gp-...: of the draw
//! heterogeneous = 1            # or: seed that moves it and weighs distance variables
//! rotated = 1                  # or: seed that moves, weighs and rotates
//! noise = { sd = 0.01, known = true }
//! delay = "100 ms"             # or { median = "1 s", sigma = 0.5 } or { least = "1 s", alpha = 1.5 }
//!
//! [evaluator]                  # ... or a command
//! command = ["sim/run.py", "{param.x}", "{trial.id}", "{trial.dir}", "{trial.seed}"]
//! templates = ["sim/card.txt"] # {{x}} in it becomes the parameter's value
//! result = "result.json"       # inside the attempt's directory
//! timeout = "10 min"           # default: none
//! grace = "10 s"               # between TERM and KILL
//! retries = 1                  # further attempts after a failed one
//! exit_codes = { 9 = "infeasible" }
//! env = { OMP_NUM_THREADS = "1" }
//!
//! [evaluator]                  # ... or nothing of this program's: results are told
//! outside = true
//!
//! [[stage]]                    # ... or stages, each of which is run for every combination of its axes
//! name = "simulation"          # letters, digits, _ and -
//! needs = ["overlap"]          # stages, in any order in the file
//! foreach = { particle = ["pi+", "kaon+"], point = [{ name = "low", p = 15, eta = [1.5, 2.0] }] }
//! by = ["point"]               # axes taken over from `needs`; all their other axes are joined
//! events = { total = 5000, per_job = 1000 }    # of each key: chunks, the last one with what remains
//! seeds = "trial"              # or "common": the same in every trial
//! reuse = true                 # what a task with the same command, inputs, events and seed has done is
//!                              # taken over; the seeds are then common
//! gate = true                  # every stage waits for it that does not lead to a gate
//! at_least = 0.8               # share of its tasks that has to be ok where they are joined
//! steps = [["npsim", "{key.particle}", "{event.seed}"], ["eicrecon"]]   # or command, as above
//! outputs = ["recon.root"]     # {in.simulation}, {in.simulation:particle=pi+} of those who need it
//! result = { table = "out.txt", columns = ["acc", "acc_sd", "-"], line = "last" }   # or "result.json"
//! cores = 1
//! memory = "4 GB"
//! keep = "all"                 # results: outputs go when the trial has ended; failed: all go if ok
//! scratch = "shared"           # local: works in the node's scratch directory
//! container = true             # in the study's container, if there is one
//! silence = "10 min"           # this and the rest also in [evaluator] command
//! log_limit = "100 MB"         # kept of each of stdout and stderr
//! retries = { exit = 1, signal = 1, timeout = 0, silent = 1, memory = 1, output = 1 }
//! patterns = [{ text = "overlaps: {n}", above = 0, is = "infeasible", required = true }]
//!
//! [[objective]]                # with stages: where it comes from; without `from` its own name in the
//! name = "separation"          # result of the stage without axes that has it; metrics alike
//! from = { stage = "analysis", value = "sep", where = { point = "low" }, combine = "mean" }
//!
//! [container]                  # commands run in it; optional
//! engine = "auto"              # apptainer, singularity, charliecloud, podman, shifter or none
//! image = "eic_xl.sif"         # from the study file's folder: SIF, directory, SquashFS, tar; or docker://NAME
//! binds = ["/cvmfs:/cvmfs:ro"] # what a task needs of its own is seen inside anyway, at the same path
//! env = { DETECTOR = "epic" }  # the environment is empty otherwise, but for the image's own
//! prologue = "source /opt/detector/bin/thisepic.sh"  # for bash, before the programs of a task
//! options = []                 # further arguments of the engine
//! stage = "node"               # the image is copied once to each node's disk; default "none"
//!
//! [checkpoint]
//! every = "60 s"
//!
//! [limits]
//! time = "2 h"                 # default: until the allocation ends
//! margin = "60 s"              # kept back for the last checkpoint
//! silence = "5 min"            # a rank that says nothing for so long counts as lost
//! disk = "50 GB"               # has to be free where a task writes
//! share = 1                    # part of the ranks where several studies share them
//!
//! [pilot]                      # ranks that the study cannot use run jobs of a PanDA queue; optional
//! server = "http://127.0.0.1:25080"
//! queue = "EIC_DETECTORS"
//! api = "v1"                   # or "classic", for servers up to 0.8
//! label = "managed"            # default: the server's choice
//! usual = "10 min"             # of a job that does not say; what cannot end in time is not begun
//! wait = "10 s"                # so long a job goes on when the study wants its rank back
//! after = "stop"               # when the study is over: finish what runs, or work on until the end
//! keep = "failed"              # all, failed, none: jobs whose working directory stays in pilot/jobs
//! inputs = "data"              # folder of input files; default pilot/inputs in the run directory
//! outputs = "results"          # folder of output files; default pilot/outputs there
//! binds = ["/cvmfs:/cvmfs:ro"] # seen by jobs in containers
//! batch = 500                  # most jobs in one request
//!
//! [overflow]                   # tasks for which there is no rank become jobs of a queue; optional
//! server = "http://127.0.0.1:25080"
//! queue = "EIC_DETECTORS"
//! tasks = 8                    # most of them at a time
//! program = "paretorank"       # this program where they run; default: the file that it is here
//! patience = "5 min"           # a task that no pilot has begun by then is taken back
//! ```
//!
//! `combine` is mean, sum, min, max or harmonic, with `weights` of the tasks in their order: axes in
//! alphabetical order, the last one fastest, then chunks. Placeholders are `{param.NAME}`,
//! `{key.AXIS}`, `{key.AXIS.FIELD}`, `{key.AXIS.FIELD.0}`, `{event.count}`, `{event.first}`,
//! `{event.index}`, `{event.seed}`, `{task.dir}`, `{task.seed}`, `{trial.id}`, `{trial.dir}`,
//! `{trial.seed}`, and `{in.STAGE}` or `{in.STAGE:AXIS=LABEL}`: as a whole argument it becomes an
//! argument for each path. A key's label is the text of a value, the `name` of a point or its index.
//!
//! `points` is a CSV file beside the study file: names of parameters in the first line (`height` or
//! `height [mm]`, in any order; fixed ones may be left out), then one design per line in the study's
//! units; lines that begin with # are left out.
//!
//! `method = "lhc"` gives each of the first `initial` trials a stratum of its own in every parameter,
//! and so again for 2, 4, … times as many: with `initial` = `trials` the study is one Latin hypercube.
//!
//! A program or template that contains a slash, or exists beside the study file, is meant relative to
//! the study file's folder; any other program is looked for in the PATH of the ranks. Arguments after
//! the program stay as they are, and the program runs in the attempt's own directory.

mod axes;
mod builtin;
mod command;
mod command_keys;
mod constraint_text;
mod container;
mod describe;
mod detector_units;
mod difference;
mod document;
mod error;
mod evaluator;
mod function;
mod geometry;
mod geometry_table;
mod linear_text;
mod parameters;
mod parts;
mod patterns;
mod pipeline;
mod placeholders;
mod points;
mod queues;
mod resolve;
mod resolved;
mod result_text;
mod reuse;
mod section;
mod site;
mod sources;
mod stages;
mod stop;
mod strategy;
mod units;

#[cfg(test)]
mod tests;

pub use builtin::own_parameters;
pub use command::{Command, Pattern, ResultFile, Retries, Verdict};
pub use container::{Bind, Container, Engine, Image, Staging};
pub use describe::describe;
pub use detector_units::dimension as unit_dimension;
pub use difference::differences;
pub use error::{ConfigError, Place, Problem, suggestion};
pub use function::Function;
pub use geometry::{DETECTOR_PATH, Edit, Expression, Geometry, NumberFormat, Piece};
pub use pipeline::{
    Axis, AxisValue, Combine, Events, Field, Keep, Pipeline, Scratch, Seeds, Source, Stage,
};
pub use queues::{After, Guest, Overflow};
pub use resolved::{
    Builtin, Checkpoint, Delay, Evaluator, InitialDesign, Limits, Method, Noise, StrategySettings,
    Study, Surrogate,
};
pub use site::{KeptJobs, Site};
pub use stop::{Failures, Rule, Stalled, Stop};
pub use units::{EXAMPLES as DURATIONS, duration, seconds};

use document::{Item, Node};
use error::Problems;
use std::path::{Path, PathBuf};

/// What the command line changes in a study file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Run directory.
    pub output: Option<PathBuf>,
    /// Seed of every random stream.
    pub seed: Option<u64>,
    /// Trials in all.
    pub trials: Option<u64>,
    /// Dotted key and TOML value each, for example `evaluator.shift` and `1`, or
    /// `parameter.x3.upper` and `2`; a value that is not TOML is a text.
    pub set: Vec<(String, String)>,
}

/// Reads and checks a study file; also gives its text as it stands.
///
/// # Errors
/// The file cannot be read, or is wrong: then with everything that is.
pub fn read(path: &Path, overrides: &Overrides) -> Result<(Study, String), ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
    let study = understand(&text, path, overrides)
        .map_err(|problems| ConfigError::Invalid { file: path.to_owned(), problems })?;
    Ok((study, text))
}

/// The study that a text means; `path` says where it was read.
fn understand(text: &str, path: &Path, overrides: &Overrides) -> Result<Study, Vec<Problem>> {
    let mut document = document::parse(text).map_err(|problem| vec![problem])?;
    let problems = Problems::default();
    for (key, value) in &overrides.set {
        if let Err(Problem { place, text }) = document::set(&mut document, key, value) {
            problems.add(&place, text);
        }
    }
    for (table, key, value) in
        [("study", "seed", overrides.seed), ("strategy", "trials", overrides.trials)]
    {
        if let Some(value) = value {
            let place = Place::CommandLine(format!("--{key} {value}"));
            let node = Node { place, item: Item::Integer(value.into()) };
            if let Err(Problem { place, text }) = document::insert(&mut document, table, key, node) {
                problems.add(&place, text);
            }
        }
    }
    let study = resolve::resolve(&document, path, &problems);
    match study {
        Some(study) => Ok(Study { output: overrides.output.clone().unwrap_or(study.output), ..study }),
        None => Err(problems.sorted()),
    }
}
