//! The `[evaluator]` table.

use super::command::{Command, ResultFile, Retries};
use super::document::{Item, Node};
use super::error::suggestion;
use super::section::Section;
use crate::problem::Parameter;
use std::path::{Component, Path, PathBuf};

const BUILTIN_KEYS: [&str; 8] =
    ["builtin", "dimension", "objectives", "shift", "heterogeneous", "rotated", "noise", "delay"];
const COMMAND_KEYS: [&str; 8] =
    ["command", "templates", "result", "timeout", "grace", "retries", "exit_codes", "env"];

/// The placeholder of the trial's own detector description.
pub const GEOMETRY: &str = "geometry";

/// Which of the kinds of evaluator a study has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Builtin,
    Command,
    Outside,
}

/// Reports keys that do not belong to the kind of evaluator, and an evaluator that is none or several.
pub fn which(section: &Section<'_>) -> Option<Which> {
    match (section.has("builtin"), section.has("command"), section.has("outside")) {
        (true, false, false) => {
            section.only(&BUILTIN_KEYS);
            Some(Which::Builtin)
        }
        (false, true, false) => {
            section.only(&COMMAND_KEYS);
            Some(Which::Command)
        }
        (false, false, true) => {
            section.only(&["outside"]);
            if section.flag("outside")? {
                return Some(Which::Outside);
            }
            section.problem("outside", "can only be true; name another evaluator in its place");
            None
        }
        (builtin, command, _) => {
            let found = match (builtin, command) {
                (false, false) => "none",
                (true, true) => "both",
                _ => "outside beside it",
            };
            section.problems.add(
                &section.place,
                format!(
                    "[evaluator] needs builtin = \"dtlz2\" (a test function), command = [\"program\", …] or \
                     outside = true (results are told), and has {found}"
                ),
            );
            None
        }
    }
}

/// A command; relative paths of program and templates start from `folder`, the study file's.
pub fn command(
    section: &Section<'_>,
    parameters: Option<&[Parameter]>,
    folder: &Path,
) -> Option<Command> {
    let argv = argv(section, parameters, folder);
    let templates = if section.has("templates") { templates(section, folder) } else { Some(vec![]) };
    let result = if section.has("result") { result(section) } else { Some("result.json".into()) }
        .map(ResultFile::Json);
    let timeout_s = section.positive_seconds("timeout");
    let grace_s = if section.has("grace") { section.seconds("grace") } else { Some(10.0) };
    let retries = if section.has("retries") { retries(section) } else { Some(1) }.map(Retries::all);
    let infeasible_exit_codes = exit_codes(section);
    let env = environment(section);
    Some(Command {
        templates: templates?,
        result: Some(result?),
        timeout_s,
        grace_s: grace_s?,
        retries: retries?,
        infeasible_exit_codes: infeasible_exit_codes?,
        env: env?,
        ..Command::new(argv?)
    })
}

fn argv(section: &Section<'_>, parameters: Option<&[Parameter]>, folder: &Path) -> Option<Vec<String>> {
    let mut argv = section.texts("command")?;
    let Some(program) = argv.first().filter(|p| !p.is_empty()) else {
        section.problem("command", "is empty; it needs a program and its arguments, each a text");
        return None;
    };
    if placeholders(program).next().is_some() {
        section.problem(
            "command",
            format!("has a placeholder in the program {program:?}; only arguments may"),
        );
        return None;
    }
    let beside = folder.join(program);
    if program.contains('/') || beside.is_file() {
        argv[0] = program_path(section, &beside)?;
    }
    let mut sound = true;
    for word in argv[1..].iter().flat_map(|a| placeholders(a)) {
        if let Some(wrong) = placeholder_problem(word, parameters) {
            section.problem("command", wrong);
            sound = false;
        }
    }
    sound.then_some(argv)
}

/// The absolute path of a program that can be started.
fn program_path(section: &Section<'_>, path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let path = absolute(section, "command", path)?;
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(e) => section.problem("command", format!("has the program {shown}: {e}")),
        Ok(m) if !m.is_file() => {
            section.problem("command", format!("has the program {shown}, which is no file"))
        }
        Ok(m) if m.permissions().mode() & 0o111 == 0 => section.problem(
            "command",
            format!("has the program {shown}, which is not executable; try chmod +x {shown}"),
        ),
        Ok(_) => return path.to_str().map(str::to_owned),
    }
    None
}

