//! A study in words, as `paretorank check` prints it.

mod container;
mod evaluator;
mod page;
mod stages;

use super::queues::After;
use super::resolved::{Evaluator, InitialDesign, Method, Study, Surrogate};
use super::stop::Rule;
use super::units::{amount, duration};
use crate::problem::{Goal, Parameter, ParameterKind, Scale, Value};
use page::Page;

/// Everything that was understood, defaults filled in, in aligned lines that end with a newline.
pub fn describe(study: &Study) -> String {
    let mut page = Page::default();
    page.title("study");
    page.row("name", &study.name);
    page.row("seed", study.seed);
    page.row("output", study.output.display());
    parameters(&mut page, study);
    quantities(&mut page, study);
    geometry(&mut page, study);
    strategy(&mut page, study);
    match &study.evaluator {
        Evaluator::Builtin(builtin) => evaluator::builtin(&mut page, builtin),
        Evaluator::Command(command) => evaluator::command(&mut page, command),
        Evaluator::Outside => {
            page.title("evaluator");
            page.row("outside", "results are told (paretorank ask, tell, session)");
        }
        Evaluator::Pipeline(pipeline) => stages::pipeline(&mut page, study, pipeline),
    }
    if let Some(container) = &study.container {
        container::container(&mut page, container);
    }
    page.title("checkpoint");
    page.row("every", duration(study.checkpoint.every_s));
    page.title("limits");
    let time =
        study.limits.time_limit_s.map_or("until the allocation ends, if there is one".into(), duration);
    page.row("time", time);
    page.row("margin", format!("{} before the end", duration(study.limits.margin_s)));
    let silence = duration(study.limits.silence_s);
    page.row("silence", format!("{silence} without a word from a rank: it counts as lost"));
    if let Some(bytes) = study.limits.disk_bytes {
        page.row("disk", format!("{} have to be free where a task writes", amount(bytes)));
    }
    queues(&mut page, study);
    page.text
}

fn queues(page: &mut Page, study: &Study) {
    if study.limits.share != 1.0 {
        page.row("share", format!("{} of the ranks where studies share them", study.limits.share));
    }
    if let Some(pilot) = &study.pilot {
        page.title("pilot");
        page.row("queue", format!("{} at {}", pilot.queue, pilot.server));
        page.row("usual", format!("{} for a job that does not say", duration(pilot.usual_s)));
        page.row("wait", format!("{} when the study wants a rank back", duration(pilot.wait_s)));
        page.row(
            "after",
            match pilot.after {
                After::Stop => "jobs are stopped when the study is over",
                After::Finish => "jobs that run may end when the study is over",
                After::Work => "jobs go on until there are none or the allocation ends",
            },
        );
    }
    if let Some(overflow) = &study.overflow {
        page.title("overflow");
        page.row("queue", format!("{} at {}", overflow.queue, overflow.server));
        page.row("tasks", format!("{} at a time at most", overflow.tasks));
        page.row("program", overflow.program.as_deref().unwrap_or("this very file"));
        page.row("patience", format!("{} for a pilot to begin one", duration(overflow.patience_s)));
    }
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".into() } else { text.into() }
}

fn parameters(page: &mut Page, study: &Study) {
    let space = &study.problem.space;
    let fixed = |p: &&Parameter| matches!(p.kind, ParameterKind::Fixed { .. });
    let (all, fixed) = (space.parameters.len(), space.parameters.iter().filter(fixed).count());
    page.title(&format!("parameters ({} free, {fixed} fixed)", all - fixed));
    let words = |w: [&str; 6]| w.map(str::to_owned).to_vec();
    let mut rows = vec![words(["name", "kind", "values", "scale", "default", "unit"])];
    let mut rest = &space.parameters[..];
    while let Some(first) = rest.first() {
        // A hundred equal lines tell no more than one.
        let like = |p: &&Parameter| {
            (&p.kind, &p.unit, &p.default) == (&first.kind, &first.unit, &first.default)
        };
        let run = rest.iter().take_while(like).count();
        let (shown, name) = match run {
            4.. => (run, format!("{} … {} ({run})", first.name, rest[run - 1].name)),
            _ => (1, first.name.clone()),
        };
        let [kind, values, scale] = kind(&first.kind);
        let default = first.default.as_ref().map_or("-".into(), Value::to_string);
        rows.push(vec![name, kind, values, scale, default, or_dash(&first.unit)]);
        rest = &rest[shown..];
    }
    page.table(&rows);
    page.title(&format!("constraints ({})", space.constraints.len()));
    for constraint in &space.constraints {
        page.text += &format!("  {}\n", constraint.text);
    }
}

