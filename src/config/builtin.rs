//! A test function as evaluator; parameters and objectives are made from it, or held against it.

use super::error::suggestion;
use super::parameters::Written;
use super::resolved::{Builtin, Delay, Noise};
use super::section::Section;
use crate::problem::{
    Goal, Metric, Objective, OutcomeConstraint, Parameter, ParameterKind, Scale, Value,
};
use crate::test_functions::{Domain, Entry, Size, TestFunction, TestFunctionError, Variant, entry};

/// Far beyond anything sensible, far below what exhausts memory.
const LARGEST_SIZE: usize = 100_000;

/// A test function; numbers of parameters and objectives default to how many are `written`, where none
/// are to what the function has if that is fixed, and to two objectives.
pub fn read(section: &Section<'_>, written: (usize, usize)) -> Option<Builtin> {
    let function = section.text("builtin")?;
    let only = |size: fn(&Entry) -> Size| match entry(function).map(size) {
        Ok(Size::Exactly(n)) => Some(n),
        _ => None,
    };
    let dimension = match (written.0, only(|e| e.parameters)) {
        _ if section.has("dimension") => size(section, "dimension"),
        (0, None) => section.need("dimension", None, "20"),
        (0, only) => only,
        (count, _) => Some(count),
    };
    let objectives = match (written.1, only(|e| e.objectives)) {
        _ if section.has("objectives") => size(section, "objectives"),
        (0, only) => Some(only.unwrap_or(2)),
        (count, _) => Some(count),
    };
    let noise = if section.has("noise") { Some(noise(section)?) } else { None };
    let delay = if section.has("delay") { Some(delay(section)?) } else { None };
    Some(Builtin {
        function: function.to_owned(),
        dimension: dimension?,
        objectives: objectives?,
        variant: variant(section)?,
        noise,
        delay,
    })
}

/// At most one of the seeds; `None` if something is wrong with them.
fn variant(section: &Section<'_>) -> Option<Option<Variant>> {
    type FromSeed = fn(u64) -> Variant;
    let known: [(&str, FromSeed); 3] = [
        ("shift", Variant::Shifted),
        ("heterogeneous", Variant::Heterogeneous),
        ("rotated", Variant::Rotated),
    ];
    let written: Vec<_> = known.iter().filter(|(key, _)| section.has(key)).collect();
    match written[..] {
        [] => Some(None),
        [(key, make)] => Some(Some(make(section.count(key, 0)?))),
        [(first, _), (second, _), ..] => {
            section.problem(
                second,
                format!("cannot stand beside {first}; heterogeneous shifts too, and rotated does both"),
            );
            None
        }
    }
}

fn size(section: &Section<'_>, key: &str) -> Option<usize> {
    let size = usize::try_from(section.count(key, 1)?).ok().filter(|n| *n <= LARGEST_SIZE);
    if size.is_none() {
        section.problem(key, format!("must be at most {LARGEST_SIZE}"));
    }
    size
}

fn noise(section: &Section<'_>) -> Option<Noise> {
    let table = section.inner("noise")?;
    table.only(&["sd", "known"]);
    let known = if table.has("known") { table.flag("known") } else { Some(true) };
    let sd = table.need("sd", table.positive("sd"), "0.01");
    Some(Noise { sd: sd?, known: known? })
}

fn delay(section: &Section<'_>) -> Option<Delay> {
    if !section.has_table("delay") {
        return section.seconds("delay").map(|seconds| Delay::Constant { seconds });
    }
    let table = section.inner("delay")?;
    if table.has("least") {
        table.only(&["least", "alpha"]);
        let least = table.positive_seconds("least");
        let alpha = table.need("alpha", table.number("alpha"), "1.5")?;
        if alpha <= 1.0 {
            table
                .problem("alpha", format!("must be greater than 1 (the mean is infinite), not {alpha}"));
            return None;
        }
        return Some(Delay::HeavyTail { least_s: least?, alpha });
    }
    table.only(&["median", "sigma", "least", "alpha"]);
    let median = table.need("median", table.positive_seconds("median"), "\"1 s\" (or least = \"1 s\")");
    let sigma = table.need("sigma", table.positive("sigma"), "0.5");
    Some(Delay::LogNormal { median_s: median?, sigma: sigma? })
}

/// The test function that `builtin` asks for.
pub fn function(section: &Section<'_>, builtin: &Builtin) -> Option<Box<dyn TestFunction>> {
    match builtin.test_function() {
        Ok(function) => Some(function),
        Err(TestFunctionError::Unknown { name, known }) => {
            section.problem(
                "builtin",
                format!("cannot be {name:?}{}", suggestion(&name, &known, "functions")),
            );
            None
        }
        Err(TestFunctionError::Shape(text)) => {
            section.problem("builtin", format!("is not possible like this: {text}"));
            None
        }
    }
}

