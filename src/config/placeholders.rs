//! Placeholders in the arguments of commands: which there are, and whether they stand for something.

use super::error::suggestion;
use super::parameters::is_name;
use super::pipeline::{AxisValue, Field, Stage};
use crate::problem::Parameter;

/// What the placeholders of a command can stand for. With a part that is wrong itself (`None`) nothing
/// can be said about it.
pub struct Scope<'a> {
    /// The study's parameters.
    pub parameters: Option<&'a [Parameter]>,
    /// Whether it runs in a container: an absolute path of a program is the image's.
    pub in_container: bool,
    /// The stage that the command belongs to; `None`: an `[evaluator]`.
    pub stage: Option<StageScope<'a>>,
}

/// What a stage adds.
pub struct StageScope<'a> {
    /// The stage, its command not yet read.
    pub stage: &'a Stage,
    /// Whether its axes and events were understood.
    pub axes_known: bool,
    /// Names of the stages that it needs, each with what was understood of it.
    pub needs: Vec<(&'a str, Option<&'a Stage>)>,
}

/// The placeholder of the trial's own detector description.
pub const GEOMETRY: &str = "geometry";

/// First words of placeholders; what begins with one of them and a dot is meant to be one.
const HEADS: [&str; 6] = ["param", "trial", "key", "event", "task", "in"];

/// Every `{word}` of an argument, without the braces; other braces mean themselves.
pub fn placeholders(argument: &str) -> impl Iterator<Item = &str> {
    argument.split('{').skip(1).filter_map(|rest| {
        let (word, _) = rest.split_once('}')?;
        let head = word.split_once('.').map(|(head, _)| head);
        (is_name(word) || head.is_some_and(|head| HEADS.contains(&head))).then_some(word)
    })
}

impl Scope<'_> {
    /// What is wrong with the placeholders of an argument, each told once.
    pub fn problems(&self, argument: &str) -> Vec<String> {
        placeholders(argument).filter_map(|word| self.check(word).err()).collect()
    }

    fn check(&self, word: &str) -> Result<(), String> {
        match (word.split_once('.'), &self.stage) {
            // Whether there is a [geometry] is looked at where that is read.
            (None, _) if word == GEOMETRY => Ok(()),
            (Some(("trial", "id" | "dir" | "seed")), _) => Ok(()),
            (Some(("param", name)), _) => self.parameter(name),
            (Some(("task", "dir" | "seed")), Some(_)) => Ok(()),
            (Some(("key", path)), Some(scope)) => scope.key(path),
            (Some(("in", from)), Some(scope)) => scope.input(from),
            (Some(("event", "count" | "first" | "seed" | "index")), Some(scope)) => {
                if scope.stage.events.is_some() || !scope.axes_known {
                    return Ok(());
                }
                let (stage, chunk) = (&scope.stage.name, Stage::CHUNK);
                Err(format!(
                    "has {{{word}}}, but stage {stage:?} has no events; give it events = {{ total = 5000, \
                     per_job = 1000 }} or by = [{chunk:?}]"
                ))
            }
            _ => Err(format!("has the unknown placeholder {{{word}}}{}", self.hint(word))),
        }
    }

    fn hint(&self, word: &str) -> String {
        let mut known = vec!["param.NAME", "trial.id", "trial.dir", "trial.seed", GEOMETRY];
        if self.stage.is_some() {
            known.extend(["key.AXIS", "key.AXIS.FIELD", "event.count", "event.first", "event.seed"]);
            known.extend(["event.index", "task.dir", "task.seed", "in.STAGE", "in.STAGE:AXIS=LABEL"]);
        }
        suggestion(word, &known, "ones")
    }

    fn parameter(&self, name: &str) -> Result<(), String> {
        let Some(parameters) = self.parameters else { return Ok(()) };
        let known: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
        if known.contains(&name) {
            return Ok(());
        }
        let hint = suggestion(name, &known, "parameters");
        Err(format!("has {{param.{name}}}, but there is no such parameter{hint}"))
    }
}

