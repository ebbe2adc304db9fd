//! A command that is a Python function: the keys `python` and `interpreter`.

use super::command_keys::{absolute, program_path};
use super::section::Section;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The interpreter unless told otherwise, looked up in `PATH`.
const INTERPRETER: &str = "python3";

/// A Python function that evaluates. A worker process imports its module once and calls it for each task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Folder from which the module is imported: the study file's.
    pub folder: PathBuf,
    /// Module, with dots between packages.
    pub module: String,
    /// Function in it.
    pub function: String,
}

/// The function, and the words that run it once by hand: in an attempt's directory, on its
/// `parameters.json`, if it can do without a context. The first word is the interpreter, by which
/// workers are started as well.
pub(super) fn read(
    section: &Section<'_>,
    in_container: bool,
    folder: &Path,
) -> Option<(Function, Vec<String>)> {
    for key in ["command", "steps"] {
        if section.has(key) {
            section.problem(key, "cannot be beside python; one of them evaluates");
            return None;
        }
    }
    if in_container {
        let text = "runs on the node itself, not in a container; remove [container] (in a stage: \
                    container = false) or run a command instead";
        section.problem("python", text);
        return None;
    }
    let function = function(section, folder);
    let interpreter = interpreter(section, folder);
    let (function, interpreter) = (function?, interpreter?);
    let Function { folder, module, function: name } = &function;
    // Python reads the quotes of printable text as Rust writes them.
    let line = format!(
        "import json, sys, types; p = types.ModuleType(\"paretorank\"); \
         p.Infeasible = type(\"Infeasible\", (Exception,), dict()); sys.modules[\"paretorank\"] = p; \
         sys.path.insert(0, {:?}); import {module} as m; print(m.{name}(json.load(open(\"parameters.json\"))))",
        folder.to_string_lossy()
    );
    Some((function, vec![interpreter, "-c".to_owned(), line]))
}

fn function(section: &Section<'_>, folder: &Path) -> Option<Function> {
    let text = section.text("python")?;
    let Some((module, function)) = parts(text) else {
        let rule =
            "it needs \"module:function\", where module is a file module.py beside the study file";
        section.problem("python", format!("cannot be {text:?}: {rule}"));
        return None;
    };
    let file = folder.join(module.replace('.', "/"));
    let candidates = [file.with_extension("py"), file.join("__init__.py")];
    if !candidates.iter().any(|path| path.is_file()) {
        let wanted = candidates[0].display();
        section.problem("python", format!("has the module {module:?}, and there is no file {wanted}"));
        return None;
    }
    // The folder of a study file in the working directory is an empty path.
    let within = absolute(section, "python", &folder.join(module))?;
    let folder = within.parent()?.to_owned();
    Some(Function { folder, module: module.to_owned(), function: function.to_owned() })
}

/// Module and function of "module:function".
fn parts(text: &str) -> Option<(&str, &str)> {
    let (module, function) = text.split_once(':')?;
    let is_name = |word: &str| {
        let mut letters = word.chars();
        letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_')
    };
    (module.split('.').all(is_name) && is_name(function)).then_some((module, function))
}

fn interpreter(section: &Section<'_>, folder: &Path) -> Option<String> {
    if !section.has("interpreter") {
        return Some(INTERPRETER.to_owned());
    }
    let text = section.text("interpreter")?;
    match text.contains('/') {
        true => program_path(section, "interpreter", &folder.join(text)),
        false => Some(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_named_with_its_module() {
        assert_eq!(parts("beam:evaluate"), Some(("beam", "evaluate")));
        assert_eq!(parts("det.beam_2:f"), Some(("det.beam_2", "f")));
        for text in ["beam", "beam.py:", ":f", "beam:f:g", "../beam:f", "beam:f()", "2beam:f", "a..b:f"]
        {
            assert_eq!(parts(text), None, "{text}");
        }
    }
}