fn kind(kind: &ParameterKind) -> [String; 3] {
    let scale = |s: &Scale| if *s == Scale::Log { "log".into() } else { "linear".into() };
    match kind {
        ParameterKind::Float { lower, upper, scale: s } => {
            ["float".into(), format!("{lower} to {upper}"), scale(s)]
        }
        ParameterKind::Integer { lower, upper, scale: s } => {
            ["int".into(), format!("{lower} to {upper}"), scale(s)]
        }
        ParameterKind::Choice { values } => {
            let values: Vec<String> = values.iter().map(Value::to_string).collect();
            ["choice".into(), values.join(", "), "-".into()]
        }
        ParameterKind::Fixed { value } => ["fixed".into(), value.to_string(), "-".into()],
        ParameterKind::Events(range) => {
            let rungs: Vec<String> = range.rungs().iter().map(i64::to_string).collect();
            let values = format!("{} (a trial costs {} more)", rungs.join(", "), range.overhead);
            ["events".into(), values, "-".into()]
        }
    }
}

fn quantities(page: &mut Page, study: &Study) {
    let problem = &study.problem;
    page.title(&format!("objectives ({})", problem.objectives.len()));
    let mut rows = vec![["name", "goal", "threshold", "unit"].map(str::to_owned).to_vec()];
    for o in &problem.objectives {
        let goal = if o.goal == Goal::Minimize { "minimize" } else { "maximize" };
        let threshold = o.threshold.map_or("-".into(), |t| t.to_string());
        rows.push(vec![o.name.clone(), goal.into(), threshold, or_dash(&o.unit)]);
    }
    page.table(&rows);
    page.title(&format!("metrics ({})", problem.metrics.len()));
    let rows: Vec<_> = problem.metrics.iter().map(|m| vec![m.name.clone(), or_dash(&m.unit)]).collect();
    page.table(&rows);
    page.title(&format!("outcome constraints ({})", problem.outcome_constraints.len()));
    for constraint in &problem.outcome_constraints {
        page.text += &format!("  {}\n", constraint.text);
    }
}

fn geometry(page: &mut Page, study: &Study) {
    let Some(geometry) = &study.geometry else { return };
    page.title(&format!("geometry ({} edits)", geometry.edits.len()));
    page.row("install", geometry.install.display());
    page.row("top", geometry.top.display());
    for edit in &geometry.edits {
        page.row("edit", edit.shown());
    }
}

fn strategy(page: &mut Page, study: &Study) {
    let s = &study.strategy;
    page.title("strategy");
    page.row(
        "method",
        match s.method {
            Method::Sobol => "sobol: scrambled Sobol points throughout",
            Method::Nsga2 => "nsga2: NSGA-II, steady state",
            Method::Nsga3 => "nsga3: NSGA-III, steady state",
            Method::Lhc => "lhc: Latin hypercubes throughout",
            Method::List => "list: the study's own points and nothing else",
            Method::Mobo => "mobo: Gaussian processes and expected hypervolume improvement",
        },
    );
    if s.method == Method::Mobo {
        page.row(
            "model",
            match s.model {
                Surrogate::Pooled => "pooled: all parameters may matter; the likeliest hyperparameters",
                Surrogate::Sparse => {
                    "sparse: few parameters matter; averaged over draws of hyperparameters"
                }
            },
        );
    }
    if s.nominal == Some(true) {
        page.row("nominal", "trial 0 is the nominal design");
    }
    if !s.points.is_empty() {
        page.row("points", format!("{} of a list", s.points.len()));
    }
    let spread = match s.initial_design {
        InitialDesign::Sobol => "scrambled Sobol trials",
        InitialDesign::Lhc => "trials of a Latin hypercube",
    };
    match s.method {
        Method::Sobol | Method::List => {}
        Method::Lhc => {
            page.row("initial", format!("{} in a stratum each, then twice as many", s.initial))
        }
        _ => {
            let all = if s.initial >= s.trials { "; the method never begins" } else { "" };
            let given = s.points.len() as u64 + u64::from(s.nominal == Some(true));
            let spread = match (given, s.initial.saturating_sub(given)) {
                (0, n) => format!("{n} {spread}"),
                (given, 0) => format!("the {given} above"),
                (given, n) => format!("{} trials: {given} as above, {n} {spread}", s.initial),
            };
            page.row("initial", format!("{spread}{all}"));
        }
    }
    if let Some(population) = s.population {
        page.row("population", population);
    }
    page.row("trials", format!("{} in all", s.trials));
    if s.batch.is_none() {
        page.row("ready", format!("{} beyond one per rank", s.ready));
    }
    page.row(
        "patience",
        format!("{} until a waiting rank gets a quick candidate", duration(s.patience_s)),
    );
    let in_flight = match (s.batch, s.in_flight) {
        (Some(n), _) => format!("batches of {n}: nothing new starts before all of one have ended"),
        (None, Some(n)) => format!("at most {n}"),
        (None, None) => "at most ranks + ready".into(),
    };
    page.row("in flight", in_flight);
    for setting in Rule::ALL.into_iter().filter_map(|rule| s.stop.setting(rule)) {
        page.row("stop", setting);
    }
}
