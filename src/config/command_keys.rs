//! The keys of a command, in `[evaluator]` and in `[[stage]]`.

use super::command::{Command, ResultFile, Retries};
use super::document::{Item, Node};
use super::function;
use super::patterns;
use super::placeholders::{Scope, placeholders};
use super::result_text;
use super::section::Section;
use std::path::{Component, Path, PathBuf};

/// All of them.
pub const KEYS: [&str; 13] = [
    "command",
    "steps",
    "templates",
    "result",
    "outputs",
    "timeout",
    "silence",
    "grace",
    "log_limit",
    "retries",
    "exit_codes",
    "patterns",
    "env",
];

/// Those of a command that is a Python function.
pub const FUNCTION_KEYS: [&str; 9] =
    ["python", "interpreter", "outputs", "timeout", "silence", "grace", "log_limit", "retries", "env"];

/// The keys that a table may have, by what it says is to be run.
pub fn keys(section: &Section<'_>) -> &'static [&'static str] {
    if section.has("python") { &FUNCTION_KEYS } else { &KEYS }
}

/// Where a worker puts what a Python function returned.
const RETURNED: &str = "result.json";

/// A command; relative paths of programs and templates start from `folder`, the study file's. Without
/// a key `result` the `result` given here.
pub fn read(
    section: &Section<'_>,
    scope: &Scope<'_>,
    folder: &Path,
    result: Option<&str>,
) -> Option<Command> {
    let or = |key: &str, read: &dyn Fn() -> Option<f64>, default: f64| {
        if section.has(key) { read() } else { Some(default) }
    };
    let is_function = section.has("python");
    let programs = match is_function {
        true => function::read(section, scope.in_container, folder)
            .map(|(function, argv)| (argv, vec![], Some(Box::new(function)))),
        false => programs(section, scope, folder).map(|(argv, steps)| (argv, steps, None)),
    };
    let result = if is_function { Some(RETURNED) } else { result };
    let templates = if section.has("templates") { templates(section, folder) } else { Some(vec![]) };
    let result = match section.has("result") {
        true => result_text::read(section).map(Some),
        false => Some(result.map(|path| ResultFile::Json(path.into()))),
    };
    let outputs = outputs(section);
    let timeout_s = section.positive_seconds("timeout");
    let silence_s = section.positive_seconds("silence");
    let grace_s = or("grace", &|| section.seconds("grace"), Command::GRACE_S);
    let log_limit =
        if section.has("log_limit") { section.bytes("log_limit") } else { Some(Command::LOG_LIMIT) };
    let retries = retries(section);
    let infeasible_exit_codes = exit_codes(section);
    let patterns = patterns::read(section);
    let env = environment(section);
    let (argv, steps, function) = programs?;
    Some(Command {
        argv,
        steps,
        function,
        templates: templates?,
        result: result?,
        outputs: outputs?,
        timeout_s,
        silence_s,
        grace_s: grace_s?,
        log_limit: log_limit?,
        retries: retries?,
        infeasible_exit_codes: infeasible_exit_codes?,
        patterns: patterns?,
        env: env?,
    })
}

/// `command`, or else `steps`.
fn programs(
    section: &Section<'_>,
    scope: &Scope<'_>,
    folder: &Path,
) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    match (section.has("command"), section.has("steps")) {
        (true, false) => {
            let argv = argv(section, "command", section.texts("command")?, scope, folder)?;
            Some((argv, vec![]))
        }
        (false, true) => {
            let written = section.lists_of_texts("steps")?;
            if written.is_empty() {
                section.problem("steps", "is empty; it needs a list of words for each program");
                return None;
            }
            let all: Vec<_> =
                written.into_iter().map(|words| argv(section, "steps", words, scope, folder)).collect();
            Some((vec![], all.into_iter().collect::<Option<_>>()?))
        }
        (true, true) => {
            section.problem("steps", "cannot be beside command; make the command its first step");
            None
        }
        (false, false) => section.need("command", None, "[\"program\", \"{param.x}\"]"),
    }
}