impl StageScope<'_> {
    /// `{key.AXIS}`, `{key.AXIS.FIELD}`, `{key.AXIS.FIELD.0}`.
    fn key(&self, path: &str) -> Result<(), String> {
        let (name, field) = path.split_once('.').unwrap_or((path, ""));
        if !self.axes_known {
            return Ok(());
        }
        let Some(axis) = self.stage.axis(name) else {
            let known: Vec<&str> = self.stage.axes.iter().map(|axis| &*axis.name).collect();
            let stage = &self.stage.name;
            let hint = known_or_none(name, &known, "axes");
            return Err(format!("has {{key.{path}}}, but stage {stage:?} has no such axis{hint}"));
        };
        let Some(lacking) = axis.values.iter().find(|value| value.text(field).is_none()) else {
            return Ok(());
        };
        let fields: Vec<String> = fields(lacking);
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let hint = known_or_none(field, &fields, "fields");
        let label = &lacking.label;
        Err(format!("has {{key.{path}}}, but {label:?} of axis {name:?} has no such field{hint}"))
    }

    /// `{in.STAGE}`, `{in.STAGE:AXIS=LABEL}`.
    fn input(&self, from: &str) -> Result<(), String> {
        let (name, rest) = from.split_once(':').map_or((from, None), |(name, rest)| (name, Some(rest)));
        let Some((_, need)) = self.needs.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = self.needs.iter().map(|(name, _)| *name).collect();
            let hint = known_or_none(name, &known, "ones");
            let stage = &self.stage.name;
            return Err(format!(
                "has {{in.{from}}}, but {name:?} is not in needs of stage {stage:?}{hint}"
            ));
        };
        let Some(need) = need else { return Ok(()) };
        if need.command.outputs.is_empty() {
            return Err(format!(
                "has {{in.{from}}}, but stage {name:?} has no outputs; name its files there, for example \
                 outputs = [\"out.root\"]"
            ));
        }
        let Some(rest) = rest else { return Ok(()) };
        let Some((axis, label)) = rest.split_once('=') else {
            return Err(format!("has {{in.{from}}}; after the colon comes AXIS=LABEL"));
        };
        check_label(need, axis, label).map_err(|wrong| format!("has {{in.{from}}}, but {wrong}"))
    }
}

/// Whether a stage runs over an axis (or chunks) and has the label there.
pub fn check_label(stage: &Stage, axis: &str, label: &str) -> Result<(), String> {
    let name = &stage.name;
    if axis == Stage::CHUNK && stage.events.is_some() {
        let chunks = stage.chunks();
        let known = label.parse::<u64>().is_ok_and(|k| k < chunks && k.to_string() == label);
        let wrong = || format!("stage {name:?} has chunks 0 to {}, not {label:?}", chunks - 1);
        return known.then_some(()).ok_or_else(wrong);
    }
    let Some(found) = stage.axis(axis) else {
        let mut known: Vec<&str> = stage.axes.iter().map(|axis| &*axis.name).collect();
        known.extend(stage.events.map(|_| Stage::CHUNK));
        let hint = known_or_none(axis, &known, "axes");
        return Err(format!("stage {name:?} has no axis {axis:?}{hint}"));
    };
    let labels: Vec<&str> = found.values.iter().map(|value| &*value.label).collect();
    if labels.contains(&label) {
        return Ok(());
    }
    let hint = suggestion(label, &labels, "labels");
    Err(format!("axis {axis:?} of stage {name:?} has no {label:?}{hint}"))
}

/// [`suggestion`], or that there are none.
pub fn known_or_none(word: &str, known: &[&str], what: &str) -> String {
    if known.is_empty() { format!("; it has no {what}") } else { suggestion(word, known, what) }
}

/// Paths of a point's fields, as they are written in placeholders.
fn fields(value: &AxisValue) -> Vec<String> {
    let paths = |(name, field): &(String, Field)| match field {
        Field::One(_) => vec![name.clone()],
        Field::List(values) => (0..values.len()).map(|k| format!("{name}.{k}")).collect(),
    };
    value.fields.iter().flat_map(paths).collect()
}
