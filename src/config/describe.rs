//! A study in words, as `paretorank check` prints it.

use super::command::{Command, ResultFile, Retries};
use super::resolved::{Builtin, Delay, Evaluator, InitialDesign, Method, Study};
use super::stop::Rule;
use super::units::duration;
use crate::problem::{Column, FailureClass, Goal, Parameter, ParameterKind, Scale, Value};
use crate::test_functions::Variant;

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
        Evaluator::Builtin(builtin) => self::builtin(&mut page, builtin),
        Evaluator::Command(command) => self::command(&mut page, "evaluator", command),
        Evaluator::Outside => {
            page.title("evaluator");
            page.row("outside", "results are told (paretorank ask, tell, session)");
        }
        Evaluator::Pipeline(pipeline) => {
            for stage in &pipeline.stages {
                self::command(&mut page, &format!("stage {}", stage.name), &stage.command);
            }
        }
    }
    page.title("checkpoint");
    page.row("every", duration(study.checkpoint.every_s));
    page.title("limits");
    let time =
        study.limits.time_limit_s.map_or("until the allocation ends, if there is one".into(), duration);
    page.row("time", time);
    page.row("margin", format!("{} before the end", duration(study.limits.margin_s)));
    page.text
}

/// Lines of text under titles.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += title;
        self.text.push('\n');
    }

    fn row(&mut self, key: &str, value: impl std::fmt::Display) {
        self.text += &format!("  {key:<12} {value}\n");
    }

    /// Rows of cells in columns of equal width.
    fn table(&mut self, rows: &[Vec<String>]) {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|c| width(c).unwrap_or(0)).collect();
        for row in rows {
            let pad = |(cell, width): (&String, &usize)| format!("{cell:<width$}", width = *width);
            let cells: Vec<String> = row.iter().zip(&widths).map(pad).collect();
            self.text += format!("  {}", cells.join("  ")).trim_end();
            self.text.push('\n');
        }
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
    page.row("ready", format!("{} beyond one per rank", s.ready));
    page.row(
        "patience",
        format!("{} until a waiting rank gets a quick candidate", duration(s.patience_s)),
    );
    page.row(
        "in flight",
        s.in_flight.map_or("at most ranks + ready".into(), |n| format!("at most {n}")),
    );
    for setting in Rule::ALL.into_iter().filter_map(|rule| s.stop.setting(rule)) {
        page.row("stop", setting);
    }
}

fn builtin(page: &mut Page, b: &Builtin) {
    page.title("evaluator");
    page.row(
        "builtin",
        format!("{} with {} parameters and {} objectives", b.function, b.dimension, b.objectives),
    );
    if let Ok(function) = b.test_function() {
        page.row("source", function.source());
        let known = function.max_hypervolume();
        let text = known.map_or("not known".into(), |h| {
            format!("{:.6} at most with the default thresholds ({})", h.value, h.note)
        });
        page.row("hypervolume", text);
    }
    page.row(
        "variant",
        match b.variant {
            None => "none".into(),
            Some(Variant::Shifted(seed)) => format!("optimum moved (or drawn) with seed {seed}"),
            Some(Variant::Heterogeneous(seed)) => format!("optimum moved and weighted with seed {seed}"),
            Some(Variant::Rotated(seed)) => {
                format!("optimum moved, weighted and rotated with seed {seed}")
            }
        },
    );
    page.row(
        "noise",
        b.noise.map_or("none".into(), |n| {
            let told = if n.known { "told to the optimizer" } else { "not told to the optimizer" };
            format!("normal, sd {}, {told}", n.sd)
        }),
    );
    page.row(
        "delay",
        match b.delay {
            None => "none".into(),
            Some(Delay::Constant { seconds }) => duration(seconds),
            Some(Delay::LogNormal { median_s, sigma }) => {
                format!("log-normal, median {}, sigma {sigma}", duration(median_s))
            }
            Some(Delay::HeavyTail { least_s, alpha }) => {
                format!("Pareto, least {}, alpha {alpha}", duration(least_s))
            }
        },
    );
}

fn command(page: &mut Page, title: &str, c: &Command) {
    page.title(title);
    let quoted = |a: &String| {
        if a.contains(char::is_whitespace) || a.is_empty() { format!("{a:?}") } else { a.clone() }
    };
    page.row("command", c.argv.iter().map(quoted).collect::<Vec<_>>().join(" "));
    for template in &c.templates {
        page.row("template", template.display());
    }
    page.row("result", c.result.as_ref().map_or("none".into(), result));
    page.row("timeout", c.timeout_s.map_or("none".into(), duration));
    page.row("grace", format!("{} between TERM and KILL", duration(c.grace_s)));
    page.row("retries", retries(c.retries));
    let codes: Vec<String> = c.infeasible_exit_codes.iter().map(i32::to_string).collect();
    page.row(
        "infeasible",
        if codes.is_empty() { "no exit code".into() } else { format!("exit code {}", codes.join(", ")) },
    );
    for (name, value) in &c.env {
        page.row("env", format!("{name}={value}"));
    }
}

fn result(file: &ResultFile) -> String {
    match file {
        ResultFile::Json(path) => path.display().to_string(),
        ResultFile::Table { table, columns, last_line } => {
            let names = columns.iter().map(|column| match column {
                Column::Value(name) => name.clone(),
                Column::Error(of) => format!("error of {of}"),
                Column::Skipped => "-".to_owned(),
            });
            let lines = if *last_line { "last line of " } else { "" };
            format!("{lines}{}: {}", table.display(), names.collect::<Vec<_>>().join(", "))
        }
    }
}

fn retries(r: Retries) -> String {
    if r == Retries::all(r.exit) {
        return r.exit.to_string();
    }
    let of = |class: FailureClass| r.of(class).map(|n| format!("{} {n}", class.name()));
    FailureClass::ALL.into_iter().filter_map(of).collect::<Vec<_>>().join(", ")
}
