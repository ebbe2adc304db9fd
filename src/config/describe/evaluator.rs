//! Evaluators in words.

use super::Page;
use crate::config::command::{Command, Pattern, ResultFile, Retries, Verdict};
use crate::config::function::Function;
use crate::config::resolved::{Builtin, Delay};
use crate::config::units::{amount, duration};
use crate::problem::{Column, FailureClass};
use crate::test_functions::Variant;

pub fn builtin(page: &mut Page, b: &Builtin) {
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

pub fn command(page: &mut Page, c: &Command) {
    page.title("evaluator");
    command_rows(page, c);
}

/// What is run, and how its end is understood; what is not set and seldom is, is left out.
pub fn command_rows(page: &mut Page, c: &Command) {
    let quoted = |a: &String| {
        if a.contains(char::is_whitespace) || a.is_empty() { format!("{a:?}") } else { a.clone() }
    };
    let key = if c.steps.is_empty() { "command" } else { "step" };
    match c.function.as_deref() {
        Some(Function { folder, module, function }) => {
            page.row("python", format!("{module}:{function}, from {}", folder.display()));
            page.row("interpreter", c.argv.first().map_or("none", String::as_str));
        }
        None => {
            for argv in c.programs() {
                page.row(key, argv.iter().map(quoted).collect::<Vec<_>>().join(" "));
            }
        }
    }
    for template in &c.templates {
        page.row("template", template.display());
    }
    match c.function.as_deref() {
        Some(_) => page.row("result", "what the function returns"),
        None => page.row("result", c.result.as_ref().map_or("none".into(), result)),
    }
    for output in &c.outputs {
        page.row("output", output.display());
    }
    page.row("timeout", c.timeout_s.map_or("none".into(), duration));
    if let Some(silence_s) = c.silence_s {
        page.row("silence", format!("stopped after {} without a word", duration(silence_s)));
    }
    page.row("grace", format!("{} between TERM and KILL", duration(c.grace_s)));
    page.row("retries", retries(c.retries));
    let codes: Vec<String> = c.infeasible_exit_codes.iter().map(i32::to_string).collect();
    page.row(
        "infeasible",
        if c.function.is_some() {
            "where the function raises Infeasible".into()
        } else if codes.is_empty() {
            "no exit code".into()
        } else {
            format!("exit code {}", codes.join(", "))
        },
    );
    for pattern in &c.patterns {
        page.row("pattern", self::pattern(pattern));
    }
    if c.log_limit != Command::LOG_LIMIT {
        page.row("log limit", amount(c.log_limit));
    }
    for (name, value) in &c.env {
        page.row("env", format!("{name}={value}"));
    }
}

fn pattern(p: &Pattern) -> String {
    let verdict = match p.is {
        Verdict::Infeasible => "infeasible".to_owned(),
        Verdict::Failed(class) => format!("failed ({})", class.name()),
    };
    let bounds = [("above", p.above), ("below", p.below), ("equal to", p.equals)];
    let bounds = bounds.iter().filter_map(|(word, x)| Some(format!(" with {{n}} {word} {}", (*x)?)));
    let place = p.file.as_ref().map_or(String::new(), |file| format!(" in {}", file.display()));
    let required = if p.required { "; one has to be there" } else { "" };
    format!("{:?}{place}{} is {verdict}{required}", p.text, bounds.collect::<String>())
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
