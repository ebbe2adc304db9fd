//! The study file's text.

use super::objectives::Objective;
use super::parameters::{Constraint, Goes, Kind, Parameter};
use super::rich;
use super::settings::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// What a study file is made of.
pub(super) struct Draft<'a> {
    pub name: String,
    /// Names of the files that it was made from.
    pub from: Vec<String>,
    pub settings: &'a Settings,
    pub parameters: &'a [Parameter],
    pub constraints: &'a [Constraint],
    pub objectives: &'a [Objective],
    /// The top file of the detector description.
    pub top: &'a str,
    /// Whether the stages of the RICH are written.
    pub rich: bool,
}

/// The text, which the study reader understands.
pub(super) fn study(draft: &Draft) -> String {
    let mut out = format!("# Made by `paretorank import` from {}.\n", draft.from.join(", "));
    for line in draft.settings.description.iter().flat_map(|text| text.lines()) {
        out += &format!("# {line}\n");
    }
    out += &format!("\n[study]\nname = {}\n", quoted(&draft.name));
    if draft.parameters.iter().any(|p| matches!(p.goes, Goes::Edit { .. })) {
        out += "\n# The install is that of the environment variable DETECTOR_PATH; install = \"/path\" is another.\n";
        out += &format!("[geometry]\ntop = {}\n", quoted(draft.top));
    }
    draft.parameters.iter().for_each(|p| parameter(&mut out, p));
    for constraint in draft.constraints {
        out +=
            &format!("\n[[constraint]] # {}\ntext = {}\n", constraint.name, quoted(&constraint.text()));
    }
    for objective in draft.objectives {
        self::objective(&mut out, objective, draft.rich);
    }
    out += "\n[strategy]\nmethod = \"mobo\"\n";
    if let Some(initial) = draft.settings.initial {
        out += &format!("initial = {initial}\n");
    }
    if let Some(trials) = draft.settings.trials {
        out += &format!("trials = {trials}\n");
    }
    if let Some(violated) = draft.constraints.iter().find(|c| !c.allows_defaults(draft.parameters)) {
        out += &format!("# The defaults violate the constraint {}.\nnominal = false\n", violated.name);
    }
    let options = options(draft.parameters);
    if draft.rich {
        return out + &rich::stages(&options);
    }
    out += "\n# Results are told (paretorank ask, tell, session) until a command or stages stand here, for example\n\
            #   command = [\"./evaluate.sh\", \"{geometry}\"]\n";
    for option in options {
        out += &format!("# with this option of the reconstruction: {option}\n");
    }
    out + "[evaluator]\noutside = true\n"
}

fn parameter(out: &mut String, parameter: &Parameter) {
    let Parameter { name, kind, unit, default, goes, remark } = parameter;
    let mut line = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    line(String::new());
    if let Some(remark) = remark {
        line(format!("# {remark}"));
    }
    line(format!("[[parameter]]\nname = {}", quoted(name)));
    match kind {
        Kind::Float { lower, upper } => {
            line(format!("kind = \"float\"\nlower = {lower:?}\nupper = {upper:?}"));
        }
        Kind::Int { lower, upper } => line(format!("kind = \"int\"\nlower = {lower}\nupper = {upper}")),
        Kind::Choice { values } => {
            let values: Vec<String> = values.iter().map(value).collect();
            line(format!("kind = \"choice\"\nvalues = [{}]", values.join(", ")));
        }
    }
    if let Some(default) = default {
        line(format!("default = {}", value(default)));
    }
    if !unit.is_empty() {
        line(format!("unit = {}", quoted(unit)));
    }
    if let Goes::Edit { file, xpath, attribute, index } = goes {
        let index = index.map_or(String::new(), |k| format!(", index = {k}"));
        let (file, xpath, attribute) = (quoted(file), quoted(xpath), quoted(attribute));
        line(format!("edit = {{ file = {file}, xpath = {xpath}, attribute = {attribute}{index} }}"));
    }
}

fn objective(out: &mut String, objective: &Objective, rich: bool) {
    let Objective { name, maximize, threshold } = objective;
    let goal = if *maximize { "maximize" } else { "minimize" };
    *out += &format!("\n[[objective]]\nname = {}\ngoal = \"{goal}\"\n", quoted(name));
    if let Some(threshold) = threshold {
        *out += &format!("threshold = {threshold:?}\n");
    }
    if let Some(source) = rich::source(name).filter(|_| rich) {
        *out += &format!("from = {source}\n");
    }
}

/// Arguments of the reconstruction, as TOML texts: one option each, vectors with all their components.
pub(super) fn options(parameters: &[Parameter]) -> Vec<String> {
    let mut found: BTreeMap<&str, Vec<(Option<usize>, String)>> = BTreeMap::new();
    for parameter in parameters {
        if let Goes::Option { path, index } = &parameter.goes {
            found.entry(path).or_default().push((*index, format!("{{param.{}}}", parameter.name)));
        }
    }
    let option = |(path, mut values): (&str, Vec<(Option<usize>, String)>)| {
        values.sort();
        let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
        quoted(&format!("-P{path}={}", values.join(",")))
    };
    found.into_iter().map(option).collect()
}

/// Options of which some component is no parameter: they cannot be written without it.
pub(super) fn gaps(parameters: &[Parameter]) -> Vec<String> {
    let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for parameter in parameters {
        if let Goes::Option { path, index: Some(index) } = &parameter.goes {
            found.entry(path).or_default().push(*index);
        }
    }
    let lacks = |(path, mut indices): (&str, Vec<usize>)| {
        indices.sort_unstable();
        let gap = indices.iter().enumerate().find(|(k, index)| k != *index)?;
        Some(format!(
            "the option {path} has no parameter for its component {}; write its value there",
            gap.0
        ))
    };
    found.into_iter().filter_map(lacks).collect()
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => match text.trim().parse::<f64>() {
            Ok(x) if x.is_finite() => text.trim().to_owned(),
            _ => quoted(text),
        },
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