/// `x0`, `x1`, … with the function's bounds.
pub fn own_parameters(function: &dyn TestFunction) -> Vec<Parameter> {
    let kind = |(lower, upper): (f64, f64), domain: Domain| {
        let (first, last) = (lower as i64, upper as i64);
        match domain {
            Domain::Continuous => ParameterKind::Float { lower, upper, scale: Scale::Linear },
            Domain::Integers => {
                ParameterKind::Integer { lower: first, upper: last, scale: Scale::Linear }
            }
            Domain::Choices => {
                ParameterKind::Choice { values: (first..=last).map(Value::Integer).collect() }
            }
        }
    };
    let kinds = function.bounds().into_iter().zip(function.domains()).map(|(b, d)| kind(b, d));
    let parameter = |(j, kind): (usize, ParameterKind)| Parameter {
        name: format!("x{j}"),
        kind,
        unit: String::new(),
        default: None,
    };
    kinds.enumerate().map(parameter).collect()
}

/// Whether a function has it as an argument: all parameters but the number of events.
pub fn is_argument(written: &Written<Parameter>) -> bool {
    !matches!(written.value.kind, ParameterKind::Events(_))
}

/// The written parameters if they suit the function, or `x0`, `x1`, … with its bounds if none are
/// written.
pub fn parameters(
    section: &Section<'_>,
    function: &dyn TestFunction,
    written: Vec<Written<Parameter>>,
) -> Option<Vec<Parameter>> {
    if !written.iter().any(is_argument) {
        let events = written.into_iter().map(|w| w.value);
        return Some(own_parameters(function).into_iter().chain(events).collect());
    }
    let bounds = function.bounds();
    let arguments = || written.iter().filter(|w| is_argument(w));
    if arguments().count() != bounds.len() {
        let (have, want) = (arguments().count(), bounds.len());
        section.problem("dimension", format!("is {want}, but there are {have} [[parameter]] tables"));
        return None;
    }
    let mut sound = true;
    for (Written { place, value: parameter }, (lower, upper)) in arguments().zip(&bounds) {
        let inside = |v: &Value| v.number().is_some_and(|x| (*lower..=*upper).contains(&x));
        let fits = match &parameter.kind {
            ParameterKind::Float { lower, upper, .. } => {
                inside(&Value::Float(*lower)) && inside(&Value::Float(*upper))
            }
            ParameterKind::Integer { lower, upper, .. } => {
                inside(&Value::Integer(*lower)) && inside(&Value::Integer(*upper))
            }
            ParameterKind::Choice { values } => values.iter().all(inside),
            ParameterKind::Fixed { value } => inside(value),
            ParameterKind::Events(_) => true,
        };
        if !fits {
            let (name, function) = (&parameter.name, function.name());
            section.problems.add(
                place,
                format!(
                    "parameter.{name} must lie within {function}'s bounds {lower} and {upper} there"
                ),
            );
            sound = false;
        }
    }
    sound.then(|| written.into_iter().map(|w| w.value).collect())
}

/// The written objectives if they suit the function, or `f0`, `f1`, … if none are written; thresholds
/// default to the function's reference point.
pub fn objectives(
    section: &Section<'_>,
    function: &dyn TestFunction,
    written: Vec<Written<Objective>>,
) -> Option<Vec<Objective>> {
    let reference = function.reference_point();
    if written.is_empty() {
        let make = |(m, r): (usize, &f64)| Objective {
            name: format!("f{m}"),
            goal: Goal::Minimize,
            threshold: Some(*r),
            unit: String::new(),
        };
        return Some(reference.iter().enumerate().map(make).collect());
    }
    if written.len() != reference.len() {
        let (have, want) = (written.len(), reference.len());
        section.problem("objectives", format!("is {want}, but there are {have} [[objective]] tables"));
        return None;
    }
    let mut sound = true;
    for Written { place, value: objective } in &written {
        if objective.goal == Goal::Maximize {
            let name = &objective.name;
            section.problems.add(
                place,
                format!("objective.{name}.goal must be \"minimize\": test functions are minimized"),
            );
            sound = false;
        }
    }
    let fill = |(w, r): (Written<Objective>, &f64)| Objective {
        threshold: w.value.threshold.or(Some(*r)),
        ..w.value
    };
    sound.then(|| written.into_iter().zip(&reference).map(fill).collect())
}

/// The written metrics if the function has as many constraint values, or these if none are written.
pub fn metrics(
    section: &Section<'_>,
    function: &dyn TestFunction,
    written: Vec<Metric>,
) -> Option<Vec<Metric>> {
    let own = function.constraint_names();
    match (own.len(), written.len()) {
        (_, 0) => {
            let make = |name: &&str| Metric { name: (*name).to_owned(), unit: String::new() };
            Some(own.iter().map(make).collect())
        }
        (count, same) if count == same => Some(written),
        (want, have) => {
            let name = function.name();
            let text = if want == 0 {
                format!("is {name}, which has no metrics; remove the [[metric]] tables")
            } else {
                format!(
                    "is {name}, whose metrics are {}; there are {have} [[metric]] tables",
                    own.join(", ")
                )
            };
            section.problem("builtin", text);
            None
        }
    }
}

/// The constraints of a function: each of its constraint values at most zero.
pub fn outcome_constraints(objectives: usize, metrics: &[Metric]) -> Vec<OutcomeConstraint> {
    let at_most_zero =
        |(k, metric): (usize, &Metric)| OutcomeConstraint::at_most_zero(&metric.name, objectives + k);
    metrics.iter().enumerate().map(at_most_zero).collect()
}
