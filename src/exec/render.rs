//! Placeholders: `{param.NAME}`, `{key.AXIS}` and others in arguments, `{{NAME}}` in template files.

use crate::config::Stage;
use crate::pipeline::TaskSpec;
use crate::problem::{Design, Space, TrialId, Value};

/// How placeholders begin in arguments.
const BEGINNINGS: [&str; 7] = ["{param.", "{trial.", "{task.", "{key.", "{event.", "{in.", "{geometry}"];

/// What placeholders stand for in one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) space: &'a Space,
    pub(super) design: &'a Design,
    pub(super) trial: TrialId,
    /// Of the trial: `{trial.seed}`.
    pub(super) trial_seed: u32,
    /// `{trial.dir}`, absolute.
    pub(super) trial_dir: &'a str,
    /// Where the attempt works, absolute: `{task.dir}`.
    pub(super) dir: &'a str,
    /// Of the task: `{task.seed}`, also `{event.seed}`.
    pub(super) seed: u32,
    /// Stage and task, in a study with stages.
    pub(super) task: Option<(&'a Stage, &'a TaskSpec)>,
    /// Where the earlier tasks are that this one joins.
    pub(super) inputs: &'a [Joined],
    /// The top file of the trial's own detector description, absolute: `{geometry}`.
    pub(super) geometry: Option<&'a str>,
    /// By parameter, whether the attempt is told of it; `None`: of all.
    pub(super) seen: Option<&'a [bool]>,
}

/// An earlier task, of which this one reads outputs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Joined {
    pub(super) stage: String,
    /// Axes with the label that it has on them.
    pub(super) labels: Vec<(String, String)>,
    /// Its outputs, absolute.
    pub(super) paths: Vec<String>,
}

impl Joined {
    /// The same with its paths below `to` in place of `from`.
    pub(super) fn elsewhere(&self, from: &str, to: &str) -> Self {
        let moved = |path: &String| path.strip_prefix(from).map_or(path.clone(), |p| format!("{to}{p}"));
        Self { paths: self.paths.iter().map(moved).collect(), ..self.clone() }
    }
}

impl Values<'_> {
    fn parameter(&self, name: &str) -> Option<&Value> {
        let position = self.space.parameters.iter().position(|p| p.name == name)?;
        self.design.get(position)
    }

    /// What the words between braces stand for; only `in.STAGE` can stand for several texts.
    fn meaning(&self, words: &str) -> Option<Vec<String>> {
        if words == "geometry" {
            return Some(vec![self.geometry?.to_owned()]);
        }
        let (kind, rest) = words.split_once('.')?;
        let one = match (kind, rest) {
            ("trial", "id") => self.trial.to_string(),
            ("trial", "dir") => self.trial_dir.to_owned(),
            ("trial", "seed") => self.trial_seed.to_string(),
            ("task", "dir") => self.dir.to_owned(),
            ("task", "seed") => self.seed.to_string(),
            ("param", name) => self.parameter(name)?.to_string(),
            ("key", path) => self.key(path)?,
            ("event", what) => self.event(what)?,
            ("in", stage) => return Some(self.joined(stage)),
            _ => return None,
        };
        Some(vec![one])
    }

    /// `AXIS`, `AXIS.FIELD` or `AXIS.FIELD.0`.
    fn key(&self, path: &str) -> Option<String> {
        let (stage, task) = self.task?;
        let (axis, field) = path.split_once('.').unwrap_or((path, ""));
        let (_, value) = task.values(stage).find(|(name, _)| *name == axis)?;
        value.text(field)
    }

    fn event(&self, what: &str) -> Option<String> {
        let chunk = self.task.and_then(|(_, task)| task.chunk);
        match what {
            "seed" => Some(self.seed.to_string()),
            "index" => Some(chunk?.index.to_string()),
            "first" => Some(chunk?.first.to_string()),
            "count" => Some(chunk?.count.to_string()),
            _ => None,
        }
    }

    /// Paths of the outputs of a stage's tasks: `STAGE`, or `STAGE:AXIS=LABEL` with one or more labels
    /// separated by commas.
    fn joined(&self, text: &str) -> Vec<String> {
        let (stage, labels) = text.split_once(':').unwrap_or((text, ""));
        let wanted: Vec<(&str, &str)> = labels.split(',').filter_map(|l| l.split_once('=')).collect();
        let has = |input: &&Joined| {
            let label =
                |axis: &str| input.labels.iter().find(|(a, _)| a == axis).map(|(_, l)| l.as_str());
            input.stage == stage && wanted.iter().all(|(axis, l)| label(axis) == Some(*l))
        };
        self.inputs.iter().filter(has).flat_map(|input| input.paths.iter().cloned()).collect()
    }
}

/// Whether a text has this word in braces, single or double, as arguments and templates have them.
pub(super) fn mentions(text: &str, word: &str) -> bool {
    text.split('{').skip(1).any(|rest| rest.split('}').next().map(str::trim) == Some(word))
}

