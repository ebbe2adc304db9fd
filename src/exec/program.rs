//! Finding programs, checking commands before a run, and asking a program a short question.

use super::process::Process;
use super::render;
use crate::config;
use rustix::fs::{Access, access};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The absolute path of a program: a name is looked up in `PATH` (the study's own if it sets one),
/// a path is taken relative to the working directory.
///
/// # Errors
/// Not there or not executable, in words.
pub(super) fn find(program: &str, own: &[(String, String)]) -> Result<PathBuf, String> {
    if program.is_empty() {
        return Err("the command has no program".to_owned());
    }
    if program.contains('/') {
        let path = std::path::absolute(program).map_err(|e| format!("{program}: {e}"))?;
        return executable(&path).map(|()| path);
    }
    let set = own.iter().rev().find(|(name, _)| name == "PATH").map(|(_, value)| value.into());
    let search = set.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let candidates = std::env::split_paths(&search).filter_map(|dir| {
        std::path::absolute(dir.join(program)).ok().filter(|path| executable(path).is_ok())
    });
    candidates.into_iter().next().ok_or_else(|| {
        format!("program {program:?} is in no directory of PATH ({})", search.to_string_lossy())
    })
}

fn executable(path: &Path) -> Result<(), String> {
    let meta = fs::metadata(path).map_err(|e| format!("program {}: {e}", path.display()))?;
    if !meta.is_file() {
        return Err(format!("program {} is not a file", path.display()));
    }
    access(path, Access::EXEC_OK)
        .map_err(|_| format!("program {} is not executable (chmod +x)", path.display()))
}

/// Whether a command can be started at all: the program is there and executable, the templates can
/// be read. A program named by a placeholder is known only when a trial is, and one of a container only
/// inside.
///
/// # Errors
/// The first thing that is wrong, in words.
pub(super) fn check_command(command: &config::Command, contained: bool) -> Result<(), String> {
    for step in command.programs().into_iter().filter(|_| !contained) {
        let program = step.first().map_or("", String::as_str);
        if !render::has_placeholder(program) {
            find(program, &command.env)?;
        }
    }
    for template in &command.templates {
        fs::read_to_string(template).map_err(|e| format!("template {}: {e}", template.display()))?;
    }
    Ok(())
}

/// Standard output of a helper program that answers in a line or two, within a time limit.
///
/// # Errors
/// Not found, failed, or too slow, in words.
pub fn answer(program: &str, arguments: &[&str], at_most: Duration) -> Result<String, String> {
    let path = find(program, &[])?;
    let mut command = Command::new(path);
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    command.stdout(Stdio::piped());
    let failed = |e: std::io::Error| format!("{program}: {e}");
    let mut process = Process::start(&mut command).map_err(failed)?;
    let deadline = Instant::now() + at_most;
    let status = loop {
        if let Some(ended) = process.poll(Instant::now()).map_err(failed)? {
            break ended.status;
        }
        if Instant::now() > deadline {
            return Err(format!("{program} did not answer within {} s", at_most.as_secs_f64()));
        }
        thread::sleep(Duration::from_millis(5));
    };
    if !status.success() {
        return Err(format!("{program} failed: {status}"));
    }
    let mut text = String::new();
    if let Some(mut output) = process.output() {
        output.read_to_string(&mut text).map_err(failed)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(program: &str, templates: &[&Path]) -> config::Command {
        config::Command {
            templates: templates.iter().map(|p| p.to_path_buf()).collect(),
            ..config::Command::new(vec![program.to_owned()])
        }
    }

    #[test]
    fn commands_are_checked_before_a_run() {
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        fs::write(&plain, "text").unwrap();
        let missing = dir.path().join("missing");
        assert_eq!(check_command(&command("sh", &[&plain]), false), Ok(()));
        assert_eq!(check_command(&command("{trial.dir}/made", &[]), false), Ok(()));
        assert_eq!(check_command(&command("/only/inside", &[]), true), Ok(()));
        let wrong = |c| check_command(&c, false).unwrap_err();
        assert!(wrong(command("", &[])).contains("no program"));
        assert!(wrong(command("no-such-program-here", &[])).contains("PATH"));
        assert!(wrong(command(missing.to_str().unwrap(), &[])).contains("missing"));
        assert!(wrong(command(dir.path().to_str().unwrap(), &[])).contains("not a file"));
        assert!(wrong(command("sh", &[&missing])).contains("missing"));
        if !rustix::process::geteuid().is_root() {
            assert!(wrong(command(plain.to_str().unwrap(), &[])).contains("chmod"));
        }
    }

    #[test]
    fn a_name_becomes_an_absolute_path() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/bin/sh", dir.path().join("own-shell")).unwrap();
        assert!(find("sh", &[]).unwrap().is_absolute());
        let own = [("PATH".to_owned(), dir.path().to_str().unwrap().to_owned())];
        assert_eq!(find("own-shell", &own).unwrap(), dir.path().join("own-shell"));
        assert!(find("own-shell", &[]).is_err());
    }

    #[test]
    fn short_questions_are_answered_refused_or_given_up() {
        let ask = |script, ms| answer("sh", &["-c", script], Duration::from_millis(ms));
        assert_eq!(ask("echo 1:00", 60_000).unwrap(), "1:00\n");
        assert!(ask("exit 3", 60_000).unwrap_err().contains("exit status: 3"));
        assert!(ask("sleep 600", 50).unwrap_err().contains("did not answer"));
    }
}