fn argv(
    section: &Section<'_>,
    key: &str,
    mut argv: Vec<String>,
    scope: &Scope<'_>,
    folder: &Path,
) -> Option<Vec<String>> {
    let Some(program) = argv.first().filter(|p| !p.is_empty()) else {
        section.problem(key, "is empty; it needs a program and its arguments, each a text");
        return None;
    };
    if placeholders(program).next().is_some() {
        section
            .problem(key, format!("has a placeholder in the program {program:?}; only arguments may"));
        return None;
    }
    let beside = folder.join(program);
    let of_image = scope.in_container && program.starts_with('/');
    if !of_image && (program.contains('/') || beside.is_file()) {
        argv[0] = program_path(section, key, &beside)?;
    }
    let wrong: Vec<String> = argv[1..].iter().flat_map(|argument| scope.problems(argument)).collect();
    for text in &wrong {
        section.problem(key, text);
    }
    wrong.is_empty().then_some(argv)
}

/// The absolute path of a program that can be started.
pub(super) fn program_path(section: &Section<'_>, key: &str, path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let path = absolute(section, key, path)?;
    let shown = path.display();
    match std::fs::metadata(&path) {
        Err(e) => section.problem(key, format!("has the program {shown}: {e}")),
        Ok(m) if !m.is_file() => {
            section.problem(key, format!("has the program {shown}, which is no file"))
        }
        Ok(m) if m.permissions().mode() & 0o111 == 0 => section.problem(
            key,
            format!("has the program {shown}, which is not executable; try chmod +x {shown}"),
        ),
        Ok(_) => return path.to_str().map(str::to_owned),
    }
    None
}

/// The absolute path, which is UTF-8: it is stored as text.
pub(super) fn absolute(section: &Section<'_>, key: &str, path: &Path) -> Option<PathBuf> {
    match std::path::absolute(path) {
        Ok(path) if path.to_str().is_some() => return Some(path),
        Ok(path) => section.problem(key, format!("has the path {}, which is not UTF-8", path.display())),
        Err(e) => section.problem(key, format!("has the path {}: {e}", path.display())),
    }
    None
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

/// The path of a file inside the attempt's directory.
pub fn inside(section: &Section<'_>, key: &str, text: &str) -> Option<PathBuf> {
    let path = PathBuf::from(text);
    let own = path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir));
    let names = path.file_name().is_some();
    if !(own && names) {
        section.problem(key, format!("must be a path inside the attempt's directory, not {text:?}"));
    }
    (own && names).then_some(path)
}

fn outputs(section: &Section<'_>) -> Option<Vec<PathBuf>> {
    if !section.has("outputs") {
        return Some(vec![]);
    }
    let mut paths = vec![];
    for text in section.texts("outputs")? {
        let path = inside(section, "outputs", &text)?;
        if paths.contains(&path) {
            section.problem("outputs", format!("has {text:?} twice"));
            return None;
        }
        paths.push(path);
    }
    Some(paths)
}

/// One number, or one for some classes of failure; the others have the default.
fn retries(section: &Section<'_>) -> Option<Retries> {
    let number = |section: &Section<'_>, key: &str| {
        let number = u32::try_from(section.count(key, 0)?).ok();
        if number.is_none() {
            section.problem(key, "is too large");
        }
        number
    };
    if !section.has("retries") {
        return Some(Retries::all(1));
    }
    if !section.has_table("retries") {
        return number(section, "retries").map(Retries::all);
    }
    let table = section.inner("retries")?;
    table.only(&["exit", "signal", "timeout", "silent", "memory", "output"]);
    let of = |key: &str| if table.has(key) { number(&table, key) } else { Some(1) };
    Some(Retries {
        exit: of("exit")?,
        signal: of("signal")?,
        timeout: of("timeout")?,
        silent: of("silent")?,
        memory: of("memory")?,
        output: of("output")?,
    })
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

pub(super) fn environment(section: &Section<'_>) -> Option<Vec<(String, String)>> {
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