/// The absolute path, which is UTF-8: it is stored as text.
fn absolute(section: &Section<'_>, key: &str, path: &Path) -> Option<PathBuf> {
    match std::path::absolute(path) {
        Ok(path) if path.to_str().is_some() => return Some(path),
        Ok(path) => section.problem(key, format!("has the path {}, which is not UTF-8", path.display())),
        Err(e) => section.problem(key, format!("has the path {}: {e}", path.display())),
    }
    None
}

/// Whether an argument asks for the trial's own detector description.
pub fn asks_for_geometry(argument: &str) -> bool {
    placeholders(argument).any(|word| word == GEOMETRY)
}

/// Every `{word}` of an argument, without the braces; other braces mean themselves.
fn placeholders(argument: &str) -> impl Iterator<Item = &str> {
    argument.split('{').skip(1).filter_map(|rest| {
        let (word, _) = rest.split_once('}')?;
        super::parameters::is_name(word).then_some(word)
    })
}

fn placeholder_problem(word: &str, parameters: Option<&[Parameter]>) -> Option<String> {
    // Whether there is a [geometry] is looked at where that is read.
    if ["trial.id", "trial.dir", "trial.seed", GEOMETRY].contains(&word) {
        return None;
    }
    let Some(name) = word.strip_prefix("param.") else {
        let known = ["param.NAME", "trial.id", "trial.dir", "trial.seed", GEOMETRY];
        return Some(format!(
            "has the unknown placeholder {{{word}}}{}",
            suggestion(word, &known, "ones")
        ));
    };
    // With parameters that are wrong themselves nothing can be said.
    let known: Vec<&str> = parameters?.iter().map(|p| p.name.as_str()).collect();
    let missing = !known.contains(&name);
    missing.then(|| {
        format!(
            "has {{{word}}}, but there is no such parameter{}",
            suggestion(name, &known, "parameters")
        )
    })
}

fn templates(section: &Section<'_>, folder: &Path) -> Option<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = vec![];
    for text in section.texts("templates")? {
        let path = absolute(section, "templates", &folder.join(&text))?;
        if !path.is_file() {
            section.problem("templates", format!("has {}, which is no file", path.display()));
            return None;
        }
        let name = path.file_name();
        if name == Some("parameters.json".as_ref()) || paths.iter().any(|p| p.file_name() == name) {
            section.problem(
                "templates",
                format!("has {text:?}, but a file of that name is in the attempt's directory already"),
            );
            return None;
        }
        paths.push(path);
    }
    Some(paths)
}

fn result(section: &Section<'_>) -> Option<PathBuf> {
    let text = section.text("result")?;
    let path = PathBuf::from(text);
    let inside = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    if !inside {
        section
            .problem("result", format!("must be a path inside the attempt's directory, not {text:?}"));
    }
    inside.then_some(path)
}

fn retries(section: &Section<'_>) -> Option<u32> {
    let retries = u32::try_from(section.count("retries", 0)?).ok();
    if retries.is_none() {
        section.problem("retries", "is too large");
    }
    retries
}

fn exit_codes(section: &Section<'_>) -> Option<Vec<i32>> {
    if !section.has("exit_codes") {
        return Some(vec![]);
    }
    let table = section.inner("exit_codes")?;
    let mut codes = vec![];
    for (key, _) in table.entries() {
        table.word(key, &[("infeasible", ())])?;
        match key.parse::<u8>() {
            Ok(code) if code > 0 => codes.push(i32::from(code)),
            _ => {
                table.problem(key, "is no exit code; those are 1 to 255");
                return None;
            }
        }
    }
    codes.sort_unstable();
    Some(codes)
}

fn environment(section: &Section<'_>) -> Option<Vec<(String, String)>> {
    if !section.has("env") {
        return Some(vec![]);
    }
    let table = section.inner("env")?;
    let mut variables = vec![];
    for (key, Node { item, .. }) in table.entries() {
        match item {
            Item::Text(text)
                if !key.is_empty() && !key.contains(['=', '\0']) && !text.contains('\0') =>
            {
                variables.push((key.clone(), text.clone()));
            }
            other => {
                table.problem(
                    key,
                    format!("must be a variable's name and a text, not {}", other.shown()),
                );
                return None;
            }
        }
    }
    Some(variables)
}
