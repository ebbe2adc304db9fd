//! Placeholders: `{param.NAME}`, `{trial.…}` and `{geometry}` in arguments, `{{NAME}}` in template files.

use crate::problem::{Design, Space, TrialId, Value};

/// What placeholders stand for in one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    pub(super) space: &'a Space,
    pub(super) design: &'a Design,
    pub(super) trial: TrialId,
    pub(super) seed: u32,
    /// The attempt's directory, absolute.
    pub(super) dir: &'a str,
    /// The top file of the trial's own detector description, absolute.
    pub(super) geometry: Option<&'a str>,
}

impl Values<'_> {
    fn parameter(&self, name: &str) -> Option<&Value> {
        let position = self.space.parameters.iter().position(|p| p.name == name)?;
        self.design.get(position)
    }
}

/// What placeholders begin with.
const BEGINNINGS: [&str; 3] = ["{param.", "{trial.", "{geometry}"];

/// Whether an argument depends on the trial.
pub(super) fn has_placeholder(argument: &str) -> bool {
    BEGINNINGS.iter().any(|begin| argument.contains(begin))
}

/// An argument with its placeholders replaced. Other braces stay as they are.
///
/// # Errors
/// A placeholder that stands for nothing, in words.
pub(super) fn argument(text: &str, values: Values) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = BEGINNINGS.iter().filter_map(|p| rest.find(p)).min() {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let end = from.find('}').ok_or_else(|| format!("no }} ends the placeholder in {text:?}"))?;
        let inner = &from[1..end];
        let value = match inner {
            "trial.id" => values.trial.to_string(),
            "trial.dir" => values.dir.to_owned(),
            "trial.seed" => values.seed.to_string(),
            "geometry" => {
                let top = values.geometry.map(str::to_owned);
                top.ok_or("{geometry} stands for nothing: the study has no [geometry]")?
            }
            _ => {
                let named = inner.strip_prefix("param.").and_then(|name| values.parameter(name));
                named.ok_or_else(|| format!("{{{inner}}} stands for nothing"))?.to_string()
            }
        };
        out.push_str(&value);
        rest = &from[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// A template's text with its placeholders replaced. Double braces round anything that is not a
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
        match inner.map(|name| (name, values.parameter(name.trim()))) {
            Some((name, Some(value))) => {
                out.push_str(&value.to_string());
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
pub(super) fn shell_line(argv: &[String]) -> String {
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
    use crate::problem::{Parameter, ParameterKind};
    use proptest::prelude::*;

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
        test(Values {
            space: &space,
            design: &design,
            trial: 12,
            seed: 99,
            dir: "/run/t",
            geometry: Some("/g/top.xml"),
        });
    }

    #[test]
    fn arguments_get_values_and_keep_other_braces() {
        with_values(|v| {
            let done = |text| argument(text, v).unwrap();
            assert_eq!(done("-r={param.mirror.r}x{param.layers}"), "-r=0.1x7");
            assert_eq!(done("{trial.dir}/{trial.id}-{trial.seed}"), "/run/t/12-99");
            assert_eq!(done("-Pxml={geometry}"), "-Pxml=/g/top.xml");
            // Components of a vector option of eicrecon.
            assert_eq!(done("-Pw={param.mirror.r},{param.layers}"), "-Pw=0.1,7");
            let without = argument("{geometry}", Values { geometry: None, ..v }).unwrap_err();
            assert!(without.contains("no [geometry]"), "{without}");
            assert_eq!(done(r#"{"json": {}} {other} {param.gas}"#), r#"{"json": {}} {other} C2F6"#);
            assert!(argument("{param.gsa}", v).unwrap_err().contains("{param.gsa}"));
            assert!(argument("{trial.nr}", v).unwrap_err().contains("{trial.nr}"));
            assert!(argument("{trial.id", v).unwrap_err().contains('}'));
        });
    }

    #[test]
    fn templates_get_values_and_keep_foreign_braces() {
        with_values(|v| {
            let done = |text| template(text, v).unwrap();
            assert_eq!(done("<r>{{mirror.r}}</r> {{ gas }}"), "<r>0.1</r> C2F6");
            assert_eq!(done("{{{layers}}} {{a + b}} {{}} {{"), "{7} {{a + b}} {{}} {{");
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