/// Whether an argument depends on the trial.
pub(super) fn has_placeholder(argument: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| argument.contains(beginning))
}

/// An argument with its placeholders replaced. Other braces stay as they are. What is only `{in.STAGE}`
/// becomes as many arguments as there are paths, anything else one.
///
/// # Errors
/// A placeholder that stands for nothing, or for several paths within an argument, in words.
pub(super) fn argument(text: &str, values: Values) -> Result<Vec<String>, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = BEGINNINGS.iter().filter_map(|b| rest.find(b)).min() {
        let (before, from) = rest.split_at(start);
        let end = from.find('}').ok_or_else(|| format!("no }} ends the placeholder in {text:?}"))?;
        let words = &from[1..end];
        let meant = values.meaning(words).ok_or_else(|| format!("{{{words}}} stands for nothing"))?;
        if words.starts_with("in.") && from.len() == text.len() && end + 1 == text.len() {
            return Ok(meant);
        }
        out.push_str(before);
        match &meant[..] {
            [one] => out.push_str(one),
            several => {
                return Err(format!(
                    "{{{words}}} stands for {} paths; it must be an argument of its own, not a part of {text:?}",
                    several.len()
                ));
            }
        }
        rest = &from[end + 1..];
    }
    out.push_str(rest);
    Ok(vec![out])
}

/// A template's text with its placeholders replaced: parameters by their names, and what arguments
/// know; several paths stand on lines of their own. Double braces round anything else that is not a
/// plain name belong to the file's own language and stay.
///
/// # Errors
/// A plain name that is no parameter, in words with its line.
pub(super) fn template(text: &str, values: Values) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let inner = from[2..].split_once("}}").map(|(inner, _)| inner);
        let meaning = |name: &str| match values.parameter(name) {
            Some(value) => Some(value.to_string()),
            None => values.meaning(name).map(|texts| texts.join("\n")),
        };
        match inner.map(|name| (name, meaning(name.trim()))) {
            Some((name, Some(value))) => {
                out.push_str(&value);
                rest = &from[name.len() + 4..];
            }
            Some((name, None)) if is_plain(name.trim()) => {
                let line = text[..text.len() - from.len()].lines().count().max(1);
                return Err(format!("{{{{{name}}}}} near line {line} is no parameter"));
            }
            _ => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c))
}

