//! What the engine runs inside: a script that sets the environment, runs the prologue and becomes the
//! program. It says how far it came, so that a failure of the engine or of the prologue is never taken
//! for one of the program.

use crate::exec::render::shell_line;
use std::fs;
use std::path::Path;

/// The script, in the attempt's directory.
pub(super) const SCRIPT: &str = "container.sh";
/// Where it says how far it came, beside it.
pub(super) const STATE: &str = "container.state";
/// For images that say nothing about it.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How far a script came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was never begun.
    Absent,
    /// It began, and its prologue did not end well.
    Begun,
    /// It became the program.
    Ready,
}

/// The shell that runs the script: bash for a prologue, which most set-up scripts are written for.
pub(super) fn shell(prologue: Option<&str>) -> &'static str {
    if prologue.is_some() { "/bin/bash" } else { "/bin/sh" }
}

/// The script. Its home directory is the working directory `dir`, unless `env` has another: a user's
/// own would bring settings along that no other user has.
///
/// # Errors
/// A variable that no shell can export, in words.
pub(super) fn text(
    program: &[String],
    dir: &Path,
    env: &[(String, String)],
    prologue: Option<&str>,
    state: &Path,
) -> Result<String, String> {
    let quoted = |word: &str| shell_line(&[word.to_owned()]).trim_end().to_owned();
    let (dir, state) = (quoted(&dir.to_string_lossy()), quoted(&state.to_string_lossy()));
    let mut text = format!(
        "#!{}\n\
         # Inside the container: environment, prologue, program. The file below says how far it came.\n\
         echo begun > {state} || exit\n\
         export PATH=\"${{PATH:-{USUAL_PATH}}}\"\n\
         export HOME={dir}\n",
        shell(prologue)
    );
    for (name, value) in env {
        if !is_shell_name(name) {
            return Err(format!(
                "the environment variable {name:?} has a name that no shell can export"
            ));
        }
        text += &format!("export {name}={}\n", quoted(value));
    }
    if let Some(prologue) = prologue {
        text += &format!("{}\n[ $? -eq 0 ] || exit\n", prologue.trim_end());
    }
    text += &format!("cd {dir} || exit\necho ready > {state} || exit\nexec {}", shell_line(program));
    Ok(text)
}

fn is_shell_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = |c: char| c.is_ascii_alphabetic() || c == '_';
    chars.next().is_some_and(first) && chars.all(|c| first(c) || c.is_ascii_digit())
}

/// What the script wrote.
pub(super) fn state(path: &Path) -> State {
    match fs::read_to_string(path).unwrap_or_default().as_str() {
        "ready\n" => State::Ready,
        "begun\n" => State::Begun,
        _ => State::Absent,
    }
}

/// Seconds from the writing of the script to where it became the program, in an attempt's directory; `None` if
/// it did not. Both are times of files that one host wrote, so that it does not matter whose clock they are.
pub(in crate::exec) fn start_s(files: &Path) -> Option<f64> {
    let written = |name: &str| fs::metadata(files.join(name)).and_then(|meta| meta.modified()).ok();
    if state(&files.join(STATE)) != State::Ready {
        return None;
    }
    let (from, to) = (written(SCRIPT)?, written(STATE)?);
    Some(to.duration_since(from).map_or(0.0, |time| time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Exit code, standard output and how far the script came, in a directory whose name needs quotes.
    fn run(
        program: &[&str],
        env: &[(&str, &str)],
        prologue: Option<&str>,
    ) -> (Option<i32>, String, State) {
        let place = tempfile::tempdir().unwrap();
        let dir = place.path().join("it's a $HOME");
        fs::create_dir(&dir).unwrap();
        let program: Vec<String> = program.iter().map(|w| (*w).to_owned()).collect();
        let env: Vec<(String, String)> =
            env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let (script, at) = (dir.join(SCRIPT), dir.join(STATE));
        assert_eq!(state(&at), State::Absent);
        fs::write(&script, text(&program, &dir, &env, prologue, &at).unwrap()).unwrap();
        let mut command = Command::new(shell(prologue));
        let ran = command.arg(&script).env_clear().current_dir("/").output().unwrap();
        let out = String::from_utf8(ran.stdout).unwrap();
        (ran.status.code(), out.replace(dir.to_str().unwrap(), "DIR"), state(&at))
    }

    #[test]
    fn environment_and_program_come_through_unchanged() {
        let value = "a 'b' \"c\" $HOME\n`date`";
        let echo = ["sh", "-c", "printf '%s|' \"$V\" \"$HOME\" \"$PWD\" \"$1\"; exit 7", "sh", "x  y"];
        let want = format!("{value}|DIR|DIR|x  y|");
        assert_eq!(run(&echo, &[("V", value)], None), (Some(7), want, State::Ready));
        let (_, out, _) = run(&["sh", "-c", "echo $HOME"], &[("HOME", "/home/x")], None);
        assert_eq!(out, "/home/x\n");
    }

    #[test]
    fn a_prologue_acts_on_the_program_and_on_nothing_else() {
        let prologue = "source <(echo export DETECTOR=epic)\ncd /";
        let (code, out, state) = run(&["sh", "-c", "echo $DETECTOR $PWD"], &[], Some(prologue));
        assert_eq!((code, out.as_str(), state), (Some(0), "epic DIR\n", State::Ready));
        let never = |prologue| run(&["echo", "never"], &[], Some(prologue));
        assert_eq!(never("source /no/such/file"), (Some(1), String::new(), State::Begun));
        assert_eq!(never("exit 0"), (Some(0), String::new(), State::Begun));
        assert_eq!(never("set -e\nfalse\ntrue"), (Some(1), String::new(), State::Begun));
        let (code, out, state) = never("true # and so on");
        assert_eq!((code, out.as_str(), state), (Some(0), "never\n", State::Ready));
    }

    #[test]
    fn a_program_that_is_not_there_is_the_programs_fault() {
        assert_eq!(run(&["no-such-program"], &[], None), (Some(127), String::new(), State::Ready));
    }

    #[test]
    fn a_variable_that_cannot_be_exported_is_refused() {
        for name in ["A.B", "1A", "", "A-B", "A;B"] {
            let env = [(name.to_owned(), String::new())];
            let told = text(&[], Path::new("/"), &env, None, Path::new("/s")).unwrap_err();
            assert!(told.contains(&format!("{name:?}")), "{told}");
        }
    }
}