/// Arguments as a line for a POSIX shell.
pub fn shell_line(argv: &[String]) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    let quote = |word: &String| match word.chars().all(safe) && !word.is_empty() {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Axis, AxisValue, Command, Field, Keep, Scratch, Seeds};
    use crate::pipeline::Chunk;
    use crate::problem::{Parameter, ParameterKind};
    use proptest::prelude::*;

    fn stage() -> Stage {
        let scalar = |label: &str| AxisValue { label: label.into(), fields: vec![] };
        let eta = Field::List(vec![Value::Float(1.5), Value::Integer(2)]);
        let fields = vec![("p".to_owned(), Field::One(Value::Integer(15))), ("eta".to_owned(), eta)];
        let low = AxisValue { label: "low".into(), fields };
        Stage {
            name: "simulation".into(),
            needs: vec![],
            axes: vec![
                Axis { name: "particle".into(), values: vec![scalar("pi+"), scalar("kaon+")] },
                Axis { name: "point".into(), values: vec![low] },
            ],
            by: vec![],
            events: None,
            seeds: Seeds::Trial,
            gate: false,
            at_least: 1.0,
            command: Command::new(vec![]),
            cores: 1,
            memory_bytes: None,
            keep: Keep::All,
            scratch: Scratch::Shared,
            container: false,
            reuse: false,
        }
    }

    fn with_values(test: impl FnOnce(Values)) {
        let fixed = |name: &str, value: Value| Parameter {
            name: name.to_owned(),
            kind: ParameterKind::Fixed { value },
            unit: String::new(),
            default: None,
        };
        let design = vec![Value::Float(0.1), Value::Integer(7), Value::Text("C2F6".into())];
        let names = ["mirror.r", "layers", "gas"];
        let parameters = names.iter().zip(&design).map(|(n, v)| fixed(n, v.clone())).collect();
        let space = Space { parameters, constraints: vec![] };
        let stage = stage();
        let chunk = Some(Chunk { index: 2, first: 2000, count: 500 });
        let task = TaskSpec { stage: 0, key: vec![1, 0], chunk, needs: vec![] };
        let joined = |particle: &str, chunk: &str| Joined {
            stage: "sim".into(),
            labels: vec![("particle".into(), particle.into()), ("chunk".into(), chunk.into())],
            paths: vec![format!("/run/{particle},{chunk}/a.root")],
        };
        let inputs = [joined("pi+", "0"), joined("pi+", "1"), joined("kaon+", "0")];
        test(Values {
            space: &space,
            design: &design,
            trial: 12,
            trial_seed: 99,
            trial_dir: "/run/t",
            dir: "/run/t/sim",
            seed: 5,
            task: Some((&stage, &task)),
            inputs: &inputs,
            geometry: Some("/g/top.xml"),
            seen: None,
        });
    }

    #[test]
    fn arguments_get_values_and_keep_other_braces() {
        with_values(|v| {
            let done = |text| argument(text, v).unwrap().join("<next>");
            assert_eq!(done("-r={param.mirror.r}x{param.layers}"), "-r=0.1x7");
            assert_eq!(done("-Pxml={geometry}"), "-Pxml=/g/top.xml");
            // Components of a vector option of eicrecon.
            assert_eq!(done("-Pw={param.mirror.r},{param.layers}"), "-Pw=0.1,7");
            assert!(argument("{geometry}", Values { geometry: None, ..v }).is_err());
            assert_eq!(done("{trial.dir}/{trial.id}-{trial.seed}"), "/run/t/12-99");
            assert_eq!(done("{task.dir}/{event.seed}-{task.seed}"), "/run/t/sim/5-5");
            assert_eq!(done(r#"{"json": {}} {other} {param.gas}"#), r#"{"json": {}} {other} C2F6"#);
            assert_eq!(done(""), "");
            let wrong = |text| argument(text, v).unwrap_err();
            assert!(wrong("{param.gsa}").contains("{param.gsa}"));
            assert!(wrong("{trial.nr}").contains("{trial.nr}"));
            assert!(wrong("{trial.id").contains('}'));
        });
    }

    #[test]
    fn words_are_found_in_braces_of_both_kinds() {
        for text in ["{gas}", "a{{gas}}", "x {{ gas }} y", "{{{gas}}}", "{ {gas} }"] {
            assert!(mentions(text, "gas"), "{text}");
        }
        for text in ["gas", "{gases}", "{param.gas}", "{", "}gas{"] {
            assert!(!mentions(text, "gas"), "{text}");
        }
    }

    #[test]
    fn keys_and_events_are_those_of_the_task() {
        with_values(|v| {
            let done = |text| argument(text, v).unwrap().join("<next>");
            assert_eq!(done("{key.particle}/{key.point}"), "kaon+/low");
            assert_eq!(done("{key.point.p}*GeV {key.point.eta.0}..{key.point.eta.1}"), "15*GeV 1.5..2");
            assert_eq!(done("{event.index}: {event.first}+{event.count}"), "2: 2000+500");
            for text in ["{key.radius}", "{key.point.eta}", "{key.point.eta.2}", "{event.last}"] {
                assert!(argument(text, v).unwrap_err().contains(text));
            }
            let alone = Values { task: None, ..v };
            assert!(argument("{event.count}", alone).is_err());
        });
    }

    #[test]
    fn paths_of_inputs_are_arguments_of_their_own() {
        with_values(|v| {
            let done = |text| argument(text, v).unwrap();
            let (a, b, c) = ("/run/pi+,0/a.root", "/run/pi+,1/a.root", "/run/kaon+,0/a.root");
            assert_eq!(done("{in.sim}"), [a, b, c]);
            assert_eq!(done("{in.sim:particle=pi+}"), [a, b]);
            assert_eq!(done("{in.sim:particle=pi+,chunk=1}"), [b]);
            assert_eq!(done("--in={in.sim:particle=kaon+}"), [format!("--in={c}")]);
            assert_eq!(done("{in.other}"), Vec::<String>::new());
            let error = argument("--in={in.sim}", v).unwrap_err();
            assert!(error.contains("3 paths") && error.contains("--in={in.sim}"), "{error}");
            assert_eq!(template("{{in.sim:particle=pi+}}", v).unwrap(), format!("{a}\n{b}"));
        });
    }

    #[test]
    fn templates_get_values_and_keep_foreign_braces() {
        with_values(|v| {
            let done = |text| template(text, v).unwrap();
            assert_eq!(done("<r>{{mirror.r}}</r> {{ gas }}"), "<r>0.1</r> C2F6");
            assert_eq!(done("{{{layers}}} {{a + b}} {{}} {{"), "{7} {{a + b}} {{}} {{");
            assert_eq!(done("{{key.point.p}} {{param.layers}} {{event.count}}"), "15 7 500");
            let error = template("one\ntwo\nx {{mirror}}", v).unwrap_err();
            assert!(error.contains("{{mirror}}") && error.contains("line 3"), "{error}");
        });
    }

    proptest! {
        #[test]
        fn a_shell_reads_the_line_back(words in prop::collection::vec("[^\0\r]{0,12}", 1..5)) {
            let argv = [vec!["printf".to_owned(), r"%s\0".to_owned()], words.clone()].concat();
            let out = std::process::Command::new("/bin/sh")
                .args(["-c", &shell_line(&argv)]).output().unwrap();
            let expected: Vec<u8> =
                words.iter().flat_map(|w| w.bytes().chain(std::iter::once(0))).collect();
            prop_assert_eq!(out.stdout, expected);
        }
    }
}
